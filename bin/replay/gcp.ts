import type { DeadLetter, Letter, Parcel } from './letter';
import type { Outputs } from './outputs';
import { pause, post } from './post';

interface Received {
  readonly ackId: string;
  readonly message: {
    readonly data?: string;
    readonly attributes?: Readonly<Record<string, string>>;
    readonly orderingKey?: string;
    readonly messageId: string;
    readonly publishTime: string;
  };
}

const SCOPE = 'https://www.googleapis.com/auth/pubsub';
const AT_ONCE = 100;
/** A pull may return nothing although there are messages. The subscription counts as empty after several empty pulls in a row. */
const EMPTY_PULLS = 3;
/** The longest acknowledgement deadline of Pub/Sub. */
const LEASE_SECONDS = 600;
/** Attributes that Pub/Sub or the handler added to the dead letter. The others are from the sender. */
const OURS = /^(deadLetter|CloudPubSubDeadLetter|googclient_)/;

/** The dead-letter subscription in the outputs of a stack, and the topic to publish to. */
export function gcpPlaces(outputs: Outputs): { readonly deadLetters: readonly string[]; readonly to?: string } {
  const [deadLetter] = /projects\/[^/\s]+\/subscriptions\/[^\s'"]+/.exec(outputs.dead_letters_command ?? '') ?? [];
  return { deadLetters: deadLetter ? [deadLetter] : [], to: outputs.events_url?.replace(/:publish$/, '') };
}

/**
 * The subscription of a dead-letter topic. Each message is published again with the attributes of its sender.
 * @param to the topic: its name, or its address
 */
export function gcpDeadLetter(subscription: string, to: string, environment: NodeJS.ProcessEnv = process.env): DeadLetter {
  const emulator = environment.PUBSUB_EMULATOR_HOST;
  const host = hostOf(to, emulator);
  const topic = to.replace(/^https?:\/\/[^/]+\/v1\//, '');
  /** The latest acknowledgement id of each message. A message is delivered again after its acknowledgement deadline, with another id. */
  const kept = new Map<string, string>();
  const gone = new Set<string>();
  const acknowledge = async (messageIds: readonly string[]) => {
    if (messageIds.length === 0) return;
    await call(`${subscription}:acknowledge`, { ackIds: messageIds.map((id) => kept.get(id)) });
    for (const id of messageIds) {
      kept.delete(id);
      gone.add(id);
    }
  };
  const call = async (path: string, body: object) => post(`${host}/v1/${path}`, await headers(emulator), JSON.stringify(body));
  const lease = (ackIds: readonly string[], seconds: number) =>
    call(`${subscription}:modifyAckDeadline`, { ackIds, ackDeadlineSeconds: seconds });

  return {
    name: subscription,
    async *parcels() {
      const seen = new Set<string>();
      for (let empty = 0; empty < EMPTY_PULLS; ) {
        const answer = await call(`${subscription}:pull`, { maxMessages: AT_ONCE, returnImmediately: true });
        const { receivedMessages = [] } = JSON.parse(answer || '{}') as { receivedMessages?: readonly Received[] };
        if (receivedMessages.length > 0)
          await lease(
            receivedMessages.map(({ ackId }) => ackId),
            LEASE_SECONDS,
          );
        const fresh = receivedMessages.filter(({ message }) => !seen.has(message.messageId));
        empty = fresh.length > 0 ? 0 : empty + 1;
        if (empty > 0 && empty < EMPTY_PULLS) await pause(500);
        for (const received of receivedMessages) {
          seen.add(received.message.messageId);
          kept.set(received.message.messageId, received.ackId);
        }
        await acknowledge(receivedMessages.map(({ message }) => message.messageId).filter((id) => gone.has(id)));
        for (const { message } of fresh) yield parcelOf(message);
      }
    },
    async release() {
      const ackIds = [...kept.values()];
      for (let start = 0; start < ackIds.length; start += AT_ONCE) await lease(ackIds.slice(start, start + AT_ONCE), 0);
    },
  };

  function parcelOf(message: Received['message']): Parcel {
    const { data, attributes = {}, orderingKey, messageId, publishTime } = message;
    const { CloudPubSubDeadLetterSourceDeliveryErrorMessage: error, CloudPubSubDeadLetterSourceDeliveryCount: count } = attributes;
    const own = Object.fromEntries(Object.entries(attributes).filter(([name]) => !OURS.test(name)));
    const letter: Letter = {
      id: messageId,
      // The handler sets the first, Pub/Sub the second if it could not write the message into a store.
      reason: attributes.deadLetterReason ?? error ?? (count ? `not acknowledged in ${count} tries` : 'no reason given'),
      givenUp: new Date(publishTime),
      to: topic,
      send: () => call(`${topic}:publish`, { messages: [{ data, attributes: own, orderingKey }] }),
    };
    return {
      letters: [letter],
      remove: () => acknowledge([messageId]),
    };
  }
}

/**
 * Where Pub/Sub is called: at the address of the topic, if it has one. The address of all regions leads to the nearest one, which refuses
 * calls for a topic and a dead letter with `enforceInTransit` in another.
 */
export function hostOf(to: string, emulator?: string): string {
  if (emulator) return `http://${emulator}`;
  return to.startsWith('https://') ? new URL(to).origin : 'https://pubsub.googleapis.com';
}

let auth: InstanceType<typeof import('google-auth-library').GoogleAuth> | undefined;

async function headers(emulator?: string): Promise<Record<string, string>> {
  const json = { 'content-type': 'application/json' };
  if (emulator) return json;
  const { GoogleAuth }: typeof import('google-auth-library') = require('google-auth-library');
  auth ??= new GoogleAuth({ scopes: SCOPE });
  return { ...json, authorization: `Bearer ${await auth.getAccessToken()}` };
}
