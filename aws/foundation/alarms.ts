import { Alarm, type CreateAlarmOptions, type IMetric, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import type { Construct } from 'constructs';
import { acknowledge, withoutAction } from './acknowledge';

/** The threshold of an alarm, and in how many of the last periods it must be reached. */
type AlarmRule = Partial<Pick<CreateAlarmOptions, 'threshold' | 'evaluationPeriods' | 'datapointsToAlarm' | 'comparisonOperator'>>;

/** The threshold is reached for 15 minutes, with periods of five minutes. Shorter faults raise no alarm. */
export const LASTING: AlarmRule = { evaluationPeriods: 3 };

/**
 * An alarm that is raised when its metric reaches 1 in one period, unless `rule` sets another threshold. Without data it stays
 * OK: an alarm on missing data uses an expression with `FILL`. It has no action yet.
 */
export function alarm(scope: Construct, id: string, metric: IMetric, alarmDescription: string, rule: AlarmRule = {}): Alarm {
  const options = { threshold: 1, evaluationPeriods: 1, treatMissingData: TreatMissingData.NOT_BREACHING, ...rule };
  return acknowledge(new Alarm(scope, `${id}Alarm`, { metric, alarmDescription, ...options }), withoutAction);
}
