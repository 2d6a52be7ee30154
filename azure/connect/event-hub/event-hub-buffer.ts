import { Eventhub } from '@cdktf/provider-azurerm/lib/eventhub';
import { EventhubConsumerGroup } from '@cdktf/provider-azurerm/lib/eventhub-consumer-group';
import type { EventhubNamespace } from '@cdktf/provider-azurerm/lib/eventhub-namespace';
import { RoleAssignment } from '@cdktf/provider-azurerm/lib/role-assignment';
import { TerraformStack } from 'cdktf';
import { Construct } from 'constructs';
import type { NumberRule, Removal, TextRule } from '../../../shared/synth/settings';
import { ACTION_GROUPS, mayDestroy, requireAbsent, requireNumber, requireText, requireTexts } from '../../../shared/synth/settings';
import { needResourceProviders } from '../../foundation/resource-providers';
import type { Delivery } from '../../ports/delivery';
import type { Binding, FunctionWorkload, Workload } from '../../ports/identity';
import type { RecordSink, RecordSource, SendRequest } from '../../ports/records';
import type { Site } from '../../ports/site';
import { existingNamespace, HUB_ID, HubNamespace, NAMESPACE_ID, segment, total } from './hub-namespace';

const NAME: TextRule = {
  pattern: /^[a-z][a-z0-9]{0,19}$/,
  must: 'be 1 to 20 lower-case letters and digits',
  remedy: 'It starts with a letter.',
};
const RETENTION: NumberRule = { from: 1, to: 7, unit: 'days', remedy: 'For longer replay, keep the raw events in a store.' };
const PARTITIONS: NumberRule = { from: 1, to: 32, unit: 'partitions', remedy: 'The Standard tier offers no more.' };
const BATCH: NumberRule = { from: 1, to: 1000, unit: 'events', remedy: 'A larger batch may not fit into the memory of a function.' };
const RETRIES: NumberRule = { from: 1, to: 20, unit: 'retries', remedy: 'Without a bound one bad batch blocks its partition.' };

/** Settings for {@link EventHubBuffer}. */
export interface EventHubBufferProps {
  /** Where the buffer stands. */
  readonly site: Site;
  /**
   * The name of the hub, and the middle of the name of its namespace: 1 to 20 lower-case letters and digits, a letter
   * first. It tells several buffers of one site apart.
   * @default events
   */
  readonly name?: string;
  /**
   * How long an event stays readable for replay, from 1 to 7 days.
   * @default 7
   */
  readonly retentionDays?: number;
  /**
   * How many readers of one consumer group can work at a time, from 1 to 32. It can never change: another number needs
   * another hub.
   * @default 4
   */
  readonly partitionCount?: number;
  /**
   * How far the namespace grows under load, from 1 to 40 throughput units of 1 MB a second each. It never shrinks by
   * itself, and each unit costs by the hour.
   * @default 4
   */
  readonly maxThroughputUnits?: number;
  /**
   * The id of an existing namespace that the hub is made in. Its tier, network and logs stay as they are.
   * @default - a new namespace
   */
  readonly namespaceId?: string;
  /**
   * The id of an existing hub. Its partitions and its retention stay as they are.
   * @default - a new hub
   */
  readonly hubId?: string;
  /**
   * The ids of the action groups that hear every alert.
   * @default - alerts change their state and tell nobody
   */
  readonly notify?: readonly string[];
  /**
   * What happens to the events when the stack is deleted. With `retain`, `terraform destroy` is refused. `destroy` takes
   * a second key, the context `destroyData`.
   * @default retain
   */
  readonly removal?: Removal;
}

/**
 * Buffer stage: an Event Hub that absorbs bursts and allows replay. Senders and readers sign in with Entra: there are no
 * keys.
 *
 * Not for events over 1 MB, for replay after more than 7 days, or for a queue: an Event Hub neither deletes an event that
 * was processed nor has a dead letter of its own.
 * @see https://learn.microsoft.com/azure/event-hubs/event-hubs-features
 */
export class EventHubBuffer extends Construct implements RecordSink, RecordSource {
  /** The namespace, when this construct made it. */
  readonly namespace?: EventhubNamespace;
  /** The hub, when this construct made it. */
  readonly hub?: Eventhub;
  /** The id of the hub, made or existing. */
  readonly hubId: string;
  readonly sendRequest: SendRequest;
  readonly format = 'event-hubs';

  private readonly host: string;
  private readonly place: { readonly resourceGroupName: string; readonly namespaceName: string; readonly eventhubName: string };

  constructor(scope: Construct, id: string, props: EventHubBufferProps) {
    super(scope, id);
    const { site, name = 'events', notify, namespaceId, hubId, retentionDays, partitionCount, maxThroughputUnits } = props;
    const days = retentionDays ?? 7;
    const partitions = partitionCount ?? 4;
    const units = maxThroughputUnits ?? 4;
    requireText(this, { name }, NAME);
    requireNumber(this, { retentionDays: days }, RETENTION);
    requireNumber(this, { partitionCount: partitions }, PARTITIONS);
    requireNumber(this, { maxThroughputUnits: units }, { from: 1, to: 40, unit: 'units', remedy: 'The Standard tier grows no further.' });
    requireTexts(this, { notify }, ACTION_GROUPS);
    if (namespaceId !== undefined) {
      requireText(this, { namespaceId }, NAMESPACE_ID);
      requireAbsent(this, 'namespaceId', { maxThroughputUnits });
    }
    if (hubId !== undefined) {
      requireText(this, { hubId }, HUB_ID);
      requireAbsent(this, 'hubId', { namespaceId, retentionDays, partitionCount, maxThroughputUnits });
    }
    needResourceProviders(this, 'Microsoft.EventHub', 'Microsoft.Insights');
    const lifecycle = mayDestroy(this, props.removal) ? undefined : { preventDestroy: true };

    const existing = existingNamespace(hubId ?? namespaceId);
    const namespace = new HubNamespace(this, 'Namespace', { site, name, maxThroughputUnits: units, existing, notify, lifecycle });
    this.namespace = namespace.resource;
    const shape = { partitionCount: partitions, messageRetention: days };
    if (!hubId) this.hub = new Eventhub(this, 'Hub', { name, namespaceId: namespace.id, ...shape, lifecycle });
    this.hubId = hubId ?? this.hub!.id;
    const { resourceGroupName, name: namespaceName } = namespace;
    this.place = { resourceGroupName, namespaceName, eventhubName: this.hub?.name ?? segment(this.hubId, 10) };
    this.host = `${namespaceName}.servicebus.windows.net`;
    this.sendRequest = {
      url: `https://${this.host}/${this.place.eventhubName}/messages?timeout=60&api-version=2014-01`,
      audience: 'https://eventhubs.azure.net',
      headers: { 'Content-Type': 'application/atom+xml;type=entry;charset=utf-8' },
      body: (event) => event,
    };

    const turnedAway = 'Senders that do not try again lose events.';
    namespace.alert('Throttled', `Event Hubs turned senders or readers away. ${turnedAway}`, total('ThrottledRequests'));
    namespace.alert('Errors', `Event Hubs failed senders or readers. ${turnedAway}`, total('ServerErrors'));
    const dimension = [{ name: 'EntityName', operator: 'Include', values: [this.place.eventhubName] }];
    const some = { ...total('IncomingMessages'), dimension };
    const none = { ...total('OutgoingMessages'), dimension, operator: 'LessThanOrEqual' };
    namespace.alert('Unread', 'Events come in and none is read. After their retention they are lost.', some, none);
  }

  bindWriter(writer: Workload, name: string): Binding {
    return { settings: this.settings(name), waitFor: [this.grant(writer, `${name}Writer`, 'Azure Event Hubs Data Sender')] };
  }

  /** Where `delivery` says nothing: 100 events or 5 seconds, 5 retries, which last about ten minutes. */
  deliverTo(target: FunctionWorkload, delivery: Delivery = {}): Binding {
    const batchSize = delivery.batchSize ?? 100;
    const batchWindowSeconds = delivery.batchWindowSeconds ?? 5;
    const maxRetries = delivery.maxRetries ?? 5;
    requireNumber(this, { batchSize }, BATCH, 'known');
    requireNumber(this, { batchWindowSeconds }, { from: 0, to: 300, unit: 'seconds', remedy: 'The host waits no longer.' }, 'known');
    requireNumber(this, { maxRetries }, RETRIES, 'known');

    const { settings, waitFor } = this.bindReader(target, 'EVENTS');
    const hostJson = 'AzureFunctionsJobHost__extensions__eventHubs';
    return {
      waitFor,
      settings: {
        ...settings,
        EVENTS__fullyQualifiedNamespace: this.host,
        EVENTS__credential: 'managedidentity',
        EVENTS__clientId: target.clientId,
        EVENTS_MAX_RETRIES: String(maxRetries),
        [`${hostJson}__maxEventBatchSize`]: String(batchSize),
        [`${hostJson}__minEventBatchSize`]: String(batchWindowSeconds > 0 ? batchSize : 1),
        [`${hostJson}__maxWaitTime`]: new Date(batchWindowSeconds * 1000).toISOString().slice(11, 19),
      },
    };
  }

  bindReader(reader: Workload, name: string): Binding {
    // In a shared consumer group each event reaches only one of the readers.
    const group = new EventhubConsumerGroup(reader, `${name}ConsumerGroup`, { ...this.place, name: consumerGroupOf(reader) });
    return {
      settings: { ...this.settings(name), [`${name}_CONSUMER_GROUP`]: group.name },
      waitFor: [group, this.grant(reader, `${name}Reader`, 'Azure Event Hubs Data Receiver')],
    };
  }

  private settings(name: string) {
    return { [`${name}_NAMESPACE`]: this.host, [`${name}_HUB`]: this.place.eventhubName };
  }

  private grant(workload: Workload, id: string, roleDefinitionName: string): RoleAssignment {
    const { principalId, principalType, forEach } = workload;
    return new RoleAssignment(workload, id, { scope: this.hubId, roleDefinitionName, principalId, principalType, forEach });
  }
}

/** The reader's own path in the stack, as far as the 50 characters of a consumer group reach. */
function consumerGroupOf(reader: Workload): string {
  return TerraformStack.of(reader)
    .getLogicalId(reader.node)
    .toLowerCase()
    .slice(-50)
    .replace(/^[^a-z0-9]+/, '');
}
