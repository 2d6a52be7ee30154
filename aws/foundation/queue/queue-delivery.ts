import { Duration } from 'aws-cdk-lib';
import type { IFunction, Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import type { Construct } from 'constructs';
import { type NumberRule, requireTime, SettingError, type TimeRule } from '../../../shared/synth/settings';
import type { Delivery } from '../../ports/delivery';
import { type Batches, requireBatches } from '../mapping-settings';
import { secondsOf } from '../time';

const DAY = 86_400;
/** The highest `maxReceiveCount` that SQS allows. */
const MOST_TRIES = 1000;
/** The default number of tries is at least this, however long each try takes. */
const LEAST_TRIES = 11;
/** With a shorter one, 1000 tries take less than a day. */
const SHORTEST_VISIBILITY = 90;

export const RETENTION: TimeRule = {
  from: 60,
  to: 14 * 86_400,
  unit: 'seconds',
  remedy: 'To keep records for longer, write them to a store.',
};
export const RETRIES: NumberRule = { from: 0, to: 999, unit: 'retries', remedy: 'SQS allows at most 1000 receives.' };
export const CONCURRENCY: NumberRule = {
  from: 2,
  to: 1000,
  unit: 'calls',
  remedy: 'Lambda allows no other limit. Leave it out for no limit.',
};
/** The visibility timeouts that SQS allows. */
export const VISIBILITY: TimeRule = { from: 0, to: 12 * 3600, unit: 'seconds', remedy: 'SQS hides a message for at most 12 hours.' };

/** The settings of a buffer that decide how often a message is received. */
export interface Tries {
  readonly retention: Duration;
  /** Without it, a message is retried for a day. */
  readonly maxRetries?: number;
  /** Without it, it is calculated from the timeout of the reader. */
  readonly visibilityTimeout?: Duration;
}

/** What a queue does with a message that is not deleted. */
export interface Redrive {
  /** The visibility timeout in seconds. */
  readonly visibility: number;
  /** How often it is received before it goes to the dead letter. */
  readonly receives: number;
}

/**
 * The delivery of a queue, with its defaults.
 * @throws SettingError on a batch that Lambda does not allow, and on a setting that is one of the buffer or of streams
 */
export function requireDelivery(queue: Construct, delivery: Delivery): Batches {
  const { batchSize = 100, batchWindow = Duration.seconds(5) } = delivery;
  refuse(queue, 'maxRetries', delivery.maxRetries, 'Set maxRetries of the buffer instead.');
  refuse(queue, 'maxAge', delivery.maxAge, 'SQS limits retries by their number, not by age: set maxRetries of the buffer.');
  refuse(queue, 'startingPosition', delivery.startingPosition, 'A queue has no positions: a reader receives every message in it.');
  refuse(
    queue,
    'startingPositionTimestamp',
    delivery.startingPositionTimestamp,
    'A queue has no positions: a reader receives every message in it.',
  );
  refuse(queue, 'parallelizationFactor', delivery.parallelizationFactor, 'A queue has no shards: set maxConcurrency of the buffer.');
  const remedy = 'Lambda waits at most 300 seconds for a batch, and a batch of more than 10 records needs a wait of at least 1 second.';
  return requireBatches(queue, { ...delivery, batchSize, batchWindow }, batchSize > 10 ? 1 : 0, remedy);
}

function refuse(queue: Construct, setting: keyof Delivery, value: unknown, remedy: string) {
  if (value !== undefined) throw new SettingError(queue, `delivery from a queue must leave ${setting} out`, String(value), remedy);
}

/**
 * The visibility timeout of a queue, and how often a message is received. Six times the timeout of the function leaves Lambda
 * time to retry when it is throttled. The batch window is added, because a message is hidden while it waits for its batch. The
 * tries take a day, so that a store that is down for a day only delays messages.
 * @param target the function that gets the messages; without one a reader pulls them
 * @throws SettingError when the visibility timeout is below the timeout of the function, and when SQS deletes a message before
 * its last try
 */
export function redriveOf(
  queue: Construct,
  { retention, maxRetries, visibilityTimeout }: Tries,
  target?: IFunction,
  batchWindow = Duration.seconds(0),
): Redrive {
  const timeout = (target as Partial<LambdaFunction> | undefined)?.timeout;
  if (visibilityTimeout) {
    const remedy = 'Lambda requires a visibility timeout of at least the timeout of the function.';
    requireTime(queue, { visibilityTimeout }, { ...VISIBILITY, from: secondsOf(timeout, 0), remedy });
  }
  const needed = Math.max(SHORTEST_VISIBILITY, 6 * secondsOf(timeout, 60) + secondsOf(batchWindow, 300));
  const visibility = secondsOf(visibilityTimeout, needed);
  const kept = secondsOf(retention, 60);
  const most = Math.max(1, Math.min(MOST_TRIES, Math.floor(kept / Math.max(1, visibility))));
  const receives =
    maxRetries === undefined ? Math.min(most, Math.max(LEAST_TRIES, Math.ceil(DAY / Math.max(1, visibility)))) : maxRetries + 1;
  if (receives * visibility > secondsOf(retention, Infinity)) {
    const rule = `retention must be at least ${receives} receives times the visibility timeout of ${visibility} seconds`;
    throw new SettingError(queue, rule, `${kept} seconds`, 'Otherwise SQS deletes a failed message before it goes to the dead letter.');
  }
  return { visibility, receives };
}
