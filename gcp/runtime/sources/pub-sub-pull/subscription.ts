import { setting } from '../../../../shared/runtime/setting';
import { emulatorOf } from '../../loopback';
import { ask, post, Refused } from '../../post';
import type { Delivered } from '../../pub-sub/settle';

/** A message that was pulled, and its id for an acknowledgement. */
export interface Received extends Omit<Delivered, 'subscription'> {
  readonly ackId: string;
}

/** A subscription that messages are pulled from. */
export interface PulledSubscription {
  /** Its id, such as `projects/example/subscriptions/orders`. */
  readonly id: string;
  /** How many messages are open at a time. */
  readonly concurrency: number;
  /** The last attempt of a message, after which Pub/Sub forwards it to the dead letter. */
  readonly maxAttempts: number;
  /** Whether the messages of one key must be processed in their order. */
  readonly ordered: boolean;
  /** Wait for messages, and get up to `maxMessages` of them. Without any, the answer comes after a while, and is empty. */
  pull(maxMessages: number): Promise<readonly Received[]>;
  /** Pub/Sub does not deliver these messages again. */
  acknowledge(ackIds: readonly string[]): Promise<void>;
  /** Pub/Sub delivers these messages again after so many seconds. With 0 it does so after the pause of the subscription. */
  keep(ackIds: readonly string[], seconds: number): Promise<void>;
}

/** How long a request that waits for nothing may take. */
const ANSWER_MS = 10_000;

/**
 * The subscription of a handler. Each pull is one request over HTTPS.
 * @param name the start of its environment variables: `EVENTS` reads `EVENTS_SUBSCRIPTION`, `EVENTS_ENDPOINT`,
 * `EVENTS_ATTEMPTS`, `EVENTS_CONCURRENCY` and `EVENTS_ORDERED`, which only an ordered subscription has
 * @param wait how long a pull waits for messages, in milliseconds. Google does not say how long Pub/Sub waits: no answer means no messages
 * @param silence after how many milliseconds without any answer it means that Pub/Sub cannot be reached
 * @see https://cloud.google.com/pubsub/docs/reference/rest/v1/projects.subscriptions/pull
 */
export function pulledSubscription(name: string, wait = 90_000, silence = 900_000): PulledSubscription {
  const id = setting(`${name}_SUBSCRIPTION`);
  const host = setting(`${name}_ENDPOINT`);
  const emulator = emulatorOf('PUBSUB_EMULATOR_HOST', process.env.PUBSUB_EMULATOR_HOST);
  const json = (content: object, timeout: number) => ({ body: JSON.stringify(content), contentType: 'application/json', timeout });
  let answered = performance.now();
  return {
    id,
    concurrency: Number(setting(`${name}_CONCURRENCY`)),
    maxAttempts: Number(setting(`${name}_ATTEMPTS`)),
    ordered: process.env[`${name}_ORDERED`] === 'true',
    pull: async (maxMessages) => {
      const asked = performance.now();
      try {
        const answer = await ask(emulator, host, `/v1/${id}:pull`, json({ maxMessages }, wait));
        answered = performance.now();
        const { receivedMessages = [] }: { readonly receivedMessages?: readonly Received[] } = JSON.parse(answer);
        return receivedMessages;
      } catch (error) {
        const now = performance.now();
        const isWithoutMessages = error instanceof Refused ? error.status === 504 : now - asked >= 0.9 * wait && now - answered < silence;
        if (!isWithoutMessages) throw error;
        return [];
      }
    },
    acknowledge: (ackIds) => post(emulator, host, `/v1/${id}:acknowledge`, json({ ackIds }, ANSWER_MS)),
    keep: (ackIds, ackDeadlineSeconds) =>
      post(emulator, host, `/v1/${id}:modifyAckDeadline`, json({ ackIds, ackDeadlineSeconds }, ANSWER_MS)),
  };
}
