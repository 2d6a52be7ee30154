import { PubSub, v1 } from '@google-cloud/pubsub';
import { grpc } from 'google-gax';
import { Broker } from '../../../gcp/pub-sub/broker';
import { PubSubServer } from '../../../gcp/pub-sub/pub-sub';
import { servePubSubRest } from '../../../gcp/pub-sub/pub-sub-rest';
import { Pace } from '../../../pace';
import type { Receipt } from '../../../platform';

const TOPIC = 'projects/p/topics/events';
const SUBSCRIPTION = 'projects/p/subscriptions/events';
const DEAD = { topic: 'projects/p/topics/dead', subscription: 'projects/p/subscriptions/dead' };
const pace = new Pace(20);
const broker = new Broker(
  [TOPIC, DEAD.topic],
  [
    { name: SUBSCRIPTION, topic: TOPIC, ackDeadline: 10_000, deadLetter: { topic: DEAD.topic, maxAttempts: 5 } },
    { name: DEAD.subscription, topic: DEAD.topic, ackDeadline: 600_000 },
  ],
  pace,
);

let server: PubSubServer;
let client: PubSub;
let puller: v1.SubscriberClient;
beforeAll(async () => {
  server = await PubSubServer.start(broker, pace);
  client = new PubSub({ projectId: 'p', apiEndpoint: server.address, emulatorMode: true });
  const [servicePath, port] = server.address.split(':');
  puller = new v1.SubscriberClient({ servicePath, port: Number(port), sslCreds: grpc.credentials.createInsecure(), projectId: 'p' });
});
afterAll(async () => {
  await client.close();
  await puller.close();
  server.stop();
  broker.stop();
});

const publish = (data: string, attributes = {}) => client.topic(TOPIC).publishMessage({ data: Buffer.from(data), attributes });
const pull = async (subscription = SUBSCRIPTION) => {
  const [{ receivedMessages }] = await puller.pull({ subscription, maxMessages: 10 });
  return receivedMessages!.map(({ ackId, deliveryAttempt, message }) => ({
    ackId: ackId!,
    attempt: deliveryAttempt,
    data: String(message!.data),
    attributes: message!.attributes,
  }));
};
const acknowledge = (...ackIds: string[]) => puller.acknowledge({ subscription: SUBSCRIPTION, ackIds });

test('what is published comes out of the subscription, once it is acknowledged no more', async () => {
  const before = Date.now();
  const messageId = await publish('ü', { a: 'b' });
  const subscription = client.subscription(SUBSCRIPTION);
  const message = await new Promise<import('@google-cloud/pubsub').Message>((resolve, reject) => {
    subscription.on('message', resolve).on('error', reject);
  });
  expect(message).toMatchObject({ id: messageId, data: Buffer.from('ü'), attributes: { a: 'b' }, deliveryAttempt: 1 });
  expect(message.publishTime.getTime()).toBeGreaterThanOrEqual(before);
  message.ack();
  await subscription.close();
  expect(broker.subscription(SUBSCRIPTION).size).toBe(0);
});

test('a message that nobody acknowledges in time comes again, one that is refused at once', async () => {
  await publish('1');
  const [first] = await pull();
  const [second] = await pull();
  await puller.modifyAckDeadline({ subscription: SUBSCRIPTION, ackIds: [second!.ackId], ackDeadlineSeconds: 0 });
  const [third] = await pull();
  expect([first, second, third].map((one) => one?.attempt)).toEqual([1, 2, 3]);
  await acknowledge(first!.ackId);
  expect(broker.subscription(SUBSCRIPTION).size).toBe(1);
  await acknowledge(third!.ackId);
  expect(broker.subscription(SUBSCRIPTION).size).toBe(0);
});

test('who asks for more time gets it', async () => {
  await publish('1');
  const [{ ackId } = { ackId: '' }] = await pull();
  await puller.modifyAckDeadline({ subscription: SUBSCRIPTION, ackIds: [ackId], ackDeadlineSeconds: 600 });
  await publish('2');
  const [other] = await pull();
  expect(other?.data).toBe('2');
  await acknowledge(ackId, other!.ackId);
  expect(broker.subscription(SUBSCRIPTION).size).toBe(0);
});

test('after the last attempt a message is on the dead letter, with where it came from', async () => {
  await publish('poison', { a: 'b' });
  for (let attempt = 1; attempt <= 5; attempt++) {
    const [one] = await pull();
    await puller.modifyAckDeadline({ subscription: SUBSCRIPTION, ackIds: [one!.ackId], ackDeadlineSeconds: 0 });
  }
  expect(broker.subscription(SUBSCRIPTION).size).toBe(0);
  expect(await pull(DEAD.subscription)).toMatchObject([
    {
      data: 'poison',
      attempt: 0,
      attributes: {
        a: 'b',
        CloudPubSubDeadLetterSourceDeliveryCount: '5',
        CloudPubSubDeadLetterSourceSubscription: 'events',
        CloudPubSubDeadLetterSourceSubscriptionProject: 'p',
        CloudPubSubDeadLetterSourceTopicPublishTime: expect.stringMatching(/^\d{4}-.*Z$/),
      },
    },
  ]);
});

test.each<[string, object, RegExp]>([
  ['an empty message', { data: Buffer.alloc(0) }, /is empty/],
  ['a message over 10 MB', { data: Buffer.alloc(10_000_001) }, /10000001 bytes/],
  [
    '101 attributes',
    { data: Buffer.from('1'), attributes: Object.fromEntries(Array.from({ length: 101 }, (_, i) => [`a${i}`, ''])) },
    /101/,
  ],
  ['a long value', { data: Buffer.from('1'), attributes: { a: 'x'.repeat(1025) } }, /at most 1024/],
  ['a long key', { data: Buffer.from('1'), attributes: { ['x'.repeat(257)]: '' } }, /at most 256/],
  ['a key of Google', { data: Buffer.from('1'), attributes: { 'goog-a': '' } }, /goog/],
])('%s is refused, and nothing of it is kept', async (_, message, why) => {
  await expect(client.topic(TOPIC).publishMessage(message)).rejects.toMatchObject({ code: 3, details: expect.stringMatching(why) });
  expect(broker.subscription(SUBSCRIPTION).size).toBe(0);
});

test('what the template does not declare is not there, and is not made', async () => {
  const missing = { code: 5, details: expect.stringContaining('Resource not found') };
  await expect(client.topic('other').publishMessage({ data: Buffer.from('1') })).rejects.toMatchObject(missing);
  await expect(client.topic('other').getMetadata()).rejects.toMatchObject(missing);
  await expect(client.subscription('other').getMetadata()).rejects.toMatchObject(missing);
  await expect(client.createTopic('other')).rejects.toMatchObject({ code: 12 });
});

test('a topic and a subscription say what they are', async () => {
  expect((await client.topic(TOPIC).getMetadata())[0]).toMatchObject({ name: TOPIC });
  expect((await client.subscription(SUBSCRIPTION).getMetadata())[0]).toMatchObject({
    topic: TOPIC,
    ackDeadlineSeconds: 10,
    deadLetterPolicy: { deadLetterTopic: DEAD.topic, maxDeliveryAttempts: 5 },
  });
});

describe('over HTTP', () => {
  let rest: Awaited<ReturnType<typeof servePubSubRest>>;
  const heard: [event: string, receipt: Receipt][] = [];
  beforeAll(async () => {
    rest = await servePubSubRest(
      broker,
      (topic) => topic === TOPIC,
      (body) => (receipt) => heard.push([body.toString(), receipt]),
    );
  });
  afterAll(() => rest.close());
  beforeEach(() => {
    heard.length = 0;
  });

  const post = async (body: string, topic = TOPIC) => {
    const response = await fetch(`http://${rest.host}/v1/${topic}:publish`, { method: 'POST', body });
    return { status: response.status, ...(await response.json()) };
  };

  test('a message is published as it came', async () => {
    const answer = await post(JSON.stringify({ messages: [{ data: Buffer.from('ü').toString('base64'), attributes: { a: 'b' } }] }));
    expect(answer).toEqual({ status: 200, messageIds: [expect.stringMatching(/^\d+$/)] });
    const [message] = await pull();
    expect(message).toMatchObject({ data: 'ü', attributes: { a: 'b' } });
    await acknowledge(message!.ackId);
    expect(heard).toEqual([['ü', { accepted: true, position: answer.messageIds[0] }]]);
  });

  test('an event that is refused is heard of, and what goes to another topic is none', async () => {
    await post('{"messages":[{}]}');
    await post(JSON.stringify({ messages: [{ data: 'YQ==' }] }), DEAD.topic);
    expect(heard).toEqual([['', { accepted: false, reason: expect.stringContaining('is empty') }]]);
  });

  test.each([
    ['no JSON', 'hello', TOPIC, 400, 'INVALID_ARGUMENT'],
    ['no base64', '{"messages":[{"data":"ü"}]}', TOPIC, 400, 'INVALID_ARGUMENT'],
    ['an empty message', '{"messages":[{}]}', TOPIC, 400, 'INVALID_ARGUMENT'],
    ['no message', '{}', TOPIC, 400, 'INVALID_ARGUMENT'],
    ['an attribute that is no text', '{"messages":[{"attributes":{"a":1}}]}', TOPIC, 400, 'INVALID_ARGUMENT'],
    ['another topic', '{"messages":[{"data":"YQ=="}]}', 'projects/p/topics/other', 404, 'NOT_FOUND'],
  ])('%s is refused', async (_, body, topic, code, status) => {
    expect(await post(body, topic)).toMatchObject({ status: code, error: { code, status } });
    expect(broker.subscription(SUBSCRIPTION).size).toBe(0);
  });
});
