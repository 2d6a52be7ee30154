import { DataflowJob as Resource } from '@cdktf/provider-google/lib/dataflow-job';
import { ProjectIamMember } from '@cdktf/provider-google/lib/project-iam-member';
import { PubsubSubscriptionIamMember } from '@cdktf/provider-google/lib/pubsub-subscription-iam-member';
import type { ServiceAccount } from '@cdktf/provider-google/lib/service-account';
import type { StorageBucket } from '@cdktf/provider-google/lib/storage-bucket';
import { StorageBucketIamMember } from '@cdktf/provider-google/lib/storage-bucket-iam-member';
import { StorageBucketObject } from '@cdktf/provider-google/lib/storage-bucket-object';
import { Construct } from 'constructs';
import { acknowledge } from '../../../shared/synth/acknowledge';
import { takeName } from '../../../shared/synth/kept-name';
import { literal } from '../../../shared/synth/literal';
import { mayDestroy, type Removal, SettingError } from '../../../shared/synth/settings';
import { sha256 } from '../../../shared/synth/sha256';
import { needApis } from '../../foundation/apis';
import { Propagation } from '../../foundation/propagation';
import { accountOf } from '../../foundation/service-account';
import type { Workload } from '../../ports/identity';
import type { Subnetwork } from '../../ports/network';
import type { RecordSource } from '../../ports/records';
import type { Site } from '../../ports/site';
import type { TableStore } from '../../ports/stores';
import { DeadLetterTable } from './dead-letter-table';
import { eventToRow, FUNCTION } from './event-to-row';
import { alertOnJob } from './job-alerts';
import { jobSettings } from './job-settings';
import { temporaryBucket } from './temporary-bucket';

const TEMPLATE = 'PubSub_Subscription_to_BigQuery';
const PARTS = ['PROJECT', 'DATASET', 'TABLE'] as const;

/** Settings for {@link DataflowJob}. */
export interface DataflowJobProps {
  /** The project, the region and the prefix of the job. */
  readonly site: Site;
  /** Where the events come from: a `PubSubBuffer`. */
  readonly source: RecordSource;
  /**
   * Where the rows go: a `BigQueryStore` with its default columns. With other columns, BigQuery refuses rows, which then go into the
   * dead-letter table.
   */
  readonly store: TableStore;
  /** The JSON schema of an event, in draft 4: `event.schema.json`. Other messages go into the dead-letter table. */
  readonly eventSchema: Readonly<Record<string, unknown>>;
  /**
   * The subnetwork of the workers, in the region of the site. Workers have private addresses only, so it needs Private Google Access,
   * and its network a firewall that lets workers reach each other.
   */
  readonly network: Subnetwork;
  /**
   * The name of the job: 1 to 10 lower-case letters and digits. Each job of a site needs its own name. The subscription has
   * it in its name: after a change, Terraform deletes the old subscription, with its waiting events.
   * @default stream
   */
  readonly name?: string;
  /**
   * The maximum number of workers, from 1 to 1000. It limits the cost. A change drains the job and starts another one.
   * @default 3
   */
  readonly maxWorkers?: number;
  /**
   * The machine type of the workers.
   * @default n1-standard-2
   */
  readonly machineType?: string;
  /**
   * The release of Google's templates, such as `2026-08-18-00_RC00`. With `latest`, the release changes without a diff: the job gets the
   * code of the day on which it is started or changed. Google does not say for how long it keeps a release.
   * @default latest
   */
  readonly templateVersion?: string;
  /**
   * The ids of the notification channels that every alert notifies.
   * @default - alerts open an incident without a notification
   */
  readonly notify?: readonly string[];
  /**
   * What happens to the dead-letter table when the stack is deleted. With `retain`, `terraform destroy` fails. `destroy` also
   * requires the context `destroyData`.
   * @default retain
   */
  readonly removal?: Removal;
}

/**
 * Processing stage: a streaming job of Dataflow that writes each event of a buffer as a row into BigQuery, with Google's template.
 *
 * Idle it costs one worker, about 120 dollars a month: its machine runs day and night. Streaming Engine bills about 2 cents for each GB of
 * events, and BigQuery 5 cents for its streaming inserts. Do not use it if a row for each event suffices: `PubSubBuffer.deliverInto` and
 * `CloudFunctionProcessor` cost nothing idle. It is for steady streams of several MB per second.
 *
 * It checks the event contract. What it cannot store goes into a dead-letter table, with the reason. It reads without the dead letter of
 * Pub/Sub, because Dataflow acknowledges an event before it is stored, and retries what BigQuery refuses for a moment without a limit. The
 * template does not pass on the id and the time of a message, so a row has the id and the time of the event in their columns.
 *
 * A deploy that changes the region, the name or `maxWorkers` drains the job, which can take long, and starts another one. Other changes
 * update it in place; Dataflow refuses an update if the template has changed too much: then drain the job by hand, and apply again. A
 * job that failed or was stopped is started again by the next apply. It is for streams only: Terraform would start a batch job again at
 * each apply, so start batches from a `WorkflowsOrchestration`, or use a `CloudRunJob` with a schedule. The deployer must be allowed to act
 * as its service account.
 * @see https://cloud.google.com/dataflow/docs/guides/templates/provided/pubsub-subscription-to-bigquery
 */
export class DataflowJob extends Construct implements Workload {
  readonly name: string;
  readonly member: string;
  readonly subnetwork: string;
  /** The service account of the workers. */
  readonly account: ServiceAccount;
  /** The job, for anything this construct does not cover. */
  readonly job: Resource;
  /** The bucket of its temporary files and its function. */
  readonly bucket: StorageBucket;
  /** The messages that could not be stored. */
  readonly deadLetter: DeadLetterTable;

  constructor(scope: Construct, id: string, props: DataflowJobProps) {
    super(scope, id);
    const { site } = props;
    const { name, network, eventSchema, maxWorkers, machineType, templateVersion, notify } = jobSettings(this, props);
    const destroy = mayDestroy(this, props.removal);
    takeName(this, 'Dataflow job of a site', name, [site.project, site.prefix]);
    needApis(this, 'bigquery', 'compute', 'dataflow', 'iam', 'monitoring', 'pubsub', 'storage');
    const { project, region } = site;
    const base = `${site.prefix}-${name}`;
    [this.name, this.subnetwork] = [name, network.subnetwork];

    this.account = accountOf(this, 'Account', site, `${base}-worker`, `Runs the workers of the Dataflow job ${base}`);
    this.member = this.account.member;
    const source = props.source.bindReader(this, 'SOURCE', { unlimitedRetries: true });
    const store = props.store.bindWriter(this, 'STORE');
    const subscription = this.setting(source.settings, 'SOURCE_SUBSCRIPTION', 'source must be a PubSubBuffer');
    const [, dataset, table] = PARTS.map((part) => this.setting(store.settings, `STORE_${part}`, 'store must be a BigQueryStore'));
    this.deadLetter = new DeadLetterTable(this, 'DeadLetter', { name, store: ['STORE', store.settings], destroy });
    this.bucket = temporaryBucket(this, site, base);
    const code = eventToRow(eventSchema);
    const udf = new StorageBucketObject(this, 'Function', {
      bucket: this.bucket.name,
      name: `functions/${sha256(code).slice(0, 16)}.js`,
      content: literal(code),
      contentType: 'text/javascript',
      // Workers of the running job read the old one until the job is updated.
      lifecycle: { createBeforeDestroy: true },
    });
    const grants = [
      ...source.waitFor,
      ...store.waitFor,
      this.deadLetter.grantWrite(this),
      // A worker looks its subscription up.
      new PubsubSubscriptionIamMember(this, 'Viewer', { project, subscription, role: 'roles/pubsub.viewer', member: this.member }),
      new StorageBucketIamMember(this, 'Temporary', { bucket: this.bucket.id, role: 'roles/storage.objectUser', member: this.member }),
      new ProjectIamMember(this, 'Worker', { project, role: 'roles/dataflow.worker', member: this.member }),
    ];

    this.job = new Resource(this, 'Job', {
      project,
      region,
      name: base,
      templateGcsPath: `gs://dataflow-templates-${region}/${templateVersion}/${TEMPLATE}`,
      tempGcsLocation: `gs://${this.bucket.name}/temp`,
      serviceAccountEmail: this.account.email,
      // Dataflow takes a short name or a whole address, and no id.
      subnetwork: network.subnetwork.replace(/^(?!https:)/, 'https://www.googleapis.com/compute/v1/'),
      ipConfiguration: 'WORKER_IP_PRIVATE',
      enableStreamingEngine: true,
      machineType,
      maxWorkers,
      onDelete: 'drain',
      parameters: {
        inputSubscription: subscription,
        outputTableSpec: `${store.settings.STORE_PROJECT}:${dataset}.${table}`,
        outputDeadletterTable: this.deadLetter.spec,
        javascriptTextTransformGcsPath: `gs://${this.bucket.name}/${udf.name}`,
        javascriptTextTransformFunctionName: FUNCTION,
      },
      dependsOn: [...site.waitFor, new Propagation(this, 'Propagation', grants)],
    });
    acknowledge(this.job, {
      CKV_GCP_90: 'Google encrypts the state of the job with a Google-managed key. Events are in it for seconds.',
    });
    alertOnJob(this, { job: this.job, deadLetter: this.deadLetter.table, project, title: base, notify });
  }

  /** A setting of a neighbour. */
  private setting(settings: Readonly<Record<string, string>>, setting: string, rule: string): string {
    const value = settings[setting];
    if (value === undefined) throw new SettingError(this, rule, 'another one', 'The template reads from Pub/Sub and writes to BigQuery.');
    return value;
  }
}
