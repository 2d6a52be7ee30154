import { setting } from '../../shared/runtime/setting';
import { emulatorOf } from './loopback';
import { post } from './post';

/** A message as Pub/Sub takes it and hands it on. */
export interface Message {
  /** The bytes of the event, in base64. */
  readonly data?: string;
  readonly attributes?: Readonly<Record<string, string>>;
  readonly orderingKey?: string;
}

/** What Pub/Sub takes in one message. @see https://cloud.google.com/pubsub/quotas#resource_limits */
const [ATTRIBUTES, VALUE_BYTES, MESSAGE_BYTES] = [100, 1024, 10_000_000];
/** What a message takes in a request beside what it holds. */
const REQUEST_BYTES = 200;

/**
 * The message as it came, with the reason and the position beside it. That is the form in which Pub/Sub forwards messages
 * itself, and in which they can be published once more.
 *
 * A message may be as large as Pub/Sub takes any, and then not all of that fits: the reason is put in first, then the
 * attributes of the message, then the position. What is left out stands in the log.
 * @param more names what else to say, in the order of its worth
 */
export function letterOf({ data, orderingKey, attributes = {} }: Message, reason: string, more: Readonly<Record<string, string>>): Message {
  const taken = Buffer.byteLength(data ?? '', 'base64') + Buffer.byteLength(orderingKey ?? '');
  // Pub/Sub keeps names for itself that start so, and takes them from nobody.
  const own = Object.entries(attributes).filter(([name]) => !name.startsWith('goog') && !(name in more) && name !== REASON);
  const fitted: [string, string][] = [];
  let room = MESSAGE_BYTES - REQUEST_BYTES - taken;
  for (const [name, value] of [[REASON, reason.replace(/\s+/g, ' ')] as const, ...own, ...Object.entries(more)]) {
    const space = room - Buffer.byteLength(name) - ATTRIBUTE_BYTES;
    const text = name === REASON ? cut(value, Math.min(VALUE_BYTES, space)) : value;
    if (fitted.length === ATTRIBUTES || text === '' || Buffer.byteLength(text) > space) continue;
    fitted.push([name, text]);
    room = space - Buffer.byteLength(text);
  }
  return { data, orderingKey, attributes: Object.fromEntries(fitted) };
}

const REASON = 'deadLetterReason';
/** What an attribute takes in a request beside its name and its value. */
const ATTRIBUTE_BYTES = 12;

/** As much of a text as fits, of whole characters. */
function cut(text: string, bytes: number): string {
  const encoded = Buffer.from(text);
  if (encoded.length <= bytes) return encoded.toString();
  return encoded
    .subarray(0, Math.max(0, bytes))
    .toString()
    .replace(/\uFFFD$/, '');
}

/**
 * Publish messages to the topic of the dead letter. The whole Pub/Sub client would be much code for this one call.
 * @param name what starts the settings of the topic: `DEAD_LETTER` reads `DEAD_LETTER_TOPIC` and `DEAD_LETTER_ENDPOINT`
 * @see https://cloud.google.com/pubsub/docs/reference/rest/v1/projects.topics/publish
 */
export function deadLetterTopic(name: string): (message: Message) => Promise<void> {
  const path = `/v1/${setting(`${name}_TOPIC`)}:publish`;
  const host = setting(`${name}_ENDPOINT`);
  const emulator = emulatorOf('PUBSUB_EMULATOR_HOST', process.env.PUBSUB_EMULATOR_HOST);
  return (message) => {
    const body = JSON.stringify({ messages: [message] });
    return post(emulator, host, path, { body, contentType: 'application/json', timeout: 10_000 });
  };
}
