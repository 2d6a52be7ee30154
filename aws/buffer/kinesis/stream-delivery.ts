import { Duration } from 'aws-cdk-lib';
import { type Alarm, MathExpression, Metric } from 'aws-cdk-lib/aws-cloudwatch';
import type { CfnStream, IStream } from 'aws-cdk-lib/aws-kinesis';
import { type EventSourceMapping, StartingPosition } from 'aws-cdk-lib/aws-lambda';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import type { NumberRule, TimeRule } from '../../../shared/synth/settings';
import { requireNumber, requireOneOf, requireTime, SettingError } from '../../../shared/synth/settings';
import { alarm, LASTING } from '../../foundation/alarms';
import { type Batches, requireBatches } from '../../foundation/mapping-settings';
import { secondsOf } from '../../foundation/time';
import type { Delivery } from '../../ports/delivery';
import type { FunctionWorkload } from '../../ports/identity';

const HOUR = 3600;
const LEAST_RETENTION = 24 * HOUR;
const FIVE = Duration.minutes(5);
const QUARTER = Duration.minutes(15);
/** Lambda does not retry records that are older. */
const OLDEST = 7 * 24 * HOUR;

const RETRIES: NumberRule = { from: -1, to: 10_000, unit: 'retries', remedy: 'With -1, only maxAge ends the retries.' };
const AGE: Omit<TimeRule, 'to'> = {
  from: 60,
  unit: 'seconds',
  remedy: 'The stream deletes a record after its retention, and Lambda does not retry records older than 7 days.',
};
const SHARES: NumberRule = {
  from: 1,
  to: 10,
  unit: 'batches of a shard',
  remedy: 'Lambda processes at most 10 batches of a shard at once.',
};
/** Until the year 2100, so that a time in milliseconds is refused. */
const TIMESTAMP: NumberRule = { from: 0, to: 4_102_444_800, unit: 'seconds since 1970', remedy: 'Give seconds, not milliseconds.' };
const START = 'Leave it out to start with the oldest record.';

/** A delivery with all its defaults. */
export type StreamDelivery = Batches &
  Required<Pick<Delivery, 'maxRetries' | 'startingPosition' | 'parallelizationFactor'>> &
  Pick<Delivery, 'startingPositionTimestamp'> & {
    /** Older records go to the dead letter. Without it, a record is retried until the stream deletes it. */
    readonly maxAge?: Duration;
  };

/** The retention of a stream in seconds. For an imported stream without a given one it is the minimum, which is 24 hours. */
export function retentionOf(stream: IStream, given?: Duration): number {
  const hours = (stream.node.defaultChild as CfnStream | undefined)?.retentionPeriodHours;
  return secondsOf(given, typeof hours === 'number' && hours > 0 ? hours * HOUR : LEAST_RETENTION);
}

/**
 * The delivery of a stream, with its defaults. A record goes to the dead letter an hour before its stream deletes it, so that
 * there is time to write it.
 * @param retention how long the stream keeps a record, in seconds
 * @throws SettingError on a setting that Lambda does not accept, and on a `maxAge` above the retention of the stream
 */
export function requireDelivery(stream: Construct, delivery: Delivery, retention: number): StreamDelivery {
  const { batchSize = 1000, batchWindow = Duration.minutes(1), maxRetries = -1, parallelizationFactor = 1 } = delivery;
  const { startingPosition = StartingPosition.TRIM_HORIZON, startingPositionTimestamp } = delivery;
  const oldest = Math.min(OLDEST, retention);
  const maxAge = delivery.maxAge ?? Duration.seconds(oldest - HOUR);
  const batches = requireBatches(stream, { ...delivery, batchSize, batchWindow }, 0, 'Lambda waits at most 300 seconds for a batch.');
  requireNumber(stream, { maxRetries }, RETRIES);
  if (maxAge !== 'retention') requireTime(stream, { maxAge }, { ...AGE, to: oldest });
  requireNumber(stream, { parallelizationFactor }, SHARES);
  requireOneOf(stream, { startingPosition }, Object.values(StartingPosition), START);
  if ((startingPosition === StartingPosition.AT_TIMESTAMP) !== (startingPositionTimestamp !== undefined)) {
    const rule = 'startingPosition AT_TIMESTAMP and startingPositionTimestamp must come together';
    throw new SettingError(stream, rule, startingPositionTimestamp === undefined ? 'no time' : 'a time alone', START);
  }
  if (startingPositionTimestamp !== undefined) requireNumber(stream, { startingPositionTimestamp }, TIMESTAMP);
  const start = { startingPosition, startingPositionTimestamp };
  return { ...batches, ...start, maxRetries, parallelizationFactor, maxAge: maxAge === 'retention' ? undefined : maxAge };
}

/** Alarms on a stream that is not read, or too slowly, on throttling, and on dead letters. */
export function alarmsOfStream(scope: Construct, stream: IStream, deadLetterQueue: IQueue): readonly Alarm[] {
  const age = stream.metricGetRecordsIteratorAgeMilliseconds({ statistic: 'Maximum', period: FIVE });
  // Lambda polls once a second, also without records. A call of a function takes up to 15 minutes, and so does the period.
  const unread = new MathExpression({
    expression: 'IF(FILL(incoming, 0) > 0 AND FILL(calls, 0) == 0, 1, 0)',
    usingMetrics: {
      incoming: stream.metricIncomingRecords({ statistic: 'Sum', period: QUARTER }),
      calls: stream.metricGetRecordsSuccess({ statistic: 'Sum', period: QUARTER }),
    },
    period: QUARTER,
  });
  const throttledWrites = stream.metricWriteProvisionedThroughputExceeded({ statistic: 'Sum', period: FIVE });
  const throttledReads = stream.metricReadProvisionedThroughputExceeded({ statistic: 'Sum', period: FIVE });
  const dead = deadLetterQueue.metricApproximateNumberOfMessagesVisible({ statistic: 'Maximum', period: Duration.minutes(1) });
  return [
    alarm(scope, 'Late', age, 'Records have waited for an hour: a reader is too slow.', { threshold: HOUR * 1000 }),
    alarm(scope, 'Unread', unread, 'Records arrive, and no reader reads the stream.'),
    alarm(scope, 'WritesThrottled', throttledWrites, 'For 15 minutes the stream has throttled writes.', LASTING),
    alarm(scope, 'ReadsThrottled', throttledReads, 'For 15 minutes the stream has throttled reads. Records wait.', LASTING),
    alarm(scope, 'DeadLetters', dead, 'Records could not be processed. Each is in the dead-letter queue, with the reason.'),
  ];
}

/**
 * Alarms on one event source mapping. Each mapping of a stream has its own alarms, because one that works would hide one
 * that fails.
 */
export function alarmsOf(mapping: EventSourceMapping, stream: IStream, target: FunctionWorkload): readonly Alarm[] {
  const ofMapping = (metricName: string, period: Duration) =>
    new Metric({
      namespace: 'AWS/Lambda',
      metricName,
      dimensionsMap: { EventSourceMappingUUID: mapping.eventSourceMappingId },
      statistic: 'Sum',
      period,
    });
  const unread = new MathExpression({
    expression: 'IF(FILL(incoming, 0) > 0 AND FILL(polled, 0) == 0, 1, 0)',
    usingMetrics: {
      incoming: stream.metricIncomingRecords({ statistic: 'Sum', period: QUARTER }),
      polled: ofMapping('PolledEventCount', QUARTER),
    },
    period: QUARTER,
  });
  const givenUp = new MathExpression({
    expression: 'FILL(given, 0) + FILL(dropped, 0)',
    usingMetrics: { given: ofMapping('OnFailureDestinationDeliveredEventCount', FIVE), dropped: ofMapping('DroppedEventCount', FIVE) },
    period: FIVE,
  });
  const { id } = mapping.node;
  const age = target.function.metric('IteratorAge', { statistic: 'Maximum', period: FIVE });
  const late = 'Records wait for an hour before they are processed: the function is too slow, or its store is down.';
  const off = 'Records arrive, and this function reads none: its event source mapping is disabled, or lacks a permission.';
  const given = 'Lambda stopped retrying records. They are in the dead-letter bucket, except those that DroppedEventCount counts.';
  return [
    alarm(target, `${id}Late`, age, late, { threshold: HOUR * 1000 }),
    // Two of the last four periods: a record that arrives in one period and is read in the next raises no alarm.
    alarm(target, `${id}Unread`, unread, off, { evaluationPeriods: 4, datapointsToAlarm: 2 }),
    alarm(target, `${id}GivenUp`, givenUp, given),
  ];
}
