import { PermanentError, type Transform } from '../../../shared/runtime/event';
import { judge } from '../../../shared/runtime/verdict';
import { type Column, type Made, microseconds, type TableRow, tableRow } from './table-row';

/** The table, as it is now. */
export interface Table {
  readonly columns: readonly Column[];
  /**
   * Add rows: all of them, or none.
   * @throws PermanentError when the table will never take them
   */
  append(rows: readonly TableRow[]): Promise<void>;
}

/** A message as Pub/Sub takes it and hands it on. */
export interface Message {
  /** The bytes of the event, in base64. */
  readonly data?: string;
  readonly attributes?: Readonly<Record<string, string>>;
  readonly orderingKey?: string;
}

/** What the handler reaches for: each call is repeatable, or fails as a whole. */
export interface Neighbours {
  readonly transform: Transform;
  openTable(): Promise<Table>;
  /** Send one message to the dead letter. */
  publish(message: Message): Promise<void>;
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

/** What Pub/Sub understands: it is done, or it comes again. */
const [DONE, AGAIN] = [204, 503];

/** One request to BigQuery takes 10 MB. This leaves room for what is not text. */
const REQUEST_BYTES = 9_500_000;

/**
 * The event of one message becomes rows of a table. When it can never be processed it goes to the dead letter at once.
 *
 * When the table cannot be reached, Pub/Sub brings the message again, after a pause. The last time, the message goes to
 * the dead letter with the reason; when even that fails, Pub/Sub forwards it there itself, and without one. Rows whose
 * answer got lost come twice, or are in both places: nothing is lost, and the view shows each row once.
 */
export function pubSubToBigQuery({ transform, openTable, publish }: Neighbours) {
  return async ({ body, query }: Request, response: Response): Promise<void> => {
    const push = readPush(body);
    if (push) {
      response.status(await settle(push, Number(query.maxDeliveryAttempts))).end();
    } else {
      log('ERROR', 'A request came that is no push of Pub/Sub.');
      response.status(400).end();
    }
  };

  async function settle(push: Push, maxDeliveryAttempts: number): Promise<number> {
    const { message, deliveryAttempt = 1 } = push;
    const verdict = judge(Buffer.from(message.data ?? '', 'base64'), transform, (row, event, index): Made => ({ row, event, index }));
    if ('reason' in verdict) return bury(push, verdict.reason);
    if (verdict.rows.length === 0) return DONE;
    try {
      const { columns, append } = await openTable();
      await append(fitRows(verdict.rows, message, columns));
      return DONE;
    } catch (error) {
      if (error instanceof PermanentError || deliveryAttempt >= maxDeliveryAttempts) return bury(push, String(error));
      log('WARNING', 'The table was not reached. The message comes again.', { ...positionOf(push), error: String(error) });
      return AGAIN;
    }
  }

  async function bury(push: Push, reason: string): Promise<number> {
    const position = positionOf(push);
    try {
      await publish(deadLetter(push, reason));
      log('ERROR', 'The event went to the dead letter.', { ...position, reason });
      return DONE;
    } catch (error) {
      log('ERROR', 'The dead letter was not reached. The message comes again.', { ...position, reason, error: String(error) });
      return AGAIN;
    }
  }
}

/** @throws PermanentError on whatever is wrong with a row, since it is wrong at every try */
function fitRows(made: readonly Made[], message: Push['message'], columns: readonly Column[]): TableRow[] {
  const rows = permanently(() => made.map((one) => tableRow(one, message, columns)));
  const texts = rows.flatMap((row) => Object.values(row)).filter((value) => typeof value === 'string');
  const bytes = texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0);
  if (bytes > REQUEST_BYTES) throw new PermanentError(`the rows of the event have ${bytes} bytes, and BigQuery takes ${REQUEST_BYTES}`);
  return rows;
}

function permanently<Result>(make: () => Result): Result {
  try {
    return make();
  } catch (error) {
    throw error instanceof PermanentError ? error : new PermanentError(error instanceof Error ? error.message : 'the row is no JSON');
  }
}

/**
 * The message as it came, with the reason and the position beside it. That is the form in which Pub/Sub forwards messages
 * itself, and in which they can be published once more. An attribute takes 1024 bytes, which are at least 256 characters.
 */
function deadLetter(push: Push, reason: string): Message {
  const { data, orderingKey, attributes } = push.message;
  const wellFormed = Buffer.from(reason.replace(/\s+/g, ' ')).toString();
  const deadLetterReason = [...wellFormed].slice(0, 256).join('');
  return { data, orderingKey, attributes: { ...attributes, deadLetterReason, ...positionOf(push) } };
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
    microseconds(message.publishTime) !== undefined &&
    typeof (message.data ?? '') === 'string';
  return isPush ? (push as Push) : undefined;
}

/** One line of JSON, which Cloud Logging reads with its severity. Never the event itself. */
function log(severity: 'WARNING' | 'ERROR', message: string, details: Readonly<Record<string, string>> = {}) {
  console.log(JSON.stringify({ severity, message, ...details }));
}
