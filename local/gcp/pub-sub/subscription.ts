import type { Pace } from '../../pace';
import type { Message, PublishedMessage } from './message';

/** A subscription, as the template has it. Times are in milliseconds of the cloud. */
export interface SubscriptionSettings {
  /** Such as `projects/p/subscriptions/s`. */
  readonly name: string;
  readonly topic: string;
  readonly ackDeadline: number;
  /** The pause after a failed delivery, which doubles up to `longest`. Without it there is none. */
  readonly backoff?: { readonly shortest: number; readonly longest: number };
  /** Where a message goes that failed as often as that. Without it, it is delivered until somebody takes it. */
  readonly deadLetter?: { readonly topic: string; readonly maxAttempts: number };
}

/** One try to hand a message over. */
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
 * The messages of one subscription until somebody acknowledges them: delivered at least once, in no order that is promised.
 * @see https://cloud.google.com/pubsub/docs/handling-failures
 */
export class Subscription {
  private readonly held = new Map<string, Held>();
  private readonly ready = new Set<Held>();
  private readonly listeners = new Set<() => void>();
  private stopped = false;

  /** @param forward hands a message to another topic; false where there is none */
  constructor(
    readonly settings: SubscriptionSettings,
    private readonly pace: Pace,
    private readonly forward: (topic: string, message: Message) => boolean,
  ) {}

  /** How many messages nobody has acknowledged. */
  get size(): number {
    return this.held.size;
  }

  /** The messages that nobody has acknowledged. They stay. */
  peek(): PublishedMessage[] {
    return [...this.held.values()].map(({ message }) => message);
  }

  add(message: PublishedMessage) {
    const held: Held = { message, attempt: 0 };
    this.held.set(message.messageId, held);
    this.offer(held);
  }

  /** Hear whenever a message can be taken, or is done. @returns how to stop it */
  onChange(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /**
   * Take messages that are ready. Each comes again unless it is acknowledged.
   * @param deadline the time for that, where somebody else does not watch it
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

  /** It is done. An acknowledgement that comes late counts, unless the message was delivered again. */
  acknowledge(ackId: string) {
    const held = this.find(ackId);
    if (held) this.remove(held);
  }

  /** It failed. @returns whether it comes again, or went to the dead letter */
  refuse(ackId: string): 'again' | 'given up' {
    const held = this.find(ackId);
    if (!held || this.ready.has(held) || this.stopped) return 'again';
    const { message, attempt } = held;
    const { backoff, deadLetter } = this.settings;
    clearTimeout(held.timer);
    if (deadLetter && attempt >= deadLetter.maxAttempts && this.forward(deadLetter.topic, this.forwarded(message, attempt))) {
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

  /** Ask for more time, or for none. */
  modifyDeadline(ackId: string, deadline: number) {
    if (deadline === 0) this.refuse(ackId);
    else if (this.isOut(ackId)) this.expire(this.find(ackId)!, ackId, deadline);
  }

  /** Forget every timer. Nothing comes again. */
  stop() {
    this.stopped = true;
    for (const { timer } of this.held.values()) clearTimeout(timer);
    this.listeners.clear();
  }

  private offer(held: Held) {
    this.ready.add(held);
    this.tell();
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
    this.tell();
  }

  private tell() {
    for (const listener of this.listeners) listener();
  }

  /** @see https://cloud.google.com/pubsub/docs/handling-failures#track-delivery-attempts */
  private forwarded({ data, attributes, orderingKey, publishTime }: PublishedMessage, attempts: number): Message {
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
      },
    };
  }
}
