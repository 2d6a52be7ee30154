import { Duration } from 'aws-cdk-lib';
import type { IFunction, Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import type { Construct } from 'constructs';
import { requireNumber, requireTime, SettingError } from '../../../shared/synth/settings';
import type { Delivery } from '../../ports/delivery';

/** What a queue leaves to its delivery. */
export type QueueDelivery = Required<Pick<Delivery, 'batchSize' | 'batchWindow'>>;

/**
 * The delivery of a queue, with its defaults.
 * @throws SettingError on a batch that Lambda does not make, and on what is for the queue to say
 */
export function requireDelivery(queue: Construct, delivery: Delivery): QueueDelivery {
  const { batchSize = 100, batchWindow = Duration.seconds(5) } = delivery;
  refuse(queue, 'maxRetries', delivery.maxRetries, 'It is a setting of the queue.');
  refuse(queue, 'maxAge', delivery.maxAge, 'A queue gives up by its own setting maxRetries, and never by age.');
  requireNumber(queue, { batchSize }, { from: 1, to: 10_000, unit: 'records', remedy: 'Lambda takes no more in one call.' });
  const remedy = 'Lambda waits no longer for a batch, and makes one of more than 10 records only while it waits.';
  requireTime(queue, { batchWindow }, { from: batchSize > 10 ? 1 : 0, to: 300, unit: 'seconds', remedy });
  return { batchSize, batchWindow };
}

function refuse(queue: Construct, setting: keyof Delivery, value: unknown, remedy: string) {
  if (value !== undefined) throw new SettingError(queue, `delivery from a queue must leave ${setting} out`, String(value), remedy);
}

/**
 * How many seconds a message must be hidden: six times the timeout leaves Lambda time to try again when it is throttled, and
 * a message that waits for its batch is hidden already.
 */
export function visibilityFor(target: IFunction, { batchWindow }: QueueDelivery): number {
  return 6 * secondsOf(timeoutOf(target), 60) + secondsOf(batchWindow, 300);
}

/** The timeout of a function, where this app makes it. */
export function timeoutOf(target: IFunction): Duration | undefined {
  return (target as Partial<LambdaFunction>).timeout;
}

/** A length of time in seconds, or something else where it is not known while synthesizing. */
export function secondsOf(time: Duration | undefined, otherwise: number): number {
  return time && !time.isUnresolved() ? time.toSeconds() : otherwise;
}
