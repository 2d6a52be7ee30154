import { AzurermProvider } from '@cdktf/provider-azurerm/lib/provider';
import { type App, Fn, LocalBackend, Op, TerraformOutput, TerraformStack, TerraformVariable } from 'cdktf';
import { ask } from '../shared/synth/ask';
import { packageHandler } from '../shared/synth/handler-package';
import { PREFIX, type Removal } from '../shared/synth/settings';
import { EventHubBuffer } from './buffer/event-hub-buffer';
import { EventHubEntry } from './connect/event-hub-entry';
import { FunctionProcessor } from './processing/function-processor';
import { AzureSite, LOCATION } from './site';
import { BlobStore } from './store/blob-store';

/** Settings for {@link AzurePipeline}. */
export interface AzurePipelineProps {
  /**
   * What happens to data when the stack is deleted. With `retain`, `terraform destroy` is refused.
   * @default retain
   */
  readonly removal?: Removal;
  /**
   * The ids of the action groups that hear every alert.
   * @default - alerts change their state and tell nobody
   */
  readonly notify?: readonly string[];
}

/** Event Hubs, Functions, Blob Storage: events come in over HTTPS and end as lines of JSON in a container. */
export class AzurePipeline extends TerraformStack {
  constructor(scope: App, id: string, props: AzurePipelineProps = {}) {
    super(scope, id);
    const { removal, notify } = props;
    this.addOverride('terraform.required_version', '>= 1.5.0');
    // Relative, so that every machine synthesizes the same bytes: it leads out of cdktf.out, which may be deleted.
    new LocalBackend(this, { path: `../../../terraform.${id}.tfstate` });
    this.useProvider();

    const site = new AzureSite(this, 'Site', this.askForPlace());
    const store = new BlobStore(this, 'Store', { site, removal, notify });
    const buffer = new EventHubBuffer(this, 'Buffer', { site, removal, notify });
    const connect = new EventHubEntry(this, 'Connect', { sink: buffer, senders: this.askForSenders() });
    const processing = new FunctionProcessor(this, 'Processing', {
      site,
      code: packageHandler('azure/handlers/event-hubs-to-blob'),
      source: buffer,
      stores: { STORE: store },
      deadLetter: store.deadLetter,
      notify,
    });

    const list = (container: string) =>
      `az storage blob list --auth-mode login --account-name ${store.accountName} --container-name ${container} --query '[].name' --output tsv`;
    this.output('events_url', connect.url, 'Send events here, with a token of Entra.');
    this.output('send_command', connect.curl, 'Sends one event. Whoever runs it must be one of the senders.');
    this.output('publish_command', processing.publishCommand, 'Publishes the code again. Run it in the folder of this stack.');
    this.output(
      'show_command',
      list(store.container.name),
      'Lists what was stored. Whoever runs it needs the role Storage Blob Data Reader.',
    );
    this.output('dead_letters_command', list(store.deadLetterContainer.name), 'Lists what could not be processed. It needs the same role.');
  }

  /** The subscription is not in here: `ARM_SUBSCRIPTION_ID` says which. */
  private useProvider() {
    new AzurermProvider(this, 'Azure', {
      features: [
        {
          // Else creating an account without keys fails: the provider asks the queue service, where the deployer has no
          // role. hashicorp/terraform-provider-azurerm#27752.
          storage: [{ dataPlaneAvailable: false }],
          // Azure puts an alert rule and an action group of its own beside Application Insights. Terraform does not know
          // them, so with a guard the group could never be destroyed. What holds data has a guard of its own.
          resourceGroup: [{ preventDeletionIfContainsResources: false }],
        },
      ],
      storageUseAzuread: true,
      resourceProviderRegistrations: 'none',
      resourceProvidersToRegister: [
        'Microsoft.App',
        'Microsoft.EventHub',
        'Microsoft.Insights',
        'Microsoft.ManagedIdentity',
        'Microsoft.OperationalInsights',
        'Microsoft.Storage',
        'Microsoft.Web',
      ],
    });
  }

  private askForPlace() {
    return {
      prefix: ask(this, 'prefix', PREFIX, {
        description: 'The start of every name: 2 to 11 lower-case letters and digits, a letter first. A change replaces everything.',
      }),
      location: ask(this, 'location', LOCATION, {
        default: 'westeurope',
        description: 'The short name of an Azure region with Flex Consumption and with zones. A change replaces everything.',
      }),
    };
  }

  private askForSenders() {
    const senders = new TerraformVariable(this, 'senders', {
      type: 'map(string)',
      nullable: false,
      default: {},
      description: 'Who may send: the object id of each sender, with User, Group or ServicePrincipal.',
    });
    senders.addValidation({
      condition: Op.lt(Fn.lengthOf(Fn.setsubtract(Fn.values(senders.value), ['User', 'Group', 'ServicePrincipal'])), 1),
      errorMessage: 'Each sender must be a User, a Group or a ServicePrincipal.',
    });
    const id = '[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}';
    senders.addValidation({
      condition: Fn.can(Fn.regex(`^(?:${id}(?:,${id})*)?$`, Fn.join(',', Fn.keys(senders.value)))),
      errorMessage: 'Each sender must be named by its object id. See az ad sp show or az ad user show.',
    });
    return senders.value;
  }

  private output(id: string, value: string, description: string) {
    new TerraformOutput(this, id, { value, description });
  }
}
