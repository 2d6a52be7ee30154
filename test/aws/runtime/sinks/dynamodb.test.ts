import fc from 'fast-check';
import { dynamodbSink } from '../../../../aws/runtime/sinks/dynamodb';
import { dynamodbItem, type Item } from '../../../../aws/runtime/sinks/dynamodb-item';
import type { Row } from '../../../../shared/runtime/event';
import { parse, stringify } from '../../../../shared/runtime/json';
import { CLIENT_ENVIRONMENT, dynamodb } from '../../../support/aws-stand-ins';
import { loopback } from '../../../support/loopback';
import { ARRIVAL, eventOf } from '../../../support/settling';
import { lotOf, type SinkUnderTest, writesEachLotOnce } from '../../../support/sink-proofs';

let store: Awaited<ReturnType<typeof dynamodb>>;
let made: SinkUnderTest<Item>;
const sinkWith = (environment: Readonly<Record<string, string>>) => {
  Object.assign(process.env, environment);
  return dynamodbSink({ name: 'STORE' });
};

beforeAll(async () => {
  store = await dynamodb();
  const settings = Object.entries(store.settings).map(([ending, value]) => [`STORE_${ending}`, value]);
  Object.assign(process.env, CLIENT_ENVIRONMENT, Object.fromEntries(settings));
  made = {
    sink: sinkWith(store.environment),
    contents: async () => [...store.items],
    count: async () => store.items.size,
    set: store.set,
    clear: async () => store.items.clear(),
  };
});
beforeEach(() => {
  store.items.clear();
  store.set('none');
  store.refuse(() => undefined);
});

writesEachLotOnce(() => made);

/** Stores rows of one event, and returns the items. */
async function stored(event: ReturnType<typeof eventOf>, ...rows: Row[]): Promise<unknown[]> {
  expect(await made.sink.write(lotOf(made.sink, [{ event, rows }]))).toEqual([]);
  return [...store.items.values()];
}
const attributes = (row: Row, event = eventOf('1')) => made.sink.encode(row, event, 0);

describe('an item', () => {
  test('has the key of its event, its index, the time of its event, and the fields of its row', async () => {
    const expiresAt = { N: String(ARRIVAL.getTime() / 1000 + 3600) };
    const own = { eventKey: { S: '/test|7' }, eventTime: { S: '2026-01-31T08:29:59.000000000Z' }, expiresAt };
    expect(await stored(eventOf('7'), { subject: 'press 7', n: 180.5, is: true, no: null }, { list: ['a', {}] })).toEqual([
      { ...own, rowIndex: { N: '0' }, subject: { S: 'press 7' }, n: { N: '180.5' }, is: { BOOL: true }, no: { NULL: true } },
      { ...own, rowIndex: { N: '1' }, list: { L: [{ S: 'a' }, { M: {} }] } },
    ]);
  });

  test('is not replaced by another of the same key, and another source has another key', async () => {
    await stored(eventOf('1'), { data: 'first' });
    expect(await stored(eventOf('1'), { data: 'second' })).toMatchObject([{ data: { S: 'first' } }]);
    expect(await stored(eventOf('1', { source: '/other#x' }), { data: 'third' })).toHaveLength(2);
  });

  test('does not expire without a retention', async () => {
    const sink = sinkWith({ STORE_RETENTION_SECONDS: '0' });
    await sink.write(lotOf(sink, [{ event: eventOf('1') }]));
    expect([...store.items.values()].map((item) => 'expiresAt' in item)).toEqual([false]);
    sinkWith({ STORE_RETENTION_SECONDS: store.settings.RETENTION_SECONDS });
  });

  test.each([
    ['2026-01-31T08:29:59.5Z', '2026-01-31T08:29:59.500000000Z'],
    ['2026-01-31T23:30:00.123456789-23:59', '2026-02-01T23:29:00.123456789Z'],
    ['0001-01-01T00:00:00Z', '0001-01-01T00:00:00.000000000Z'],
  ])('of an event at %s sorts as %s', (time, expected) => {
    expect(attributes({}, eventOf('1', { time })).eventTime).toEqual({ S: expected });
  });

  test('keeps every digit', () => {
    const row = parse('{"whole":12345678901234567890123456789012345678,"price":0.1000000000000000055,"big":1e125,"zero":0.000}') as Row;
    expect(attributes(row)).toMatchObject({
      whole: { N: '12345678901234567890123456789012345678' },
      price: { N: '0.1000000000000000055' },
      big: { N: expect.stringMatching(/^1(e\+125|0{125})$/) },
      zero: { N: '0' },
    });
  });

  const deep = (levels: number): unknown => (levels === 0 ? 'x' : { a: deep(levels - 1) });
  test.each<[string, Row, string]>([
    ['a number of 39 digits', { n: BigInt('1'.repeat(39)) }, 'DynamoDB cannot store the number 111'],
    ['a large number', { n: 1e126 }, 'DynamoDB cannot store the number 1'],
    ['a small number', { n: 1e-131 }, 'DynamoDB cannot store the number 1e-131 with all its digits: make it a text'],
    ['more than 400 KB', { text: 'x'.repeat(409_600) }, 'bytes, and DynamoDB stores at most 400 KB'],
    ['33 levels', { a: deep(32) }, 'DynamoDB stores at most 32 levels'],
    ['a name without a character', { a: { '': 1 } }, 'DynamoDB stores names of 1 to 65535 bytes only'],
    ['a name that JavaScript keeps for itself', parse('{"a":{"__proto__":1}}') as Row, 'cannot send the name __proto__'],
    ['half of a surrogate pair', { text: '\ud83d' }, 'DynamoDB cannot store half of a surrogate pair'],
    ['an attribute of the store', { eventKey: 'x' }, 'the row must not have eventKey, which the store sets'],
    ['a number to look up by', { subject: 7 }, 'subject must be a text of 1 to 2048 bytes, or left out, because rows are looked up by it'],
    ['no text to look up by', { subject: '' }, 'subject must be a text of 1 to 2048 bytes, or left out'],
    ['a long text to look up by', { subject: 'ü'.repeat(1025) }, 'subject must be a text of 1 to 2048 bytes, or left out'],
  ])('is refused with %s, before anything is written', (_, row, reason) => expect(() => attributes(row)).toThrow(reason));

  test('may have a field of any kind where rows are looked up by their key', () => {
    expect(dynamodbItem({ subject: 7 }, eventOf('1'), 0, 'eventKey').subject).toEqual({ N: '7' });
  });

  test('has exactly what JSON says of the row', () => {
    const value = fc.letrec((tie) => ({
      any: fc.oneof({ maxDepth: 4 }, fc.string(), fc.integer(), fc.boolean(), fc.constant(null), fc.array(tie('any')), tie('map')),
      map: fc.dictionary(
        fc.string({ minLength: 1 }).filter((name) => name !== '__proto__'),
        tie('any'),
      ),
    }));
    fc.assert(
      fc.property(value.map, (data) => {
        const { data: item } = dynamodbItem({ data }, eventOf('1'), 0, 'eventKey');
        expect(parse(stringify(plainOf(item!)))).toEqual(parse(stringify(data)));
      }),
    );
  });
});

/** A value of DynamoDB as JSON has it. */
function plainOf(value: { S?: string; N?: string; BOOL?: boolean; L?: object[]; M?: object }): unknown {
  if (value.L) return value.L.map(plainOf);
  if (value.M) return Object.fromEntries(Object.entries(value.M).map(([name, one]) => [name, plainOf(one)]));
  return value.S ?? (value.N === undefined ? (value.BOOL ?? null) : Number(value.N));
}

describe('a lot', () => {
  test('that fails in the middle is complete after a retry', async () => {
    const lot = lotOf(
      made.sink,
      Array.from({ length: 40 }, (_, id) => ({ event: eventOf(`${id}`) })),
    );
    let calls = 0;
    store.refuse(() => (++calls > 15 ? ['ResourceNotFoundException', 'it is not there yet'] : undefined));
    await expect(made.sink.write(lot)).rejects.toThrow('it is not there yet');
    expect(store.items.size).toBe(15);
    store.refuse(() => undefined);
    expect(await made.sink.write(lot)).toEqual([]);
    expect(store.items.size).toBe(40);
  });

  test('with a row that DynamoDB never takes stores all others, and names each such record once', async () => {
    store.refuse(({ note }) =>
      note?.S === 'odd' ? ['ValidationException', 'Item size has exceeded the maximum allowed size'] : undefined,
    );
    const lot = lotOf(made.sink, [
      { event: eventOf('1') },
      { event: eventOf('2'), rows: [{ note: 'odd' }, { note: 'odd' }] },
      { event: eventOf('3') },
    ]);
    expect(await made.sink.write(lot)).toEqual([
      { record: lot.made[1]!.record, reason: 'ValidationException: Item size has exceeded the maximum allowed size' },
    ]);
    expect(await store.ids()).toEqual(['1', '3']);
  });
});

test.each([
  ['ThrottlingException', 400, 'Throughput exceeds the current capacity of your table or index'],
  ['ResourceNotFoundException', 400, 'Requested resource not found'],
  ['AccessDeniedException', 400, 'User is not authorized to perform: kms:Decrypt'],
  ['ValidationException', 400, 'One or more parameter values were invalid: Missing the key pk in the item'],
  ['ValidationException', 400, 'One or more parameter values were invalid: Type mismatch for key rowIndex expected: S actual: N'],
  ['InternalServerError', 500, 'Internal server error'],
])('the lot comes again when DynamoDB answers %s with %d', async (code, status, message) => {
  const down = await loopback(() => ({ status, body: JSON.stringify({ __type: `x#${code}`, message }) }));
  const sink = sinkWith({ AWS_ENDPOINT_URL_DYNAMODB: down });
  await expect(sink.write(lotOf(sink, [{ event: eventOf('1') }]))).rejects.toThrow(message);
  sinkWith(store.environment);
});
