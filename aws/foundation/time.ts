import type { Duration } from 'aws-cdk-lib';

/** A length of time in seconds, or something else where it is not known while synthesizing. */
export function secondsOf(time: Duration | undefined, otherwise: number): number {
  return time && !time.isUnresolved() ? time.toSeconds() : otherwise;
}
