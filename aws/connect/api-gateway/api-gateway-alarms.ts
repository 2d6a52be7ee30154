import { Duration } from 'aws-cdk-lib';
import type { RestApi } from 'aws-cdk-lib/aws-apigateway';
import { type Alarm, MathExpression } from 'aws-cdk-lib/aws-cloudwatch';
import type { Construct } from 'constructs';
import { alarm } from '../../foundation/alarms';

/**
 * Events that are turned away: a share of all requests, once there are enough of them to speak of a share.
 * @see https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-metrics-and-dimensions.html
 */
export function alarmsOf(scope: Construct, api: RestApi): readonly Alarm[] {
  const share = (errors: 'metricServerError' | 'metricClientError', least: number, period: Duration) =>
    new MathExpression({
      expression: `IF(errors >= ${least}, errors / requests, 0)`,
      usingMetrics: { errors: api[errors]({ statistic: 'Sum', period }), requests: api.metricCount({ statistic: 'SampleCount', period }) },
      period,
    });
  const failed = 'Events were turned away though their senders did nothing wrong. Senders that do not try again lose them.';
  const turnedAway = 'More than one request in twenty is turned away: unsigned, broken, too large or too many.';
  return [
    alarm(scope, 'ServerErrors', share('metricServerError', 3, Duration.hours(1)), failed, { threshold: 0.001 }),
    alarm(scope, 'ClientErrors', share('metricClientError', 10, Duration.minutes(15)), turnedAway, { threshold: 0.05 }),
  ];
}
