import { Duration } from 'aws-cdk-lib';
import type { IFunction, Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import type { Construct } from 'constructs';
import { type NumberRule, requireTime, SettingError, type TimeRule } from '../../../shared/synth/settings';
import { type Batches, requireBatches } from '../../foundation/mapping-settings';
import { secondsOf } from '../../foundation/time';
import type { Delivery } from '../../ports/delivery';

const DAY = 86_400;
/** SQS counts no further. */
const MOST_TRIES = 1000;
/** What a message gets at least, however long each try takes. */
const LEAST_TRIES = 11;
/** With a shorter one, all tries that SQS counts would not last a day. */
const SHORTEST_VISIBILITY = 90;

export const RETENTION: TimeRule = { from: 60, to: 14 * 86_400, unit: 'seconds', remedy: 'To keep records longer, write them to a store.' };
export const RETRIES: NumberRule = { from: 0, to: 999, unit: 'retries', remedy: 'SQS counts no further.' };
export const CONCURRENCY: NumberRule = { from: 2, to: 1000, unit: 'calls', remedy: 'Lambda takes no other bound: leave it out for none.' };
/** Which visibility timeouts a queue takes. */
export const VISIBILITY: TimeRule = { from: 0, to: 12 * 3600, unit: 'seconds', remedy: 'SQS hides no message longer.' };

/** How long a queue keeps a message, and how often it hands it out. */
export interface Tries {
  readonly retention: Duration;
  /** Without it, a message is tried for a day. */
  readonly maxRetries?: number;
  /** Without it, the reader says how long a message must be hidden. */
  readonly visibilityTimeout?: Duration;
}

/** What a queue does with a message that is not deleted. */
export interface HandOut {
  /** How long it is hidden, in seconds. */
  readonly visibility: number;
  /** How often it is handed out. */
  readonly receives: number;
}

/**
 * The delivery of a queue, with its defaults.
 * @throws SettingError on a batch that Lambda does not make, and on what is for the queue to say
 */
export function requireDelivery(queue: Construct, delivery: Delivery): Batches {
  const { batchSize = 100, batchWindow = Duration.seconds(5) } = delivery;
  refuse(queue, 'maxRetries', delivery.maxRetries, 'It is a setting of the queue.');
  refuse(queue, 'maxAge', delivery.maxAge, 'A queue gives up by its own setting maxRetries, and never by age.');
  refuse(queue, 'startingPosition', delivery.startingPosition, 'A queue has no past: every message in it is still to be read.');
  refuse(queue, 'startingPositionTimestamp', delivery.startingPositionTimestamp, 'A queue has no past to start in.');
  refuse(queue, 'parallelizationFactor', delivery.parallelizationFactor, 'A queue has no shards: it has maxConcurrency.');
  const remedy = 'Lambda waits no longer for a batch, and makes one of more than 10 records only while it waits.';
  return requireBatches(queue, { ...delivery, batchSize, batchWindow }, batchSize > 10 ? 1 : 0, remedy);
}

function refuse(queue: Construct, setting: keyof Delivery, value: unknown, remedy: string) {
  if (value !== undefined) throw new SettingError(queue, `delivery from a queue must leave ${setting} out`, String(value), remedy);
}

/**
 * How many seconds a message is hidden, and how often it is handed out. Six times the timeout of a function leaves Lambda time
 * to try again when it is throttled, and a message that waits for its batch is hidden already. The tries last a day, so that a
 * store that is away for as long costs nothing but delay.
 * @param target the function that gets the messages; without one a reader pulls them
 * @throws SettingError when a message is shown again while it is worked on, and when SQS deletes it before its last try
 */
export function triesFor(
  queue: Construct,
  { retention, maxRetries, visibilityTimeout }: Tries,
  target?: IFunction,
  batchWindow = Duration.seconds(0),
): HandOut {
  const timeout = (target as Partial<LambdaFunction> | undefined)?.timeout;
  if (visibilityTimeout) {
    const remedy = 'Lambda refuses a queue that shows a message again while its function may still work on it.';
    requireTime(queue, { visibilityTimeout }, { ...VISIBILITY, from: secondsOf(timeout, 0), remedy });
  }
  const needed = Math.max(SHORTEST_VISIBILITY, 6 * secondsOf(timeout, 60) + secondsOf(batchWindow, 300));
  const visibility = secondsOf(visibilityTimeout, needed);
  const kept = secondsOf(retention, 60);
  const most = Math.max(1, Math.min(MOST_TRIES, Math.floor(kept / Math.max(1, visibility))));
  const receives =
    maxRetries === undefined ? Math.min(most, Math.max(LEAST_TRIES, Math.ceil(DAY / Math.max(1, visibility)))) : maxRetries + 1;
  if (receives * visibility > secondsOf(retention, Infinity)) {
    const rule = `retention must be as long as ${receives} tries take, each with a visibility timeout of ${visibility} seconds`;
    throw new SettingError(queue, rule, `${kept} seconds`, 'Else SQS deletes what fails, and it never comes to the dead letter.');
  }
  return { visibility, receives };
}
