import type { Context } from 'aws-lambda';

/**
 * How clients wait, and how often they try. A service that stalls must fail while the function still lives, so that the
 * records come again. Five tries last about a second where each is refused at once, so a store that refuses every second
 * call costs no batch.
 */
export const CLIENT = {
  maxAttempts: 5,
  requestHandler: { connectionTimeout: 3_000, requestTimeout: 10_000, throwOnRequestTimeout: true },
};

/** What is left of the time of a call when no more is begun, to answer for what is done. */
const RESERVE_MS = 5_000;

/** The part of what Lambda hands over beside the records that a source reads. */
export type Call = Pick<Context, 'getRemainingTimeInMillis'>;

/** Says when the time of a call is nearly over. A call that is cut short answers for nothing, and its batch comes again in halves. */
export function nearlyOver(call: Call): AbortSignal {
  const left = call.getRemainingTimeInMillis();
  return AbortSignal.timeout(Math.max(0, Math.floor(left - Math.min(RESERVE_MS, left / 4))));
}
