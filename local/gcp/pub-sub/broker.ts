import type { Pace } from '../../pace';
import type { Message, PublishedMessage } from './message';
import { Subscription, type SubscriptionSettings } from './subscription';
import type { Transform } from './transforms';

/** An error of a Google API: the gRPC code and the message. */
export class ApiError extends Error {
  constructor(
    readonly code: number,
    message: string,
  ) {
    super(message);
  }
}

export const [INVALID_ARGUMENT, NOT_FOUND] = [3, 5];

/** The limits of one call. @see https://cloud.google.com/pubsub/quotas#resource_limits */
const LIMITS = { messages: 1000, bytes: 10_000_000, attributes: 100, keyBytes: 256, valueBytes: 1024, orderingKeyBytes: 1024 };

interface Taken {
  readonly messageId: string;
  readonly message?: PublishedMessage;
}

/** The topics and subscriptions of a project, with the limits of Pub/Sub. Messages are kept in memory. */
export class Broker {
  private readonly subscriptions: ReadonlyMap<string, Subscription>;
  private ids = 0;

  /**
   * @param topics their names, such as `projects/p/topics/t`
   * @param published called for each message that a topic accepted, before it is delivered
   * @param transforms what a topic makes of each message, by its name
   */
  constructor(
    private readonly topics: readonly string[],
    subscriptions: readonly SubscriptionSettings[],
    pace: Pace,
    private readonly published: (topic: string, message: PublishedMessage) => void = () => {},
    private readonly transforms: ReadonlyMap<string, Transform> = new Map(),
  ) {
    const forward = (topic: string, message: Message) => this.topics.includes(topic) && this.forward(topic, message);
    this.subscriptions = new Map(subscriptions.map((settings) => [settings.name, new Subscription(settings, pace, forward)]));
  }

  /**
   * Publish messages: all of them, or none.
   * @returns their ids
   * @throws ApiError
   */
  publish(topic: string, messages: readonly Message[]): string[] {
    this.requireTopic(topic);
    if (messages.length === 0) throw new ApiError(INVALID_ARGUMENT, 'The publish request has no messages.');
    if (messages.length > LIMITS.messages)
      throw new ApiError(INVALID_ARGUMENT, `A publish request has at most ${LIMITS.messages} messages.`);
    if (new Set(messages.map(({ orderingKey }) => orderingKey)).size > 1)
      throw new ApiError(INVALID_ARGUMENT, 'All messages in a publish request must have the same ordering key.');
    const bytes = messages.reduce((sum, message) => sum + requireMessage(message), 0);
    if (bytes > LIMITS.bytes) throw new ApiError(INVALID_ARGUMENT, `The request has ${bytes} bytes, and the maximum is ${LIMITS.bytes}.`);
    return this.taken(topic, messages).map((taken) => this.store(topic, taken));
  }

  /** @throws ApiError */
  requireTopic(name: string): string {
    if (!this.topics.includes(name)) throw new ApiError(NOT_FOUND, `Resource not found (resource=${name}).`);
    return name;
  }

  /** @throws ApiError */
  subscription(name: string): Subscription {
    const found = this.subscriptions.get(name);
    if (!found) throw new ApiError(NOT_FOUND, `Resource not found (resource=${name}).`);
    return found;
  }

  /** The subscriptions of a topic. */
  subscriptionsOf(topic: string): Subscription[] {
    return [...this.subscriptions.values()].filter(({ settings }) => settings.topic === topic);
  }

  /** Stop all timers. */
  stop() {
    for (const subscription of this.subscriptions.values()) subscription.stop();
  }

  /** A dead letter. If the topic refuses it, its subscription delivers it again. */
  private forward(topic: string, message: Message): boolean {
    try {
      for (const taken of this.taken(topic, [message])) this.store(topic, taken);
      return true;
    } catch {
      return false;
    }
  }

  /**
   * The messages, as the topic stores them. One that its transform filters out has an id, and is not stored.
   * @throws ApiError if the transform fails for one of them
   */
  private taken(topic: string, messages: readonly Message[]): Taken[] {
    const transform = this.transforms.get(topic);
    return messages.map((message) => {
      this.ids += 1;
      const given = { ...message, messageId: String(10_000_000_000_000 + this.ids), publishTime: new Date() };
      try {
        const made = transform ? transform(given) : given;
        return { messageId: given.messageId, message: made && { ...given, ...made } };
      } catch (error) {
        throw new ApiError(INVALID_ARGUMENT, `A message transform of the topic failed: ${(error as Error).message}`);
      }
    });
  }

  private store(topic: string, { messageId, message }: Taken): string {
    if (message) {
      this.published(topic, message);
      for (const subscription of this.subscriptionsOf(topic)) subscription.add(message);
    }
    return messageId;
  }
}

/** @returns how many bytes the message has */
function requireMessage({ data, attributes, orderingKey }: Message): number {
  const entries = Object.entries(attributes);
  const refuse = (why: string) => {
    throw new ApiError(INVALID_ARGUMENT, why);
  };
  if (data.length === 0 && entries.length === 0)
    refuse('One or more messages in the publish request is empty. Each must have data or an attribute.');
  if (entries.length > LIMITS.attributes) refuse(`A message has ${entries.length} attributes, and the maximum is ${LIMITS.attributes}.`);
  if (Buffer.byteLength(orderingKey) > LIMITS.orderingKeyBytes) refuse(`An ordering key has at most ${LIMITS.orderingKeyBytes} bytes.`);
  for (const [key, value] of entries) {
    if (key === '') refuse('The key of an attribute is empty.');
    if (key.startsWith('goog')) refuse(`The key of an attribute must not start with goog: ${key}.`);
    if (Buffer.byteLength(key) > LIMITS.keyBytes) refuse(`The key of an attribute has at most ${LIMITS.keyBytes} bytes.`);
    if (Buffer.byteLength(value) > LIMITS.valueBytes) refuse(`The value of attribute ${key} has at most ${LIMITS.valueBytes} bytes.`);
  }
  return entries.reduce((sum, entry) => sum + Buffer.byteLength(entry.join('')), data.length + Buffer.byteLength(orderingKey));
}
