import { BRINGS_NOTHING, type Brought, batches, type Cost, HOURS, type Load, PACKED } from '../../../shared/read/facts/cost';
import { promised, setTo } from '../../../shared/read/facts/promise';
import type { Needed, Promised, Seen, ServiceFacts, TypeFacts } from '../../../shared/read/facts/types';
import { remove, replace, set, type Which } from '../../../shared/read/facts/weaken';
import { duration, facts as joined, type Step } from '../../../shared/read/picture';
import { receiverOf } from '../../../shared/read/read';
import { type Asked, amount, is, names, only, type Stack } from '../../../shared/read/stack';
import { alertOn, alertsOf, armId, atTheFirst, LOG_ALERT, METRIC_ALERT, NAMED, ON_RECORD, referring } from '../../foundation/promises';

const JOB = 'azurerm_stream_analytics_job';
const INPUT = 'azurerm_stream_analytics_stream_input_eventhub_v2';
const FILES = 'azurerm_stream_analytics_output_blob';
const TO_HUB = 'azurerm_stream_analytics_output_eventhub';
const TO_QUEUE = 'azurerm_stream_analytics_output_servicebus_queue';
const SCHEDULE = 'azurerm_stream_analytics_job_schedule';
const IDENTITY = 'identity.identity_ids';
const BLOBS = 'data:Microsoft.Storage/storageAccounts/blobServices/containers/blobs';
const KEY = 'It signs in with a key. Use a FunctionProcessor, which signs in with its identity.';
const nothing = 'no effect here';

/** An end of a job signs in as the job. Without the setting, the provider signs in with a key. */
const keyless = (worse: string): Promised =>
  setTo({
    rule: 'no-keys',
    must: 'sign in with the identity of its job',
    at: 'authentication_mode',
    to: ['Msi'],
    weak: 'ConnectionString',
    worse,
  });

/** A metric of the job has an alert, with a threshold of at most so much. */
function alertAbove(metric: string, must: string, most: number): Promised {
  const alerts: Which = (job, draft) =>
    referring(METRIC_ALERT)(job, draft).filter((id) => JSON.stringify(draft.resources.get(id)?.body).includes(`"${metric}"`));
  const holds = (job: Asked, stack: Stack) =>
    alertsOf(METRIC_ALERT, stack).some(
      (alert) =>
        is(alert, 'criteria.metric_name', metric) &&
        is(alert, 'criteria.operator', 'GreaterThan') &&
        is(alert, 'criteria.aggregation', 'Maximum') &&
        amount(alert, 'criteria.threshold') <= most &&
        names(alert, 'scopes', job),
    );
  return promised('rings', must, holds, {
    [`there is no alert on ${metric}`]: remove(alerts),
    [`the alert on ${metric} has a very high threshold`]: set('criteria.0.threshold', 1e15, alerts),
    [`the alert on ${metric} adds up what it must compare`]: set('criteria.0.aggregation', 'Total', alerts),
  });
}

/** The schedule of the job of a draft. */
const schedules: Which = referring(SCHEDULE);

const messages = (name: string): TypeFacts => ({
  name,
  role: 'helps',
  replacedBy: ['name', 'stream_analytics_job_name', 'resource_group_name'],
  named: ['name', /^[\w-]{3,63}$/],
  promises: [
    keyless(`it sends to a ${name.split(' ').at(-1)} with a key`),
    promised('readable', 'send each row in a message of its own', (output) => output.get('property_columns').length > 0, {
      [`several rows are in one message of a ${name.split(' ').at(-1)}`]: set('property_columns'),
    }),
  ],
  computed: { id: armId('Microsoft.StreamAnalytics/streamingJobs/acme/outputs/alerts') },
  local: { ...NAMED, 'lifecycle.replace_triggered_by': nothing, stream_analytics_job_name: { notRun: 'the local run has no jobs.' } },
});

export const facts: ServiceFacts = {
  name: 'Stream Analytics',
  local: { not: 'the engine that runs its queries exists only in Azure' },
  unproven: [
    'That Azure accepts the query: only its names are checked here.',
    'That `AnomalyDetection_SpikeAndDip` finds the spikes that a user means, with 95 percent and 120 values.',
    'That the time of an event leaves a job as it came in.',
    'How a nested value is stored in a column of Parquet.',
    'That a job reports `ResourceUtilization` each minute as long as it runs.',
  ],
  types: {
    [JOB]: {
      name: 'job',
      role: 'moves data',
      replacedBy: ['name', 'resource_group_name', 'location', 'type'],
      tells: (job) => ['Stream Analytics', unitsOf(job), 'SQL over events'],
      named: ['name', /^[\w-]{3,63}$/],
      flow: stepsOf,
      promises: [
        setTo({
          rule: 'nothing-lost',
          must: 'retry a row that does not fit its output',
          at: 'output_error_policy',
          to: ['Stop'],
          weak: 'Drop',
          worse: 'rows that do not fit an output are lost',
        }),
        promised('own-identity', 'run as one identity that nothing else uses', hasOwnIdentity, {
          'it runs as an identity without roles': set('identity', { type: 'SystemAssigned' }),
        }),
        promised(
          'starts',
          'be started after all of its ends, and again after each change of it: a running job refuses changes',
          isRestarted,
          {
            'it is never started': remove(schedules),
            'it refuses each change after the first deploy': set('lifecycle', undefined, schedules),
            'it is started before it can write': set('depends_on', undefined, schedules),
          },
        ),
        alertOn('DeserializationError', 'have an alert that fires at the first malformed event'),
        alertOn('ConversionErrors', 'have an alert that fires when a row does not fit its output'),
        alertOn('Errors', 'have an alert that fires when the query or an output fails'),
        alertOn('LateInputEvents', 'have an alert that fires when events arrive too late'),
        // Late events are awaited for up to 20 days.
        alertAbove('OutputWatermarkDelaySeconds', 'have an alert that fires when it is behind its source', 2_000_000),
        alertAbove('InputEventsSourcesBacklogged', 'have an alert that fires when events wait', 10_000),
        alertAbove('ResourceUtilization', 'have an alert that fires before it runs out of memory', 90),
        promised('rings', 'have an alert that fires when it does not run: it then reports no metric', hasStoppedAlert, {
          'there is no alert on a job that does not run': remove(referring(LOG_ALERT)),
          'a job that reports nothing counts as running': replace('coalesce(reports, 0) == 0', 'reports == 0', referring(LOG_ALERT)),
          'the alert on a job that does not run has a threshold of a thousand': set('criteria.0.threshold', 1000, referring(LOG_ALERT)),
        }),
        ON_RECORD,
      ],
      weakenings: {
        'it starts before all of its role assignments': set('depends_on'),
        'it starts before one of its role assignments': replace(/"azurerm_role_assignment\.[^"]+",/, ''),
      },
      answered: {
        'bounded-retries':
          'It retries a row until its query or its output is corrected, and alerts tell of it. The other setting of Azure loses the row.',
      },
      actsAs: [IDENTITY],
      needs: needsOf,
      costs: costsOf,
      brings: BRINGS_NOTHING,
      computed: { id: armId('Microsoft.StreamAnalytics/streamingJobs/acme') },
      local: {
        ...NAMED,
        transformation_query: { notRun: 'the local run has no engine for queries of Stream Analytics.' },
        compatibility_level: nothing,
        content_storage_policy: nothing,
        events_late_arrival_max_delay_in_seconds: nothing,
        events_out_of_order_max_delay_in_seconds: nothing,
        events_out_of_order_policy: nothing,
        identity: nothing,
        output_error_policy: nothing,
        sku_name: nothing,
        streaming_units: nothing,
      },
    },
    [INPUT]: {
      name: 'input of a job',
      role: 'helps',
      replacedBy: ['name', 'stream_analytics_job_id'],
      named: ['name', /^[\w-]{3,63}$/],
      promises: [
        keyless('it reads with a key'),
        promised('own-consumer-group', 'read in a consumer group of its own', hasOwnGroup, {
          'it reads in the consumer group $Default': set('eventhub_consumer_group_name', '$Default'),
        }),
      ],
      computed: { id: armId('Microsoft.StreamAnalytics/streamingJobs/acme/inputs/events') },
      local: { ...NAMED, stream_analytics_job_id: { notRun: 'the local run has no jobs.' } },
    },
    [FILES]: {
      name: 'output of files',
      role: 'moves data',
      replacedBy: ['name', 'stream_analytics_job_name', 'resource_group_name'],
      named: ['name', /^[\w-]{3,63}$/],
      promises: [keyless('it writes with a key')],
      answered: {
        'bounded-retries': 'Its job retries, and says why without a limit.',
        'nothing-lost': 'Its job has the setting for rows that do not fit.',
        rings: 'Its job has the alerts.',
      },
      costs: 'Its job is billed, and the storage account that it writes to.',
      brings: filesOf,
      computed: { id: armId('Microsoft.StreamAnalytics/streamingJobs/acme/outputs/store') },
      local: { ...NAMED, stream_analytics_job_name: { notRun: 'the local run has no jobs.' } },
    },
    [TO_HUB]: messages('output to a hub'),
    [TO_QUEUE]: messages('output to a queue'),
    [SCHEDULE]: {
      name: 'start of a job',
      role: 'helps',
      replacedBy: ['stream_analytics_job_id'],
      computed: { id: armId('Microsoft.StreamAnalytics/streamingJobs/acme/schedule/default') },
      local: nothing,
    },
  },
  forbidden: {
    azurerm_stream_analytics_output_cosmosdb: `The provider requires the key of the account, which is then in the state. ${KEY}`,
    azurerm_stream_analytics_output_function: KEY,
    azurerm_stream_analytics_output_mssql: 'Its user is made with T-SQL, outside of Terraform. Use a FunctionProcessor.',
    azurerm_stream_analytics_output_powerbi: 'The output ends on 2027-10-31, and jobs with it. Let Power BI read a store.',
    azurerm_stream_analytics_output_synapse: KEY,
    azurerm_stream_analytics_output_table: KEY,
    azurerm_stream_analytics_stream_input_iothub: 'It signs in with a key. Route the messages of the IoT hub to an event hub.',
  },
};

/** 3 is a third of a unit, 7 two thirds. */
function wholeUnits(job: Asked): number {
  const units = amount(job, 'streaming_units');
  return ({ 3: 1 / 3, 7: 2 / 3 } as Readonly<Record<number, number>>)[units] ?? units / 10;
}

function unitsOf(job: Asked): string {
  const units = wholeUnits(job);
  return units < 1 ? `${Math.round(units * 3)}/3 unit` : `${units} ${units === 1 ? 'unit' : 'units'}`;
}

function hasOwnIdentity(job: Asked, stack: Stack): boolean {
  const [identity, ...others] = job.get(IDENTITY);
  const users = stack.all.filter((other) => other.get(IDENTITY).includes(identity));
  return is(job, 'identity.type', 'UserAssigned') && identity !== undefined && others.length === 0 && users.length === 1;
}

function endsOf(job: Asked, stack: Stack, ...types: readonly string[]): readonly Asked[] {
  return stack.of(...types).filter((end) => names(end, 'stream_analytics_job_name', job) || names(end, 'stream_analytics_job_id', job));
}

function isRestarted(job: Asked, stack: Stack): boolean {
  const [schedule, ...others] = endsOf(job, stack, SCHEDULE);
  const parts = [job, ...endsOf(job, stack, INPUT, FILES, TO_HUB, TO_QUEUE)];
  return (
    schedule !== undefined &&
    others.length === 0 &&
    parts.every(({ id }) => schedule.before().has(id) && schedule.get('lifecycle.replace_triggered_by').includes(id))
  );
}

function hasStoppedAlert(job: Asked, stack: Stack): boolean {
  return alertsOf(LOG_ALERT, stack).some(
    (alert) =>
      atTheFirst(alert) &&
      names(alert, 'criteria.query', job) &&
      String(only(alert, 'criteria.query')).includes('coalesce(reports, 0) == 0'),
  );
}

function hasOwnGroup(input: Asked): boolean {
  return input.refers('eventhub_consumer_group_name').some(({ type }) => type === 'azurerm_eventhub_consumer_group');
}

/** What the job does as its identity. https://learn.microsoft.com/azure/stream-analytics/stream-analytics-managed-identities-overview */
function needsOf(job: Asked, stack: Stack): Needed[] {
  const who = job.refers(IDENTITY)[0]?.id ?? '';
  const may = (types: string, setting: string, permission: string, because: string): Needed[] =>
    endsOf(job, stack, types).flatMap((end) => end.refers(setting).map(({ id: on }) => ({ who, may: permission, on, because })));
  return [
    ...may(INPUT, 'eventhub_name', 'data:Microsoft.EventHub/*/receive/action', 'the job reads the hub'),
    ...may(FILES, 'storage_container_name', `${BLOBS}/write`, 'the job writes files'),
    ...may(FILES, 'storage_container_name', `${BLOBS}/read`, 'the job continues a file'),
    ...may(TO_HUB, 'eventhub_name', 'data:Microsoft.EventHub/*/send/action', 'the job sends rows'),
    ...may(TO_QUEUE, 'queue_name', 'data:Microsoft.ServiceBus/*/send/action', 'the job sends rows'),
  ];
}

function stepsOf(job: Asked, seen: Seen): Step[] {
  const resumes = endsOf(job, seen, SCHEDULE).some((schedule) => is(schedule, 'start_mode', 'LastOutputEventTime'));
  const read = endsOf(job, seen, INPUT).map((input): Step => {
    const [hub] = input.refers('eventhub_name');
    const from = hub?.stage ?? 'an existing hub';
    const how = joined(resumes ? 'read from the last output on' : 'read from the next record on', 'own consumer group');
    return { from, how, to: job.stage, notes: seen.tell(job), between: [hub?.id ?? from, job.id] };
  });
  const step = (end: Asked, setting: string, how: string, otherwise: string): Step => {
    const [target] = end.refers(setting);
    const to = target ? receiverOf(target) : otherwise;
    return { from: job.stage, how, to, notes: seen.tell(target), between: [job.id, target?.id ?? to] };
  };
  return [
    ...read,
    ...endsOf(job, seen, FILES).map((files) => step(files, 'storage_container_name', batchOf(files), 'an existing container')),
    ...endsOf(job, seen, TO_HUB).map((hub) => step(hub, 'eventhub_name', 'a message for each row', 'an existing hub')),
    ...endsOf(job, seen, TO_QUEUE).map((queue) => step(queue, 'queue_name', 'a message for each row', 'an existing queue')),
  ];
}

/** `Parquet, 10000 records or 5 min`. */
function batchOf(files: Asked): string {
  const form = is(files, 'serialization.type', 'Parquet') ? 'Parquet' : 'lines of JSON';
  return joined(form, `${amount(files, 'batch_min_rows')} records or ${duration(secondsOf(files))}`);
}

/** How long the job fills a file, from a time such as `00:05:00`. */
function secondsOf(files: Asked): number {
  return String(only(files, 'batch_max_wait_time'))
    .split(':')
    .reduce((seconds, part) => seconds * 60 + Number(part), 0);
}

/** A unit costs the same with and without events. */
function costsOf(job: Asked, _: Load): Cost[] {
  return [
    {
      what: 'streaming units, by the hour',
      price: 'streamAnalyticsUnit',
      units: wholeUnits(job) * HOURS,
      lower: 'Fewer `units`: 3 is the least.',
    },
  ];
}

/** Each partition of the hub has a writer. */
function filesOf(files: Asked, { events, stack }: Load): Brought {
  const inputs = stack
    .of(INPUT)
    .filter((input) => files.refers('stream_analytics_job_name').some((job) => names(input, 'stream_analytics_job_id', job)));
  const parts = inputs.flatMap((input) => input.refers('eventhub_name')).map((hub) => amount(hub, 'partition_count'));
  const writes = batches(events, { records: amount(files, 'batch_min_rows'), window: secondsOf(files), parts: parts[0] ?? 4 });
  return { calls: 0, writes, packed: PACKED.together, writesItself: true };
}
