import { Duration } from 'aws-cdk-lib';
import type { Alarm } from 'aws-cdk-lib/aws-cloudwatch';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import type { IStateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import type { Construct } from 'constructs';
import { alarm } from '../../foundation/alarms';

/**
 * Alarms on executions that fail, take too long, are stopped or are throttled, and on dead letters.
 * @see https://docs.aws.amazon.com/step-functions/latest/dg/procedure-cw-metrics.html
 */
export function alarmsOf(scope: Construct, machine: IStateMachine, deadLetterQueue: IQueue): readonly Alarm[] {
  const period = { period: Duration.minutes(5), statistic: 'Sum' };
  const visible = deadLetterQueue.metricApproximateNumberOfMessagesVisible({ period: Duration.minutes(1), statistic: 'Maximum' });
  return [
    alarm(scope, 'Failed', machine.metricFailed(period), 'An execution has failed. The dead letter has its input and the error.'),
    alarm(
      scope,
      'TimedOut',
      machine.metricTimedOut(period),
      'An execution took longer than all tries of its jobs, and has no dead letter.',
    ),
    alarm(scope, 'Aborted', machine.metricAborted(period), 'An execution was stopped by hand, and has no dead letter.'),
    alarm(
      scope,
      'Throttled',
      machine.metricThrottled(period),
      'Step Functions has throttled state transitions: the quota of the account is used up.',
    ),
    alarm(scope, 'DeadLetters', visible, 'An execution has failed, or could not be started. To run it again, start one with its input.'),
  ];
}
