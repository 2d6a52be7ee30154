import type { Context } from 'aws-lambda';

/**
 * Timeouts and retries of clients. A request without a response must fail before the function times out, so that the function
 * can report the records. Five tries take about a second if each is refused at once, so a store that refuses every second
 * request fails no batch.
 */
export const CLIENT = {
  maxAttempts: 5,
  requestHandler: { connectionTimeout: 3_000, requestTimeout: 10_000, throwOnRequestTimeout: true },
};

/** How long before the timeout of the function requests are aborted, so that it can still report the result. */
const RESERVE_MS = 5_000;

/** The part of the Lambda context that a source uses. */
export type Call = Pick<Context, 'getRemainingTimeInMillis'>;

/** A signal that aborts shortly before the function times out. After a timeout Lambda splits the batch, and retries both halves. */
export function nearlyOver(call: Call): AbortSignal {
  const left = call.getRemainingTimeInMillis();
  return AbortSignal.timeout(Math.max(0, Math.floor(left - Math.min(RESERVE_MS, left / 4))));
}
