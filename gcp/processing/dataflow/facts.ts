import { GB, HOURS, MONTH } from '../../../shared/read/facts/cost';
import { promised, setTo } from '../../../shared/read/facts/promise';
import type { Needed, Seen, ServiceFacts } from '../../../shared/read/facts/types';
import { remove, set, type Which } from '../../../shared/read/facts/weaken';
import type { Step } from '../../../shared/read/picture';
import { receiverOf } from '../../../shared/read/read';
import { type Asked, amount, is, only, type Stack } from '../../../shared/read/stack';
import { alertOn, allOf, idOf, readyBeforeWork } from '../../foundation/promises';

const ALERT = 'google_monitoring_alert_policy';
const JOB = 'google_dataflow_job';
const RUNS_AS = 'service_account_email';
const INPUT = 'parameters.inputSubscription';
const OUTPUT = 'parameters.outputTableSpec';
const DEAD = 'parameters.outputDeadletterTable';
const CODE = 'parameters.javascriptTextTransformGcsPath';
const WORKER = 'roles/dataflow.worker';
const STREAMING = /\/PubSub_Subscription_to_BigQuery$/;

/** The alert policies on rows of a dead-letter table. */
const deadAlerts: Which = (_, draft) =>
  [...draft.resources]
    .filter(([, { type, body }]) => type === ALERT && JSON.stringify(body).includes('uploaded_row_count'))
    .map(([id]) => id);

export const facts: ServiceFacts = {
  name: 'Dataflow',
  local: { not: "Google's templates are Java pipelines, which do not run on this machine. Only the tests of their function run it." },
  unproven: [
    "That Google's template runs the function of the job: the tests run it in Node.js, on events of the contract.",
    'That the template writes into a dead-letter table with the columns that it has here.',
    'That workers need no other role than those on the subscription, the two tables, the bucket and the project.',
    'That the metrics of jobs and of uploaded rows have the labels that the alerts name.',
    'For how long Google keeps a release of its templates.',
  ],
  types: {
    [JOB]: {
      name: 'streaming job',
      role: 'moves data',
      apis: ['dataflow', 'compute'],
      replacedBy: ['max_workers', 'name', 'project', 'region', 'zone'],
      named: ['name', /^[a-z]([a-z0-9-]{0,38}[a-z0-9])?$/],
      tells: (job) => [
        'Dataflow',
        `up to ${only(job, 'max_workers')} ${only(job, 'machine_type')}`,
        is(job, 'ip_configuration', 'WORKER_IP_PRIVATE') ? 'private addresses' : undefined,
        is(job, 'on_delete', 'drain') ? 'drained' : undefined,
      ],
      flow: flowOf,
      actsAs: [RUNS_AS],
      needs: needsOf,
      promises: [
        promised(
          'streams',
          'run a streaming template that reads a subscription of the stack: a batch job runs again at each apply, and a template that reads a topic makes its own subscription',
          (job) => STREAMING.test(String(only(job, 'template_gcs_path'))) && job.refers(INPUT).length === 1,
          {
            'it is a batch job, which runs again at each apply': set(
              'template_gcs_path',
              'gs://dataflow-templates/latest/GCS_Text_to_BigQuery',
            ),
            'it reads a subscription that is not in the stack': set(INPUT, 'projects/acme-data/subscriptions/other'),
          },
        ),
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
        promised('rings', 'have its own alert on rows in its dead-letter table', hasDeadAlert, {
          'there is no alert on its dead-letter table': remove(deadAlerts),
        }),
      ],
      answered: {
        'bounded-retries':
          'Dataflow repeats the write of a row without a limit while BigQuery cannot be reached. What BigQuery refuses goes to the dead letter at once.',
      },
      costs: (job, { events, size }) => {
        const cpus = Number(/-(\d+)$/.exec(String(only(job, 'machine_type')))?.[1] ?? 2);
        return [
          {
            what: 'vCPUs of one worker',
            price: 'dataflowCpu',
            units: cpus * HOURS,
            lower: 'A smaller `machineType`, or no job: `deliverInto` of the buffer.',
          },
          {
            what: 'memory of one worker, 3.75 GB for each vCPU',
            price: 'dataflowMemory',
            units: cpus * 3.75 * HOURS,
            lower: 'A smaller `machineType`.',
          },
          {
            what: 'events through Streaming Engine',
            price: 'dataflowStreaming',
            units: (events * size * MONTH) / GB,
            lower: 'Smaller events.',
          },
        ];
      },
      brings: (_, { events }) => ({ calls: 0, writes: events, packed: 1 }),
      local: {},
    },
  },
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
    'roles/dataflow.developer': { permissions: ['dataflow.jobs.*', 'dataflow.messages.*', 'dataflow.metrics.*', 'dataflow.snapshots.*'] },
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

/** From the topic of its subscription, to its two tables. */
function flowOf(job: Asked, seen: Seen): Step[] {
  const [topic] = job.refers(INPUT).flatMap((subscription) => subscription.refers('topic'));
  const how = 'pull, without a limit of retries';
  const read: Step[] = topic ? [{ from: topic.stage, how, to: job.stage, notes: seen.tell(job), between: [topic.id, job.id] }] : [];
  const written = (setting: string, how: string) =>
    tablesOf(job, setting).map((table): Step => {
      return { from: job.stage, how, to: receiverOf(table), notes: seen.tell(table), between: [job.id, table.id] };
    });
  return [...read, ...written(OUTPUT, 'streaming inserts'), ...written(DEAD, 'what cannot be stored')];
}

function tablesOf(job: Asked, setting: string): readonly Asked[] {
  return job.refers(setting).filter(({ type }) => type === 'google_bigquery_table');
}

/** What the template does: https://cloud.google.com/dataflow/docs/concepts/security-and-permissions#worker-service-account. */
function needsOf(job: Asked): Needed[] {
  const who = idOf(job, RUNS_AS);
  const subscription = idOf(job, INPUT);
  const bucket = idOf(job, 'temp_gcs_location');
  if (!who || !subscription || !bucket) return [];
  const need = (may: string, on: string, because: string): Needed => ({ who, may, on, because });
  const tables = [OUTPUT, DEAD].flatMap((setting) => tablesOf(job, setting));
  return [
    need('pubsub.subscriptions.consume', `\${${subscription}}`, 'it reads events'),
    need('pubsub.subscriptions.get', `\${${subscription}}`, 'it looks up the ack deadline'),
    ...tables.flatMap(({ id }) => ['get', 'updateData'].map((verb) => need(`bigquery.tables.${verb}`, `\${${id}}`, 'it adds rows'))),
    ...['create', 'delete', 'get', 'list', 'update'].map((verb) =>
      need(`storage.objects.${verb}`, `\${${bucket}}`, 'it has its temporary files there'),
    ),
    ...allOf(WORKER).map((may) => need(may, 'project', 'Google requires the role for workers')),
  ];
}
