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
/** A pull may find nothing although there is something: only several in a row say that there is nothing left. */
const EMPTY_PULLS = 3;
/** The longest time for which Pub/Sub leaves a message to whoever pulled it. */
const LEASE_SECONDS = 600;
/** What whoever gave a message up put beside it. The rest is the sender's own. */
const OURS = /^(deadLetter|CloudPubSubDeadLetter|googclient_)/;

/** Where the dead letter is, and where messages are published. */
export function gcpPlaces(outputs: Outputs): { readonly deadLetters: readonly string[]; readonly to?: string } {
  const [deadLetter] = /projects\/[^/\s]+\/subscriptions\/[^\s'"]+/.exec(outputs.dead_letters_command ?? '') ?? [];
  return { deadLetters: deadLetter ? [deadLetter] : [], to: outputs.events_url?.replace(/:publish$/, '') };
}

/**
 * The subscription that keeps what a topic of dead letters got. Each message goes back with the attributes that its sender gave it.
 * @param to the topic: its name, or its address
 */
export function gcpDeadLetter(subscription: string, to: string, environment: NodeJS.ProcessEnv = process.env): DeadLetter {
  const emulator = environment.PUBSUB_EMULATOR_HOST;
  const host = emulator ? `http://${emulator}` : 'https://pubsub.googleapis.com';
  const topic = to.replace(/^https?:\/\/[^/]+\/v1\//, '');
  const topicHost = emulator || !to.startsWith('https://') ? host : new URL(to).origin;
  /** The latest receipt of each message, which alone counts: one whose time is over comes again. */
  const kept = new Map<string, string>();
  const gone = new Set<string>();
  const acknowledge = async (messageIds: readonly string[]) => {
    if (messageIds.length === 0) return;
    await call(host, `${subscription}:acknowledge`, { ackIds: messageIds.map((id) => kept.get(id)) });
    for (const id of messageIds) {
      kept.delete(id);
      gone.add(id);
    }
  };
  const call = async (origin: string, path: string, body: object) =>
    post(`${origin}/v1/${path}`, await headers(emulator), JSON.stringify(body));
  const lease = (ackIds: readonly string[], seconds: number) =>
    call(host, `${subscription}:modifyAckDeadline`, { ackIds, ackDeadlineSeconds: seconds });

  return {
    name: subscription,
    async *parcels() {
      const seen = new Set<string>();
      for (let empty = 0; empty < EMPTY_PULLS; ) {
        const answer = await call(host, `${subscription}:pull`, { maxMessages: AT_ONCE, returnImmediately: true });
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
    const { deadLetterReason, CloudPubSubDeadLetterSourceDeliveryCount: count } = attributes;
    const own = Object.fromEntries(Object.entries(attributes).filter(([name]) => !OURS.test(name)));
    const letter: Letter = {
      id: messageId,
      reason: deadLetterReason ?? (count ? `not acknowledged in ${count} tries` : 'nobody said why'),
      givenUp: new Date(publishTime),
      to: topic,
      send: () => call(topicHost, `${topic}:publish`, { messages: [{ data, attributes: own, orderingKey }] }),
    };
    return {
      letters: [letter],
      remove: () => acknowledge([messageId]),
    };
  }
}

let auth: InstanceType<typeof import('google-auth-library').GoogleAuth> | undefined;

async function headers(emulator?: string): Promise<Record<string, string>> {
  const json = { 'content-type': 'application/json' };
  if (emulator) return json;
  const { GoogleAuth }: typeof import('google-auth-library') = require('google-auth-library');
  auth ??= new GoogleAuth({ scopes: SCOPE });
  return { ...json, authorization: `Bearer ${await auth.getAccessToken()}` };
}
