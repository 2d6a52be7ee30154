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
   * What happens to data when the stack is deleted. With `retain`, `terraform destroy` is refused.
   * @default retain
   */
  readonly removal?: Removal;
  /**
   * The ids of the action groups that hear every alert.
   * @default - alerts change their state and tell nobody
   */
  readonly notify?: readonly string[];
  /**
   * Tags for every resource that Azure lets be tagged: up to 50, by names without any of `<>%&\\?/`.
   * @default - no tags
   */
  readonly tags?: Readonly<Record<string, string>>;
  /**
   * The second key that `removal: 'destroy'` takes, for a platform whose data may go.
   * @default - the context `destroyData` says it
   */
  readonly destroyData?: 'yes';
  /**
   * What keeps the state of Terraform: a bucket or a container that exists, such as `{ gcs: { bucket: 'acme-state' } }`, or a
   * function that makes a backend. When it changes, `terraform init -migrate-state` moves the state.
   * @default - a file beside the folder of CDKTF's output, named after the stack, which is lost with its disk
   */
  readonly backend?: Backend;
  /**
   * The start of every name: 2 to 11 lower-case letters and digits, a letter first. A change replaces everything.
   * @default - whoever applies must say it
   */
  readonly prefix?: string;
  /**
   * The short name of an Azure region with Flex Consumption and with zones, such as `swedencentral`. A change replaces everything.
   * @default - whoever applies must say it
   */
  readonly location?: string;
}

/** A stack that holds a whole platform: its providers and its state, the place that whoever applies is asked for, its outputs. */
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
    this.site = new AzureSite(this, 'Site', this.askForPlace(props));
  }

  /** Ask whoever applies for those who may send. */
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

  /** Show values to whoever applies: each by its name, with a sentence that says what it is for. */
  protected output(outputs: Readonly<Record<string, readonly [value: string, description: string]>>) {
    for (const [name, [value, description]] of Object.entries(outputs)) new TerraformOutput(this, name, { value, description });
  }

  private askForPlace({ prefix, location }: AzurePlatformProps) {
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
