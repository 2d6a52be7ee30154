import { type Cost, HOURS, type Load, MONTH } from '../../../shared/read/facts/cost';
import { counted, promised, setTo } from '../../../shared/read/facts/promise';
import type { ServiceFacts, TypeFacts } from '../../../shared/read/facts/types';
import { set, type Which } from '../../../shared/read/facts/weaken';
import { type Asked, is, names, only, type Stack, type Value } from '../../../shared/read/stack';
import { said } from '../../../shared/read/tell';
import { alertOn, alertsOf, armId, METRIC_ALERT, NAMED, ON_RECORD, RETAINED, referring, textOf } from '../../foundation/promises';
import { alertWeakenings, messagesInto, QueueFacts, senderNeeds, sentBy } from '../../foundation/queues/promises';

const QUEUE = 'azurerm_servicebus_queue';
const NAMESPACE = 'azurerm_servicebus_namespace';
const SEND = 'data:Microsoft.ServiceBus/*/send/action';
const RECEIVE = 'data:Microsoft.ServiceBus/*/receive/action';
const NAMES = ['queues', 'topics', 'topics/subscriptions'].map((entity) => `Microsoft.ServiceBus/*/${entity}/read`);
const KEY = 'It creates a key, which anyone who finds it can use. Assign a role instead: the namespace accepts no keys.';
const NOT_HERE = 'Service Bus has no emulator that is a package: the one of Microsoft is a container';

const readers = new QueueFacts('__fullyQualifiedNamespace');

/** A key allows its holder what its rule allows. */
const key = (of: 'queue_id' | 'namespace_id'): TypeFacts => ({
  name: 'key',
  role: 'lets in',
  replacedBy: ['name', of],
  grants: (rule, stack) => [
    {
      holder: 'anyone with the key',
      may: ['listen', 'send', 'manage'].filter((right) => is(rule, right, true)).join(', '),
      on: stack.get(rule.refers(of)[0]?.id ?? '')?.id ?? String(only(rule, of)),
    },
  ],
  local: {},
});

export const facts: ServiceFacts = {
  name: 'Service Bus',
  local: { not: NOT_HERE },
  unproven: [
    'That the Functions host renews the lock of a message while the handler waits before it gives the message back.',
    'That Service Bus counts the first delivery of a message as 1, which decides which try is the last one.',
    'That a queue accepts a maximum of 100 deliveries of a message.',
    'That Service Bus reports `OutgoingMessages` as 0, and not nothing, for a queue that nobody reads: without a value, the alert on messages that are not read stays silent.',
  ],
  types: {
    [NAMESPACE]: {
      name: 'namespace of queues',
      replacedBy: ['name', 'resource_group_name', 'location', 'premium_messaging_partitions', 'customer_managed_key?', 'sku?'],
      role: 'lets in',
      named: ['name', /^[a-zA-Z][a-zA-Z0-9-]{4,48}(?<!-(sb|mgmt))(?<!-)$/],
      promises: [
        setTo({
          rule: 'known-callers',
          must: 'accept no keys',
          at: 'local_auth_enabled',
          to: [false],
          weak: true,
          worse: 'anyone with a key may send and read',
        }),
        setTo({
          rule: 'tls',
          must: 'refuse TLS below 1.2',
          at: 'minimum_tls_version',
          to: ['1.2'],
          weak: '1.0',
          worse: 'messages are sent with an old TLS version',
        }),
        alertOn('ThrottledRequests', 'have an alert that fires when it throttles requests'),
        alertOn('ServerErrors', 'have an alert that fires when it returns server errors'),
        RETAINED,
        ON_RECORD,
      ],
      costs: namespaceCosts,
      computed: { id: armId('Microsoft.ServiceBus/namespaces/acme-events-bus') },
      local: NAMED,
    },
    [QUEUE]: {
      name: 'queue',
      replacedBy: ['name', 'namespace_id', 'partitioning_enabled', 'requires_duplicate_detection', 'requires_session'],
      role: 'holds data',
      tells: (queue) => {
        const [namespace] = queue.refers('namespace_id');
        return [
          ['Service Bus', namespace && only(namespace, 'sku')].filter(Boolean).join(' '),
          textOf(queue, 'default_message_ttl', (ttl) => ttl.replace(/^P(\d+)D$/, '$1 days')),
          is(queue, 'requires_duplicate_detection', true) ? 'without duplicates' : undefined,
          namespace && is(namespace, 'local_auth_enabled', false) ? 'no keys' : undefined,
          said.kept(queue),
        ];
      },
      named: ['name', /^[a-zA-Z0-9][\w./~-]{0,258}[a-zA-Z0-9]$/],
      flow: (queue, seen) => [...sentBy(queue, 'POST /messages, Entra ID', seen), ...readers.readBy(queue, seen)],
      takes: ['Azure Service Bus Data Sender', 'Azure Service Bus Data Owner'],
      promises: [
        RETAINED,
        setTo({
          rule: 'nothing-lost',
          must: 'move expired messages to its dead letter',
          at: 'dead_lettering_on_message_expiration',
          to: [true],
          weak: false,
          worse: 'expired messages are deleted',
        }),
        counted({
          rule: 'bounded-retries',
          must: 'deliver a message at most 100 times, and more often than the handler tries',
          at: 'max_delivery_count',
          from: 30,
          to: 100,
          weak: 2_000_000,
          worse: 'a message that ends the process is delivered without end',
        }),
        promised(
          'order-is-not-promised',
          'have no partitions and no sessions, which the handler does not read',
          (queue) => !is(queue, 'partitioning_enabled', true) && !is(queue, 'requires_session', true),
          {
            'it has partitions': set('partitioning_enabled', true),
            'it has sessions': set('requires_session', true),
          },
        ),
        promised('rings', 'have an alert that fires at the first message in its dead letter', hasAlert('DeadletteredMessages'), {
          ...alertWeakenings('its dead letter', alerting('DeadletteredMessages')),
          'the alert on its dead letter watches all queues together': set(
            'criteria.0.dimension',
            undefined,
            alerting('DeadletteredMessages'),
          ),
        }),
        promised('rings', 'have an alert that fires when messages wait and none is read', hasUnreadAlert, {
          ...alertWeakenings('messages that are not read', alerting('OutgoingMessages')),
          'the alert on messages that are not read watches all queues together': set(
            'criteria.1.dimension',
            undefined,
            alerting('OutgoingMessages'),
          ),
        }),
        ...readers.promises(),
      ],
      answered: {
        encrypted: 'Service Bus always encrypts its data. This cannot be disabled.',
        private: 'Its namespace accepts no keys: callers need a Microsoft Entra token, and the check of least privilege reads their roles.',
        undelete: 'A message that was processed cannot be restored. What was processed is in the store.',
      },
      needs: (queue, stack) => senderNeeds(queue, stack, [SEND]),
      costs: 'Its namespace is billed.',
      brings: (queue, load) => readers.brings(queue, load),
      effective: /^(data:)?Microsoft\.(\*|ServiceBus)/i,
      computed: { id: armId('Microsoft.ServiceBus/namespaces/acme-events-bus/queues/events') },
      local: NAMED,
    },
    azurerm_servicebus_queue_authorization_rule: key('queue_id'),
    azurerm_servicebus_namespace_authorization_rule: key('namespace_id'),
  },
  calls: {
    // https://learn.microsoft.com/azure/azure-functions/functions-bindings-service-bus-trigger#connections
    '@azure/functions trigger.generic': ({ arguments: [options] }) =>
      said.part(options, 'type') === 'serviceBusTrigger'
        ? [{ may: RECEIVE, on: said.part(options, 'queueName').replace(/^%(\w+)%$/, '{$1}') }]
        : undefined,
  },
  roles: {
    'Azure Service Bus Data Owner': { permissions: ['Microsoft.ServiceBus/*', 'data:Microsoft.ServiceBus/*'] },
    'Azure Service Bus Data Receiver': {
      permissions: [...NAMES, RECEIVE],
      surplus: 'The role to receive also allows to read the settings of the queue: Azure has no role without it.',
    },
    'Azure Service Bus Data Sender': {
      permissions: [...NAMES, SEND],
      surplus: 'The role to send also allows to read the settings of the queue, not its messages: Azure has no role without it.',
    },
  },
  forbidden: {
    azurerm_servicebus_queue_authorization_rule: KEY,
    azurerm_servicebus_namespace_authorization_rule: KEY,
    'data.azurerm_servicebus_queue_authorization_rule': KEY,
    'data.azurerm_servicebus_namespace_authorization_rule': KEY,
  },
};

/** The alerts of a queue on a metric. */
function alerting(metric: string): Which {
  return (queue, draft) =>
    referring(METRIC_ALERT)(queue, draft).filter((id) => JSON.stringify(draft.resources.get(id)?.body).includes(`"${metric}"`));
}

/** How many criteria of an alert are on this queue alone. */
function criteriaOf(queue: Asked, alert: Asked): number {
  const its = (value: Value) => String(value).includes(`{${queue.id}.`);
  return alert.get('criteria.dimension.values').filter(its).length;
}

function hasAlert(metric: string) {
  return (queue: Asked, stack: Stack): boolean =>
    alertsOf(METRIC_ALERT, stack).some(
      (alert) =>
        is(alert, 'criteria.metric_name', metric) &&
        is(alert, 'criteria.operator', 'GreaterThan') &&
        is(alert, 'criteria.threshold', 0) &&
        criteriaOf(queue, alert) === 1,
    );
}

function hasUnreadAlert(queue: Asked, stack: Stack): boolean {
  return alertsOf(METRIC_ALERT, stack).some(
    (alert) =>
      alert.get('criteria.metric_name').join() === 'ActiveMessages,OutgoingMessages' &&
      alert.get('criteria.operator').join() === 'GreaterThan,LessThanOrEqual' &&
      alert.get('criteria.threshold').every((threshold) => threshold === 0) &&
      criteriaOf(queue, alert) === 2,
  );
}

/** A message is sent, received and completed: three operations, each billed in steps of 64 kB. An event of a new object has about 1 kB. */
function namespaceCosts(namespace: Asked, load: Load): Cost[] {
  const operations = load.stack
    .of(QUEUE)
    .filter((queue) => names(queue, 'namespace_id', namespace))
    .map((queue) => {
      const messages = messagesInto(queue, load);
      const steps = messages === load.events ? Math.ceil(load.size / 65_536) : 1;
      return messages * (2 * steps + 1);
    });
  return [
    {
      what: 'the namespace, by the hour',
      price: 'serviceBusBase',
      units: HOURS,
      lower: 'One namespace for several queues: `namespaceId` of the buffer.',
    },
    {
      what: 'operations, three for each message, billed in steps of 64 kB',
      price: 'serviceBusOperations',
      units: operations.reduce((sum, one) => sum + one, 0) * MONTH,
      lower: 'No setting: each event or new object is one message.',
    },
  ];
}
