import { EventHubBuffer } from '../../azure/connect/event-hub/event-hub-buffer';
import { IotHubEntry } from '../../azure/connect/iot-hub/iot-hub-entry';
import { FunctionProcessor } from '../../azure/processing/functions/function-processor';
import { BlobStore } from '../../azure/store/blob/blob-store';
import { CosmosStore } from '../../azure/store/cosmos/cosmos-store';
import { StorageTableStore } from '../../azure/store/storage-table/storage-table-store';
import { ringsOnLogs, ringsOnMetrics, type Series } from '../support/azure-monitor';
import { site, synthesize } from './stand-ins';

const code = { zip: __filename, hash: '0'.repeat(64) };

/** Two processors read one hub. */
const { all } = synthesize((stack) => {
  const store = new BlobStore(stack, 'Store', { site });
  const source = new EventHubBuffer(stack, 'Buffer', { site });
  for (const name of ['one', 'two'])
    new FunctionProcessor(stack, name, { site, name, code, source, stores: { STORE: store }, deadLetter: store.deadLetter });
});
const named = new Map(
  ['azurerm_monitor_metric_alert', 'azurerm_monitor_scheduled_query_rules_alert_v2'].flatMap(all).map((alert) => [alert.name, alert]),
);
const HUB = '${azurerm_eventhub.events.name}';
const NAMESPACE = '${azurerm_eventhub_namespace.events.id}';
const ACCOUNT = '${azurerm_storage_account.data.name}';

test('a table and a container of Cosmos DB with their default names have alerts of different names: a resource group has each name once', () => {
  const both = synthesize((stack) => [new StorageTableStore(stack, 'Tables', { site }), new CosmosStore(stack, 'Cosmos', { site })]);
  const names = both.all('azurerm_monitor_metric_alert').map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
});

test('a second alert of one name is refused here, and not by Azure', () =>
  expect(() =>
    synthesize((stack) => {
      const sink = new EventHubBuffer(stack, 'Buffer', { site, name: 'plants' });
      new IotHubEntry(stack, 'Connect', { site, name: 'plants', sink });
    }),
  ).toThrow(
    'test/Connect: each alert on a metric must have its own name, got "acme-plants-throttled", which test/Buffer/Namespace has. Set another name on one of the two constructs.',
  ));

/** The same value in each of some minutes. */
const steady = (from: number, to: number, value: number) =>
  Object.fromEntries(Array.from({ length: to - from }, (_, index) => [from + index, value]));
const rings = (name: string, series: Series) => ringsOnMetrics(named.get(name), series, 60);

test('each alert is held against a series here', () => {
  expect([...named.keys()].sort()).toEqual([
    'acme-data-dead-letters',
    'acme-events-errors',
    'acme-events-throttled',
    'acme-events-unread',
    'acme-one-1a2b3c4d-idle',
    'acme-one-failures',
    'acme-two-1a2b3c4d-idle',
    'acme-two-failures',
  ]);
});

describe.each([
  ['acme-events-errors', 'ServerErrors'],
  ['acme-events-throttled', 'ThrottledRequests'],
  ['acme-one-failures', 'requests/failed'],
  ['acme-two-failures', 'requests/failed'],
])('%s', (name, metric) => {
  test('one failure wakes nobody, nor do four at once', () => {
    expect(rings(name, { [metric]: { 7: 1 } })).toEqual([]);
    expect(rings(name, { [metric]: { 7: 4 } })).toEqual([]);
  });
  test('five within a quarter of an hour do', () => expect(rings(name, { [metric]: { 3: 2, 7: 2, 11: 1 } })).toEqual([15]));
  test('what goes on rings on', () => expect(rings(name, { [metric]: steady(0, 60, 1) })).toHaveLength(12));
  test('silence is no failure', () => expect(rings(name, {})).toEqual([]));
});

test('a batch that fails at each of its tries rings before it is given up', () => {
  // At once, and after 30 s, 1, 2, 4 and 8 minutes more.
  expect(rings('acme-one-failures', { 'requests/failed': { 1: 2, 2: 1, 4: 1, 8: 1, 16: 1 } })).toEqual([10, 15]);
});

describe('acme-events-unread', () => {
  const incoming = { [`IncomingMessages{${HUB}}`]: steady(0, 60, 10) };

  test('nobody reads', () =>
    expect(rings('acme-events-unread', { ...incoming, [`OutgoingMessages{${HUB}}`]: steady(0, 60, 0) })).toContain(15));
  test('somebody reads', () =>
    expect(rings('acme-events-unread', { ...incoming, [`OutgoingMessages{${HUB}}`]: steady(0, 60, 1) })).toEqual([]));
  test('nothing comes in', () => expect(rings('acme-events-unread', {})).toEqual([]));
  test('another hub of the namespace is read', () =>
    expect(
      rings('acme-events-unread', {
        ...incoming,
        [`OutgoingMessages{${HUB}}`]: steady(0, 60, 0),
        'OutgoingMessages{other}': steady(0, 60, 10),
      }),
    ).toContain(15));
  test('of two readers one is dead: it cannot tell, since Azure counts the readers of all groups together', () =>
    expect(rings('acme-events-unread', { ...incoming, [`OutgoingMessages{${HUB}}`]: steady(0, 60, 10) })).toEqual([]));
  test('what is read is not reported at all: it cannot tell, since a rule on metrics is silent without data', () =>
    expect(rings('acme-events-unread', incoming)).toEqual([]));
});

describe('idle', () => {
  const incoming = (from: number, to: number) =>
    Array.from({ length: to - from }, (_, index) => ({
      minute: from + index,
      ResourceId: NAMESPACE.toUpperCase(),
      MetricName: 'IncomingMessages',
      Total: 10,
    }));
  const calls = (name: string, minutes: readonly number[]) => {
    const query: string = named.get(`acme-${name}-1a2b3c4d-idle`).criteria[0].query;
    const [, id] = /_ResourceId =~ "([^"]+)"/.exec(query)!;
    return minutes.map((minute) => ({ minute, _ResourceId: id, ItemCount: 1 }));
  };
  const each = (from: number, to: number) => Array.from({ length: to - from }, (_, index) => from + index);
  const idle = (name: string, AzureMetrics: readonly any[], AppRequests: readonly any[]) =>
    ringsOnLogs(named.get(`acme-${name}-1a2b3c4d-idle`), { AzureMetrics, AppRequests }, 120);

  test('of two readers one is dead, from the start: it rings for that one alone', () => {
    expect(idle('one', incoming(0, 120), calls('two', each(0, 120)))).toEqual([15, 30, 45, 60, 75, 90, 105, 120]);
    expect(idle('two', incoming(0, 120), calls('two', each(0, 120)))).toEqual([]);
  });
  test('one dies later: it rings once half an hour is without a call', () =>
    expect(idle('one', incoming(0, 120), calls('one', each(0, 50)))).toEqual([90, 105, 120]));
  test('nothing comes in: silence on both sides is peace', () => expect(idle('one', [], [])).toEqual([]));
  test('what came in a moment ago is not missed yet: a batch waits to be filled, and reports are late', () =>
    expect(idle('one', incoming(50, 60), calls('one', [64]))).toEqual([]));
  test('a store that is down for a while leaves no half hour without a try', () =>
    expect(idle('one', incoming(0, 120), calls('one', [0, 1, 2, 4, 8, 16, 31, 46, 61, 76, 91, 106]))).toEqual([]));
});

describe('acme-data-dead-letters', () => {
  const letter = (minute: number, more: object = {}) => ({
    minute,
    AccountName: ACCOUNT,
    ObjectKey: `/${ACCOUNT}/\${azurerm_storage_container.data_dead_letter.name}/year=2026/x.json`,
    OperationName: 'PutBlob',
    StatusText: 'Success',
    ...more,
  });
  const ringsOn = (...rows: any[]) => ringsOnLogs(named.get('acme-data-dead-letters'), { StorageBlobLogs: rows }, 60);

  test('the first letter rings, at two looks, since logs may come late', () => expect(ringsOn(letter(20))).toEqual([30, 45]));
  test('an event that is stored is none', () =>
    expect(ringsOn(letter(20, { ObjectKey: `/${ACCOUNT}/\${azurerm_storage_container.data_events.name}/x.ndjson` }))).toEqual([]));
  test('a letter that is refused is none: the call fails, and that rings', () =>
    expect(ringsOn(letter(20, { StatusText: 'AuthorizationFailure' }))).toEqual([]));
  test('silence is peace', () => expect(ringsOn()).toEqual([]));
});
