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
import { PROJECT, ProjectSite, REGION } from './site';

const LABEL_KEY: TextRule = {
  pattern: /^(?!platform$|goog)[a-z][a-z0-9_-]{0,62}$/,
  must: 'have keys of 1 to 63 lower-case letters, digits, underscores and hyphens, a letter first',
  remedy: 'platform is taken, and what starts with goog belongs to Google.',
};
const LABEL_VALUE: TextRule = {
  pattern: /^[a-z0-9_-]{0,63}$/,
  must: 'have values of at most 63 lower-case letters, digits, underscores and hyphens',
  remedy: 'Google takes no others.',
};

/** Settings that every platform on GCP has. */
export interface GcpPlatformProps {
  /**
   * What happens to data when the stack is deleted. With `retain`, `terraform destroy` is refused.
   * @default retain
   */
  readonly removal?: Removal;
  /**
   * The ids of the notification channels that hear every alert.
   * @default - alerts open an incident and tell nobody
   */
  readonly notify?: readonly string[];
  /**
   * Labels for every resource that takes some, beside `platform`, which holds the id of the stack.
   * @default - none
   */
  readonly labels?: Readonly<Record<string, string>>;
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
   * The id of an existing project with billing.
   * @default - whoever applies must say it
   */
  readonly projectId?: string;
  /**
   * The region. A change replaces everything.
   * @default europe-west1
   */
  readonly region?: string;
}

/** A stack that holds a whole platform: its providers and its state, the place that whoever applies is asked for, its outputs. */
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
    const place = this.askForPlace(props);
    const defaultLabels = { ...labels, platform: id };
    new GoogleProvider(this, 'Google', { project: place.project, region: place.region, defaultLabels });
    // Labels of an alert policy have another name, and the provider does not add its own to them.
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

  /** Ask whoever applies for those who may send. */
  protected askForPublishers(): string[] {
    const publishers = new TerraformVariable(this, 'publishers', {
      type: 'list(string)',
      nullable: false,
      default: [],
      description: 'Who may send: IAM members such as serviceAccount:press@project.iam.gserviceaccount.com.',
    });
    publishers.addValidation({
      condition: Op.lt(Fn.lengthOf(Fn.setintersection(publishers.listValue, [['allUsers', 'allAuthenticatedUsers']])), 1),
      errorMessage: 'The publishers must name somebody: allUsers and allAuthenticatedUsers are the public.',
    });
    const member = '(?:user|group|domain|serviceAccount|principal|principalSet):[^ ,]+';
    publishers.addValidation({
      condition: Fn.can(Fn.regex(`^(?:${member}(?:,${member})*)?$`, Fn.join(',', publishers.listValue))),
      errorMessage: 'The publishers must be IAM members, such as serviceAccount:press@project.iam.gserviceaccount.com.',
    });
    return publishers.listValue;
  }

  /** Show values to whoever applies: each by its name, with a sentence that says what it is for. */
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

  private askForPlace({ prefix, projectId, region = 'europe-west1' }: GcpPlatformProps) {
    return {
      project: ask(this, 'project_id', PROJECT, { description: 'The id of an existing project with billing.', default: projectId }),
      region: ask(this, 'region', REGION, { description: 'A change replaces everything.', default: region }),
      prefix: ask(this, 'prefix', PREFIX, { description: 'The start of every name. A change replaces everything.', default: prefix }),
    };
  }
}
