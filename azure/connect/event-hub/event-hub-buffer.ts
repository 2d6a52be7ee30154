import { Eventhub } from '@cdktf/provider-azurerm/lib/eventhub';
import type { EventhubNamespace } from '@cdktf/provider-azurerm/lib/eventhub-namespace';
import { Construct } from 'constructs';
import { keepAddress, takeName } from '../../../shared/synth/kept-name';
import { mayDestroy, type Removal } from '../../../shared/synth/settings';
import { TOLERATED_FAILURES } from '../../foundation/alerts';
import { canonicalId, segment } from '../../foundation/arm-id';
import { needResourceProviders } from '../../foundation/resource-providers';
import type { Delivery, DeliverySource, DirectSource } from '../../ports/delivery';
import type { FunctionWorkload, Workload } from '../../ports/identity';
import type { EventTarget, RecordSink, RecordSource, SendRequest } from '../../ports/records';
import type { Site } from '../../ports/site';
import { HubAccess, type HubReading, type HubWriting } from './hub-access';
import { HubNamespace, NAMESPACE, total } from './hub-namespace';
import { requireHub } from './hub-rules';
import { alertOnIdle } from './idle-alert';
import { SchemaGroup } from './schema-group';
import { sendRequest } from './send-request';
import { triggerSettings } from './trigger-settings';

/** Settings for {@link EventHubBuffer}. */
export interface EventHubBufferProps {
  /** The resource group, the region and the workspace of the buffer. */
  readonly site: Site;
  /**
   * The name of the hub, and the middle of the name of its namespace: 1 to 20 lower-case letters and digits, starting
   * with a letter. Each buffer of a site and of a stack needs its own name.
   * @default events
   */
  readonly name?: string;
  /**
   * How long the hub keeps an event for replay, from 1 to 7 days.
   * @default 7
   */
  readonly retentionDays?: number;
  /**
   * How many readers of one consumer group can read at the same time, from 1 to 32. It cannot be changed: another number
   * needs a new hub.
   * @default 4
   */
  readonly partitionCount?: number;
  /**
   * The maximum of auto-inflate, from 1 to 40 throughput units of 1 MB a second each. Azure adds units under load and never
   * removes them. Each unit is billed by the hour.
   * @default 4
   */
  readonly maxThroughputUnits?: number;
  /**
   * The id of an existing namespace to create the hub in. Its tier, network and logs stay unchanged.
   * @default - a new namespace
   */
  readonly namespaceId?: string;
  /**
   * The id of an existing hub. Its partitions and its retention stay unchanged.
   * @default - a new hub
   */
  readonly hubId?: string;
  /**
   * The format of the schemas of a schema group, which the namespace gets with the name of the hub. Senders and readers look schemas
   * up there, free of charge. `Json` is the format of the event contract. `Avro` is for readers of your own: the handlers take JSON, and
   * events in Avro go to the dead letter. An existing namespace must not be of the tier Basic. It cannot be changed: another format
   * needs a new group, without the schemas of the one before.
   * @default - no schema group
   */
  readonly schemaFormat?: 'Json' | 'Avro';
  /**
   * The ids of the action groups that every alert notifies.
   * @default - alerts fire without a notification
   */
  readonly notify?: readonly string[];
  /**
   * What happens to the events when the stack is deleted. With `retain`, `terraform destroy` fails. `destroy` also requires
   * the context `destroyData`.
   * @default retain
   */
  readonly removal?: Removal;
  /**
   * Whether a lock protects a new namespace from deletion with any tool. The deployer must be Owner or User Access
   * Administrator, and a create and a destroy take two minutes longer. While the lock exists, no role assignment and no
   * diagnostic setting of the namespace can be deleted: an apply that removes a reader from the stack fails.
   * @default false
   */
  readonly lock?: boolean;
}

/**
 * Buffer stage: an event hub that absorbs bursts and allows replay. Senders and readers sign in with Microsoft Entra ID:
 * access keys are disabled.
 *
 * Do not use it for events over 1 MB, for replay after more than 7 days, or as a queue: no event is deleted because it was
 * processed, and there is no dead letter. For Parquet use a `StreamAnalyticsProcessor`: Capture writes only Avro, and needs keys.
 * @see https://learn.microsoft.com/azure/event-hubs/event-hubs-features
 */
export class EventHubBuffer extends Construct implements RecordSink, RecordSource, DirectSource {
  /** The namespace, if this construct created it. */
  readonly namespace?: EventhubNamespace;
  /** The id of the namespace, new or existing, such as for `namespaceId` of another hub. */
  readonly namespaceId: string;
  /** The hub, if this construct created it. */
  readonly hub?: Eventhub;
  /** The id of the hub, new or existing. */
  readonly hubId: string;
  /** The schema group, with `schemaFormat`. */
  readonly schemas?: SchemaGroup;
  readonly sendRequest: SendRequest;
  readonly format = 'event-hubs';

  private readonly access: HubAccess;

  constructor(
    scope: Construct,
    id: string,
    private readonly props: EventHubBufferProps,
  ) {
    super(scope, id);
    const { site, name = 'events', notify, namespaceId, hubId, schemaFormat, lock } = props;
    const days = props.retentionDays ?? 7;
    const partitions = props.partitionCount ?? 4;
    const units = props.maxThroughputUnits ?? 4;
    requireHub(this, props, { name, days, partitions, units });
    const lifecycle = mayDestroy(this, props.removal) ? undefined : { preventDestroy: true };
    takeName(this, 'hub of a site', name, [site.prefix, site.suffix]);
    if (namespaceId !== undefined) takeName(this, 'hub of a namespace', name, [canonicalId(namespaceId, NAMESPACE)]);
    needResourceProviders(this, 'Microsoft.EventHub', 'Microsoft.Insights');

    const existing = { namespaceId, hubId };
    const namespace = new HubNamespace(this, 'Namespace', { site, name, maxThroughputUnits: units, ...existing, notify, lifecycle, lock });
    [this.namespace, this.namespaceId] = [namespace.resource, namespace.id];
    if (hubId === undefined) {
      const shape = { partitionCount: partitions, messageRetention: days };
      this.hub = new Eventhub(this, 'Hub', { name, namespaceId: namespace.id, ...shape, lifecycle });
      keepAddress(this.hub, name);
      namespace.lock?.over(this.hub);
    }
    this.hubId = this.hub?.id ?? canonicalId(hubId!, `${NAMESPACE}/eventhubs`);
    const hubName = this.hub?.name ?? segment(this.hubId, 10);
    this.access = new HubAccess(namespace, { id: this.hubId, name: hubName });
    this.sendRequest = sendRequest(this.access.host, hubName);
    const { host } = this.access;
    if (schemaFormat) this.schemas = new SchemaGroup(this, 'Schemas', { namespace, host, name, format: schemaFormat, lifecycle });

    const consequence = 'Senders that do not retry lose events.';
    namespace.alert('Throttled', `Event Hubs throttled senders or readers. ${consequence}`, total('ThrottledRequests', TOLERATED_FAILURES));
    namespace.alert('Errors', `Event Hubs returned server errors. ${consequence}`, total('ServerErrors', TOLERATED_FAILURES));
    const dimension = [{ name: 'EntityName', operator: 'Include', values: [hubName] }];
    const incoming = { ...total('IncomingMessages'), dimension };
    const notOutgoing = { ...total('OutgoingMessages'), dimension, operator: 'LessThanOrEqual' };
    namespace.alert('Unread', 'Events arrive and none is read. After their retention they are lost.', incoming, notOutgoing);
  }

  bindWriter(writer: Workload, name: string): HubWriting {
    return this.access.bindWriter(writer, name);
  }

  bindEvents(deliverer: Workload): EventTarget {
    const { waitFor } = this.access.bindWriter(deliverer, 'EVENTS');
    return { endpoint: { eventhubEndpointId: this.hubId }, waitFor };
  }

  /** The defaults of `delivery`: batches of 1,000 events or one minute, and 5 retries, which take about ten minutes. */
  deliverTo(target: FunctionWorkload, delivery: Delivery = {}): HubReading {
    const { site, notify } = this.props;
    const trigger = triggerSettings(this, delivery);
    const { settings, ...binding } = this.access.bindReader(target, 'EVENTS');
    // The alert compares metrics of the namespace with calls of the function, so both must be in one workspace.
    if (this.namespace && target.workspaceId === site.workspaceId) alertOnIdle(target, { site, namespace: this.namespace, notify });
    return {
      ...binding,
      settings: {
        ...settings,
        EVENTS__fullyQualifiedNamespace: this.access.host,
        EVENTS__credential: 'managedidentity',
        EVENTS__clientId: target.clientId,
        ...trigger,
      },
    };
  }

  bindReader(reader: Workload, name: string): HubReading {
    return this.access.bindReader(reader, name);
  }

  bindDelivery(deliverer: Workload): DeliverySource {
    const { waitFor, consumerGroup } = this.access.bindReader(deliverer, 'EVENTS');
    return { id: this.hubId, consumerGroup: consumerGroup.name, waitFor };
  }
}
