import { MonitorMetricAlert, type MonitorMetricAlertCriteria } from '@cdktf/provider-azurerm/lib/monitor-metric-alert';
import { MonitorScheduledQueryRulesAlertV2 } from '@cdktf/provider-azurerm/lib/monitor-scheduled-query-rules-alert-v2';
import type { Construct } from 'constructs';
import { takeName } from '../../shared/synth/kept-name';
import type { Site } from '../ports/site';
import { canonicalId } from './arm-id';

/** How many failures within 15 minutes fire no alert: clients retry, and a healthy service has a few failures. */
export const TOLERATED_FAILURES = 4;

/** A resource group has one alert of each name, so a second one fails when it is deployed. */
const OWN_NAME = 'Set another name on one of the two constructs.';

/** What every alert has. */
interface Alert {
  readonly name: string;
  readonly description: string;
  readonly site: Site;
  /** The ids of the action groups that it notifies. */
  readonly notify?: readonly string[];
}

/**
 * Add an alert that fires if all criteria are met within 15 minutes, or within another window for a metric that is measured less
 * often. A criterion without any data is not met.
 */
export function alertOnMetrics(
  scope: Construct,
  id: string,
  { name, description, site, notify, of, windowSize = 'PT15M' }: Alert & { readonly of: string; readonly windowSize?: string },
  ...criteria: readonly MonitorMetricAlertCriteria[]
): MonitorMetricAlert {
  takeName(scope, 'alert on a metric', name, [site.resourceGroupName], OWN_NAME);
  return new MonitorMetricAlert(scope, id, {
    name,
    description,
    resourceGroupName: site.resourceGroupName,
    scopes: [of],
    frequency: 'PT5M',
    windowSize,
    severity: 2,
    criteria: [...criteria],
    action: actionGroupIds(notify)?.map((actionGroupId) => ({ actionGroupId })),
  });
}

/** What an alert on logs has. */
interface LogAlert extends Alert {
  readonly query: string;
  /** @default PT30M */
  readonly windowDuration?: string;
  /** @default PT15M */
  readonly evaluationFrequency?: string;
}

/** Add an alert that fires if a query over the logs of the last 30 minutes, or of another window, returns a row. Each query must handle missing data itself. */
export function alertOnLogs(
  scope: Construct,
  id: string,
  // Logs arrive some minutes late. Without an overlap, the alert could miss a line between two windows.
  { name, description, site, notify, query, windowDuration = 'PT30M', evaluationFrequency = 'PT15M' }: LogAlert,
): MonitorScheduledQueryRulesAlertV2 {
  takeName(scope, 'alert on logs', name, [site.resourceGroupName], OWN_NAME);
  const actionGroups = actionGroupIds(notify);
  return new MonitorScheduledQueryRulesAlertV2(scope, id, {
    name,
    description,
    resourceGroupName: site.resourceGroupName,
    location: site.location,
    scopes: [site.workspaceId],
    evaluationFrequency,
    windowDuration,
    severity: 2,
    criteria: [{ query, timeAggregationMethod: 'Count', operator: 'GreaterThan', threshold: 0 }],
    // Azure creates a table with its first log, after the first deploy.
    skipQueryValidation: true,
    autoMitigationEnabled: true,
    action: actionGroups && { actionGroups },
  });
}

function actionGroupIds(notify?: readonly string[]): string[] | undefined {
  return notify?.map((id) => canonicalId(id, 'Microsoft.Insights/actionGroups'));
}
