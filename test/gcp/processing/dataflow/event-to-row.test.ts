import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { DEAD_LETTER_COLUMNS } from '../../../../gcp/processing/dataflow/dead-letter-table';
import { eventToRow, FILLED, FUNCTIONS } from '../../../../gcp/processing/dataflow/event-to-row';
import { fitRows } from '../../../../gcp/runtime/sinks/bigquery/table-row';
import { DEFAULT_COLUMNS, schemaOf } from '../../../../gcp/store/bigquery/event-table';
import { toEvent } from '../../../../shared/runtime/contract';
import eventSchema from '../../../../shared/runtime/event.schema.json';
import { anEvent, spelled } from '../../../support/events';

const TEXT = eventToRow(eventSchema);
const called = (name: string) => runInNewContext(`${TEXT}\n${name};`) as (payload: string) => string;
const run = called(FUNCTIONS.ofMessage);
const [load, refuse] = [called(FUNCTIONS.ofLine), called(FUNCTIONS.ofRefused)];
const EVENT = { specversion: '1.0', id: '7', source: '/plants/7', type: 'heated', time: '2026-01-31T08:30:00.125Z' };
const withData = (json: string) => JSON.stringify(EVENT).replace('}', `,"data":${json}}`);
const rowOf = (event: object) => JSON.parse(run(JSON.stringify(event)));

test('a row has the columns of the table, with JSON as a text', () =>
  expect(rowOf({ ...EVENT, subject: 'press', data: { kelvin: 400 }, traceid: 'abc' })).toEqual({
    event_id: '7',
    event_source: '/plants/7',
    event_type: 'heated',
    event_time: '2026-01-31T08:30:00.125Z',
    row_index: 0,
    message_id: '7',
    publish_time: '2026-01-31T08:30:00.125Z',
    subject: 'press',
    data: '{"kelvin":400}',
    rest: '{"traceid":"abc"}',
  }));

test('no digit of a number is lost', () =>
  expect(JSON.parse(run(JSON.stringify(EVENT).replace('}', ',"data":{"n":12345678901234567890, "d":1.10}}'))).data).toBe(
    '{"n":12345678901234567890, "d":1.10}',
  ));

test('a time with more digits than BigQuery holds is cut, and kept in the rest', () => {
  const row = rowOf({ ...EVENT, time: '2026-01-31T08:30:00.123456789Z' });
  expect([row.event_time, row.publish_time, row.rest]).toEqual([
    '2026-01-31T08:30:00.123456Z',
    '2026-01-31T08:30:00.123456Z',
    '{"time":"2026-01-31T08:30:00.123456789Z"}',
  ]);
});

test.each<[string, string]>([
  ['2026-01-31T23:30:00+23:30', '2026-01-31T00:00:00Z'],
  ['2024-02-29T20:00:00.1234567-05:45', '2024-03-01T01:45:00.123456Z'],
  ['0099-12-31T23:00:00-02:00', '0100-01-01T01:00:00Z'],
  ['0001-01-01T12:00:00+12:00', '0001-01-01T00:00:00Z'],
])('the time %s is %s in UTC, because BigQuery takes zones up to 14 hours only', (time, utc) => {
  const row = rowOf({ ...EVENT, time });
  expect([row.event_time, row.publish_time, JSON.parse(row.rest)]).toEqual([utc, utc, { time }]);
});

test('every event, however it is spelled, becomes a row whose columns the table has', () => {
  const columns = new Set((JSON.parse(schemaOf(DEFAULT_COLUMNS)) as { name: string }[]).map(({ name }) => name));
  fc.assert(
    fc.property(spelled(anEvent), (text) => {
      const event = JSON.parse(text);
      const row = JSON.parse(run(text));
      expect(Object.keys(row).filter((name) => !columns.has(name))).toEqual([]);
      expect([row.event_id, row.event_source, row.event_type, row.subject]).toEqual([event.id, event.source, event.type, event.subject]);
      expect(row.data === undefined ? undefined : JSON.parse(row.data)).toEqual(event.data);
    }),
  );
});

test('a row has in the same columns what the function of the pipeline writes', () => {
  const types = [
    ...['event_id', 'event_source', 'event_type', 'message_id'].map((name) => ({ name, type: 'STRING' })),
    ...['event_time', 'publish_time'].map((name) => ({ name, type: 'TIMESTAMP' })),
    { name: 'row_index', type: 'INT64' },
    ...DEFAULT_COLUMNS.map(({ name, type }) => ({ name, type })),
    { name: 'rest', type: 'JSON' },
  ];
  const event = { ...EVENT, subject: 'press', data: [1, { a: null }], partitionkey: 'p', retries: 3, sampled: true };
  const [row] = fitRows([{ row: event, event: toEvent({ ...event }), index: 0 }], { messageId: '7', publishTime: EVENT.time }, types);
  const { event_time: _, publish_time: __, row_index: ___, ...own } = rowOf(event);
  expect(row).toMatchObject(own);
});

describe('refuses, so that the message goes into the dead-letter table', () => {
  test.each<[string, string, string]>([
    ['what is no JSON', '{', 'JSON'],
    ['what is no object', '[]', 'event must be object'],
    ['an event without a time', JSON.stringify({ ...EVENT, time: undefined }), 'event must have time'],
    ['a day that does not exist', JSON.stringify({ ...EVENT, time: '2026-02-30T00:00:00Z' }), 'time does not match its pattern'],
    ['a time before the year 1 in UTC', JSON.stringify({ ...EVENT, time: '0001-01-01T00:00:00+00:01' }), 'time is outside of the years'],
    ['a time after the year 9999 in UTC', JSON.stringify({ ...EVENT, time: '9999-12-31T23:59:59-00:01' }), 'time is outside of the years'],
    ['another version', JSON.stringify({ ...EVENT, specversion: '0.3' }), 'specversion must be 1.0'],
    ['a long id', JSON.stringify({ ...EVENT, id: 'x'.repeat(257) }), 'id is too short or too long'],
    ['data twice', JSON.stringify({ ...EVENT, data: 1, data_base64: 'AA==' }), 'event must not have data and data_base64'],
    ['a list as an extension', JSON.stringify({ ...EVENT, tags: [] }), 'tags must be string or boolean or integer or null'],
    ['a large number as an extension', JSON.stringify({ ...EVENT, n: 2 ** 31 }), 'n is too small or too large'],
    ['a name with capitals', JSON.stringify({ ...EVENT, traceId: 'x' }), 'an attribute name has other characters than a to z and 0 to 9'],
    ['a control character', JSON.stringify({ ...EVENT, type: 'a\u0007' }), 'type must not contain control characters'],
    ['half a character', JSON.stringify({ ...EVENT, subject: 'a\ud800' }), 'subject must not contain control characters'],
    ['a name that is there twice', JSON.stringify(EVENT).replace('}', ',"type":"b"}'), 'a name is twice in an object'],
    ['a name that is twice in data', withData('[{"a":[{"a":1}],"\\u0061":2}]'), 'a name is twice in an object'],
    ['a number that nobody can read', withData('[1e400]'), 'a number is beyond 1.8e308'],
    ['deep JSON', withData(`${'['.repeat(500)}${']'.repeat(500)}`), 'event is nested more than 500 levels deep'],
    ['what is opened and never closed', '['.repeat(1e6), 'event is nested more than 500 levels deep'],
  ])('%s', (_, payload, message) => expect(() => run(payload)).toThrow(message));
});

describe('no message is too large for the dead-letter table, where the template would try to write it for ever', () => {
  /** BigQuery refuses a row of the table with another column, and the template then writes this row into the dead-letter table. */
  const isRefusedLater = (row: any) => Object.keys(row).some((name) => !(name in FILLED));
  /** The row that the template makes of a message, with the largest attributes that Pub/Sub takes. */
  const bytesInDeadLetter = (payloadString: string, errorMessage: string) =>
    Buffer.byteLength(
      JSON.stringify({
        payloadString,
        payloadBytes: Buffer.from(payloadString).toString('base64'),
        attributes: Array.from({ length: 100 }, () => ({ key: 'k'.repeat(256), value: 'v'.repeat(1024) })),
        errorMessage,
        stacktrace: `${errorMessage}${' at org.openjdk.nashorn.internal'.repeat(100)}`,
      }),
    );
  const LIMIT = 9_000_000;

  /** What a function returns, or why it throws. */
  const outcomeOf = (payload: string): { row?: any; reason?: string } => {
    try {
      return { row: JSON.parse(run(payload)) };
    } catch (error) {
      return { reason: (error as Error).message };
    }
  };

  test.each<[string, string]>([
    ['letters', 'x'],
    ['control characters', '\u0001'],
    ['emojis', '😀'],
  ])('of %s, whatever its length', (_, sign) => {
    const payloads = [0.5, 3, 9.9].map((million) => sign.repeat((million * 1e6) / Buffer.byteLength(sign)));
    const outcomes = payloads.map(outcomeOf);
    expect(outcomes.map(({ row }) => row !== undefined).at(0)).toBe(false);
    expect(outcomes.map(({ row }) => row !== undefined).at(-1)).toBe(true);
    for (const [index, { row, reason }] of outcomes.entries()) {
      const text = JSON.stringify(row);
      if (row === undefined) expect(bytesInDeadLetter(payloads[index]!, reason!)).toBeLessThan(LIMIT);
      else {
        expect([isRefusedLater(row), payloads[index]!.startsWith(row.start), row.start.length > 9e4]).toEqual([true, true, true]);
        expect(row.refused).toMatch(/JSON|Unexpected/);
        expect(bytesInDeadLetter(text, `no such field: refused. ${text}`)).toBeLessThan(LIMIT);
      }
    }
  });

  test('an event whose row is too large keeps its start, and one that just fits is a row', () => {
    const large = JSON.parse(run(withData(JSON.stringify('"'.repeat(3e6)))));
    expect([isRefusedLater(large), large.refused]).toEqual([true, 'the row is larger than 8.5 MB']);
    expect(JSON.parse(run(withData(JSON.stringify('x'.repeat(8e6))))).event_id).toBe('7');
  });

  test('a reason is short, though Nashorn puts the whole text into it', () => {
    const endless = runInNewContext(
      `${TEXT}\nJSON.parse = function (text) { throw new SyntaxError('Invalid JSON: ' + text); };\neventToRow;`,
    );
    const reasonOf = () => {
      try {
        return endless('x'.repeat(1e6));
      } catch (error) {
        return (error as Error).message;
      }
    };
    expect(reasonOf()).toMatch(/^Invalid JSON: x{286}$/);
  });
});

test('the columns that it fills are those of a table with the default columns', () => {
  const columns = JSON.parse(schemaOf(DEFAULT_COLUMNS)) as { name: string; type: string }[];
  expect(FILLED).toEqual(Object.fromEntries(columns.map(({ name, type }) => [name, type])));
});

describe('a line of a file', () => {
  test('has the row of its event, with JSON in JSON columns as it came', () => {
    const line = JSON.stringify({ ...EVENT, data: { a: ['x"'] }, traceid: 'abc' }).replace('["x', '[123456789012345678, 1.5, "x');
    const { data, rest, ...row } = JSON.parse(run(line));
    expect(load(line)).toContain(`"data":${data}`);
    expect(JSON.parse(load(line))).toEqual({ ...row, data: JSON.parse(data), rest: JSON.parse(rest) });
  });

  test('is either a row or a refusal, and only a blank line is neither', () => {
    const line = fc.oneof(spelled(anEvent), fc.json(), fc.string());
    fc.assert(
      fc.property(line, (text) => {
        const found = [load(text), refuse(text)].filter((one) => one !== '');
        expect(found).toHaveLength(text.trim() === '' ? 0 : 1);
      }),
    );
    expect([load('  '), refuse('')]).toEqual(['', '']);
  });

  test('that is an event has a row, unless its data has half of a sign or a large integer', () => {
    fc.assert(
      fc.property(anEvent, (event) => {
        const line = JSON.stringify(event);
        const isHalf = /(?<!\\)(\\\\)*\\ud[89a-f]/.test(line);
        if (isHalf || load(line) === '') expect(JSON.parse(refuse(line)).errorMessage).toMatch(/unpaired surrogate|over 18 digits/);
        else expect(JSON.parse(load(line)).event_id).toBe(event.id);
      }),
    );
  });

  test.each<[string, string, string]>([
    ['no JSON', 'press 7', 'JSON'],
    ['no event', '{"id":"7"}', 'event must have'],
    ['half of an event, because it had a line feed', '{"specversion": "1.0",', 'JSON'],
    [
      'an integer that BigQuery does not hold',
      withData('{"n":-1234567890123456789}'),
      'data has an integer of over 18 digits, or a number of over 900 characters',
    ],
    ['a number that nobody can read', withData('[1e400]'), 'a number is beyond 1.8e308'],
    ['a number that the template does not read', withData(`[0.${'1'.repeat(999)}]`), 'or a number of over 900 characters'],
    ['a name that the template does not read', withData(`{"${'n'.repeat(50_001)}":1}`), 'data has a name of over 50,000 characters'],
    ['half of a sign', withData('"\\\\\\ud83d"'), 'data has an unpaired surrogate'],
    ['deep JSON', withData(`${'['.repeat(500)}${']'.repeat(500)}`), 'event is nested more than 500 levels deep'],
  ])('with %s is refused with its reason', (_, line, reason) => {
    expect(load(line)).toBe('');
    expect(JSON.parse(refuse(line))).toEqual({
      timestamp: expect.stringMatching(/^20\d\d-.*Z$/),
      payloadString: line,
      errorMessage: expect.stringContaining(reason),
    });
  });

  test.each(['"1234567890123456789"', '0.12345678901234567890', '"\\\\ud83d"', '"\\ud83d\\ude00"', '{"{{{{": "[["}', '1e300'])(
    'with data %s has a row',
    (json) => expect([JSON.parse(load(withData(json))).data, refuse(withData(json))]).toEqual([JSON.parse(json), '']),
  );

  test('that is longer than BigQuery takes is refused, with its start: the file has it whole', () => {
    const long = 'x'.repeat(10_000_001);
    expect(load(long)).toBe('');
    expect(JSON.parse(refuse(long))).toMatchObject({
      payloadString: long.slice(1),
      errorMessage: 'line is longer than 10,000,000 characters',
    });
  });

  test('a refusal fits the dead-letter table', () => {
    const columns = DEAD_LETTER_COLUMNS.map(({ name }) => name);
    expect(Object.keys(JSON.parse(refuse('x'))).filter((name) => !columns.includes(name))).toEqual([]);
  });
});

test('it has no syntax after ECMAScript 5, because Nashorn runs it', () => {
  const code = TEXT.slice(TEXT.indexOf('\n'));
  expect(code).not.toMatch(/=>|`|\b(let|const|class|async)\b|\.\.\.|\?\?|\?\./);
});
