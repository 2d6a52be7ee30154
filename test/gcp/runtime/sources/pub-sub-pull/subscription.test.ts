import { pulledSubscription } from '../../../../../gcp/runtime/sources/pub-sub-pull/subscription';
import { type Answer, loopback } from '../../../../support/loopback';
import { SUBSCRIPTION } from './broker';
import { SETTINGS } from './worker';

const heard: string[] = [];
let answer: (verb: string) => Answer | Promise<Answer>;
beforeAll(async () => {
  const url = await loopback(({ method, url }, body) => {
    heard.push(`${method} ${url} ${body}`);
    return answer(url!.split(':')[1]!);
  });
  Object.assign(process.env, SETTINGS, { PUBSUB_EMULATOR_HOST: new URL(url).host });
});
beforeEach(() => {
  heard.length = 0;
  answer = () => ({ status: 200, body: '{}' });
});

test('asks as the REST API of Pub/Sub wants it, and reads what it answers', async () => {
  const received = [{ ackId: 'a', message: { data: 'eA==', messageId: '1', publishTime: '2026-01-31T08:30:00Z' }, deliveryAttempt: 2 }];
  answer = (verb) => ({ status: 200, body: verb === 'pull' ? JSON.stringify({ receivedMessages: received }) : '{}' });
  const subscription = pulledSubscription('EVENTS');
  expect([subscription.id, subscription.concurrency, subscription.maxAttempts]).toEqual([SUBSCRIPTION, 10, 10]);
  expect(await subscription.pull(5)).toEqual(received);
  await subscription.acknowledge(['a', 'b']);
  await subscription.keep(['c'], 60);
  expect(heard).toEqual([
    `POST /v1/${SUBSCRIPTION}:pull {"maxMessages":5}`,
    `POST /v1/${SUBSCRIPTION}:acknowledge {"ackIds":["a","b"]}`,
    `POST /v1/${SUBSCRIPTION}:modifyAckDeadline {"ackIds":["c"],"ackDeadlineSeconds":60}`,
  ]);
});

test('is ordered if the template says so', () => {
  expect(pulledSubscription('EVENTS').ordered).toBe(false);
  process.env.EVENTS_ORDERED = 'true';
  expect(pulledSubscription('EVENTS').ordered).toBe(true);
  delete process.env.EVENTS_ORDERED;
});

test('an empty answer, none in time, and 504 mean that there are no messages', async () => {
  const subscription = pulledSubscription('EVENTS', 50);
  expect(await subscription.pull(1)).toEqual([]);
  answer = () => new Promise(() => {});
  expect(await subscription.pull(1)).toEqual([]);
  answer = () => ({ status: 504, body: '{"error":{"code":504,"status":"DEADLINE_EXCEEDED"}}' });
  expect(await subscription.pull(1)).toEqual([]);
});

test('no answer for a long time means that Pub/Sub cannot be reached', async () => {
  const subscription = pulledSubscription('EVENTS', 1000, 0);
  answer = () => new Promise(() => {});
  await expect(subscription.pull(1)).rejects.toThrow('timeout');
  answer = () => ({ status: 200, body: '{}' });
  expect(await subscription.pull(1)).toEqual([]);
});

test.each([403, 404, 503])('an answer of %i is a fault', async (status) => {
  answer = () => ({ status, body: '{"error":{}}' });
  await expect(pulledSubscription('EVENTS').pull(1)).rejects.toThrow(String(status));
});

test('an emulator must be on this machine', () => {
  const { PUBSUB_EMULATOR_HOST } = process.env;
  process.env.PUBSUB_EMULATOR_HOST = 'pubsub.example:80';
  expect(() => pulledSubscription('EVENTS')).toThrow('PUBSUB_EMULATOR_HOST must be on this machine, got "pubsub.example:80".');
  Object.assign(process.env, { PUBSUB_EMULATOR_HOST });
});
