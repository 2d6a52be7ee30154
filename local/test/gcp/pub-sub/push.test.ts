import type { IncomingMessage } from 'node:http';
import { CALM, type Chaos } from '../../../chaos';
import { TokenIssuer } from '../../../gcp/identity/oidc';
import { Broker } from '../../../gcp/pub-sub/broker';
import type { PublishedMessage } from '../../../gcp/pub-sub/message';
import { PushDelivery } from '../../../gcp/pub-sub/push';
import type { SubscriptionSettings } from '../../../gcp/pub-sub/subscription';
import { type Answer, type Loopback, serve } from '../../../loopback';
import { Pace } from '../../../pace';
import type { Witness } from '../../../platform';

const TOPIC = 'projects/p/topics/events';
const DEAD = 'projects/p/topics/dead';
const NAME = 'projects/p/subscriptions/push';
const EMAIL = 'invoker@p.iam.gserviceaccount.com';
const issuer = new TokenIssuer();

/** Remembers the pauses of the cloud, and takes none. */
class Impatient extends Pace {
  readonly pauses: number[] = [];

  override scaled(milliseconds: number): number {
    this.pauses.push(milliseconds);
    return 0;
  }
}

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

interface Call {
  readonly request: IncomingMessage;
  readonly body: { readonly deliveryAttempt?: number; readonly [key: string]: unknown };
}

/** A subscription that pushes to an endpoint of the test, which answers each call. */
async function pushing(
  answer: (call: Call, number: number) => Answer | Promise<Answer>,
  { settings = {}, chaos = CALM, concurrency = 4 }: { settings?: Partial<SubscriptionSettings>; chaos?: Chaos; concurrency?: number } = {},
) {
  const calls: Call[] = [];
  const endpoint: Loopback = await serve((request, body) => {
    const call = { request, body: JSON.parse(body.toString()) };
    calls.push(call);
    return answer(call, calls.length);
  });
  const pace = new Impatient();
  const dead: PublishedMessage[] = [];
  const broker = new Broker([TOPIC, DEAD], [{ name: NAME, topic: TOPIC, ackDeadline: 10_000, ...settings }], pace, (topic, message) => {
    if (topic === DEAD) dead.push(message);
  });
  const outcomes: string[] = [];
  const witness: Witness = {
    arrived: () => () => {},
    made: () => {},
    delivered: () => {},
    answered: ({ outcome, why }) => outcomes.push(why ? `${outcome}: ${why}` : outcome),
    stored: () => {},
    deadLettered: () => {},
    incident: () => {},
    broken: () => {},
    log: () => {},
  };
  const url = `http://${endpoint.host}`;
  const push = { endpoint: `${url}/?maxDeliveryAttempts=5`, email: EMAIL, audience: url };
  const delivery = new PushDelivery(broker.subscription(NAME), { push, issuer, concurrency, witness, chaos });
  ends.push(
    () => endpoint.close(),
    () => broker.stop(),
    () => delivery.stop(),
  );
  const publish = (data: string, attributes = {}, orderingKey = '') =>
    broker.publish(TOPIC, [{ data: Buffer.from(data), attributes, orderingKey }])[0]!;
  const settled = async () => {
    while (broker.subscription(NAME).size > 0) await new Promise(setImmediate);
  };
  return { publish, settled, calls, outcomes, dead, pace, url, held: () => broker.subscription(NAME).size };
}

test('a message is pushed as documented, in the name of the account, to the audience and the whole address', async () => {
  const { publish, settled, calls, outcomes, url } = await pushing(() => ({ status: 204 }));
  const messageId = publish('ü', { a: 'b' }, 'key');
  await settled();
  const { request, body } = calls[0]!;
  const publishTime = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  expect(body).toEqual({
    message: {
      attributes: { a: 'b' },
      data: Buffer.from('ü').toString('base64'),
      messageId,
      message_id: messageId,
      orderingKey: 'key',
      publishTime,
      publish_time: publishTime,
    },
    subscription: NAME,
  });
  expect(request).toMatchObject({ method: 'POST', url: '/?maxDeliveryAttempts=5', headers: { 'content-type': 'application/json' } });
  expect(issuer.read(request.headers.authorization!.replace('Bearer ', ''))).toMatchObject({
    aud: url,
    email: EMAIL,
    iss: 'https://accounts.google.com',
  });
  expect(outcomes).toEqual(['settled']);
});

test.each([200, 201, 202, 204])('%i acknowledges', async (status) => {
  const { publish, settled, calls } = await pushing(() => ({ status }));
  publish('1');
  await settled();
  expect(calls).toHaveLength(1);
});

test.each([203, 302, 400, 403, 429, 500, 503])('%i does not', async (status) => {
  const { publish, settled, outcomes } = await pushing((_, number) => ({ status: number === 1 ? status : 204 }));
  publish('1');
  await settled();
  expect(outcomes).toEqual([`again: the endpoint answered with ${status}`, 'settled']);
});

test('pauses double from the shortest to the longest', async () => {
  const backoff = { shortest: 10_000, longest: 60_000 };
  const { publish, settled, pace } = await pushing((_, number) => ({ status: number < 7 ? 500 : 204 }), { settings: { backoff } });
  publish('1');
  await settled();
  expect(pace.pauses).toEqual([10_000, 20_000, 40_000, 60_000, 60_000, 60_000]);
});

test('attempts are counted, and after the last one the message is on the dead letter', async () => {
  const deadLetter = { topic: DEAD, maxAttempts: 5 };
  const { publish, settled, calls, outcomes, dead } = await pushing(() => ({ status: 500 }), { settings: { deadLetter } });
  publish('poison', { a: 'b' });
  await settled();
  expect(calls.map(({ body }) => body.deliveryAttempt)).toEqual([1, 2, 3, 4, 5]);
  expect(outcomes.at(-1)).toBe('given up: the endpoint answered with 500');
  expect(dead).toMatchObject([{ data: Buffer.from('poison'), attributes: { a: 'b', CloudPubSubDeadLetterSourceDeliveryCount: '5' } }]);
});

test('without a dead letter a message comes again for ever, and nobody counts for the endpoint', async () => {
  const { publish, calls, held } = await pushing(() => ({ status: 500 }));
  publish('poison');
  while (calls.length < 30) await new Promise(setImmediate);
  expect(held()).toBe(1);
  expect(calls.every(({ body }) => body.deliveryAttempt === undefined)).toBe(true);
});

test('where the dead letter is not there, a message is not dropped', async () => {
  const deadLetter = { topic: 'projects/p/topics/gone', maxAttempts: 5 };
  const { publish, calls, held } = await pushing(() => ({ status: 500 }), { settings: { deadLetter } });
  publish('poison');
  while (calls.length < 7) await new Promise(setImmediate);
  expect(held()).toBe(1);
});

test('a call that is not answered before the deadline counts as failed', async () => {
  const never = new Promise<Answer>(() => {});
  const { publish, settled, outcomes } = await pushing((_, number) => (number === 1 ? never : { status: 204 }), {
    settings: { ackDeadline: 20 },
  });
  publish('1');
  await settled();
  expect(outcomes).toEqual(['again: the acknowledgement deadline passed', 'settled']);
});

test('a message whose answer is lost comes again, though it is done', async () => {
  const answers: ('heard' | 'lost')[] = ['lost', 'heard'];
  const { publish, settled, calls, outcomes } = await pushing(() => ({ status: 204 }), {
    chaos: { ...CALM, answer: () => answers.shift()! },
  });
  publish('1');
  await settled();
  expect(calls).toHaveLength(2);
  expect(outcomes).toEqual(['again: the answer was lost', 'settled']);
});

test('so many calls are under way as are allowed, and no more', async () => {
  let underWay = 0;
  let most = 0;
  const { publish, settled } = await pushing(
    async () => {
      underWay += 1;
      most = Math.max(most, underWay);
      await new Promise((resolve) => setTimeout(resolve, 5));
      underWay -= 1;
      return { status: 204 };
    },
    { concurrency: 3 },
  );
  for (let number = 0; number < 12; number++) publish(String(number));
  await settled();
  expect(most).toBe(3);
});

test('an endpoint that is gone is a failed call, and others are not lost for it', async () => {
  const { publish, settled, outcomes } = await pushing(({ request }, number) => {
    if (number === 1) request.socket.destroy();
    return { status: 204 };
  });
  publish('1');
  await settled();
  expect(outcomes).toEqual([expect.stringMatching(/^again: Error: /), 'settled']);
});
