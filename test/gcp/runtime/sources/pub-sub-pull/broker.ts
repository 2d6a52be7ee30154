import { setTimeout as pause } from 'node:timers/promises';
import type { Message } from '../../../../../gcp/runtime/dead-letter';
import type { PulledSubscription, Received } from '../../../../../gcp/runtime/sources/pub-sub-pull/subscription';
import { type Answer, loopback } from '../../../../support/loopback';

export const SUBSCRIPTION = 'projects/acme-data/subscriptions/acme-events-to-worker';
export const DEAD_LETTER = 'projects/acme-data/topics/acme-events-dead-letter';
export const PUBLISH_TIME = '2026-01-31T08:30:00.25Z';

/** Settings of {@link Broker}. */
interface BrokerProps {
  readonly concurrency?: number;
  readonly maxAttempts?: number;
  readonly ordered?: boolean;
  /** How many milliseconds a second of a deadline takes. */
  readonly second?: number;
  /** The pause before a message that was given back comes again, in milliseconds. */
  readonly backoff?: number;
  /** How long a pull waits for messages, in milliseconds. */
  readonly wait?: number;
}

/** A message that waits, or that somebody has pulled. */
interface Waiting {
  readonly message: Received['message'];
  attempts: number;
  /** When it may be delivered. */
  due: number;
  ackId?: string;
}

/**
 * Stands in for a pull subscription with a dead letter, in this process or over REST.
 * @see https://cloud.google.com/pubsub/docs/handling-failures
 */
export class Broker implements PulledSubscription {
  readonly id = SUBSCRIPTION;
  readonly concurrency: number;
  readonly maxAttempts: number;
  readonly ordered: boolean;
  /** What it was asked, in order. */
  readonly asked: {
    readonly verb: 'pull' | 'acknowledge' | 'keep' | 'publish';
    readonly ids: readonly string[];
    readonly seconds?: number;
  }[] = [];
  /** How often each message was delivered. */
  readonly deliveries = new Map<string, number>();
  /** What a reader has put into the dead letter. */
  readonly letters: Message[] = [];
  /** The messages that it has forwarded to the dead letter itself. */
  readonly forwarded: string[] = [];
  state: 'up' | 'down' | 'denied' | 'silent' = 'up';
  /** Decides whether one request fails: before it takes effect, or after. */
  fault: (verb: string) => 'none' | 'before' | 'after' = () => 'none';

  private readonly waiting = new Map<string, Waiting>();
  private readonly second: number;
  private readonly backoff: number;
  private readonly wait: number;

  constructor({ concurrency = 10, maxAttempts = 10, second = 1000, backoff = 0, wait = 20, ordered = false }: BrokerProps = {}) {
    [this.second, this.backoff, this.wait] = [second, backoff, wait];
    [this.concurrency, this.maxAttempts, this.ordered] = [concurrency, maxAttempts, ordered];
  }

  /** The messages that are neither acknowledged nor forwarded. */
  get left(): string[] {
    return [...this.waiting.keys()];
  }

  publish(messageId: string, bytes: Buffer | string, attributes?: Readonly<Record<string, string>>, orderingKey?: string) {
    const message = { data: Buffer.from(bytes).toString('base64'), messageId, publishTime: PUBLISH_TIME, attributes, orderingKey };
    this.waiting.set(messageId, { message, attempts: 0, due: 0 });
  }

  async pull(maxMessages: number): Promise<readonly Received[]> {
    return this.does('pull', [], async () => {
      for (const until = Date.now() + this.wait; ; await pause(5, undefined, { ref: false })) {
        const received = this.due()
          .slice(0, maxMessages)
          .map((one) => this.deliver(one));
        if (received.length > 0 || Date.now() >= until) return received;
      }
    });
  }

  async acknowledge(ackIds: readonly string[]) {
    await this.does('acknowledge', ackIds, () => {
      for (const [id, { ackId }] of this.waiting) if (ackId && ackIds.includes(ackId)) this.waiting.delete(id);
    });
  }

  async keep(ackIds: readonly string[], seconds: number) {
    await this.does(
      'keep',
      ackIds,
      () => {
        for (const one of this.waiting.values()) {
          if (!one.ackId || !ackIds.includes(one.ackId)) continue;
          one.due = Date.now() + (seconds > 0 ? seconds * this.second : this.backoff);
          if (seconds === 0) one.ackId = undefined;
        }
      },
      seconds,
    );
  }

  async dead(letters: readonly Message[]) {
    await this.does(
      'publish',
      letters.map(({ attributes }) => attributes!.deadLetterMessageId!),
      () => this.letters.push(...letters),
    );
  }

  /** The deadlines of all open messages pass. */
  expire() {
    for (const one of this.waiting.values()) one.due = 0;
  }

  /** Wait until nothing is left. */
  async empty() {
    while (this.waiting.size > 0) await pause(5);
  }

  /** @returns the host of its REST API */
  async start(): Promise<string> {
    const done = { status: 200, body: '{}' };
    const refused = (status: number, text: string): Answer => ({ status, body: JSON.stringify({ error: { code: status, status: text } }) });
    const answer = async (line: string, body: any): Promise<Answer> => {
      if (this.state === 'denied') return refused(403, 'PERMISSION_DENIED');
      const [, what, verb] = /^POST \/v1\/([^:]+):(\w+)$/.exec(line) ?? [];
      if (what === DEAD_LETTER && verb === 'publish') await this.dead(body.messages);
      else if (what !== SUBSCRIPTION) return refused(404, 'NOT_FOUND');
      else if (verb === 'pull') return { status: 200, body: JSON.stringify(receivedMessages(await this.pull(body.maxMessages))) };
      else if (verb === 'acknowledge') await this.acknowledge(body.ackIds);
      else if (verb === 'modifyAckDeadline') await this.keep(body.ackIds, body.ackDeadlineSeconds);
      else return refused(404, 'NOT_FOUND');
      return done;
    };
    const url = await loopback(({ method, url }, body) =>
      answer(`${method} ${url}`, JSON.parse(body.toString())).catch(() => refused(503, 'UNAVAILABLE')),
    );
    return new URL(url).host;
  }

  private async does<Result>(
    verb: Broker['asked'][number]['verb'],
    ids: readonly string[],
    effect: () => Result | Promise<Result>,
    seconds?: number,
  ) {
    this.asked.push({ verb, ids, seconds });
    if (this.state === 'silent') await new Promise(() => {});
    const fault = this.state === 'up' ? this.fault(verb) : 'before';
    if (fault === 'before') throw new Error('the service is down');
    const result = await effect();
    if (fault === 'after') throw new Error('the answer got lost');
    return result;
  }

  /** The messages that may be delivered. One that has failed too often is forwarded. */
  private due(): Waiting[] {
    const now = Date.now();
    const due = [...this.waiting.values()].filter((one) => one.due <= now);
    for (const { message } of due.filter(({ attempts }) => attempts >= this.maxAttempts)) {
      this.waiting.delete(message.messageId);
      this.forwarded.push(message.messageId);
    }
    return due.filter(({ attempts }) => attempts < this.maxAttempts);
  }

  private deliver(one: Waiting): Received {
    const { message } = one;
    one.attempts++;
    one.due = Date.now() + 60 * this.second;
    one.ackId = `${message.messageId}/${one.attempts}`;
    this.deliveries.set(message.messageId, one.attempts);
    return { ackId: one.ackId, message, deliveryAttempt: one.attempts };
  }
}

/** Without messages, the field is missing. */
function receivedMessages(received: readonly Received[]): object {
  return received.length > 0 ? { receivedMessages: received } : {};
}
