import type { Iothub } from '@cdktf/provider-azurerm/lib/iothub';
import { MonitorDiagnosticSetting } from '@cdktf/provider-azurerm/lib/monitor-diagnostic-setting';
import type { MonitorMetricAlertCriteria } from '@cdktf/provider-azurerm/lib/monitor-metric-alert';
import type { Construct } from 'constructs';
import { alertOnLogs, alertOnMetrics, TOLERATED_FAILURES } from '../../foundation/alerts';
import type { Site } from '../../ports/site';
import { quotaOf, type Sku } from './tiers';

/** The share of the daily quota at which an alert fires. */
const NEARLY = 0.8;

/** Send the logs and the metrics of a hub to the workspace. */
export function logsOf(scope: Construct, hub: Iothub, site: Site): MonitorDiagnosticSetting {
  return new MonitorDiagnosticSetting(scope, 'Logs', {
    name: 'log-analytics',
    targetResourceId: hub.id,
    logAnalyticsWorkspaceId: site.workspaceId,
    enabledLog: [{ categoryGroup: 'allLogs' }],
    enabledMetric: [{ category: 'AllMetrics' }],
  });
}

/** What the alerts watch, and which action groups they notify. */
interface Watched {
  readonly site: Site;
  /** The start of the names of the alerts. */
  readonly name: string;
  readonly hubId: string;
  /** The tier and the units, if they are known. */
  readonly size?: { readonly sku: Sku; readonly units: number };
  readonly silence?: boolean;
  readonly notify?: readonly string[];
}

/** Add the alerts of a hub. */
export function alertOnHub(scope: Construct, { site, name: start, hubId, size, silence, notify }: Watched) {
  const alert = (id: string, description: string, criterion: MonitorMetricAlertCriteria) =>
    alertOnMetrics(scope, `${id}Alert`, { name: `${start}-${id.toLowerCase()}`, description, site, notify, of: hubId }, criterion);
  alert('Undelivered', 'The hub could not deliver to the event hub or to the archive. It retries, and drops messages after its last try.', {
    ...above('RoutingDeliveries', TOLERATED_FAILURES),
    dimension: [{ name: 'Result', operator: 'Include', values: ['failure'] }],
  });
  alert(
    'Dropped',
    'The hub dropped messages because an endpoint did not accept them. They are lost.',
    above('d2c.telemetry.egress.dropped'),
  );
  alert('Invalid', 'The hub dropped messages that do not fit their endpoint. They are lost.', above('d2c.telemetry.egress.invalid'));
  const consequence = 'Devices that do not retry lose events.';
  alert('Throttled', `The hub throttled devices. ${consequence}`, above('d2c.telemetry.ingress.sendThrottle', TOLERATED_FAILURES));
  if (size) {
    const quota = { ...above('dailyMessageQuotaUsed', quotaOf(size.sku, size.units) * NEARLY), aggregation: 'Maximum' };
    alert(
      'Quota',
      `The hub has used 80 percent of its messages of the day. Above the quota, it refuses messages until midnight UTC. ${consequence}`,
      quota,
    );
  }
  if (!silence) return;
  const query = [
    'AzureMetrics',
    `where ResourceId =~ "${hubId}" and MetricName == "d2c.telemetry.ingress.success"`,
    'summarize messages = sum(Total)',
    'where coalesce(messages, 0) == 0',
  ].join(' | ');
  const description = 'No message of a device has arrived for half an hour.';
  alertOnLogs(scope, 'SilenceAlert', { name: `${start}-silence`, description, site, notify, query });
}

/** The criterion that a metric of the hub is above a threshold. */
function above(metricName: string, threshold = 0) {
  return { metricNamespace: 'Microsoft.Devices/IotHubs', metricName, aggregation: 'Total', operator: 'GreaterThan', threshold };
}
