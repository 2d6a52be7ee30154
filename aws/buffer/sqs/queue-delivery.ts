import { Duration } from 'aws-cdk-lib';
import type { IFunction, Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import type { Construct } from 'constructs';
import { requireNumber, requireTime, SettingError, type TimeRule } from '../../../shared/synth/settings';
import type { Delivery } from '../../ports/delivery';

/** Which visibility timeouts a queue takes. */
export const VISIBILITY: TimeRule = { from: 0, to: 12 * 3600, unit: 'seconds', remedy: 'SQS hides no message longer.' };

/** How a function gets messages. */
export type QueueDelivery = Required<Pick<Delivery, 'batchSize' | 'batchWindow'>>;

/** How long a queue keeps a message, and how often it hands it out. */
export interface Tries {
  readonly retention: Duration;
  readonly maxRetries: number;
  /** Without it, the reader says how long a message must be hidden. */
  readonly visibilityTimeout?: Duration;
}

/**
 * The delivery of a queue, with its defaults.
 * @throws SettingError on a batch that Lambda does not make, and on what is for the queue to say
 */
export function requireDelivery(queue: Construct, delivery: Delivery): QueueDelivery {
  const batchSize = delivery.batchSize ?? 100;
  const batchWindow = delivery.batchWindow ?? Duration.seconds(5);
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
 * How many seconds a message is hidden. Six times the timeout of a function leaves Lambda time to try again when it is
 * throttled, and a message that waits for its batch is hidden already.
 * @param target the function that gets the messages; without one a reader pulls them
 * @throws SettingError when a message is shown again while it is worked on, and when SQS deletes it before its last try
 */
export function visibilityFor(
  queue: Construct,
  { retention, maxRetries, visibilityTimeout }: Tries,
  target?: IFunction,
  batchWindow = Duration.seconds(0),
): number {
  const timeout = (target as Partial<LambdaFunction> | undefined)?.timeout;
  if (visibilityTimeout) {
    const remedy = 'Lambda refuses a queue that shows a message again while its function may still work on it.';
    requireTime(queue, { visibilityTimeout }, { ...VISIBILITY, from: secondsOf(timeout, 0), remedy });
  }
  const visibility = secondsOf(visibilityTimeout, 6 * secondsOf(timeout, 60) + secondsOf(batchWindow, 300));
  const kept = secondsOf(retention, Infinity);
  if ((maxRetries + 1) * visibility > kept) {
    const rule = `retention must be as long as ${maxRetries + 1} tries take, each with a visibility timeout of ${visibility} seconds`;
    throw new SettingError(queue, rule, `${kept} seconds`, 'Else SQS deletes what fails, and it never comes to the dead letter.');
  }
  return visibility;
}

/** A length of time in seconds, or something else where it is not known while synthesizing. */
export function secondsOf(time: Duration | undefined, otherwise: number): number {
  return time && !time.isUnresolved() ? time.toSeconds() : otherwise;
}
