import { createHash } from 'node:crypto';
import { auroraSink } from '../../../../aws/runtime/sinks/aurora';
import type { Row } from '../../../../shared/runtime/event';
import { aurora, CLIENT_ENVIRONMENT } from '../../../support/aws-stand-ins';
import { loopback } from '../../../support/loopback';
import { eventOf } from '../../../support/settling';
import { lotOf, type SinkUnderTest, writesEachLotOnce } from '../../../support/sink-proofs';

// PostgreSQL is slow to start.
jest.setTimeout(60_000);

let store: Awaited<ReturnType<typeof aurora>>;
let made: SinkUnderTest<string>;
const sinkWith = (environment: Readonly<Record<string, string>>) => {
  Object.assign(process.env, environment);
  return auroraSink({ name: 'STORE' });
};
const COLUMNS = `encode(event_key, 'hex') AS key, event_source, event_id, event_type, event_time::text AS time, row_index, subject, data::text, rest::text`;
const table = () => store.asOwner(`SET TIME ZONE 'UTC'; SELECT ${COLUMNS} FROM events ORDER BY event_id, row_index`);

beforeAll(async () => {
  store = await aurora();
  const settings = Object.entries(store.settings).map(([ending, value]) => [`STORE_${ending}`, value]);
  Object.assign(process.env, CLIENT_ENVIRONMENT, Object.fromEntries(settings));
  made = {
    sink: sinkWith(store.environment),
    contents: table,
    count: async () => (await table()).length,
    set: store.set,
    clear: async () => void (await store.asOwner('TRUNCATE events')),
  };
  await table();
});
beforeEach(async () => {
  await made.clear();
  store.statements.splice(0);
});

writesEachLotOnce(() => made);

/** Stores rows of one event, and returns them from the table. */
async function stored(event: ReturnType<typeof eventOf>, ...rows: Row[]) {
  expect(await made.sink.write(lotOf(made.sink, [{ event, rows }]))).toEqual([]);
  return table();
}

describe('rows', () => {
  test('identify their event, and store fields without a column in rest', async () => {
    const event = eventOf('7', { subject: 'press 7', partitionkey: 'p', data: { celsius: 180 } });
    expect(await stored(event, event, { data: [1], subject: 7, event_id: 'mine' }, {})).toMatchObject([
      {
        event_source: '/test',
        event_id: '7',
        event_type: 'row',
        time: '2026-01-31 08:29:59+00',
        row_index: 0,
        subject: 'press 7',
        data: '{"celsius": 180}',
        rest: '{"partitionkey": "p"}',
      },
      { event_id: '7', row_index: 1, subject: null, data: '[1]', rest: '{"subject": 7, "event_id": "mine"}' },
      { event_id: '7', row_index: 2, subject: null, data: null, rest: null },
    ]);
  });

  test('have source, id and index as key, and the first row of a key is not replaced', async () => {
    await stored(eventOf('1'), { data: 'first' });
    const key = createHash('sha256').update('/test\x001\x000').digest('hex');
    expect(await stored(eventOf('1'), { data: 'second' })).toMatchObject([{ key, data: '"first"' }]);
    expect(await stored(eventOf('1', { source: '/other' }), { data: 'third' })).toHaveLength(2);
  });

  test('keep every digit', async () => {
    const [row] = await stored(eventOf('1'), { data: { id: 12345678901234567890123n, half: 0.5 } });
    expect(row!.data).toBe('{"id": 12345678901234567890123, "half": 0.5}');
  });

  test.each([
    ['2026-01-31T08:29:59Z', '2026-01-31 08:29:59+00'],
    ['2026-01-31T08:29:59.123456789Z', '2026-01-31 08:29:59.123456+00'],
    ['2026-01-31T23:30:00.5-23:59', '2026-02-01 23:29:00.5+00'],
    ['2026-01-01T00:30:00+01:00', '2025-12-31 23:30:00+00'],
    ['0001-01-01T00:00:00Z', '0001-01-01 00:00:00+00'],
  ])('of %s lie at %s', async (time, expected) => {
    expect((await stored(eventOf('1', { time }), {}))[0]!.time).toBe(expected);
  });

  test.each(['2026-02-30T00:00:00Z', '2026-01-31T08:30:60Z', '0000-01-01T00:00:00Z', '9999-12-31T23:59:59-01:00'])(
    'are refused for an event of %s',
    (time) => {
      const encode = () => made.sink.encode({}, eventOf('1', { time }), 0);
      expect(encode).toThrow(`event_time must be a day of the years 1 to 9999, got ${time}`);
    },
  );

  test.each<[string, Row]>([
    ['the character U+0000', { data: 'a\0b' }],
    ['the character U+0000 behind a backslash', { data: '\\\0' }],
    ['U+0000 in a name', { data: { 'a\0': 1 } }],
    ['the first half of a surrogate pair', { data: '\ud83d' }],
    ['the second half of a surrogate pair', { note: 'x\ude00' }],
  ])('are refused with %s', (_, row) => {
    expect(() => made.sink.encode(row, eventOf('1'), 0)).toThrow(
      'PostgreSQL cannot store the character U+0000 or half of a surrogate pair',
    );
  });

  test('may have a text that looks like one', async () => {
    const [row] = await stored(eventOf('1'), { data: '\\u0000 \\\\ud800 😀' });
    expect(JSON.parse(String(row!.data))).toBe('\\u0000 \\\\ud800 😀');
  });
});

describe('a lot', () => {
  const large = (id: string, bytes: number, rows = 1) => ({
    event: eventOf(id),
    rows: Array.from({ length: rows }, () => ({ data: '"'.repeat(bytes / 4 / rows) })),
  });

  test('is one statement', async () => {
    await made.sink.write(
      lotOf(
        made.sink,
        Array.from({ length: 1000 }, (_, id) => ({ event: eventOf(`${id}`) })),
      ),
    );
    expect(store.statements).toHaveLength(1);
    expect(await made.count()).toBe(1000);
  });

  test('is divided into statements that fit into a request', async () => {
    await made.sink.write(
      lotOf(
        made.sink,
        ['1', '2', '3', '4', '5'].map((id) => large(id, 1_500_000)),
      ),
    );
    expect(store.statements).toHaveLength(3);
    expect(await store.ids()).toEqual(['1', '2', '3', '4', '5']);
  });

  test('fails if one of its statements fails, and is complete after a retry', async () => {
    const lot = lotOf(
      made.sink,
      ['1', '2', '3'].map((id) => large(id, 2_500_000)),
    );
    store.set('before', 1);
    await expect(made.sink.write(lot)).rejects.toThrow();
    store.set('none');
    expect(await store.ids()).toEqual(['1']);
    expect(await made.sink.write(lot)).toEqual([]);
    expect(await store.ids()).toEqual(['1', '2', '3']);
  });

  test('with a record that is too large for a request stores the others', async () => {
    const lot = lotOf(made.sink, [{ event: eventOf('1') }, large('2', 4_400_000, 4), { event: eventOf('3') }]);
    expect(await made.sink.write(lot)).toEqual([
      {
        record: lot.made[1]!.record,
        reason: expect.stringMatching(/^the rows of the event have 44\d{5} bytes, and a statement has at most 4000000$/),
      },
    ]);
    expect(await store.ids()).toEqual(['1', '3']);
  });

  test('with records that the table always refuses stores all others, and nothing of these', async () => {
    await store.asOwner(`ALTER TABLE events ADD CONSTRAINT cold CHECK ((data->>'celsius')::int < 200)`);
    const events = Array.from({ length: 20 }, (_, id) => ({
      event: eventOf(String(id).padStart(2, '0')),
      rows: [{ data: { celsius: 1 } }, { data: { celsius: id === 4 ? 999 : id === 17 ? 'hot' : 2 } }],
    }));
    const lot = lotOf(made.sink, events);
    const refusals = await made.sink.write(lot);
    await store.asOwner('ALTER TABLE events DROP CONSTRAINT cold');
    expect(refusals.map(({ record, reason }) => [record.position.place, reason])).toEqual([
      [4, expect.stringMatching(/^DatabaseErrorException: ERROR: new row .* violates check constraint "cold" .*SQLState: 23514$/)],
      [17, expect.stringMatching(/^DatabaseErrorException: ERROR: invalid input syntax for type integer: "hot".*SQLState: 22P02$/)],
    ]);
    const ids = events.map(({ event }) => event.id).filter((id) => id !== '04' && id !== '17');
    expect(await store.ids()).toEqual(ids.flatMap((id) => [id, id]));
  });
});

describe('a fault of the database fails the lot', () => {
  test('if the table does not exist', async () => {
    await store.asOwner('ALTER TABLE events RENAME TO gone');
    const written = made.sink.write(lotOf(made.sink, [{ event: eventOf('1') }]));
    await expect(written).rejects.toThrow('ERROR: relation "events" does not exist; SQLState: 42P01');
    await store.asOwner('ALTER TABLE gone RENAME TO events');
  });

  test.each([
    ['DatabaseResumingException', 400, 'The Aurora DB instance db-1 is resuming after being auto-paused.'],
    ['StatementTimeoutException', 400, 'Request timed out'],
    ['DatabaseErrorException', 400, 'ERROR: canceling statement due to user request; SQLState: 57014'],
    ['DatabaseErrorException', 400, 'FATAL: a message that quotes ; SQLState: 22P02 is no such fault; SQLState: 53300'],
    ['ThrottlingException', 400, 'Rate exceeded'],
  ])('when the Data API answers %s', async (code, status, message) => {
    const down = await loopback(() => ({ status, headers: { 'x-amzn-errortype': code }, body: JSON.stringify({ message }) }));
    const sink = sinkWith({ AWS_ENDPOINT_URL_RDS_DATA: down });
    await expect(sink.write(lotOf(sink, [{ event: eventOf('1') }]))).rejects.toThrow(message);
  });
});
