import { type Delivered, log, type SettleProps, settling } from '../pub-sub/settle';
import { momentOf } from '../time';

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

/** Pub/Sub push: the event of one message becomes one lot. What becomes of it is the same as when it is pulled: see {@link settling}. */
export function pubSubPushSource<Stored>(props: SettleProps<Stored>) {
  const settle = settling(props);
  return async ({ body, query }: Request, response: Response): Promise<void> => {
    const push = readPush(body);
    if (push) {
      const bounds = { milliseconds: 1000 * PART_OF_CALL * callSeconds(query), maxAttempts: Number(query.maxDeliveryAttempts) };
      response.status((await settle(push, bounds)) ? ACK : NACK).end();
    } else {
      log('ERROR', 'A request is not a Pub/Sub push request.');
      response.status(400).end();
    }
  };
}

function callSeconds({ timeoutSeconds }: Request['query']): number {
  const seconds = Number(timeoutSeconds);
  return seconds > 0 ? seconds : CALL_SECONDS;
}

function readPush(body: unknown): Delivered | undefined {
  const push = body as Partial<Delivered> | null | undefined;
  const message = push?.message;
  const isPush =
    typeof push?.subscription === 'string' &&
    typeof message?.messageId === 'string' &&
    typeof message.publishTime === 'string' &&
    momentOf(message.publishTime) !== undefined &&
    typeof (message.data ?? '') === 'string';
  return isPush ? (push as Delivered) : undefined;
}
