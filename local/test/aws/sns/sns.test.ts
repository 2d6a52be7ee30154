import { arnOfTopic, Sns, type SubscriptionSettings } from '../../../aws/sns/sns';

const TOPIC = 'arn:aws:sns:local-1:000000000000:topic';
const got: Record<string, string[]> = { all: [], alerts: [] };
const published: [string, readonly string[]][] = [];
let sns: Sns;
let topic: string;

beforeAll(async () => {
  const subscriptions: SubscriptionSettings[] = [];
  sns = await Sns.start(['topic'], subscriptions, (message, queues) => published.push([message, queues]));
  topic = arnOfTopic('topic');
  const subscribe = (queue: string, filter?: unknown) =>
    subscriptions.push({ topic, queue, filter, deliver: async (message) => void got[queue]!.push(message) });
  subscribe('all');
  subscribe('alerts', { type: ['alert'] });
});
afterAll(() => sns.stop());
beforeEach(() => {
  got.all!.length = 0;
  got.alerts!.length = 0;
});

/** A request as API Gateway sends it. */
async function publish(form: Record<string, string>) {
  const answer = await fetch(`http://${sns.host}/`, { method: 'POST', body: new URLSearchParams({ Version: '2010-03-31', ...form }) });
  return { status: answer.status, body: (await answer.json()) as any };
}
const event = (type: string) => JSON.stringify({ id: 'ü & = +', type });

test('a message goes to each subscriber whose filter it matches, as it was sent', async () => {
  const { status, body } = await publish({ Action: 'Publish', TopicArn: topic, Message: event('alert') });
  expect([status, Object.keys(body.PublishResponse.PublishResult)]).toEqual([200, ['MessageId']]);
  await publish({ Action: 'Publish', TopicArn: topic, Message: event('other') });
  expect(got).toEqual({ all: [event('alert'), event('other')], alerts: [event('alert')] });
  expect(published.slice(-2)).toEqual([
    [event('alert'), ['all', 'alerts']],
    [event('other'), ['all']],
  ]);
});

test('a message that is not JSON matches no filter', async () => {
  await publish({ Action: 'Publish', TopicArn: topic, Message: 'alert' });
  expect(got).toEqual({ all: ['alert'], alerts: [] });
});

test.each<[string, Record<string, string>, string]>([
  ['a topic that does not exist', { Action: 'Publish', TopicArn: TOPIC, Message: 'a' }, 'NotFound'],
  ['an empty message', { Action: 'Publish', Message: '' }, 'InvalidParameter'],
  ['a message over 256 KiB', { Action: 'Publish', Message: 'x'.repeat(256 * 1024 + 1) }, 'InvalidParameter'],
  ['another action', { Action: 'Subscribe' }, 'InvalidAction'],
  ['a parameter that is not emulated', { Action: 'Publish', Message: 'a', Subject: 's' }, 'InvalidAction'],
  ['another version of the API', { Action: 'Publish', Message: 'a', Version: '2012-11-05' }, 'InvalidAction'],
])('refuses %s', async (_, form, code) => {
  const { status, body } = await publish({ TopicArn: topic, ...form });
  expect([status, body.Error.Code]).toEqual([400, code]);
  expect(got).toEqual({ all: [], alerts: [] });
});
