import { EventhubNamespace } from '@cdktf/provider-azurerm/lib/eventhub-namespace';
import { MonitorDiagnosticSetting } from '@cdktf/provider-azurerm/lib/monitor-diagnostic-setting';
import { MonitorMetricAlert, type MonitorMetricAlertCriteria } from '@cdktf/provider-azurerm/lib/monitor-metric-alert';
import { Fn, type TerraformResourceLifecycle, Token } from 'cdktf';
import { Construct } from 'constructs';
import type { TextRule } from '../../../shared/synth/settings';
import type { Site } from '../../ports/site';

export const NAMESPACE_ID: TextRule = {
  pattern: /^(\/[^/]+){5}\/Microsoft\.EventHub\/namespaces\/[^/]+$/i,
  must: 'be the id of a namespace',
  remedy: 'See az eventhubs namespace show.',
};
export const HUB_ID: TextRule = {
  pattern: /^(\/[^/]+){5}\/Microsoft\.EventHub\/namespaces\/[^/]+\/eventhubs\/[^/]+$/i,
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
   * An existing namespace.
   * @default - a new namespace, with logs and metrics that go to the workspace of the site
   */
  readonly existing?: { readonly id: string; readonly name: string; readonly resourceGroupName: string };
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
  readonly id: string;
  readonly name: string;
  readonly resourceGroupName: string;

  constructor(
    scope: Construct,
    id: string,
    private readonly props: HubNamespaceProps,
  ) {
    super(scope, id);
    if (!props.existing) this.resource = this.make(props);
    ({ id: this.id, name: this.name, resourceGroupName: this.resourceGroupName } = props.existing ?? this.resource!);
  }

  /** Ring when all of the criteria are met within a quarter of an hour. */
  alert(id: string, description: string, ...criteria: MonitorMetricAlertCriteria[]) {
    const { site, name, notify } = this.props;
    new MonitorMetricAlert(this, `${id}Alert`, {
      name: `${site.prefix}-${name}-${id.toLowerCase()}`,
      description,
      resourceGroupName: site.resourceGroupName,
      scopes: [this.id],
      frequency: 'PT5M',
      windowSize: 'PT15M',
      severity: 2,
      criteria,
      action: notify?.map((actionGroupId) => ({ actionGroupId })),
    });
  }

  private make({ site, name, maxThroughputUnits, lifecycle }: HubNamespaceProps): EventhubNamespace {
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
      lifecycle,
    });
    new MonitorDiagnosticSetting(this, 'Logs', {
      name: 'log-analytics',
      targetResourceId: namespace.id,
      logAnalyticsWorkspaceId: site.workspaceId,
      enabledLog: [{ categoryGroup: 'allLogs' }],
      enabledMetric: [{ category: 'AllMetrics' }],
    });
    return namespace;
  }
}

/** A metric of the namespace that is above zero. */
export function total(metricName: string) {
  const metricNamespace = 'Microsoft.EventHub/namespaces';
  return { metricNamespace, metricName, aggregation: 'Total', operator: 'GreaterThan', threshold: 0 };
}

/** The namespace that an id of it, or of a hub in it, speaks of. */
export function existingNamespace(id?: string) {
  if (!id) return undefined;
  const parts = Array.from({ length: 9 }, (_, index) => segment(id, index));
  return { id: parts.join('/'), name: parts[8]!, resourceGroupName: parts[4]! };
}

/** One segment of an ARM id, which may be known only at deploy. */
export function segment(id: string, index: number): string {
  return Token.isUnresolved(id) ? Fn.element(Fn.split('/', id), index) : id.split('/')[index]!;
}
