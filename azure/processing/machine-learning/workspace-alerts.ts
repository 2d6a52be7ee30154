import { MonitorDiagnosticSetting } from '@cdktf/provider-azurerm/lib/monitor-diagnostic-setting';
import type { Construct } from 'constructs';
import { alertOnMetrics } from '../../foundation/alerts';
import type { Site } from '../../ports/site';
import { WORKSPACE } from './workspace-rules';

/** From this share on, a larger quota is due: Azure needs days to grant it. */
const QUOTA_PERCENT = 90;

/** What the alerts watch, and which action groups they notify. */
interface Watched {
  readonly site: Site;
  /** The start of the names of the alerts. */
  readonly name: string;
  readonly workspaceId: string;
  readonly notify?: readonly string[];
}

/** Add the logs and the alerts of a workspace. Without a schedule, silence is no fault: jobs are started by people. */
export function watchWorkspace(scope: Construct, { site, name, workspaceId, notify }: Watched) {
  new MonitorDiagnosticSetting(scope, 'Logs', {
    name: 'log-analytics',
    targetResourceId: workspaceId,
    logAnalyticsWorkspaceId: site.workspaceId,
    enabledLog: [{ categoryGroup: 'allLogs' }],
    enabledMetric: [{ category: 'AllMetrics' }],
  });
  const alert = (
    id: string,
    suffix: string,
    description: string,
    metricName: string,
    aggregation: 'Total' | 'Maximum',
    threshold: number,
  ) =>
    alertOnMetrics(
      scope,
      id,
      { name: `${name}-${suffix}`, description, site, notify, of: workspaceId },
      { metricNamespace: WORKSPACE, metricName, aggregation, operator: 'GreaterThan', threshold },
    );
  alert('FailedAlert', 'failed-runs', 'A job failed. Its logs are in the workspace.', 'Failed Runs', 'Total', 0);
  alert('UnusableAlert', 'unusable-nodes', 'A node cannot run jobs, and costs money.', 'Unusable Nodes', 'Maximum', 0);
  alert('QuotaAlert', 'quota', 'Jobs will wait for cores.', 'Quota Utilization Percentage', 'Maximum', QUOTA_PERCENT);
}
