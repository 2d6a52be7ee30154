import type { Pace } from '../../pace';
import type { Message, PublishedMessage } from './message';

/** A subscription in the template. Times are in milliseconds, before scaling. */
export interface SubscriptionSettings {
  /** Such as `projects/p/subscriptions/s`. */
  readonly name: string;
  readonly topic: string;
  readonly ackDeadline: number;
  /** Whether messages with the same ordering key are delivered in the order of their arrival. */
  readonly ordered?: boolean;
  /** The pause after a failed delivery, which doubles up to `longest`. Without it, there is no pause. */
  readonly backoff?: { readonly shortest: number; readonly longest: number };
  /** The topic for messages that failed `maxAttempts` times. Without it, a message is delivered until it is acknowledged. */
  readonly deadLetter?: { readonly topic: string; readonly maxAttempts: number };
}

/** One delivery attempt of a message. */
export interface Delivery {
  readonly message: PublishedMessage;
  /** Counts from 1. */
  readonly attempt: number;
  readonly ackId: string;
}

interface Held {
  readonly message: PublishedMessage;
  attempt: number;
  timer?: NodeJS.Timeout;
}

/**
 * The messages of one subscription until they are acknowledged: delivered at least once. If it is ordered, one message of an ordering
 * key is delivered at a time, as Pub/Sub pushes: the next one follows when it is acknowledged or in the dead letter.
 * @see https://cloud.google.com/pubsub/docs/handling-failures
 * @see https://cloud.google.com/pubsub/docs/ordering
 */
export class Subscription {
  private readonly held = new Map<string, Held>();
  private readonly ready = new Set<Held>();
  /** The messages of each ordering key in the order of their arrival. The first one is delivered. */
  private readonly lines = new Map<string, Held[]>();
  private readonly listeners = new Set<() => void>();
  private stopped = false;

  /** @param forward publishes a message to another topic, and returns false if the topic does not exist */
  constructor(
    readonly settings: SubscriptionSettings,
    private readonly pace: Pace,
    private readonly forward: (topic: string, message: Message) => boolean,
  ) {}

  /** How many messages are not acknowledged. */
  get size(): number {
    return this.held.size;
  }

  /** The messages that are not acknowledged. They are not removed. */
  peek(): PublishedMessage[] {
    return [...this.held.values()].map(({ message }) => message);
  }

  add(message: PublishedMessage) {
    const held: Held = { message, attempt: 0 };
    this.held.set(message.messageId, held);
    const key = this.keyOf(held);
    const line = key === undefined ? undefined : this.lines.get(key);
    if (line) {
      line.push(held);
      return;
    }
    if (key !== undefined) this.lines.set(key, [held]);
    this.offer(held);
  }

  /** Call `listener` when a message is ready or removed. @returns a function that removes the listener */
  onChange(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /**
   * Take messages that are ready. Each is delivered again unless it is acknowledged.
   * @param deadline the ack deadline. Without it, the caller must refuse messages itself
   */
  take(max: number, deadline?: number): Delivery[] {
    const taken: Delivery[] = [];
    for (const held of this.ready) {
      if (taken.length >= max) break;
      this.ready.delete(held);
      held.attempt += 1;
      const ackId = `${held.message.messageId}:${held.attempt}`;
      if (deadline !== undefined) this.expire(held, ackId, deadline);
      taken.push({ message: held.message, attempt: held.attempt, ackId });
    }
    return taken;
  }

  /** Remove a message. A late acknowledgement counts, unless the message was delivered again. */
  acknowledge(ackId: string) {
    const held = this.find(ackId);
    if (held) this.remove(held);
  }

  /**
   * A delivery failed.
   * @param why the error of a store, which is in an attribute of the dead letter
   * @returns whether the message is delivered again, or went to the dead letter
   */
  refuse(ackId: string, why?: string): 'again' | 'given up' {
    const held = this.find(ackId);
    if (!held || this.ready.has(held) || this.stopped) return 'again';
    const { message, attempt } = held;
    const { backoff, deadLetter } = this.settings;
    clearTimeout(held.timer);
    if (deadLetter && attempt >= deadLetter.maxAttempts && this.forward(deadLetter.topic, this.forwarded(message, attempt, why))) {
      this.remove(held);
      return 'given up';
    }
    const pause = backoff ? Math.min(backoff.shortest * 2 ** (attempt - 1), backoff.longest) : 0;
    held.timer = setTimeout(() => this.offer(held), this.pace.scaled(pause));
    return 'again';
  }

  /** Whether a delivery still waits for its acknowledgement. */
  isOut(ackId: string): boolean {
    const held = this.find(ackId);
    return held !== undefined && !this.ready.has(held);
  }

  /** Extend the ack deadline, or end it with 0. */
  modifyDeadline(ackId: string, deadline: number) {
    if (deadline === 0) this.refuse(ackId);
    else if (this.isOut(ackId)) this.expire(this.find(ackId)!, ackId, deadline);
  }

  /** Stop all timers. Nothing is delivered again. */
  stop() {
    this.stopped = true;
    for (const { timer } of this.held.values()) clearTimeout(timer);
    this.listeners.clear();
  }

  private offer(held: Held) {
    this.ready.add(held);
    this.notify();
  }

  private expire(held: Held, ackId: string, deadline: number) {
    clearTimeout(held.timer);
    held.timer = setTimeout(() => this.refuse(ackId), this.pace.scaled(deadline));
  }

  private find(ackId: string): Held | undefined {
    const [id, attempt] = ackId.split(':');
    const held = this.held.get(id!);
    return held?.attempt === Number(attempt) ? held : undefined;
  }

  private remove(held: Held) {
    clearTimeout(held.timer);
    this.ready.delete(held);
    this.held.delete(held.message.messageId);
    const next = this.nextOf(held);
    if (next) this.ready.add(next);
    this.notify();
  }

  private keyOf({ message }: Held): string | undefined {
    return this.settings.ordered && message.orderingKey !== '' ? message.orderingKey : undefined;
  }

  /** The message that waited for this one. */
  private nextOf(held: Held): Held | undefined {
    const key = this.keyOf(held);
    if (key === undefined) return undefined;
    const line = this.lines.get(key)!;
    line.shift();
    if (line.length === 0) this.lines.delete(key);
    return line[0];
  }

  private notify() {
    for (const listener of this.listeners) listener();
  }

  /** @see https://cloud.google.com/pubsub/docs/handling-failures#track-delivery-attempts */
  private forwarded({ data, attributes, orderingKey, publishTime }: PublishedMessage, attempts: number, why?: string): Message {
    const [, project, , name] = this.settings.name.split('/');
    return {
      data,
      orderingKey,
      attributes: {
        ...attributes,
        CloudPubSubDeadLetterSourceDeliveryCount: String(attempts),
        CloudPubSubDeadLetterSourceSubscription: name!,
        CloudPubSubDeadLetterSourceSubscriptionProject: project!,
        CloudPubSubDeadLetterSourceTopicPublishTime: publishTime.toISOString(),
        ...(why === undefined ? {} : { CloudPubSubDeadLetterSourceDeliveryErrorMessage: why }),
      },
    };
  }
}
