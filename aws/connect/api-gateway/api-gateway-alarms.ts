import { Duration } from 'aws-cdk-lib';
import type { RestApi } from 'aws-cdk-lib/aws-apigateway';
import { type Alarm, MathExpression } from 'aws-cdk-lib/aws-cloudwatch';
import type { Construct } from 'constructs';
import { alarm } from '../../foundation/alarms';

/** What the alarms say. */
interface Texts {
  readonly failed: string;
  readonly rejected: string;
}

export const EVENTS: Texts = {
  failed: 'Events were rejected with a server error. Senders that do not retry lose them.',
  rejected: 'More than 5 % of the requests are rejected: not authorized, invalid, too large or throttled.',
};
export const LOOK_UPS: Texts = {
  failed: 'Look-ups got the default answer, because the table did not answer in time.',
  rejected: 'More than 5 % of the look-ups are rejected: not authorized, without a key, or throttled.',
};

/**
 * Alarms on failed and rejected requests, as a share of all requests. A minimum number of errors avoids alarms with few requests.
 * @see https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-metrics-and-dimensions.html
 */
export function alarmsOf(scope: Construct, api: RestApi, { failed, rejected }: Texts): readonly Alarm[] {
  const share = (errors: 'metricServerError' | 'metricClientError', least: number, period: Duration) =>
    new MathExpression({
      expression: `IF(errors >= ${least}, errors / requests, 0)`,
      usingMetrics: { errors: api[errors]({ statistic: 'Sum', period }), requests: api.metricCount({ statistic: 'SampleCount', period }) },
      period,
    });
  return [
    alarm(scope, 'ServerErrors', share('metricServerError', 3, Duration.hours(1)), failed, { threshold: 0.001 }),
    alarm(scope, 'ClientErrors', share('metricClientError', 10, Duration.minutes(15)), rejected, { threshold: 0.05 }),
  ];
}
