import { setting } from '../../shared/runtime/setting';
import { emulatorOf } from './loopback';
import { post } from './post';

/** A Pub/Sub message, as it is published and delivered. */
export interface Message {
  /** The bytes of the event, in base64. */
  readonly data?: string;
  readonly attributes?: Readonly<Record<string, string>>;
  readonly orderingKey?: string;
}

/** The limits of Pub/Sub for one message. @see https://cloud.google.com/pubsub/quotas#resource_limits */
const [MAX_ATTRIBUTES, MAX_VALUE_BYTES, MAX_MESSAGE_BYTES] = [100, 1024, 10_000_000];
/** The overhead of a message in a request. */
const REQUEST_BYTES = 200;

/**
 * The dead letter of a message: its data unchanged, with the reason and the position as attributes. Pub/Sub forwards messages in
 * the same format, in which they can be published again.
 *
 * If the message is close to the size limit of Pub/Sub, not everything fits: the reason comes first, then the attributes of
 * the message, then the position. The log has what is left out.
 * @param more further attributes, the most important first
 */
export function deadLetterMessage(
  { data, orderingKey, attributes = {} }: Message,
  reason: string,
  more: Readonly<Record<string, string>>,
): Message {
  const size = Buffer.byteLength(data ?? '', 'base64') + Buffer.byteLength(orderingKey ?? '');
  // Names that start with goog are reserved: Pub/Sub refuses them.
  const own = Object.entries(attributes).filter(([name]) => !name.startsWith('goog') && !(name in more) && name !== REASON);
  const fitted: [string, string][] = [];
  let room = MAX_MESSAGE_BYTES - REQUEST_BYTES - size;
  for (const [name, value] of [[REASON, reason.replace(/\s+/g, ' ')] as const, ...own, ...Object.entries(more)]) {
    const space = room - Buffer.byteLength(name) - ATTRIBUTE_BYTES;
    const text = name === REASON ? cut(value, Math.min(MAX_VALUE_BYTES, space)) : value;
    if (fitted.length === MAX_ATTRIBUTES || text === '' || Buffer.byteLength(text) > space) continue;
    fitted.push([name, text]);
    room = space - Buffer.byteLength(text);
  }
  return { data, orderingKey, attributes: Object.fromEntries(fitted) };
}

const REASON = 'deadLetterReason';
/** The overhead of an attribute in a request. */
const ATTRIBUTE_BYTES = 12;

/** The start of a text that fits into this many bytes, without half characters. */
function cut(text: string, bytes: number): string {
  const encoded = Buffer.from(text);
  if (encoded.length <= bytes) return encoded.toString();
  return encoded
    .subarray(0, Math.max(0, bytes))
    .toString()
    .replace(/\uFFFD$/, '');
}

/**
 * Publish messages to the dead-letter topic. The Pub/Sub client library would be much code for this one call.
 * @param name the start of the environment variables of the topic: `DEAD_LETTER` reads `DEAD_LETTER_TOPIC` and `DEAD_LETTER_ENDPOINT`
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
