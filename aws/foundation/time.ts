import type { Duration } from 'aws-cdk-lib';

/** A duration in seconds, or `otherwise` if it is not set or not known while synthesizing. */
export function secondsOf(time: Duration | undefined, otherwise: number): number {
  return time && !time.isUnresolved() ? time.toSeconds() : otherwise;
}
