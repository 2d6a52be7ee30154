import { Duration } from 'aws-cdk-lib';
import type { Alarm } from 'aws-cdk-lib/aws-cloudwatch';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { Construct } from 'constructs';
import { alarm } from '../../foundation/alarms';

/**
 * Alarms on events that do not reach a queue, that reach neither a queue nor its dead letter, and that a filter cannot read.
 * @param isFiltered whether a subscriber has a filter
 * @see https://docs.aws.amazon.com/sns/latest/dg/sns-monitoring-using-cloudwatch.html
 */
export function alarmsOf(scope: Construct, topic: ITopic, isFiltered: boolean): readonly Alarm[] {
  const options = { period: Duration.minutes(1), statistic: 'Sum' };
  const failed =
    'SNS could not deliver events to the queue of a subscriber. They are in its dead letter. Look at the policies of the queue and its key.';
  const lost = 'SNS could not move events to the dead letter of a subscriber, which loses them. Look at the policy of the dead letter.';
  const odd = 'Events that are not JSON were not delivered to subscribers with a filter. Look at who publishes to the topic.';
  return [
    alarm(scope, 'Undelivered', topic.metricNumberOfNotificationsFailed(options), failed),
    alarm(scope, 'Lost', topic.metric('NumberOfNotificationsFailedToRedriveToDlq', options), lost),
    ...(isFiltered ? [alarm(scope, 'Unfiltered', topic.metric('NumberOfNotificationsFilteredOut-InvalidMessageBody', options), odd)] : []),
  ];
}
