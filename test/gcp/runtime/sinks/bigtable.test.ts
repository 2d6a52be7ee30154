import { status } from '@grpc/grpc-js';
import fc from 'fast-check';
import { bigtableSink } from '../../../../gcp/runtime/sinks/bigtable';
import { type WideRow, wideRowOf } from '../../../../gcp/runtime/sinks/bigtable/wide-row';
import type { Event, Row } from '../../../../shared/runtime/event';
import { parse } from '../../../../shared/runtime/json';
import type { Sink } from '../../../../shared/runtime/sink';
import { eventOf } from '../../../support/settling';
import { lotOf, writesEachLotOnce } from '../../../support/sink-proofs';
import { BigtableStandIn } from '../../store/bigtable/stand-in';

const standIn = new BigtableStandIn();
let sink: Sink<WideRow>;

function open(more: Readonly<Record<string, string>> = {}, timeout?: number): Sink<WideRow> {
  const settings = { PROJECT: 'acme-data', INSTANCE: 'acme-events', TABLE: 'events', FAMILY: 'event', APP_PROFILE: 'acme-events', ...more };
  for (const [ending, value] of Object.entries(settings)) process.env[`STORE_${ending}`] = value;
  return bigtableSink('STORE', timeout);
}

const write = (...events: Parameters<typeof lotOf<WideRow>>[1]) => sink.write(lotOf(sink, events));
const contents = () => [...standIn.rows].map(([key, cells]) => [key, Object.fromEntries(cells)] as const);
const KEY = '/test|2026-01-31T08:29:59.000000Z|1|0';
/** 2026-01-31T08:29:59Z */
const AT = '@1769848199000000';

beforeAll(async () => {
  await standIn.start();
  process.env.BIGTABLE_EMULATOR_HOST = standIn.address;
  sink = open();
});
beforeEach(() => {
  standIn.rows.clear();
  standIn.requests.length = 0;
  standIn.fate = () => 'stores';
});
afterAll(() => standIn.stop());

writesEachLotOnce(() => ({
  sink,
  contents: async () => structuredClone(contents()),
  count: async () => standIn.rows.size,
  set: (fault) => {
    standIn.fate = () => (fault === 'before' ? 'breaks' : fault === 'after' ? 'stores and breaks' : 'stores');
  },
  clear: async () => standIn.rows.clear(),
}));

const ROW = parse(
  '{"text":"ü\\"","n":180.5,"big":9223372036854775808123,"exact":0.10000000000000000555,"no":null,"list":[{"b":[]}]}',
) as Row;

test('each field is a cell of JSON text with all its digits, and the key has the source, the time, the id and the index', async () => {
  const event = eventOf('7', { time: '2026-01-31T09:29:59.1234567+01:00' });
  await write({ event, rows: [ROW, {}] });
  const at = '@1769848199123000';
  const own = { [`event:eventId${at}`]: '"7"', [`event:eventSource${at}`]: '"/test"' };
  const time = { [`event:eventTime${at}`]: '"2026-01-31T09:29:59.1234567+01:00"' };
  expect(contents()).toEqual([
    [
      '/test|2026-01-31T08:29:59.123456Z|7|0',
      {
        [`event:text${at}`]: '"ü\\""',
        [`event:n${at}`]: '180.5',
        [`event:big${at}`]: '9223372036854775808123',
        [`event:exact${at}`]: '0.10000000000000000555',
        [`event:no${at}`]: 'null',
        [`event:list${at}`]: '[{"b":[]}]',
        ...own,
        ...time,
        [`event:rowIndex${at}`]: '0',
      },
    ],
    ['/test|2026-01-31T08:29:59.123456Z|7|1', { ...own, ...time, [`event:rowIndex${at}`]: '1' }],
  ]);
});

test('an event that comes again with another transform has the fields of both, and each once', async () => {
  for (const row of [
    { a: 1, b: 1 },
    { b: 2, c: 2 },
  ])
    await write({ event: eventOf('1'), rows: [row] });
  expect(Object.fromEntries(standIn.rows.get(KEY)!)).toMatchObject({
    [`event:a${AT}`]: '1',
    [`event:b${AT}`]: '2',
    [`event:c${AT}`]: '2',
  });
});

test('the rows of an event are one request, unless it would be too large', async () => {
  await write({ event: eventOf('1'), rows: Array.from({ length: 50 }, (_, n) => ({ n })) }, { event: eventOf('2') });
  expect(standIn.requests.sort()).toEqual([1, 50]);
  standIn.requests.length = 0;
  const large = 'x'.repeat(3 * 1024 * 1024);
  await write({ event: eventOf('3'), rows: [{ large }, { large }, { small: 1 }] });
  expect(standIn.requests.sort()).toEqual([1, 2]);
  standIn.requests.length = 0;
  const wide = Object.fromEntries(Array.from({ length: 6000 }, (_, n) => [`f${n}`, n]));
  await write({ event: eventOf('4'), rows: [wide, wide] });
  expect(standIn.requests).toEqual([1, 1]);
}, 30_000);

/** What the client of Google sends for two rows: `MutateRowsRequest` of @google-cloud/bigtable 6.5.1. */
const SENT_BY_GOOGLE = [
  'CjZwcm9qZWN0cy9hY21lLWRhdGEvaW5zdGFuY2VzL2FjbWUtZXZlbnRzL3RhYmxlcy9ldmVudHMS5QEKJS90ZXN0fDIwMjYtMDEtMzFUMDg6Mjk6NTkuMDAw',
  'MDAwWnwxfDASGAoWCgVldmVudBIBYRjA39SprrWSAyIBMRIgCh4KBWV2ZW50EgdldmVudElkGMDf1KmutZIDIgMiMSISKAomCgVldmVudBILZXZlbnRTb3Vy',
  'Y2UYwN/Uqa61kgMiByIvdGVzdCISNQozCgVldmVudBIJZXZlbnRUaW1lGMDf1KmutZIDIhYiMjAyNi0wMS0zMVQwODoyOTo1OVoiEh8KHQoFZXZlbnQSCHJv',
  'd0luZGV4GMDf1KmutZIDIgEwEssBCiUvdGVzdHwyMDI2LTAxLTMxVDA4OjI5OjU5LjAwMDAwMFp8MXwxEiAKHgoFZXZlbnQSB2V2ZW50SWQYwN/Uqa61kgMi',
  'AyIxIhIoCiYKBWV2ZW50EgtldmVudFNvdXJjZRjA39SprrWSAyIHIi90ZXN0IhI1CjMKBWV2ZW50EglldmVudFRpbWUYwN/Uqa61kgMiFiIyMDI2LTAxLTMx',
  'VDA4OjI5OjU5WiISHwodCgVldmVudBIIcm93SW5kZXgYwN/Uqa61kgMiATEaC2FjbWUtZXZlbnRz',
].join('');

test('a request has the bytes that the client of Google sends', async () => {
  await write({ event: eventOf('1'), rows: [{ a: 1 }, {}] });
  expect(standIn.last.toString('base64')).toBe(SENT_BY_GOOGLE);
});

describe('what Bigtable says of a row', () => {
  const key = (id: string) => `|${id}|0`;

  test('a cell that is not as it must be refuses its event, and its neighbours are written', async () => {
    standIn.fate = (one) => (one.endsWith(key('bad')) ? { row: status.INVALID_ARGUMENT } : 'stores');
    const refusals = await write(...['1', 'bad', '2'].map((id) => ({ event: eventOf(id) })));
    expect(refusals.map(({ record, reason }) => [record.position, reason])).toEqual([
      [{ place: 1 }, 'PermanentError: INVALID_ARGUMENT: as told'],
    ]);
    expect(standIn.rows.size).toBe(2);
  });

  test('a family that does not exist is never the fault of an event: a deploy that changes it may not be at its end', async () => {
    const other = open({ FAMILY: 'other' });
    await expect(other.write(lotOf(other, [{ event: eventOf('1') }]))).rejects.toThrow('NOT_FOUND: column family not found');
  });

  test('a row that may be written later fails the lot, also if another one of its event never will be', async () => {
    standIn.fate = (one) => (one.endsWith('|1') ? { row: status.INVALID_ARGUMENT } : { row: status.RESOURCE_EXHAUSTED });
    await expect(write({ event: eventOf('1'), rows: [{}, {}] })).rejects.toThrow('RESOURCE_EXHAUSTED: as told');
  });

  test('a row without an answer fails the lot', async () => {
    standIn.fate = () => 'no answer';
    await expect(write({ event: eventOf('1') })).rejects.toThrow('Bigtable did not say what became of a row');
  });

  test.each(['DEADLINE_EXCEEDED', 'INTERNAL', 'ABORTED', 'UNAVAILABLE', 'PERMISSION_DENIED'] as const)('%s may pass', async (code) => {
    standIn.fate = () => ({ row: status[code] });
    await expect(write({ event: eventOf('1') })).rejects.toThrow(`${code}: as told`);
  });
});

describe('what Bigtable says of a request', () => {
  test.each([
    ['a table or an app profile that does not exist', 'NOT_FOUND'],
    ['a grant that is missing', 'PERMISSION_DENIED'],
    ['no token', 'UNAUTHENTICATED'],
    ['too many requests', 'RESOURCE_EXHAUSTED'],
    ['an error of Bigtable', 'INTERNAL'],
  ] as const)('%s fails the lot, because it may pass', async (_, code) => {
    standIn.fate = () => ({ request: status[code] });
    await expect(write({ event: eventOf('1') })).rejects.toThrow(code);
    expect(standIn.requests).toHaveLength(1);
  });

  test('what it can never accept refuses the event', async () => {
    standIn.fate = () => ({ request: status.INVALID_ARGUMENT });
    const [refusal] = await write({ event: eventOf('1') });
    expect(refusal!.reason).toContain('INVALID_ARGUMENT');
  });

  test('a lost connection does not fail the lot', async () => {
    let tries = 0;
    standIn.fate = () => (tries++ === 0 ? 'breaks' : 'stores');
    expect(await write({ event: eventOf('1') })).toEqual([]);
    expect(standIn.requests).toEqual([1, 1]);
  });

  test('a write that is never answered fails', async () => {
    standIn.fate = () => 'hangs';
    const hasty = open({}, 100);
    await expect(hasty.write(lotOf(hasty, [{ event: eventOf('1') }]))).rejects.toThrow('DEADLINE_EXCEEDED');
  });
});

test('an emulator that is not on this machine is refused', () => {
  process.env.BIGTABLE_EMULATOR_HOST = 'bigtable.example:443';
  expect(() => open()).toThrow('BIGTABLE_EMULATOR_HOST must be on this machine, got "bigtable.example:443".');
  process.env.BIGTABLE_EMULATOR_HOST = standIn.address;
});

describe('refuses, before the first row is written,', () => {
  const made = (row: Row, event: Event = eventOf('1')) => wideRowOf(row, event, 0, 'event');
  const column = 'Bigtable stores names of columns with at most 16384 bytes, and none with half of a surrogate pair';

  test.each<[string, () => unknown, string | RegExp]>([
    ['a column that the store sets', () => made({ eventId: 1 }), 'the row must not have eventId, which the store sets'],
    ['a name of a column that is too long', () => made({ ['x'.repeat(16 * 1024 + 1)]: 1 }), column],
    ['a name of a column that is no text', () => made({ '\ud800': 1 }), column],
    [
      'an id that is no text',
      () => made({}, eventOf('\ud800')),
      'a key of Bigtable cannot hold half of a surrogate pair, which the id has',
    ],
    ['a key that is too long', () => made({}, eventOf('x'.repeat(4096))), /^the key has \d+ bytes, and Bigtable stores at most 4096$/],
    [
      'a time before 1970',
      () => made({}, eventOf('1', { time: '1969-12-31T23:59:59.999Z' })),
      'Bigtable stores no cell with a time before 1970, which the event has',
    ],
    [
      'a day that does not exist',
      () => made({}, eventOf('1', { time: '2026-02-31T00:00:00Z' })),
      'time must be a date that exists, from the year 1 to 9999',
    ],
    [
      'a cell of more than 10 MiB',
      () => made({ text: 'x'.repeat(10 * 1024 * 1024) }),
      'a field has 10485762 bytes, and a cell should have at most 10485760',
    ],
    [
      'more cells than Bigtable writes at once',
      () => made(Object.fromEntries(Array.from({ length: 100_000 }, (_, n) => [`f${n}`, n]))),
      'the row has 100004 fields, and Bigtable writes at most 100000 cells at once',
    ],
  ])('%s', (_, make, message) => expect(make).toThrow(message));

  test('and takes half of a surrogate pair in a text, which JSON writes as an escape', () => {
    const [cell] = made({ text: '\ud800' }).mutations;
    expect(String(cell!.setCell.value)).toBe('"\\ud800"');
  });

  test('and takes every time from 1970 on, with all its milliseconds', async () => {
    await write(
      { event: eventOf('1', { time: '1970-01-01T00:00:00Z' }) },
      { event: eventOf('2', { time: '9999-12-31T23:59:59.999999999Z' }) },
    );
    const times = contents().map(([, cells]) => Object.keys(cells)[0]!.split('@')[1]);
    expect(times.sort()).toEqual(['0', '253402300799999000']);
  });
});

test('no two rows of any two events have one key', () => {
  const one = fc.record({
    source: fc.stringMatching(/^[a-z]{1,3}(:|\/)[A-Za-z0-9#/]{0,3}$/),
    id: fc.string({ unit: fc.constantFrom('a', '|', '/', '-', '0'), minLength: 1, maxLength: 4 }),
    time: fc.constantFrom('2026-01-31T08:29:59Z', '2026-01-31T08:29:59.000001Z'),
    index: fc.nat(12),
  });
  fc.assert(
    fc.property(one, one, (a, b) => {
      const [first, second] = [a, b].map(({ source, id, time, index }) =>
        String(wideRowOf({}, eventOf(id, { source, time }), index, 'event').rowKey),
      );
      expect(first === second).toBe(JSON.stringify(a) === JSON.stringify(b));
    }),
  );
});

test('the rows of a source are next to each other, in the order of their times', () => {
  const key = (source: string, time: string) => String(wideRowOf({}, eventOf('1', { source, time }), 0, 'event').rowKey);
  const keys = [
    key('/plants/7', '0999-12-31T23:59:59Z'.replace('0999', '1999')),
    key('/plants/7', '2026-01-31T08:29:59Z'),
    key('/plants/7', '2026-01-31T08:29:59.000001Z'),
    key('/plants/7', '2026-01-31T09:30:00+01:00'),
    key('/plants/8', '2000-01-01T00:00:00Z'),
  ];
  expect([...keys].sort()).toEqual(keys);
});
