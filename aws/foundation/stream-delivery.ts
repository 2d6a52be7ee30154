import { Duration } from 'aws-cdk-lib';
import { type Alarm, type IMetric, MathExpression, Metric } from 'aws-cdk-lib/aws-cloudwatch';
import { type CfnEventSourceMapping, EventSourceMapping, MetricType, StartingPosition } from 'aws-cdk-lib/aws-lambda';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import type { Construct, IDependable } from 'constructs';
import { type NumberRule, requireNumber, requireOneOf, requireTime, SettingError, type TimeRule } from '../../shared/synth/settings';
import type { Delivery } from '../ports/delivery';
import type { FunctionWorkload } from '../ports/identity';
import { alarm } from './alarms';
import { bindDeadLetterBucket } from './dead-letter-bucket';
import { type Batches, requireBatches } from './mapping-settings';
import { triggerId } from './triggers';

const HOUR = 3600;
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

/** The stream that a function reads. */
export interface DeliveredStream {
  readonly arn: string;
  /** How many records arrive in 15 minutes, or anything that is above 0 exactly when records arrive. */
  readonly incoming: IMetric;
  /** Where batches go that Lambda no longer retries. */
  readonly deadLetterBucket: IBucket;
  /** Allow `reader` to read it. */
  allowRead(reader: FunctionWorkload): readonly IDependable[];
}

/**
 * The delivery of a stream, with its defaults. A record goes to the dead letter an hour before its stream deletes it, so that
 * there is time to write it.
 * @param retention how long the stream keeps a record, in seconds
 * @param positions where a reader of the stream can start
 * @throws SettingError on a setting that Lambda does not accept, and on a `maxAge` above the retention of the stream
 */
export function requireStreamDelivery(
  stream: Construct,
  delivery: Delivery,
  retention: number,
  positions: readonly StartingPosition[] = Object.values(StartingPosition),
): StreamDelivery {
  const { batchSize = 1000, batchWindow = Duration.minutes(1), maxRetries = -1, parallelizationFactor = 1 } = delivery;
  const { startingPosition = StartingPosition.TRIM_HORIZON, startingPositionTimestamp } = delivery;
  const oldest = Math.min(OLDEST, retention);
  const maxAge = delivery.maxAge ?? Duration.seconds(oldest - HOUR);
  const batches = requireBatches(stream, { ...delivery, batchSize, batchWindow }, 0, 'Lambda waits at most 300 seconds for a batch.');
  requireNumber(stream, { maxRetries }, RETRIES);
  if (maxAge !== 'retention') requireTime(stream, { maxAge }, { ...AGE, to: oldest });
  requireNumber(stream, { parallelizationFactor }, SHARES);
  requireOneOf(stream, { startingPosition }, positions, START);
  if ((startingPosition === StartingPosition.AT_TIMESTAMP) !== (startingPositionTimestamp !== undefined)) {
    const rule = 'startingPosition AT_TIMESTAMP and startingPositionTimestamp must come together';
    throw new SettingError(stream, rule, startingPositionTimestamp === undefined ? 'no time' : 'a time alone', START);
  }
  if (startingPositionTimestamp !== undefined) requireNumber(stream, { startingPositionTimestamp }, TIMESTAMP);
  const start = { startingPosition, startingPositionTimestamp };
  return { ...batches, ...start, maxRetries, parallelizationFactor, maxAge: maxAge === 'retention' ? undefined : maxAge };
}

/** Let Lambda deliver the records of a stream to `target`: split what fails, and write what is no longer retried to a bucket. */
export function deliverStream(
  source: Construct,
  target: FunctionWorkload,
  { batchWindow, maxRetries, maxAge, ...settings }: StreamDelivery,
  { arn, incoming, deadLetterBucket, allowRead }: DeliveredStream,
): EventSourceMapping {
  const mapping = new EventSourceMapping(target, triggerId(source, target), {
    ...settings,
    target: target.function,
    eventSourceArn: arn,
    maxBatchingWindow: batchWindow,
    bisectBatchOnError: true,
    reportBatchItemFailures: true,
    retryAttempts: maxRetries,
    maxRecordAge: maxAge,
    onFailure: { bind: () => ({ destination: deadLetterBucket.bucketArn }) },
    metricsConfig: { metrics: [MetricType.EVENT_COUNT] },
  });
  // CloudFormation does not reset a setting that is left out of an update.
  if (!maxAge) (mapping.node.defaultChild as CfnEventSourceMapping).maximumRecordAgeInSeconds = -1;
  const mayFail = bindDeadLetterBucket(deadLetterBucket, target);
  mapping.node.addDependency(...allowRead(target), ...mayFail);
  alarmsOf(mapping, incoming, target);
  return mapping;
}

/**
 * Alarms on one event source mapping. Each mapping of a stream has its own alarms, because one that works would hide one
 * that fails.
 */
function alarmsOf(mapping: EventSourceMapping, incoming: IMetric, target: FunctionWorkload): readonly Alarm[] {
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
    usingMetrics: { incoming, polled: ofMapping('PolledEventCount', QUARTER) },
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
