import { readFileSync } from 'node:fs';
import {
  ChangeMessageVisibilityCommand,
  DeleteMessageCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { type Message, Sqs } from '../../../aws/sqs/sqs';
import { Pace } from '../../../pace';
import { temporaryFolder } from '../../folder';

const arrived: Message[] = [];
let sqs: Sqs;
let client: SQSClient;
let QueueUrl: string;

beforeAll(async () => {
  const queues = [
    { name: 'dead', visibilitySeconds: 30 },
    { name: 'other', visibilitySeconds: 30 },
    { name: 'buffer', visibilitySeconds: 30, redrive: { deadLetter: 'dead', maxReceives: 2 } },
  ];
  sqs = await Sqs.start(temporaryFolder(), queues, new Pace(1e6), (message) => arrived.push(message));
  client = new SQSClient({ region: 'eu-west-1', endpoint: sqs.endpoint, maxAttempts: 1 });
  QueueUrl = sqs.urlOf('dead');
});
afterAll(async () => {
  client.destroy();
  await sqs.stop();
});

const send = (MessageBody: string, queue = QueueUrl) => client.send(new SendMessageCommand({ QueueUrl: queue, MessageBody }));
const receive = (queue = QueueUrl) =>
  client.send(new ReceiveMessageCommand({ QueueUrl: queue, MaxNumberOfMessages: 10, MessageSystemAttributeNames: ['All'] }));
const received = async (queue?: string) => (await receive(queue)).Messages ?? [];

test('a message is delivered again until it is deleted, and has a file until then', async () => {
  await send('ü "1"');
  expect(readFileSync(arrived[0]!.file, 'utf8')).toBe('ü "1"');
  const { Messages: [first] = [] } = await receive();
  const { Messages: [again] = [] } = await receive();
  expect([first?.Body, again?.Body]).toEqual(['ü "1"', 'ü "1"']);
  await client.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle: again!.ReceiptHandle }));
  expect((await receive()).Messages ?? []).toEqual([]);
  expect(sqs.messages()).toEqual([]);
});

test('a message of the maximum size is accepted, in its queue only', async () => {
  await send('x'.repeat(1024 * 1024), sqs.urlOf('other'));
  expect((await receive()).Messages ?? []).toEqual([]);
  expect((await receive(sqs.urlOf('other'))).Messages).toHaveLength(1);
});

test.each<[string, () => Promise<unknown>, string]>([
  ['a queue that does not exist', () => send('a', sqs.urlOf('nobody')), 'QueueDoesNotExist'],
  ['a message over 1 MiB', () => send('x'.repeat(1024 * 1024 + 1)), 'InvalidParameterValue'],
  ['a character that SQS refuses', () => send('a\u0000'), 'InvalidMessageContents'],
  ['half a pair of surrogates', () => send('a\ud800'), 'InvalidMessageContents'],
  ['the other forbidden ones', () => send('a\uffff'), 'InvalidMessageContents'],
  ['an empty message', () => send(''), 'MissingParameter'],
  [
    'a delay, which is not emulated',
    () => client.send(new SendMessageCommand({ QueueUrl, MessageBody: 'a', DelaySeconds: 5 })),
    'UnsupportedOperation',
  ],
  ['a receipt of nothing', () => client.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle: 'x' })), 'ReceiptHandleIsInvalid'],
])('refuses %s, as the client knows it', async (_, act, name) => {
  const before = arrived.length;
  await expect(act()).rejects.toMatchObject({ name });
  expect(arrived).toHaveLength(before);
});

test('a message that was received the maximum number of times is in the dead letter, with its id and time', async () => {
  const buffer = sqs.urlOf('buffer');
  const { MessageId } = await send('poison', buffer);
  const [first] = await received(buffer);
  const [second] = await received(buffer);
  expect(await received(buffer)).toEqual([]);
  const dead = (await received()).find((message) => message.MessageId === MessageId);
  expect(dead).toMatchObject({ Body: 'poison' });
  expect(dead!.Attributes).toEqual({
    ...second!.Attributes,
    ApproximateReceiveCount: '3',
    DeadLetterQueueSourceArn: 'arn:aws:sqs:eu-west-1:000000000000:buffer',
  });
  expect([first!.Attributes!.ApproximateReceiveCount, Number(dead!.Attributes!.SentTimestamp)]).toEqual(['1', expect.any(Number)]);
  expect(arrived.at(-1)).toMatchObject({ queue: 'dead', redriven: { from: 'buffer', receives: 2 } });
  expect(readFileSync(arrived.at(-1)!.file, 'utf8')).toBe('poison');
  await client.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle: dead!.ReceiptHandle }));
});

test('ChangeMessageVisibility makes a message visible, and an older receipt handle deletes nothing', async () => {
  const queues = [{ name: 'slow', visibilitySeconds: 30 }];
  const real = await Sqs.start(temporaryFolder(), queues, new Pace(1), () => {});
  const slow = real.urlOf('slow');
  const other = new SQSClient({ region: 'eu-west-1', endpoint: real.endpoint, maxAttempts: 1 });
  const take = async () => (await other.send(new ReceiveMessageCommand({ QueueUrl: slow }))).Messages ?? [];
  await other.send(new SendMessageCommand({ QueueUrl: slow, MessageBody: 'a' }));
  const [first] = await take();
  expect(await take()).toEqual([]);
  const show = (ReceiptHandle?: string) =>
    other.send(new ChangeMessageVisibilityCommand({ QueueUrl: slow, ReceiptHandle, VisibilityTimeout: 0 }));
  await show(first!.ReceiptHandle);
  await expect(show(first!.ReceiptHandle)).rejects.toMatchObject({ name: 'MessageNotInflight' });
  const [second] = await take();
  await other.send(new DeleteMessageCommand({ QueueUrl: slow, ReceiptHandle: first!.ReceiptHandle }));
  expect(real.size('slow')).toBe(1);
  await other.send(new DeleteMessageCommand({ QueueUrl: slow, ReceiptHandle: second!.ReceiptHandle }));
  expect(real.size('slow')).toBe(0);
  other.destroy();
  await real.stop();
});

describe('with a form, as API Gateway sends it', () => {
  const post = async (form: Record<string, string>) => {
    const answer = await fetch(sqs.endpoint, { method: 'POST', body: new URLSearchParams(form) });
    return [answer.status, await answer.json()];
  };
  const form = { Action: 'SendMessage', Version: '2012-11-05', MessageBody: 'a b+c&d=\u00fc' };

  test('a message is accepted unchanged, and the response is nested', async () => {
    const [status, answer] = await post({ ...form, QueueUrl: sqs.urlOf('other') });
    expect(status).toBe(200);
    expect(answer).toEqual({
      SendMessageResponse: {
        SendMessageResult: { MessageId: expect.any(String), MD5OfMessageBody: expect.any(String) },
        ResponseMetadata: { RequestId: expect.any(String) },
      },
    });
    expect(arrived.at(-1)).toMatchObject({ queue: 'other', body: 'a b+c&d=\u00fc' });
  });

  test.each([
    ['without the version of the API', { Version: '' }, 'AWS.SimpleQueueService.NonExistentQueue'],
    ['to a queue that does not exist', { QueueUrl: 'nobody' }, 'QueueDoesNotExist'],
    ['with a character that SQS refuses', { MessageBody: '\u0001' }, 'InvalidMessageContents'],
    ['with a delay, which is not emulated', { DelaySeconds: '5' }, 'UnsupportedOperation'],
  ])('a form %s is refused', async (_, change, code) => {
    expect(await post({ ...form, QueueUrl: sqs.urlOf('other'), ...change })).toEqual([
      400,
      { Error: { Code: code, Message: expect.any(String), Type: 'Sender' }, RequestId: expect.any(String) },
    ]);
  });
});
