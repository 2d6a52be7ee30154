import type { DataFactory } from '@cdktf/provider-azurerm/lib/data-factory';
import type { DataFactoryPipeline } from '@cdktf/provider-azurerm/lib/data-factory-pipeline';
import { MonitorDiagnosticSetting } from '@cdktf/provider-azurerm/lib/monitor-diagnostic-setting';
import { MonitorScheduledQueryRulesAlertV2 } from '@cdktf/provider-azurerm/lib/monitor-scheduled-query-rules-alert-v2';
import type { Construct } from 'constructs';
import { actionGroupIds, alertOnMetrics } from '../../foundation/alerts';
import type { Site } from '../../ports/site';

/** The longest window of a log alert that Azure evaluates, in minutes. */
const LONGEST = 2880;
/** The windows of log alerts that Azure accepts, in minutes. */
const WINDOWS = [60, 120, 180, 240, 300, 360, 1440, LONGEST];

interface Observed {
  readonly site: Site;
  readonly name: string;
  readonly everyMinutes: number;
  readonly notify?: readonly string[];
  readonly factory: DataFactory;
  readonly pipeline: DataFactoryPipeline;
}

/**
 * Logs of a factory, an alert on each failed run, and an alert if no run succeeds in the time of two windows. Azure evaluates at most
 * two days: a copy with longer windows has no alert on absence.
 */
export function observeCopy(scope: Construct, { site, name, everyMinutes, notify, factory, pipeline }: Observed) {
  new MonitorDiagnosticSetting(scope, 'Logs', {
    name: 'log-analytics',
    targetResourceId: factory.id,
    logAnalyticsWorkspaceId: site.workspaceId,
    // Otherwise all logs go into one table of a few hundred columns.
    logAnalyticsDestinationType: 'Dedicated',
    enabledLog: [{ categoryGroup: 'allLogs' }],
    enabledMetric: [{ category: 'AllMetrics' }],
  });
  for (const [id, what, metricName] of [
    ['RunsAlert', 'runs', 'PipelineFailedRuns'],
    ['TriggerAlert', 'trigger', 'TriggerFailedRuns'],
  ] as const) {
    alertOnMetrics(
      scope,
      id,
      {
        name: `${site.prefix}-${name}-${what}-failed`,
        description: 'A window was not copied. After the last retry, run it again in the portal.',
        site,
        notify,
        of: factory.id,
      },
      { metricNamespace: 'Microsoft.DataFactory/factories', metricName, aggregation: 'Total', operator: 'GreaterThan', threshold: 0 },
    );
  }
  // The run of a window starts after its delay, and its log comes some minutes later.
  const needed = 2 * everyMinutes + 30;
  const window = WINDOWS.find((minutes) => minutes >= needed);
  if (window === undefined) return;
  const query = [
    `ADFPipelineRun | where _ResourceId =~ "${factory.id}" and PipelineName == "${pipeline.name}" and Status == "Succeeded"`,
    'summarize runs = count()',
    'where runs == 0',
  ].join(' | ');
  const actionGroups = actionGroupIds(notify);
  new MonitorScheduledQueryRulesAlertV2(scope, 'AbsenceAlert', {
    name: `${site.prefix}-${name}-absent`,
    description: `No window was copied within ${window} minutes.`,
    resourceGroupName: site.resourceGroupName,
    location: site.location,
    scopes: [site.workspaceId],
    evaluationFrequency: window >= 1440 ? 'PT1H' : 'PT15M',
    windowDuration: window === 1440 ? 'P1D' : window === LONGEST ? 'P2D' : `PT${window / 60}H`,
    severity: 2,
    criteria: [{ query, timeAggregationMethod: 'Count', operator: 'GreaterThan', threshold: 0 }],
    // Azure creates the table with its first log, after the first deploy.
    skipQueryValidation: true,
    autoMitigationEnabled: true,
    action: actionGroups && { actionGroups },
  });
}
