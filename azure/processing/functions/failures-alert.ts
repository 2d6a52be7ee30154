import { MonitorMetricAlert } from '@cdktf/provider-azurerm/lib/monitor-metric-alert';
import type { Construct } from 'constructs';

/** What is watched, and who hears of it. */
interface Watched {
  /** The name of the app, which starts the name of the alert. */
  readonly name: string;
  readonly resourceGroupName: string;
  /** The id of the Application Insights that the app reports to. */
  readonly insightsId: string;
  readonly notify?: readonly string[];
}

/** Alert on the first call of a function that fails. */
export function alertOnFailures(scope: Construct, { name, resourceGroupName, insightsId, notify }: Watched): MonitorMetricAlert {
  return new MonitorMetricAlert(scope, 'FailuresAlert', {
    name: `${name}-failures`,
    description: 'Calls of the function failed. Their events are tried again, then go to the dead letter.',
    resourceGroupName,
    scopes: [insightsId],
    frequency: 'PT5M',
    windowSize: 'PT15M',
    severity: 2,
    criteria: [
      {
        metricNamespace: 'microsoft.insights/components',
        metricName: 'requests/failed',
        aggregation: 'Count',
        operator: 'GreaterThan',
        threshold: 0,
      },
    ],
    action: notify?.map((actionGroupId) => ({ actionGroupId })),
  });
}
