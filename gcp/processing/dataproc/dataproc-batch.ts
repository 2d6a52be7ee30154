import { ProjectIamMember } from '@cdktf/provider-google/lib/project-iam-member';
import type { StorageBucket } from '@cdktf/provider-google/lib/storage-bucket';
import { StorageBucketIamMember } from '@cdktf/provider-google/lib/storage-bucket-iam-member';
import { StorageBucketObject } from '@cdktf/provider-google/lib/storage-bucket-object';
import { AssetType, type ITerraformDependable, TerraformAsset } from 'cdktf';
import { Construct } from 'constructs';
import { hashOfScript } from '../../../shared/synth/job-script';
import { takeName } from '../../../shared/synth/kept-name';
import { needApis } from '../../foundation/apis';
import { type Recurrence, Schedule } from '../../foundation/schedule/schedule';
import { accountId, accountOf } from '../../foundation/service-account';
import { temporaryBucket } from '../../foundation/temporary-bucket';
import type { Workload } from '../../ports/identity';
import type { Job, RunRequest, StartRequest } from '../../ports/jobs';
import type { Subnetwork } from '../../ports/network';
import type { Site } from '../../ports/site';
import type { FileStore } from '../../ports/stores';
import { alertOnFailed } from './batch-alert';
import { bodyOf } from './batch-body';
import { batchSettings } from './batch-settings';
import { allowStart, RUN } from './batch-start';

/** The folder in which Dataproc stages the files of runs. */
const STAGED = 'google-cloud-dataproc-metainfo/';

/** Settings for {@link DataprocBatch}. */
export interface DataprocBatchProps {
  /** The project, the region and the prefix of the batch. */
  readonly site: Site;
  /** The Python script: the path of a file, such as the result of `packageScript`. A changed script is used from the next run on. */
  readonly script: string;
  /**
   * The subnetwork of the driver and the executors, in the region of the site. They have private addresses only, so it needs Private
   * Google Access, and its network a firewall that lets them reach each other on all ports. Without these, a run waits and then fails.
   */
  readonly network: Subnetwork;
  /**
   * The stores that the script reads, by the name with which their arguments start: `SOURCE` sets `--SOURCE_BUCKET` and
   * `--SOURCE_PREFIX`.
   * @default - none
   */
  readonly inputs?: Readonly<Record<string, FileStore>>;
  /**
   * The stores that the script writes. It may replace and delete their objects below the prefix. `TARGET` sets `--TARGET_BUCKET`,
   * `--TARGET_PREFIX` and, for what cannot be processed, `--TARGET_FAILED_PREFIX`, a folder that readers of the store leave out.
   * @default - none
   */
  readonly outputs?: Readonly<Record<string, FileStore>>;
  /**
   * More arguments of the script, without the hyphens: `{ HOURS: '0' }`.
   * @default - only those of the stores
   */
  readonly arguments?: Readonly<Record<string, string>>;
  /**
   * When a run is started. It can start twice, and while another run is going: Dataproc does not prevent it, so the script must. The script
   * of the compaction does, with a lock.
   * @default - only people and services with the permission start it
   */
  readonly schedule?: Recurrence;
  /**
   * The name of the batch: 1 to 10 lower-case letters and digits. Each batch of a site needs its own name. Its runs have it as the
   * label `job`.
   * @default batch
   */
  readonly name?: string;
  /**
   * The maximum number of executors, from 2 to 2000. Each has 4 vCPUs by default. It limits what a run can cost.
   * @default 10
   */
  readonly maxExecutors?: number;
  /**
   * How long a run may take, from 1 to 336 hours. Then it is stopped. What it has written stays.
   * @default 4
   */
  readonly ttlHours?: number;
  /**
   * Settings of Spark, such as `{ 'spark.executor.cores': '8' }`.
   * @default - those of Dataproc: a driver and 2 executors of 4 vCPUs, and more of them as the work takes it
   */
  readonly spark?: Readonly<Record<string, string>>;
  /**
   * The runtime, which decides the version of Spark and Python: 3.0 has Spark 4.0. Google updates a runtime each week, and nothing below
   * it can be pinned. Earlier runtimes are refused.
   * @default 3.0
   */
  readonly runtimeVersion?: string;
  /**
   * The email of an existing service account that the script runs as. It is granted the permissions that it needs.
   * @default - a new service account, for this batch only
   */
  readonly serviceAccount?: string;
  /**
   * The ids of the notification channels that every alert notifies.
   * @default - alerts open an incident without a notification
   */
  readonly notify?: readonly string[];
}

/**
 * Processing stage: a Python script that runs on serverless Spark of Dataproc, reads and writes files of stores, and ends. Google is
 * renaming the service to Managed Service for Apache Spark.
 *
 * It creates no batch: for Terraform a batch is a run, which a changed label starts again. It creates what each run takes: the script in a
 * bucket, an account, and the request that starts a run. Give it a `schedule`, or make it a step of `WorkflowsOrchestration`, which waits
 * for its end and has an alert of its own. With a schedule, an alert fires when a run fails or is refused. There is none on runs that are
 * missing: Dataproc has no metric of runs that succeeded.
 *
 * Do not use it for single events: use `CloudFunctionProcessor`. For rows in BigQuery, `ScheduledQuery` is cheaper and needs no network.
 * For megabytes, `CloudRunJob` starts in seconds; a run here waits a minute or two for its machines.
 *
 * Idle it costs nothing but its schedule and its alerts. A run costs about 70 cents an hour with the smallest size, a driver and 2
 * executors, and at least a minute. A deploy replaces the bucket of the script with another region or name. Runs that are going keep their script.
 * @see https://cloud.google.com/dataproc-serverless/docs/overview
 */
export class DataprocBatch extends Construct implements Workload, Job {
  readonly name: string;
  readonly member: string;
  readonly subnetwork: string;
  /** The bucket of the script, and of files that Dataproc stages. */
  readonly bucket: StorageBucket;
  /** What starts runs, if there is a schedule. */
  readonly schedule?: Schedule;

  private readonly site: Site;
  private readonly accountId: string;
  private readonly body: string;
  private readonly waitFor: readonly ITerraformDependable[];

  constructor(scope: Construct, id: string, props: DataprocBatchProps) {
    super(scope, id);
    const { site, script, network, schedule } = props;
    const { name, inputs, outputs, notify, ...settings } = batchSettings(this, props);
    takeName(this, 'batch of a site', name, [site.project, site.prefix]);
    needApis(this, 'compute', 'dataproc', 'iam', 'storage');
    const { project } = site;
    const base = `${site.prefix}-${name}`;
    [this.site, this.name, this.subnetwork] = [site, name, network.subnetwork];

    const given = props.serviceAccount;
    const account =
      given === undefined ? accountOf(this, 'Account', site, `${base}-spark`, `Runs the script of the batch ${base}`) : undefined;
    const email = given ?? account!.email;
    this.member = `serviceAccount:${email}`;
    this.accountId = account?.name ?? accountId(email, site);
    // Without a bucket of the stack, Dataproc would make one that stays.
    this.bucket = temporaryBucket(this, site, `${base}-spark`, { left: STAGED });
    const hash = hashOfScript(script);
    const asset = new TerraformAsset(this, 'Script', { path: script, type: AssetType.FILE, assetHash: hash });
    const object = new StorageBucketObject(this, 'Object', {
      bucket: this.bucket.name,
      name: `scripts/${hash}.py`,
      source: asset.path,
      // A run that is going reads the old one.
      lifecycle: { createBeforeDestroy: true },
    });
    const read = Object.entries(inputs).map(([start, store]) => store.bindFileReader(this, start));
    const written = Object.entries(outputs).map(([start, store]) => [start, store.bindFileWriter(this, start)] as const);
    const failed = written.map(([start, { settings: of }]) => [`${start}_FAILED_PREFIX`, `${of[`${start}_PREFIX`]}_failed/`]);
    const bindings = [...read, ...written.map(([, binding]) => binding)];
    this.body = bodyOf({
      ...settings,
      base,
      script: `gs://${this.bucket.name}/${object.name}`,
      arguments: Object.assign({}, settings.arguments, ...bindings.map((one) => one.settings), Object.fromEntries(failed)),
      email,
      bucket: this.bucket.name,
      subnetwork: network.subnetwork,
    });
    this.waitFor = [
      ...bindings.flatMap(({ waitFor }) => waitFor),
      new StorageBucketIamMember(this, 'Staging', { bucket: this.bucket.id, role: 'roles/storage.objectUser', member: this.member }),
      new ProjectIamMember(this, 'Node', { project, role: 'roles/dataproc.serverlessNode', member: this.member }),
    ];
    if (schedule === undefined) return;
    this.schedule = new Schedule(this, 'Schedule', { site, name, job: this, recurrence: schedule, notify });
    alertOnFailed(this, { site, name: base, starter: this.schedule.email, notify });
  }

  /** The role is on the project: Dataproc has none on a single batch. So is that to see runs, which the role contains. */
  bindStart(starter: Workload): StartRequest {
    const { project, region } = this.site;
    return {
      url: `https://dataproc.googleapis.com/v1/projects/${project}/locations/${region}/batches`,
      body: this.body,
      token: 'oauth',
      waitFor: [...this.waitFor, ...allowStart(starter, this.site, { name: this.name, accountId: this.accountId })],
    };
  }

  bindRun(starter: Workload): RunRequest {
    return { ...this.bindStart(starter), token: 'oauth', run: RUN };
  }
}
