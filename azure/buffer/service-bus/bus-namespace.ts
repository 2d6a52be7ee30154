import { MonitorDiagnosticSetting } from '@cdktf/provider-azurerm/lib/monitor-diagnostic-setting';
import type { MonitorMetricAlertCriteria } from '@cdktf/provider-azurerm/lib/monitor-metric-alert';
import { ServicebusNamespace } from '@cdktf/provider-azurerm/lib/servicebus-namespace';
import type { TerraformResourceLifecycle } from 'cdktf';
import { Construct } from 'constructs';
import { acknowledge } from '../../../shared/synth/acknowledge';
import { keepAddress } from '../../../shared/synth/kept-name';
import type { TextRule } from '../../../shared/synth/settings';
import { alertOnMetrics } from '../../foundation/alerts';
import { canonicalId, segment } from '../../foundation/arm-id';
import { Lock } from '../../foundation/lock';
import type { Site } from '../../ports/site';

export const NAMESPACE = 'Microsoft.ServiceBus/namespaces';
export const NAMESPACE_ID: TextRule = {
  pattern: /^\/subscriptions\/[^/]+\/resourceGroups\/[^/]+\/providers\/Microsoft\.ServiceBus\/namespaces\/[^/]+$/i,
  must: 'be the id of a namespace of Service Bus',
  remedy: 'Find it with az servicebus namespace show.',
};
export const QUEUE_ID: TextRule = {
  pattern: /^\/subscriptions\/[^/]+\/resourceGroups\/[^/]+\/providers\/Microsoft\.ServiceBus\/namespaces\/[^/]+\/queues\/[^/]+$/i,
  must: 'be the id of a queue of Service Bus',
  remedy: 'Find it with az servicebus queue show.',
};

/** Settings for {@link BusNamespace}. */
export interface BusNamespaceProps {
  /** The resource group, the region and the workspace of the namespace. */
  readonly site: Site;
  /** The middle of its name, and of the names of its alerts. */
  readonly name: string;
  /**
   * The id of an existing namespace, or of a queue in it.
   * @default - a new namespace, with logs and metrics in the workspace of the site
   */
  readonly existingId?: string;
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
 * The namespace of a queue: its tier, its access settings, its logs and its alerts.
 *
 * Do not use it for messages in a private network: its address is public, and callers need a Microsoft Entra token.
 * @see https://learn.microsoft.com/azure/service-bus-messaging/service-bus-messaging-overview#namespaces
 */
export class BusNamespace extends Construct {
  /** The namespace, if this construct created it. */
  readonly resource?: ServicebusNamespace;
  /** Its lock, if it has one. */
  readonly lock?: Lock;
  readonly id: string;
  /** Its address. */
  readonly host: string;

  private readonly base: string;

  constructor(
    scope: Construct,
    id: string,
    private readonly props: BusNamespaceProps,
  ) {
    super(scope, id);
    const { site, name, existingId, lock } = props;
    // Namespaces of Event Hubs have addresses of the same form, so a hub and a queue of one name need two names.
    this.base = `${site.prefix}-${name}-bus`;
    if (existingId === undefined) {
      this.resource = this.create(props);
      const logs = new MonitorDiagnosticSetting(this, 'Logs', {
        name: 'log-analytics',
        targetResourceId: this.resource.id,
        logAnalyticsWorkspaceId: site.workspaceId,
        enabledLog: [{ categoryGroup: 'allLogs' }],
        enabledMetric: [{ category: 'AllMetrics' }],
      });
      if (lock) this.lock = new Lock(this, 'Lock', this.resource, logs);
    }
    this.id = this.resource?.id ?? canonicalId(namespaceIn(existingId!), NAMESPACE);
    this.host = `${this.resource?.name ?? segment(this.id, 8)}.servicebus.windows.net`;
  }

  /** Add an alert that fires if all criteria are met within 15 minutes. */
  alert(id: string, description: string, ...criteria: MonitorMetricAlertCriteria[]) {
    const { site, notify } = this.props;
    const name = `${this.base}-${id.replace(/(?<=[a-z])(?=[A-Z])/g, '-').toLowerCase()}`;
    alertOnMetrics(this, `${id}Alert`, { name, description, site, notify, of: this.id }, ...criteria);
  }

  private create({ site, name, lifecycle }: BusNamespaceProps): ServicebusNamespace {
    const namespace = new ServicebusNamespace(this, 'Resource', {
      name: `${this.base}-${site.suffix}`,
      resourceGroupName: site.resourceGroupName,
      location: site.location,
      sku: 'Standard',
      localAuthEnabled: false,
      minimumTlsVersion: '1.2',
      lifecycle,
    });
    keepAddress(namespace, name);
    acknowledge(namespace, {
      CKV_AZURE_199: 'Azure always encrypts messages. Two layers of encryption, and a key of your own, need the Premium tier.',
      CKV_AZURE_201: 'Azure encrypts it with a Microsoft-managed key. A key of your own needs the Premium tier.',
      CKV_AZURE_202: 'The namespace itself calls nothing, so it needs no identity.',
      CKV_AZURE_204: 'The Standard tier has no private address. It is public, and callers need a Microsoft Entra token.',
    });
    return namespace;
  }
}

/** The id of the namespace, from its own id or from the id of a queue in it. */
function namespaceIn(id: string): string {
  return Array.from({ length: 9 }, (_, index) => segment(id, index)).join('/');
}
