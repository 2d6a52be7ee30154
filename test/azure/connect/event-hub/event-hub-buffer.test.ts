import { Eventhub } from '@cdktf/provider-azurerm/lib/eventhub';
import { ResourceGroup } from '@cdktf/provider-azurerm/lib/resource-group';
import { type TerraformStack, TerraformVariable } from 'cdktf';
import { Construct } from 'constructs';
import { EventHubBuffer, type EventHubBufferProps } from '../../../../azure/connect/event-hub/event-hub-buffer';
import type { Delivery } from '../../../../azure/ports/delivery';
import { documentedDefaults } from '../../../support/defaults';
import { expectSnapshot } from '../../../support/snapshot';
import { onCall, Person, readable, site, synthesize, Target } from '../../stand-ins';

const file = 'azure/connect/event-hub/event-hub-buffer.ts';
const namespaceId = '/subscriptions/s/resourceGroups/theirs/providers/Microsoft.EventHub/namespaces/shared';
const hubId = `${namespaceId}/eventhubs/orders`;

const make = (props: Partial<EventHubBufferProps> = {}, context = {}) =>
  synthesize((stack) => new EventHubBuffer(stack, 'Buffer', { site, ...props }), context);

const deliver = (delivery?: Delivery, props: Partial<EventHubBufferProps> = {}) =>
  synthesize((stack) => new EventHubBuffer(stack, 'Buffer', { site, ...props }).deliverTo(new Target(stack, 'Target'), delivery));

test('the snapshot', () => {
  expectSnapshot(
    'azure/connect/event-hub/event-hub-buffer.snapshot.yaml',
    'There are no keys (local_authentication_enabled), and Terraform refuses to destroy the namespace and the hub.',
    readable(make().json.resource),
  );
});

test('documents the defaults that it has', () => {
  const { one } = make();
  const hub = one('azurerm_eventhub');
  expect(documentedDefaults(file, 'EventHubBufferProps')).toEqual({
    name: hub.name,
    retentionDays: String(hub.message_retention),
    partitionCount: String(hub.partition_count),
    maxThroughputUnits: String(one('azurerm_eventhub_namespace').maximum_throughput_units),
    removal: hub.lifecycle.prevent_destroy ? 'retain' : 'destroy',
    lock: String(one('azurerm_eventhub_namespace') && Object.keys(make().json.resource!).includes('azurerm_management_lock')),
  });
});

test('takes every setting', () => {
  const { one, all } = make(
    {
      name: 'orders',
      retentionDays: 1,
      partitionCount: 32,
      maxThroughputUnits: 40,
      notify: [onCall],
      removal: 'destroy',
    },
    { destroyData: 'yes' },
  );
  const hub = one('azurerm_eventhub');
  expect(hub).toMatchObject({ name: 'orders', message_retention: 1, partition_count: 32 });
  expect(one('azurerm_eventhub_namespace')).toMatchObject({ name: 'acme-orders-1a2b3c4d', maximum_throughput_units: 40 });
  expect([hub.lifecycle, one('azurerm_eventhub_namespace').lifecycle]).toEqual([undefined, { ignore_changes: ['capacity'] }]);
  expect(all('azurerm_monitor_metric_alert').map(({ action }) => action)).toEqual(Array(3).fill([{ action_group_id: onCall }]));
});

test('makes its hub in a namespace that is there already, and leaves the namespace alone', () => {
  const { one, all } = make({ namespaceId });
  expect(one('azurerm_eventhub').namespace_id).toBe(namespaceId);
  expect([...all('azurerm_eventhub_namespace'), ...all('azurerm_monitor_diagnostic_setting')]).toEqual([]);
  expect(all('azurerm_monitor_metric_alert').map(({ scopes }) => scopes)).toEqual(Array(3).fill([namespaceId]));
});

test('a second hub stands in the namespace of the first, with its throughput units', () => {
  const { one, all } = synthesize((stack) => {
    const { namespaceId } = new EventHubBuffer(stack, 'Buffer', { site });
    new EventHubBuffer(stack, 'Alerts', { site, name: 'alerts', namespaceId });
  });
  const namespace = '${azurerm_eventhub_namespace.events.id}';
  expect(one('azurerm_eventhub_namespace').name).toBe('acme-events-1a2b3c4d');
  expect(all('azurerm_eventhub').map((hub) => [hub.name, hub.namespace_id])).toEqual([
    ['alerts', namespace],
    ['events', namespace],
  ]);
});

test('uses a hub that is there already', () => {
  const { built, all, one } = synthesize((stack) => {
    const buffer = new EventHubBuffer(stack, 'Buffer', { site, hubId });
    return { buffer, binding: buffer.deliverTo(new Target(stack, 'Target')) };
  });
  expect(all('azurerm_eventhub')).toEqual([]);
  expect(built.buffer.sendRequest.url).toBe('https://shared.servicebus.windows.net/orders/messages?timeout=60&api-version=2014-01');
  expect(one('azurerm_role_assignment').scope).toBe(hubId);
  expect(one('azurerm_eventhub_consumer_group')).toMatchObject({
    resource_group_name: 'theirs',
    namespace_name: 'shared',
    eventhub_name: 'orders',
  });
});

test('uses a hub whose id is known only at deploy', () => {
  const { one } = synthesize((stack) => {
    const hub = new TerraformVariable(stack, 'hub', {}).stringValue;
    new EventHubBuffer(stack, 'Buffer', { site, hubId: hub }).deliverTo(new Target(stack, 'Target'));
  });
  expect(one('azurerm_eventhub_consumer_group')).toMatchObject({
    resource_group_name: '${element(split("/", var.hub), 4)}',
    namespace_name: '${element(split("/", var.hub), 8)}',
    eventhub_name: '${element(split("/", var.hub), 10)}',
  });
});

test('rings for each function that is dead, where the metrics of its namespace are at hand', () => {
  const { all } = synthesize((stack) => {
    const buffer = new EventHubBuffer(stack, 'Buffer', { site, notify: [onCall] });
    for (const id of ['One', 'Two']) buffer.deliverTo(new Target(stack, id));
  });
  const alerts = all('azurerm_monitor_scheduled_query_rules_alert_v2');
  expect(alerts.map(({ name, action }) => [name, action])).toEqual([
    ['acme-one-idle', { action_groups: [onCall] }],
    ['acme-two-idle', { action_groups: [onCall] }],
  ]);
  expect(deliver(undefined, { hubId }).all('azurerm_monitor_scheduled_query_rules_alert_v2')).toEqual([]);
});

test('a function that reports to another workspace is not compared with what comes in: it would ring for ever', () => {
  const { all } = synthesize((stack) =>
    new EventHubBuffer(stack, 'Buffer', { site }).deliverTo(Object.assign(new Target(stack, 'Far'), { workspaceId: 'another' })),
  );
  expect(all('azurerm_monitor_scheduled_query_rules_alert_v2')).toEqual([]);
});

test('stands twice in one stack', () => {
  const { all } = synthesize((stack) => ['one', 'two'].map((name) => new EventHubBuffer(stack, name, { site, name })));
  const names = [...all('azurerm_eventhub_namespace'), ...all('azurerm_monitor_metric_alert')].map(({ name }) => name);
  expect(new Set(names).size).toBe(8);
});

test('nobody gets in with a key, or with an old TLS', () => {
  expect(make().one('azurerm_eventhub_namespace')).toMatchObject({ local_authentication_enabled: false, minimum_tls_version: '1.2' });
});

test('a batch that fails is tried five more times', () => {
  expect(deliver().built.settings.EVENTS_MAX_RETRIES).toBe('5');
  expect(deliver({ maxRetries: 2 }).built.settings.EVENTS_MAX_RETRIES).toBe('2');
});

test('a batch is 1,000 events, or what has come within a minute', () => {
  expect(deliver().built.settings).toMatchObject({
    AzureFunctionsJobHost__extensions__eventHubs__maxEventBatchSize: '1000',
    AzureFunctionsJobHost__extensions__eventHubs__minEventBatchSize: '1000',
    AzureFunctionsJobHost__extensions__eventHubs__maxWaitTime: '00:01:00',
  });
});

test('without a window no event waits', () => {
  expect(deliver({ batchWindowSeconds: 0 }).built.settings.AzureFunctionsJobHost__extensions__eventHubs__minEventBatchSize).toBe('1');
});

test('the trigger signs in as the identity of the function, to this very hub', () => {
  expect(deliver(undefined, { hubId }).built.settings).toMatchObject({
    EVENTS__fullyQualifiedNamespace: 'shared.servicebus.windows.net',
    EVENTS__credential: 'managedidentity',
    EVENTS__clientId: 'client-of-target',
    EVENTS_HUB: 'orders',
    EVENTS_CONSUMER_GROUP: expect.any(String),
  });
});

test('a function may receive from the hub, and nothing else', () => {
  expect(deliver(undefined, { hubId }).all('azurerm_role_assignment').map(readable)).toEqual([
    {
      scope: hubId,
      role_definition_name: 'Azure Event Hubs Data Receiver',
      principal_id: 'principal-of-target',
      principal_type: 'ServicePrincipal',
    },
  ]);
});

test('whoever starts after the binding starts with its consumer group and its role', () => {
  const { json } = synthesize((stack) => {
    const { waitFor } = new EventHubBuffer(stack, 'Buffer', { site }).deliverTo(new Target(stack, 'Target'));
    new ResourceGroup(stack, 'Later', { name: 'later', location: 'westeurope', dependsOn: [...waitFor] });
  });
  expect(json.resource!.azurerm_resource_group!.Later.depends_on).toEqual([
    expect.stringMatching(/^azurerm_eventhub_consumer_group\./),
    expect.stringMatching(/^azurerm_role_assignment\./),
  ]);
});

test('two readers get all events each: neither takes them from the other', () => {
  const { all } = synthesize((stack) => {
    const buffer = new EventHubBuffer(stack, 'Buffer', { site });
    buffer.deliverTo(new Target(stack, 'First'));
    buffer.bindReader(new Person(stack, 'Second'), 'BUFFER');
  });
  expect(all('azurerm_eventhub_consumer_group').map(({ name }) => name)).toEqual(['acme-first', 'acme-second']);
});

test('a reader that is renamed or nested in the tree reads on where it was: its consumer group comes from its name', () => {
  const group = (place: (stack: TerraformStack) => Construct) =>
    synthesize((stack) => {
      const reader = Object.assign(new Target(place(stack), 'Reader'), { name: 'acme-func' });
      new EventHubBuffer(stack, 'Buffer', { site, hubId }).bindReader(reader, 'BUFFER');
    }).one('azurerm_eventhub_consumer_group').name;
  expect([group((stack) => stack), group((stack) => new Construct(new Construct(stack, 'A'), 'B'))]).toEqual(['acme-func', 'acme-func']);
});

test('a writer may send to the hub, and nothing else', () => {
  const { built, one } = synthesize((stack) =>
    new EventHubBuffer(stack, 'Buffer', { site, hubId }).bindWriter(new Person(stack, 'Person'), 'OUT'),
  );
  expect(built.settings).toEqual({ OUT_NAMESPACE: 'shared.servicebus.windows.net', OUT_HUB: 'orders' });
  expect(readable(one('azurerm_role_assignment'))).toEqual({
    scope: hubId,
    role_definition_name: 'Azure Event Hubs Data Sender',
    principal_id: 'principal-of-person',
    principal_type: 'User',
  });
});

test('an alert rings when senders are turned away, when the service fails, and when nobody reads', () => {
  const metrics = make()
    .all('azurerm_monitor_metric_alert')
    .map(({ criteria }) => criteria.map((each: Record<string, unknown>) => `${each.metric_name} ${each.operator} ${each.threshold}`));
  expect(metrics).toEqual([
    ['ServerErrors GreaterThan 4'],
    ['ThrottledRequests GreaterThan 4'],
    ['IncomingMessages GreaterThan 0', 'OutgoingMessages LessThanOrEqual 0'],
  ]);
});

test('what holds data keeps its address in the state when its construct is renamed, moved or nested', () => {
  const build = (place: (stack: TerraformStack) => Construct, id: string) =>
    synthesize((stack) => new EventHubBuffer(place(stack), id, { site })).json;
  const [before, after] = [build((stack) => stack, 'Buffer'), build((stack) => new Construct(stack, 'Nested'), 'Renamed')];
  for (const type of ['azurerm_eventhub', 'azurerm_eventhub_namespace']) {
    expect([before, after].map(({ resource }) => Object.keys(resource![type]!))).toEqual([['events'], ['events']]);
  }
  // A state from before is told that it is the same.
  expect(before.moved).toEqual([
    { from: 'azurerm_eventhub_namespace.Buffer_Namespace_FF01EE1E', to: 'azurerm_eventhub_namespace.events' },
    { from: 'azurerm_eventhub.Buffer_Hub_2CEF9F65', to: 'azurerm_eventhub.events' },
  ]);
});

test('somebody else at that address is refused: CDKTF would write one over the other', () => {
  const build = () =>
    synthesize((stack) => {
      const { namespace } = new EventHubBuffer(stack, 'Buffer', { site });
      new Eventhub(stack, 'events', { name: 'mine', namespaceId: namespace!.id, partitionCount: 1, messageRetention: 1 });
    });
  expect(build).toThrow(
    new Error(
      'test/events: each resource of a stack must have its own address in the state, got azurerm_eventhub.events, which test/Buffer/Hub has. Choose another id for this construct.',
    ),
  );
});

test('what Azure grew under load is not taken back by the next apply', () => {
  expect(make().one('azurerm_eventhub_namespace').lifecycle).toEqual({ ignore_changes: ['capacity'], prevent_destroy: true });
});

test('a lock is made after all that stands on the namespace, and so goes before it', () => {
  const { one, json } = synthesize((stack) => {
    const buffer = new EventHubBuffer(stack, 'Buffer', { site, lock: true });
    buffer.bindWriter(new Person(stack, 'Writer'), 'OUT');
    buffer.deliverTo(new Target(stack, 'Target'));
  });
  const lock = one('azurerm_management_lock');
  expect(lock).toMatchObject({ lock_level: 'CanNotDelete', scope: '${azurerm_eventhub_namespace.events.id}' });
  const below = ['azurerm_eventhub', 'azurerm_eventhub_consumer_group', 'azurerm_monitor_diagnostic_setting', 'azurerm_role_assignment'];
  const addresses = below.flatMap((type) => Object.keys(json.resource![type]!).map((id) => `${type}.${id}`));
  expect(lock.depends_on.toSorted()).toEqual(addresses.toSorted());
});

test('ids in the letters that Azure hands out are written as the provider reads them', () => {
  const [SUB, sub] = ['0000000A-0000-0000-0000-00000000000B', '0000000a-0000-0000-0000-00000000000b'];
  const theirs = `/subscriptions/${SUB}/resourcegroups/Shared/providers/microsoft.eventhub/namespaces/Shared`;
  const ours = `/subscriptions/${sub}/resourceGroups/Shared/providers/Microsoft.EventHub/namespaces/Shared`;
  const notify = [`/subscriptions/${SUB}/resourceGroups/g/providers/microsoft.insights/actiongroups/On-Call`];
  const made = make({ namespaceId: theirs, notify });
  expect(made.one('azurerm_eventhub').namespace_id).toBe(ours);
  expect(new Set(made.all('azurerm_monitor_metric_alert').map(({ scopes, action }) => `${scopes} ${action[0].action_group_id}`))).toEqual(
    new Set([`${ours} /subscriptions/${sub}/resourceGroups/g/providers/Microsoft.Insights/actionGroups/On-Call`]),
  );
  expect(deliver(undefined, { hubId: `${theirs}/EVENTHUBS/Orders` }).one('azurerm_role_assignment').scope).toBe(`${ours}/eventhubs/Orders`);
});

test('a namespace of another subscription is refused at plan, in one line', () => {
  const { data } = make({ namespaceId }).json;
  const [{ lifecycle }] = Object.values<any>(data.azurerm_client_config);
  expect(lifecycle.postcondition).toEqual([
    {
      condition: '${(lower(self.subscription_id) == lower("s"))}',
      error_message:
        'test/Buffer: namespaceId and hubId must be in the subscription that is deployed to (ARM_SUBSCRIPTION_ID), got another one. Deploy this stack to that subscription.',
    },
  ]);
});

test('a binding hands back what it made, such as a consumer group that keeps the name it had', () => {
  const { one } = synthesize((stack) => {
    const { consumerGroup, role } = new EventHubBuffer(stack, 'Buffer', { site, hubId }).deliverTo(new Target(stack, 'Target'));
    consumerGroup.name = 'processing';
    role.description = 'mine';
  });
  expect(one('azurerm_eventhub_consumer_group').name).toBe('processing');
  expect(one('azurerm_role_assignment').description).toBe('mine');
});

describe('refuses', () => {
  test.each<[string, () => unknown, string]>([
    [
      'a second hub of one name',
      () => synthesize((stack) => ['First', 'Second'].map((id) => new EventHubBuffer(stack, id, { site }))),
      'test/Second: each hub of a site must have its own name, got "events", which test/First has. Set name on one of them.',
    ],
    [
      'two readers of one name, which would share a consumer group',
      () =>
        synthesize((stack) => {
          const buffer = new EventHubBuffer(stack, 'Buffer', { site });
          for (const id of ['First', 'Second']) buffer.bindReader(Object.assign(new Person(stack, id), { name: 'acme' }), 'BUFFER');
        }),
      'test/Second: each reader of a hub must have its own name, got "acme", which test/First has. Its consumer group has the same name.',
    ],
    [
      'a reader whose name no consumer group takes',
      () =>
        synthesize((stack) => {
          const reader = Object.assign(new Person(stack, 'Reader'), { name: 'x'.repeat(51) });
          new EventHubBuffer(stack, 'Buffer', { site }).bindReader(reader, 'BUFFER');
        }),
      `test/Reader: name must be 2 to 50 letters, digits, dots, hyphens and underscores, got "${'x'.repeat(51)}". The consumer group has the name of its reader.`,
    ],
    [
      'a lock on a namespace of others',
      () => make({ namespaceId, lock: true }),
      'test/Buffer: namespaceId keeps its own settings, got lock beside it. Leave lock out.',
    ],
    [
      'a name with a hyphen',
      () => make({ name: 'my-events' }),
      'test/Buffer: name must be 1 to 20 lower-case letters and digits, got "my-events". Start with a letter.',
    ],
    [
      'a long retention',
      () => make({ retentionDays: 8 }),
      'test/Buffer: retentionDays must be 1 to 7 days, got 8. For longer replay, keep the raw events in a store.',
    ],
    [
      'too many partitions',
      () => make({ partitionCount: 33 }),
      'test/Buffer: partitionCount must be 1 to 32 partitions, got 33. The Standard tier has no more.',
    ],
    [
      'too much throughput',
      () => make({ maxThroughputUnits: 41 }),
      'test/Buffer: maxThroughputUnits must be 1 to 40 units, got 41. The Standard tier has no more.',
    ],
    [
      'the name of a namespace for its id',
      () => make({ namespaceId: 'shared' }),
      'test/Buffer: namespaceId must be the id of a namespace, got "shared". Find it with az eventhubs namespace show.',
    ],
    [
      'the id of a namespace for that of a hub',
      () => make({ hubId: namespaceId }),
      `test/Buffer: hubId must be the id of a hub, got "${namespaceId}". Find it with az eventhubs eventhub show.`,
    ],
    [
      'settings for a namespace that is there',
      () => make({ namespaceId, maxThroughputUnits: 2 }),
      'test/Buffer: namespaceId keeps its own settings, got maxThroughputUnits beside it. Leave maxThroughputUnits out.',
    ],
    [
      'settings for a hub that is there',
      () => make({ hubId, retentionDays: 1, partitionCount: 8 }),
      'test/Buffer: hubId keeps its own settings, got retentionDays and partitionCount beside it. Leave retentionDays and partitionCount out.',
    ],
    [
      'one key to destroy',
      () => make({ removal: 'destroy' }),
      `test/Buffer: removal 'destroy' needs the context destroyData to be "yes", got nothing. Set DESTROY_DATA=yes in the environment of this command, or leave removal out to keep the data.`,
    ],
    [
      'a large batch',
      () => deliver({ batchSize: 1001 }),
      'test/Buffer: batchSize must be 1 to 1000 events, got 1001. A larger batch may not fit into the memory of a function.',
    ],
    [
      'a long wait',
      () => deliver({ batchWindowSeconds: 301 }),
      'test/Buffer: batchWindowSeconds must be 0 to 300 seconds, got 301. The Functions host does not wait longer.',
    ],
    [
      'endless retries',
      () => deliver({ maxRetries: -1 }),
      'test/Buffer: maxRetries must be 1 to 20 retries, got -1. Without a limit, one bad batch blocks its partition.',
    ],
  ])('%s', (_, act, message) => expect(act).toThrow(new Error(message)));
});
