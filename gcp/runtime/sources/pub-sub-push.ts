import type { Transform } from '../../../shared/runtime/event';
import type { Lot, Sink, SourceRecord } from '../../../shared/runtime/sink';
import { inOneLine, judge } from '../../../shared/runtime/verdict';
import { deadLetterMessage, type Message } from '../dead-letter';
import { momentOf } from '../time';
import { type Limit, withinLimit } from './pub-sub-push/limit';
import { answerTrials, type Trial, trialsOf } from './pub-sub-push/trial';

/** What the source calls. Each call can be repeated. */
export interface PubSubPushSourceProps<Stored> {
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

/** What Pub/Sub sends to a push endpoint. */
interface Push {
  readonly message: Message & { readonly messageId: string; readonly publishTime: string };
  readonly subscription: string;
  /** Pub/Sub counts from 1, and only if the subscription has a dead letter. */
  readonly deliveryAttempt?: number;
}

/** The part of an HTTP request that the handler reads. */
export interface Request {
  readonly body?: unknown;
  readonly query: Readonly<Record<string, unknown>>;
}

/** The part of an HTTP response that the handler writes. */
export interface Response {
  status(code: number): { end(): unknown };
}

/** The status codes for an acknowledgement, and for a retry. */
const [ACK, NACK] = [204, 503];

/** The share of the time of a call that the transform may take: the ten calls of an instance then end in time, even one after the other. */
const PART_OF_CALL = 0.1;
/** How long a call may take, if its URL does not set it. */
const CALL_SECONDS = 60;

/**
 * Pub/Sub push: the event of one message becomes one lot. If it can never be processed, it goes to the dead letter at once.
 *
 * If the store fails, Pub/Sub delivers the message again after a pause. On the last attempt, the message goes to the dead letter
 * with the reason. If that fails too, Pub/Sub forwards it there itself, without a reason. If the answer of a write was lost, the
 * event can be in both places: nothing is lost.
 *
 * If the transform of an event never ends, or ends the process, it ends one instance and its concurrent calls, once. When the
 * event is delivered again, the transform runs in a child process first, and the event goes to the dead letter.
 */
export function pubSubPushSource<Stored>({ transform, sink, deadLetter, trial = trialsOf(__filename) }: PubSubPushSourceProps<Stored>) {
  const decide = (bytes: Buffer, limit: Limit) =>
    withinLimit(() => judge(bytes, transform, (row, event, index) => sink.encode(row, event, index)), limit);
  answerTrials(({ bytes, ...limit }) => void decide(bytes, limit));

  return async ({ body, query }: Request, response: Response): Promise<void> => {
    const push = readPush(body);
    if (push) {
      response.status(await handlePush(push, query)).end();
    } else {
      log('ERROR', 'A request is not a Pub/Sub push request.');
      response.status(400).end();
    }
  };

  async function handlePush(push: Push, query: Request['query']): Promise<number> {
    const { deliveryAttempt: attempt = 1 } = push;
    try {
      const record = recordOf(push);
      const limit = { milliseconds: 1000 * PART_OF_CALL * callSeconds(query) };
      const fault = await trial({ bytes: record.bytes, attempt, ...limit });
      if (fault) return await sendToDeadLetter(push, fault);
      const verdict = decide(record.bytes, limit);
      if ('reason' in verdict) return await sendToDeadLetter(push, isBinary(push) ? BINARY : verdict.reason);
      if (verdict.rows.length === 0) return ACK;
      const [refusal] = await sink.write(lotOf(push, record, verdict.rows));
      return refusal ? await sendToDeadLetter(push, refusal.reason) : ACK;
    } catch (error) {
      if (attempt >= Number(query.maxDeliveryAttempts)) return sendToDeadLetter(push, inOneLine(error));
      log('WARNING', 'The event was not stored. Pub/Sub retries it.', { ...positionOf(push), error: inOneLine(error) });
      return NACK;
    }
  }

  async function sendToDeadLetter(push: Push, reason: string): Promise<number> {
    const position = positionOf(push);
    try {
      await deadLetter(deadLetterMessage(push.message, reason, position));
      log('ERROR', 'The event went to the dead letter.', { ...position, reason });
      return ACK;
    } catch (error) {
      log('ERROR', 'The dead letter was not written. Pub/Sub retries the event.', { ...position, reason, error: inOneLine(error) });
      return NACK;
    }
  }
}

const BINARY =
  'InvalidEvent: the event is in binary mode, with its attributes beside its data. Send it in structured mode, as one JSON object';

function callSeconds({ timeoutSeconds }: Request['query']): number {
  const seconds = Number(timeoutSeconds);
  return seconds > 0 ? seconds : CALL_SECONDS;
}

/** Whether the attributes of the event are attributes of the message. */
function isBinary({ message }: Push): boolean {
  return Object.keys(message.attributes ?? {}).some((name) => /^ce-(id|specversion)$/i.test(name));
}

function recordOf({ message, subscription }: Push): SourceRecord {
  const { data = '', messageId, publishTime } = message;
  const arrived = new Date(momentOf(publishTime)?.milliseconds ?? 0);
  return { bytes: Buffer.from(data, 'base64'), arrived, position: { subscription, messageId, publishTime } };
}

/** The name of the lot contains the subscription, because message ids are unique only in a topic, and each subscription gets all messages. */
function lotOf<Stored>({ message, subscription }: Push, record: SourceRecord, rows: readonly Stored[]): Lot<Stored> {
  const [, project, , name] = subscription.split('/');
  return {
    name: `${project}-${name}-${message.messageId}`,
    arrived: record.arrived,
    made: rows.map((stored) => ({ stored, record })),
  };
}

function positionOf({ message, subscription, deliveryAttempt }: Push) {
  return {
    deadLetterSubscription: subscription,
    deadLetterMessageId: message.messageId,
    deadLetterPublishTime: message.publishTime,
    deadLetterDeliveryAttempt: String(deliveryAttempt ?? 1),
  };
}

function readPush(body: unknown): Push | undefined {
  const push = body as Partial<Push> | null | undefined;
  const message = push?.message;
  const isPush =
    typeof push?.subscription === 'string' &&
    typeof message?.messageId === 'string' &&
    typeof message.publishTime === 'string' &&
    momentOf(message.publishTime) !== undefined &&
    typeof (message.data ?? '') === 'string';
  return isPush ? (push as Push) : undefined;
}

/** One line of JSON, which Cloud Logging reads with its severity. Never the event itself. */
function log(severity: 'WARNING' | 'ERROR', message: string, details: Readonly<Record<string, string>> = {}) {
  console.log(JSON.stringify({ severity, message, ...details }));
}
