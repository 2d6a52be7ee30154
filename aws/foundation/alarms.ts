import { type Alarm, type Metric, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import type { Construct } from 'constructs';
import { acknowledge, withoutAction } from './acknowledge';

/** An alarm on a metric that reaches its threshold once. Where nothing is measured it stays OK. It has no action yet. */
export function alarm(scope: Construct, id: string, metric: Metric, alarmDescription: string, threshold = 1): Alarm {
  const rule = { threshold, evaluationPeriods: 1, treatMissingData: TreatMissingData.NOT_BREACHING, alarmDescription };
  return acknowledge(metric.createAlarm(scope, `${id}Alarm`, rule), withoutAction);
}
