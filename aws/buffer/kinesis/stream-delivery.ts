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
/** Lambda tries no record that is older. */
const OLDEST = 7 * 24 * HOUR;

const RETRIES: NumberRule = { from: -1, to: 10_000, unit: 'retries', remedy: 'With -1 maxAge alone says when to give up.' };
const AGE: Omit<TimeRule, 'to'> = {
  from: 60,
  unit: 'seconds',
  remedy: 'A record is gone after its retention, and Lambda tries none that is older than 7 days.',
};
const SHARES: NumberRule = { from: 1, to: 10, unit: 'batches of a shard', remedy: 'Lambda takes no more at a time.' };
/** Until the year 2100: whoever gives milliseconds is far beyond. */
const TIMESTAMP: NumberRule = { from: 0, to: 4_102_444_800, unit: 'seconds since 1970', remedy: 'Lambda counts no milliseconds here.' };
const START = 'Leave it out to start with the oldest record.';

/** A delivery with nothing left open. */
export type StreamDelivery = Batches &
  Required<Pick<Delivery, 'maxRetries' | 'startingPosition' | 'parallelizationFactor'>> &
  Pick<Delivery, 'startingPositionTimestamp'> & {
    /** How old a record gets before it is given up. Without it, it is tried for as long as the stream has it. */
    readonly maxAge?: Duration;
  };

/** How long a stream keeps a record, in seconds. One that was looked up does not say; no stream keeps any for less than a day. */
export function retentionOf(stream: IStream, told?: Duration): number {
  const hours = (stream.node.defaultChild as CfnStream | undefined)?.retentionPeriodHours;
  return secondsOf(told, typeof hours === 'number' && hours > 0 ? hours * HOUR : LEAST_RETENTION);
}

/**
 * The delivery of a stream, with its defaults. A record is given up an hour before its stream forgets it, so that there is
 * time to write it down.
 * @param retention how long the stream keeps a record, in seconds
 * @throws SettingError on what Lambda does not do, and on an age that no record of this stream reaches
 */
export function requireDelivery(stream: Construct, delivery: Delivery, retention: number): StreamDelivery {
  const { batchSize = 1000, batchWindow = Duration.minutes(1), maxRetries = -1, parallelizationFactor = 1 } = delivery;
  const { startingPosition = StartingPosition.TRIM_HORIZON, startingPositionTimestamp } = delivery;
  const oldest = Math.min(OLDEST, retention);
  const maxAge = delivery.maxAge ?? Duration.seconds(oldest - HOUR);
  const batches = requireBatches(stream, { ...delivery, batchSize, batchWindow }, 0, 'Lambda waits no longer for a batch.');
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

/** What tells of a stream that nobody reads, or not fast enough, and of records that a handler gave up. */
export function alarmsOfStream(scope: Construct, stream: IStream, deadLetterQueue: IQueue): readonly Alarm[] {
  const age = stream.metricGetRecordsIteratorAgeMilliseconds({ statistic: 'Maximum', period: FIVE });
  // Lambda asks once a second, whether or not there is something to read; the longest call of a function takes a quarter.
  const unread = new MathExpression({
    expression: 'IF(FILL(incoming, 0) > 0 AND FILL(calls, 0) == 0, 1, 0)',
    usingMetrics: {
      incoming: stream.metricIncomingRecords({ statistic: 'Sum', period: QUARTER }),
      calls: stream.metricGetRecordsSuccess({ statistic: 'Sum', period: QUARTER }),
    },
    period: QUARTER,
  });
  const turnedAway = stream.metricWriteProvisionedThroughputExceeded({ statistic: 'Sum', period: FIVE });
  const heldBack = stream.metricReadProvisionedThroughputExceeded({ statistic: 'Sum', period: FIVE });
  const dead = deadLetterQueue.metricApproximateNumberOfMessagesVisible({ statistic: 'Maximum', period: Duration.minutes(1) });
  return [
    alarm(scope, 'Late', age, 'Records have waited for an hour: a reader is too slow.', { threshold: HOUR * 1000 }),
    alarm(scope, 'Unread', unread, 'Records come in, and nobody reads the stream.'),
    alarm(scope, 'WritesThrottled', turnedAway, 'For a quarter of an hour the stream has turned writers away.', LASTING),
    alarm(scope, 'ReadsThrottled', heldBack, 'For a quarter of an hour the stream has turned readers away. Records wait.', LASTING),
    alarm(scope, 'DeadLetters', dead, 'Records could not be processed. Each lies in the queue of the dead letter, with the reason.'),
  ];
}

/**
 * What tells of a delivery that goes wrong. Two deliveries of one stream have alarms of their own, so that the one that
 * works does not hide the one that does not.
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
  const late = 'Records wait for an hour before they are processed: the function is too slow, or its store takes nothing.';
  const off = 'Records come in, and this function reads none: its event source mapping is off, or may not read.';
  const given = 'Lambda gave records up. They lie in the bucket of the dead letter, but for those that DroppedEventCount counts.';
  return [
    alarm(target, `${id}Late`, age, late, { threshold: HOUR * 1000 }),
    // Two quarters of the last hour: a record that comes in one and is read in the next does not ring.
    alarm(target, `${id}Unread`, unread, off, { evaluationPeriods: 4, datapointsToAlarm: 2 }),
    alarm(target, `${id}GivenUp`, givenUp, given),
  ];
}
