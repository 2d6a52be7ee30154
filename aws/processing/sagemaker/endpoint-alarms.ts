import { Duration } from 'aws-cdk-lib';
import { type Alarm, Metric } from 'aws-cdk-lib/aws-cloudwatch';
import type { CfnEndpoint } from 'aws-cdk-lib/aws-sagemaker';
import type { Construct } from 'constructs';
import { type NumberRule, requireNumber, SettingError } from '../../../shared/synth/settings';
import { alarm, LASTING } from '../../foundation/alarms';
import { VARIANT } from './endpoint-capacity';
import type { Capacity } from './endpoint-settings';

const BUDGET: NumberRule = { from: 10, to: 60_000, unit: 'milliseconds', remedy: 'SageMaker ends each request after 60 seconds.' };

/**
 * Refuse a time that no request can take.
 * @throws SettingError
 */
export function requireBudget(scope: Construct, latencyBudget: Duration) {
  if (!(latencyBudget instanceof Duration)) {
    throw new SettingError(scope, 'latencyBudget must be a length of time', typeof latencyBudget, 'Write it like Duration.millis(500).');
  }
  requireNumber(scope, { latencyBudget: latencyBudget.toMilliseconds({ integral: false }) }, BUDGET, 'known');
}

/** https://docs.aws.amazon.com/sagemaker/latest/dg/monitoring-cloudwatch.html */
export function alarmsOf(scope: Construct, endpoint: CfnEndpoint, { kind }: Capacity, latencyBudget: Duration): Alarm[] {
  const metric = (metricName: string, statistic: string) =>
    new Metric({
      namespace: 'AWS/SageMaker',
      metricName,
      statistic,
      dimensionsMap: { EndpointName: endpoint.attrEndpointName, VariantName: VARIANT },
      period: Duration.minutes(5),
    });
  const failing = 'For 15 minutes requests to the model have failed. Processors retry them.';
  const slow = `For 15 minutes one request in a hundred took longer than ${latencyBudget.toMilliseconds()} ms in the container.`;
  const full = 'For 15 minutes nine in ten of the allowed requests have run at the same time. More are refused, and retried.';
  const microseconds = latencyBudget.toMilliseconds() * 1000;
  return [
    alarm(scope, 'Errors', metric('Invocation5XXErrors', 'Sum'), failing, LASTING),
    alarm(scope, 'Latency', metric('ModelLatency', 'p99'), slow, { ...LASTING, threshold: microseconds }),
    ...(kind === 'serverless'
      ? [alarm(scope, 'Concurrency', metric('ServerlessConcurrentExecutionsUtilization', 'Maximum'), full, { ...LASTING, threshold: 0.9 })]
      : []),
  ];
}
