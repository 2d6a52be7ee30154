import { Alarm, type CreateAlarmOptions, type IMetric, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import type { Construct } from 'constructs';
import { acknowledge, withoutAction } from './acknowledge';

/** What must be so, and in how many of the last periods. */
type AlarmRule = Partial<Pick<CreateAlarmOptions, 'threshold' | 'evaluationPeriods' | 'datapointsToAlarm' | 'comparisonOperator'>>;

/** Something is wrong for a quarter of an hour on end, with periods of five minutes. What passes by itself does not ring. */
export const LASTING: AlarmRule = { evaluationPeriods: 3 };

/**
 * An alarm that rings when its metric reaches 1 in one period, unless the rule says otherwise. Where nothing is measured it
 * stays OK: what must ring in silence watches an expression that fills it. It has no action yet.
 */
export function alarm(scope: Construct, id: string, metric: IMetric, alarmDescription: string, rule: AlarmRule = {}): Alarm {
  const options = { threshold: 1, evaluationPeriods: 1, treatMissingData: TreatMissingData.NOT_BREACHING, ...rule };
  return acknowledge(new Alarm(scope, `${id}Alarm`, { metric, alarmDescription, ...options }), withoutAction);
}
