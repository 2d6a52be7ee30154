import { RoleAssignment } from '@cdktf/provider-azurerm/lib/role-assignment';
import type { ServicebusNamespace } from '@cdktf/provider-azurerm/lib/servicebus-namespace';
import { ServicebusQueue } from '@cdktf/provider-azurerm/lib/servicebus-queue';
import { Construct } from 'constructs';
import { keepAddress, takeName } from '../../../shared/synth/kept-name';
import type { NumberRule, Removal } from '../../../shared/synth/settings';
import {
  ACTION_GROUPS,
  mayDestroy,
  requireAbsent,
  requireNumber,
  requireOneOf,
  requireText,
  requireTexts,
} from '../../../shared/synth/settings';
import { canonicalId, segment } from '../../foundation/arm-id';
import { OnlyReader, retriesOf } from '../../foundation/queues/queue-reading';
import { needResourceProviders } from '../../foundation/resource-providers';
import { NAME } from '../../foundation/rules';
import type { Delivery } from '../../ports/delivery';
import type { FunctionWorkload, Workload } from '../../ports/identity';
import type { EventTarget, RecordSink, RecordSource, SendRequest } from '../../ports/records';
import type { Site } from '../../ports/site';
import { BusNamespace, NAMESPACE, NAMESPACE_ID, QUEUE_ID } from './bus-namespace';
import { alertOnQueue } from './queue-alerts';
import { type BusBinding, queueShape, type Shape, triggerSettings } from './queue-settings';
import { sendRequest } from './send-request';

const CONCURRENCY: NumberRule = { from: 1, to: 100, unit: 'messages', remedy: 'More do not fit into the memory of an instance.' };

/** Settings for {@link ServiceBusBuffer}. */
export interface ServiceBusBufferProps {
  /** The resource group, the region and the workspace of the buffer. */
  readonly site: Site;
  /**
   * The name of the queue, and the middle of the name of its namespace: 1 to 20 lower-case letters and digits, starting with a
   * letter. Each queue of a site and of a stack needs its own name.
   * @default events
   */
  readonly name?: string;
  /**
   * How long the queue keeps a message, from 1 to 90 days. After that, Service Bus moves it to the dead letter of the queue.
   * @default 14
   */
  readonly retentionDays?: number;
  /**
   * For how many minutes Service Bus drops a message with the `MessageId` of an earlier one, from 1 to 10,080. 0 turns duplicate
   * detection off. It cannot be turned on or off later: that needs a new queue.
   * @default 60
   */
  readonly deduplicateMinutes?: number;
  /**
   * How long a message that was received is hidden from others, from 5 to 300 seconds. The Functions host renews it. After the
   * reader has crashed, a message waits for that long.
   * @default 300
   */
  readonly lockSeconds?: number;
  /**
   * The size of the queue and of its dead letter, from 1 to 5 GB. When it is full, senders are refused.
   * @default 5
   */
  readonly maxSizeGb?: number;
  /**
   * How many messages an instance of the function processes at the same time, from 1 to 100. It limits the load on the store.
   * @default 16
   */
  readonly maxConcurrency?: number;
  /**
   * The id of an existing namespace, of the Standard or the Premium tier, to create the queue in. Its network and its logs stay
   * unchanged.
   * @default - a new namespace
   */
  readonly namespaceId?: string;
  /**
   * The id of an existing queue. Its settings stay unchanged: it must deliver a message at least 100 times, and have no sessions.
   * @default - a new queue
   */
  readonly queueId?: string;
  /**
   * The ids of the action groups that every alert notifies.
   * @default - alerts fire without a notification
   */
  readonly notify?: readonly string[];
  /**
   * What happens to the messages when the stack is deleted. With `retain`, `terraform destroy` fails. `destroy` also requires
   * the context `destroyData`.
   * @default retain
   */
  readonly removal?: Removal;
  /**
   * Whether a lock protects a new namespace from deletion with any tool. The deployer must be Owner or User Access
   * Administrator, and a create and a destroy take two minutes longer. While the lock exists, no role assignment and no
   * diagnostic setting of the namespace can be deleted: an apply that removes a writer from the stack fails.
   * @default false
   */
  readonly lock?: boolean;
}

/**
 * Buffer stage: a Service Bus queue for one reader. Each message is processed, retried and given up alone. Senders and readers
 * sign in with Microsoft Entra ID: access keys are disabled.
 *
 * Do not use it for replay, order, several readers or events over 256 KB: use `EventHubBuffer`. Each message is a call of the
 * function and a write to the store, so pair it with a store of rows rather than of objects. Flex Consumption adds instances one
 * after another: to scale by the length of the queue it would need the right to manage the queue, which the function does not get.
 * A message that ends the process makes the others in the process be delivered again too.
 *
 * Idle it costs about ten dollars a month, and a million events about three dollars more. A change of `name`, or of
 * `deduplicateMinutes` to or from 0, replaces the queue with its messages, and `retain` refuses that.
 * @see https://learn.microsoft.com/azure/service-bus-messaging/service-bus-queues-topics-subscriptions
 */
export class ServiceBusBuffer extends Construct implements RecordSink, RecordSource {
  /** The namespace, if this construct created it. */
  readonly namespace?: ServicebusNamespace;
  /** The queue, if this construct created it. */
  readonly queue?: ServicebusQueue;
  /** The id of the queue, new or existing. */
  readonly queueId: string;
  readonly sendRequest: SendRequest;
  readonly format = 'service-bus';

  private readonly bus: BusNamespace;
  private readonly queueName: string;
  private readonly maxConcurrency: number;
  private readonly reader = new OnlyReader(this);

  constructor(scope: Construct, id: string, props: ServiceBusBufferProps) {
    super(scope, id);
    const { site, name = 'events', notify, namespaceId, queueId, lock } = props;
    const { retentionDays, deduplicateMinutes, lockSeconds, maxSizeGb } = props;
    this.maxConcurrency = props.maxConcurrency ?? 16;
    requireText(this, { name }, NAME);
    const shape: Shape = queueShape(this, { retentionDays, deduplicateMinutes, lockSeconds, maxSizeGb });
    requireNumber(this, { maxConcurrency: this.maxConcurrency }, CONCURRENCY);
    requireOneOf(this, { lock: lock ?? false }, [true, false], 'Leave it out for no lock.');
    requireTexts(this, { notify }, ACTION_GROUPS);
    if (namespaceId !== undefined) {
      requireText(this, { namespaceId }, NAMESPACE_ID);
      requireAbsent(this, 'namespaceId', { lock });
    }
    if (queueId !== undefined) {
      requireText(this, { queueId }, QUEUE_ID);
      requireAbsent(this, 'queueId', { namespaceId, retentionDays, deduplicateMinutes, lockSeconds, maxSizeGb, lock });
    }
    const lifecycle = mayDestroy(this, props.removal) ? undefined : { preventDestroy: true };
    takeName(this, 'queue of a site', name, [site.prefix, site.suffix]);
    if (namespaceId !== undefined) takeName(this, 'queue of a namespace', name, [canonicalId(namespaceId, NAMESPACE)]);
    needResourceProviders(this, 'Microsoft.Insights', 'Microsoft.ServiceBus');

    this.bus = new BusNamespace(this, 'Namespace', { site, name, existingId: queueId ?? namespaceId, notify, lifecycle, lock });
    this.namespace = this.bus.resource;
    if (queueId === undefined) {
      this.queue = new ServicebusQueue(this, 'Queue', { name, namespaceId: this.bus.id, ...shape, lifecycle });
      keepAddress(this.queue, name);
      this.bus.lock?.over(this.queue);
    }
    this.queueId = this.queue?.id ?? canonicalId(queueId!, `${NAMESPACE}/queues`);
    this.queueName = this.queue?.name ?? segment(this.queueId, 10);
    this.sendRequest = sendRequest(this.bus.host, this.queueName);
    alertOnQueue(this.bus, this.queueName);
  }

  bindWriter(writer: Workload, name: string): BusBinding {
    return this.bind(writer, name, 'Sender');
  }

  bindEvents(deliverer: Workload): EventTarget {
    const { waitFor } = this.bindWriter(deliverer, 'EVENTS');
    return { endpoint: { serviceBusQueueEndpointId: this.queueId }, waitFor };
  }

  /** The default of `delivery`: 5 retries, which take about eight minutes. Each message is a batch of its own. */
  deliverTo(target: FunctionWorkload, delivery: Delivery = {}): BusBinding {
    const trigger = triggerSettings(retriesOf(this, delivery), this.maxConcurrency);
    const { settings, ...binding } = this.bindReader(target, 'EVENTS');
    const connection = {
      EVENTS__fullyQualifiedNamespace: this.bus.host,
      EVENTS__credential: 'managedidentity',
      EVENTS__clientId: target.clientId,
    };
    return { ...binding, settings: { ...settings, ...connection, ...trigger } };
  }

  bindReader(reader: Workload, name: string): BusBinding {
    this.reader.take(reader);
    return this.bind(reader, name, 'Receiver');
  }

  private bind(workload: Workload, name: string, as: 'Sender' | 'Receiver'): BusBinding {
    const { principalId, principalType, forEach } = workload;
    const grant = { scope: this.queueId, roleDefinitionName: `Azure Service Bus Data ${as}`, principalId, principalType, forEach };
    const role = new RoleAssignment(workload, `${name}${as === 'Sender' ? 'Writer' : 'Reader'}`, grant);
    this.bus.lock?.over(role);
    return { settings: { [`${name}_NAMESPACE`]: this.bus.host, [`${name}_QUEUE`]: this.queueName }, waitFor: [role], role };
  }
}
