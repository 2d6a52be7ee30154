import type { EventhubNamespace } from '@cdktf/provider-azurerm/lib/eventhub-namespace';
import { alertOnLogs } from '../../foundation/alerts';
import type { FunctionWorkload } from '../../ports/identity';
import type { Site } from '../../ports/site';

/** What is watched, and who hears of it. */
interface Watched {
  readonly site: Site;
  /** The namespace that the events come into. Its metrics are in the workspace of the site. */
  readonly namespace: EventhubNamespace;
  readonly notify?: readonly string[];
}

/**
 * Ring when events have come into a namespace and one function that reads there has not been called since. Metrics of Event
 * Hubs know no consumer group: with several readers one that is dead hides behind those that live. So what comes in is held
 * against the calls that the function itself reports, and no report counts as no call.
 *
 * The newest ten minutes do not count as come in: a batch waits to be filled, and what is reported is late by minutes.
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
  const description = 'Events come in and this function is not called. After their retention they are lost.';
  alertOnLogs(reader, 'IdleAlert', { name: `${reader.name}-idle`, description, site, notify, query });
}
