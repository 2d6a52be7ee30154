import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { EVENT_OF_LOG_ENTRY } from '../../../../gcp/connect/logging/log-entry-event';
import { EVENT_OF_OBJECT } from '../../../../gcp/store/cloud-storage/object-notification';
import { judge } from '../../../../shared/runtime/verdict';

interface Message {
  readonly data: string;
  readonly attributes: Readonly<Record<string, string>>;
}

/** A transform, as Pub/Sub calls it: with a message and its metadata. */
const running = ({ code, functionName }: typeof EVENT_OF_LOG_ENTRY): ((message: Message) => Message) =>
  runInNewContext(`${code}; (message) => ${functionName}(message, { publish_time: '2026-01-31T08:30:00Z' })`);
const transform = running(EVENT_OF_LOG_ENTRY);

const TIME = '2026-01-31T08:29:59.123456789Z';
const ENTRY = {
  insertId: '65f1a2b3000a1b2c3d4e5f60',
  jsonPayload: { message: 'broken', attempt: 3 },
  logName: 'projects/acme-data/logs/run.googleapis.com%2Fstderr',
  receiveTimestamp: '2026-01-31T08:30:00.5Z',
  resource: { type: 'cloud_run_revision', labels: { service_name: 'shop', project_id: 'acme-data' } },
  severity: 'ERROR',
  timestamp: TIME,
};
/** What Cloud Logging publishes: https://cloud.google.com/logging/docs/export/pubsub */
const sent = (entry: object, timestamp = TIME): Message => ({
  data: JSON.stringify(entry),
  attributes: { 'logging.googleapis.com/timestamp': timestamp },
});
const eventOf = (message: Message) => JSON.parse(transform(message).data);
const rowsOf = ({ data }: Message) =>
  judge(
    Buffer.from(data),
    (event) => event,
    (row) => row,
  );
const reasonOf = (message: Message) => {
  const verdict = rowsOf(message);
  return 'reason' in verdict ? verdict.reason : undefined;
};

test('a log entry becomes an event of the contract, with the entry as its data', () => {
  const message = transform(sent(ENTRY));
  expect(message.attributes).toEqual({});
  expect(JSON.parse(message.data)).toEqual({
    specversion: '1.0',
    id: `65f1a2b3000a1b2c3d4e5f60@${TIME}`,
    source: '//logging.googleapis.com/projects/acme-data/logs/run.googleapis.com%2Fstderr',
    type: 'google.cloud.logging.entry.v2.written',
    time: TIME,
    subject: 'cloud_run_revision',
    data: ENTRY,
  });
  expect(reasonOf(message)).toBeUndefined();
});

test('an entry that is sent twice is one event, and so is each of two entries with one insert id at two times', () => {
  const later = { ...ENTRY, timestamp: '2026-01-31T08:29:59.123456790Z' };
  expect(transform(sent(ENTRY))).toEqual(transform(sent(ENTRY)));
  expect(eventOf(sent(later)).id).not.toBe(eventOf(sent(ENTRY)).id);
});

test('no digit of an entry changes', () => {
  const data = JSON.stringify({ ...ENTRY, jsonPayload: { price: 0 } }).replace('"price":0', '"price":100.00,"count":12345678901234567890');
  const message = transform({ ...sent(ENTRY), data });
  expect(message.data).toContain('"price":100.00,"count":12345678901234567890');
  expect(rowsOf(message)).toEqual({ rows: [expect.anything()] });
});

test('a message of another sender stays as it is, and so does one that was transformed before', () => {
  const event = transform(sent(ENTRY));
  for (const message of [{ data: '{"specversion":"1.0"}', attributes: {} }, { data: 'x', attributes: { eventType: 'a' } }, event])
    expect(transform(message)).toEqual(message);
});

test('beside the transform of new objects in one topic, each leaves the messages of the other', () => {
  const object = { data: '{"name":"a"}', attributes: { payloadFormat: 'JSON_API_V1', eventType: 'OBJECT_FINALIZE', objectId: 'a' } };
  expect(transform(object)).toEqual(object);
  expect(running(EVENT_OF_OBJECT)(sent(ENTRY))).toEqual(sent(ENTRY));
});

test('what cannot be read is no event, and is not dropped in silence', () => {
  expect(() => transform({ ...sent(ENTRY), data: 'x' })).toThrow();
});

test('an entry without what Cloud Logging always adds is still an event', () => {
  const { insertId: _id, timestamp: _time, resource: _resource, ...bare } = ENTRY;
  const message = transform(sent(bare));
  expect(reasonOf(message)).toBeUndefined();
  expect(JSON.parse(message.data)).toMatchObject({ id: expect.stringMatching(/^[0-9a-f]{2,16}@2026-/), time: TIME, subject: null });
});

test('whatever the insert id is and whatever the log is called, the event follows the contract, and two entries have two events', () => {
  const id = fc
    .string({ unit: fc.constantFrom('a', '/', ' ', '\t', '\u007f', 'é', '😀', '"', '\\', '${', '%{'), minLength: 1, maxLength: 300 })
    .filter((text) => text.length > 0);
  const log = fc
    .string({ unit: fc.constantFrom('a', 'Z', '0', '%2F', '.', '-', '_'), minLength: 1, maxLength: 511 })
    .map((text) => `projects/acme-data/logs/${text}`);
  fc.assert(
    fc.property(id, id, log, (one, other, logName) => {
      const messages = [one, other].map((insertId) => transform(sent({ ...ENTRY, insertId, logName })));
      expect(messages.map(reasonOf)).toEqual([undefined, undefined]);
      expect(messages[0]!.data === messages[1]!.data).toBe(one === other);
      const [first, second] = messages.map(({ data }) => JSON.parse(data).id);
      expect(first === second).toBe(one === other);
    }),
  );
});

test('the code is small enough for Pub/Sub, which takes 20 kB', () =>
  expect(Buffer.byteLength(EVENT_OF_LOG_ENTRY.code)).toBeLessThan(20_000));
