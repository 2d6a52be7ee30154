import { QueueMapping, type QueueMappingSettings, type QueueSource } from '../../../aws/sqs/queue-mapping';
import { Sqs } from '../../../aws/sqs/sqs';
import { CALM } from '../../../chaos';
import { Pace } from '../../../pace';
import { temporaryFolder } from '../../folder';

const SETTINGS: QueueMappingSettings = { batchSize: 10, windowSeconds: 0, concurrency: 1, reportsFailures: true };

type Handler = (bodies: readonly string[], call: number, records: readonly any[]) => unknown;
const well: Handler = () => null;
/** Reports the messages with these bodies as failed. */
const reports =
  (...failed: readonly string[]): Handler =>
  (_, __, records) => ({
    batchItemFailures: records.filter(({ body }) => failed.includes(body)).map(({ messageId }) => ({ itemIdentifier: messageId })),
  });

interface Scene {
  readonly settings?: Partial<QueueMappingSettings>;
  readonly bodies?: readonly string[];
  readonly handler: Handler;
  /** The responses that are lost, counted from 1. */
  readonly lost?: readonly number[];
  /** Sends while the mapping runs. */
  later?(send: (body: string) => Promise<string>): void;
  /** How many times shorter the waits are than in the cloud. The visibility timeout is 30 s. */
  readonly pace?: number;
}

/** Delivers messages until the queue is empty. @returns the calls, and the messages of the dead letter */
async function play({ settings, bodies = ['1', '2', '3', '4'], handler, lost = [], later, pace = 3000 }: Scene) {
  const clock = new Pace(pace);
  const queue = { name: 'buffer', visibilitySeconds: 30, redrive: { deadLetter: 'dead', maxReceives: 3 } };
  const sqs = await Sqs.start(temporaryFolder(), [queue, { name: 'dead', visibilitySeconds: 30 }], clock, () => {});
  const ids: string[] = [];
  for (const body of bodies) ids.push(await sqs.send('buffer', body));
  const calls: string[] = [];
  const records: any[] = [];
  let answers = 0;
  const source: QueueSource = {
    name: 'buffer',
    poll: (most) => sqs.poll('buffer', most),
    delete: (receipt) => sqs.delete('buffer', receipt),
    release: (receipt) => sqs.release('buffer', receipt),
  };
  const invoke = async (payload: string) => {
    const { Records } = JSON.parse(payload);
    records.push(...Records);
    const found: string[] = Records.map(({ body }: any) => body);
    calls.push(found.map((body) => body.slice(0, 5)).join(''));
    try {
      return { requestId: 'r', payload: JSON.stringify(handler(found, calls.length, Records)) ?? '' };
    } catch (error) {
      return { requestId: 'r', error: (error as Error).message };
    }
  };
  const witness = {
    delivered: () => {},
    answered: () => {},
    incident: (text: string) => {
      throw new Error(text);
    },
  };
  const chaos = { ...CALM, answer: () => (lost.includes(++answers) ? ('lost' as const) : ('heard' as const)) };
  const mapping = new QueueMapping({ ...SETTINGS, ...settings }, source, { arn: 'f', invoke }, { pace: clock, chaos, witness });
  await mapping.start();
  later?.((body) => sqs.send('buffer', body));
  do await new Promise((resolve) => setTimeout(resolve, 5));
  while (sqs.size('buffer') > 0);
  await mapping.stop();
  await sqs.stop();
  return { calls, ids, records, dead: sqs.messages().map(({ body, redriven }) => [body, redriven?.receives]) };
}

test.each<[string, Scene, { calls: string[]; dead?: unknown[] }]>([
  ['batches have the configured size', { settings: { batchSize: 3 }, handler: well }, { calls: ['123', '4'] }],
  [
    'a batch of more than ten takes several ReceiveMessage calls',
    { settings: { batchSize: 12, windowSeconds: 300 }, bodies: [...'abcdefghijkl'], handler: well },
    { calls: ['abcdefghijkl'] },
  ],
  [
    'only reported messages are delivered again',
    { handler: (all, call, records) => (call === 1 ? reports('2', '4')(all, call, records) : null) },
    { calls: ['1234', '24'] },
  ],
  [
    'a message that fails three times is in the dead letter, and the others are not',
    { handler: reports('3') },
    { calls: ['1234', '3', '3'], dead: [['3', 3]] },
  ],
  [
    'a batch that throws is delivered again as a whole',
    {
      handler: (_, call) => {
        if (call < 3) throw new Error('broken');
      },
    },
    { calls: ['1234', '1234', '1234'] },
  ],
  ['a batch whose response is lost is delivered again', { handler: well, lost: [1] }, { calls: ['1234', '1234'] }],
  [
    'without ReportBatchItemFailures, the response has no effect',
    { settings: { reportsFailures: false }, handler: reports('1') },
    { calls: ['1234'] },
  ],
  ['no response is a success', { handler: () => undefined }, { calls: ['1234'] }],
  [
    'an id that is not in the batch fails all of it',
    { handler: (_, call) => (call === 1 ? { batchItemFailures: [{ itemIdentifier: 'other' }] } : null) },
    { calls: ['1234', '1234'] },
  ],
])('%s', async (_, scene, { calls, dead = [] }) => {
  expect(await play(scene)).toMatchObject({ calls, dead });
});

test('a batch waits until the end of its batch window', async () => {
  const { calls } = await play({
    bodies: ['1'],
    settings: { windowSeconds: 300 },
    later: (send) => setTimeout(() => void send('2'), 20),
    handler: well,
    pace: 1000,
  });
  expect(calls).toEqual(['12']);
});

test('a call has at most 6 MB', async () => {
  const large = (name: string) => name + 'x'.repeat(1_000_000);
  const { calls } = await play({ bodies: ['a', 'b', 'c', 'd', 'e', 'f', 'g'].map(large), handler: well, pace: 60 });
  expect(calls.map((call) => call.length / 5)).toEqual([6, 1]);
});

test('a message that is delivered again has the same id and time, and its receive count', async () => {
  const { records, ids } = await play({ bodies: ['1'], handler: reports('1') });
  expect(records.map(({ messageId }) => messageId)).toEqual([ids[0], ids[0], ids[0]]);
  expect(records.map(({ attributes }) => attributes.ApproximateReceiveCount)).toEqual(['1', '2', '3']);
  expect(new Set(records.map(({ attributes }) => attributes.SentTimestamp)).size).toBe(1);
  expect(records[0]).toMatchObject({ eventSource: 'aws:sqs', eventSourceARN: 'arn:aws:sqs:eu-west-1:000000000000:buffer', body: '1' });
});
