import { type TerraformStack, TerraformVariable } from 'cdktf';
import { Construct } from 'constructs';
import { ServiceBusBuffer } from '../../../../azure/buffer/service-bus/service-bus-buffer';
import { StorageQueueBuffer } from '../../../../azure/buffer/storage-queue/storage-queue-buffer';
import { EventHubBuffer } from '../../../../azure/connect/event-hub/event-hub-buffer';
import { SPIKES_AND_DIPS } from '../../../../azure/processing/stream-analytics/spikes-and-dips';
import {
  StreamAnalyticsProcessor,
  type StreamAnalyticsProcessorProps,
} from '../../../../azure/processing/stream-analytics/stream-analytics-processor';
import { BlobStore } from '../../../../azure/store/blob/blob-store';
import { toEvent } from '../../../../shared/runtime/contract';
import { ringsOnLogs } from '../../../support/azure-monitor';
import { documentedDefaults } from '../../../support/defaults';
import { expectSnapshot } from '../../../support/snapshot';
import { onCall, readable, site, synthesize } from '../../stand-ins';

const hubId = '/subscriptions/s/resourceGroups/g/providers/Microsoft.EventHub/namespaces/theirs/eventhubs/';
const JOB = 'azurerm_stream_analytics_job';
const FILES = 'azurerm_stream_analytics_output_blob';
const TO_HUB = 'azurerm_stream_analytics_output_eventhub';
const SCHEDULE = 'azurerm_stream_analytics_job_schedule';
const METRIC_ALERT = 'azurerm_monitor_metric_alert';

/** What a job has around it. */
interface Around {
  readonly stack: Construct;
  readonly source: EventHubBuffer;
  readonly store: BlobStore;
  readonly alerts: EventHubBuffer;
}

type More = Partial<StreamAnalyticsProcessorProps> | ((around: Around) => Partial<StreamAnalyticsProcessorProps>);

/** Existing neighbours, so that the template has little beside the job. */
function around(stack: Construct): Around {
  return {
    stack,
    source: new EventHubBuffer(stack, 'Source', { site, hubId: `${hubId}events` }),
    store: new BlobStore(stack, 'Store', {
      site,
      accountId: '/subscriptions/s/resourceGroups/g/providers/Microsoft.Storage/storageAccounts/theirs',
    }),
    alerts: new EventHubBuffer(stack, 'Alerts', { site, name: 'alerts', hubId: `${hubId}alerts` }),
  };
}

function make(more: More = {}, place: (stack: TerraformStack) => Construct = (stack) => stack, id = 'Processing') {
  return synthesize((stack) => {
    const neighbours = around(stack);
    const { source, store } = neighbours;
    const props = typeof more === 'function' ? more(neighbours) : more;
    return new StreamAnalyticsProcessor(place(stack), id, { site, source, outputs: { store }, ...props });
  });
}

const detecting = ({ store, alerts }: Around) => ({ outputs: { store, alerts }, query: SPIKES_AND_DIPS });

test('the snapshot', () => {
  const { json } = make();
  const named = (types: readonly string[]) => types.map((type) => [type, json.resource![type]]);
  const ends = named([
    'azurerm_eventhub_consumer_group',
    'azurerm_role_assignment',
    'azurerm_stream_analytics_stream_input_eventhub_v2',
    FILES,
  ]);
  expectSnapshot(
    'azure/processing/stream-analytics/stream-analytics-processor.snapshot.yaml',
    'There are no keys. Each change replaces the schedule: the job is stopped, changed and started. Its alerts are in the tests.',
    readable(Object.fromEntries([...named([JOB]), ...ends, ...named([SCHEDULE])])),
  );
});

test('documents the defaults that it has', () => {
  const { one } = make();
  const [job, files, schedule] = [one(JOB), one(FILES), one(SCHEDULE)];
  expect(documentedDefaults('azure/processing/stream-analytics/stream-analytics-processor.ts', 'StreamAnalyticsProcessorProps')).toEqual({
    name: job.name.slice('acme-'.length, -'-job'.length),
    units: String(job.streaming_units),
    lateSeconds: String(job.events_late_arrival_max_delay_in_seconds),
    outOfOrderSeconds: String(job.events_out_of_order_max_delay_in_seconds),
    format: files.serialization.type.toLowerCase(),
    fileMinutes: String(Number(files.batch_max_wait_time.slice(3, 5))),
    resume: String(schedule.start_mode === 'LastOutputEventTime'),
  });
});

test('takes every setting', () => {
  const identity = {
    id: '/subscriptions/s/resourcegroups/g/providers/microsoft.managedidentity/userassignedidentities/theirs',
    principalId: 'AAAAAAAA-0000-4000-8000-000000000001',
  };
  const { one, all, json } = make({
    name: 'facts',
    units: 20,
    lateSeconds: 60,
    outOfOrderSeconds: 0,
    format: 'json',
    fileMinutes: 60,
    resume: true,
    identity,
    notify: [onCall],
  });
  expect(one(JOB)).toMatchObject({
    name: 'acme-facts-job',
    streaming_units: 20,
    events_late_arrival_max_delay_in_seconds: 60,
    events_out_of_order_max_delay_in_seconds: 0,
    identity: { identity_ids: ['/subscriptions/s/resourceGroups/g/providers/Microsoft.ManagedIdentity/userAssignedIdentities/theirs'] },
  });
  expect(one(FILES)).toMatchObject({
    batch_max_wait_time: '01:00:00',
    serialization: { type: 'Json', encoding: 'UTF8', format: 'LineSeparated' },
  });
  expect(one(SCHEDULE).start_mode).toBe('LastOutputEventTime');
  expect(all('azurerm_role_assignment').map((role) => role.principal_id)).toEqual(Array(2).fill('aaaaaaaa-0000-4000-8000-000000000001'));
  expect(Object.keys(json.resource!)).not.toContain('azurerm_user_assigned_identity');
  const alerts = [...all(METRIC_ALERT), ...all('azurerm_monitor_scheduled_query_rules_alert_v2')].filter(({ name }) =>
    name.startsWith('acme-facts-'),
  );
  expect(alerts).toHaveLength(8);
  expect(alerts.every(({ action }) => JSON.stringify(action).includes('on-call'))).toBe(true);
});

test('it acts as its own identity, with one role on the hub that it reads and one on each place that it writes to', () => {
  const { all } = make(detecting);
  expect(
    all('azurerm_role_assignment')
      .map(({ role_definition_name, scope }) => `${role_definition_name} on ${scope}`)
      .sort(),
  ).toEqual([
    `Azure Event Hubs Data Receiver on ${hubId}events`,
    `Azure Event Hubs Data Sender on ${hubId}alerts`,
    'Storage Blob Data Contributor on ${azurerm_storage_container.data_events.id}',
  ]);
});

test('nothing of it is created before it has its roles, and it is started last', () => {
  const { json, one } = make(detecting);
  const addresses = (type: string) => Object.keys(json.resource![type]!).map((id) => `${type}.${id}`);
  const roles = [...addresses('azurerm_role_assignment'), ...addresses('azurerm_eventhub_consumer_group')];
  expect(one(JOB).depends_on.toSorted()).toEqual(roles.toSorted());
  const parts = [JOB, 'azurerm_stream_analytics_stream_input_eventhub_v2', FILES, TO_HUB].flatMap(addresses);
  expect(one(SCHEDULE).depends_on).toEqual(expect.arrayContaining(parts));
});

test('a change of the job, of its input or of an output stops it first and starts it after: a running job refuses changes', () => {
  const { json, one } = make(detecting);
  const parts = [JOB, 'azurerm_stream_analytics_stream_input_eventhub_v2', FILES, TO_HUB].flatMap((type) =>
    Object.keys(json.resource![type]!).map((id) => `${type}.${id}`),
  );
  // Plain addresses: Terraform refuses "${...}" here.
  expect(one(SCHEDULE).lifecycle.replace_triggered_by).toEqual(parts);
});

test('the first start reads from the next event on, since Azure refuses to resume a job that never wrote; resume goes on where it was', () => {
  expect(make().one(SCHEDULE).start_mode).toBe('JobStartTime');
  expect(make({ resume: true }).one(SCHEDULE).start_mode).toBe('LastOutputEventTime');
});

/** A query for a hub or a queue. */
const NAMED = (output: string) => `SELECT [id], [source], [type], [time], [data], 'event' AS [kind] INTO [${output}] FROM [events]`;

test('without a query, each event is stored', () =>
  expect(make().one(JOB).transformation_query).toBe('SELECT * INTO [store] FROM [events]'));

test('without a query, a hub is refused: a handler would refuse each message, because Azure adds columns that are no attributes', () => {
  const added = ['EventProcessedUtcTime', 'PartitionId', 'EventEnqueuedUtcTime'];
  for (const name of added) {
    const event = { specversion: '1.0', id: '1', source: '/a', type: 'a', time: '2026-01-31T08:30:00Z', [name]: 'x' };
    expect(() => toEvent(event)).toThrow(`"${name}" is not a valid attribute name`);
  }
  expect(() => make(({ alerts }) => ({ outputs: { copies: alerts } }))).toThrow(
    new Error(
      "test/Processing: query is required for a hub or a queue, got copies. Name the attributes of an event, and a column such as 'event' AS [kind]. SPIKES_AND_DIPS does.",
    ),
  );
});

test('in a hub, a row is a message of its own', () => {
  const { one } = make(({ alerts }) => ({ outputs: { copies: alerts }, query: NAMED('copies') }));
  expect(one(TO_HUB)).toMatchObject({
    name: 'copies',
    servicebus_namespace: 'theirs',
    eventhub_name: 'alerts',
    property_columns: ['kind'],
    authentication_mode: 'Msi',
  });
});

test('a queue of Service Bus takes rows too, each as one message', () => {
  const queueId = '/subscriptions/s/resourceGroups/g/providers/Microsoft.ServiceBus/namespaces/bus/queues/alerts';
  const { one, json } = make(({ stack }) => ({
    outputs: { alerts: new ServiceBusBuffer(stack, 'Queue', { site, name: 'alerts', queueId }) },
    query: NAMED('alerts'),
  }));
  expect(one('azurerm_stream_analytics_output_servicebus_queue')).toMatchObject({
    name: 'alerts',
    servicebus_namespace: 'bus',
    queue_name: 'alerts',
    property_columns: ['kind'],
    authentication_mode: 'Msi',
  });
  expect(Object.values<any>(json.resource!.azurerm_role_assignment!)).toContainEqual(
    expect.objectContaining({ role_definition_name: 'Azure Service Bus Data Sender', scope: queueId }),
  );
});

test('an output may have any name', () => expect(make(({ store }) => ({ outputs: { Job: store } })).one(FILES).name).toBe('Job'));

test('files are in a folder of their hour, and no batch is open for longer than an hour', () => {
  const { one } = make({ fileMinutes: 60 });
  expect(one(FILES).path_pattern).toBe('year={datetime:yyyy}/month={datetime:MM}/day={datetime:dd}/hour={datetime:HH}');
  expect(() => make({ fileMinutes: 61 })).toThrow('fileMinutes must be 1 to 60 minutes');
});

test('rows that do not fit an output are retried: with the default of Azure they would be lost', () =>
  expect(make().one(JOB).output_error_policy).toBe('Stop'));

test('it keeps its addresses in the state when its construct is renamed, moved or nested: the job and its position stay', () => {
  const [before, after] = [make(), make({}, (stack) => new Construct(stack, 'Nested'), 'Renamed')];
  for (const type of [JOB, 'azurerm_stream_analytics_stream_input_eventhub_v2', FILES, SCHEDULE])
    expect(Object.keys(after.json.resource![type]!)).toEqual(Object.keys(before.json.resource![type]!));
});

test('reads a hub and writes to a store that are known only at deploy', () => {
  const { one } = synthesize((stack) => {
    const late = (name: string) => new TerraformVariable(stack, name, {}).stringValue;
    const source = new EventHubBuffer(stack, 'Source', { site, hubId: late('hub') });
    const store = new BlobStore(stack, 'Store', { site, accountId: late('account') });
    return new StreamAnalyticsProcessor(stack, 'Processing', { site, source, outputs: { store } });
  });
  expect(one('azurerm_stream_analytics_stream_input_eventhub_v2')).toMatchObject({
    servicebus_namespace: '${element(split("/", var.hub), 8)}',
    eventhub_name: '${element(split("/", var.hub), 10)}',
  });
  expect(one(FILES).storage_account_name).toBe('${element(split("/", var.account), 8)}');
});

describe('its alerts', () => {
  const { all, one } = make();
  const own = all(METRIC_ALERT).filter(({ name }) => name.startsWith('acme-stream-'));
  const named = new Map(own.map((alert) => [alert.name, alert.criteria[0]]));

  test('each tells of one fault', () =>
    expect(
      [...named].map(([name, { metric_name, aggregation, threshold }]) => `${name}: ${aggregation} ${metric_name} > ${threshold}`).sort(),
    ).toEqual([
      'acme-stream-backlog: Maximum InputEventsSourcesBacklogged > 1000',
      'acme-stream-behind: Maximum OutputWatermarkDelaySeconds > 1200',
      'acme-stream-conversion: Total ConversionErrors > 0',
      'acme-stream-errors: Total Errors > 4',
      'acme-stream-late: Total LateInputEvents > 4',
      'acme-stream-malformed: Total DeserializationError > 0',
      'acme-stream-memory: Maximum ResourceUtilization > 80',
    ]));

  test('waiting for late events and filling files is no delay', () => {
    const behind = make({ lateSeconds: 3600, fileMinutes: 60 })
      .all(METRIC_ALERT)
      .find(({ name }) => name === 'acme-stream-behind');
    expect(behind.criteria[0].threshold).toBe(3600 + 3600 + 600);
  });

  const rings = (minutes: readonly number[], more = {}) => {
    const alert = one('azurerm_monitor_scheduled_query_rules_alert_v2');
    const ResourceId = `\${${JOB}.stream.id}`.toUpperCase();
    const AzureMetrics = minutes.map((minute) => ({ minute, ResourceId, MetricName: 'ResourceUtilization', Count: 1, ...more }));
    return ringsOnLogs(alert, { AzureMetrics }, 120);
  };
  const each = (from: number, to: number) => Array.from({ length: to - from }, (_, index) => from + index);

  test('a job that runs is silent', () => expect(rings(each(0, 120))).toEqual([]));
  test('a job that stops rings after half an hour without a report', () => expect(rings(each(0, 50))).toEqual([90, 105, 120]));
  test('the report of another job is none of it', () => expect(rings(each(0, 120), { ResourceId: 'other' })).toHaveLength(8));
  test('silence before the first start is no fault', () =>
    expect(one('azurerm_monitor_scheduled_query_rules_alert_v2').depends_on).toContain(`${SCHEDULE}.stream`));
});

describe('refuses', () => {
  test('a second job of one name', () =>
    expect(() =>
      synthesize((stack) => {
        const { source, store } = around(stack);
        return ['First', 'Second'].map((id) => new StreamAnalyticsProcessor(stack, id, { site, source, outputs: { store } }));
      }),
    ).toThrow(
      new Error(
        'test/Second: each Stream Analytics job of a site must have its own name, got "stream", which test/First has. Set name on one of them.',
      ),
    ));

  const works =
    'Give a BlobStore, an EventHubBuffer or a ServiceBusBuffer. For Cosmos DB and tables use a FunctionProcessor, and let Power BI read a store.';
  test.each<[string, (around: Around) => object, string]>([
    [
      'a queue as its source',
      ({ stack }) => ({ source: new ServiceBusBuffer(stack, 'Queue', { site }) as never }),
      'source must be a hub, got another source. Give an EventHubBuffer. A queue is read by a FunctionProcessor; an IoT hub sends its messages to an event hub.',
    ],
    [
      'a table, which it reaches with a key only',
      () => ({ outputs: { table: { bindWriter: () => ({}), bindReader: () => ({}) } } }),
      `outputs must be stores of objects, hubs or Service Bus queues, got another table. ${works}`,
    ],
    [
      'a Storage queue, for which it has no output',
      ({ stack }) => ({ outputs: { queue: new StorageQueueBuffer(stack, 'Queue', { site }) } }),
      `outputs must be stores of objects, hubs or Service Bus queues, got another queue for queue. ${works}`,
    ],
    ['no output', () => ({ outputs: {} }), 'outputs must have at least one output, got none. Write them like { store }.'],
    [
      'one store for two outputs',
      ({ store }) => ({ outputs: { store, again: store } }),
      'outputs must each have a neighbour of their own, got the same for store and again. Write both INTO one of them.',
    ],
    [
      'the source as an output',
      ({ source }) => ({ outputs: { again: source } }),
      'outputs must not be the source, got the source as again. Each row would be read again, without end.',
    ],
    [
      'an output with the name of the input',
      ({ store }) => ({ outputs: { Events: store } }),
      'outputs must have other names than the input, got "Events". Choose another name.',
    ],
    [
      'a short name of an output',
      ({ store }) => ({ outputs: { it: store } }),
      'outputs must be named in 3 to 63 letters, digits, hyphens and underscores, got "it". Start with a letter.',
    ],
    [
      'several outputs without a query',
      ({ store, alerts }) => ({ outputs: { store, alerts } }),
      'query is required for several outputs, got store and alerts. Write a query that writes INTO each.',
    ],
    [
      'units that Azure does not have',
      () => ({ units: 6 }),
      'units must be 3, 7, 10, 20, 30, 40, 50, 60, 70, 80, 90, 100, 110 or 120, got 6. A unit is 10. Azure has no other numbers.',
    ],
    [
      'to wait for a month',
      () => ({ lateSeconds: 2_592_000 }),
      'lateSeconds must be 0 to 1814399 seconds, got 2592000. Azure waits no longer than 20 days.',
    ],
    [
      'a query with an expression of Terraform',
      () => ({ query: "SELECT '%{x}' AS a INTO [store] FROM [events]" }),
      'query must have no ${ and no %{, got one of them. Terraform would replace it.',
    ],
  ])('%s', (_, props, message) =>
    expect(() => make((neighbours) => props(neighbours) as Partial<StreamAnalyticsProcessorProps>)).toThrow(
      new Error(`test/Processing: ${message}`),
    ),
  );
});
