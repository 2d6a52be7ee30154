import type { Pace } from '../../pace';
import { ACCOUNT, REGION } from '../../template/cloudformation';

/** What the template says of a queue. */
export interface QueueSettings {
  readonly name: string;
  readonly visibilitySeconds: number;
  /** Where a message goes that was received as often as that, and not deleted. */
  readonly redrive?: { readonly deadLetter: string; readonly maxReceives: number };
}

/** A message in a queue. */
export interface Held {
  readonly id: string;
  /** Which message of all it is. */
  readonly number: number;
  readonly body: string;
  /** The attributes that its sender gave it, as they came. */
  readonly senders?: Readonly<Record<string, { readonly DataType: string; readonly StringValue: string }>>;
  /** When it was first sent, in milliseconds. It keeps that in its dead letter. */
  readonly sent: number;
  /** How often it was received, in all queues that it was in. */
  receives: number;
  firstReceived?: number;
  visibleAt: number;
  readonly redrivenFrom?: string;
}

/** A message as whoever receives it gets it. */
export interface Received {
  readonly id: string;
  readonly receipt: string;
  readonly body: string;
  readonly senders?: Held['senders'];
  /** What SQS knows of it, all as texts. */
  readonly attributes: Readonly<Record<string, string>>;
}

/** A request that SQS refuses: its code, as clients know it, and why. */
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
 * The messages of a standard queue: received at least once, in an order that is not promised.
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

  /** Take out what can be received, and was received as often as it may be. */
  takeExhausted(): readonly Held[] {
    const { redrive } = this.settings;
    const found = redrive ? this.visible().filter(({ receives }) => receives >= redrive.maxReceives) : [];
    for (const { id } of found) this.remove(id);
    return found;
  }

  /**
   * Take messages out of sight.
   * @param milliseconds for how long, by the clock of this machine
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

  /** Change for how long a message that was received is out of sight. */
  hide(receipt: string, seconds: number) {
    const message = this.latest(receipt);
    if (!message || message.visibleAt <= Date.now()) throw new SqsError('MessageNotInflight', 'The specified message is not in flight.');
    message.visibleAt = Date.now() + this.timeout(seconds);
  }

  /** What a visibility timeout lasts here. */
  timeout(seconds = this.settings.visibilitySeconds): number {
    return this.pace.scaled(seconds * 1000);
  }

  /** Begin the visibility timeout of a message that somebody is done with, unless it was received again. */
  release(receipt: string) {
    const message = this.latest(receipt);
    if (message) message.visibleAt = Date.now() + this.timeout();
  }

  /** The message that a receipt deletes: nothing when it is gone, or was received again. */
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
