import type { Pace } from '../../pace';
import { ACCOUNT, REGION } from '../../template/cloudformation';

/** The settings of a queue in the template. */
export interface QueueSettings {
  readonly name: string;
  readonly visibilitySeconds: number;
  /** The dead-letter queue, and how often a message is received before it is moved there. */
  readonly redrive?: { readonly deadLetter: string; readonly maxReceives: number };
}

/** A message in a queue, with its state. */
export interface Held {
  readonly id: string;
  /** The number of the message among all messages that were sent. */
  readonly number: number;
  readonly body: string;
  /** The message attributes from its sender. */
  readonly senders?: Readonly<Record<string, { readonly DataType: string; readonly StringValue: string }>>;
  /** When it was first sent, in milliseconds. It does not change in the dead-letter queue. */
  readonly sent: number;
  /** How often it was received, in all queues that it was in. */
  receives: number;
  firstReceived?: number;
  visibleAt: number;
  readonly redrivenFrom?: string;
}

/** A received message. */
export interface Received {
  readonly id: string;
  readonly receipt: string;
  readonly body: string;
  readonly senders?: Held['senders'];
  /** The system attributes of SQS, all as strings. */
  readonly attributes: Readonly<Record<string, string>>;
}

/** An error of SQS, with the code that clients get. */
export class SqsError extends Error {
  constructor(
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

export function arnOfQueue(name: string): string {
  return `arn:aws:sqs:${REGION}:${ACCOUNT}:${name}`;
}

/**
 * The messages of a standard queue: delivered at least once, in any order.
 * @see https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-visibility-timeout.html
 */
export class Queue {
  private readonly held = new Map<string, Held>();

  constructor(
    readonly settings: QueueSettings,
    private readonly pace: Pace,
  ) {}

  get size(): number {
    return this.held.size;
  }

  messages(): readonly Held[] {
    return [...this.held.values()];
  }

  add(message: Held) {
    this.held.set(message.id, message);
  }

  remove(id: string) {
    this.held.delete(id);
  }

  /** Remove and return the visible messages that were received the maximum number of times. */
  takeExhausted(): readonly Held[] {
    const { redrive } = this.settings;
    const found = redrive ? this.visible().filter(({ receives }) => receives >= redrive.maxReceives) : [];
    for (const { id } of found) this.remove(id);
    return found;
  }

  /**
   * Receive messages, and hide them.
   * @param milliseconds for how long they are hidden, in real time
   */
  receive(most: number, milliseconds: number): readonly Received[] {
    if (!(most >= 1 && most <= 10)) throw new SqsError('InvalidParameterValue', 'MaxNumberOfMessages must be between 1 and 10.');
    const now = Date.now();
    return this.visible()
      .slice(0, most)
      .map((message) => {
        message.receives += 1;
        message.firstReceived ??= now;
        message.visibleAt = now + milliseconds;
        const { id, body, senders } = message;
        return { id, body, senders, receipt: `${id}/${message.receives}`, attributes: attributesOf(message) };
      });
  }

  /** Change the visibility timeout of a received message. */
  hide(receipt: string, seconds: number) {
    const message = this.latest(receipt);
    if (!message || message.visibleAt <= Date.now()) throw new SqsError('MessageNotInflight', 'The specified message is not in flight.');
    message.visibleAt = Date.now() + this.timeout(seconds);
  }

  /** A visibility timeout, scaled to the speed of this run. */
  timeout(seconds = this.settings.visibilitySeconds): number {
    return this.pace.scaled(seconds * 1000);
  }

  /** Start the visibility timeout of a message that failed, unless it was received again. */
  release(receipt: string) {
    const message = this.latest(receipt);
    if (message) message.visibleAt = Date.now() + this.timeout();
  }

  /** The message of a receipt handle: `undefined` if it was deleted, or received again. */
  deletable(receipt: string): Held | undefined {
    return this.latest(receipt);
  }

  private latest(receipt: string): Held | undefined {
    const [, id, receives] = /^([0-9a-f-]{36})\/(\d+)$/.exec(receipt) ?? [];
    if (id === undefined) throw new SqsError('ReceiptHandleIsInvalid', 'The input receipt handle is invalid.');
    const message = this.held.get(id);
    return message?.receives === Number(receives) ? message : undefined;
  }

  private visible(): readonly Held[] {
    const now = Date.now();
    return this.messages().filter(({ visibleAt }) => visibleAt <= now);
  }
}

/** @see https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ReceiveMessage.html */
function attributesOf({ sent, receives, firstReceived, redrivenFrom }: Held): Record<string, string> {
  return {
    ApproximateFirstReceiveTimestamp: String(firstReceived),
    ApproximateReceiveCount: String(receives),
    // Roles are not emulated.
    SenderId: 'nobody',
    SentTimestamp: String(sent),
    ...(redrivenFrom !== undefined && { DeadLetterQueueSourceArn: arnOfQueue(redrivenFrom) }),
  };
}
