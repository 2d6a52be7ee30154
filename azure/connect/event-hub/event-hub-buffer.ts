import { Eventhub } from '@cdktf/provider-azurerm/lib/eventhub';
import type { EventhubNamespace } from '@cdktf/provider-azurerm/lib/eventhub-namespace';
import { Construct } from 'constructs';
import { keepAddress, takeName } from '../../../shared/synth/kept-name';
import type { NumberRule, Removal, TextRule } from '../../../shared/synth/settings';
import {
  ACTION_GROUPS,
  mayDestroy,
  requireAbsent,
  requireNumber,
  requireOneOf,
  requireText,
  requireTexts,
} from '../../../shared/synth/settings';
import { A_HANDFUL } from '../../foundation/alerts';
import { canonicalId, segment } from '../../foundation/arm-id';
import { needResourceProviders } from '../../foundation/resource-providers';
import type { Delivery } from '../../ports/delivery';
import type { FunctionWorkload, Workload } from '../../ports/identity';
import type { RecordSink, RecordSource, SendRequest } from '../../ports/records';
import type { Site } from '../../ports/site';
import { HubAccess, type HubReading, type HubWriting } from './hub-access';
import { HUB_ID, HubNamespace, NAMESPACE, NAMESPACE_ID, total } from './hub-namespace';
import { alertOnIdle } from './idle-alert';
import { sendRequest } from './send-request';
import { triggerSettings } from './trigger-settings';

const NAME: TextRule = {
  pattern: /^[a-z][a-z0-9]{0,19}$/,
  must: 'be 1 to 20 lower-case letters and digits',
  remedy: 'It starts with a letter.',
};
const RETENTION: NumberRule = { from: 1, to: 7, unit: 'days', remedy: 'For longer replay, keep the raw events in a store.' };
const PARTITIONS: NumberRule = { from: 1, to: 32, unit: 'partitions', remedy: 'The Standard tier offers no more.' };
/** Settings for {@link EventHubBuffer}. */
export interface EventHubBufferProps {
  /** Where the buffer stands. */
  readonly site: Site;
  /**
   * The name of the hub, and the middle of the name of its namespace: 1 to 20 lower-case letters and digits, a letter
   * first. It tells several buffers of one stack apart, wherever in it they stand.
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
  /**
   * Whether a lock keeps everybody from deleting a namespace that is made here, whatever tool they use. It takes a deployer
   * who is Owner or User Access Administrator, adds two minutes to a create and to a destroy, and while it is there no role
   * and no diagnostic setting on the namespace can be taken away: a reader that leaves the stack fails the apply.
   * @default false
   */
  readonly lock?: boolean;
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

  private readonly access: HubAccess;

  constructor(
    scope: Construct,
    id: string,
    private readonly props: EventHubBufferProps,
  ) {
    super(scope, id);
    const { site, name = 'events', notify, namespaceId, hubId, retentionDays, partitionCount, maxThroughputUnits, lock } = props;
    const days = retentionDays ?? 7;
    const partitions = partitionCount ?? 4;
    const units = maxThroughputUnits ?? 4;
    requireText(this, { name }, NAME);
    requireNumber(this, { retentionDays: days }, RETENTION);
    requireNumber(this, { partitionCount: partitions }, PARTITIONS);
    requireNumber(this, { maxThroughputUnits: units }, { from: 1, to: 40, unit: 'units', remedy: 'The Standard tier grows no further.' });
    requireOneOf(this, { lock: lock ?? false }, [true, false], 'Leave it out to have none.');
    requireTexts(this, { notify }, ACTION_GROUPS);
    if (namespaceId !== undefined) {
      requireText(this, { namespaceId }, NAMESPACE_ID);
      requireAbsent(this, 'namespaceId', { maxThroughputUnits, lock });
    }
    if (hubId !== undefined) {
      requireText(this, { hubId }, HUB_ID);
      requireAbsent(this, 'hubId', { namespaceId, retentionDays, partitionCount, maxThroughputUnits, lock });
    }
    const lifecycle = mayDestroy(this, props.removal) ? undefined : { preventDestroy: true };
    takeName(this, 'hub', { name });
    needResourceProviders(this, 'Microsoft.EventHub', 'Microsoft.Insights');

    const existingId = hubId ?? namespaceId;
    const namespace = new HubNamespace(this, 'Namespace', { site, name, maxThroughputUnits: units, existingId, notify, lifecycle, lock });
    this.namespace = namespace.resource;
    if (hubId === undefined) {
      const shape = { partitionCount: partitions, messageRetention: days };
      this.hub = new Eventhub(this, 'Hub', { name, namespaceId: namespace.id, ...shape, lifecycle });
      keepAddress(this.hub, name);
      namespace.lock?.over(this.hub);
    }
    this.hubId = this.hub?.id ?? canonicalId(hubId!, `${NAMESPACE}/eventhubs`);
    const hubName = this.hub?.name ?? segment(this.hubId, 10);
    this.access = new HubAccess(this, namespace, { id: this.hubId, name: hubName });
    this.sendRequest = sendRequest(this.access.host, hubName);

    const turnedAway = 'Senders that do not try again lose events.';
    namespace.alert('Throttled', `Event Hubs turned senders or readers away. ${turnedAway}`, total('ThrottledRequests', A_HANDFUL));
    namespace.alert('Errors', `Event Hubs failed senders or readers. ${turnedAway}`, total('ServerErrors', A_HANDFUL));
    const dimension = [{ name: 'EntityName', operator: 'Include', values: [hubName] }];
    const some = { ...total('IncomingMessages'), dimension };
    const none = { ...total('OutgoingMessages'), dimension, operator: 'LessThanOrEqual' };
    namespace.alert('Unread', 'Events come in and none is read. After their retention they are lost.', some, none);
  }

  bindWriter(writer: Workload, name: string): HubWriting {
    return this.access.bindWriter(writer, name);
  }

  /** Where `delivery` says nothing: 1,000 events or a minute, 5 retries, which last about ten minutes. */
  deliverTo(target: FunctionWorkload, delivery: Delivery = {}): HubReading {
    const { site, notify } = this.props;
    const trigger = triggerSettings(this, delivery);
    const { settings, ...made } = this.access.bindReader(target, 'EVENTS');
    // What comes in and what is called must be on record in one place to be compared.
    if (this.namespace && target.workspaceId === site.workspaceId) alertOnIdle(target, { site, namespace: this.namespace, notify });
    return {
      ...made,
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
}
