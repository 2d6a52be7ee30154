import type { Transform } from '../../../shared/runtime/event';
import type { Lot, Sink, SourceRecord } from '../../../shared/runtime/sink';
import { inOneLine, judge } from '../../../shared/runtime/verdict';
import { deadLetterMessage, type Message } from '../dead-letter';
import { momentOf } from '../time';
import { type Limit, withinLimit } from './limit';
import { answerTrials, type Trial, trialsOf } from './trial';

/** What a source of Pub/Sub calls. Each call can be repeated. */
export interface SettleProps<Stored> {
  readonly transform: Transform;
  readonly sink: Sink<Stored>;
  /** Send one message to the dead letter. */
  deadLetter(message: Message): Promise<void>;
  /**
   * Runs the transform first on events that may end the process.
   * @default - in a child process, which runs the same bundle
   */
  readonly trial?: Trial;
}

/** A message, as a subscription delivers it. */
export interface Delivered {
  readonly message: Message & { readonly messageId: string; readonly publishTime: string };
  readonly subscription: string;
  /** Pub/Sub counts from 1, and only if the subscription has a dead letter. */
  readonly deliveryAttempt?: number;
}

/** How long and how often one message may be worked on. */
interface Bounds {
  /** How long the transform may take. */
  readonly milliseconds: number;
  /** The last attempt, after which the message goes to the dead letter. Without a number, no attempt is the last one. */
  readonly maxAttempts: number;
}

/**
 * Bring one message to its end: its rows into the store, or the message into the dead letter.
 *
 * If the event can never be processed, it goes to the dead letter at once. If the store fails, Pub/Sub delivers the message again after
 * a pause. On the last attempt, the message goes to the dead letter with the reason. If that fails too, Pub/Sub forwards it there
 * itself, without a reason. If the answer of a write was lost, the event can be in both places: nothing is lost.
 *
 * If the transform of an event never ends, or ends the process, it ends one instance and what else is in it, once. When the event is
 * delivered again, the transform runs in a child process first, and the event goes to the dead letter.
 * @returns a function that says whether a message is at its end: otherwise it must be delivered again
 */
export function settling<Stored>({ transform, sink, deadLetter, trial = trialsOf(__filename) }: SettleProps<Stored>) {
  const decide = (bytes: Buffer, limit: Limit) =>
    withinLimit(() => judge(bytes, transform, (row, event, index) => sink.encode(row, event, index)), limit);
  answerTrials(({ bytes, ...limit }) => void decide(bytes, limit));

  return async (delivered: Delivered, { milliseconds, maxAttempts }: Bounds): Promise<boolean> => {
    const { deliveryAttempt: attempt = 1 } = delivered;
    try {
      const record = recordOf(delivered);
      const fault = await trial({ bytes: record.bytes, attempt, milliseconds });
      if (fault) return await sendToDeadLetter(delivered, fault);
      const verdict = decide(record.bytes, { milliseconds });
      if ('reason' in verdict) return await sendToDeadLetter(delivered, isBinary(delivered) ? BINARY : verdict.reason);
      if (verdict.rows.length === 0) return true;
      const [refusal] = await sink.write(lotOf(delivered, record, verdict.rows));
      return refusal ? await sendToDeadLetter(delivered, refusal.reason) : true;
    } catch (error) {
      if (attempt >= maxAttempts) return sendToDeadLetter(delivered, inOneLine(error));
      log('WARNING', 'The event was not stored. Pub/Sub retries it.', { ...positionOf(delivered), error: inOneLine(error) });
      return false;
    }
  };

  async function sendToDeadLetter(delivered: Delivered, reason: string): Promise<boolean> {
    const position = positionOf(delivered);
    try {
      await deadLetter(deadLetterMessage(delivered.message, reason, position));
      log('ERROR', 'The event went to the dead letter.', { ...position, reason });
      return true;
    } catch (error) {
      log('ERROR', 'The dead letter was not written. Pub/Sub retries the event.', { ...position, reason, error: inOneLine(error) });
      return false;
    }
  }
}

const BINARY =
  'InvalidEvent: the event is in binary mode, with its attributes beside its data. Send it in structured mode, as one JSON object';

/** Whether the attributes of the event are attributes of the message. */
function isBinary({ message }: Delivered): boolean {
  return Object.keys(message.attributes ?? {}).some((name) => /^ce-(id|specversion)$/i.test(name));
}

function recordOf({ message, subscription }: Delivered): SourceRecord {
  const { data = '', messageId, publishTime } = message;
  const arrived = new Date(momentOf(publishTime)?.milliseconds ?? 0);
  return { bytes: Buffer.from(data, 'base64'), arrived, position: { subscription, messageId, publishTime } };
}

/** The name of the lot contains the subscription, because message ids are unique only in a topic, and each subscription gets all messages. */
function lotOf<Stored>({ message, subscription }: Delivered, record: SourceRecord, rows: readonly Stored[]): Lot<Stored> {
  const [, project, , name] = subscription.split('/');
  return {
    name: `${project}-${name}-${message.messageId}`,
    arrived: record.arrived,
    made: rows.map((stored) => ({ stored, record })),
  };
}

/** Where a message was, for the log and the dead letter. */
export function positionOf({ message, subscription, deliveryAttempt }: Delivered) {
  return {
    deadLetterSubscription: subscription,
    deadLetterMessageId: message.messageId,
    deadLetterPublishTime: message.publishTime,
    deadLetterDeliveryAttempt: String(deliveryAttempt ?? 1),
  };
}

/** One line of JSON, which Cloud Logging reads with its severity. Never the event itself. */
export function log(severity: 'WARNING' | 'ERROR', message: string, details: Readonly<Record<string, string>> = {}) {
  console.log(JSON.stringify({ severity, message, ...details }));
}
