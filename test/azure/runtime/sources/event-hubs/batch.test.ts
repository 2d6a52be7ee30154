import { readBatch } from '../../../../../azure/runtime/sources/event-hubs/batch';

const metadata = {
  partitionContext: { partitionId: '3', eventHubName: 'orders', fullyQualifiedNamespace: 'acme.servicebus.windows.net' },
  sequenceNumberArray: [7],
  enqueuedTimeUtcArray: ['2026-01-31T08:30:00.125Z'],
};
const read = (changes: Record<string, unknown>) => readBatch([Buffer.from('a')], { ...metadata, ...changes })[0]!;

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
  expect(readBatch(messages, numbers).map(({ bytes }) => bytes)).toEqual([
    Buffer.from([0xff, 0]),
    Buffer.from([1, 2]),
    Buffer.from('{"a": 1}'),
    Buffer.from('{"a":1}'),
  ]);
});

test('the partition may be told under the name of the newer extension', () => {
  const { partitionContext, ...rest } = metadata;
  expect(readBatch([Buffer.from('a')], { ...rest, triggerPartitionContext: partitionContext })[0]!.position).toEqual({
    namespace: 'acme.servicebus.windows.net',
    hub: 'orders',
    partition: '3',
    sequenceNumber: '7',
  });
});

test.each([
  ['the partition', { partitionContext: undefined }],
  ['the sequence numbers', { sequenceNumberArray: undefined }],
  ['the times', { enqueuedTimeUtcArray: [] }],
])('without %s nothing is written under a name that no retry would make again', (_, changes) => {
  expect(() => read(changes)).toThrow(
    new Error('The trigger handed over 1 events without their positions. They stay in the hub for its retention.'),
  );
});

test('a single event is no batch', () => {
  expect(() => readBatch(Buffer.from('a'), metadata)).toThrow(
    new Error('The trigger must hand over batches: set its cardinality to many.'),
  );
});
