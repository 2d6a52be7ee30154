import type { ServiceAccount } from '@cdktf/provider-google/lib/service-account';
import type { StorageBucket } from '@cdktf/provider-google/lib/storage-bucket';
import type { TerraformProvider } from 'cdktf';
import { Construct } from 'constructs';
import { takeName } from '../../../shared/synth/kept-name';
import { requireNumber } from '../../../shared/synth/settings';
import { needApis } from '../../foundation/apis';
import { requireGoogleBeta } from '../../foundation/google-beta';
import { Propagation } from '../../foundation/propagation';
import type { Workload } from '../../ports/identity';
import type { Subnetwork } from '../../ports/network';
import type { RecordSource } from '../../ports/records';
import type { Site } from '../../ports/site';
import type { ObjectStore } from '../../ports/stores';
import { FlexTemplateJob } from './flex-template-job';
import { alertOnStream } from './job-alerts';
import { jobSettings } from './job-settings';
import { addressOf, readerOf, settingOf, workersOf } from './workers';

const TEMPLATE = 'Cloud_PubSub_to_GCS_Text_Flex';
const STORE = 'store must be a CloudStorageStore';
/** The parts of a folder that the template replaces. Without the brackets, it would also replace them within the prefix of the store. */
const PATTERNS = { yearPattern: '{YYYY}', monthPattern: '{MM}', dayPattern: '{dd}', hourPattern: '{HH}', minutePattern: '{mm}' };
const FOLDER = 'year={YYYY}/month={MM}/day={dd}/hour={HH}/';

/** Settings for {@link DataflowFiles}. */
export interface DataflowFilesProps {
  /** The project, the region and the prefix of the job. */
  readonly site: Site;
  /**
   * Where the events come from: a `PubSubBuffer`. Each message becomes a line, so its event must be JSON without a line feed. Attributes
   * of messages are not stored.
   */
  readonly source: RecordSource;
  /** Where the files go: a `CloudStorageStore`. */
  readonly store: ObjectStore;
  /**
   * The subnetwork of the workers, in the region of the site. Workers have private addresses only, so it needs Private Google Access,
   * and its network a firewall that lets workers reach each other. On one of another project (Shared VPC), grant the Dataflow service
   * agent of the project the role Compute Network User.
   */
  readonly network: Subnetwork;
  /**
   * The name of the job: 1 to 10 lower-case letters and digits. Each job of a site needs its own name. The subscription has
   * it in its name: after a change, Terraform deletes the old subscription, with its waiting events.
   * @default files
   */
  readonly name?: string;
  /**
   * The length of a window in minutes, from 1 to 60. A window has the events that were published in it. An event is stored when its
   * window has ended.
   * @default 5
   */
  readonly windowMinutes?: number;
  /**
   * The number of files of a window, from 1 to 100. One worker writes one file at a time, so more files allow more throughput.
   * @default 1
   */
  readonly filesPerWindow?: number;
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
   * key for a running job: then drain the job by hand, and apply again. If the setting is removed, the job keeps its key until another
   * job is started. If the key is destroyed, the events in the job are lost.
   * @default - a Google-managed key, free of charge
   */
  readonly encryptionKey?: string;
  /**
   * The provider `google-beta` that starts the job, such as one that impersonates a service account.
   * @default - a provider with the alias `service_agents`, which reads its credentials from the environment
   */
  readonly googleBeta?: TerraformProvider;
  /**
   * The ids of the notification channels that every alert notifies.
   * @default - alerts open an incident without a notification
   */
  readonly notify?: readonly string[];
}

/**
 * Processing stage: a streaming job of Dataflow that writes the events of each window of time as files of JSON lines, with Google's flex
 * template.
 *
 * `PubSubBuffer.deliverInto` is better nearly always: it has no worker, and keeps the id and the attributes of each message. Use this
 * job if what reads the files needs one of two things. Folders of Hive partitions, such as `year=2026/month=01/day=31/hour=08/`, named
 * by the end of the window in UTC. Or complete windows: a file appears once, when all events of its window are in it. Windows are by the
 * time at which an event was published: the template does not look into events, and writes neither Parquet nor by the time of an event.
 *
 * Idle it costs one worker, about 120 dollars a month: its machine runs day and night. Streaming Engine bills about 2 cents for each GB.
 *
 * A deploy that changes the region, the name or `maxWorkers` drains the job and starts another one. A drain ends the open window early,
 * so this window has files of both jobs, told apart by `maxWorkers` in their names. Other changes update the job in place; Dataflow
 * refuses an update if the template has changed too much: then drain the job by hand, and apply again with another `maxWorkers`. With the
 * same one, the job stops at this window, because it may not overwrite the file, until the file is moved. Events that wait in the
 * subscription stay there. Do not seek the subscription while the job runs: it drops events of windows that have ended. After a cancel,
 * the events of the open window are lost. If an apply fails because the job does not run after 20 minutes, Terraform does not know the
 * job: cancel it by hand before the next apply. The deployer must be allowed to act as the service account of the workers.
 * @see https://cloud.google.com/dataflow/docs/guides/templates/provided/pubsub-topic-subscription-to-text
 */
export class DataflowFiles extends Construct implements Workload {
  readonly name: string;
  readonly member: string;
  readonly subnetwork: string;
  /** The service account of the workers. */
  readonly account: ServiceAccount;
  /** The job, for anything this construct does not cover. */
  readonly job: FlexTemplateJob;
  /** The bucket of its temporary files. */
  readonly bucket: StorageBucket;

  constructor(scope: Construct, id: string, props: DataflowFilesProps) {
    super(scope, id);
    const { site, windowMinutes = 5, filesPerWindow = 1, googleBeta } = props;
    const { name, network, maxWorkers, machineType, templateVersion, encryptionKey, notify } = jobSettings(this, 'files', props);
    requireNumber(this, { windowMinutes }, { from: 1, to: 60, unit: 'minutes', remedy: 'A worker holds the events of a window.' });
    requireNumber(this, { filesPerWindow }, { from: 1, to: 100, unit: 'files', remedy: 'Small files are slow to read.' });
    requireGoogleBeta(this, googleBeta);
    takeName(this, 'Dataflow job of a site', name, [site.project, site.prefix]);
    needApis(this, 'compute', 'dataflow', 'iam', 'monitoring', 'pubsub', 'storage');
    const { project, region } = site;
    const base = `${site.prefix}-${name}`;
    [this.name, this.subnetwork] = [name, network.subnetwork];

    const workers = workersOf(this, site, base, encryptionKey);
    [this.account, this.bucket, this.member] = [workers.account, workers.bucket, workers.account.member];
    const source = readerOf(this, project, props.source);
    const written = props.store.bindWriter(this, 'STORE');
    // To finish a file again after a failure, a worker looks whether it is there.
    const seen = props.store.bindReader(this, 'STORE');
    const [store, prefix] = ['BUCKET', 'PREFIX'].map((part) => settingOf(this, written.settings, `STORE_${part}`, STORE));
    const grants = [...source.grants, ...written.waitFor, ...seen.waitFor, ...workers.grants];
    const temporary = `gs://${this.bucket.name}`;

    this.job = new FlexTemplateJob(this, 'Job', {
      project,
      region,
      name: base,
      template: `gs://dataflow-templates-${region}/${templateVersion}/flex/${TEMPLATE}`,
      temporary,
      serviceAccountEmail: this.account.email,
      subnetwork: addressOf(network),
      machineType,
      maxWorkers,
      encryptionKey,
      googleBeta,
      parameters: {
        inputSubscription: source.subscription,
        outputDirectory: `gs://${store}/${prefix}${FOLDER}`,
        // In the folder of its files, it would need the permission to delete them, and skip one whose name is taken.
        userTempLocation: `${temporary}/windows/`,
        outputFilenamePrefix: `${name}-of-${maxWorkers}-`,
        outputFilenameSuffix: '.json',
        windowDuration: `${windowMinutes}m`,
        numShards: String(filesPerWindow),
        ...PATTERNS,
      },
      dependsOn: [...site.waitFor, ...workers.encrypted, new Propagation(this, 'Propagation', grants)],
    });
    alertOnStream(this, { project, title: base, notify, job: this.job.name, into: 'Cloud Storage' });
  }
}
