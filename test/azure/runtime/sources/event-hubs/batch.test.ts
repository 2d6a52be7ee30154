import { keyOf, readBatch } from '../../../../../azure/runtime/sources/event-hubs/batch';

const metadata = {
  partitionContext: { partitionId: '3', eventHubName: 'orders', fullyQualifiedNamespace: 'acme.servicebus.windows.net' },
  sequenceNumberArray: [7],
  enqueuedTimeUtcArray: ['2026-01-31T08:30:00.125Z'],
};
const read = (changes: Record<string, unknown>) => readBatch([Buffer.from('a')], { ...metadata, ...changes }, 'reader').records[0]!;

test.each([
  ['a number', 7, '7'],
  ['text', '9007199254740993', '9007199254740993'],
  ['a bigint', 9007199254740993n, '9007199254740993'],
  ['two halves', { low: 7, high: 0, unsigned: false }, '7'],
  ['two halves of which the lower looks negative', { low: -1, high: 0, unsigned: false }, '4294967295'],
  ['two halves of a large number', { low: 1, high: 2_097_152, unsigned: false }, '9007199254740993'],
])('a sequence number may come as %s', (_, value, sequenceNumber) => {
  expect(read({ sequenceNumberArray: [value] }).position.sequenceNumber).toBe(sequenceNumber);
});

test.each([
  '2026-01-31T08:30:00.125Z',
  '2026-01-31T08:30:00.125',
  '2026-01-31T09:30:00.125+01:00',
  new Date('2026-01-31T08:30:00.125Z').toISOString(),
])('the time %s is in UTC on every machine', (time) =>
  expect(read({ enqueuedTimeUtcArray: [time] }).arrived.toISOString()).toBe('2026-01-31T08:30:00.125Z'),
);

test('bytes stay as they are, and so do text and parsed JSON as far as they can', () => {
  const messages = [Buffer.from([0xff, 0]), new Uint8Array([1, 2]), '{"a": 1}', { a: 1 }];
  const numbers = { ...metadata, sequenceNumberArray: [1, 2, 3, 4], enqueuedTimeUtcArray: Array(4).fill('2026-01-31T08:30:00Z') };
  expect(readBatch(messages, numbers).records.map(({ bytes }) => bytes)).toEqual([
    Buffer.from([0xff, 0]),
    Buffer.from([1, 2]),
    Buffer.from('{"a": 1}'),
    Buffer.from('{"a":1}'),
  ]);
});

test('the partition may be told under the name of the newer extension', () => {
  const { partitionContext, ...rest } = metadata;
  expect(readBatch([Buffer.from('a')], { ...rest, triggerPartitionContext: partitionContext }).records[0]!.position).toEqual({
    namespace: 'acme.servicebus.windows.net',
    hub: 'orders',
    partition: '3',
    sequenceNumber: '7',
  });
});

test.each([
  ['the partition', { partitionContext: undefined }],
  ['the sequence numbers', { sequenceNumberArray: undefined }],
  ['a sequence number', { sequenceNumberArray: ['seven'] }],
  ['the times', { enqueuedTimeUtcArray: [] }],
  ['a time', { enqueuedTimeUtcArray: ['today'] }],
])('without %s there is no place to name anything after, and no payload is lost', (_, changes) => {
  const { records, place } = readBatch([Buffer.from('a')], { ...metadata, ...changes }, 'reader');
  expect([place, records.map(({ bytes }) => String(bytes))]).toEqual([undefined, ['a']]);
});

test.each([
  ['fewer payloads than positions', [Buffer.from('a')], [7, 8, 9], ['a', '', '']],
  ['more payloads than positions', [Buffer.from('a'), Buffer.from('b')], [7], ['a', 'b']],
  ['no payload at all', [], [7, 8], ['', '']],
])('of %s nobody knows which belongs to which, so each has the range', (_, payloads, sequenceNumberArray, expected) => {
  const { records, place } = readBatch(payloads, { ...metadata, sequenceNumberArray }, 'reader');
  expect(place).toBe('acme~orders~reader~p3');
  expect(records.map(({ bytes }) => String(bytes))).toEqual(expected);
  const range = { namespace: 'acme.servicebus.windows.net', hub: 'orders', partition: '3' };
  const [first, last] = [String(sequenceNumberArray[0]), String(sequenceNumberArray.at(-1))];
  expect(records.map(({ position }) => position)).toEqual(
    expected.map((_payload, entry) => ({ ...range, sequenceNumber: first, lastSequenceNumber: last, entry })),
  );
  expect(new Set(records.map(keyOf)).size).toBe(expected.length);
});

test('the same entries are named alike when the batch comes again with more behind it', () => {
  const read = (count: number) => {
    const sequenceNumberArray = Array.from({ length: count }, (_, index) => 7 + index);
    const payloads = sequenceNumberArray.slice(1).map(String);
    return readBatch(payloads, { ...metadata, sequenceNumberArray }, 'reader')
      .records.slice(0, 3)
      .map((record) => [keyOf(record), String(record.bytes)]);
  };
  expect(read(9)).toEqual(read(5));
});

test('a single event counts as a batch of one', () => {
  expect(readBatch(Buffer.from('a'), metadata).records.map(({ bytes }) => String(bytes))).toEqual(['a']);
});
