import { Duration } from 'aws-cdk-lib';
import { type Alarm, MathExpression } from 'aws-cdk-lib/aws-cloudwatch';
import type { CfnStream, IStream } from 'aws-cdk-lib/aws-kinesis';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import { alarm, LASTING } from '../../foundation/alarms';
import { secondsOf } from '../../foundation/time';

const HOUR = 3600;
const LEAST_RETENTION = 24 * HOUR;
const FIVE = Duration.minutes(5);
const QUARTER = Duration.minutes(15);

/** The retention of a stream in seconds. For an imported stream without a given one it is the minimum, which is 24 hours. */
export function retentionOf(stream: IStream, given?: Duration): number {
  const hours = (stream.node.defaultChild as CfnStream | undefined)?.retentionPeriodHours;
  return secondsOf(given, typeof hours === 'number' && hours > 0 ? hours * HOUR : LEAST_RETENTION);
}

/** How many records arrive in 15 minutes. */
export function incomingOf(stream: IStream) {
  return stream.metricIncomingRecords({ statistic: 'Sum', period: QUARTER });
}

/** Alarms on a stream that is not read, or too slowly, on throttling, and on dead letters. */
export function alarmsOfStream(scope: Construct, stream: IStream, deadLetterQueue: IQueue): readonly Alarm[] {
  const age = stream.metricGetRecordsIteratorAgeMilliseconds({ statistic: 'Maximum', period: FIVE });
  // Lambda polls once a second, also without records. A call of a function takes up to 15 minutes, and so does the period.
  const unread = new MathExpression({
    expression: 'IF(FILL(incoming, 0) > 0 AND FILL(calls, 0) == 0, 1, 0)',
    usingMetrics: { incoming: incomingOf(stream), calls: stream.metricGetRecordsSuccess({ statistic: 'Sum', period: QUARTER }) },
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
