import { ResourceGroup } from '@cdktf/provider-azurerm/lib/resource-group';
import { type TerraformStack, TerraformVariable } from 'cdktf';
import { Construct } from 'constructs';
import { ServiceBusBuffer, type ServiceBusBufferProps } from '../../../../azure/buffer/service-bus/service-bus-buffer';
import host from '../../../../azure/handlers/service-bus-to-blob/host.json';
import type { Delivery } from '../../../../azure/ports/delivery';
import { ringsOnMetrics, type Series } from '../../../support/azure-monitor';
import { documentedDefaults } from '../../../support/defaults';
import { expectSnapshot } from '../../../support/snapshot';
import { onCall, Person, readable, site, synthesize, Target } from '../../stand-ins';

const file = 'azure/buffer/service-bus/service-bus-buffer.ts';
const namespaceId = '/subscriptions/s/resourceGroups/theirs/providers/Microsoft.ServiceBus/namespaces/shared';
const queueId = `${namespaceId}/queues/orders`;

const make = (props: Partial<ServiceBusBufferProps> = {}, context = {}) =>
  synthesize((stack) => new ServiceBusBuffer(stack, 'Buffer', { site, ...props }), context);

const deliver = (delivery?: Delivery, props: Partial<ServiceBusBufferProps> = {}) =>
  synthesize((stack) => new ServiceBusBuffer(stack, 'Buffer', { site, ...props }).deliverTo(new Target(stack, 'Target'), delivery));

test('the snapshot', () => {
  expectSnapshot(
    'azure/buffer/service-bus/service-bus-buffer.snapshot.yaml',
    'There are no keys (local_auth_enabled), expired messages are kept (dead_lettering_on_message_expiration), and Terraform refuses to destroy both.',
    readable(make().json.resource),
  );
});

test('documents the defaults that it has', () => {
  const { one } = make();
  const queue = one('azurerm_servicebus_queue');
  expect(documentedDefaults(file, 'ServiceBusBufferProps')).toEqual({
    name: queue.name,
    retentionDays: /\d+/.exec(queue.default_message_ttl)![0],
    deduplicateMinutes: queue.duplicate_detection_history_time_window === 'PT1H' ? '60' : 'another',
    lockSeconds: queue.lock_duration === 'PT5M' ? '300' : 'another',
    maxSizeGb: String(queue.max_size_in_megabytes / 1024),
    maxConcurrency: deliver().built.settings.AzureFunctionsJobHost__extensions__serviceBus__maxConcurrentCalls,
    removal: queue.lifecycle.prevent_destroy ? 'retain' : 'destroy',
    lock: String(Object.keys(make().json.resource!).includes('azurerm_management_lock')),
  });
});

test('accepts every setting', () => {
  const { one, all } = make(
    {
      name: 'orders',
      retentionDays: 90,
      deduplicateMinutes: 10_080,
      lockSeconds: 90,
      maxSizeGb: 1,
      maxConcurrency: 1,
      notify: [onCall],
      removal: 'destroy',
    },
    { destroyData: 'yes' },
  );
  expect(one('azurerm_servicebus_queue')).toMatchObject({
    name: 'orders',
    default_message_ttl: 'P90D',
    duplicate_detection_history_time_window: 'P7D',
    lock_duration: 'PT1M30S',
    max_size_in_megabytes: 1024,
  });
  expect([one('azurerm_servicebus_queue').lifecycle, one('azurerm_servicebus_namespace').lifecycle]).toEqual([undefined, undefined]);
  expect(one('azurerm_servicebus_namespace').name).toBe('acme-orders-bus-1a2b3c4d');
  expect(all('azurerm_monitor_metric_alert').map(({ action }) => action)).toEqual(Array(5).fill([{ action_group_id: onCall }]));
});

test('without duplicate detection, the queue has no window for it', () => {
  const queue = make({ deduplicateMinutes: 0 }).one('azurerm_servicebus_queue');
  expect([queue.requires_duplicate_detection, queue.duplicate_detection_history_time_window]).toEqual([false, undefined]);
});

test('in an existing namespace it creates its queue and its alerts, and nothing else', () => {
  const { one, json, all } = make({ namespaceId });
  expect(one('azurerm_servicebus_queue').namespace_id).toBe(namespaceId);
  expect(Object.keys(json.resource!)).toEqual(['azurerm_monitor_metric_alert', 'azurerm_servicebus_queue']);
  expect(all('azurerm_monitor_metric_alert').map(({ scopes }) => scopes)).toEqual(Array(5).fill([namespaceId]));
});

test('an existing queue keeps its settings, and gets a reader', () => {
  const { built, json, one } = synthesize((stack) => {
    const buffer = new ServiceBusBuffer(stack, 'Buffer', { site, queueId });
    return { buffer, binding: buffer.deliverTo(new Target(stack, 'Target')) };
  });
  expect(Object.keys(json.resource!)).toEqual(['azurerm_monitor_metric_alert', 'azurerm_role_assignment']);
  expect(built.buffer.sendRequest.url).toBe('https://shared.servicebus.windows.net/orders/messages?timeout=60&api-version=2015-01');
  expect(one('azurerm_role_assignment').scope).toBe(queueId);
});

test('a queue may be known only at deploy', () => {
  const { one, all } = synthesize((stack) => {
    const id = new TerraformVariable(stack, 'queue', {}).stringValue;
    new ServiceBusBuffer(stack, 'Buffer', { site, queueId: id }).deliverTo(new Target(stack, 'Target'));
  });
  const watched = all('azurerm_monitor_metric_alert').find(({ name }) => name === 'acme-events-bus-backlog');
  expect(watched.criteria[0].dimension[0].values).toEqual(['${element(split("/", var.queue), 10)}']);
  expect(one('azurerm_role_assignment').scope).toBe('${var.queue}');
});

test('ids in any spelling of Azure are written as the provider reads them', () => {
  const theirs = '/subscriptions/S/resourcegroups/theirs/providers/microsoft.servicebus/namespaces/shared/QUEUES/orders';
  expect(deliver(undefined, { queueId: theirs }).one('azurerm_role_assignment').scope).toBe(queueId);
});

test('the function reads the queue as its own identity, one message at a time in each call', () => {
  const { built, one } = deliver({ maxRetries: 2 }, { queueId, maxConcurrency: 4 });
  expect(built.settings).toEqual({
    EVENTS_NAMESPACE: 'shared.servicebus.windows.net',
    EVENTS_QUEUE: 'orders',
    EVENTS_MAX_RETRIES: '2',
    EVENTS__fullyQualifiedNamespace: 'shared.servicebus.windows.net',
    EVENTS__credential: 'managedidentity',
    EVENTS__clientId: 'client-of-target',
    AzureFunctionsJobHost__extensions__serviceBus__maxConcurrentCalls: '4',
    AzureFunctionsJobHost__extensions__serviceBus__maxAutoLockRenewalDuration: '00:10:00',
  });
  expect(readable(one('azurerm_role_assignment'))).toEqual({
    scope: queueId,
    role_definition_name: 'Azure Service Bus Data Receiver',
    principal_id: 'principal-of-target',
    principal_type: 'ServicePrincipal',
  });
});

test('the lock of a message is renewed for as long as a call may take', () => {
  const renewed = deliver().built.settings.AzureFunctionsJobHost__extensions__serviceBus__maxAutoLockRenewalDuration;
  expect([renewed, host.extensions.serviceBus.maxAutoLockRenewalDuration]).toEqual([host.functionTimeout, host.functionTimeout]);
});

test('no message is fetched before it is processed: its lock would end while it waits', () => {
  expect(host.extensions.serviceBus).toMatchObject({ prefetchCount: 0, autoCompleteMessages: true });
});

test('a writer may send, and nothing else', () => {
  const { built, one } = synthesize((stack) =>
    new ServiceBusBuffer(stack, 'Buffer', { site, queueId }).bindWriter(new Person(stack, 'Writer'), 'OUT'),
  );
  expect(built.settings).toEqual({ OUT_NAMESPACE: 'shared.servicebus.windows.net', OUT_QUEUE: 'orders' });
  expect(one('azurerm_role_assignment')).toMatchObject({ scope: queueId, role_definition_name: 'Azure Service Bus Data Sender' });
});

test('Event Grid may send to the queue, after its role exists', () => {
  const { built } = synthesize((stack) => new ServiceBusBuffer(stack, 'Buffer', { site, queueId }).bindEvents(new Person(stack, 'Topic')));
  expect([built.endpoint, built.waitFor.length]).toEqual([{ serviceBusQueueEndpointId: queueId }, 1]);
});

test('the reader waits for its role', () => {
  const { json } = synthesize((stack) => {
    const { waitFor } = new ServiceBusBuffer(stack, 'Buffer', { site }).deliverTo(new Target(stack, 'Target'));
    new ResourceGroup(stack, 'Later', { name: 'later', location: 'westeurope', dependsOn: [...waitFor] });
  });
  expect(json.resource!.azurerm_resource_group!.Later.depends_on).toEqual([expect.stringMatching(/^azurerm_role_assignment\./)]);
});

test('one event sent twice is one message, and two events of different sources are two, also with the same id', () => {
  const { headers, body, audience } = make().built.sendRequest;
  const idOf = (event: object) => JSON.parse(headers(JSON.stringify(event)).BrokerProperties!).MessageId;
  expect(idOf({ source: '/a', id: '1', time: 'x' })).toBe(idOf({ source: '/a', id: '1', time: 'y' }));
  expect(idOf({ source: '/a', id: '1' })).not.toBe(idOf({ source: '/b', id: '1' }));
  expect(idOf({ source: '/ü'.repeat(500), id: '1' })).toMatch(/^[0-9a-f]{64}$/);
  expect([body('{"id":"1"}'), audience]).toEqual(['{"id":"1"}', 'https://servicebus.azure.net']);
});

test('two queues, or a hub and a queue of one name, have different addresses in one stack', () => {
  const { all } = synthesize((stack) => ['one', 'two'].map((name) => new ServiceBusBuffer(stack, name, { site, name })));
  const names = [...all('azurerm_servicebus_namespace'), ...all('azurerm_monitor_metric_alert')].map(({ name }) => name);
  expect(new Set(names).size).toBe(12);
  expect(names.every((name) => name.includes('-bus'))).toBe(true);
});

test('what holds messages keeps its address in the state when its construct is renamed, moved or nested', () => {
  const build = (place: (stack: TerraformStack) => Construct, id: string) =>
    synthesize((stack) => new ServiceBusBuffer(place(stack), id, { site })).json.resource!;
  const [before, after] = [build((stack) => stack, 'Buffer'), build((stack) => new Construct(stack, 'Nested'), 'Renamed')];
  for (const type of ['azurerm_servicebus_queue', 'azurerm_servicebus_namespace'])
    expect([before, after].map((resource) => Object.keys(resource[type]!))).toEqual([['events'], ['events']]);
});

test('a lock is created after all that belongs to the namespace, and deleted before it', () => {
  const { one, json } = synthesize((stack) => {
    const buffer = new ServiceBusBuffer(stack, 'Buffer', { site, lock: true });
    buffer.bindWriter(new Person(stack, 'Writer'), 'OUT');
    buffer.deliverTo(new Target(stack, 'Target'));
  });
  const below = ['azurerm_monitor_diagnostic_setting', 'azurerm_role_assignment', 'azurerm_servicebus_queue'];
  const addresses = below.flatMap((type) => Object.keys(json.resource![type]!).map((id) => `${type}.${id}`));
  expect(one('azurerm_management_lock').depends_on.toSorted()).toEqual(addresses.toSorted());
});

describe('alerts', () => {
  const { all } = make();
  const named = new Map(all('azurerm_monitor_metric_alert').map((alert) => [alert.name, alert]));
  const rings = (name: string, series: Series) => ringsOnMetrics(named.get(`acme-events-bus-${name}`), series, 60);
  const QUEUE = '${azurerm_servicebus_queue.events.name}';
  const steady = (from: number, to: number, value: number) =>
    Object.fromEntries(Array.from({ length: to - from }, (_, index) => [from + index, value]));

  test.each([
    ['errors', 'ServerErrors'],
    ['throttled', 'ThrottledRequests'],
  ])('%s: one failure notifies nobody, and five do', (name, metric) => {
    expect(rings(name, { [metric]: { 7: 4 } })).toEqual([]);
    expect(rings(name, { [metric]: { 7: 5 } })).toEqual([10, 15, 20]);
  });

  test('the first message in the dead letter of the queue notifies, and of another queue not', () => {
    expect(rings('dead-letters', { [`DeadletteredMessages{${QUEUE}}`]: { ...steady(0, 10, 0), 10: 1 } })).toEqual([10, 15, 20]);
    expect(rings('dead-letters', { 'DeadletteredMessages{other}': steady(0, 60, 9) })).toEqual([]);
  });

  test('a short burst is no backlog, and a long queue is', () => {
    expect(rings('backlog', { [`ActiveMessages{${QUEUE}}`]: { ...steady(0, 60, 100), 7: 50_000 } })).toEqual([]);
    expect(rings('backlog', { [`ActiveMessages{${QUEUE}}`]: steady(0, 60, 10_001) })).toHaveLength(12);
  });

  test('messages that wait and are not read notify, also if no more are sent', () => {
    const waiting = { [`ActiveMessages{${QUEUE}}`]: steady(0, 60, 1) };
    expect(rings('unread', { ...waiting, [`OutgoingMessages{${QUEUE}}`]: steady(0, 60, 0) })).toHaveLength(12);
    expect(rings('unread', { ...waiting, [`OutgoingMessages{${QUEUE}}`]: steady(0, 60, 1) })).toEqual([]);
  });

  test('a message that has just arrived does not notify, nor does an empty queue', () => {
    const idle = { [`OutgoingMessages{${QUEUE}}`]: steady(0, 60, 0) };
    expect(rings('unread', { ...idle, [`ActiveMessages{${QUEUE}}`]: { ...steady(0, 59, 0), 59: 1 } })).toEqual([]);
    expect(rings('unread', {})).toEqual([]);
  });
});

describe('refuses', () => {
  test.each<[string, () => unknown, string]>([
    [
      'a second queue of one name',
      () => synthesize((stack) => ['First', 'Second'].map((id) => new ServiceBusBuffer(stack, id, { site }))),
      'test/Second: each queue of a site must have its own name, got "events", which test/First has. Set name on one of them.',
    ],
    [
      'a second reader',
      () =>
        synthesize((stack) => {
          const buffer = new ServiceBusBuffer(stack, 'Buffer', { site });
          buffer.deliverTo(new Target(stack, 'First'));
          buffer.bindReader(new Person(stack, 'Second'), 'BUFFER');
        }),
      'test/Buffer: a queue must have one reader, got test/Second after test/First. For several readers, create one queue for each, or use EventHubBuffer.',
    ],
    [
      'batches',
      () => deliver({ batchSize: 10, batchWindowSeconds: 5 }),
      'test/Buffer: a queue delivers each message alone, got batchSize and batchWindowSeconds. Leave batchSize and batchWindowSeconds out. For batches, use EventHubBuffer.',
    ],
    [
      'retries without limit',
      () => deliver({ maxRetries: 21 }),
      'test/Buffer: maxRetries must be 1 to 20 retries, got 21. A message that fails more often does not succeed by itself.',
    ],
    [
      'a name with a hyphen',
      () => make({ name: 'my-events' }),
      'test/Buffer: name must be 1 to 20 lower-case letters and digits, got "my-events". Start with a letter.',
    ],
    [
      'a long retention',
      () => make({ retentionDays: 91 }),
      'test/Buffer: retentionDays must be 1 to 90 days, got 91. A queue is no store: keep old events in one.',
    ],
    [
      'a long window for duplicates',
      () => make({ deduplicateMinutes: 10_081 }),
      'test/Buffer: deduplicateMinutes must be 0 to 10080 minutes, got 10081. Service Bus remembers a MessageId for at most 7 days.',
    ],
    [
      'a long lock',
      () => make({ lockSeconds: 301 }),
      'test/Buffer: lockSeconds must be 5 to 300 seconds, got 301. Service Bus has no longer locks. The Functions host renews them.',
    ],
    [
      'a large queue',
      () => make({ maxSizeGb: 6 }),
      'test/Buffer: maxSizeGb must be 1 to 5 GB, got 6. The Standard tier has no larger queues.',
    ],
    [
      'many messages at the same time',
      () => make({ maxConcurrency: 101 }),
      'test/Buffer: maxConcurrency must be 1 to 100 messages, got 101. More do not fit into the memory of an instance.',
    ],
    [
      'the id of a namespace of Event Hubs',
      () => make({ namespaceId: namespaceId.replace('ServiceBus', 'EventHub') }),
      `test/Buffer: namespaceId must be the id of a namespace of Service Bus, got "${namespaceId.replace('ServiceBus', 'EventHub')}". Find it with az servicebus namespace show.`,
    ],
    [
      'the id of a namespace for that of a queue',
      () => make({ queueId: namespaceId }),
      `test/Buffer: queueId must be the id of a queue of Service Bus, got "${namespaceId}". Find it with az servicebus queue show.`,
    ],
    [
      'a lock on an existing namespace',
      () => make({ namespaceId, lock: true }),
      'test/Buffer: namespaceId keeps its own settings, got lock beside it. Leave lock out.',
    ],
    [
      'settings for an existing queue',
      () => make({ queueId, retentionDays: 1, maxSizeGb: 2 }),
      'test/Buffer: queueId keeps its own settings, got retentionDays and maxSizeGb beside it. Leave retentionDays and maxSizeGb out.',
    ],
    [
      'one key to destroy',
      () => make({ removal: 'destroy' }),
      `test/Buffer: removal 'destroy' needs the context destroyData to be "yes", got nothing. Set DESTROY_DATA=yes in the environment of this command, or leave removal out to keep the data.`,
    ],
  ])('%s', (_, act, message) => expect(act).toThrow(new Error(message)));
});
