import { Duration } from 'aws-cdk-lib';
import { type Alarm, MathExpression } from 'aws-cdk-lib/aws-cloudwatch';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import { alarm, LASTING } from '../alarms';

/**
 * Alarms on a reader that is down, on a reader that fails, and on dead letters.
 *
 * The age of the oldest message leaves out messages that were received three times, so it does not show a store that is
 * down: then many messages are received, and few are deleted.
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
  const visible = deadLetterQueue.metricApproximateNumberOfMessagesVisible({ period: Duration.minutes(1), statistic: 'Maximum' });
  const late = 'Messages have waited too long: their reader is down or too slow. SQS deletes them after their retention.';
  const again = 'For 15 minutes, less than half of the received messages were deleted: the store is down, or the code fails.';
  const dead = 'Messages could not be processed. Look soon: the dead-letter queue counts their age from when they were first sent.';
  return [
    alarm(scope, 'Late', age, late, { threshold: Math.min(3600, retention / 2) }),
    alarm(scope, 'Failing', failing, again, LASTING),
    alarm(scope, 'DeadLetters', visible, dead),
  ];
}
