import { MonitorMetricAlert, type MonitorMetricAlertCriteria } from '@cdktf/provider-azurerm/lib/monitor-metric-alert';
import { MonitorScheduledQueryRulesAlertV2 } from '@cdktf/provider-azurerm/lib/monitor-scheduled-query-rules-alert-v2';
import type { Construct } from 'constructs';
import type { Site } from '../ports/site';
import { canonicalId } from './arm-id';

/**
 * How many failures within a quarter of an hour are none to wake somebody for: clients try again, and a service that is
 * healthy fails now and then.
 */
export const A_HANDFUL = 4;

/** What every alert says. */
interface Alert {
  readonly name: string;
  readonly description: string;
  readonly site: Site;
  /** The ids of the action groups that hear it. */
  readonly notify?: readonly string[];
}

/** Ring when all of the criteria are met within a quarter of an hour. A criterion without any data is not met. */
export function alertOnMetrics(
  scope: Construct,
  id: string,
  { name, description, site, notify, of }: Alert & { readonly of: string },
  ...criteria: readonly MonitorMetricAlertCriteria[]
): MonitorMetricAlert {
  return new MonitorMetricAlert(scope, id, {
    name,
    description,
    resourceGroupName: site.resourceGroupName,
    scopes: [of],
    frequency: 'PT5M',
    windowSize: 'PT15M',
    severity: 2,
    criteria: [...criteria],
    action: heardBy(notify)?.map((actionGroupId) => ({ actionGroupId })),
  });
}

/** Ring when a query over the last half hour of the logs finds something. Queries say themselves what silence means. */
export function alertOnLogs(
  scope: Construct,
  id: string,
  { name, description, site, notify, query }: Alert & { readonly query: string },
): MonitorScheduledQueryRulesAlertV2 {
  const actionGroups = heardBy(notify);
  return new MonitorScheduledQueryRulesAlertV2(scope, id, {
    name,
    description,
    resourceGroupName: site.resourceGroupName,
    location: site.location,
    scopes: [site.workspaceId],
    evaluationFrequency: 'PT15M',
    // Logs come some minutes late. Without an overlap a line could fall between two windows.
    windowDuration: 'PT30M',
    severity: 2,
    criteria: [{ query, timeAggregationMethod: 'Count', operator: 'GreaterThan', threshold: 0 }],
    // A table comes into being with its first log, after the first deploy.
    skipQueryValidation: true,
    autoMitigationEnabled: true,
    action: actionGroups && { actionGroups },
  });
}

function heardBy(notify?: readonly string[]): string[] | undefined {
  return notify?.map((id) => canonicalId(id, 'Microsoft.Insights/actionGroups'));
}
