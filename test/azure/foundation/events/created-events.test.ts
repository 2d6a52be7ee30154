import type { TerraformStack } from 'cdktf';
import { Construct } from 'constructs';
import { ServiceBusBuffer } from '../../../../azure/buffer/service-bus/service-bus-buffer';
import { StorageQueueBuffer } from '../../../../azure/buffer/storage-queue/storage-queue-buffer';
import { EventHubBuffer } from '../../../../azure/connect/event-hub/event-hub-buffer';
import type { RecordSink, RecordSource } from '../../../../azure/ports/records';
import { FunctionProcessor } from '../../../../azure/processing/functions/function-processor';
import { BlobStore, type BlobStoreProps } from '../../../../azure/store/blob/blob-store';
import { DataLakeStore } from '../../../../azure/store/data-lake/data-lake-store';
import { checked } from '../../../../shared/runtime/contract';
import { ringsOnMetrics } from '../../../support/azure-monitor';
import { expectSnapshot } from '../../../support/snapshot';
import { onCall, readable, site, synthesize } from '../../stand-ins';

const SUBSCRIPTION = 'azurerm_eventgrid_system_topic_event_subscription';
const TOPIC = 'azurerm_eventgrid_system_topic';
const group = '/subscriptions/s/resourceGroups/g/providers';
const accountId = `${group}/Microsoft.Storage/storageAccounts/theirs`;
const systemTopic = {
  id: `${group}/Microsoft.EventGrid/systemTopics/plants`,
  identity: {
    id: `${group}/Microsoft.ManagedIdentity/userAssignedIdentities/plants`,
    principalId: '6a7e8feb-b491-4cf7-a9f1-bf3703467718',
  },
};

/** A store whose new objects become events in a hub. */
const created = (props: Partial<BlobStoreProps> = {}) =>
  synthesize((stack) => {
    const store = new BlobStore(stack, 'Store', { site, ...props });
    return store.deliverCreated(new EventHubBuffer(stack, 'Buffer', { site }));
  });

test('the snapshot', () => {
  const { json, one } = created();
  const { azurerm_storage_container: containers } = json.resource!;
  expectSnapshot(
    'azure/foundation/events/created-events.snapshot.yaml',
    'Each new blob becomes an event of the contract in the hub. What cannot be delivered for a day goes to a container of its own.',
    readable({
      [TOPIC]: one(TOPIC),
      [SUBSCRIPTION]: one(SUBSCRIPTION),
      azurerm_storage_container: containers!.data_created_dead_letter,
      azurerm_monitor_metric_alert: Object.values(json.resource!.azurerm_monitor_metric_alert!).filter(({ name }) =>
        /acme-data/.test(String(name)),
      ),
    }),
  );
});

/** The examples of the documentation, with the values of an account. */
const base = {
  source: '/subscriptions/8a1b/resourceGroups/acme-data-platform/providers/Microsoft.Storage/storageAccounts/acmedata1a2b3c4d',
  type: 'Microsoft.Storage.BlobCreated',
  time: '2026-06-26T18:41:00.9584103Z',
  id: '831e1650-001e-001b-66ab-eeb76e069631',
  specversion: '1.0',
};
const data = {
  api: 'PutBlob',
  clientRequestId: '6d79dbfb-0e37-4fc4-981f-442c9ca65760',
  requestId: '831e1650-001e-001b-66ab-eeb76e000000',
  eTag: '"0x8D4BCC2E4835CD0"',
  contentType: 'application/gzip',
  contentLength: 524288,
  blobType: 'BlockBlob',
  url: 'https://acmedata1a2b3c4d.blob.core.windows.net/events/year=2026/month=06/day=26/hour=18/x-0-1-2.ndjson.gz',
  sequencer: '00000000000004420000000000028963',
  storageDiagnostics: { batchId: 'b68529f3-68cd-4744-baa4-3c0498ec19f0' },
};

test.each([
  [
    'a blob',
    { ...base, subject: '/blobServices/default/containers/events/blobs/year=2026/month=06/day=26/hour=18/x-0-1-2.ndjson.gz', data },
  ],
  [
    'a file of a data lake',
    {
      ...base,
      subject: '/blobServices/default/containers/raw/blobs/new-file.txt',
      data: { ...data, api: 'FlushWithClose', contentOffset: 0, url: 'https://acmelake1a2b3c4d.dfs.core.windows.net/raw/new-file.txt' },
    },
  ],
])('the event of %s is an event of the contract as it is', (_, event) => expect(checked(event)).toEqual(event));

test('only new objects of the container of the events, as CloudEvents', () => {
  const subscription = created().one(SUBSCRIPTION);
  expect(subscription).toMatchObject({
    event_delivery_schema: 'CloudEventSchemaV1_0',
    included_event_types: ['Microsoft.Storage.BlobCreated'],
    subject_filter: { subject_begins_with: '/blobServices/default/containers/${azurerm_storage_container.data_events.name}/blobs/' },
  });
  expect(subscription.advanced_filter).toBeUndefined();
});

test('the identity of the topic may put events into the hub and write its own dead letter, and both before it has a subscription', () => {
  const { all, json, one } = created();
  expect(all('azurerm_role_assignment').map(({ role_definition_name, scope }) => [role_definition_name, scope])).toEqual([
    ['Storage Blob Data Contributor', '${azurerm_storage_container.data_created_dead_letter.id}'],
    ['Azure Event Hubs Data Sender', '${azurerm_eventhub.events.id}'],
  ]);
  const roles = Object.keys(json.resource!.azurerm_role_assignment!).map((id) => `azurerm_role_assignment.${id}`);
  expect(one(SUBSCRIPTION).depends_on.toSorted()).toEqual(roles.toSorted());
});

test('retries for a day, and then keeps the event', () => {
  const { one } = created();
  expect(one(SUBSCRIPTION)).toMatchObject({
    retry_policy: { event_time_to_live: 1440, max_delivery_attempts: 30 },
    storage_blob_dead_letter_destination: { storage_blob_container_name: '${azurerm_storage_container.data_created_dead_letter.name}' },
  });
});

describe('alerts', () => {
  const { all } = created({ notify: [onCall] });
  const alertOf = (name: string) => all('azurerm_monitor_metric_alert').find((one) => one.name === `acme-data-events-${name}`);
  const rings = (name: string, metric: string, failures: number, subscription = 'acme-data-events') =>
    ringsOnMetrics(alertOf(name), { [`${metric}{${subscription}}`]: { 7: failures } }, 30);

  test('ring at the first event that is not delivered or lost', () => {
    expect(rings('deadletters', 'DeadLetteredCount', 1)).toEqual([10, 15, 20]);
    expect(rings('lost', 'DroppedEventCount', 1)).toEqual([10, 15, 20]);
  });
  test('ring when deliveries keep failing, and not at a few', () => {
    expect(rings('failing', 'DeliveryAttemptFailCount', 5)).toEqual([10, 15, 20]);
    expect(rings('failing', 'DeliveryAttemptFailCount', 4)).toEqual([]);
  });
  test('do not ring for another subscription of the topic', () =>
    expect(rings('deadletters', 'DeadLetteredCount', 1, 'somebody-else')).toEqual([]));
  test('notify', () => expect(alertOf('lost').action).toEqual([{ action_group_id: onCall }]));
});

test('two zones into one hub: its role is assigned once, because Azure refuses a second one', () => {
  const { all } = synthesize((stack) => {
    const lake = new DataLakeStore(stack, 'Store', { site });
    const sink = new EventHubBuffer(stack, 'Buffer', { site });
    for (const zone of ['raw', 'served']) lake.zone(zone).deliverCreated(sink);
  });
  expect(all(SUBSCRIPTION)).toHaveLength(2);
  const senders = all('azurerm_role_assignment').filter((role) => role.role_definition_name === 'Azure Event Hubs Data Sender');
  expect(senders).toHaveLength(1);
});

/** A subscription into a queue, and its role on the queue, which must exist before. */
function intoQueue(queue: (stack: TerraformStack) => RecordSink, role: string) {
  const { one, json } = synthesize((stack) => new BlobStore(stack, 'Store', { site }).deliverCreated(queue(stack)));
  const roles = Object.entries<any>(json.resource!.azurerm_role_assignment!);
  const [id, { scope }] = roles.find(([, { role_definition_name }]) => role_definition_name === role)!;
  expect(one(SUBSCRIPTION).depends_on).toContain(`azurerm_role_assignment.${id}`);
  return { subscription: one(SUBSCRIPTION), scope };
}

test('messages in a storage queue do not expire, and Event Grid may only add them', () => {
  const { subscription, scope } = intoQueue(
    (stack) => new StorageQueueBuffer(stack, 'Buffer', { site, accountId }),
    'Storage Queue Data Message Sender',
  );
  expect(subscription.storage_queue_endpoint).toEqual({
    queue_message_time_to_live_in_seconds: -1,
    queue_name: '${azurerm_storage_queue.queue_events.name}',
    storage_account_id: accountId,
  });
  expect(scope).toBe('${azurerm_storage_queue.queue_events.id}');
});

test('a queue of Service Bus takes the events too', () => {
  const { subscription, scope } = intoQueue((stack) => new ServiceBusBuffer(stack, 'Buffer', { site }), 'Azure Service Bus Data Sender');
  expect(subscription.service_bus_queue_endpoint_id).toBe('${azurerm_servicebus_queue.events.id}');
  expect(scope).toBe('${azurerm_servicebus_queue.events.id}');
});

test.each<[string, (stack: TerraformStack) => RecordSink & RecordSource]>([
  ['service-bus', (stack) => new ServiceBusBuffer(stack, 'Buffer', { site })],
  ['storage-queue', (stack) => new StorageQueueBuffer(stack, 'Buffer', { site })],
])('a loop over a queue is refused: %s', (format, queue) => {
  expect(() =>
    synthesize((stack) => {
      const [store, source] = [new BlobStore(stack, 'Store', { site }), queue(stack)];
      store.deliverCreated(source);
      const needs = { source: format, stores: { STORE: ['ENDPOINT', 'CONTAINER'] } };
      const code = { zip: __filename, hash: 'a'.repeat(64), needs };
      new FunctionProcessor(stack, 'Processing', { site, source, code, stores: { STORE: store }, deadLetter: store.deadLetter });
    }),
  ).toThrow('a reader of the events of new objects must not write where they are, got test/Processing');
});

test('an account that has a system topic keeps it: Azure allows one', () => {
  const { one, json, all } = created({ accountId, systemTopic });
  expect(json.resource).not.toHaveProperty(TOPIC);
  expect(json.resource).not.toHaveProperty('azurerm_user_assigned_identity');
  expect(one(SUBSCRIPTION)).toMatchObject({
    system_topic: 'plants',
    resource_group_name: 'g',
    delivery_identity: { type: 'UserAssigned', user_assigned_identity: systemTopic.identity.id },
  });
  expect(new Set(all('azurerm_role_assignment').map((role) => role.principal_id))).toEqual(new Set([systemTopic.identity.principalId]));
  // The provider looks for the topic in its own subscription.
  const [deployer] = Object.values<any>(json.data.azurerm_client_config);
  expect(deployer.lifecycle.postcondition[0].error_message).toMatch(/systemTopic\.id must be in the subscription that is deployed to/);
});

test('an account that is there gets a topic, in its own containers', () => {
  const { one, all } = created({ accountId, name: 'sales' });
  expect(one(TOPIC)).toMatchObject({ name: 'acme-sales-created', source_resource_id: accountId });
  expect(all('azurerm_storage_container').map(({ name }) => name)).toEqual([
    'sales-created-dead-letter',
    'sales-dead-letter',
    'sales-events',
  ]);
});

test('a topic and its subscription keep their addresses when the store is moved: Azure allows one topic, and without a subscription events are lost', () => {
  const addresses = (place: (stack: TerraformStack) => Construct) => {
    const { json } = synthesize((stack) =>
      new BlobStore(place(stack), 'Store', { site }).deliverCreated(new EventHubBuffer(stack, 'Buffer', { site })),
    );
    return [TOPIC, SUBSCRIPTION].map((type) => Object.keys(json.resource![type]!));
  };
  expect(addresses((stack) => new Construct(stack, 'Nested'))).toEqual(addresses((stack) => stack));
  expect(addresses((stack) => stack)).toEqual([['data_created'], ['data_events']]);
});

test('a lock of the account goes before the dead letter of the topic', () => {
  const { one } = created({ lock: true });
  expect(one('azurerm_management_lock').depends_on).toContain('azurerm_storage_container.data_created_dead_letter');
});

describe('a reader of the events that writes where the objects are is refused', () => {
  const code = { zip: __filename, hash: '0'.repeat(64) };
  const read = (stack: TerraformStack, source: EventHubBuffer, store: BlobStore, deadLetter = store.deadLetter) =>
    new FunctionProcessor(stack, 'Processing', { site, code, source, stores: { STORE: store }, deadLetter });
  const message =
    'test/Store: a reader of the events of new objects must not write where they are, got test/Processing. Each object that it writes would call it again, without end: give it another store.';
  const make = (stack: TerraformStack) => ({
    store: new BlobStore(stack, 'Store', { site }),
    other: new BlobStore(stack, 'Other', { site, name: 'other' }),
    sink: new EventHubBuffer(stack, 'Buffer', { site }),
  });

  test('when the reader is made after the delivery', () =>
    expect(() =>
      synthesize((stack) => {
        const { store, sink } = make(stack);
        store.deliverCreated(sink);
        read(stack, sink, store);
      }),
    ).toThrow(new Error(message)));

  test('when the reader is made before', () =>
    expect(() =>
      synthesize((stack) => {
        const { store, sink } = make(stack);
        read(stack, sink, store);
        store.deliverCreated(sink);
      }),
    ).toThrow(new Error(message)));

  test('also in an account and a hub that are there already', () =>
    expect(() =>
      synthesize((stack) => {
        const store = new BlobStore(stack, 'Store', { site, accountId });
        const sink = new EventHubBuffer(stack, 'Buffer', { site, hubId: `${group}/Microsoft.EventHub/namespaces/n/eventhubs/events` });
        store.deliverCreated(sink);
        read(stack, sink, store);
      }),
    ).toThrow(new Error(message)));

  test('and not one that writes to another store, nor one that reads another buffer', () => {
    synthesize((stack) => {
      const { store, other, sink } = make(stack);
      store.deliverCreated(sink);
      read(stack, sink, other, store.deadLetter);
    });
    synthesize((stack) => {
      const { store, sink } = make(stack);
      store.deliverCreated(new EventHubBuffer(stack, 'Created', { site, name: 'created' }));
      read(stack, sink, store);
    });
  });
});

describe('refuses', () => {
  test('two topics of one name', () =>
    expect(() =>
      synthesize((stack) => {
        const sink = new EventHubBuffer(stack, 'Buffer', { site });
        new BlobStore(stack, 'First', { site }).deliverCreated(sink);
        new BlobStore(stack, 'Second', { site, accountId, name: 'data' }).deliverCreated(sink);
      }),
    ).toThrow(
      new Error(
        'test/Second/Created: each source of events of a site must have its own name, got "data", which test/First/Created has. Set name on one of them.',
      ),
    ));

  test.each<[string, object, string]>([
    [
      'a topic without an identity',
      { id: systemTopic.id },
      'systemTopic must be a system topic with its identity, got object. Write it like { id, identity: { id, principalId } }.',
    ],
    [
      'the name of a topic for its id',
      { ...systemTopic, id: 'plants' },
      'systemTopic.id must be the id of a system topic, got "plants". Find it with az eventgrid system-topic list.',
    ],
    [
      'the name of an identity for its id',
      { ...systemTopic, identity: { ...systemTopic.identity, id: 'plants' } },
      'systemTopic.identity.id must be the id of a user-assigned identity, got "plants". Find it with az identity show.',
    ],
    [
      'the name of an identity for its object id',
      { ...systemTopic, identity: { ...systemTopic.identity, principalId: 'plants' } },
      'systemTopic.identity.principalId must be the principalId of an identity, got "plants". Find it with az identity show --query principalId.',
    ],
  ])('%s', (_, topic, message) =>
    expect(() => created({ systemTopic: topic as typeof systemTopic })).toThrow(new Error(`test/Store: ${message}`)),
  );
});
