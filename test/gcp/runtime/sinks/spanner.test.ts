import { spannerSink } from '../../../../gcp/runtime/sinks/spanner';
import { columnsOf, rowOf, type SpannerRow } from '../../../../gcp/runtime/sinks/spanner/row';
import { type Change, DEFAULT_SCHEMA, rolesOf, columnsOf as settingOf, statementsOf } from '../../../../gcp/store/spanner/row-table';
import type { Event, Row } from '../../../../shared/runtime/event';
import { parse } from '../../../../shared/runtime/json';
import type { Sink } from '../../../../shared/runtime/sink';
import { ARRIVAL, eventOf } from '../../../support/settling';
import { lotOf, writesEachLotOnce } from '../../../support/sink-proofs';
import { SpannerStandIn } from '../../store/spanner/stand-in';

const SCHEMA: readonly Change[] = [
  ...DEFAULT_SCHEMA,
  ...(['INT64', 'FLOAT64', 'NUMERIC', 'BOOL', 'TIMESTAMP', 'DATE'] as const).map((type) => ({ name: type.toLowerCase(), type })),
];
const standIn = new SpannerStandIn(statementsOf('events', SCHEMA));
const COLUMNS = settingOf(SCHEMA);

function open(more: Readonly<Record<string, string>> = {}, timeout?: number): Sink<SpannerRow> {
  const place = { PROJECT: 'acme-data', INSTANCE: 'acme-events', DATABASE: 'events', TABLE: 'events' };
  const settings = { ...place, ROLE: rolesOf('events').writer, COLUMNS, RETENTION_SECONDS: '0', ...more };
  for (const [ending, value] of Object.entries(settings)) process.env[`STORE_${ending}`] = value;
  return spannerSink('STORE', timeout);
}

beforeAll(async () => {
  await standIn.start();
  process.env.SPANNER_EMULATOR_HOST = standIn.address;
});
beforeEach(() => {
  standIn.rows.clear();
  standIn.sessions.clear();
  standIn.requests.length = 0;
  standIn.fate = () => 'stores';
  standIn.refusal = undefined;
});
afterAll(() => standIn.stop());

describe('as every sink', () => {
  let sink: Sink<SpannerRow>;
  beforeEach(() => {
    sink = open();
  });

  writesEachLotOnce(() => ({
    sink,
    contents: async () => structuredClone([...standIn.rows]),
    count: async () => standIn.rows.size,
    set: (fault) => {
      standIn.fate = () => (fault === 'before' ? { code: 503, status: 'UNAVAILABLE' } : fault === 'after' ? 'stores and breaks' : 'stores');
    },
    clear: async () => standIn.rows.clear(),
  }));
});

const written = async (sink: Sink<SpannerRow>, ...events: Parameters<typeof lotOf<SpannerRow>>[1]) => sink.write(lotOf(sink, events));
const row = (id: string) => [...standIn.rows.values()].find(({ event_id }) => event_id === id);

test('the first rows of an event stay, and another source has other keys', async () => {
  const sink = open();
  for (const subject of ['first', 'second']) await written(sink, { event: eventOf('1'), rows: [{ subject }] });
  await written(sink, { event: eventOf('1', { source: '/other' }), rows: [{ subject: 'third' }] });
  expect([...standIn.rows].map(([key, { subject }]) => [key, subject])).toEqual([
    ['["/test","1","0"]', 'first'],
    ['["/other","1","0"]', 'third'],
  ]);
});

test('the rows of an event are one commit, so that none of them is stored without the others', async () => {
  const sink = open();
  standIn.fate = (ids) => (ids.length === 3 ? { code: 503, status: 'UNAVAILABLE' } : 'stores');
  await expect(written(sink, { event: eventOf('1'), rows: [{ data: 1 }, { data: 2 }, { data: 3 }] })).rejects.toThrow('UNAVAILABLE');
  expect(standIn.rows.size).toBe(0);
  expect(standIn.requests.filter((line) => line.endsWith(':commit'))).toHaveLength(1);
});

test('all commits share one session, which has the role of the writer', async () => {
  const sink = open();
  await written(sink, ...['1', '2', '3'].map((id) => ({ event: eventOf(id) })));
  await written(sink, { event: eventOf('4') });
  expect(standIn.requests.filter((line) => line.endsWith('/sessions'))).toHaveLength(1);
  expect([...standIn.sessions.values()]).toEqual(['events_writer']);
});

test('a session that Spanner has deleted fails the lot, and the next one opens another', async () => {
  const sink = open();
  await written(sink, { event: eventOf('1') });
  standIn.sessions.clear();
  await expect(written(sink, { event: eventOf('2') })).rejects.toThrow('NOT_FOUND');
  expect(await written(sink, { event: eventOf('2') })).toEqual([]);
  expect(standIn.rows.size).toBe(2);
});

test('a role that does not exist yet fails the lot, and the next one opens a session', async () => {
  const hasty = open({ ROLE: 'plants_writer' });
  await expect(written(hasty, { event: eventOf('1') })).rejects.toThrow('PERMISSION_DENIED');
  await expect(written(hasty, { event: eventOf('1') })).rejects.toThrow('PERMISSION_DENIED');
  expect(standIn.requests.filter((line) => line.endsWith('/sessions'))).toHaveLength(2);
});

test('a session that is refused is never the fault of an event', async () => {
  const sink = open();
  standIn.refusal = { code: 400, status: 'INVALID_ARGUMENT' };
  await expect(written(sink, { event: eventOf('1') })).rejects.toThrow('no session: Refused: 400');
  standIn.refusal = { code: 409, status: 'ALREADY_EXISTS' };
  await expect(written(sink, { event: eventOf('1') })).rejects.toThrow('no session: Refused: 409');
  standIn.refusal = undefined;
  expect(await written(sink, { event: eventOf('1') })).toEqual([]);
  expect(standIn.rows.size).toBe(1);
});

test('the role of the reader may not insert', async () => {
  const reader = open({ ROLE: rolesOf('events').reader });
  await expect(written(reader, { event: eventOf('1') })).rejects.toThrow('PERMISSION_DENIED');
  expect(standIn.rows.size).toBe(0);
});

test('rows that Spanner refuses are refused, and their neighbours are written', async () => {
  const sink = open();
  standIn.fate = (ids) => (ids.includes('bad') ? { code: 400, status: 'INVALID_ARGUMENT' } : 'stores');
  const refusals = await written(sink, ...['1', 'bad', '2'].map((id) => ({ event: eventOf(id) })));
  expect(refusals.map(({ record, reason }) => [record.position, reason])).toEqual([[{ place: 1 }, expect.stringContaining('as told')]]);
  expect(standIn.rows.size).toBe(2);
});

test('an event with more rows than a commit takes is refused without a request', async () => {
  const sink = open();
  const rows = Array.from({ length: 16_001 }, () => ({}));
  const [refusal] = await written(sink, { event: eventOf('1'), rows });
  expect(refusal!.reason).toMatch(/the rows of the event have 80005 cells, and a commit has at most 80000$/);
  const large = Array.from({ length: 20 }, () => ({ subject: 'x'.repeat(2_600_000) }));
  const [other] = await written(sink, { event: eventOf('2'), rows: large });
  expect(other!.reason).toMatch(/the rows of the event have \d+ bytes, and a commit has at most 50000000$/);
  expect(standIn.requests).toEqual([]);
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
  const sink = open();
  standIn.fate = () => ({ code, status });
  await expect(written(sink, { event: eventOf('1') })).rejects.toThrow(status);
  standIn.fate = () => 'stores';
  expect(await written(sink, { event: eventOf('1') })).toEqual([]);
});

test('a commit that is never answered fails', async () => {
  standIn.fate = () => 'hangs';
  await expect(written(open({}, 100), { event: eventOf('1') })).rejects.toThrow();
});

test('an answer that does not say when it committed fails', async () => {
  standIn.fate = () => ({ code: 200, status: 'OK' });
  await expect(written(open(), { event: eventOf('1') })).rejects.toThrow('Spanner answered, and did not commit');
});

test('a row has the columns of its event, a column for each field, and the rest as JSON', async () => {
  const text =
    '{"subject":"ü","data":{"a":[1.50,null]},"int64":9223372036854775807,"float64":0.1,"numeric":12345678901234567890.123456789,' +
    '"bool":true,"timestamp":"2026-01-31T09:29:59.1234567+01:00","date":"2024-02-29","other":{"big":18446744073709551615},"event_id":"mine"}';
  const event = eventOf('7', { time: '2026-01-31T09:29:59.1234567+01:00' });
  await written(open(), { event, rows: [parse(text) as Row] });
  expect(row('7')).toEqual({
    event_source: '/test',
    event_id: '7',
    row_index: '0',
    event_type: 'row',
    event_time: '2026-01-31T08:29:59.123456Z',
    subject: 'ü',
    data: '{"a":[1.5,null]}',
    int64: '9223372036854775807',
    float64: 0.1,
    numeric: '12345678901234567890.123456789',
    bool: true,
    timestamp: '2026-01-31T08:29:59.123456Z',
    date: '2024-02-29',
    rest: '{"other":{"big":18446744073709551615},"event_id":"mine"}',
  });
});

test('what is in the columns of the event already is not stored twice', async () => {
  await written(open(), { event: eventOf('7', { data: { n: 1 } }) });
  expect(Object.keys(row('7')!).sort()).toEqual(['data', 'event_id', 'event_source', 'event_time', 'event_type', 'row_index']);
});

test('a column that a user names like an attribute of the event has its value', async () => {
  const columns = 'rest JSON,id STRING,source STRING,type STRING,time TIMESTAMP,specversion STRING';
  expect(rowOf(eventOf('7'), eventOf('7'), 0, columnsOf(columns))).toMatchObject({
    ...{ id: '7', source: '/test', type: 'row', time: '2026-01-31T08:29:59.000000Z', specversion: '1.0' },
  });
});

test('a field that is null is a column without a value, or null in JSON', async () => {
  await written(open(), { event: eventOf('7'), rows: [{ subject: null, data: null }] });
  expect(row('7')).not.toHaveProperty('subject');
  expect(row('7')).toMatchObject({ data: 'null' });
});

test('a double with 17 digits is written with the fewest, as Spanner takes it', async () => {
  await written(open(), { event: eventOf('7'), rows: [parse('{"data":[0.10000000000000001,{"a":0.29999999999999999}]}') as Row] });
  expect(row('7')).toMatchObject({ data: '[0.1,{"a":0.3}]' });
});

test('a row expires some time after its event arrived', async () => {
  await written(open({ RETENTION_SECONDS: '86400' }), { event: eventOf('7') });
  expect(row('7')!.expires_at).toBe(new Date(ARRIVAL.getTime() + 86_400_000).toISOString());
});

test('an emulator that is not on this machine is refused', () => {
  process.env.SPANNER_EMULATOR_HOST = 'spanner.example:443';
  expect(() => open()).toThrow('SPANNER_EMULATOR_HOST must be on this machine, got "spanner.example:443".');
  process.env.SPANNER_EMULATOR_HOST = standIn.address;
});

describe('refuses, before the first row is written,', () => {
  const encode = (fields: Row, event: Event = eventOf('1')) => rowOf(fields, event, 0, columnsOf(COLUMNS));
  const deep = (levels: number): unknown => (levels === 0 ? 1 : { a: deep(levels - 1) });

  test.each<[string, () => unknown, string | RegExp]>([
    ['a number as a text', () => encode({ subject: 5 }), 'column subject of type STRING cannot hold this number'],
    ['a text as a number', () => encode({ int64: '5' }), 'column int64 of type INT64 cannot hold this string'],
    ['a whole number beyond 64 bits', () => encode({ int64: 2n ** 63n }), 'column int64 of type INT64 cannot hold this bigint'],
    ['a fraction as a whole number', () => encode({ int64: 1.5 }), 'column int64 of type INT64 cannot hold this number'],
    ['a price with ten decimals', () => encode({ numeric: '0.1234567891' }), 'column numeric of type NUMERIC cannot hold this string'],
    ['a price with 30 digits', () => encode({ numeric: 10n ** 29n }), 'column numeric of type NUMERIC cannot hold this bigint'],
    ['a tiny price', () => encode({ numeric: 1e-10 }), 'column numeric of type NUMERIC cannot hold this number'],
    ['no truth', () => encode({ bool: 'yes' }), 'column bool of type BOOL cannot hold this string'],
    ['a day that does not exist', () => encode({ date: '2026-02-31' }), 'column date of type DATE cannot hold this string'],
    [
      'a time without a zone',
      () => encode({ timestamp: '2026-01-31T00:00:00' }),
      'column timestamp of type TIMESTAMP cannot hold this string',
    ],
    [
      'an event of a day that does not exist',
      () => encode({}, eventOf('1', { time: '2026-02-31T00:00:00Z' })),
      'column event_time of type TIMESTAMP cannot hold this string',
    ],
    [
      'a text that is too long',
      () => encode({ subject: 'x'.repeat(2_621_441) }),
      'column subject cannot hold more than 2621440 characters',
    ],
    ['JSON that is too large', () => encode({ data: 'x'.repeat(10_000_000) }), 'column data cannot hold more than 10000000 bytes of JSON'],
    ['more levels than JSON has', () => encode({ data: deep(81) }), 'column data cannot hold more than 80 levels of JSON'],
    ['half a surrogate pair in a text', () => encode({ subject: '\ud800' }), 'column subject cannot hold half of a surrogate pair'],
    ['half a surrogate pair in JSON', () => encode({ data: ['\ud800'] }), 'column data cannot hold half of a surrogate pair'],
    ['half a surrogate pair in a key', () => encode({}, eventOf('\ud800')), 'column event_id cannot hold half of a surrogate pair'],
    [
      'a number in JSON that loses digits',
      () => encode(parse('{"data":18446744073709551616}') as Row),
      'column data of type JSON cannot hold all digits of 18446744073709551616: make it a text, or give it a column',
    ],
    [
      'a price in JSON that loses digits',
      () => encode(parse('{"data":[0.1000000000000000055]}') as Row),
      /all digits of 0.1000000000000000055/,
    ],
  ])('%s', (_, make, message) => expect(make).toThrow(message));

  test('and takes as much as Spanner does', () => {
    const text = '😀'.repeat(2_621_440 / 2);
    expect(encode({ subject: text + text, data: deep(80), numeric: `${'9'.repeat(29)}.123456789`, float64: 1e300 })).toHaveProperty(
      'subject',
    );
    for (const numeric of [0, 1e-9, 1e28, 10n ** 28n, '0.000000000', '0.1234567890', '-1.5'])
      expect(encode({ numeric })).toHaveProperty('numeric');
  });
});
