import { Duration } from 'aws-cdk-lib';
import { type Alarm, MathExpression } from 'aws-cdk-lib/aws-cloudwatch';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import { alarm, LASTING } from '../../foundation/alarms';

/**
 * What tells of a reader that is down, of one that fails, and of a dead letter that is not empty.
 *
 * A message that was received three times counts no more for the age of the oldest, so a store that takes nothing is not
 * heard by the age: then many messages are received, and few are deleted.
 * @param retention how long a message is kept, in seconds
 * @see https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html
 */
export function alarmsOf(scope: Construct, queue: IQueue, deadLetterQueue: IQueue, retention: number): readonly Alarm[] {
  const period = Duration.minutes(5);
  const age = queue.metricApproximateAgeOfOldestMessage({ period, statistic: 'Maximum' });
  const failing = new MathExpression({
    expression: 'IF(FILL(received, 0) > 2 * FILL(deleted, 0), 1, 0)',
    usingMetrics: {
      received: queue.metricNumberOfMessagesReceived({ period, statistic: 'Sum' }),
      deleted: queue.metricNumberOfMessagesDeleted({ period, statistic: 'Sum' }),
    },
    period,
  });
  const dead = deadLetterQueue.metricApproximateNumberOfMessagesVisible({ period: Duration.minutes(1), statistic: 'Maximum' });
  const late = 'Records have waited too long: their reader is down or too slow. After their retention they are gone.';
  const again = 'For a quarter of an hour, more than half of the messages have come back: the store takes nothing, or the code fails.';
  const given = 'Records could not be processed. Look soon: what SQS moves to the dead letter keeps its age.';
  return [
    alarm(scope, 'Late', age, late, { threshold: Math.min(3600, retention / 2) }),
    alarm(scope, 'Failing', failing, again, LASTING),
    alarm(scope, 'DeadLetters', dead, given),
  ];
}
