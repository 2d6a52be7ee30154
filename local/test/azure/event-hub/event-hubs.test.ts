import { type EventHubConsumerClient, EventHubProducerClient, earliestEventPosition, latestEventPosition } from '@azure/event-hubs';
import { credentialOf } from '../../../azure/identity/credential';
import { closing, consumer, HOST, hubOf, producer, read, tokens } from '../stand-ins';

const bodies = (events: readonly { body: unknown }[]) => events.map(({ body }) => String(body));

test('the hub says which partitions it has, and how far each of them is', async () => {
  const client = producer(await hubOf());
  expect(await client.getEventHubProperties()).toMatchObject({ name: 'orders', partitionIds: ['0', '1', '2', '3'] });
  expect(await client.getPartitionProperties('2')).toMatchObject({ partitionId: '2', isEmpty: true, lastEnqueuedSequenceNumber: -1 });
  await client.sendBatch([{ body: 'a' }, { body: 'b' }], { partitionId: '2' });
  expect(await client.getPartitionProperties('2')).toMatchObject({ isEmpty: false, lastEnqueuedSequenceNumber: 1 });
  await expect(client.getPartitionProperties('4')).rejects.toThrow('There is no 4.');
});

test('events with one key stay together and in their order, others go to the partitions in turn', async () => {
  const hub = await hubOf();
  const client = producer(hub);
  for (const body of ['1', '2', '3']) await client.sendBatch([{ body }, { body: `${body}b` }], { partitionKey: 'press 7' });
  const [keyed] = hub.partitions.filter(({ events }) => events.length > 0);
  const events = await read(consumer(hub), keyed!.id, earliestEventPosition, 6);
  expect(bodies(events)).toEqual(['1', '1b', '2', '2b', '3', '3b']);
  expect(events.map(({ sequenceNumber, partitionKey }) => [sequenceNumber, partitionKey])).toEqual(
    [0, 1, 2, 3, 4, 5].map((number) => [number, 'press 7']),
  );

  for (let count = 0; count < 8; count += 1) await client.sendBatch([{ body: 'x' }]);
  expect(hub.partitions.map(({ id, events }) => events.length - (id === keyed!.id ? 6 : 0))).toEqual([2, 2, 2, 2]);
});

test('a reader starts where it says: after an offset, at a sequence number, after a time, or at the end', async () => {
  const hub = await hubOf({ partitionCount: 1 });
  const sender = producer(hub);
  for (const body of ['a', 'b', 'c']) await sender.sendBatch([{ body }]);
  const [, b, c] = await read(consumer(hub), '0', earliestEventPosition, 3);

  expect(bodies(await read(consumer(hub), '0', { offset: b!.offset }, 1))).toEqual(['c']);
  expect(bodies(await read(consumer(hub), '0', { offset: b!.offset, isInclusive: true }, 2))).toEqual(['b', 'c']);
  expect(bodies(await read(consumer(hub), '0', { sequenceNumber: b!.sequenceNumber, isInclusive: true }, 2))).toEqual(['b', 'c']);
  expect(bodies(await read(consumer(hub), '0', { enqueuedOn: new Date(0) }, 3))).toEqual(['a', 'b', 'c']);
  const later = read(consumer(hub), '0', latestEventPosition, 1);
  const more = setInterval(() => void sender.sendBatch([{ body: 'd' }]), 20);
  expect(bodies(await later)[0]).toBe('d');
  clearInterval(more);
  expect(c!.enqueuedTimeUtc.getTime()).toBeGreaterThan(Date.now() - 60_000);
});

test('bytes, properties and an empty event arrive as they were sent', async () => {
  const hub = await hubOf({ partitionCount: 1 });
  const large = Buffer.alloc(256 * 1024, 'ü');
  await producer(hub).sendBatch([
    { body: large, properties: { press: 7 } },
    { body: Buffer.from([0xff, 0x00]) },
    { body: Buffer.alloc(0) },
  ]);
  const client = consumer(hub);
  const [first, second, third] = await read(client, '0', earliestEventPosition, 3);
  expect([large.equals(first!.body), first!.properties, second!.body, third!.body.length]).toEqual([
    true,
    { press: 7 },
    Buffer.from([0xff, 0x00]),
    0,
  ]);
});

test.each([
  ['another hub', { name: 'invoices' }, 'MessagingEntityNotFoundError'],
  ['another consumer group', { group: 'nobody' }, 'MessagingEntityNotFoundError'],
])('%s is refused', async (_, where, code) => {
  await expect(read(consumer(await hubOf(), where), '0', earliestEventPosition, 1)).rejects.toMatchObject({ code });
});

test('another partition is refused, to readers and to senders', async () => {
  const hub = await hubOf();
  await expect(read(consumer(hub), '4', earliestEventPosition, 1)).rejects.toMatchObject({ code: 'ArgumentOutOfRangeError' });
  await expect(producer(hub).sendBatch([{ body: 'a' }], { partitionId: '4' })).rejects.toMatchObject({ code: 'ArgumentOutOfRangeError' });
});

test('another namespace is refused', async () => {
  const client = producer(await hubOf(), { host: 'other.servicebus.windows.net' });
  await expect(client.getEventHubProperties()).rejects.toMatchObject({ code: 'MessagingEntityNotFoundError' });
});

test('a token for something else opens nothing, and neither does a key', async () => {
  const hub = await hubOf();
  const forStorage = credentialOf(() => tokens.issue({ aud: 'https://storage.azure.com', appid: 'somebody' }));
  await expect(producer(hub, { credential: forStorage }).sendBatch([{ body: 'a' }])).rejects.toMatchObject({ code: 'UnauthorizedError' });

  const key = `Endpoint=sb://${HOST}/;SharedAccessKeyName=Root;SharedAccessKey=c2VjcmV0;UseDevelopmentEmulator=true`;
  const options = { customEndpointAddress: `sb://127.0.0.1:${hub.port}`, retryOptions: { maxRetries: 0 } };
  const withKey = closing(new EventHubProducerClient(key, 'orders', options));
  await expect(withKey.sendBatch([{ body: 'a' }])).rejects.toMatchObject({ code: 'UnauthorizedError' });
  expect(hub.partitions.flatMap(({ events }) => events)).toEqual([]);
});

test('an event that is too large does not fit into a batch, and the hub rejects it too', async () => {
  const hub = await hubOf({ maxBytes: 1000 });
  const client = producer(hub);
  const batch = await client.createBatch();
  expect(batch.maxSizeInBytes).toBe(1000);
  expect(batch.tryAdd({ body: Buffer.alloc(2000) })).toBe(false);
  await expect(client.sendBatch([{ body: Buffer.alloc(2000) }])).rejects.toMatchObject({ code: 'MessageTooLargeError' });
  expect(hub.partitions.flatMap(({ events }) => events)).toEqual([]);
});

test('of two readers with an owner level the later one reads, unless its level is lower', async () => {
  const hub = await hubOf({ partitionCount: 1 });
  const reader = (ownerLevel?: number) => {
    const seen: string[] = [];
    const client: EventHubConsumerClient = consumer(hub);
    const lost = new Promise<string>((resolve) => {
      client.subscribe(
        '0',
        {
          processEvents: async (events) => void seen.push(...bodies(events)),
          processError: async (error) => resolve((error as { code?: string }).code ?? error.message),
        },
        { startPosition: earliestEventPosition, ownerLevel, maxWaitTimeInSeconds: 0.05 },
      );
    });
    let isLost = false;
    void lost.then(() => {
      isLost = true;
    });
    return { seen, lost, isLost: () => isLost };
  };
  const until = async (isTrue: () => boolean) => {
    while (!isTrue()) await new Promise((resolve) => setTimeout(resolve, 5));
  };
  await producer(hub).sendBatch([{ body: 'a' }]);
  const first = reader(2);
  await until(() => first.seen.length === 1);
  expect(await reader(1).lost).toBe('ReceiverDisconnectedError');
  expect(await reader().lost).toBe('ReceiverDisconnectedError');
  await producer(hub).sendBatch([{ body: 'b' }]);
  await until(() => first.seen.length === 2);
  expect(first.isLost()).toBe(false);
  const second = reader(2);
  expect(await first.lost).toBe('ReceiverDisconnectedError');
  await until(() => second.seen.length === 2);
});
