import { MonitoringAlertPolicy } from '@cdktf/provider-google/lib/monitoring-alert-policy';
import { GoogleProvider } from '@cdktf/provider-google/lib/provider';
import { TimeProvider } from '@cdktf/provider-time/lib/provider';
import { Aspects, Fn, Op, TerraformOutput, TerraformStack, TerraformVariable } from 'cdktf';
import type { Construct } from 'constructs';
import { ask } from '../../shared/synth/ask';
import { requireOwnName } from '../../shared/synth/own-name';
import {
  allowToDestroy,
  CHANNELS,
  PREFIX,
  type Removal,
  requireText,
  requireTexts,
  SettingError,
  type TextRule,
} from '../../shared/synth/settings';
import { type Backend, keepState } from '../../shared/synth/state';
import type { Network, Subnetwork } from '../ports/network';
import { type ContainerImage, DIGEST, REPOSITORY } from './images';
import { NETWORK, SUBNETWORK } from './network';
import { MEMBER } from './principal';
import { PROJECT, ProjectSite, REGION } from './site';

const LABEL_KEY: TextRule = {
  pattern: /^(?!platform$|goog)[a-z][a-z0-9_-]{0,62}$/,
  must: 'have keys of 1 to 63 lower-case letters, digits, underscores and hyphens, starting with a letter',
  remedy: 'platform and keys that start with goog are reserved.',
};
const LABEL_VALUE: TextRule = {
  pattern: /^[a-z0-9_-]{0,63}$/,
  must: 'have values of at most 63 lower-case letters, digits, underscores and hyphens',
  remedy: 'Google accepts no other values.',
};

/** Settings that every platform on GCP has. */
export interface GcpPlatformProps {
  /**
   * What happens to data when the stack is deleted. With `retain`, `terraform destroy` fails.
   * @default retain
   */
  readonly removal?: Removal;
  /**
   * The ids of the notification channels that every alert notifies.
   * @default - alerts open an incident without a notification
   */
  readonly notify?: readonly string[];
  /**
   * Labels for every resource that supports labels, in addition to `platform`, which has the id of the stack.
   * @default - none
   */
  readonly labels?: Readonly<Record<string, string>>;
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
   * The id of an existing project with billing.
   * @default - a Terraform variable, which must be set at apply
   */
  readonly projectId?: string;
  /**
   * The region. A change replaces everything.
   * @default europe-west1
   */
  readonly region?: string;
}

/** A stack for a whole platform: its providers, its state, its project, region and prefix, its outputs. */
export abstract class GcpPlatform extends TerraformStack {
  protected readonly site: ProjectSite;
  protected readonly removal?: Removal;
  protected readonly notify?: readonly string[];

  constructor(scope: Construct, id: string, props: GcpPlatformProps) {
    super(scope, id);
    const { removal, notify, labels = {}, prefix, projectId, region } = props;
    requireOwnName(this);
    requireTexts(this, { notify }, CHANNELS);
    this.requireLabels(labels);
    if (prefix !== undefined) requireText(this, { prefix }, PREFIX);
    if (projectId !== undefined) requireText(this, { projectId }, PROJECT);
    if (region !== undefined) requireText(this, { region }, REGION);
    allowToDestroy(this, props.destroyData);
    keepState(this, props.backend);
    const place = this.placeOf(props);
    const defaultLabels = { ...labels, platform: id };
    new GoogleProvider(this, 'Google', { project: place.project, region: place.region, defaultLabels });
    // Labels of an alert policy are `user_labels`, to which the provider does not add its default labels.
    Aspects.of(this).add({
      visit: (one) => {
        if (one instanceof MonitoringAlertPolicy) one.userLabels = defaultLabels;
      },
    });
    new TimeProvider(this, 'Time');
    this.removal = removal;
    this.notify = notify;
    this.site = new ProjectSite(this, 'Site', place);
  }

  /** Declare the Terraform variable `publishers`: who may send. */
  protected askForPublishers(): string[] {
    return this.askForMembers('publishers', 'Who may send');
  }

  /** Declare the Terraform variable `viewers`: who may read. */
  protected askForViewers(): string[] {
    return this.askForMembers('viewers', 'Who may read');
  }

  /** Declare the Terraform variable `stewards`: who may see protected values. */
  protected askForStewards(): string[] {
    return this.askForMembers('stewards', 'Who may see protected values');
  }

  /** Ask for an image with the variables `NAME_repository` and `NAME_digest`. It must be in its registry before the apply. */
  protected askForImage(name: string): ContainerImage {
    const repository = `The repository and the name of the image of the ${name}, such as europe-west1-docker.pkg.dev/acme-data/images/${name}.`;
    return {
      repository: ask(this, `${name}_repository`, REPOSITORY, { description: repository }),
      digest: this.askForDigest(name),
    };
  }

  /** Ask for the digest of an image with the variable `NAME_digest`. */
  protected askForDigest(name: string): string {
    return ask(this, `${name}_digest`, DIGEST, { description: `The digest of the image of the ${name}, such as sha256:...` });
  }

  /** Ask for an existing network with the variables `network` and `subnetwork`. */
  protected askForNetwork(): Network {
    return { network: ask(this, 'network', NETWORK, { description: 'The id of an existing VPC network.' }), ...this.askForSubnetwork() };
  }

  /** Ask for a subnetwork of an existing network with the variable `subnetwork`. */
  protected askForSubnetwork(): Subnetwork {
    return {
      subnetwork: ask(this, 'subnetwork', SUBNETWORK, {
        description:
          'The id of a subnetwork of an existing VPC network in the region, with Private Google Access, and with Cloud NAT to install packages.',
      }),
    };
  }

  private askForMembers(name: string, who: string): string[] {
    const members = new TerraformVariable(this, name, {
      type: 'list(string)',
      nullable: false,
      default: [],
      description: `${who}: IAM members such as serviceAccount:press@project.iam.gserviceaccount.com.`,
    });
    members.addValidation({
      condition: Op.lt(Fn.lengthOf(Fn.setintersection(members.listValue, [['allUsers', 'allAuthenticatedUsers']])), 1),
      errorMessage: `The ${name} must not be public: allUsers and allAuthenticatedUsers are not allowed.`,
    });
    const member = MEMBER.pattern.source.slice(1, -1);
    members.addValidation({
      condition: Fn.can(Fn.regex(`^(?:${member}(?:,${member})*)?$`, Fn.join(',', members.listValue))),
      errorMessage: `The ${name} must be IAM members, such as serviceAccount:press@project.iam.gserviceaccount.com.`,
    });
    return members.listValue;
  }

  /** Add Terraform outputs: each name with its value and a description. */
  protected output(outputs: Readonly<Record<string, readonly [value: string, description: string]>>) {
    for (const [name, [value, description]] of Object.entries(outputs)) new TerraformOutput(this, name, { value, description });
  }

  private requireLabels(labels: Readonly<Record<string, string>>) {
    if (typeof labels !== 'object' || labels === null || Array.isArray(labels)) {
      throw new SettingError(this, 'labels must be an object', typeof labels, 'Write it like { team: "data" }.');
    }
    for (const [key, value] of Object.entries(labels)) {
      requireText(this, { labels: key }, LABEL_KEY);
      requireText(this, { labels: value }, LABEL_VALUE);
    }
  }

  private placeOf({ prefix, projectId, region = 'europe-west1' }: GcpPlatformProps) {
    return {
      project: ask(this, 'project_id', PROJECT, { description: 'The id of an existing project with billing.', default: projectId }),
      region: ask(this, 'region', REGION, { description: 'A change replaces everything.', default: region }),
      prefix: ask(this, 'prefix', PREFIX, { description: 'The start of every name. A change replaces everything.', default: prefix }),
    };
  }
}
