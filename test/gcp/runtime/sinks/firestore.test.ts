import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { firestoreSink } from '../../../../gcp/runtime/sinks/firestore';
import { type Document, documentOf, type Mode } from '../../../../gcp/runtime/sinks/firestore/document';
import type { Event, Row } from '../../../../shared/runtime/event';
import { parse } from '../../../../shared/runtime/json';
import type { Sink } from '../../../../shared/runtime/sink';
import { ARRIVAL, eventOf } from '../../../support/settling';
import { lotOf, writesEachLotOnce } from '../../../support/sink-proofs';
import { FirestoreStandIn } from '../../store/firestore/stand-in';

const standIn = new FirestoreStandIn();
const ID = (source: string, id: string, index = 0) => `${createHash('sha256').update(`${source}|${id}`).digest('hex')}-${index}`;

function open(more: Readonly<Record<string, string>> = {}, timeout?: number): Sink<Document> {
  const settings = { PROJECT: 'acme-data', DATABASE: 'acme-events', MODE: 'native', COLLECTION: 'events', LOOK_UP_BY: 'source', ...more };
  for (const [ending, value] of Object.entries({ RETENTION_SECONDS: '0', ...settings })) process.env[`STORE_${ending}`] = value;
  return firestoreSink('STORE', timeout);
}

beforeAll(async () => {
  await standIn.start();
  Object.assign(process.env, { FIRESTORE_EMULATOR_HOST: standIn.address, DATASTORE_EMULATOR_HOST: standIn.address });
});
beforeEach(() => {
  standIn.documents.clear();
  standIn.requests.length = 0;
  standIn.fate = () => 'stores';
});
afterAll(() => standIn.stop());

describe.each<Mode>(['native', 'datastore'])('in %s mode', (mode) => {
  let sink: Sink<Document>;
  beforeAll(() => {
    sink = open({ MODE: mode });
  });

  writesEachLotOnce(() => ({
    sink,
    contents: async () => structuredClone([...standIn.documents]),
    count: async () => standIn.documents.size,
    set: (fault) => {
      standIn.fate = () => (fault === 'before' ? { code: 503, status: 'UNAVAILABLE' } : fault === 'after' ? 'stores and breaks' : 'stores');
    },
    clear: async () => standIn.documents.clear(),
  }));

  const write = (...events: Parameters<typeof lotOf<Document>>[1]) => sink.write(lotOf(sink, events));

  test('the first row of a key stays, and another source has another key', async () => {
    for (const data of ['first', 'second']) await write({ event: eventOf('1'), rows: [{ data }] });
    await write({ event: eventOf('1', { source: '/other' }), rows: [{ data: 'third' }] });
    expect([...standIn.documents].map(([name, { data }]) => [name, data.stringValue])).toEqual([
      [`acme-events/events/${ID('/test', '1')}`, 'first'],
      [`acme-events/events/${ID('/other', '1')}`, 'third'],
    ]);
  });

  test('a row that Firestore refuses is refused, and its neighbours are written', async () => {
    standIn.fate = (name) => (name.includes(ID('/test', 'bad')) ? { code: 400, status: 'INVALID_ARGUMENT' } : 'stores');
    const refusals = await write(...['1', 'bad', '2'].map((id) => ({ event: eventOf(id) })));
    expect(refusals.map(({ record, reason }) => [record.position, reason])).toEqual([[{ place: 1 }, expect.stringContaining('as told')]]);
    expect(standIn.documents.size).toBe(2);
  });

  test.each([
    [400, 'FAILED_PRECONDITION'],
    [401, 'UNAUTHENTICATED'],
    [403, 'PERMISSION_DENIED'],
    [404, 'NOT_FOUND'],
    [409, 'ABORTED'],
    [429, 'RESOURCE_EXHAUSTED'],
    [500, 'INTERNAL'],
    [503, 'UNAVAILABLE'],
    [504, 'DEADLINE_EXCEEDED'],
  ])('an answer with %i %s fails the lot, because it may pass', async (code, status) => {
    standIn.fate = () => ({ code, status });
    await expect(write({ event: eventOf('1') })).rejects.toThrow(status);
  });

  test('a write that is never answered fails', async () => {
    standIn.fate = () => 'hangs';
    const hasty = open({ MODE: mode }, 100);
    await expect(hasty.write(lotOf(hasty, [{ event: eventOf('1') }]))).rejects.toThrow();
  });

  test('a row costs one request, which neither reads nor replaces', async () => {
    await write({ event: eventOf('1') }, { event: eventOf('2') });
    const line =
      mode === 'native'
        ? /^POST \/v1\/.+\/documents\/events\?documentId=[0-9a-f]{64}-0&mask.fieldPaths=rowIndex$/
        : /^POST \/v1\/projects\/acme-data:commit$/;
    expect(standIn.requests).toEqual([expect.stringMatching(line), expect.stringMatching(line)]);
  });
});

const ROW = parse('{"text":"ü","n":180.5,"whole":7,"big":9223372036854775807,"no":null,"yes":true,"list":["a",{"b":[]}]}') as Row;

test('a row becomes a document with its fields, and with the id, the source and the time of its event', async () => {
  const sink = open();
  const event = eventOf('7', { time: '2026-01-31T09:29:59.1234567+01:00' });
  await sink.write(lotOf(sink, [{ event, rows: [ROW] }]));
  expect(Object.fromEntries(standIn.documents)).toEqual({
    [`acme-events/events/${ID('/test', '7')}`]: {
      source: { stringValue: '/test' },
      text: { stringValue: 'ü' },
      n: { doubleValue: 180.5 },
      whole: { integerValue: '7' },
      big: { integerValue: '9223372036854775807' },
      no: { nullValue: null },
      yes: { booleanValue: true },
      list: { arrayValue: { values: [{ stringValue: 'a' }, { mapValue: { fields: { b: { arrayValue: { values: [] } } } } }] } },
      eventId: { stringValue: '7' },
      eventSource: { stringValue: '/test' },
      eventTime: { timestampValue: '2026-01-31T08:29:59.123456Z' },
      rowIndex: { integerValue: '0' },
    },
  });
});

test('of an entity, nothing but the field to look up by is indexed, however deep a value lies', async () => {
  const sink = open({ MODE: 'datastore', LOOK_UP_BY: 'text' });
  await sink.write(lotOf(sink, [{ event: eventOf('7'), rows: [{ text: 'a', deep: { list: [{ n: 1 }] } }] }]));
  const [entity] = standIn.documents.values();
  const excludeFromIndexes = true;
  expect(entity).toMatchObject({
    text: { stringValue: 'a' },
    deep: {
      entityValue: {
        properties: {
          list: {
            arrayValue: { values: [{ entityValue: { properties: { n: { integerValue: '1', excludeFromIndexes } } }, excludeFromIndexes }] },
          },
        },
      },
      excludeFromIndexes,
    },
    eventTime: { timestampValue: '2026-01-31T08:29:59.000000Z', excludeFromIndexes },
  });
  expect(entity!.text).not.toHaveProperty('excludeFromIndexes');
  expect(entity).not.toHaveProperty('source');
});

test('the default database has no name in the API of Datastore', async () => {
  const sink = open({ MODE: 'datastore', DATABASE: '(default)' });
  await sink.write(lotOf(sink, [{ event: eventOf('7') }]));
  expect([...standIn.documents.keys()]).toEqual([`/events/${ID('/test', '7')}`]);
});

test.each<Mode>(['native', 'datastore'])('a row expires some time after its event arrived, in %s mode', async (mode) => {
  const sink = open({ MODE: mode, RETENTION_SECONDS: '86400' });
  await sink.write(lotOf(sink, [{ event: eventOf('7') }]));
  const [document] = standIn.documents.values();
  expect(document!.expiresAt.timestampValue).toBe(new Date(ARRIVAL.getTime() + 86_400_000).toISOString());
});

test('a mode that does not exist is refused, and an emulator that is not on this machine', () => {
  expect(() => open({ MODE: 'mongo' })).toThrow('The mode of a Firestore database must be native or datastore, got "mongo".');
  for (const [mode, name] of [
    ['native', 'FIRESTORE_EMULATOR_HOST'],
    ['datastore', 'DATASTORE_EMULATOR_HOST'],
  ] as const) {
    process.env[name] = 'firestore.example:443';
    expect(() => open({ MODE: mode })).toThrow(`${name} must be on this machine, got "firestore.example:443".`);
    process.env[name] = standIn.address;
  }
});

describe('refuses, before the first row is written,', () => {
  const document = (row: Row, event: Event = eventOf('1'), lookUpBy = 'source') => documentOf(row, event, 0, lookUpBy, 'native');
  const deep = (levels: number): unknown => (levels === 0 ? 1 : { a: deep(levels - 1) });
  const names = 'Firestore stores names of 1 to 1500 bytes, and none that starts and ends with two underscores';

  test.each<[string, () => unknown, string | RegExp]>([
    ['a field that the store sets', () => document({ expiresAt: 1 }), 'the row must not have expiresAt, which the store sets'],
    [
      'a list in a list',
      () => document({ place: [[1, 2]] }),
      'Firestore cannot store a list in a list: make the inner one an object or a text',
    ],
    [
      'a whole number beyond 64 bits',
      () => document(parse('{"n":9223372036854775808123}') as Row),
      'Firestore cannot store the number 9223372036854775808123 with all its digits: make it a text',
    ],
    [
      'a price that loses digits',
      () => document(parse('{"n":[0.1000000000000000055]}') as Row),
      /0.1000000000000000055 with all its digits/,
    ],
    ['half a surrogate pair', () => document({ text: '\ud800' }), 'Firestore cannot store half of a surrogate pair'],
    ['more levels than it stores', () => document({ deep: deep(21) }), 'Firestore stores at most 20 levels'],
    ['more levels than it stores, with lists', () => document({ a: [{ a: [deep(18)] }] }), 'Firestore stores at most 20 levels'],
    [
      'more than 1 MiB',
      () => document({ text: 'x'.repeat(1024 * 1024) }),
      /^the row has about \d+ bytes, and Firestore stores at most 1 MiB$/,
    ],
    [
      'more than 1 MiB of characters of several bytes',
      () => document({ text: 'ü'.repeat(1024 * 512) }),
      /^the row has about \d+ bytes, and Firestore stores at most 1 MiB$/,
    ],
    ['a name that is empty', () => document({ a: { '': 1 } }), names],
    ['a name that is reserved', () => document({ __a__: 1 }), names],
    ['a name that is too long', () => document({ ['x'.repeat(1501)]: 1 }), names],
    [
      'a number to look up by',
      () => document({ subject: 7 }, eventOf('1'), 'subject'),
      'subject must be a text of 1 to 1500 bytes, or left out, because rows are looked up by it',
    ],
    ['a long text to look up by', () => document({ source: 'x'.repeat(1501) }), /^source must be a text/],
    [
      'a day that does not exist',
      () => document({}, eventOf('1', { time: '2026-02-31T00:00:00Z' })),
      'time must be a date that exists, from the year 1 to 9999',
    ],
  ])('%s', (_, make, message) => expect(make).toThrow(message));

  test('and takes 20 levels', () => {
    expect(document({ deep: deep(20) }).fields).toHaveProperty('deep');
    expect(document({ a: [{ a: [deep(17)] }] }).fields).toHaveProperty('a');
  });

  test('and takes whole numbers of 64 bits as such, and larger doubles as doubles', () => {
    const { fields } = document({ least: -(2n ** 63n), safe: 2 ** 53, large: 1e21, zero: -0 });
    expect(fields).toMatchObject({
      least: { integerValue: '-9223372036854775808' },
      safe: { integerValue: '9007199254740992' },
      large: { doubleValue: 1e21 },
      zero: { integerValue: '0' },
    });
  });
});

test('no two rows of any two events have one id', () => {
  const source = fc.stringMatching(/^[a-z]{1,3}(:|\/)[A-Za-z0-9#/]{0,3}$/);
  const one = fc.record({
    source,
    id: fc.string({ unit: fc.constantFrom('a', '|', '/', '-', '0'), minLength: 1, maxLength: 4 }),
    index: fc.nat(12),
  });
  fc.assert(
    fc.property(one, one, (a, b) => {
      const [first, second] = [a, b].map(
        (row) => documentOf({}, eventOf(row.id, { source: row.source }), row.index, 'source', 'native').id,
      );
      expect(first === second).toBe(JSON.stringify(a) === JSON.stringify(b));
    }),
  );
});
