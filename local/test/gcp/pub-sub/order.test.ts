import { CALM } from '../../../chaos';
import { Broker } from '../../../gcp/pub-sub/broker';
import { FileDelivery } from '../../../gcp/pub-sub/file-delivery';
import { fileName } from '../../../gcp/pub-sub/files';
import type { Message } from '../../../gcp/pub-sub/message';
import { Pace } from '../../../pace';

const [TOPIC, DEAD, NAME] = ['projects/p/topics/events', 'projects/p/topics/dead', 'projects/p/subscriptions/to-func'];
const brokers: Broker[] = [];
afterEach(() => {
  for (const broker of brokers.splice(0)) broker.stop();
});

function brokerWith(ordered: boolean) {
  const dead: string[] = [];
  const settings = {
    name: NAME,
    topic: TOPIC,
    ackDeadline: 10_000,
    ordered,
    backoff: { shortest: 10, longest: 10 },
    deadLetter: { topic: DEAD, maxAttempts: 5 },
  };
  const broker = new Broker([TOPIC, DEAD], [settings], new Pace(1000), (topic, { data }) => {
    if (topic === DEAD) dead.push(String(data));
  });
  brokers.push(broker);
  const subscription = broker.subscription(NAME);
  /** Events such as `a1`, with the key `a`. One that starts with `-` has no key. */
  const send = (...events: string[]) => {
    for (const event of events) broker.publish(TOPIC, [messageOf(event)]);
  };
  const take = () => subscription.take(100).map(({ ackId, message }) => ({ ackId, event: String(message.data) }));
  return { broker, subscription, dead, send, take };
}

function messageOf(event: string): Message {
  return { data: Buffer.from(event), attributes: {}, orderingKey: event.startsWith('-') ? '' : event[0]! };
}
const eventsOf = (taken: readonly { readonly event: string }[]) => taken.map(({ event }) => event);
const soon = () => new Promise((resolve) => setTimeout(resolve, 5));

test('one event of a key is delivered at a time, the next when it is acknowledged; other keys and events without a key do not wait', () => {
  const { subscription, send, take } = brokerWith(true);
  send('a1', 'a2', 'b1', '-1', '-2', 'a3');
  const first = take();
  expect(eventsOf(first)).toEqual(['a1', 'b1', '-1', '-2']);
  subscription.acknowledge(first[0]!.ackId);
  expect(eventsOf(take())).toEqual(['a2']);
  expect(eventsOf(take())).toEqual([]);
});

test('without order every event is delivered at once', () => {
  const { send, take } = brokerWith(false);
  send('a1', 'a2', 'b1');
  expect(eventsOf(take())).toEqual(['a1', 'a2', 'b1']);
});

test('an event that fails holds up its key until the dead letter takes it, and then the next one follows', async () => {
  const { subscription, dead, send, take } = brokerWith(true);
  send('a1', 'a2', 'b1');
  const seen: string[] = [];
  for (let attempt = 1; attempt <= 5; attempt++) {
    const taken = take();
    seen.push(...eventsOf(taken));
    for (const { ackId, event } of taken) event === 'a1' ? subscription.refuse(ackId) : subscription.acknowledge(ackId);
    await soon();
  }
  expect(seen).toEqual(['a1', 'b1', 'a1', 'a1', 'a1', 'a1']);
  expect(dead).toEqual(['a1']);
  expect(eventsOf(take())).toEqual(['a2']);
});

test('what is published while an event of the key waits comes after it', async () => {
  const { subscription, send, take } = brokerWith(true);
  send('a1');
  const [one] = take();
  subscription.refuse(one!.ackId);
  send('a2');
  await soon();
  expect(eventsOf(take())).toEqual(['a1']);
});

test('a request with messages of two keys is refused, as the API says', () => {
  const { broker } = brokerWith(true);
  expect(() => broker.publish(TOPIC, ['a1', 'b1'].map(messageOf))).toThrow('must have the same ordering key');
});

describe('files', () => {
  const files = {
    bucket: 'archive',
    email: 'x',
    prefix: 'raw/',
    suffix: '.avro',
    timeFormat: 'YYYY/MM/DD/hh_mm_ssZ',
    format: 'text',
    maxDuration: 100_000,
    maxBytes: 6,
    maxMessages: 4,
  } as const;

  function filing(failed?: string) {
    const { broker, subscription, dead, send } = brokerWith(false);
    const written: string[] = [];
    const write = async (_: string, content: Buffer) => {
      written.push(String(content));
      return failed;
    };
    const witness = { delivered: () => {}, answered: () => {} };
    const delivery = new FileDelivery(subscription, { files, write, witness, chaos: CALM, pace: new Pace(1000) });
    return { broker, subscription, dead, send, written, delivery };
  }

  test('are closed at their size, and their events acknowledged then and not before', async () => {
    const { subscription, send, written } = filing();
    send('a1', 'a2');
    await soon();
    expect([written, subscription.size]).toEqual([[], 2]);
    send('a3', 'a4');
    await soon();
    expect([written, subscription.size]).toEqual([['a1\na2\na3\n'], 1]);
  });

  test('are closed at their age', async () => {
    const { subscription, send, written } = filing();
    send('a1');
    await new Promise((resolve) => setTimeout(resolve, 150));
    expect([written, subscription.size]).toEqual([['a1\n'], 0]);
  });

  test('that are open when the platform stops are not written', async () => {
    const { send, written, delivery } = filing();
    send('a1');
    delivery.stop();
    await new Promise((resolve) => setTimeout(resolve, 150));
    expect(written).toEqual([]);
  });

  test('that are never written leave their events in the dead letter', async () => {
    const { send, written, dead } = filing('UNAVAILABLE');
    send('a1', 'a2', 'a3');
    while (dead.length < 3) await soon();
    expect(written.length).toBe(5);
  });

  test('have the time in UTC at which they were opened in their names', () =>
    expect(fileName(files, new Date('2026-01-31T08:30:05Z'))).toMatch(/^raw\/2026\/01\/31\/08_30_05Z_[0-9a-f-]{36}\.avro$/));
});
