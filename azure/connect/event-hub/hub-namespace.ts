import { EventhubNamespace } from '@cdktf/provider-azurerm/lib/eventhub-namespace';
import { MonitorDiagnosticSetting } from '@cdktf/provider-azurerm/lib/monitor-diagnostic-setting';
import type { MonitorMetricAlertCriteria } from '@cdktf/provider-azurerm/lib/monitor-metric-alert';
import type { TerraformResourceLifecycle } from 'cdktf';
import { Construct } from 'constructs';
import { keepAddress } from '../../../shared/synth/kept-name';
import type { TextRule } from '../../../shared/synth/settings';
import { alertOnMetrics } from '../../foundation/alerts';
import { canonicalId, segment } from '../../foundation/arm-id';
import { Lock } from '../../foundation/lock';
import { requireOwnSubscription } from '../../foundation/own-subscription';
import type { Site } from '../../ports/site';

export const NAMESPACE = 'Microsoft.EventHub/namespaces';
export const NAMESPACE_ID: TextRule = {
  pattern: /^\/subscriptions\/[^/]+\/resourceGroups\/[^/]+\/providers\/Microsoft\.EventHub\/namespaces\/[^/]+$/i,
  must: 'be the id of a namespace',
  remedy: 'Find it with az eventhubs namespace show.',
};
export const HUB_ID: TextRule = {
  pattern: /^\/subscriptions\/[^/]+\/resourceGroups\/[^/]+\/providers\/Microsoft\.EventHub\/namespaces\/[^/]+\/eventhubs\/[^/]+$/i,
  must: 'be the id of a hub',
  remedy: 'Find it with az eventhubs eventhub show.',
};

/** Settings for {@link HubNamespace}. */
export interface HubNamespaceProps {
  /** The resource group, the region and the workspace of the namespace. */
  readonly site: Site;
  /** The middle of its name, and the start of the names of its alerts. */
  readonly name: string;
  /** The maximum of auto-inflate, in throughput units. */
  readonly maxThroughputUnits: number;
  /**
   * The id of an existing namespace.
   * @default - a new namespace, with logs and metrics in the workspace of the site
   */
  readonly namespaceId?: string;
  /**
   * The id of an existing hub, in place of that of its namespace.
   * @default - a new hub
   */
  readonly hubId?: string;
  /**
   * The ids of the action groups that every alert notifies.
   * @default - alerts fire without a notification
   */
  readonly notify?: readonly string[];
  /**
   * What protects the namespace from deletion.
   * @default - nothing
   */
  readonly lifecycle?: TerraformResourceLifecycle;
  /**
   * Whether a lock protects a new namespace from deletion.
   * @default false
   */
  readonly lock?: boolean;
}

/**
 * The namespace of a hub: its tier, its access settings, its logs and its alerts.
 *
 * Do not use it for events in a private network: its address is public, and callers need a Microsoft Entra token.
 * @see https://learn.microsoft.com/azure/event-hubs/event-hubs-features#namespace
 */
export class HubNamespace extends Construct {
  /** The namespace, if this construct created it. */
  readonly resource?: EventhubNamespace;
  /** Its lock, if it has one. */
  readonly lock?: Lock;
  readonly id: string;
  readonly name: string;
  readonly resourceGroupName: string;

  constructor(
    scope: Construct,
    id: string,
    private readonly props: HubNamespaceProps,
  ) {
    super(scope, id);
    if (props.namespaceId === undefined && props.hubId === undefined) {
      const { namespace, logs } = this.create(props);
      this.resource = namespace;
      if (props.lock) this.lock = new Lock(this, 'Lock', namespace, logs);
    }
    const { id: namespaceId, name, resourceGroupName } = this.resource ?? this.existing(props);
    [this.id, this.name, this.resourceGroupName] = [namespaceId, name, resourceGroupName];
  }

  /** Add an alert that fires if all criteria are met within 15 minutes. */
  alert(id: string, description: string, ...criteria: MonitorMetricAlertCriteria[]) {
    const { site, name: middle, notify } = this.props;
    const name = `${site.prefix}-${middle}-${id.toLowerCase()}`;
    alertOnMetrics(this, `${id}Alert`, { name, description, site, notify, of: this.id }, ...criteria);
  }

  private create({ site, name, maxThroughputUnits, lifecycle }: HubNamespaceProps) {
    const namespace = new EventhubNamespace(this, 'Resource', {
      name: `${site.prefix}-${name}-${site.suffix}`,
      resourceGroupName: site.resourceGroupName,
      location: site.location,
      sku: 'Standard',
      capacity: 1,
      autoInflateEnabled: true,
      maximumThroughputUnits: maxThroughputUnits,
      localAuthenticationEnabled: false,
      minimumTlsVersion: '1.2',
      // Azure raises the capacity under load. An apply that reset it would throttle senders.
      lifecycle: { ...lifecycle, ignoreChanges: ['capacity'] },
    });
    keepAddress(namespace, name);
    const logs = new MonitorDiagnosticSetting(this, 'Logs', {
      name: 'log-analytics',
      targetResourceId: namespace.id,
      logAnalyticsWorkspaceId: site.workspaceId,
      enabledLog: [{ categoryGroup: 'allLogs' }],
      enabledMetric: [{ category: 'AllMetrics' }],
    });
    return { namespace, logs };
  }

  private existing({ namespaceId, hubId }: HubNamespaceProps) {
    const id = namespaceId ?? hubId!;
    requireOwnSubscription(this, this.node.scope!.node.path, 'namespaceId and hubId', id);
    const [resourceGroupName, name] = [segment(id, 4), segment(id, 8)];
    return { id: canonicalId(namespaceId ?? namespaceOf(id), NAMESPACE), name, resourceGroupName };
  }
}

/** The criterion that a metric of the namespace is above a threshold. */
export function total(metricName: string, threshold = 0) {
  return { metricNamespace: NAMESPACE, metricName, aggregation: 'Total', operator: 'GreaterThan', threshold };
}

/** The id of the namespace of a hub. */
function namespaceOf(id: string): string {
  return Array.from({ length: 9 }, (_, index) => segment(id, index)).join('/');
}
