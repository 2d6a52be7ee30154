import fc from 'fast-check';
import { fitChanges } from '../../../../../gcp/runtime/sinks/bigquery/change';
import type { Column } from '../../../../../gcp/runtime/sinks/bigquery/table-row';
import { latestOf, sortable } from '../../../../../local/gcp/bigquery/changes';
import type { TableRow } from '../../../../../local/gcp/bigquery/row-check';
import { type Event, PermanentError, type Row } from '../../../../../shared/runtime/event';

const COLUMNS: readonly Column[] = [
  ...['event_id', 'event_source', 'event_type', 'message_id', 'subject'].map((name) => ({ name, type: 'STRING' })),
  ...['event_time', 'publish_time'].map((name) => ({ name, type: 'TIMESTAMP' })),
  ...['row_index', 'value'].map((name) => ({ name, type: 'INT64' })),
  { name: 'rest', type: 'JSON' },
];
const KEY = ['event_source', 'subject'];
const START = Date.UTC(2026, 0, 31);

interface Sent {
  readonly subject: string;
  /** Microseconds after the start, at which it happened, and at which it was published. */
  readonly happened: number;
  readonly published: number;
  /** `undefined` deletes. */
  readonly value?: number;
}

const time = (micros: number) => {
  const text = new Date(START + Math.floor(micros / 1000)).toISOString();
  return text.replace('Z', `${String(micros % 1000).padStart(3, '0')}Z`);
};

function changesOf({ subject, happened, published, value }: Sent, message: number): TableRow[] {
  const event: Event = { specversion: '1.0', id: String(message), source: '/s', type: 't', subject, time: time(happened) };
  const row: Row = value === undefined ? { subject, _CHANGE_TYPE: 'DELETE' } : { subject, value };
  const origin = { messageId: String(message), publishTime: time(published) };
  return fitChanges([{ row, event, index: 0 }], origin, COLUMNS, KEY) as TableRow[];
}

/** Times that are often the same. */
const micros = fc.oneof(fc.nat(3), fc.nat(86_400_000_000 - 1));
const sent: fc.Arbitrary<Sent> = fc.record({
  subject: fc.constantFrom('', 'a', 'b'),
  happened: micros,
  published: micros,
  value: fc.option(fc.nat(9), { nil: undefined }),
});
const stateOf = (rows: readonly TableRow[]) => Object.fromEntries(rows.map(({ subject, event_id }) => [subject, event_id]));

test('whatever comes in whatever order, again and again, the table has the latest event of each key', () => {
  const scenario = fc.array(sent, { minLength: 1, maxLength: 8 }).chain((events) =>
    fc.record({
      events: fc.constant(events),
      // Each message at least once.
      order: fc
        .array(fc.nat(events.length - 1), { maxLength: 12 })
        .chain((again) => fc.shuffledSubarray([...events.keys(), ...again], { minLength: events.length + again.length })),
    }),
  );
  fc.assert(
    fc.property(scenario, ({ events, order }) => {
      const shown = latestOf(
        order.flatMap((message) => changesOf(events[message]!, message)),
        KEY,
      );
      const newestFirst = [...events.keys()].sort((one, other) => {
        const [a, b] = [events[one]!, events[other]!];
        return b.happened - a.happened || b.published - a.published || other - one;
      });
      const expected: Record<string, string> = {};
      for (const subject of ['', 'a', 'b']) {
        const newest = newestFirst.find((message) => events[message]!.subject === subject);
        if (newest !== undefined && events[newest]!.value !== undefined) expected[subject] = String(newest);
      }
      expect(stateOf(shown)).toEqual(expected);
    }),
    { numRuns: 500 },
  );
});

describe('the sequence number', () => {
  const sequence = (event: Partial<Event> = {}, origin: object = {}, index = 0) => {
    const whole: Event = { specversion: '1.0', id: '1', source: '/s', type: 't', subject: 'a', time: time(0), ...event };
    const [row] = fitChanges(
      [{ row: { subject: 'a' }, event: whole, index }],
      { messageId: '1', publishTime: time(0), ...origin },
      COLUMNS,
      KEY,
    );
    return String(row!._CHANGE_SEQUENCE_NUMBER);
  };

  test.each<[string, string, string]>([
    ['the time of the event', sequence({ time: time(1) }), sequence({}, { publishTime: time(9) }, 9)],
    ['the publish time', sequence({}, { publishTime: time(1) }), sequence({}, { messageId: '9' }, 9)],
    ['the message', sequence({}, { messageId: '10' }), sequence({}, { messageId: '9' }, 9)],
    ['the row', sequence({}, {}, 10), sequence({}, {}, 9)],
  ])('is higher by %s, and what comes after it does not matter', (_, higher, lower) => {
    expect(sortable(higher) > sortable(lower)).toBe(true);
  });

  test('has four sections of 16 hexadecimal digits, so that it sorts as a text and as a number', () => {
    for (const one of [
      sequence({ time: '0001-01-01T00:00:00Z' }),
      sequence({ time: '9999-12-31T23:59:59.999999Z' }, { publishTime: '9999-12-31T23:59:59.999999Z', messageId: '9'.repeat(19) }),
      sequence({}, { messageId: 'lot-of-some-source' }),
    ]) {
      expect(one).toMatch(/^[0-9A-F]{16}(\/[0-9A-F]{16}){3}$/);
      expect(sortable(one)).toBe(one);
    }
  });

  test('is the same at every retry, also of a message whose id is no number', () => {
    expect(sequence({}, { messageId: 'm' })).toBe(sequence({}, { messageId: 'm' }));
    expect(sequence({}, { messageId: 'm' })).not.toBe(sequence({}, { messageId: 'n' }));
  });
});

test('a key has no NULL and no attribute that is in no column', () => {
  const event: Event = { specversion: '1.0', id: '1', source: '/s', type: 't', time: time(0) };
  const changesIn = (row: Row, key: readonly string[]) =>
    fitChanges([{ row, event, index: 0 }], { messageId: '1', publishTime: time(0) }, COLUMNS, key);
  for (const row of [{}, { value: null }, { value: undefined }]) {
    expect(() => changesIn(row, ['value'])).toThrow('the row has no value for value, which is in the key');
  }
  expect(changesIn({ subject: null }, KEY)).toMatchObject([{ subject: '' }]);
});

test('a key may be an attribute of the event', () => {
  const event: Event = { specversion: '1.0', id: '1', source: '/s', type: 't', time: time(0) };
  const columns = [...COLUMNS, { name: 'id', type: 'STRING' }];
  expect(fitChanges([{ row: event, event, index: 0 }], { messageId: '1', publishTime: time(0) }, columns, ['id'])).toMatchObject([
    { id: '1' },
  ]);
});

describe('whoever sends an event does not decide what its row does', () => {
  const change = (data: unknown, row: (data: any) => Row) => {
    const event: Event = { specversion: '1.0', id: '1', source: '/s', type: 't', subject: 'a', time: time(0), data };
    return fitChanges([{ row: row(data), event, index: 0 }], { messageId: '1', publishTime: time(0) }, COLUMNS, KEY);
  };
  const refused = 'data has _CHANGE_TYPE, which only the transform may decide: name the fields that it copies into a row';

  test.each<[string, unknown, (data: any) => Row]>([
    ['all of data', { value: 1, _CHANGE_TYPE: 'DELETE' }, (data) => ({ subject: 'a', ...data })],
    ['a part of data', { device: { _CHANGE_TYPE: 'DELETE' } }, ({ device }) => ({ subject: 'a', ...device })],
    ['a text with JSON', { json: '{"_CHANGE_TYPE":"DELETE"}' }, ({ json }) => ({ subject: 'a', ...JSON.parse(json) })],
    ['an upsert', { _CHANGE_TYPE: 'UPSERT' }, (data) => ({ subject: 'a', ...data })],
  ])('a transform that copies %s goes to the dead letter', (_, data, row) =>
    expect(() => change(data, row)).toThrow(new PermanentError(refused)),
  );

  test('a transform that decides by a field of its own deletes, and one that copies nothing of it stores', () => {
    expect(change({ gone: true }, () => ({ subject: 'a', _CHANGE_TYPE: 'DELETE' }))).toMatchObject([{ _CHANGE_TYPE: 'DELETE' }]);
    expect(change({ _CHANGE_TYPE: 'DELETE' }, () => ({ subject: 'a' }))).toMatchObject([{ _CHANGE_TYPE: 'UPSERT' }]);
  });
});

test('what a row says of its change is in no column', () => {
  const event: Event = { specversion: '1.0', id: '1', source: '/s', type: 't', time: time(0) };
  const [row] = fitChanges(
    [{ row: { subject: 'a', _CHANGE_TYPE: 'UPSERT', more: 1 }, event, index: 0 }],
    { messageId: '1', publishTime: time(0) },
    COLUMNS,
    KEY,
  );
  expect(row!.rest).toBe('{"more":1}');
});
