import { EventgridSystemTopic } from '@cdktf/provider-azurerm/lib/eventgrid-system-topic';
import { EventgridSystemTopicEventSubscription } from '@cdktf/provider-azurerm/lib/eventgrid-system-topic-event-subscription';
import { MonitorDiagnosticSetting } from '@cdktf/provider-azurerm/lib/monitor-diagnostic-setting';
import type { StorageContainer } from '@cdktf/provider-azurerm/lib/storage-container';
import { UserAssignedIdentity } from '@cdktf/provider-azurerm/lib/user-assigned-identity';
import { Construct } from 'constructs';
import { keepAddress, takeName } from '../../../shared/synth/kept-name';
import type { Binding, Workload } from '../../ports/identity';
import type { EventTarget, RecordSink } from '../../ports/records';
import type { Site } from '../../ports/site';
import { alertOnMetrics, TOLERATED_FAILURES } from '../alerts';
import { canonicalGuid, canonicalId, segment } from '../arm-id';
import { requireOwnSubscription } from '../own-subscription';
import { needResourceProviders } from '../resource-providers';
import { refuseLoops } from './loops';
import { IDENTITY, type SystemTopic, TOPIC } from './system-topic';

/** Settings for {@link CreatedEvents}. */
export interface CreatedEventsProps {
  /** The resource group, the region and the workspace of the topic. It must be the region of the account. */
  readonly site: Site;
  /** The middle of its name, and of the names of its alerts. */
  readonly name: string;
  /** The storage account. */
  readonly accountId: string;
  /** Whether the account is a data lake. */
  readonly isLake: boolean;
  /**
   * The system topic that the account has already.
   * @default - a new topic, with an identity of its own
   */
  readonly systemTopic?: SystemTopic;
  /**
   * The ids of the action groups that every alert notifies.
   * @default - alerts fire without a notification
   */
  readonly notify?: readonly string[];
  /** Creates the container for events that could not be delivered. */
  deadLetter(): { readonly resource: StorageContainer; bindWriter(writer: Workload, name: string): Binding };
}

/**
 * Puts an event of the contract into a buffer for each new object of a container, without code: a system topic of Event Grid, and a
 * subscription for each container. Event Grid retries for a day, and then writes the event to a container of its own.
 *
 * An event can come twice, and later than the event of a newer object. Do not use it for a list of all objects: objects that exist
 * already have no event.
 * @see https://learn.microsoft.com/azure/event-grid/event-schema-blob-storage
 */
export class CreatedEvents extends Construct implements Workload {
  readonly name: string;
  readonly principalId: string;
  readonly principalType = 'ServicePrincipal';
  /** The topic, if this construct created it. */
  readonly topic?: EventgridSystemTopic;
  /** The id of the topic, new or existing. */
  readonly topicId: string;
  /** The container of the events that could not be delivered. They stay until you delete them. */
  readonly deadLetterContainer: StorageContainer;

  private readonly identityId: string;
  private readonly deadLetter: Binding;
  private readonly targets = new Map<RecordSink, EventTarget>();

  constructor(
    scope: Construct,
    id: string,
    private readonly props: CreatedEventsProps,
  ) {
    super(scope, id);
    const { site, name, accountId, systemTopic } = props;
    const { resourceGroupName, location } = site;
    takeName(this, 'source of events of a site', name, [site.prefix, site.suffix]);
    needResourceProviders(this, 'Microsoft.EventGrid', 'Microsoft.Insights', 'Microsoft.ManagedIdentity');
    this.name = `${site.prefix}-${name}-created`;
    const identity = systemTopic?.identity ?? new UserAssignedIdentity(this, 'Identity', { name: this.name, resourceGroupName, location });
    this.identityId = canonicalId(identity.id, IDENTITY);
    this.principalId = canonicalGuid(identity.principalId);
    if (!systemTopic) {
      this.topic = new EventgridSystemTopic(this, 'Topic', {
        name: this.name,
        resourceGroupName,
        location,
        sourceResourceId: accountId,
        topicType: 'Microsoft.Storage.StorageAccounts',
        identity: { type: 'UserAssigned', identityIds: [this.identityId] },
      });
      // Azure allows one topic for each account, so a moved construct must not create a second one.
      keepAddress(this.topic, `${name}-created`);
      new MonitorDiagnosticSetting(this, 'Logs', {
        name: 'log-analytics',
        targetResourceId: this.topic.id,
        logAnalyticsWorkspaceId: site.workspaceId,
        enabledLog: [{ categoryGroup: 'allLogs' }],
      });
    }
    if (systemTopic) requireOwnSubscription(this, this.node.scope!.node.path, 'systemTopic.id', systemTopic.id);
    this.topicId = this.topic?.id ?? canonicalId(systemTopic!.id, TOPIC);
    const deadLetter = props.deadLetter();
    this.deadLetterContainer = deadLetter.resource;
    this.deadLetter = deadLetter.bindWriter(this, 'DEAD_LETTER');
  }

  /** Deliver the events of one container. `label` is its name within the store. */
  deliver(container: StorageContainer, label: string, sink: RecordSink): EventgridSystemTopicEventSubscription {
    const { site, name: middle, accountId, isLake } = this.props;
    const own = new Deliverer(this, label);
    // A second role assignment of the same identity on the same buffer would fail.
    const target = this.targets.get(sink) ?? sink.bindEvents(own);
    this.targets.set(sink, target);
    const identity = { type: 'UserAssigned', userAssignedIdentity: this.identityId };
    const name = `${site.prefix}-${middle}-${label}`;
    const { topic, topicId } = this;
    const subscription = new EventgridSystemTopicEventSubscription(own, 'Subscription', {
      name,
      systemTopic: topic?.name ?? segment(topicId, 8),
      resourceGroupName: topic?.resourceGroupName ?? segment(topicId, 4),
      eventDeliverySchema: 'CloudEventSchemaV1_0',
      includedEventTypes: ['Microsoft.Storage.BlobCreated'],
      subjectFilter: { subjectBeginsWith: `/blobServices/default/containers/${container.name}/blobs/`, caseSensitive: true },
      // The Data Lake API creates a file empty, and fills it later.
      advancedFilter: isLake ? { stringNotIn: [{ key: 'data.api', values: ['CreateFile'] }] } : undefined,
      ...endpointOf(target),
      deliveryIdentity: identity,
      retryPolicy: { maxDeliveryAttempts: 30, eventTimeToLive: 1440 },
      deadLetterIdentity: identity,
      storageBlobDeadLetterDestination: { storageAccountId: accountId, storageBlobContainerName: this.deadLetterContainer.name },
      // Event Grid checks the roles when the subscription is created.
      dependsOn: [...target.waitFor, ...this.deadLetter.waitFor],
    });
    // While there is no subscription, there are no events: a moved construct must not create it anew.
    keepAddress(subscription, `${middle}-${label}`);
    this.alert(own, name);
    refuseLoops(this.node.scope!, container, target);
    return subscription;
  }

  private alert(scope: Construct, name: string) {
    const { site, notify } = this.props;
    const add = (id: string, metricName: string, threshold: number, description: string) =>
      alertOnMetrics(
        scope,
        `${id}Alert`,
        { name: `${name}-${id.toLowerCase()}`, description, site, notify, of: this.topicId },
        {
          metricNamespace: TOPIC,
          metricName,
          aggregation: 'Total',
          operator: 'GreaterThan',
          threshold,
          dimension: [{ name: 'EventSubscriptionName', operator: 'Include', values: [name] }],
        },
      );
    add(
      'Failing',
      'DeliveryAttemptFailCount',
      TOLERATED_FAILURES,
      'Event Grid cannot put events of new objects into the buffer. It retries for a day.',
    );
    add(
      'DeadLetters',
      'DeadLetteredCount',
      0,
      'Events of new objects could not be put into the buffer. They are in the container created-dead-letter.',
    );
    add('Lost', 'DroppedEventCount', 0, 'Events of new objects are lost: Event Grid could not write them to the dead letter.');
  }
}

/** The identity of the topic, with the role assignments for one container below it. */
class Deliverer extends Construct implements Workload {
  readonly name: string;
  readonly principalId: string;
  readonly principalType = 'ServicePrincipal';

  constructor(scope: CreatedEvents, id: string) {
    super(scope, id);
    [this.name, this.principalId] = [scope.name, scope.principalId];
  }
}

/** Messages of a storage queue would be deleted after seven days. */
function endpointOf({ endpoint }: EventTarget) {
  if (!('storageQueueEndpoint' in endpoint)) return endpoint;
  return { storageQueueEndpoint: { ...endpoint.storageQueueEndpoint, queueMessageTimeToLiveInSeconds: -1 } };
}
