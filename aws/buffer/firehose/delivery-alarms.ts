import { Duration } from 'aws-cdk-lib';
import { type Alarm, ComparisonOperator, Metric } from 'aws-cdk-lib/aws-cloudwatch';
import type { Construct } from 'constructs';
import { alarm, LASTING } from '../../foundation/alarms';

const FIVE = Duration.minutes(5);
const HOUR = 3_600_000;

/** What a delivery stream does, which decides what can go wrong. */
export interface Watched {
  readonly name: string;
  /** The longest time that a record is buffered, in seconds. */
  readonly interval: number;
  readonly readsStream: boolean;
  readonly converts: boolean;
  readonly partitions: boolean;
  readonly transforms: boolean;
}

/**
 * Alarms on late and failed deliveries. Objects with failed records have no metric of their own, except those of the
 * conversion; the transform function counts its own.
 * @see https://docs.aws.amazon.com/firehose/latest/dev/monitoring-with-cloudwatch-metrics.html
 */
export function alarmsOf(scope: Construct, { name, interval, ...has }: Watched): readonly Alarm[] {
  const on = (metricName: string, statistic: string) =>
    new Metric({ namespace: 'AWS/Firehose', metricName, dimensionsMap: { DeliveryStreamName: name }, statistic, period: FIVE });
  const below = { ...LASTING, comparisonOperator: ComparisonOperator.LESS_THAN_THRESHOLD };
  const late =
    'Records are delivered long after their buffer interval: the store refuses writes, or records come faster than Firehose delivers.';
  const failing = 'For 15 minutes writes to the store have failed. Firehose retries for a day, or until the stream deletes the records.';
  const behind = 'Firehose is an hour behind the stream. The stream deletes records after its retention.';
  const throttled = 'Records are refused, because they come faster than the quota of the delivery stream. Senders must retry.';
  const unconverted = 'Records do not fit the table. They are in the failed prefix, under format-conversion-failed.';
  const crowded = 'There are more than 500 active partitions. Further records go to the failed prefix.';
  const processing = 'For 15 minutes calls of the transform function have failed. After 3 retries, records go to the failed prefix.';
  return [
    alarm(scope, 'Late', on('DeliveryToS3.DataFreshness', 'Maximum'), late, { threshold: Math.max(900, 3 * interval) }),
    alarm(scope, 'Failing', on('DeliveryToS3.Success', 'Average'), failing, below),
    ...(has.readsStream ? [alarm(scope, 'Behind', on('KinesisMillisBehindLatest', 'Maximum'), behind, { threshold: HOUR })] : []),
    ...(has.readsStream ? [] : [alarm(scope, 'Throttled', on('ThrottledRecords', 'Sum'), throttled)]),
    ...(has.converts ? [alarm(scope, 'Unconverted', on('FailedConversion.Records', 'Sum'), unconverted)] : []),
    ...(has.partitions ? [alarm(scope, 'Partitions', on('PartitionCountExceeded', 'Sum'), crowded)] : []),
    ...(has.transforms ? [alarm(scope, 'Processing', on('ExecuteProcessing.Success', 'Average'), processing, below)] : []),
  ];
}
