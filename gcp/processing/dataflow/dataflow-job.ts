import { DataflowJob as Resource } from '@cdktf/provider-google/lib/dataflow-job';
import type { ServiceAccount } from '@cdktf/provider-google/lib/service-account';
import type { StorageBucket } from '@cdktf/provider-google/lib/storage-bucket';
import { Construct } from 'constructs';
import { acknowledge } from '../../../shared/synth/acknowledge';
import { takeName } from '../../../shared/synth/kept-name';
import { mayDestroy, type Removal } from '../../../shared/synth/settings';
import { googleKey } from '../../foundation/answers';
import { needApis } from '../../foundation/apis';
import { Propagation } from '../../foundation/propagation';
import type { Workload } from '../../ports/identity';
import type { Subnetwork } from '../../ports/network';
import type { RecordSource } from '../../ports/records';
import type { Site } from '../../ports/site';
import type { SchemaStore } from '../../ports/stores';
import { DeadLetterTable } from './dead-letter-table';
import { eventToRow, FUNCTIONS } from './event-to-row';
import { alertOnDeadLetter, alertOnStream } from './job-alerts';
import { rowSettings } from './job-settings';
import { bindRows } from './rows';
import { addressOf, fileOf, readerOf, workersOf } from './workers';

const TEMPLATE = 'PubSub_Subscription_to_BigQuery';

/** Settings for {@link DataflowJob}. */
export interface DataflowJobProps {
  /** The project, the region and the prefix of the job. */
  readonly site: Site;
  /** Where the events come from: a `PubSubBuffer`. */
  readonly source: RecordSource;
  /** Where the rows go: a `BigQueryStore` with its default columns, because the function of the job fills no others. */
  readonly store: SchemaStore;
  /** The JSON schema of an event, in draft 4: `event.schema.json`. Other messages go into the dead-letter table. */
  readonly eventSchema: Readonly<Record<string, unknown>>;
  /**
   * The subnetwork of the workers, in the region of the site. Workers have private addresses only, so it needs Private Google Access,
   * and its network a firewall that lets workers reach each other. On one of another project (Shared VPC), grant the Dataflow service
   * agent of the project the role Compute Network User.
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
   * The id of a Cloud KMS key in the region of the site, which encrypts what is in the job, the disks of the workers and the temporary
   * files. The service agents of Dataflow, Compute Engine and Cloud Storage are granted the use of the key. Dataflow may refuse another
   * key for a running job: then drain the job by hand, and apply again. If the key is destroyed, the events in the job are lost.
   * @default - a Google-managed key, free of charge
   */
  readonly encryptionKey?: string;
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
 * It checks the event contract. What it cannot store goes into a dead-letter table, with the reason. A row there has 9 MB at most: of a
 * message that is too large for it (over 3 MB of plain text), it has the reason and the start. It reads without the dead letter of
 * Pub/Sub, because Dataflow acknowledges an event before it is stored, and retries what BigQuery refuses for a moment without a limit. The
 * template does not pass on the id and the time of a message, so a row has the id and the time of the event in their columns.
 *
 * A deploy that changes the region, the name or `maxWorkers` drains the job, which can take long, and starts another one. Other changes
 * update it in place; Dataflow refuses an update if the template has changed too much: then drain the job by hand, and apply again. A
 * job that failed or was stopped is started again by the next apply. To write files, use `DataflowFiles`; for a load each night,
 * `DataflowLoad`. The deployer must be allowed to act as its service account.
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
    const { name, network, eventSchema, maxWorkers, machineType, templateVersion, encryptionKey, notify } = rowSettings(
      this,
      'stream',
      props,
    );
    const destroy = mayDestroy(this, props.removal);
    takeName(this, 'Dataflow job of a site', name, [site.project, site.prefix]);
    needApis(this, 'bigquery', 'compute', 'dataflow', 'iam', 'monitoring', 'pubsub', 'storage');
    const { project, region } = site;
    const base = `${site.prefix}-${name}`;
    [this.name, this.subnetwork] = [name, network.subnetwork];

    const workers = workersOf(this, site, base, encryptionKey);
    [this.account, this.bucket, this.member] = [workers.account, workers.bucket, workers.account.member];
    const source = readerOf(this, project, props.source);
    const rows = bindRows(this, props.store);
    this.deadLetter = new DeadLetterTable(this, 'DeadLetter', { name, store: rows.settings, destroy });
    const udf = fileOf(this, 'Function', this.bucket, { folder: 'functions', type: 'js', content: eventToRow(eventSchema) });
    const grants = [...source.grants, ...rows.waitFor, this.deadLetter.grantWrite(this), ...workers.grants];

    this.job = new Resource(this, 'Job', {
      project,
      region,
      name: base,
      templateGcsPath: `gs://dataflow-templates-${region}/${templateVersion}/${TEMPLATE}`,
      tempGcsLocation: `gs://${this.bucket.name}/temp`,
      serviceAccountEmail: this.account.email,
      subnetwork: addressOf(network),
      ipConfiguration: 'WORKER_IP_PRIVATE',
      enableStreamingEngine: true,
      machineType,
      maxWorkers,
      kmsKeyName: encryptionKey,
      onDelete: 'drain',
      parameters: {
        inputSubscription: source.subscription,
        outputTableSpec: rows.spec,
        outputDeadletterTable: this.deadLetter.spec,
        javascriptTextTransformGcsPath: udf,
        javascriptTextTransformFunctionName: FUNCTIONS.ofMessage,
      },
      dependsOn: [...site.waitFor, ...workers.encrypted, new Propagation(this, 'Propagation', grants)],
    });
    if (encryptionKey === undefined) acknowledge(this.job, { CKV_GCP_90: googleKey('encryptionKey') });
    const watched = { project, title: base, notify };
    alertOnStream(this, { ...watched, job: this.job.name, into: 'BigQuery' });
    alertOnDeadLetter(this, { ...watched, table: this.deadLetter.table });
  }
}
