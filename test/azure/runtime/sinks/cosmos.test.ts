import fc from 'fast-check';
import { cosmosItem, type Item } from '../../../../azure/runtime/sinks/cosmos-item';
import type { Row } from '../../../../shared/runtime/event';
import { parse } from '../../../../shared/runtime/json';
import { eventOf } from '../../../support/settling';
import { lotOf, type SinkUnderTest, writesEachLotOnce } from '../../../support/sink-proofs';
import { cosmos } from '../cosmos';
import { azureServices } from '../services';
import { sinkInProcess } from '../sink-process';

jest.setTimeout(30_000);

let store: Awaited<ReturnType<typeof cosmos>>;
let made: SinkUnderTest<Item>;

beforeAll(async () => {
  store = await cosmos();
  const { environment } = await azureServices();
  const settings = Object.entries(store.settings).map(([ending, value]) => [`STORE_${ending}`, value]);
  const open = `require('./azure/runtime/sinks/cosmos.ts').cosmosSink('STORE')`;
  made = {
    sink: sinkInProcess(open, (row, event, index) => cosmosItem(row, event, index, 'source'), {
      ...environment,
      ...Object.fromEntries(settings),
    }),
    contents: async () => [...store.items],
    count: async () => store.items.size,
    set: store.set,
    clear: async () => store.items.clear(),
  };
});
beforeEach(() => {
  store.items.clear();
  store.set('none');
});

writesEachLotOnce(() => made);

const write = (...events: Parameters<typeof lotOf<Item>>[1]) => made.sink.write(lotOf(made.sink, events));

test('a row is an item with the key of its event, its id and its fields', async () => {
  expect(await write({ event: eventOf('7'), rows: [{ id: '7', n: 180.5, no: null }, { list: ['a', {}] }] })).toEqual([]);
  expect([...store.items.values()]).toEqual([
    { source: '/test', n: 180.5, no: null, id: '~2Ftest~~7~~0', eventId: '7' },
    { source: '/test', list: ['a', {}], id: '~2Ftest~~7~~1', eventId: '7' },
  ]);
});

test('the first row of a key stays, and another source has another key', async () => {
  for (const data of ['first', 'second']) await write({ event: eventOf('1'), rows: [{ data }] });
  await write({ event: eventOf('1', { source: '/other' }), rows: [{ data: 'third' }] });
  expect([...store.items.values()].map(({ data }) => data)).toEqual(['first', 'third']);
});

test('a row costs one request, and needs no right to read or to replace', async () => {
  const before = store.requests.length;
  await write({ event: eventOf('1') }, { event: eventOf('2') });
  expect(store.requests.slice(before).map(({ line }) => line)).toEqual(Array(2).fill('POST /dbs/rows/colls/rows/docs'));
});

test('a throttled request is tried again by the client', async () => {
  store.set(429, 2);
  expect(await write({ event: eventOf('1') })).toEqual([]);
  expect(store.items.size).toBe(1);
});

test.each([400, 413])('an item that is answered with %d is refused, and its neighbours are written', async (status) => {
  store.set(status, 1);
  const refusals = await write({ event: eventOf('1') }, { event: eventOf('2') });
  expect(refusals.map(({ record, reason }) => [record.position, reason])).toEqual([[{ place: 0 }, expect.stringContaining('as told')]]);
  expect(store.items.size).toBe(1);
});

test.each([401, 403, 404, 408, 500])('an answer with %d fails the lot', async (status) => {
  store.set(status);
  await expect(write({ event: eventOf('1') })).rejects.toThrow('as told');
});

describe('refuses, before the first row is written,', () => {
  const item = (row: Row, event = eventOf('1'), lookUpBy = 'source') => cosmosItem(row, event, 0, lookUpBy);
  const deep = (levels: number): unknown => (levels === 0 ? 1 : [deep(levels - 1)]);

  test.each<[string, () => unknown, string | RegExp]>([
    ['an id of its own', () => item({ id: 'press 7' }), 'the row must not have an id of its own: the store sets it. Take another name'],
    ['the time to live', () => item({ ttl: 5 }), 'the row must not have ttl, which the store sets'],
    ['what Cosmos DB sets', () => item({ _ts: 5 }), 'the row must not have _ts, which the store sets'],
    [
      'a whole number that loses digits',
      () => item(parse('{"n":9007199254740993}') as Row),
      /^Cosmos DB cannot store the number 9007199254740993 /,
    ],
    [
      'a price that loses digits',
      () => item(parse('{"n":[0.1000000000000000055]}') as Row),
      /0.1000000000000000055 with all its digits: make it a text/,
    ],
    ['half a surrogate pair', () => item({ text: '\ud800' }), 'Cosmos DB cannot store half of a surrogate pair'],
    ['more levels than it stores', () => item({ deep: deep(129) }), 'Cosmos DB stores at most 128 levels'],
    ['more than 2 MB', () => item({ text: 'x'.repeat(2 * 1024 * 1024) }), /^the row has \d+ bytes, and Cosmos DB stores at most 2 MB$/],
    ['a key that is too long', () => item({}, eventOf('x'.repeat(1024))), /^the source and the id of the event take 1036 bytes/],
    [
      'a row without the field',
      () => item({}, eventOf('1'), 'subject'),
      'subject must be a text of 1 to 1000 bytes, because rows are looked up by it',
    ],
    ['a number to look up by', () => item({ subject: 7 }, eventOf('1'), 'subject'), /^subject must be a text/],
    ['a long text to look up by', () => item({ source: 'x'.repeat(1001) }), /^source must be a text/],
  ])('%s', (_, make, message) => expect(make).toThrow(message));

  test('and takes 128 levels', () => expect(item({ deep: deep(127) })).toHaveProperty('deep'));
});

test('no two rows of any two events have one key, and every key is one that Cosmos DB takes', () => {
  const text = fc.string({
    unit: fc.constantFrom('a', '~', '/', '\\', '#', '?', '%', '2', 'F', '|', '\u00e9', ' '),
    minLength: 1,
    maxLength: 6,
  });
  const one = fc.record({ source: text, id: text, index: fc.nat(12) });
  fc.assert(
    fc.property(one, one, (a, b) => {
      const [first, second] = [a, b].map(({ source, id, index }) => cosmosItem({}, eventOf(id, { source }), index, 'source').id);
      expect(first).toMatch(/^[\w.~-]+$/);
      expect(first === second).toBe(JSON.stringify(a) === JSON.stringify(b));
    }),
  );
});
