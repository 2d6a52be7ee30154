import { readFileSync } from 'node:fs';
import { DeleteMessageCommand, ReceiveMessageCommand, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { type Message, Sqs } from '../../../aws/sqs/sqs';
import { Pace } from '../../../pace';
import { temporaryFolder } from '../../folder';

const arrived: Message[] = [];
let sqs: Sqs;
let client: SQSClient;
let QueueUrl: string;

beforeAll(async () => {
  sqs = await Sqs.start(temporaryFolder(), ['dead', 'other'], new Pace(1e6), (message) => arrived.push(message));
  client = new SQSClient({ region: 'eu-west-1', endpoint: sqs.endpoint, maxAttempts: 1 });
  QueueUrl = sqs.urlOf('dead');
});
afterAll(async () => {
  client.destroy();
  await sqs.stop();
});

const send = (MessageBody: string, queue = QueueUrl) => client.send(new SendMessageCommand({ QueueUrl: queue, MessageBody }));
const receive = (queue = QueueUrl) => client.send(new ReceiveMessageCommand({ QueueUrl: queue, MaxNumberOfMessages: 10 }));

test('a message comes back until it is deleted, and lies there as a file for as long', async () => {
  await send('ü "1"');
  expect(readFileSync(arrived[0]!.file, 'utf8')).toBe('ü "1"');
  const { Messages: [first] = [] } = await receive();
  const { Messages: [again] = [] } = await receive();
  expect([first?.Body, again?.Body]).toEqual(['ü "1"', 'ü "1"']);
  await client.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle: again!.ReceiptHandle }));
  expect((await receive()).Messages ?? []).toEqual([]);
  expect(await sqs.messages()).toEqual([]);
});

test('a message of the largest size is taken, into its own queue alone', async () => {
  await send('x'.repeat(1024 * 1024), sqs.urlOf('other'));
  expect((await receive()).Messages ?? []).toEqual([]);
  expect((await receive(sqs.urlOf('other'))).Messages).toHaveLength(1);
});

test.each<[string, () => Promise<unknown>, string]>([
  ['a queue that is not there', () => send('a', sqs.urlOf('nobody')), 'QueueDoesNotExist'],
  ['a message over 1 MiB', () => send('x'.repeat(1024 * 1024 + 1)), 'InvalidParameterValue'],
  ['a character that SQS does not take', () => send('a\u0000'), 'InvalidMessageContents'],
  ['half a pair of surrogates', () => send('a\ud800'), 'InvalidMessageContents'],
  ['the other forbidden ones', () => send('a\uffff'), 'InvalidMessageContents'],
  ['an empty message', () => send(''), 'MissingParameter'],
  [
    'attributes, which are not emulated',
    () =>
      client.send(
        new SendMessageCommand({ QueueUrl, MessageBody: 'a', MessageAttributes: { a: { DataType: 'String', StringValue: 'b' } } }),
      ),
    'UnsupportedOperation',
  ],
  ['a receipt of nothing', () => client.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle: 'x' })), 'ReceiptHandleIsInvalid'],
])('refuses %s, as the client knows it', async (_, act, name) => {
  const before = arrived.length;
  await expect(act()).rejects.toMatchObject({ name });
  expect(arrived).toHaveLength(before);
});
