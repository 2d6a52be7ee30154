import { failureMessage } from '../../../aws/kinesis/failure-message';
import type { LookUp } from '../../../aws/site';
import { DeadLetters } from '../../../aws/sqs/dead-letters';
import type { Message } from '../../../aws/sqs/sqs';

const records = ['1', '2', '3'].map((sequenceNumber) => ({
  sequenceNumber,
  partitionKey: 'a',
  data: Buffer.from(`event ${sequenceNumber}`),
  arrival: new Date(0),
}));
const lookUp: LookUp = async (shard, first, last) =>
  shard === 'shard' ? records.filter(({ sequenceNumber }) => sequenceNumber >= first && sequenceNumber <= last) : [];
const letters = new DeadLetters(new Map([['s', lookUp]]));
const read = async (body: string, redriven?: Message['redriven']) =>
  (await letters.read({ queue: 'dead', body, file: 'f', redriven })).map(({ bytes, reason }) => [bytes.toString(), reason]);

test('a message from the handler contains the event', async () => {
  expect(await read(JSON.stringify({ payload: 'ü', encoding: 'text', reason: 'why', position: {} }))).toEqual([['ü', 'why']]);
  expect(await read(JSON.stringify({ payload: 'w7w=', encoding: 'base64', reason: 'why', position: {} }))).toEqual([['ü', 'why']]);
});

test('parts are joined, in any order and with duplicates', async () => {
  const base64 = Buffer.from('a large event').toString('base64');
  const part = (number: number, sequenceNumber: string) =>
    JSON.stringify({
      payload: base64.slice((number - 1) * 8, number === 3 ? undefined : number * 8),
      encoding: 'base64',
      reason: 'why',
      position: { sequenceNumber },
      part: number,
      parts: 3,
    });
  const came = [part(1, '1'), part(3, '1'), part(2, '2'), part(1, '1')];
  for (const body of came) expect(await read(body)).toEqual([]);
  expect(await read(part(2, '1'))).toEqual([['a large event', 'why']]);
});

test('records that Lambda no longer retries are looked up in the stream, one event for each record', async () => {
  const given = { records: records.slice(1), invocations: 11, condition: 'RetryAttemptsExhausted', shard: 'shard' } as const;
  expect(await read(failureMessage({ ...given, functionArn: 'f', streamArn: 's' }))).toEqual([
    ['event 2', 'RetryAttemptsExhausted after 11 calls'],
    ['event 3', 'RetryAttemptsExhausted after 11 calls'],
  ]);
});

test('a message from another sender is shown unchanged', async () => {
  expect(await read('hello')).toEqual([['hello', 'the message is not from the handler or from Lambda']]);
});

test('a message that was moved from another queue is the event itself, in any format', async () => {
  const event = JSON.stringify({ payload: 'p', reason: 'r' });
  expect(await read(event, { from: 'buffer', receives: 11 })).toEqual([[event, 'received 11 times, and never processed']]);
});
