import { EventSourceMapping, type MappingSettings } from '../../../aws/kinesis/event-source-mapping';
import type { StreamRecord } from '../../../aws/kinesis/stream';
import { CALM } from '../../../chaos';
import { Pace } from '../../../pace';

const SETTINGS: MappingSettings = {
  batchSize: 4,
  windowSeconds: 0,
  bisect: false,
  maxRetries: 2,
  maxAgeSeconds: -1,
  reportsFailures: true,
};

/** What the function does with the records of a call: it returns a response, or throws. */
type Handler = (ids: readonly string[], call: number) => unknown;
const well: Handler = () => null;
const fails: Handler = () => {
  throw new Error('broken');
};
/** Reports these records as failed. */
const reports =
  (...failed: readonly string[]): Handler =>
  () => ({ batchItemFailures: failed.map((itemIdentifier) => ({ itemIdentifier })) });

interface Scene {
  readonly settings?: Partial<MappingSettings>;
  readonly shards?: Readonly<Record<string, readonly StreamRecord[]>>;
  readonly handler: Handler;
  /** The responses that are lost, counted from 1. */
  readonly lost?: readonly number[];
  readonly destination?: boolean;
  readonly cut?: (records: number) => number;
  readonly pace?: Pace;
}

const record = (sequenceNumber: string, data = sequenceNumber, arrival = new Date()): StreamRecord => ({
  sequenceNumber,
  partitionKey: 'key',
  data: Buffer.from(data),
  arrival,
});
const records = (...numbers: readonly string[]) => numbers.map((number) => record(number));
/** Records 1 to 4 in one shard. */
const four = { s: records('1', '2', '3', '4') };

/** Delivers the records until all are finished. @returns the calls, the failed records, and what was reported */
async function play({ settings, shards = four, handler, lost = [], destination = true, cut = CALM.cut, pace = new Pace(1e6) }: Scene) {
  const calls: string[] = [];
  const messages: any[] = [];
  const payloads: string[] = [];
  const seen: string[] = [];
  const open = new Set(Object.values(shards).flatMap((all) => all.map(({ sequenceNumber }) => sequenceNumber)));
  let answers = 0;
  const mapping = new EventSourceMapping(
    { ...SETTINGS, ...settings },
    {
      source: {
        arn: 'arn:stream',
        shards: async () => Object.keys(shards),
        read: async (shard, after, limit) => {
          const all = shards[shard]!;
          const start = all.findIndex(({ sequenceNumber }) => sequenceNumber === after) + 1;
          return all.slice(start, start + limit);
        },
      },
      functionArn: 'arn:function',
      pace,
      chaos: { ...CALM, cut, answer: () => (lost.includes(++answers) ? 'lost' : 'heard') },
      witness: {
        delivered: () => {},
        incident: (text) => {
          throw new Error(text);
        },
        answered: ({ positions, outcome, why }) => seen.push(`${positions.join('')} ${outcome}${why ? `: ${why}` : ''}`),
      },
      invoke: async (payload) => {
        const ids = JSON.parse(payload).Records.map((one: any) => one.kinesis.sequenceNumber);
        calls.push(ids.join(''));
        try {
          return { requestId: 'r', payload: JSON.stringify(handler(ids, calls.length)) ?? '' };
        } catch (error) {
          return { requestId: 'r', error: (error as Error).message };
        }
      },
      onFailure: destination
        ? async (message, payload) => {
            messages.push(JSON.parse(message));
            payloads.push(payload);
          }
        : undefined,
      settled: (positions) => {
        for (const position of positions) open.delete(position);
      },
    },
  );
  await mapping.start();
  while (open.size > 0) {
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  await mapping.stop();
  const gaveUp = messages.map(({ KinesisBatchInfo: info }) => `${info.startSequenceNumber}-${info.endSequenceNumber}`);
  return { calls, gaveUp, messages, payloads, seen };
}

const poison =
  (id: string): Handler =>
  (ids) => {
    if (ids.includes(id)) throw new Error('poison');
    return null;
  };

test('a destination gets the position of the records, and a bucket also the whole payload', async () => {
  const { messages, payloads } = await play({ settings: { maxRetries: 0 }, handler: fails });
  const data = JSON.parse(payloads[0]!).Records.map((one: any) => Buffer.from(one.kinesis.data, 'base64').toString());
  expect(data).toEqual(['1', '2', '3', '4']);
  expect(messages[0].KinesisBatchInfo.batchSize).toBe(4);
});

test.each<[string, Scene, { calls: string[]; gaveUp?: string[] }]>([
  ['batches are full, and in order', { settings: { batchSize: 3 }, handler: well }, { calls: ['123', '4'] }],
  [
    'a batch that fails comes again, and then is given up as a whole',
    { handler: fails },
    { calls: ['1234', '1234', '1234'], gaveUp: ['1-4'] },
  ],
  [
    'without retries it goes to the destination at once',
    { settings: { maxRetries: 0 }, handler: fails },
    { calls: ['1234'], gaveUp: ['1-4'] },
  ],
  [
    'without a limit of retries, it is retried until it succeeds',
    { settings: { maxRetries: -1 }, handler: (_, call) => (call < 6 ? fails([], 0) : null) },
    { calls: Array(6).fill('1234') },
  ],
  [
    'a batch that is divided again is delivered in part, and the rest with the next batch',
    { settings: { batchSize: 3 }, lost: [1], cut: () => 2, handler: well },
    { calls: ['123', '12', '34'] },
  ],
  [
    'bisecting isolates the failed record, and does not count as a retry',
    { settings: { bisect: true, maxRetries: 1 }, handler: poison('3') },
    { calls: ['1234', '12', '34', '3', '3', '4'], gaveUp: ['3-3'] },
  ],
  [
    'a batch of one is not split',
    { settings: { bisect: true, maxRetries: 1, batchSize: 1 }, handler: poison('2') },
    { calls: ['1', '2', '2', '3', '4'], gaveUp: ['2-2'] },
  ],
  [
    'records before the reported one succeeded, and the rest is delivered again',
    { handler: (ids) => (ids.length === 4 ? reports('3')(ids, 0) : null) },
    { calls: ['1234', '34'] },
  ],
  [
    'of several reported records, the lowest sequence number is used',
    { handler: (ids) => (ids.length === 4 ? reports('4', '2')(ids, 0) : null) },
    { calls: ['1234', '234'] },
  ],
  ['a report counts as a retry', { settings: { maxRetries: 0 }, handler: reports('3') }, { calls: ['1234'], gaveUp: ['3-4'] }],
  [
    'with bisecting, a report splits the batch, and does not count as a retry',
    { settings: { maxRetries: 0, bisect: true }, handler: reports('3') },
    { calls: ['1234', '34'], gaveUp: ['3-4'] },
  ],
  [
    'a report of the first record retries exactly the same batch, with or without bisecting',
    { settings: { maxRetries: 1, bisect: true }, handler: reports('1') },
    { calls: ['1234', '1234'], gaveUp: ['1-4'] },
  ],
  ['an empty list is a success', { handler: reports() }, { calls: ['1234'] }],
  ['a list of null is a success', { handler: () => ({ batchItemFailures: null }) }, { calls: ['1234'] }],
  ['an empty object is a success', { handler: () => ({}) }, { calls: ['1234'] }],
  ['no response is a success', { handler: () => undefined }, { calls: ['1234'] }],
  [
    'a record that is not in the batch fails it',
    { settings: { maxRetries: 0 }, handler: reports('9') },
    { calls: ['1234'], gaveUp: ['1-4'] },
  ],
  ['an empty id fails it', { settings: { maxRetries: 0 }, handler: reports('3', '') }, { calls: ['1234'], gaveUp: ['1-4'] }],
  [
    'an id under another key fails it',
    { settings: { maxRetries: 0 }, handler: () => ({ batchItemFailures: [{ id: '3' }] }) },
    { calls: ['1234'], gaveUp: ['1-4'] },
  ],
  ['a response that is not an object fails it', { settings: { maxRetries: 0 }, handler: () => 'ok' }, { calls: ['1234'], gaveUp: ['1-4'] }],
  [
    'an object instead of a list fails it',
    { settings: { maxRetries: 0 }, handler: () => ({ batchItemFailures: '3' }) },
    { calls: ['1234'], gaveUp: ['1-4'] },
  ],
  [
    'without ReportBatchItemFailures, the response has no effect',
    { settings: { reportsFailures: false }, handler: reports('1') },
    { calls: ['1234'] },
  ],
  [
    'a batch whose response is lost is delivered again, and this does not count as a retry',
    { settings: { maxRetries: 0 }, handler: well, lost: [1, 2] },
    { calls: ['1234', '1234', '1234'] },
  ],
  [
    'a record that is too old goes to the destination without a call',
    {
      settings: { maxAgeSeconds: 3600 },
      pace: new Pace(60),
      shards: { s: [record('1', '1', new Date(0)), record('2', '2', new Date(8e15))] },
      handler: well,
    },
    { calls: ['2'], gaveUp: ['1-1'] },
  ],
])('%s', async (_, scene, { calls, gaveUp = [] }) => {
  expect(await play(scene)).toMatchObject({ calls, gaveUp });
});

test('a batch that is too old is not retried', async () => {
  const { now } = Date;
  const handler: Handler = (ids, call) => {
    jest.spyOn(Date, 'now').mockImplementation(() => now() + 3_600_000);
    return fails(ids, call);
  };
  const { calls, messages } = await play({ settings: { maxAgeSeconds: 3600, maxRetries: -1 }, pace: new Pace(60), handler });
  jest.restoreAllMocks();
  expect([calls, messages]).toMatchObject([['1234'], [{ requestContext: { condition: 'RecordAgeExceeded', approximateInvokeCount: 1 } }]]);
});

test('a failure message contains the position and the reason', async () => {
  const arrival = new Date('2026-01-31T08:30:00Z');
  const shards = { 'shardId-1': [record('1', 'secret', arrival), record('2', 'secret', arrival)] };
  const { messages, seen } = await play({ shards, settings: { maxRetries: 1 }, handler: fails });
  expect(messages).toEqual([
    {
      requestContext: { requestId: 'r', functionArn: 'arn:function', condition: 'RetryAttemptsExhausted', approximateInvokeCount: 2 },
      responseContext: { statusCode: 200, executedVersion: '$LATEST', functionError: 'Unhandled' },
      version: '1.0',
      timestamp: expect.any(String),
      KinesisBatchInfo: {
        shardId: 'shardId-1',
        startSequenceNumber: '1',
        endSequenceNumber: '2',
        approximateArrivalOfFirstRecord: '2026-01-31T08:30:00.000Z',
        approximateArrivalOfLastRecord: '2026-01-31T08:30:00.000Z',
        batchSize: 2,
        streamArn: 'arn:stream',
      },
    },
  ]);
  expect(seen).toEqual(['12 again: broken', '12 given up: broken']);
});

test('without a destination, records are lost when the retries end, and this is reported', async () => {
  const { seen } = await play({ destination: false, settings: { maxRetries: 0 }, handler: fails });
  expect(seen).toEqual(['1234 given up: broken, and the mapping has no destination']);
});

test('a shard waits for its batch, and other shards do not', async () => {
  const shards = { a: records('1', '2'), b: records('7', '8') };
  const handler: Handler = (ids, call) => (ids.includes('1') && call < 8 ? fails(ids, call) : null);
  const { calls } = await play({ shards, settings: { batchSize: 1, maxRetries: -1 }, pace: new Pace(100), handler });
  expect(calls.indexOf('8')).toBeLessThan(calls.lastIndexOf('1'));
  expect(calls.lastIndexOf('1')).toBeLessThan(calls.indexOf('2'));
});

test('a call has at most 6 MB', async () => {
  const large = 'x'.repeat(1_700_000);
  const { calls } = await play({ shards: { s: [record('1', large), record('2', large), record('3', large)] }, handler: well });
  expect(calls).toEqual(['12', '3']);
});

test('a batch waits until the end of its batch window, or until it is full', async () => {
  const all = records('1', '2', '3');
  const arrived = [all[0]!];
  setTimeout(() => arrived.push(all[1]!, all[2]!), 20);
  const shards = { s: arrived };
  const { calls } = await play({ shards, settings: { windowSeconds: 300 }, pace: new Pace(2000), handler: well });
  expect(calls).toEqual(['123']);
});
