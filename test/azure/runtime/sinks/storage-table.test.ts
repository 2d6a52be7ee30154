import fc from 'fast-check';
import { type Entity, tableEntity } from '../../../../azure/runtime/sinks/table-entity';
import type { Row } from '../../../../shared/runtime/event';
import { parse } from '../../../../shared/runtime/json';
import { eventOf } from '../../../support/settling';
import { lotOf, type SinkUnderTest, writesEachLotOnce } from '../../../support/sink-proofs';
import { azureServices } from '../services';
import { sinkInProcess } from '../sink-process';
import { tables } from '../tables';

jest.setTimeout(30_000);

let store: Awaited<ReturnType<typeof tables>>;
let made: SinkUnderTest<Entity>;

beforeAll(async () => {
  store = await tables();
  const { environment } = await azureServices();
  const settings = Object.entries(store.settings).map(([ending, value]) => [`STORE_${ending}`, value]);
  const open = `require('./azure/runtime/sinks/storage-table.ts').storageTableSink('STORE')`;
  made = {
    sink: sinkInProcess(open, (row, event, index) => tableEntity(row, event, index, 'source'), {
      ...environment,
      ...Object.fromEntries(settings),
    }),
    contents: async () => [...store.entities],
    count: async () => store.entities.size,
    set: store.set,
    clear: async () => store.entities.clear(),
  };
});
beforeEach(() => {
  store.entities.clear();
  store.set('none');
});

writesEachLotOnce(() => made);

const write = (...events: Parameters<typeof lotOf<Entity>>[1]) => made.sink.write(lotOf(made.sink, events));

test('a row is an entity with the keys of its event and its fields', async () => {
  const big = parse('9007199254740993');
  const rows = [{ id: '7', n: 180.5, whole: 7, big, no: null, yes: true }, { list: ['a', {}] }];
  expect(await write({ event: eventOf('7'), rows })).toEqual([]);
  expect([...store.entities.values()]).toEqual([
    {
      PartitionKey: '~2Ftest',
      RowKey: '~2Ftest~~7~~0',
      id: '7',
      n: 180.5,
      'n@odata.type': 'Edm.Double',
      whole: 7,
      'whole@odata.type': 'Edm.Double',
      big: '9007199254740993',
      'big@odata.type': 'Edm.Int64',
      yes: true,
    },
    { PartitionKey: '~2Ftest', RowKey: '~2Ftest~~7~~1', list: '["a",{}]' },
  ]);
});

test('the first row of a key stays, and another source has another key', async () => {
  for (const data of ['first', 'second']) await write({ event: eventOf('1'), rows: [{ data }] });
  await write({ event: eventOf('1', { source: '/other' }), rows: [{ data: 'third' }] });
  expect([...store.entities.values()].map(({ data }) => data)).toEqual(['first', 'third']);
});

test('a row costs one request, and needs no right to read or to replace', async () => {
  const before = store.requests.length;
  await write({ event: eventOf('1') }, { event: eventOf('2') });
  expect(store.requests.slice(before)).toEqual(Array(2).fill('POST /acmerows'));
});

test('a throttled request is tried again by the client', async () => {
  store.set(503, 2);
  expect(await write({ event: eventOf('1') })).toEqual([]);
  expect(store.entities.size).toBe(1);
});

test.each([400, 413])('a row that is answered with %d is refused, and its neighbours are written', async (status) => {
  store.set(status, 1);
  const refusals = await write({ event: eventOf('1') }, { event: eventOf('2') });
  expect(refusals.map(({ record, reason }) => [record.position, reason])).toEqual([[{ place: 0 }, expect.stringContaining('as told')]]);
  expect(store.entities.size).toBe(1);
});

test.each([401, 403, 404])('an answer with %d fails the lot', async (status) => {
  store.set(status);
  await expect(write({ event: eventOf('1') })).rejects.toThrow();
});

test('a table that is being deleted has the status of a row that exists, and fails the lot', async () => {
  store.set('being deleted');
  await expect(write({ event: eventOf('1') })).rejects.toThrow('being deleted');
});

test('rows are looked up by another field, also by a value with characters that no key takes', () =>
  expect(tableEntity({ subject: 'press/7 ?' }, eventOf('1'), 0, 'subject')).toEqual({
    partitionKey: 'press~2F7~20~3F',
    rowKey: '~2Ftest~~1~~0',
    subject: 'press/7 ?',
  }));

test('a number is stored as the double that it is, with all its digits', () =>
  fc.assert(
    fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (n) => {
      // JSON has no negative zero.
      const { n: stored } = tableEntity({ n }, eventOf('1'), 0, 'source');
      if (typeof stored === 'object') expect(Number(stored.value)).toBe(n === 0 ? 0 : n);
      else throw new Error('no number');
    }),
  ));

test('the largest and the smallest Int64 keep all their digits', () => {
  const row = parse('{"most":9223372036854775807,"least":-9223372036854775808}') as Row;
  expect(tableEntity(row, eventOf('1'), 0, 'source')).toMatchObject({
    most: { type: 'Int64', value: '9223372036854775807' },
    least: { type: 'Int64', value: '-9223372036854775808' },
  });
});

test('numbers in objects and lists keep all their digits', () =>
  expect(tableEntity(parse('{"n":{"a":[0.1000000000000000055,9223372036854775808]}}') as Row, eventOf('1'), 0, 'source').n).toBe(
    '{"a":[0.1000000000000000055,9223372036854775808]}',
  ));

describe('refuses, before the first row is written,', () => {
  const entity = (row: Row, event = eventOf('1'), lookUpBy = 'source') => tableEntity(row, event, 0, lookUpBy);
  const many = (count: number, value: unknown) => Object.fromEntries(Array.from({ length: count }, (_, index) => [`f${index}`, value]));

  test.each<[string, () => unknown, string | RegExp]>([
    ['a key of its own', () => entity({ RowKey: 'press 7' }), 'the row must not have RowKey, which the store sets. Take another name'],
    [
      'a name that the client writes as that of the store',
      () => entity({ timestamp: 'x' }),
      'the row must not have timestamp, which the store sets. Take another name',
    ],
    [
      'a name that Table Storage does not take',
      () => entity({ 'press-7': 1 }),
      'Table Storage takes no field with the name press-7: use letters, digits and underscores',
    ],
    [
      'a whole number that loses digits',
      () => entity(parse('{"n":9223372036854775808}') as Row),
      'Table Storage cannot store the number 9223372036854775808 with all its digits: make it a text',
    ],
    ['a price that loses digits', () => entity(parse('{"n":0.1000000000000000055}') as Row), /0.1000000000000000055 with all its digits/],
    ['half a surrogate pair', () => entity({ text: '\ud800' }), 'Table Storage cannot store half of a surrogate pair'],
    [
      'a long text',
      () => entity({ text: 'x'.repeat(32_769) }),
      'text has 32769 characters, and Table Storage stores at most 32768 in a field',
    ],
    [
      'a large object',
      () => entity({ deep: many(9000, 'x') }),
      /^deep has \d+ characters, and Table Storage stores at most 32768 in a field$/,
    ],
    ['more than 252 fields', () => entity(many(253, 1)), 'the row has 253 fields, and Table Storage stores at most 252'],
    ['more than 1 MiB', () => entity(many(17, 'x'.repeat(32_000))), /^the row has \d+ bytes, and Table Storage stores at most 1 MiB$/],
    [
      'a key that is too long',
      () => entity({}, eventOf('x'.repeat(1020))),
      'the source and the id of the event take 1032 characters, and Table Storage takes at most 1024',
    ],
    [
      'a row without the field',
      () => entity({}, eventOf('1'), 'subject'),
      'subject must be a text of 1 to 1024 characters, because rows are looked up by it',
    ],
    ['a number to look up by', () => entity({ subject: 7 }, eventOf('1'), 'subject'), /^subject must be a text/],
    ['a long text to look up by', () => entity({ source: 'x'.repeat(1025) }), /^source must be a text/],
  ])('%s', (_, make, message) => expect(make).toThrow(message));

  test('and takes what is just within', () => {
    expect(entity(many(252, 1))).toHaveProperty('f251');
    expect(entity({ text: 'x'.repeat(32_768) })).toHaveProperty('text');
    expect(entity(many(15, 'x'.repeat(32_000)))).toHaveProperty('f14');
  });
});

test('no two rows of any two events have one key, and every key is one that Table Storage takes', () => {
  const text = fc.string({
    unit: fc.constantFrom('a', '~', '/', '\\', '#', '?', '%', '2', 'F', '|', '\u00e9', ' ', '\u0001'),
    minLength: 1,
    maxLength: 6,
  });
  const one = fc.record({ source: text, id: text, index: fc.nat(12) });
  fc.assert(
    fc.property(one, one, (a, b) => {
      const [first, second] = [a, b].map(({ source, id, index }) => tableEntity({}, eventOf(id, { source }), index, 'source'));
      for (const key of [first!.partitionKey, first!.rowKey]) expect(key).toMatch(/^[\w.~-]+$/);
      expect(first!.rowKey === second!.rowKey).toBe(JSON.stringify(a) === JSON.stringify(b));
    }),
  );
});
