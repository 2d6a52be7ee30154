import type { DataFactory } from '@cdktf/provider-azurerm/lib/data-factory';
import type { DataFactoryPipeline } from '@cdktf/provider-azurerm/lib/data-factory-pipeline';
import { MonitorDiagnosticSetting } from '@cdktf/provider-azurerm/lib/monitor-diagnostic-setting';
import type { Construct } from 'constructs';
import { alertOnLogs, alertOnMetrics } from '../../foundation/alerts';
import type { Site } from '../../ports/site';

const DAY = 1440;
/** The windows of log alerts that Azure evaluates, in minutes. */
const EVALUATED: Readonly<Record<number, string>> = {
  60: 'PT1H',
  120: 'PT2H',
  180: 'PT3H',
  240: 'PT4H',
  300: 'PT5H',
  360: 'PT6H',
  [DAY]: 'P1D',
  [2 * DAY]: 'P2D',
};

interface Observed {
  readonly site: Site;
  readonly name: string;
  readonly notify?: readonly string[];
  readonly factory: DataFactory;
  readonly pipeline: DataFactoryPipeline;
  /**
   * When the first window starts, and how long each is, in minutes.
   * @default - there are no windows, and silence is no fault
   */
  readonly windows?: { readonly startTime: string; readonly everyMinutes: number };
}

/** Logs of a factory, an alert on failed runs, and an alert if no window is copied. */
export function observeCopy(scope: Construct, { site, name, notify, factory, pipeline, windows }: Observed) {
  new MonitorDiagnosticSetting(scope, 'Logs', {
    name: 'log-analytics',
    targetResourceId: factory.id,
    logAnalyticsWorkspaceId: site.workspaceId,
    // Otherwise all logs go into one table of a few hundred columns.
    logAnalyticsDestinationType: 'Dedicated',
    enabledLog: [{ categoryGroup: 'allLogs' }],
    enabledMetric: [{ category: 'AllMetrics' }],
  });
  const failed = (id: string, what: string, metricName: string, description: string) =>
    alertOnMetrics(
      scope,
      id,
      { name: `${site.prefix}-${name}-${what}-failed`, description, site, notify, of: factory.id },
      { metricNamespace: 'Microsoft.DataFactory/factories', metricName, aggregation: 'Total', operator: 'GreaterThan', threshold: 0 },
    );
  const again = 'Correct the cause, and run it again in the portal, under Monitor: Azure does not.';
  failed('RunsAlert', 'runs', 'PipelineFailedRuns', `A copy failed, with all its retries. ${again}`);
  failed('TriggerAlert', 'trigger', 'TriggerFailedRuns', `The trigger could not start a copy. ${again}`);
  const window = windows && windowFor(windows.everyMinutes);
  if (windows === undefined || window === undefined) return;
  const query = [
    `ADFPipelineRun | where _ResourceId =~ "${factory.id}" and PipelineName == "${pipeline.name}" and Status == "Succeeded"`,
    'summarize runs = count()',
    // Before the first windows have ended, there is nothing to copy.
    `where runs == 0 and datetime(${windows.startTime}) < ago(${window}m)`,
  ].join(' | ');
  alertOnLogs(scope, 'AbsenceAlert', {
    name: `${site.prefix}-${name}-absent`,
    description: `No window was copied for ${window / 60} hours. The trigger is stopped, or a copy hangs or fails: see Monitor in the portal.`,
    site,
    notify,
    query,
    windowDuration: EVALUATED[window],
    evaluationFrequency: window >= DAY ? 'PT1H' : 'PT15M',
  });
}

/** The shortest window in which a healthy copy succeeds at least once. The log of a run comes some minutes after it. */
function windowFor(everyMinutes: number): number | undefined {
  const needed = everyMinutes + Math.min(everyMinutes + 30, DAY);
  return Object.keys(EVALUATED)
    .map(Number)
    .find((minutes) => minutes >= needed);
}
