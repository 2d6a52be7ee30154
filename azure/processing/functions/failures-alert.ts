import type { Construct } from 'constructs';
import { A_HANDFUL, alertOnMetrics } from '../../foundation/alerts';
import type { Site } from '../../ports/site';

/** What is watched, and who hears of it. */
interface Watched {
  readonly site: Site;
  /** The name of the app, which starts the name of the alert. */
  readonly name: string;
  /** The id of the Application Insights that the app reports to. */
  readonly insightsId: string;
  readonly notify?: readonly string[];
}

/** Alert on a function whose calls keep failing: a batch that fails for eight minutes, or many at once. */
export function alertOnFailures(scope: Construct, { site, name, insightsId, notify }: Watched) {
  const description = 'Calls of the function keep failing. Their events are tried again, then go to the dead letter.';
  const criterion = {
    metricNamespace: 'microsoft.insights/components',
    metricName: 'requests/failed',
    aggregation: 'Count',
    operator: 'GreaterThan',
    threshold: A_HANDFUL,
  };
  return alertOnMetrics(scope, 'FailuresAlert', { name: `${name}-failures`, description, site, notify, of: insightsId }, criterion);
}
