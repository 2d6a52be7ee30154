import { CALM, type Chaos } from '../../../chaos';
import { Broker } from '../../../gcp/pub-sub/broker';
import type { PublishedMessage } from '../../../gcp/pub-sub/message';
import { TableDelivery } from '../../../gcp/pub-sub/table-delivery';
import type { TableMessage } from '../../../gcp/site';
import { Pace } from '../../../pace';

const [TOPIC, DEAD, NAME] = ['projects/p/topics/events', 'projects/p/topics/dead', 'projects/p/subscriptions/into-raw'];
const EMAIL = 'raw@p.iam.gserviceaccount.com';

/** Delivers one message into a table that answers so, until it is acknowledged or in the dead letter. */
async function deliver(write: (attempt: number) => string | undefined, chaos: Chaos = CALM) {
  const dead: PublishedMessage[] = [];
  const written: (TableMessage & { readonly email: string })[] = [];
  const outcomes: string[] = [];
  const settings = {
    name: NAME,
    topic: TOPIC,
    ackDeadline: 600_000,
    backoff: { shortest: 10, longest: 10 },
    deadLetter: { topic: DEAD, maxAttempts: 5 },
  };
  const broker = new Broker([TOPIC, DEAD], [settings], new Pace(1000), (topic, message) => {
    if (topic === DEAD) dead.push(message);
  });
  const delivery = new TableDelivery(broker.subscription(NAME), {
    email: EMAIL,
    chaos,
    witness: { delivered: () => {}, answered: ({ outcome, why }) => outcomes.push(why ? `${outcome}: ${why}` : outcome) },
    write: async (message, email) => {
      written.push({ ...message, email });
      return write(written.length);
    },
  });
  broker.publish(TOPIC, [{ data: Buffer.from('x'), attributes: { a: 'b' }, orderingKey: '' }]);
  while (broker.subscription(NAME).size > 0) await new Promise(setImmediate);
  await new Promise(setImmediate);
  delivery.stop();
  broker.stop();
  return { dead, written, outcomes };
}

test('a message is written as the service account, with what Pub/Sub knows of it, and acknowledged', async () => {
  const { written, outcomes } = await deliver(() => undefined);
  expect(written).toMatchObject([
    { subscription: NAME, messageId: expect.any(String), data: Buffer.from('x'), attributes: { a: 'b' }, email: EMAIL },
  ]);
  expect(outcomes).toEqual(['settled']);
});

test('a message that is not written comes again, and is written then', async () => {
  const { written, outcomes } = await deliver((attempt) => (attempt === 1 ? 'UNAVAILABLE' : undefined));
  expect(written).toHaveLength(2);
  expect(outcomes).toEqual(['again: UNAVAILABLE', 'settled']);
});

test('a message that is never written is in the dead letter after the last try, with the reason of the table', async () => {
  const { dead, written } = await deliver(() => 'SCHEMA_MISMATCH');
  expect(written).toHaveLength(5);
  expect(dead.map(({ attributes }) => attributes)).toEqual([
    expect.objectContaining({
      a: 'b',
      CloudPubSubDeadLetterSourceDeliveryCount: '5',
      CloudPubSubDeadLetterSourceDeliveryErrorMessage: 'SCHEMA_MISMATCH',
    }),
  ]);
});

test('a message whose answer is lost is written twice', async () => {
  let asked = 0;
  const { written, outcomes } = await deliver(() => undefined, { ...CALM, answer: () => (++asked === 1 ? 'lost' : 'heard') });
  expect(written).toHaveLength(2);
  expect(outcomes).toEqual(['again: the answer was lost', 'settled']);
});
