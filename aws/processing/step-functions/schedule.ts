import { Aws, Duration, Stack } from 'aws-cdk-lib';
import { type Alarm, MathExpression } from 'aws-cdk-lib/aws-cloudwatch';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { CfnSchedule, type ScheduleExpression } from 'aws-cdk-lib/aws-scheduler';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import type { IStateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import { requireText, SettingError, type TextRule } from '../../../shared/synth/settings';
import { alarm } from '../../foundation/alarms';
import { bindDeadLetterQueue } from '../../foundation/dead-letter-queue';
import { allow } from '../../foundation/grants';

const EXPRESSION: TextRule = {
  pattern: /^(rate\(\d+ (minute|hour|day)s?\)|cron\((\S+ ){5}\S+\))$/,
  must: 'be a rate or a cron expression',
  remedy: 'Write it like ScheduleExpression.rate(Duration.hours(1)).',
};
const DAYS = ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT'];
const HOURS = { minute: 1 / 60, hour: 1, day: 24 } as const;
/** CloudWatch evaluates at most seven days. */
const LONGEST_SILENCE = 6 * 24;

/**
 * Refuse what is no schedule.
 * @throws SettingError
 */
export function requireSchedule(scope: Construct, schedule: ScheduleExpression) {
  if (typeof schedule?.expressionString !== 'string') {
    throw new SettingError(scope, 'schedule must be a ScheduleExpression', typeof schedule, EXPRESSION.remedy);
  }
  requireText(scope, { schedule: schedule.expressionString }, EXPRESSION);
}

/**
 * Start executions on a schedule. A start that fails for a day goes to the dead letter. The input of an execution is the time
 * that it was scheduled for: `{ "scheduled": "2026-01-31T08:00:00Z" }`.
 */
export function startOnSchedule(scope: Construct, machine: IStateMachine, schedule: ScheduleExpression, deadLetterQueue: IQueue) {
  const place = new Construct(scope, 'Schedule');
  const group = Stack.of(scope).formatArn({ service: 'scheduler', resource: 'schedule-group', resourceName: 'default' });
  const assumedBy = new ServicePrincipal('scheduler.amazonaws.com', {
    conditions: { StringEquals: { 'aws:SourceAccount': Aws.ACCOUNT_ID, 'aws:SourceArn': group } },
  });
  const starter = Object.assign(place, { role: new Role(place, 'Role', { assumedBy }) });
  const grants = [
    ...allow(starter, machine.stateMachineArn, ['states:StartExecution']),
    ...bindDeadLetterQueue(deadLetterQueue, starter, 'DEAD_LETTER').waitFor,
  ];
  const made = new CfnSchedule(place, 'Resource', {
    scheduleExpression: schedule.expressionString,
    scheduleExpressionTimezone: schedule.timeZone?.timezoneName ?? 'Etc/UTC',
    flexibleTimeWindow: { mode: 'OFF' },
    target: {
      arn: machine.stateMachineArn,
      roleArn: starter.role.roleArn,
      input: JSON.stringify({ scheduled: '<aws.scheduler.scheduled-time>' }),
      retryPolicy: { maximumEventAgeInSeconds: 86_400, maximumRetryAttempts: 185 },
      deadLetterConfig: { arn: deadLetterQueue.queueArn },
    },
  });
  made.node.addDependency(...grants);
}

/**
 * An alarm on executions that should have started and did not: a schedule that is disabled, or may not start them. There is
 * none if the schedule is rarer than every six days, because CloudWatch evaluates at most seven days.
 */
export function silenceAlarm(scope: Construct, machine: IStateMachine, schedule: ScheduleExpression): readonly Alarm[] {
  const gap = longestGap(schedule.expressionString);
  if (gap === undefined || gap > LONGEST_SILENCE) return [];
  const silent = new MathExpression({
    expression: 'IF(FILL(started, 0) < 1, 1, 0)',
    usingMetrics: { started: machine.metricStarted({ statistic: 'Sum', period: Duration.hours(1) }) },
    period: Duration.hours(1),
  });
  const text = 'No execution has started since the schedule was due: it is disabled, or its role may not start executions.';
  // An hour more, because periods do not start when the schedule is due, and another for the end of daylight saving time.
  return [alarm(scope, 'Silent', silent, text, { evaluationPeriods: Math.ceil(gap) + 2 })];
}

/** The longest time between two starts in hours, or nothing if it depends on the days of a month. */
export function longestGap(expression: string): number | undefined {
  const [, count, unit] = /^rate\((\d+) (minute|hour|day)s?\)$/.exec(expression) ?? [];
  if (unit) return Number(count) * HOURS[unit as keyof typeof HOURS];
  const [, hour, days, month, weekdays, year] = /^cron\((.*)\)$/.exec(expression)![1]!.split(' ');
  if (month !== '*' || year !== '*' || !/^[*?]$/.test(days!)) return undefined;
  if (/^[*?]$/.test(weekdays!)) return hour === '*' ? 1 : 24;
  const on = daysOf(weekdays!);
  if (!on) return undefined;
  return 24 * Math.max(...on.map((day, index) => (on[index + 1] ?? on[0]! + 7) - day));
}

/** The days of a week, from 0 for Sunday, of a list such as `MON-FRI` or `1,3`. Nothing for other forms. */
function daysOf(weekdays: string): readonly number[] | undefined {
  const parts = weekdays
    .split(',')
    .map((part) => part.split('-').map((day) => (/^[1-7]$/.test(day) ? Number(day) - 1 : DAYS.indexOf(day))));
  if (parts.some((ends) => ends.length > 2 || ends.includes(-1))) return undefined;
  const on = parts.flatMap(([from = 0, to = from]) => Array.from({ length: ((to - from + 7) % 7) + 1 }, (_, index) => (from + index) % 7));
  return [...new Set(on)].sort();
}
