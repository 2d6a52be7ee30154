import { DataAzurermClientConfig } from '@cdktf/provider-azurerm/lib/data-azurerm-client-config';
import { EventhubNamespace } from '@cdktf/provider-azurerm/lib/eventhub-namespace';
import { MonitorDiagnosticSetting } from '@cdktf/provider-azurerm/lib/monitor-diagnostic-setting';
import type { MonitorMetricAlertCriteria } from '@cdktf/provider-azurerm/lib/monitor-metric-alert';
import { Fn, Op, type TerraformResourceLifecycle, TerraformSelf } from 'cdktf';
import { Construct } from 'constructs';
import { keepAddress } from '../../../shared/synth/kept-name';
import type { TextRule } from '../../../shared/synth/settings';
import { alertOnMetrics } from '../../foundation/alerts';
import { canonicalId, segment } from '../../foundation/arm-id';
import { Lock } from '../../foundation/lock';
import type { Site } from '../../ports/site';

export const NAMESPACE = 'Microsoft.EventHub/namespaces';
export const NAMESPACE_ID: TextRule = {
  pattern: /^\/subscriptions\/[^/]+\/resourceGroups\/[^/]+\/providers\/Microsoft\.EventHub\/namespaces\/[^/]+$/i,
  must: 'be the id of a namespace',
  remedy: 'See az eventhubs namespace show.',
};
export const HUB_ID: TextRule = {
  pattern: /^\/subscriptions\/[^/]+\/resourceGroups\/[^/]+\/providers\/Microsoft\.EventHub\/namespaces\/[^/]+\/eventhubs\/[^/]+$/i,
  must: 'be the id of a hub',
  remedy: 'See az eventhubs eventhub show.',
};

/** Settings for {@link HubNamespace}. */
export interface HubNamespaceProps {
  /** Where the namespace stands. */
  readonly site: Site;
  /** The middle of its name, and the start of the names of its alerts. */
  readonly name: string;
  /** How far it grows under load, in throughput units. */
  readonly maxThroughputUnits: number;
  /**
   * The id of an existing namespace, or of a hub in it.
   * @default - a new namespace, with logs and metrics that go to the workspace of the site
   */
  readonly existingId?: string;
  /**
   * The ids of the action groups that hear every alert.
   * @default - alerts change their state and tell nobody
   */
  readonly notify?: readonly string[];
  /**
   * What protects the namespace from being deleted.
   * @default - nothing
   */
  readonly lifecycle?: TerraformResourceLifecycle;
  /**
   * Whether a lock keeps everybody from deleting a new namespace.
   * @default false
   */
  readonly lock?: boolean;
}

/**
 * The namespace that a hub stands in: its tier, its doors, its logs and the alerts that watch it.
 *
 * Not for events in a private network: its address is public, and a token of Entra is what opens it.
 * @see https://learn.microsoft.com/azure/event-hubs/event-hubs-features#namespace
 */
export class HubNamespace extends Construct {
  /** The namespace, when this construct made it. */
  readonly resource?: EventhubNamespace;
  /** Its lock, when it has one. */
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
    if (!props.existingId) {
      const { namespace, logs } = this.make(props);
      this.resource = namespace;
      if (props.lock) this.lock = new Lock(this, 'Lock', namespace, logs);
    }
    const { id: its, name, resourceGroupName } = this.resource ?? this.existing(props.existingId!);
    [this.id, this.name, this.resourceGroupName] = [its, name, resourceGroupName];
  }

  /** Ring when all of the criteria are met within a quarter of an hour. */
  alert(id: string, description: string, ...criteria: MonitorMetricAlertCriteria[]) {
    const { site, name: middle, notify } = this.props;
    const name = `${site.prefix}-${middle}-${id.toLowerCase()}`;
    alertOnMetrics(this, `${id}Alert`, { name, description, site, notify, of: this.id }, ...criteria);
  }

  private make({ site, name, maxThroughputUnits, lifecycle }: HubNamespaceProps) {
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
      // Azure raises the capacity under load. An apply that set it back would throttle senders just then.
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

  /** The provider takes the names out of an id and looks for them in its own subscription, so another one is refused at plan. */
  private existing(id: string) {
    const condition = Op.eq(Fn.lower(TerraformSelf.getString('subscription_id')), Fn.lower(segment(id, 2)));
    const errorMessage = `${this.node.scope!.node.path}: namespaceId and hubId must be of the subscription that is deployed to (ARM_SUBSCRIPTION_ID), got another. Deploy this stack to that one.`;
    new DataAzurermClientConfig(this, 'Deployer', { lifecycle: { postcondition: [{ condition, errorMessage }] } });
    const [resourceGroupName, name] = [segment(id, 4), segment(id, 8)];
    return { id: canonicalId(namespaceIn(id), NAMESPACE), name, resourceGroupName };
  }
}

/** A metric of the namespace that is above a threshold. */
export function total(metricName: string, threshold = 0) {
  return { metricNamespace: NAMESPACE, metricName, aggregation: 'Total', operator: 'GreaterThan', threshold };
}

/** The id of the namespace, from its own or from that of a hub in it. */
function namespaceIn(id: string): string {
  return Array.from({ length: 9 }, (_, index) => segment(id, index)).join('/');
}
