import type { EventhubNamespace } from '@cdktf/provider-azurerm/lib/eventhub-namespace';
import { alertOnLogs } from '../../foundation/alerts';
import type { FunctionWorkload } from '../../ports/identity';
import type { Site } from '../../ports/site';

/** What the alert watches, and which action groups it notifies. */
interface Watched {
  readonly site: Site;
  /** The namespace that receives the events. Its metrics are in the workspace of the site. */
  readonly namespace: EventhubNamespace;
  readonly notify?: readonly string[];
}

/**
 * Add an alert that fires if a namespace has received events and a function that reads them has not been called since. The
 * metrics of Event Hubs are not split by consumer group: if one of several readers stops, they do not show it. So the query
 * compares incoming events with the calls that the function itself reports. No report counts as no call.
 *
 * Events of the last ten minutes are ignored, because a batch waits to be filled and telemetry arrives minutes late.
 */
export function alertOnIdle(reader: FunctionWorkload, { site, namespace, notify }: Watched) {
  const calls = `AppRequests | where _ResourceId =~ "${reader.insightsId}" | summarize sum(ItemCount)`;
  const query = [
    'AzureMetrics',
    `where ResourceId =~ "${namespace.id}" and MetricName == "IncomingMessages" and TimeGenerated < ago(10m)`,
    'summarize incoming = sum(Total)',
    `extend calls = toscalar(${calls})`,
    'where incoming > 0 and coalesce(calls, 0) == 0',
  ].join(' | ');
  const description = 'Events arrive and this function is not called. After their retention they are lost.';
  alertOnLogs(reader, 'IdleAlert', { name: `${reader.name}-idle`, description, site, notify, query });
}
