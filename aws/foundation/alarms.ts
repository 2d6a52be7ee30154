import { type Alarm, type Metric, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import type { Construct } from 'constructs';
import { acknowledge, withoutAction } from './acknowledge';

/** An alarm that rings when a metric reaches its threshold once, and is quiet where nothing is measured. It has no action yet. */
export function alarm(scope: Construct, id: string, metric: Metric, alarmDescription: string, threshold = 1): Alarm {
  const rule = { threshold, evaluationPeriods: 1, treatMissingData: TreatMissingData.NOT_BREACHING, alarmDescription };
  return acknowledge(metric.createAlarm(scope, `${id}Alarm`, rule), withoutAction);
}
