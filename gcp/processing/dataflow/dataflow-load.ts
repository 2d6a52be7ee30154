import { ProjectIamMember } from '@cdktf/provider-google/lib/project-iam-member';
import type { ServiceAccount } from '@cdktf/provider-google/lib/service-account';
import type { StorageBucket } from '@cdktf/provider-google/lib/storage-bucket';
import { Construct } from 'constructs';
import { takeName } from '../../../shared/synth/kept-name';
import { mayDestroy, type Removal, requireText, type TextRule } from '../../../shared/synth/settings';
import { needApis } from '../../foundation/apis';
import { type Recurrence, requireRecurrence, Schedule } from '../../foundation/schedule/schedule';
import type { Workload } from '../../ports/identity';
import type { Job, RunRequest, StartRequest } from '../../ports/jobs';
import type { Subnetwork } from '../../ports/network';
import type { Site } from '../../ports/site';
import type { ObjectStore, SchemaStore } from '../../ports/stores';
import { DeadLetterTable } from './dead-letter-table';
import { alertOnDeadLetter, alertOnNoRows, alertOnRun } from './job-alerts';
import { rowSettings } from './job-settings';
import { loadRuns } from './load-runs';
import { bindRows } from './rows';
import type { TemplateRun } from './template-run';
import { addressOf, settingOf, workersOf } from './workers';

const NAME: TextRule = {
  pattern: /^[a-z0-9]{1,9}$/,
  must: 'be 1 to 9 lower-case letters and digits',
  remedy: 'The account of its second schedule has one letter more.',
};
const FILES: TextRule = {
  pattern: /^(?![/])[A-Za-z0-9!_.=*'()/-]{1,500}$/,
  must: 'be a pattern of names below the prefix of the source',
  remedy: 'Write it like ** for all, or year=2026/**/*.json: a star stands for anything but a slash, and two stars for anything.',
};

/** Settings for {@link DataflowLoad}. */
export interface DataflowLoadProps {
  /** The project, the region and the prefix of the job. */
  readonly site: Site;
  /** Where the files are: a `CloudStorageStore`. Each line of a file is an event. Files with names that end in `.gz` are decompressed. */
  readonly source: ObjectStore;
  /** Where the rows go: a `BigQueryStore` with its default columns, in the region of the site. The function of the job fills no others. */
  readonly store: SchemaStore;
  /** The JSON schema of an event, in draft 4: `event.schema.json`. Other lines go into the dead-letter table. */
  readonly eventSchema: Readonly<Record<string, unknown>>;
  /**
   * The subnetwork of the workers, in the region of the site. Workers have private addresses only, so it needs Private Google Access,
   * and its network a firewall that lets workers reach each other. On one of another project (Shared VPC), grant the Dataflow service
   * agent of the project the role Compute Network User.
   */
  readonly network: Subnetwork;
  /**
   * Which files a run reads: a pattern of their names, below the prefix of the source. Every run reads all files that the pattern fits.
   * @default **
   */
  readonly files?: string;
  /**
   * When runs are started: that of the rows, and that of the refused lines. A start is refused while a run is still going.
   * @default - only people and services with the permission start runs, such as a `WorkflowsOrchestration`
   */
  readonly schedule?: Recurrence;
  /**
   * The name of the job: 1 to 9 lower-case letters and digits. Each job of a site needs its own name. It is in the name of the
   * dead-letter table: a change is a replacement, which fails unless `removal: 'destroy'` and `destroyData` are set.
   * @default load
   */
  readonly name?: string;
  /**
   * The maximum number of workers of a run, from 1 to 1000. It limits the cost.
   * @default 3
   */
  readonly maxWorkers?: number;
  /**
   * The machine type of the workers.
   * @default n1-standard-2
   */
  readonly machineType?: string;
  /**
   * The release of Google's templates, such as `2026-08-18-00_RC00`. With `latest`, each run gets the code of its day. Google does not
   * say for how long it keeps a release.
   * @default latest
   */
  readonly templateVersion?: string;
  /**
   * The id of a Cloud KMS key in the region of the site, which encrypts what is in a run, the disks of the workers and the temporary
   * files. The service agents of Dataflow, Compute Engine and Cloud Storage are granted the use of the key. A change applies from the
   * next run.
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
 * Processing stage: a batch job of Dataflow that loads events from files in Cloud Storage into BigQuery, with Google's template, and ends.
 *
 * A run reads every file that is there, because neither the template nor a schedule keeps a position or fills in a date. So let the
 * store delete files after a few runs (`retentionDays` of `CloudStorageStore`): a file that comes late, or whose run fails, is loaded by
 * the next run. A row that is loaded again has the same event id, and the view of the store shows it once; the table has it once for
 * each run. All rows of a run are added at its end, or none if it fails. A run without files fails.
 *
 * The template has no dead letter, and one bad line would fail every run. So its function leaves out lines that are no events, and a
 * second run, `refused`, adds these lines to a dead-letter table, with the reason. A schedule starts both. In a
 * `WorkflowsOrchestration`, put both in one step. The same line is refused again by each run, while its file is there.
 *
 * Decimals in `data` are kept as doubles. A line with an integer of over 18 digits is refused, and one of over 10 million characters. A run
 * with events of over 4,000 days fails: BigQuery changes no more partitions at once. To load files as they are, without a
 * check of each line, use the BigQuery Data Transfer Service: it costs nothing, and loads only files that are new. For single events, use
 * `CloudFunctionProcessor`.
 *
 * Idle it costs its alerts and its schedules. A run costs about 2 cents for 10 minutes of one worker; the load into BigQuery is free. A
 * deploy replaces the dead-letter table with another name; everything else applies from the next run.
 * @see https://cloud.google.com/dataflow/docs/guides/templates/provided/cloud-storage-to-bigquery
 */
export class DataflowLoad extends Construct implements Workload, Job {
  readonly name: string;
  readonly member: string;
  readonly subnetwork: string;
  /** The service account of the workers. */
  readonly account: ServiceAccount;
  /** The bucket of its temporary files and its function. */
  readonly bucket: StorageBucket;
  /** The lines that are no events. */
  readonly deadLetter: DeadLetterTable;
  /** The run that adds refused lines to the dead-letter table. Start it whenever the job is started. */
  readonly refused: Job;
  /** What starts the runs: two, if there is a schedule. */
  readonly schedules: readonly Schedule[] = [];

  private readonly run: TemplateRun;

  constructor(scope: Construct, id: string, props: DataflowLoadProps) {
    super(scope, id);
    const { site, files = '**', schedule: recurrence } = props;
    const { name, network, eventSchema, maxWorkers, machineType, templateVersion, encryptionKey, notify } = rowSettings(
      this,
      'load',
      props,
    );
    requireText(this, { name }, NAME);
    requireText(this, { files }, FILES);
    if (recurrence !== undefined) requireRecurrence(this, recurrence);
    const destroy = mayDestroy(this, props.removal);
    takeName(this, 'Dataflow job of a site', name, [site.project, site.prefix]);
    needApis(this, 'bigquery', 'compute', 'dataflow', 'iam', 'logging', 'monitoring', 'storage');
    const { project } = site;
    const base = `${site.prefix}-${name}`;
    [this.name, this.subnetwork] = [name, network.subnetwork];

    const workers = workersOf(this, site, base, encryptionKey);
    [this.account, this.bucket, this.member] = [workers.account, workers.bucket, workers.account.member];
    const source = props.source.bindReader(this, 'SOURCE');
    const [from, prefix] = ['BUCKET', 'PREFIX'].map((part) =>
      settingOf(this, source.settings, `SOURCE_${part}`, 'source must be a CloudStorageStore'),
    );
    const rows = bindRows(this, props.store);
    this.deadLetter = new DeadLetterTable(this, 'DeadLetter', { name, store: rows.settings, destroy });
    const jobUser = new ProjectIamMember(this, 'JobUser', { project, role: 'roles/bigquery.jobUser', member: this.member });
    const { run, refused } = loadRuns(this, {
      ...{ site, name, account: this.account, bucket: this.bucket, eventSchema, schema: props.store.schema },
      release: templateVersion,
      files: `gs://${from}/${prefix}${files}`,
      into: { rows: rows.spec, refused: this.deadLetter.spec },
      workers: { subnetwork: addressOf(network), machineType, maxWorkers, kmsKeyName: encryptionKey },
      waitFor: [...source.waitFor, ...rows.waitFor, this.deadLetter.grantWrite(this), jobUser, ...workers.grants, ...workers.encrypted],
    });
    [this.run, this.refused] = [run, refused];

    const watched = { project, title: base, notify };
    alertOnRun(this, 'FailedAlert', { ...watched, job: run.jobName, waitFor: site.waitFor });
    alertOnRun(this, 'RefusedFailedAlert', { ...watched, title: refused.jobName, job: refused.jobName, waitFor: site.waitFor });
    alertOnDeadLetter(this, { ...watched, table: this.deadLetter.table });
    if (recurrence === undefined) return;
    this.schedules = [
      new Schedule(this, 'Schedule', { site, name, job: run, recurrence, notify }),
      new Schedule(this, 'RefusedSchedule', { site, name: `${name}r`, job: refused, recurrence, notify }),
    ];
    alertOnNoRows(this, { ...watched, table: rows.settings, recurrence });
  }

  bindStart(starter: Workload): StartRequest {
    return this.run.bindStart(starter);
  }

  bindRun(starter: Workload): RunRequest {
    return this.run.bindRun(starter);
  }
}
