import { amountOr, type Brought, batches, type Cost, GB, HOURS, type Load, MONTH, PACKED } from '../../../shared/read/facts/cost';
import { fitting } from '../../../shared/read/facts/local';
import { counted, promised, setTo } from '../../../shared/read/facts/promise';
import type { Needed, Seen, ServiceFacts, TypeFacts } from '../../../shared/read/facts/types';
import { both, type Edit, every, type Holder, remove, replace, set, type Which } from '../../../shared/read/facts/weaken';
import { duration, facts as joined, type Step } from '../../../shared/read/picture';
import { type Asked, is, names, only, type Stack, type Value } from '../../../shared/read/stack';
import { said } from '../../../shared/read/tell';
import { references, type TfStack } from '../../../shared/read/tf';
import {
  alertOn,
  alertsOf,
  armId,
  atTheFirst,
  deadLettersOf,
  LOG_ALERT,
  METRIC_ALERT,
  NAMED,
  ON_RECORD,
  RETAINED,
  referring,
  settingsOf,
  told,
} from '../../foundation/promises';

const HUB = 'azurerm_eventhub';
const GROUP = 'azurerm_eventhub_consumer_group';
const NAMESPACE = 'azurerm_eventhub_namespace';
const RECEIVE = 'data:Microsoft.EventHub/*/receive/action';
const SEND = 'data:Microsoft.EventHub/*/send/action';
const KEY = 'It makes a key that whoever finds it can use. Assign a role instead: the namespace takes no keys.';

/** Whoever holds a key may do what the key may. */
const key = (of: 'eventhub_name' | 'namespace_name'): TypeFacts => ({
  name: 'key',
  role: 'lets in',
  grants: (rule, stack) => [
    {
      holder: 'whoever has the key',
      may: ['listen', 'send', 'manage'].filter((right) => is(rule, right, true)).join(', '),
      on: stack.get(rule.refers(of)[0]?.id ?? '')?.id ?? String(only(rule, of)),
    },
  ],
  local: {},
});

/** The alerts that compare what comes in with what is read. */
const unread: Which = (hub, draft) =>
  referring(METRIC_ALERT)(hub, draft).filter((id) => JSON.stringify(draft.resources.get(id)?.body).includes('"OutgoingMessages"'));

/** The alerts that hold what comes in against the calls of a function. */
const idle: Which = (_, draft) =>
  [...draft.resources].filter(([, { type, body }]) => type === LOG_ALERT && JSON.stringify(body).includes('AppRequests')).map(([id]) => id);

export const facts: ServiceFacts = {
  name: 'Event Hubs',
  local: 'runs',
  types: {
    [NAMESPACE]: {
      name: 'namespace of hubs',
      replacedBy: ['name', 'resource_group_name', 'location', 'dedicated_cluster_id', 'sku?'],
      role: 'lets in',
      named: ['name', /^[a-zA-Z][a-zA-Z0-9-]{4,48}[a-zA-Z0-9]$/],
      promises: [
        setTo({
          rule: 'known-callers',
          must: 'let nobody in with a key',
          at: 'local_authentication_enabled',
          to: [false],
          weak: true,
          worse: 'whoever has a key may send and read',
        }),
        setTo({
          rule: 'tls',
          must: 'refuse TLS below 1.2',
          at: 'minimum_tls_version',
          to: ['1.2'],
          weak: '1.0',
          worse: 'events travel with an old TLS',
        }),
        promised(
          'grows',
          'keep the size that Azure gives it under load',
          (namespace) => is(namespace, 'lifecycle.ignore_changes', 'capacity'),
          {
            'each apply throttles it': set('lifecycle.ignore_changes'),
          },
        ),
        alertOn('ThrottledRequests', 'have an alert that rings when it keeps turning somebody away'),
        alertOn('ServerErrors', 'have an alert that rings when it keeps failing somebody'),
        RETAINED,
        ON_RECORD,
      ],
      costs: namespaceCosts,
      computed: { id: armId('Microsoft.EventHub/namespaces/acme-events') },
      local: {
        ...NAMED,
        'lifecycle.ignore_changes': 'no effect here',
        sku: fitting(/^Standard$/, 'the Standard tier'),
        local_authentication_enabled: fitting(/^false$/, 'signing in with Entra'),
        minimum_tls_version: 'no effect here',
        capacity: 'no effect here',
        auto_inflate_enabled: 'no effect here',
        maximum_throughput_units: 'no effect here',
      },
    },
    [HUB]: {
      name: 'hub',
      replacedBy: ['name', 'namespace_id', 'retention_description.cleanup_policy'],
      role: 'holds data',
      tells: (hub) => {
        const [namespace] = hub.refers('namespace_id');
        return [
          ['Event Hubs', namespace && only(namespace, 'sku')].filter(Boolean).join(' '),
          told(hub, 'partition_count', (count) => `${count} partitions`),
          told(hub, 'message_retention', (days) => `${days} days`),
          namespace && is(namespace, 'local_authentication_enabled', false) ? 'no keys' : undefined,
          said.kept(hub),
        ];
      },
      named: ['name', /^[a-zA-Z0-9][\w.-]{0,254}[a-zA-Z0-9]$/],
      flow: (hub, seen) => {
        const roles = seen.access.filter(({ identity, on }) => identity === 'client' && on === hub.name).map(({ may }) => may);
        const how = joined('POST /messages, Entra ID', ...roles);
        return roles.length > 0 ? [{ from: 'client', how, to: hub.stage, notes: seen.tell(hub), between: ['client', hub.id] }] : [];
      },
      takes: ['Azure Event Hubs Data Sender', 'Azure Event Hubs Data Owner'],
      promises: [
        RETAINED,
        counted({
          rule: 'retention',
          must: 'keep events for a day at least, and for no longer than the Standard tier does',
          at: 'message_retention',
          from: 1,
          to: 7,
          weak: 30,
          worse: 'events are kept for longer than the tier does',
        }),
        promised('rings', 'have an alert that rings when events come into this very hub and none is read', ringsUnread, {
          'nobody hears that nothing is read': remove(unread),
          'the alert on what is not read watches all hubs at once': set('criteria.0.dimension', undefined, unread),
          'it takes a million events to hear that none is read': set('criteria.0.threshold', 1_000_000, unread),
        }),
        promised(
          'own-consumer-group',
          'be read by each in a consumer group of the stack: $Default is shared with whoever reads next',
          (hub, stack) =>
            connectionsOf(stack)
              .filter(({ app, name }) => names(app, `app_settings.${name}_HUB`, hub))
              .every(({ app, name }) => app.refers(`app_settings.${name}_CONSUMER_GROUP`).some(({ type }) => type === GROUP)),
          { 'it is read in the consumer group of all': both(setInReaders('_CONSUMER_GROUP', '$Default'), remove(every(GROUP))) },
        ),
      ],
      answered: {
        encrypted: 'Event Hubs encrypts all that it keeps, and cannot be told not to.',
        private: 'Its namespace takes no keys: whoever comes has a token of Entra, and least privilege reads who may.',
        undelete: 'Nobody can change or delete an event. It can be read again for the retention.',
      },
      needs: senderNeeds,
      costs: 'Its namespace is billed.',
      effective: /^(data:)?Microsoft\.(\*|EventHub)/i,
      computed: { id: armId('Microsoft.EventHub/namespaces/acme-events/eventhubs/events') },
      local: { ...NAMED, namespace_id: 'emulated', partition_count: 'emulated', message_retention: 'no effect here' },
    },
    [GROUP]: {
      name: 'consumer group',
      replacedBy: ['name', 'namespace_name', 'eventhub_name', 'resource_group_name'],
      role: 'moves data',
      named: ['name', /^[a-zA-Z0-9][\w.-]{0,48}[a-zA-Z0-9]$/],
      flow: readBy,
      promises: [
        promised(
          'own-consumer-group',
          'have one reader: of two, each event reaches only one',
          (group, stack) => readersOf(group, stack).length === 1,
          {
            'nobody reads in it': setInReaders('_CONSUMER_GROUP', '$Default'),
          },
        ),
        promised(
          'bounded-retries',
          'be read by somebody who gives a batch up in the end: without a bound it blocks its partition',
          (group, stack) => triggersOf(group, stack).every(({ app, name }) => isBounded(only(app, `app_settings.${name}_MAX_RETRIES`))),
          {
            'a batch is tried for ever': setInReaders('_MAX_RETRIES', '-1'),
            'nobody says how often a batch is tried': setInReaders('_MAX_RETRIES'),
          },
        ),
        promised('rings', 'have an alert that rings when events come in and a function that reads in it is not called', ringsIdle, {
          'nobody hears that a function is dead': remove(idle),
          'a function that reports nothing counts as alive': replace('coalesce(calls, 0) == 0', 'calls == 0', idle),
          'the alert on a function looks at the calls of all': replace(/ \| where _ResourceId =~ [^|]*/, '', idle),
          'a function must be found dead a thousand times': set('criteria.0.threshold', 1000, idle),
        }),
        promised(
          'nothing-lost',
          'be read by somebody who has a dead letter that nothing else is written to',
          (group, stack) => triggersOf(group, stack).every(({ app }) => deadLettersOf(app).length > 0),
          {
            'what is given up is lost': inReaders((settings) => delete settings.DEAD_LETTER_CONTAINER),
            'dead letters land among the events': inReaders((settings) => {
              settings.DEAD_LETTER_CONTAINER = settings.STORE_CONTAINER!;
            }),
          },
        ),
      ],
      costs: 'Consumer groups are free of charge, up to 20 for a hub.',
      brings,
      computed: { id: armId('Microsoft.EventHub/namespaces/acme-events/eventhubs/events/consumerGroups/acme') },
      local: { ...NAMED, eventhub_name: 'emulated', namespace_name: 'emulated' },
    },
    azurerm_eventhub_authorization_rule: key('eventhub_name'),
    azurerm_eventhub_namespace_authorization_rule: key('namespace_name'),
  },
  calls: {
    // https://learn.microsoft.com/azure/azure-functions/functions-bindings-event-hubs-trigger#connections
    '@azure/functions trigger.generic': ({ arguments: [options] }) =>
      said.part(options, 'type') === 'eventHubTrigger'
        ? [{ may: RECEIVE, on: said.part(options, 'eventHubName').replace(/^%(\w+)%$/, '{$1}') }]
        : undefined,
  },
  roles: {
    'Azure Event Hubs Data Owner': { permissions: ['Microsoft.EventHub/*', 'data:Microsoft.EventHub/*'] },
    'Azure Event Hubs Data Receiver': {
      permissions: ['Microsoft.EventHub/*/eventhubs/consumergroups/read', RECEIVE],
      surplus: 'The names of consumer groups come with the right to receive: Azure has no role without them.',
    },
    'Azure Event Hubs Data Sender': {
      permissions: ['Microsoft.EventHub/*/eventhubs/read', SEND],
      surplus: 'The settings of the hub, and none of its events, come with the right to send: Azure has no role without them.',
    },
  },
  forbidden: {
    azurerm_eventhub_authorization_rule: KEY,
    azurerm_eventhub_namespace_authorization_rule: KEY,
    'data.azurerm_eventhub_authorization_rule': KEY,
    'data.azurerm_eventhub_namespace_authorization_rule': KEY,
    'data.azurerm_eventhub_sas': KEY,
  },
};

/** An app and the start of the names of the settings with which the Functions host reads a hub for it: `EVENTS`. */
interface Connection {
  readonly app: Asked;
  readonly name: string;
}

/** What ends in this is the address of a namespace, for a trigger. */
const ADDRESS = '__fullyQualifiedNamespace';

/** What the host reads from hubs for the code that it runs. */
function connectionsOf(stack: Stack): Connection[] {
  return stack.all.flatMap((app) => connectionNames(settingsOf(app)).map((name) => ({ app, name })));
}

function connectionNames(settings: Readonly<Record<string, unknown>>): string[] {
  return Object.keys(settings)
    .filter((setting) => setting.endsWith(ADDRESS))
    .map((setting) => setting.slice(0, -ADDRESS.length))
    .filter((name) => settings[`${name}_HUB`] !== undefined);
}

/** What the host reads in a consumer group. */
function triggersOf(group: Asked, stack: Stack): Connection[] {
  return connectionsOf(stack).filter(({ app, name }) => names(app, `app_settings.${name}_CONSUMER_GROUP`, group));
}

function readersOf(group: Asked, stack: Stack): Asked[] {
  return stack.all.filter((reader) => reader.refers().some(({ id }) => id === group.id));
}

/** The host takes any number, and -1 for a retry without an end. */
function isBounded(retries: Value): boolean {
  return Number(retries) >= 1 && Number(retries) <= 20;
}

function ringsUnread(hub: Asked, stack: Stack): boolean {
  const its = (value: Value) => String(value).includes(`{${hub.id}.`);
  return alertsOf(METRIC_ALERT, stack).some(
    (alert) =>
      alert.get('criteria.metric_name').join() === 'IncomingMessages,OutgoingMessages' &&
      alert.get('criteria.operator').join() === 'GreaterThan,LessThanOrEqual' &&
      alert.get('criteria.threshold').every((threshold) => threshold === 0) &&
      alert.get('criteria.dimension.values').filter(its).length === 2,
  );
}

/** With silence counting as no call. Where nothing is known of the namespace's metrics, as in one that was brought, nothing can be asked. */
function ringsIdle(group: Asked, stack: Stack): boolean {
  const [namespace] = group.refers('namespace_name').filter(({ type }) => type === NAMESPACE);
  const rings = (app: Asked) =>
    alertsOf(LOG_ALERT, stack).some(
      (alert) =>
        atTheFirst(alert) &&
        names(alert, 'criteria.query', namespace) &&
        app.refers('site_config.application_insights_connection_string').some((insights) => names(alert, 'criteria.query', insights)) &&
        String(only(alert, 'criteria.query')).includes('coalesce(calls, 0) == 0'),
    );
  return namespace === undefined || triggersOf(group, stack).every(({ app }) => rings(app));
}

/** The step from a hub to whoever reads in a consumer group of it. */
function readBy(group: Asked, seen: Seen): Step[] {
  const [hub] = group.refers('eventhub_name');
  return readersOf(group, seen).map((reader) => {
    const trigger = triggersOf(group, seen).find(({ app }) => app.id === reader.id);
    return {
      from: hub?.stage ?? 'an existing hub',
      how: joined(
        trigger && batchOf(trigger),
        'own consumer group',
        trigger && told(reader, `app_settings.${trigger.name}_MAX_RETRIES`, (retries) => `${retries} retries`),
      ),
      to: reader.stage,
      notes: seen.tell(reader),
      between: [hub?.id ?? 'an existing hub', reader.id],
    };
  });
}

/** How the host fills a batch. Where it waits for none, it takes what is there. */
function batchOf({ app }: Connection): string | undefined {
  const setting = (name: string) => only(app, `app_settings.AzureFunctionsJobHost__extensions__eventHubs__${name}`);
  const size = setting('maxEventBatchSize');
  const seconds = secondsOf(String(setting('maxWaitTime') ?? '0'));
  if (size === undefined) return undefined;
  return seconds > 0 ? `${size} records or ${duration(seconds)}` : `up to ${size} records`;
}

/** Seconds of a time span such as `00:01:30`. */
function secondsOf(span: string): number {
  return span.split(':').reduce((seconds, part) => seconds * 60 + Number(part), 0);
}

/** Clients send to the address that the stack hands out. */
function senderNeeds(hub: Asked, stack: Stack): Needed[] {
  const { output } = (stack as TfStack).json;
  const isTarget = references(output?.events_url?.value).includes(hub.id);
  return isTarget ? [{ who: 'client', may: SEND, on: hub.id, because: 'clients send' }] : [];
}

/** Change the settings of every app that the host reads a hub for. */
function inReaders(change: (settings: Holder) => void): Edit {
  return (draft) => {
    const settings = [...draft.resources.values()].map(({ body }) => body.app_settings as Holder | undefined);
    const readers = settings.filter((one) => one !== undefined && connectionNames(one).length > 0);
    if (readers.length === 0) throw new Error('No app reads a hub.');
    for (const one of readers) change(one!);
  };
}

/** Set what each trigger of a hub has under a name that ends so. Without a value, it is taken out. */
function setInReaders(ending: string, value?: string): Edit {
  return inReaders((settings) => {
    for (const name of connectionNames(settings)) {
      if (value === undefined) delete settings[`${name}${ending}`];
      else settings[`${name}${ending}`] = value;
    }
  });
}

/** A throughput unit takes 1,000 events or 1 MB a second, hands out 2 MB, and keeps 84 GB. It is added when it is needed, and stays. */
function namespaceCosts(namespace: Asked, load: Load): Cost[] {
  const { events, size, stack } = load;
  const bytes = events * size;
  const least = amountOr(namespace, 'capacity', 1);
  const most = Math.max(least, amountOr(namespace, 'maximum_throughput_units', least));
  const needed = Math.max(events / 1000, bytes / 1e6, (load.readers(namespace) * bytes) / 2e6);
  const units = Math.min(most, Math.max(least, Math.ceil(needed)));
  const days = stack
    .of(HUB)
    .filter((hub) => names(hub, 'namespace_id', namespace))
    .map((hub) => amountOr(hub, 'message_retention', 1));
  const kept = (bytes * 24 * 3600 * Math.max(0, ...days)) / GB;
  return [
    {
      what: 'throughput units, by the hour',
      price: 'eventHubsUnit',
      units: units * HOURS,
      lower: 'A lower `maxThroughputUnits` of the buffer bounds them: what comes beyond is turned away, and senders try again.',
    },
    {
      what: 'events taken, each counted once for 64 kB',
      price: 'eventHubsIn',
      units: events * MONTH * Math.ceil(size / 65_536),
      lower: 'No setting: each event is a message of its own.',
    },
    {
      what: 'events kept beyond 84 GB for each unit',
      price: 'blobStorageLRS',
      units: Math.max(0, kept - 84 * least),
      lower: 'A lower `retentionDays` of the buffer.',
    },
  ];
}

/** The host waits for a full batch of each partition, for as long as it is told. */
function brings(group: Asked, { events, size, stack }: Load): Brought {
  const [hub] = group.refers('eventhub_name');
  const [trigger] = triggersOf(group, stack);
  const setting = (name: string) => trigger && only(trigger.app, `app_settings.AzureFunctionsJobHost__extensions__eventHubs__${name}`);
  const records = Math.max(1, Math.min(Number(setting('maxEventBatchSize') ?? 100), Math.floor(HUB_BATCH / size)));
  const window = secondsOf(String(setting('maxWaitTime') ?? '0'));
  const calls = batches(events, { records, window, parts: hub ? amountOr(hub, 'partition_count', 4) : 4 });
  return { calls, writes: calls, packed: PACKED.together };
}

/** What the host reads ahead of a partition at most, in bytes. */
const HUB_BATCH = 10_000_000;
