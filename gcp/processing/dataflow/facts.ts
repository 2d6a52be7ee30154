import { batches, type Cost, GB, HOURS, MONTH } from '../../../shared/read/facts/cost';
import { promised, setTo } from '../../../shared/read/facts/promise';
import type { JobFacts, Needed, Promised, Seen, ServiceFacts, StartedJob, TypeFacts } from '../../../shared/read/facts/types';
import { remove, set, type Which } from '../../../shared/read/facts/weaken';
import type { Step } from '../../../shared/read/picture';
import { receiverOf } from '../../../shared/read/read';
import { type Asked, amount, type Body, is, only, type Stack } from '../../../shared/read/stack';
import { alertOn, allOf, encrypting, idOf, numberedAgent, readyBeforeWork } from '../../foundation/promises';

const ALERT = 'google_monitoring_alert_policy';
const JOB = 'google_dataflow_job';
const FLEX = 'google_dataflow_flex_template_job';
const TABLE = 'google_bigquery_table';
const RUNS_AS = 'service_account_email';
const INPUT = 'parameters.inputSubscription';
const OUTPUT = 'parameters.outputTableSpec';
const DEAD = 'parameters.outputDeadletterTable';
const CODE = 'parameters.javascriptTextTransformGcsPath';
const FILES = 'parameters.outputDirectory';
const WINDOWS = 'parameters.userTempLocation';
const WORKER = 'roles/dataflow.worker';

/** The alert policies on rows of a dead-letter table. */
const deadAlerts: Which = (_, draft) =>
  [...draft.resources]
    .filter(([, { type, body }]) => type === ALERT && JSON.stringify(body).includes('uploaded_row_count'))
    .map(([id]) => id);

/** What a type of streaming jobs has of its own. */
interface StreamType {
  readonly name: string;
  /** The setting with the template, and the template. */
  readonly template: readonly [setting: string, name: string];
  readonly temporary: string;
  readonly replacedBy: readonly string[];
  readonly promises: readonly Promised[];
}

/** The facts that both types of streaming jobs have. */
function streamOf({ name, template: [template, of], temporary, replacedBy, promises }: StreamType): TypeFacts {
  return {
    name,
    role: 'moves data',
    apis: ['dataflow', 'compute'],
    replacedBy: ['max_workers', 'name', 'project', 'region', ...replacedBy],
    named: ['name', /^[a-z]([a-z0-9-]{0,38}[a-z0-9])?$/],
    tells: (job) => [
      'Dataflow',
      `up to ${only(job, 'max_workers')} ${only(job, 'machine_type')}`,
      is(job, 'ip_configuration', 'WORKER_IP_PRIVATE') ? 'private addresses' : undefined,
      is(job, 'on_delete', 'drain') ? 'drained' : undefined,
    ],
    actsAs: [RUNS_AS],
    needs: (job, stack) => [
      ...readingNeeds(job),
      ...workerNeeds(idOf(job, RUNS_AS), idOf(job, temporary)),
      ...writingNeeds(job),
      ...encryptersOf(String(only(job, 'kms_key_name') ?? ''), stack),
    ],
    flow: flowOf,
    promises: [
      promised(
        'streams',
        'run a streaming template that reads a subscription of the stack: a batch job runs again at each apply, and a template that reads a topic makes its own subscription',
        (job) => String(only(job, template)).endsWith(`/${of}`) && job.refers(INPUT).length === 1,
        {
          'it is a batch job, which runs again at each apply': set(template, 'gs://dataflow-templates/latest/GCS_Text_to_BigQuery'),
          'it reads a subscription that is not in the stack': set(INPUT, 'projects/acme-data/subscriptions/other'),
        },
      ),
      ...promises,
      setTo({
        rule: 'nothing-lost',
        must: 'finish the events that it has acknowledged before it ends',
        at: 'on_delete',
        to: ['drain'],
        weak: 'cancel',
        worse: 'events that are in the job are lost when it is replaced',
      }),
      promised('private', 'have workers without public addresses, in a subnetwork of yours', isPrivate, {
        'workers have public addresses': set('ip_configuration', 'WORKER_IP_PUBLIC'),
        'workers are in the network default, which new projects lack': set('subnetwork'),
      }),
      promised('bounded-cost', 'have a maximum number of workers', (job) => amount(job, 'max_workers') >= 1, {
        'its number of workers has no limit': set('max_workers'),
      }),
      promised(
        'own-identity',
        'run as a service account of the stack: the default one of Compute Engine may change the whole project',
        (job) => job.refers(RUNS_AS)[0]?.type === 'google_service_account',
        { 'it runs as the default service account of Compute Engine': set(RUNS_AS) },
      ),
      readyBeforeWork(RUNS_AS),
      alertOn({
        what: 'a job that failed',
        must: 'have its own alert that fires when it failed',
        metric: 'job/is_failed"',
        label: 'job_name',
        atMost: 0,
      }),
      alertOn({
        what: 'events that are late',
        must: 'have its own alert that fires when events are stored late',
        metric: 'job/data_watermark_age"',
        label: 'job_name',
        atMost: 3600,
      }),
    ],
    costs: (job, { events, size }) => [
      ...workerCosts(
        String(only(job, 'machine_type')),
        'dataflowCpu',
        HOURS,
        'one worker',
        'A smaller `machineType`, or no job: `deliverInto` of the buffer.',
      ),
      {
        what: 'events through Streaming Engine',
        price: 'dataflowStreaming',
        units: (events * size * MONTH) / GB,
        lower: 'Smaller events.',
      },
    ],
    local: {},
  };
}

export const facts: ServiceFacts = {
  name: 'Dataflow',
  local: { not: "Google's templates are Java pipelines, which do not run on this machine. Only the tests of their function run it" },
  unproven: [
    'That Dataflow needs its key for no service agents but its own, that of Compute Engine and that of Cloud Storage, and that Google creates its own when the API is enabled.',
    'That Dataflow takes another key for a running job.',
    "That Google's templates run the functions of the jobs: the tests run them in Node.js, on events of the contract.",
    'That templates write into a dead-letter table with the columns that it has here.',
    'That workers need no other role than those on the subscription, the tables, the buckets and the project. For a load, that BigQuery asks for no permission on the dataset while the table exists.',
    'That the metrics of jobs and of uploaded rows have the labels that the alerts name, and that load jobs count as uploaded rows.',
    'That an alert opens for a row that Cloud Monitoring shows hours after it was added.',
    'That the lag of a job does not count the time that an event waits for the end of its window.',
    'That Dataflow writes "Workflow failed" into the log of a batch that failed.',
    'That a load adds JSON values to JSON columns, and takes rows of REQUIRED columns with the schema of the file.',
    'That the template for files accepts patterns of dates in braces, and finishes a file without the permission to delete it.',
    'That whoever may start jobs of Dataflow may read the template of a batch.',
    'For how long Google keeps a release of its templates.',
  ],
  types: {
    [JOB]: {
      ...streamOf({
        name: 'streaming job',
        template: ['template_gcs_path', 'PubSub_Subscription_to_BigQuery'],
        temporary: 'temp_gcs_location',
        replacedBy: ['zone'],
        promises: [
          promised(
            'nothing-lost',
            'have a dead-letter table of the stack, and a function that refuses what is no event',
            (job) =>
              job.refers(DEAD).length > 0 &&
              job.refers(CODE).length > 0 &&
              is(job, 'parameters.javascriptTextTransformFunctionName', 'eventToRow'),
            {
              'the job makes its own dead-letter table, outside of the stack': set(DEAD),
              'any JSON is stored': set(CODE),
            },
          ),
          promised('rings', 'have its own alert on rows in its dead-letter table', hasDeadAlert, {
            'there is no alert on its dead-letter table': remove(deadAlerts),
          }),
        ],
      }),
      answered: {
        'bounded-retries':
          'Dataflow repeats the write of a row without a limit while BigQuery cannot be reached. What BigQuery refuses goes to the dead letter at once.',
      },
      brings: (_, { events }) => ({ calls: 0, writes: events, packed: 1 }),
    },
    [FLEX]: {
      ...streamOf({
        name: 'streaming job of a flex template',
        template: ['container_spec_gcs_path', 'flex/Cloud_PubSub_to_GCS_Text_Flex'],
        temporary: 'temp_location',
        replacedBy: ['enable_streaming_engine', 'num_workers'],
        promises: [
          promised(
            'nothing-lost',
            'have its temporary files in another bucket than its files: in the same, it skips a file whose name is taken, and deletes its events',
            (job) => job.refers(WINDOWS).length > 0 && idOf(job, WINDOWS) !== idOf(job, FILES),
            { 'it has its temporary files beside its files': set(WINDOWS) },
          ),
          promised(
            'nothing-lost',
            'have the number of workers in the names of its files, because a change starts another job, with files of the same window',
            (job) => String(only(job, 'parameters.outputFilenamePrefix')).includes(`-${only(job, 'max_workers')}-`),
            { 'a job that is started again has files of the same names': set('parameters.outputFilenamePrefix', 'files-') },
          ),
        ],
      }),
      schema: {
        settings: [
          ...['name!', 'container_spec_gcs_path!', 'project', 'region', 'parameters', 'service_account_email', 'subnetwork'],
          ...['ip_configuration', 'temp_location', 'staging_location', 'enable_streaming_engine', 'machine_type', 'max_workers'],
          ...['on_delete', 'labels', 'network', 'num_workers', 'kms_key_name', 'autoscaling_algorithm', 'additional_experiments'],
          ...['launcher_machine_type', 'sdk_container_image', 'skip_wait_on_job_termination', 'transform_name_mapping'],
        ],
        computed: ['id', 'job_id', 'state', 'type', 'terraform_labels', 'effective_labels'],
      },
      answered: {
        'bounded-retries': 'Dataflow repeats the write of a file without a limit. It writes any message, so none can be refused.',
      },
      brings: (job, { events }) => {
        const window = 60 * Number.parseInt(String(only(job, 'parameters.windowDuration')), 10);
        const parts = amount(job, 'parameters.numShards');
        return { calls: 0, writes: events === 0 ? 0 : batches(events, { records: Number.POSITIVE_INFINITY, window, parts }), packed: 1 };
      },
    },
  },
  jobs: { 'dataflow.googleapis.com': loadJob() },
  // https://cloud.google.com/dataflow/docs/concepts/access-control#roles
  roles: {
    [WORKER]: {
      permissions: [
        ...['dataflow.jobs.get', 'dataflow.shuffle.read', 'dataflow.shuffle.write'],
        ...['ImportState', 'commitWork', 'getData', 'getWork', 'getWorkerMetadata'].map((verb) => `dataflow.streamingWorkItems.${verb}`),
        ...['lease', 'sendMessage', 'update'].map((verb) => `dataflow.workItems.${verb}`),
        ...['compute.instanceGroupManagers.update', 'compute.instances.delete', 'compute.instances.setDiskAutoDelete'],
        ...[
          'logging.logEntries.create',
          'monitoring.timeSeries.create',
          'storage.buckets.get',
          'storage.objects.create',
          'storage.objects.get',
        ],
      ],
    },
    'roles/dataflow.developer': {
      permissions: ['dataflow.jobs.*', 'dataflow.messages.*', 'dataflow.metrics.*', 'dataflow.snapshots.*'],
      surplus:
        'Google has no role that only starts jobs, and none on a single job. It can also cancel jobs. What a job may do depends on its account, which needs a grant of its own.',
    },
    'roles/dataflow.admin': { permissions: ['dataflow.*'] },
  },
};

function hasDeadAlert(job: Asked, stack: Stack): boolean {
  const filters = stack.of(ALERT).map((alert) => String(only(alert, 'conditions.condition_threshold.filter')));
  const isOn = (filter: string) => tablesOf(job, DEAD).some(({ id }) => filter.includes(`metric.labels.table = "\${${id}.`));
  return filters.some((filter) => filter.includes('storage/uploaded_row_count"') && isOn(filter));
}

function isPrivate(job: Asked): boolean {
  return is(job, 'ip_configuration', 'WORKER_IP_PRIVATE') && job.get('subnetwork').length === 1;
}

/** From the topic of its subscription, to its two tables, or to its bucket. */
function flowOf(job: Asked, seen: Seen): Step[] {
  const [topic] = job.refers(INPUT).flatMap((subscription) => subscription.refers('topic'));
  const how = 'pull, without a limit of retries';
  const read: Step[] = topic ? [{ from: topic.stage, how, to: job.stage, notes: seen.tell(job), between: [topic.id, job.id] }] : [];
  const written = (targets: readonly Asked[], how: string) =>
    targets.map((target): Step => {
      return { from: job.stage, how, to: receiverOf(target), notes: seen.tell(target), between: [job.id, target.id] };
    });
  const [files] = job.refers(FILES);
  const window = `files of ${only(job, 'parameters.windowDuration')}, ${pathOf(job)}`;
  return [
    ...read,
    ...written(tablesOf(job, OUTPUT), 'streaming inserts'),
    ...written(tablesOf(job, DEAD), 'what cannot be stored'),
    ...written(files ? [files] : [], window),
  ];
}

/** The folder of files in their bucket. */
function pathOf(job: Asked): string {
  return String(only(job, FILES)).replace(/^gs:[/][/]\$\{[^}]*\}[/]/, '');
}

function tablesOf(job: Asked, setting: string): readonly Asked[] {
  return job.refers(setting).filter(({ type }) => type === TABLE);
}

function need(who: string, may: string, on: string, because: string): Needed {
  return { who, may, on, because };
}

const VERBS = ['create', 'delete', 'get', 'list', 'update'];
const rowNeeds = (who: string, table: string) =>
  ['get', 'updateData'].map((verb) => need(who, `bigquery.tables.${verb}`, `\${${table}}`, 'it adds rows'));

/** What Google asks for all workers: https://cloud.google.com/dataflow/docs/concepts/security-and-permissions#worker-service-account. */
function workerNeeds(who: string | undefined, bucket: string | undefined): Needed[] {
  if (!who || !bucket) return [];
  return [
    ...VERBS.map((verb) => need(who, `storage.objects.${verb}`, `\${${bucket}}`, 'it has its temporary files there')),
    ...allOf(WORKER).map((may) => need(who, may, 'project', 'Google requires the role for workers')),
  ];
}

function readingNeeds(job: Asked): Needed[] {
  const [who, subscription] = [idOf(job, RUNS_AS), idOf(job, INPUT)];
  if (!who || !subscription) return [];
  return [
    need(who, 'pubsub.subscriptions.consume', `\${${subscription}}`, 'it reads events'),
    need(who, 'pubsub.subscriptions.get', `\${${subscription}}`, 'it looks up the ack deadline'),
  ];
}

/** Who encrypts with the key of a job: https://cloud.google.com/dataflow/docs/guides/customer-managed-encryption-keys. */
function encryptersOf(key: string, stack: Stack): Needed[] {
  if (key === '') return [];
  const needs = (domain: string, because: string) => encrypting(key, numberedAgent(stack, domain), because);
  return [
    ...needs('dataflow-service-producer-prod', 'Dataflow encrypts what is in the job'),
    ...needs('compute-system', 'Compute Engine encrypts the disks of workers'),
  ];
}

/** What it writes: rows into tables, or files below the start of its folder. */
function writingNeeds(job: Asked): Needed[] {
  const who = idOf(job, RUNS_AS);
  if (!who) return [];
  const tables = [OUTPUT, DEAD].flatMap((setting) => tablesOf(job, setting));
  const [, bucket, prefix] = /^gs:[/][/](\$\{[^}]*\}|[^/]+)[/](.*?)year=/.exec(String(only(job, FILES) ?? '')) ?? [];
  if (bucket === undefined) return tables.flatMap(({ id }) => rowNeeds(who, id));
  return [
    { who, may: 'storage.objects.create', on: bucket, only: isBelow(bucket, prefix!), because: 'it writes a file for each window' },
    { who, may: 'storage.objects.get', on: bucket, only: isRead(bucket, prefix!), because: 'it looks whether a file is there already' },
  ];
}

const isBelow = (bucket: string, prefix: string) => `resource.name.startsWith("projects/_/buckets/${bucket}/objects/${prefix}")`;
const isRead = (bucket: string, prefix: string) =>
  `${isBelow(bucket, prefix)} || api.getAttribute("storage.googleapis.com/objectListPrefix", "").startsWith("${prefix}")`;

/** The GB of each vCPU of a machine. */
const MEMORY = { n1: { standard: 3.75, highmem: 6.5, highcpu: 0.9 }, other: { standard: 4, highmem: 8, highcpu: 1 } } as const;

/** The machine of one worker. */
function workerCosts(machine: string, price: 'dataflowCpu' | 'dataflowBatchCpu', hours: number, what: string, lower: string): Cost[] {
  const [, family, kind = 'standard', count = '2'] = /^(\w+)-(standard|highmem|highcpu)-(\d+)$/.exec(machine) ?? [];
  const [cpus, gigabytes] = [Number(count), MEMORY[family === 'n1' ? 'n1' : 'other'][kind as keyof typeof MEMORY.n1]];
  return [
    { what: `vCPUs of ${what}`, price, units: cpus * hours, lower },
    { what: `memory of ${what}, ${gigabytes} GB for each vCPU`, price: 'dataflowMemory', units: cpus * gigabytes * hours, lower },
  ];
}

/** A load that a schedule or a workflow starts. */
function loadJob(): JobFacts {
  const partOf = ({ parameters }: StartedJob, part: 'parameters' | 'environment') => (parameters[part] ?? {}) as Body;
  const within = (job: StartedJob, part: 'parameters' | 'environment', setting: string) => String(partOf(job, part)[setting] ?? '');
  const idIn = (text: string, type: string) => new RegExp(`\\$\\{(${type}\\.[\\w-]+)\\.`).exec(text)?.[1] ?? '';
  const accountOf = (job: StartedJob) => idIn(within(job, 'environment', 'serviceAccountEmail'), 'google_service_account');
  const tableOf = (job: StartedJob) => idIn(within(job, 'parameters', 'outputTable'), TABLE);
  const filesOf = (job: StartedJob) => /^gs:[/][/](\$\{[^}]*\}|[^/]+)[/](.*)$/.exec(within(job, 'parameters', 'inputFilePattern')) ?? [];
  return {
    role: accountOf,
    tells: (job) => [
      'Dataflow',
      `up to ${within(job, 'environment', 'maxWorkers')} ${within(job, 'environment', 'machineType')}`,
      ...(within(job, 'environment', 'ipConfiguration') === 'WORKER_IP_PRIVATE' ? ['private addresses'] : []),
    ],
    flow: (job, seen, label) => {
      const [account, table] = [accountOf(job), seen.get(tableOf(job))];
      const [, from = '', pattern] = filesOf(job);
      const bucket = seen.get(idIn(from, 'google_storage_bucket'));
      const isRefused = table?.name.endsWith('dead letter table') === true;
      const read = { how: `reads ${pattern}`, to: label, notes: '' };
      const written: Step[] = table
        ? [
            {
              from: label,
              how: isRefused ? 'lines that are no events' : 'load job, all rows or none',
              to: receiverOf(table),
              notes: seen.tell(table),
              between: [account, table.id],
            },
          ]
        : [];
      return bucket ? [{ ...read, from: bucket.stage, between: [bucket.id, account] }, ...written] : written;
    },
    needs: (job, stack) => {
      const who = accountOf(job);
      const [, bucket = '', pattern = ''] = filesOf(job);
      // The prefix of the source ends before the first star.
      const prefix = pattern.replace(/[^/]*\*.*$/, '');
      const temporary = idIn(within(job, 'environment', 'tempLocation'), 'google_storage_bucket');
      const files = ['storage.objects.get', 'storage.objects.list'].map((may) => {
        return { who, may, on: bucket, only: isRead(bucket, prefix), because: 'it reads files' };
      });
      return [
        ...files,
        ...rowNeeds(who, tableOf(job)),
        need(who, 'bigquery.jobs.create', 'project', 'it adds rows by load jobs'),
        ...workerNeeds(who, temporary),
        need(job.starter, 'dataflow.jobs.create', 'project', 'it starts the job'),
        need(job.starter, 'iam.serviceAccounts.actAs', `\${${who}}`, 'the workers of the job run as this account'),
        ...encryptersOf(within(job, 'environment', 'kmsKeyName'), stack),
      ];
    },
    costs: (job, runs) =>
      workerCosts(
        within(job, 'environment', 'machineType'),
        'dataflowBatchCpu',
        runs / 6,
        'one worker, 10 minutes for each run',
        'A `schedule` that starts it less often.',
      ),
  };
}
