import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { EVENT_OF_OBJECT } from '../../../../gcp/store/cloud-storage/object-notification';
import { judge } from '../../../../shared/runtime/verdict';

interface Message {
  readonly data: string;
  readonly attributes: Readonly<Record<string, string>>;
}

/** The transform, as Pub/Sub calls it: with a message and its metadata. */
const transform: (message: Message) => Message = runInNewContext(
  `${EVENT_OF_OBJECT.code}; (message) => ${EVENT_OF_OBJECT.functionName}(message, { publish_time: '2026-01-31T08:30:00Z' })`,
);

/** What Cloud Storage publishes: https://cloud.google.com/storage/docs/pubsub-notifications#format */
const told = (objectId: string, more: Readonly<Record<string, string>> = {}): Message => ({
  data: JSON.stringify({
    kind: 'storage#object',
    name: objectId,
    bucket: 'acme-data-acme-events',
    size: '7',
    generation: '1706690000000001',
  }),
  attributes: {
    notificationConfig: 'projects/_/buckets/acme-data-acme-events/notificationConfigs/1',
    eventType: 'OBJECT_FINALIZE',
    payloadFormat: 'JSON_API_V1',
    bucketId: 'acme-data-acme-events',
    objectId,
    objectGeneration: '1706690000000001',
    eventTime: '2026-01-31T08:29:59.123456Z',
    ...more,
  },
});
const eventOf = (message: Message) => JSON.parse(transform(message).data);
const reasonOf = ({ data }: Message) => {
  const verdict = judge(
    Buffer.from(data),
    (event) => event,
    (row) => row,
  );
  return 'reason' in verdict ? verdict.reason : undefined;
};

test('a new object becomes an event of the contract, named by the object and its generation', () => {
  const message = transform(told('events/7.gz'));
  expect(message.attributes).toEqual({});
  expect(JSON.parse(message.data)).toEqual({
    specversion: '1.0',
    id: 'events/7.gz#1706690000000001',
    source: '//storage.googleapis.com/projects/_/buckets/acme-data-acme-events',
    type: 'google.cloud.storage.object.v1.finalized',
    time: '2026-01-31T08:29:59.123456Z',
    subject: 'objects/events/7.gz',
    data: expect.objectContaining({ name: 'events/7.gz', size: '7' }),
  });
  expect(reasonOf(message)).toBeUndefined();
});

test('a message of another sender stays as it is, and so does another notification', () => {
  for (const message of [
    { data: '{"specversion":"1.0"}', attributes: {} },
    told('a', { eventType: 'OBJECT_DELETE' }),
    told('a', { payloadFormat: 'NONE' }),
  ]) {
    expect(transform(message)).toEqual(message);
  }
});

test('a notification that cannot be read is no event, and is not dropped', () => {
  expect(() => transform({ ...told('a'), data: 'x' })).toThrow();
});

test('whatever an object is called, its event follows the contract, and two objects have two events', () => {
  const name = fc
    .string({ unit: fc.constantFrom('a', '/', '.', ' ', '\t', '\u007f', 'é', '😀', '"', '\\', '${', '%{'), minLength: 1, maxLength: 1024 })
    .filter((text) => Buffer.byteLength(text) <= 1024);
  fc.assert(
    fc.property(name, name, (one, other) => {
      const messages = [one, other].map((objectId) => transform(told(objectId)));
      expect(messages.map(reasonOf)).toEqual([undefined, undefined]);
      expect(messages[0]!.data === messages[1]!.data).toBe(one === other);
      expect(eventOf(told(one)).id === eventOf(told(other)).id).toBe(one === other);
    }),
  );
});

test('objects of one moment with long names have ids of sixteen digits: with eight, a hundred thousand of them have a twin more often than not', () => {
  const start = 'a'.repeat(200);
  const ids: string[] = Array.from({ length: 200 }, (_, index) => eventOf(told(`${start}${index}`)).id.split('#')[0]);
  expect(new Set(ids).size).toBe(200);
  expect(Math.max(...ids.map((id) => id.length))).toBe(16);
});

test('the code is small enough for Pub/Sub, which takes 20 kB', () => expect(Buffer.byteLength(EVENT_OF_OBJECT.code)).toBeLessThan(20_000));
