import { Fn, Op, TerraformOutput, TerraformStack, TerraformVariable } from 'cdktf';
import type { Construct } from 'constructs';
import { ask } from '../../shared/synth/ask';
import { requireOwnName } from '../../shared/synth/own-name';
import { ACTION_GROUPS, allowToDestroy, PREFIX, type Removal, requireText, requireTexts } from '../../shared/synth/settings';
import { type Backend, keepState } from '../../shared/synth/state';
import { AzureProvider } from './provider';
import { AzureSite, LOCATION } from './site';
import { tagAll } from './tags';

/** Settings that every platform on Azure has. */
export interface AzurePlatformProps {
  /**
   * What happens to data when the stack is deleted. With `retain`, `terraform destroy` fails.
   * @default retain
   */
  readonly removal?: Removal;
  /**
   * The ids of the action groups that every alert notifies.
   * @default - alerts fire without a notification
   */
  readonly notify?: readonly string[];
  /**
   * Tags for every resource that supports tags: up to 50. A name must not contain any of `<>%&\\?/`.
   * @default - no tags
   */
  readonly tags?: Readonly<Record<string, string>>;
  /**
   * The confirmation that `removal: 'destroy'` requires.
   * @default - the context `destroyData`
   */
  readonly destroyData?: 'yes';
  /**
   * Where Terraform keeps its state: an existing bucket or container, such as `{ gcs: { bucket: 'acme-state' } }`, or a
   * function that creates a backend. If you change it, `terraform init -migrate-state` moves the state.
   * @default - a local file beside the output folder of CDKTF, named after the stack
   */
  readonly backend?: Backend;
  /**
   * The start of every name: 2 to 11 lower-case letters and digits, starting with a letter. A change replaces everything.
   * @default - a Terraform variable, which must be set at apply
   */
  readonly prefix?: string;
  /**
   * The short name of an Azure region with Flex Consumption and with zones, such as `swedencentral`. A change replaces everything.
   * @default - a Terraform variable, which must be set at apply
   */
  readonly location?: string;
}

/** A stack for a whole platform: its provider, its state, its prefix and region, its outputs. */
export abstract class AzurePlatform extends TerraformStack {
  protected readonly site: AzureSite;
  protected readonly removal?: Removal;
  protected readonly notify?: readonly string[];

  constructor(scope: Construct, id: string, props: AzurePlatformProps) {
    super(scope, id);
    const { removal, notify, tags } = props;
    requireOwnName(this);
    requireTexts(this, { notify }, ACTION_GROUPS);
    if (props.prefix !== undefined) requireText(this, { prefix: props.prefix }, PREFIX);
    if (props.location !== undefined) requireText(this, { location: props.location }, LOCATION);
    allowToDestroy(this, props.destroyData);
    keepState(this, props.backend);
    new AzureProvider(this, 'Azure', { removal });
    if (tags !== undefined) tagAll(this, tags);
    this.removal = removal;
    this.notify = notify;
    this.site = new AzureSite(this, 'Site', this.prefixAndLocation(props));
  }

  /** Declare the Terraform variable `senders`: who may send. */
  protected askForSenders() {
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

  /** Add Terraform outputs: each name with its value and a description. */
  protected output(outputs: Readonly<Record<string, readonly [value: string, description: string]>>) {
    for (const [name, [value, description]] of Object.entries(outputs)) new TerraformOutput(this, name, { value, description });
  }

  private prefixAndLocation({ prefix, location }: AzurePlatformProps) {
    return {
      prefix: ask(this, 'prefix', PREFIX, {
        description: 'The start of every name: 2 to 11 lower-case letters and digits, a letter first. A change replaces everything.',
        default: prefix,
      }),
      location: ask(this, 'location', LOCATION, {
        description:
          'The short name of an Azure region with Flex Consumption and with zones, such as swedencentral. A change replaces everything.',
        default: location,
      }),
    };
  }
}
