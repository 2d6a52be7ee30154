import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { eventToRow, FUNCTION } from '../../../../gcp/processing/dataflow/event-to-row';
import { fitRows } from '../../../../gcp/runtime/sinks/bigquery/table-row';
import { DEFAULT_COLUMNS, schemaOf } from '../../../../gcp/store/bigquery/event-table';
import { toEvent } from '../../../../shared/runtime/contract';
import eventSchema from '../../../../shared/runtime/event.schema.json';
import { anEvent, spelled } from '../../../support/events';

const TEXT = eventToRow(eventSchema);
const run = runInNewContext(`${TEXT}\n${FUNCTION};`) as (payload: string) => string;
const EVENT = { specversion: '1.0', id: '7', source: '/plants/7', type: 'heated', time: '2026-01-31T08:30:00.125Z' };
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
    ['another version', JSON.stringify({ ...EVENT, specversion: '0.3' }), 'specversion must be 1.0'],
    ['a long id', JSON.stringify({ ...EVENT, id: 'x'.repeat(257) }), 'id is too short or too long'],
    ['data twice', JSON.stringify({ ...EVENT, data: 1, data_base64: 'AA==' }), 'event must not have data and data_base64'],
    ['a list as an extension', JSON.stringify({ ...EVENT, tags: [] }), 'tags must be string or boolean or integer or null'],
    ['a large number as an extension', JSON.stringify({ ...EVENT, n: 2 ** 31 }), 'n is too small or too large'],
    ['a name with capitals', JSON.stringify({ ...EVENT, traceId: 'x' }), 'an attribute name has other characters than a to z and 0 to 9'],
    ['a control character', JSON.stringify({ ...EVENT, type: 'a\u0007' }), 'type must not contain control characters'],
    ['half a character', JSON.stringify({ ...EVENT, subject: 'a\ud800' }), 'subject must not contain control characters'],
    ['a name that is there twice', JSON.stringify(EVENT).replace('}', ',"type":"b"}'), 'a name is twice in the event'],
  ])('%s', (_, payload, message) => expect(() => run(payload)).toThrow(message));
});

test('it has no syntax after ECMAScript 5, because Nashorn runs it', () => {
  const code = TEXT.slice(TEXT.indexOf('\n'));
  expect(code).not.toMatch(/=>|`|\b(let|const|class|async)\b|\.\.\.|\?\?|\?\./);
});
