import { ResourceGroup } from '@cdktf/provider-azurerm/lib/resource-group';
import type { TerraformStack } from 'cdktf';
import { Construct } from 'constructs';
import fc from 'fast-check';
import { StorageQueueBuffer, type StorageQueueBufferProps } from '../../../../azure/buffer/storage-queue/storage-queue-buffer';
import { triggerSettings } from '../../../../azure/buffer/storage-queue/trigger-settings';
import host from '../../../../azure/handlers/storage-queue-to-blob/host.json';
import type { Delivery } from '../../../../azure/ports/delivery';
import { ringsOnLogs, ringsOnMetrics } from '../../../support/azure-monitor';
import { documentedDefaults } from '../../../support/defaults';
import { expectSnapshot } from '../../../support/snapshot';
import { onCall, Person, readable, site, synthesize, Target } from '../../stand-ins';

const file = 'azure/buffer/storage-queue/storage-queue-buffer.ts';
const accountId = '/subscriptions/s/resourceGroups/theirs/providers/Microsoft.Storage/storageAccounts/shared';
const HOST = 'AzureFunctionsJobHost__extensions__queues__';

const make = (props: Partial<StorageQueueBufferProps> = {}, context = {}) =>
  synthesize((stack) => new StorageQueueBuffer(stack, 'Buffer', { site, ...props }), context);

const deliver = (delivery?: Delivery, props: Partial<StorageQueueBufferProps> = {}) =>
  synthesize((stack) => new StorageQueueBuffer(stack, 'Buffer', { site, ...props }).deliverTo(new Target(stack, 'Target'), delivery));

test('the snapshot', () => {
  const { azurerm_storage_queue, azurerm_monitor_diagnostic_setting, azurerm_monitor_scheduled_query_rules_alert_v2 } =
    make().json.resource!;
  expectSnapshot(
    'azure/buffer/storage-queue/storage-queue-buffer.snapshot.yaml',
    'The poison queue exists before the host needs it, and its first message fires an alert. The account is that of every store.',
    readable({ azurerm_storage_queue, azurerm_monitor_diagnostic_setting, azurerm_monitor_scheduled_query_rules_alert_v2 }),
  );
});

test('documents the defaults that it has', () => {
  const { one, json } = make();
  const { settings } = deliver().built;
  expect(documentedDefaults(file, 'StorageQueueBufferProps')).toEqual({
    name: /^acme(\w+)1a2b3c4d$/.exec(one('azurerm_storage_account').name)![1],
    redundancy: one('azurerm_storage_account').account_replication_type,
    retryDelaySeconds: String(Number(settings[`${HOST}visibilityTimeout`]!.slice(-2))),
    maxConcurrency: String(Number(settings[`${HOST}batchSize`]) + Number(settings[`${HOST}newBatchThreshold`])),
    removal: one('azurerm_storage_account').lifecycle.prevent_destroy ? 'retain' : 'destroy',
    lock: String(Object.keys(json.resource!).includes('azurerm_management_lock')),
  });
});

test('accepts every setting', () => {
  const { one, all } = make({ name: 'work', redundancy: 'GZRS', notify: [onCall], removal: 'destroy' }, { destroyData: 'yes' });
  expect(one('azurerm_storage_account')).toMatchObject({ name: 'acmework1a2b3c4d', account_replication_type: 'GZRS' });
  expect(all('azurerm_storage_queue').map(({ name, lifecycle }) => [name, lifecycle])).toEqual([
    ['events', undefined],
    ['events-poison', undefined],
  ]);
  expect(all('azurerm_monitor_scheduled_query_rules_alert_v2').map(({ action }) => action)).toEqual(
    Array(2).fill({ action_groups: [onCall] }),
  );
});

test('in an existing account it creates two queues, and nothing else', () => {
  const { all, json, built } = make({ accountId, name: 'work' });
  expect(Object.keys(json.resource!)).toEqual(['azurerm_storage_queue']);
  expect(all('azurerm_storage_queue').map(({ name, storage_account_id }) => [name, storage_account_id])).toEqual([
    ['work-events', accountId],
    ['work-events-poison', accountId],
  ]);
  expect(built.sendRequest.url).toContain('https://shared.queue.core.windows.net/');
});

test('the function reads the queue as its own identity, and may move a message to the poison queue', () => {
  const { built, all } = deliver({ maxRetries: 2 }, { accountId, retryDelaySeconds: 3600, maxConcurrency: 1 });
  expect(built.settings).toMatchObject({
    EVENTS_ACCOUNT: 'shared',
    EVENTS_MAX_RETRIES: '2',
    EVENTS__queueServiceUri: 'https://shared.queue.core.windows.net/',
    EVENTS__credential: 'managedidentity',
    EVENTS__clientId: 'client-of-target',
    [`${HOST}visibilityTimeout`]: '01:00:00',
    [`${HOST}batchSize`]: '1',
    [`${HOST}newBatchThreshold`]: '0',
    [`${HOST}messageEncoding`]: 'none',
  });
  expect(all('azurerm_role_assignment').map(({ scope, role_definition_name }) => `${role_definition_name} ${scope}`)).toEqual([
    'Storage Queue Data Message Sender ${azurerm_storage_queue.queue_events_poison.id}',
    'Storage Queue Data Message Processor ${azurerm_storage_queue.queue_events.id}',
    'Storage Queue Data Reader ${azurerm_storage_queue.queue_events.id}',
  ]);
});

test('the host processes as many messages at the same time as the setting says', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 32 }), (maxConcurrency) => {
      const settings = triggerSettings(5, { retryDelaySeconds: 30, maxConcurrency });
      const [batch, threshold] = ['batchSize', 'newBatchThreshold'].map((name) => Number(settings[`${HOST}${name}`]));
      expect(batch! + threshold!).toBe(maxConcurrency);
      expect(batch).toBeGreaterThanOrEqual(1);
      // The host takes further messages when no more than the threshold are left: with 0, a slow one would hold up all others.
      if (maxConcurrency > 1) expect(threshold).toBeGreaterThanOrEqual(1);
    }),
  );
});

test('while neither the store nor the dead letter answers, the host delivers a message for about a week, whatever the delay is', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 3600 }), (retryDelaySeconds) => {
      const { [`${HOST}maxDequeueCount`]: most } = triggerSettings(5, { retryDelaySeconds, maxConcurrency: 16 });
      // A delivery that fails takes a second at least.
      expect(Number(most) * Math.max(retryDelaySeconds, 1)).toBeGreaterThanOrEqual(600_000);
    }),
  );
});

test('host.json has what the template sets by default', () => {
  const { settings } = deliver().built;
  for (const [name, value] of Object.entries(host.extensions.queues))
    if (name !== 'maxPollingInterval') expect([name, settings[`${HOST}${name}`]]).toEqual([name, String(value)]);
});

test('a writer may send, and nothing else', () => {
  const { built, one } = synthesize((stack) =>
    new StorageQueueBuffer(stack, 'Buffer', { site, accountId }).bindWriter(new Person(stack, 'Writer'), 'OUT'),
  );
  expect(built.settings).toEqual({ OUT_ENDPOINT: 'https://shared.queue.core.windows.net/', OUT_QUEUE: expect.any(String) });
  expect(one('azurerm_role_assignment').role_definition_name).toBe('Storage Queue Data Message Sender');
});

test('a reader of its own may receive and delete, and may not list queues', () => {
  const { all } = synthesize((stack) =>
    new StorageQueueBuffer(stack, 'Buffer', { site, accountId }).bindReader(new Person(stack, 'Reader'), 'IN'),
  );
  expect(all('azurerm_role_assignment').map((role) => role.role_definition_name)).toEqual(['Storage Queue Data Message Processor']);
});

test('Event Grid may send to the queue, after its role exists', () => {
  const { built } = synthesize((stack) => {
    const { endpoint, waitFor } = new StorageQueueBuffer(stack, 'Buffer', { site, accountId }).bindEvents(new Person(stack, 'Topic'));
    return { endpoint, count: waitFor.length };
  });
  expect(built).toEqual({ endpoint: { storageQueueEndpoint: { storageAccountId: accountId, queueName: expect.any(String) } }, count: 1 });
});

test('the reader waits for all of its roles', () => {
  const { json } = synthesize((stack) => {
    const { waitFor } = new StorageQueueBuffer(stack, 'Buffer', { site }).deliverTo(new Target(stack, 'Target'));
    new ResourceGroup(stack, 'Later', { name: 'later', location: 'westeurope', dependsOn: [...waitFor] });
  });
  expect(json.resource!.azurerm_resource_group!.Later.depends_on).toHaveLength(3);
});

test('whatever an event has, the queue returns its text: a message is XML, and is kept until it is processed', () => {
  const { body, url, audience, headers } = make({ accountId }).built.sendRequest;
  expect([new URL(url).searchParams.get('messagettl'), audience, headers('{}')]).toEqual([
    '-1',
    'https://storage.azure.com',
    { 'Content-Type': 'application/xml', 'x-ms-version': '2021-12-02' },
  ]);
  const decoded = (xml: string) =>
    xml
      .replace(/^<QueueMessage><MessageText>|<\/MessageText><\/QueueMessage>$/g, '')
      .replace(/&(\w+|#13);/g, (_, name: string) => ({ amp: '&', lt: '<', gt: '>', '#13': '\r' })[name]!);
  fc.assert(
    fc.property(fc.json(), (event) => {
      const xml = body(event);
      expect(xml.slice(27, -29)).not.toMatch(/[<>\r]/);
      expect(decoded(xml)).toBe(event);
    }),
  );
});

test('what holds messages keeps its address in the state when its construct is renamed, moved or nested', () => {
  const build = (place: (stack: TerraformStack) => Construct, id: string) =>
    synthesize((stack) => new StorageQueueBuffer(place(stack), id, { site })).json.resource!;
  const [before, after] = [build((stack) => stack, 'Buffer'), build((stack) => new Construct(stack, 'Nested'), 'Renamed')];
  for (const type of ['azurerm_storage_account', 'azurerm_storage_queue'])
    expect(Object.keys(before[type]!)).toEqual(Object.keys(after[type]!));
});

test('a lock is created after all that belongs to the account, and deleted before it', () => {
  const { one, json } = synthesize((stack) => {
    const buffer = new StorageQueueBuffer(stack, 'Buffer', { site, lock: true });
    buffer.deliverTo(new Target(stack, 'Target'));
  });
  const below = [
    'azurerm_monitor_diagnostic_setting',
    'azurerm_role_assignment',
    'azurerm_storage_management_policy',
    'azurerm_storage_queue',
  ];
  const addresses = below.flatMap((type) => Object.keys(json.resource![type]!).map((id) => `${type}.${id}`));
  expect(one('azurerm_management_lock').depends_on.toSorted()).toEqual(addresses.toSorted());
});

describe('alerts', () => {
  const { all } = make();
  const logs = new Map(all('azurerm_monitor_scheduled_query_rules_alert_v2').map((alert) => [alert.name, alert]));
  const [errors] = all('azurerm_monitor_metric_alert');
  const call = (minute: number, queue: string, OperationName: string, more: object = {}) => ({
    minute,
    AccountName: '${azurerm_storage_account.queue.name}',
    Uri: `https://acme.queue.core.windows.net:443/\${azurerm_storage_queue.queue_${queue}.name}/messages?messagettl=-1`,
    OperationName,
    StatusText: 'Success',
    ...more,
  });
  const rings = (name: string, ...rows: any[]) => ringsOnLogs(logs.get(`acme-queue-${name}`), { StorageQueueLogs: rows }, 60);

  test('the first message in the poison queue notifies, and one in the queue does not', () => {
    expect(rings('poison', call(20, 'events_poison', 'PutMessage'))).toEqual([30, 45]);
    expect(rings('poison', call(20, 'events', 'PutMessage'))).toEqual([]);
    expect(rings('poison', call(20, 'events_poison', 'PutMessage', { StatusText: 'AuthorizationFailure' }))).toEqual([]);
  });

  test('messages of which none is processed notify', () => {
    expect(rings('unread', call(2, 'events', 'PutMessage'))).toEqual([15, 30]);
    expect(rings('unread', call(2, 'events', 'PutMessage'), call(9, 'events', 'DeleteMessage'))).toEqual([]);
    expect(rings('unread', call(14, 'events', 'PutMessage'))).toEqual([30]);
    expect(rings('unread')).toEqual([]);
  });

  test('five faults of the service notify, and callers without a role do not', () => {
    expect(ringsOnMetrics(errors, { 'Transactions{ServerBusyError}': { 3: 5 } }, 20)).toEqual([5, 10, 15]);
    expect(ringsOnMetrics(errors, { 'Transactions{AuthorizationError}': { 3: 50 } }, 20)).toEqual([]);
  });
});

describe('refuses', () => {
  test.each<[string, () => unknown, string]>([
    [
      'a second reader',
      () =>
        synthesize((stack) => {
          const buffer = new StorageQueueBuffer(stack, 'Buffer', { site });
          buffer.bindReader(new Person(stack, 'First'), 'BUFFER');
          buffer.deliverTo(new Target(stack, 'Second'));
        }),
      'test/Buffer: a queue must have one reader, got test/Second after test/First. For several readers, create one queue for each, or use EventHubBuffer.',
    ],
    [
      'batches',
      () => deliver({ batchSize: 10 }),
      'test/Buffer: a queue delivers each message alone, got batchSize. Leave batchSize out. For batches, use EventHubBuffer.',
    ],
    [
      'a long name',
      () => make({ name: 'events' }),
      'test/Buffer: name must be 1 to 5 lower-case letters and digits, got "events". The name of a storage account has no room for more.',
    ],
    [
      'an unknown redundancy',
      () => make({ redundancy: 'RAGRS' as 'GRS' }),
      'test/Buffer: redundancy must be LRS, ZRS, GRS or GZRS, got "RAGRS". In a region without zones take LRS.',
    ],
    [
      'a long delay',
      () => make({ retryDelaySeconds: 3601 }),
      'test/Buffer: retryDelaySeconds must be 0 to 3600 seconds, got 3601. A message that waits longer is better given up.',
    ],
    [
      'many messages at the same time',
      () => make({ maxConcurrency: 33 }),
      'test/Buffer: maxConcurrency must be 1 to 32 messages, got 33. The Functions host takes no more at once.',
    ],
    [
      'the name of an account for its id',
      () => make({ accountId: 'shared' }),
      'test/Buffer: accountId must be the id of a storage account, got "shared". Find it with az storage account show.',
    ],
    [
      'settings for an existing account',
      () => make({ accountId, redundancy: 'LRS', lock: true }),
      'test/Buffer: accountId keeps its own settings, got redundancy and lock beside it. Leave redundancy and lock out.',
    ],
    [
      'a second queue of one name',
      () => synthesize((stack) => ['First', 'Second'].map((id) => new StorageQueueBuffer(stack, id, { site }))),
      'test/Second: each storage account of a site must have its own name, got "queue", which test/First has. Set name on one of them.',
    ],
    [
      'one key to destroy',
      () => make({ removal: 'destroy' }),
      `test/Buffer: removal 'destroy' needs the context destroyData to be "yes", got nothing. Set DESTROY_DATA=yes in the environment of this command, or leave removal out to keep the data.`,
    ],
  ])('%s', (_, act, message) => expect(act).toThrow(new Error(message)));
});
