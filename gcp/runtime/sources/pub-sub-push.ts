import type { Transform } from '../../../shared/runtime/event';
import type { Lot, Sink, SourceRecord } from '../../../shared/runtime/sink';
import { inOneLine, judge } from '../../../shared/runtime/verdict';
import { letterOf, type Message } from '../dead-letter';
import { momentOf } from '../time';
import { type Limit, withinLimit } from './pub-sub-push/limit';
import { answerTrials, type Trial, trialsOf } from './pub-sub-push/trial';

/** What the source reaches for: each call is repeatable. */
export interface PubSubPushSourceProps<Stored> {
  readonly transform: Transform;
  readonly sink: Sink<Stored>;
  /** Send one message to the dead letter. */
  deadLetter(message: Message): Promise<void>;
  /**
   * Tries events out that may end the process.
   * @default - in a process of its own, which runs the same bundle
   */
  readonly trial?: Trial;
}

/** What Pub/Sub sends to a push endpoint. */
interface Push {
  readonly message: Message & { readonly messageId: string; readonly publishTime: string };
  readonly subscription: string;
  /** Pub/Sub counts from 1, and only where the subscription has a dead letter. */
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

/** The answers that Pub/Sub takes for an acknowledgement, and for none: then the message comes again. */
const [ACK, NACK] = [204, 503];

/** The transform may take so much of the time of a call: one after the other, the ten calls of an instance still end in time. */
const PART_OF_CALL = 0.1;
/** How long a call may take where its address does not say so. */
const CALL_SECONDS = 60;

/**
 * Pub/Sub, by push: the event of one message becomes one lot. When it can never be processed it goes to the dead letter at
 * once.
 *
 * When the store cannot be reached, Pub/Sub brings the message again, after a pause. The last time, the message goes to
 * the dead letter with the reason; when even that fails, Pub/Sub forwards it there itself, and without one. A lot whose
 * answer got lost may be in both places: nothing is lost.
 *
 * An event whose transform never ends, or ends the process, takes one instance with it, and the calls of its neighbours, once.
 * When it comes again, it is tried out first, and goes to the dead letter.
 */
export function pubSubPushSource<Stored>({ transform, sink, deadLetter, trial = trialsOf(__filename) }: PubSubPushSourceProps<Stored>) {
  const decide = (bytes: Buffer, limit: Limit) =>
    withinLimit(() => judge(bytes, transform, (row, event, index) => sink.encode(row, event, index)), limit);
  answerTrials(({ bytes, ...limit }) => void decide(bytes, limit));

  return async ({ body, query }: Request, response: Response): Promise<void> => {
    const push = readPush(body);
    if (push) {
      response.status(await settle(push, query)).end();
    } else {
      log('ERROR', 'A request came that is no push of Pub/Sub.');
      response.status(400).end();
    }
  };

  async function settle(push: Push, query: Request['query']): Promise<number> {
    const { deliveryAttempt: attempt = 1 } = push;
    try {
      const record = recordOf(push);
      const limit = { milliseconds: 1000 * PART_OF_CALL * callSeconds(query) };
      const fault = await trial({ bytes: record.bytes, attempt, ...limit });
      if (fault) return await giveUp(push, fault);
      const verdict = decide(record.bytes, limit);
      if ('reason' in verdict) return await giveUp(push, isBinary(push) ? BINARY : verdict.reason);
      if (verdict.rows.length === 0) return ACK;
      const [refusal] = await sink.write(lotOf(push, record, verdict.rows));
      return refusal ? await giveUp(push, refusal.reason) : ACK;
    } catch (error) {
      if (attempt >= Number(query.maxDeliveryAttempts)) return giveUp(push, inOneLine(error));
      log('WARNING', 'The store was not reached. The message comes again.', { ...positionOf(push), error: inOneLine(error) });
      return NACK;
    }
  }

  async function giveUp(push: Push, reason: string): Promise<number> {
    const position = positionOf(push);
    try {
      await deadLetter(letterOf(push.message, reason, position));
      log('ERROR', 'The event went to the dead letter.', { ...position, reason });
      return ACK;
    } catch (error) {
      log('ERROR', 'The dead letter was not reached. The message comes again.', { ...position, reason, error: inOneLine(error) });
      return NACK;
    }
  }
}

const BINARY = 'InvalidEvent: the attributes of an event came beside its data. Send it in structured mode, as one JSON object';

function callSeconds({ timeoutSeconds }: Request['query']): number {
  const seconds = Number(timeoutSeconds);
  return seconds > 0 ? seconds : CALL_SECONDS;
}

/** Whether the attributes of an event travel as attributes of the message. */
function isBinary({ message }: Push): boolean {
  return Object.keys(message.attributes ?? {}).some((name) => /^ce-(id|specversion)$/i.test(name));
}

function recordOf({ message, subscription }: Push): SourceRecord {
  const { data = '', messageId, publishTime } = message;
  const arrived = new Date(momentOf(publishTime)?.milliseconds ?? 0);
  return { bytes: Buffer.from(data, 'base64'), arrived, position: { subscription, messageId, publishTime } };
}

/** Each topic counts its messages by itself, and each of its subscriptions gets all of them: the subscription keeps them apart. */
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
