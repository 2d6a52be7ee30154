import type { Construct } from 'constructs';
import { alertOnMetrics, TOLERATED_FAILURES } from '../../foundation/alerts';
import type { Site } from '../../ports/site';

/** What the alert watches, and which action groups it notifies. */
interface Watched {
  readonly site: Site;
  /** The name of the app, and the start of the name of the alert. */
  readonly name: string;
  /** The id of the Application Insights resource that the app reports to. */
  readonly insightsId: string;
  readonly notify?: readonly string[];
}

/** Add an alert on failed calls of a function. It fires if one batch fails for eight minutes, or if many fail at the same time. */
export function alertOnFailures(scope: Construct, { site, name, insightsId, notify }: Watched) {
  const description = 'Calls of the function keep failing. Their events are retried, then go to the dead letter.';
  const criterion = {
    metricNamespace: 'microsoft.insights/components',
    metricName: 'requests/failed',
    aggregation: 'Count',
    operator: 'GreaterThan',
    threshold: TOLERATED_FAILURES,
  };
  return alertOnMetrics(scope, 'FailuresAlert', { name: `${name}-failures`, description, site, notify, of: insightsId }, criterion);
}
