import { BRINGS_NOTHING, type Cost, type Load, MONTH } from '../../../shared/read/facts/cost';
import { factsOf } from '../../../shared/read/facts/find';
import { counted, promised, setTo } from '../../../shared/read/facts/promise';
import type { Needed, Seen, ServiceFacts, TypeFacts } from '../../../shared/read/facts/types';
import { set } from '../../../shared/read/facts/weaken';
import { duration, type Step } from '../../../shared/read/picture';
import { type Asked, amount, is, names } from '../../../shared/read/stack';
import { alertOn, armId, NAMED, ON_RECORD } from '../promises';

const TOPIC = 'azurerm_eventgrid_system_topic';
const SUBSCRIPTION = 'azurerm_eventgrid_system_topic_event_subscription';
const CONTAINER = 'azurerm_storage_container';
const MINUTES = 'retry_policy.event_time_to_live';
const DEAD_LETTER = 'storage_blob_dead_letter_destination.storage_blob_container_name';
const DELIVERS = 'delivery_identity.user_assigned_identity';
const FILTER = 'subject_filter.subject_begins_with';
/** The buffer of a subscription. */
const ENDPOINTS = ['eventhub_endpoint_id', 'service_bus_queue_endpoint_id', 'storage_queue_endpoint.queue_name'];
const topicOf = (subscription: Asked) => subscription.refers('system_topic');
const bufferOf = (subscription: Asked) => ENDPOINTS.flatMap((endpoint) => subscription.refers(endpoint));

const subscription: TypeFacts = {
  name: 'subscription to events',
  replacedBy: ['name', 'system_topic', 'resource_group_name', 'event_delivery_schema'],
  role: 'moves data',
  named: ['name', /^[a-zA-Z0-9-]{3,64}$/],
  flow: stepsOf,
  promises: [
    counted({
      rule: 'bounded-retries',
      must: 'retry an event for a day',
      at: MINUTES,
      from: 1440,
      to: 1440,
      weak: 5,
      worse: 'an outage of minutes moves good events to the dead letter',
    }),
    promised('nothing-lost', 'have a dead letter', (one) => one.refers(DEAD_LETTER).length === 1, {
      'events that cannot be delivered are dropped': set('storage_blob_dead_letter_destination'),
    }),
    promised('nothing-lost', 'send no events of its own dead letter', (one) => !bothSides(one), {
      'its dead letter is in the container that it watches': (draft, one) => {
        const [container] = one.refers(FILTER);
        set(DEAD_LETTER, draft.reference(container!.id, 'name'))(draft, one);
      },
    }),
    setTo({
      rule: 'contract',
      must: 'deliver CloudEvents',
      at: 'event_delivery_schema',
      to: ['CloudEventSchemaV1_0'],
      weak: 'EventGridSchema',
      worse: 'its events do not fulfil the contract',
    }),
    promised('contract', 'deliver new objects only', (one) => is(one, 'included_event_types', 'Microsoft.Storage.BlobCreated'), {
      'it delivers deletions too': set('included_event_types'),
    }),
    promised('known-callers', 'deliver with an identity', (one) => one.refers(DELIVERS).length === 1, {
      'it delivers with a key of the buffer': set('delivery_identity'),
    }),
    alertOn('DeliveryAttemptFailCount', 'have an alert that fires when events cannot be delivered', topicOf),
    alertOn('DeadLetteredCount', 'have an alert that fires at the first event that is no longer retried', topicOf),
    alertOn('DroppedEventCount', 'have an alert that fires at the first event that is lost', topicOf),
  ],
  weakenings: {
    'it is created before its role assignments': set('depends_on'),
  },
  actsAs: [DELIVERS, 'dead_letter_identity.user_assigned_identity'],
  needs: needsOf,
  costs: (one, load) => [eventsOfObjects(one, load)],
  brings: BRINGS_NOTHING,
  computed: { id: armId('Microsoft.EventGrid/systemTopics/acme/eventSubscriptions/acme') },
  local: NAMED,
};

/** Events of Event Grid, for stores of objects. */
export const facts: ServiceFacts = {
  name: 'Event Grid',
  local: { not: 'azurite sends no events' },
  unproven: [
    'that Event Grid writes the events of its documentation, and accepts a container of a data lake for its dead letters',
    'that the role assignments of a new subscription are in force when Event Grid checks them; if not, the apply fails, and a second one does not',
    'that an event has the address of its blob encoded as an address, and the entity tag that the blob or one of its versions has',
  ],
  types: {
    [TOPIC]: {
      name: 'system topic',
      replacedBy: ['name', 'resource_group_name', 'location', 'source_resource_id', 'source_arm_resource_id', 'topic_type'],
      role: 'helps',
      named: ['name', /^[a-zA-Z0-9-]{3,128}$/],
      promises: [ON_RECORD],
      computed: { id: armId('Microsoft.EventGrid/systemTopics/acme') },
      local: NAMED,
    },
    [SUBSCRIPTION]: subscription,
  },
};

/** Whether the dead letter is in the container whose events are delivered. */
function bothSides(one: Asked): boolean {
  return one.refers(DEAD_LETTER).some((container) => names(one, FILTER, container));
}

/** From the container with new objects to the buffer, and to the container of events that could not be delivered. */
function stepsOf(one: Asked, seen: Seen): Step[] {
  const [container] = one.refers(FILTER);
  const from = container?.stage ?? one.stage;
  const step = (target: Asked, how: string, to: string): Step => ({
    from,
    how,
    to,
    notes: seen.tell(target),
    between: [container?.id ?? one.id, target.id],
  });
  const days = duration(amount(one, MINUTES) * 60);
  return [
    ...bufferOf(one).map((target) => step(target, 'Event Grid, BlobCreated', target.stage)),
    ...one.refers(DEAD_LETTER).map((target) => step(target, `after ${days} of retries`, target.name)),
  ];
}

/** https://learn.microsoft.com/azure/event-grid/add-identity-roles */
function needsOf(one: Asked): Needed[] {
  const may = (setting: string, targets: readonly Asked[], because: string) =>
    one
      .refers(setting)
      .flatMap(({ id: who }) =>
        targets.flatMap(({ id: on, type }) => dataPermissionsOf(type).map((permission): Needed => ({ who, may: permission, on, because }))),
      );
  return [
    ...may(DELIVERS, bufferOf(one), 'Event Grid puts the event'),
    ...may('dead_letter_identity.user_assigned_identity', one.refers(DEAD_LETTER), 'Event Grid writes what it could not deliver'),
  ];
}

/** What it takes to add data: the data permissions of the first role that a type takes, or to write for a container. */
function dataPermissionsOf(type: string): readonly string[] {
  const azure = factsOf('azure');
  const [role] = azure.type(type)?.takes ?? [];
  const permissions = [...azure.services.values()].flatMap(({ roles }) => (role === undefined ? [] : (roles?.[role]?.permissions ?? [])));
  return permissions.filter((permission) => permission.startsWith('data:') && (type !== CONTAINER || permission.endsWith('/blobs/write')));
}

/** Each event is matched and delivered. */
function eventsOfObjects(one: Asked, load: Load): Cost {
  const written = one.refers(FILTER).map((container) => load.writes(container).count);
  return {
    what: 'events of new objects, matched and delivered',
    price: 'eventGridOperations',
    units: written.reduce((sum, count) => sum + count, 0) * MONTH * 2,
    lower: 'Larger objects: a larger `batchSize`, and a longer `batchWindowSeconds`, of what writes them.',
  };
}
