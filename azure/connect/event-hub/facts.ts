import {
  amountOr,
  BRINGS_NOTHING,
  type Brought,
  batches,
  type Cost,
  GB,
  HOURS,
  type Load,
  MONTH,
  PACKED,
} from '../../../shared/read/facts/cost';
import { fitting } from '../../../shared/read/facts/local';
import { counted, promised, setTo } from '../../../shared/read/facts/promise';
import type { Needed, Promised, Seen, ServiceFacts, TypeFacts } from '../../../shared/read/facts/types';
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
  textOf,
} from '../../foundation/promises';

const HUB = 'azurerm_eventhub';
const GROUP = 'azurerm_eventhub_consumer_group';
const NAMESPACE = 'azurerm_eventhub_namespace';
const RECEIVE = 'data:Microsoft.EventHub/*/receive/action';
const SEND = 'data:Microsoft.EventHub/*/send/action';
const KEY = 'It creates a key, which anyone who finds it can use. Assign a role instead: the namespace accepts no keys.';

/** A key allows its holder what its rule allows. */
const key = (of: 'eventhub_name' | 'namespace_name'): TypeFacts => ({
  name: 'key',
  role: 'lets in',
  replacedBy: [...new Set(['name', 'resource_group_name', 'namespace_name', of])],
  grants: (rule, stack) => [
    {
      holder: 'anyone with the key',
      may: ['listen', 'send', 'manage'].filter((right) => is(rule, right, true)).join(', '),
      on: stack.get(rule.refers(of)[0]?.id ?? '')?.id ?? String(only(rule, of)),
    },
  ],
  local: {},
});

/** The alerts that compare incoming with outgoing events. */
const unread: Which = (hub, draft) =>
  referring(METRIC_ALERT)(hub, draft).filter((id) => JSON.stringify(draft.resources.get(id)?.body).includes('"OutgoingMessages"'));

/** The alerts that compare incoming events with the calls of a function. */
const idle: Which = (_, draft) =>
  [...draft.resources].filter(([, { type, body }]) => type === LOG_ALERT && JSON.stringify(body).includes('AppRequests')).map(([id]) => id);

export const facts: ServiceFacts = {
  name: 'Event Hubs',
  local: 'runs',
  unproven: [
    'That the schema registry takes the schema of the event contract, which is written in draft 4 of JSON Schema.',
    'That Azure takes a schema group as the scope of a role assignment.',
  ],
  types: {
    [NAMESPACE]: {
      name: 'namespace of hubs',
      replacedBy: ['name', 'resource_group_name', 'location', 'dedicated_cluster_id', 'sku?'],
      role: 'lets in',
      named: ['name', /^[a-zA-Z][a-zA-Z0-9-]{4,48}[a-zA-Z0-9]$/],
      promises: [
        setTo({
          rule: 'known-callers',
          must: 'accept no keys',
          at: 'local_authentication_enabled',
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
          worse: 'events are sent with an old TLS version',
        }),
        promised(
          'grows',
          'keep the throughput units that Azure adds under load',
          (namespace) => is(namespace, 'lifecycle.ignore_changes', 'capacity'),
          {
            'each apply resets its throughput units': set('lifecycle.ignore_changes'),
          },
        ),
        alertOn('ThrottledRequests', 'have an alert that fires when it throttles requests'),
        alertOn('ServerErrors', 'have an alert that fires when it returns server errors'),
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
          textOf(hub, 'partition_count', (count) => `${count} partitions`),
          textOf(hub, 'message_retention', (days) => `${days} days`),
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
          must: 'keep events for at least one day, and for no longer than the Standard tier allows',
          at: 'message_retention',
          from: 1,
          to: 7,
          weak: 30,
          worse: 'the retention is longer than the tier allows',
        }),
        promised('rings', 'have an alert that fires when events arrive in this hub and none is read', hasUnreadAlert, {
          'there is no alert on events that are not read': remove(unread),
          'the alert on events that are not read watches all hubs together': set('criteria.0.dimension', undefined, unread),
          'the alert on events that are not read has a threshold of a million': set('criteria.0.threshold', 1_000_000, unread),
        }),
        {
          ...promised(
            'own-consumer-group',
            'be read only in consumer groups of the stack: $Default may get another reader',
            (hub, stack) =>
              connectionsTo(hub, stack).every(({ app, name }) =>
                app.refers(`app_settings.${name}_CONSUMER_GROUP`).some(({ type }) => type === GROUP),
              ),
            { 'it is read in the consumer group $Default': both(setInReaders('_CONSUMER_GROUP', '$Default'), remove(every(GROUP))) },
          ),
          concerns: (hub, stack) => connectionsTo(hub, stack).length > 0,
        },
      ],
      answered: {
        encrypted: 'Event Hubs always encrypts its data. This cannot be disabled.',
        private: 'Its namespace accepts no keys: callers need a Microsoft Entra token, and the check of least privilege reads their roles.',
        undelete: 'An event cannot be changed or deleted. It can be read again until the retention ends.',
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
          'have one reader: with two, each event reaches only one of them',
          (group, stack) => readersOf(group, stack).length === 1,
          {
            'it has no reader': setInReaders('_CONSUMER_GROUP', '$Default'),
          },
        ),
        promised(
          'bounded-retries',
          'have a reader with a limited number of retries: without a limit, a failing batch blocks its partition',
          (group, stack) => triggersOf(group, stack).every(({ app, name }) => isBounded(only(app, `app_settings.${name}_MAX_RETRIES`))),
          {
            'a batch is retried without limit': setInReaders('_MAX_RETRIES', '-1'),
            'the number of retries is not set': setInReaders('_MAX_RETRIES'),
          },
        ),
        promised('rings', 'have an alert that fires when events arrive and the function that reads in it is not called', hasIdleAlert, {
          'there is no alert on a function that is not called': remove(idle),
          'a function that reports nothing counts as called': replace('coalesce(calls, 0) == 0', 'calls == 0', idle),
          'the alert on a function counts the calls of all functions': replace(/ \| where _ResourceId =~ [^|]*/, '', idle),
          'the alert on a function has a threshold of a thousand': set('criteria.0.threshold', 1000, idle),
        }),
        promised(
          'nothing-lost',
          'have a reader with a dead letter that nothing else is written to',
          (group, stack) => triggersOf(group, stack).every(({ app }) => deadLettersOf(app).length > 0),
          {
            'events are lost after the last retry': inReaders((settings) => delete settings.DEAD_LETTER_CONTAINER),
            'dead letters are written among the events': inReaders((settings) => {
              settings.DEAD_LETTER_CONTAINER = settings.STORE_CONTAINER!;
            }),
          },
        ),
      ].map(ofCode),
      costs: 'Consumer groups are free of charge, up to 20 for a hub.',
      brings,
      computed: { id: armId('Microsoft.EventHub/namespaces/acme-events/eventhubs/events/consumerGroups/acme') },
      local: { ...NAMED, eventhub_name: 'emulated', namespace_name: 'emulated' },
    },
    azurerm_eventhub_namespace_schema_group: {
      name: 'schema group',
      replacedBy: ['name', 'namespace_id', 'schema_compatibility', 'schema_type'],
      role: 'helps',
      named: ['name', /^[a-zA-Z0-9]([\w.-]{0,254}[a-zA-Z0-9])?$/],
      promises: [
        RETAINED,
        promised(
          'has-schemas',
          'be in a namespace of another tier than Basic, which has no schema registry',
          (group) => group.refers('namespace_id').every((namespace) => !is(namespace, 'sku', 'Basic')),
          { 'its namespace is of the tier Basic': set('sku', 'Basic', every(NAMESPACE)) },
        ),
      ],
      computed: { id: armId('Microsoft.EventHub/namespaces/acme-events/schemaGroups/acme') },
      local: 'no effect here',
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
    'Schema Registry Contributor': {
      permissions: ['Microsoft.EventHub/namespaces/schemagroups/*', 'data:Microsoft.EventHub/namespaces/schemas/*'],
    },
    'Schema Registry Reader': {
      permissions: ['Microsoft.EventHub/namespaces/schemagroups/read', 'data:Microsoft.EventHub/namespaces/schemas/read'],
    },
    'Azure Event Hubs Data Owner': { permissions: ['Microsoft.EventHub/*', 'data:Microsoft.EventHub/*'] },
    'Azure Event Hubs Data Receiver': {
      permissions: ['Microsoft.EventHub/*/eventhubs/consumergroups/read', RECEIVE],
      surplus: 'The role to receive also allows to read the names of consumer groups: Azure has no role without it.',
    },
    'Azure Event Hubs Data Sender': {
      permissions: ['Microsoft.EventHub/*/eventhubs/read', SEND],
      surplus: 'The role to send also allows to read the settings of the hub, not its events: Azure has no role without it.',
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

/** An app, and the start of the names of the app settings with which the Functions host reads a hub: `EVENTS`. */
interface Connection {
  readonly app: Asked;
  readonly name: string;
}

/** The end of the name of the app setting that has the address of a namespace, for a trigger. */
const ADDRESS = '__fullyQualifiedNamespace';

/** The connections to hubs of all apps. */
function connectionsOf(stack: Stack): Connection[] {
  return stack.all.flatMap((app) => connectionNames(settingsOf(app)).map((name) => ({ app, name })));
}

/** The connections to one hub. */
function connectionsTo(hub: Asked, stack: Stack): Connection[] {
  return connectionsOf(stack).filter(({ app, name }) => names(app, `app_settings.${name}_HUB`, hub));
}

function connectionNames(settings: Readonly<Record<string, unknown>>): string[] {
  return Object.keys(settings)
    .filter((setting) => setting.endsWith(ADDRESS))
    .map((setting) => setting.slice(0, -ADDRESS.length))
    .filter((name) => settings[`${name}_HUB`] !== undefined);
}

/** The connections that read in a consumer group. */
function triggersOf(group: Asked, stack: Stack): Connection[] {
  return connectionsOf(stack).filter(({ app, name }) => names(app, `app_settings.${name}_CONSUMER_GROUP`, group));
}

function readersOf(group: Asked, stack: Stack): Asked[] {
  return stack.all.filter((reader) => reader.refers().some(({ id }) => id === group.id));
}

/** The readers that are code. An end of a service without code names the consumer group in a setting of its own. */
function codeIn(group: Asked, stack: Stack): Asked[] {
  return readersOf(group, stack).filter((reader) => !names(reader, 'eventhub_consumer_group_name', group));
}

/** A promise of a consumer group that code reads in. A service without code has its retries and alerts in its own facts. */
function ofCode(promise: Promised): Promised {
  const isDirect = (group: Asked, stack: Stack) => readersOf(group, stack).length > codeIn(group, stack).length;
  return { ...promise, concerns: (group, stack) => !isDirect(group, stack) };
}

/** The host accepts any number. -1 means that a batch is retried without limit. */
function isBounded(retries: Value): boolean {
  return Number(retries) >= 1 && Number(retries) <= 20;
}

function hasUnreadAlert(hub: Asked, stack: Stack): boolean {
  const its = (value: Value) => String(value).includes(`{${hub.id}.`);
  return alertsOf(METRIC_ALERT, stack).some(
    (alert) =>
      alert.get('criteria.metric_name').join() === 'IncomingMessages,OutgoingMessages' &&
      alert.get('criteria.operator').join() === 'GreaterThan,LessThanOrEqual' &&
      alert.get('criteria.threshold').every((threshold) => threshold === 0) &&
      alert.get('criteria.dimension.values').filter(its).length === 2,
  );
}

/** No report must count as no call. The metrics of an existing namespace are unknown, so it needs no alert. */
function hasIdleAlert(group: Asked, stack: Stack): boolean {
  const [namespace] = group.refers('namespace_name').filter(({ type }) => type === NAMESPACE);
  const hasAlert = (app: Asked) =>
    alertsOf(LOG_ALERT, stack).some(
      (alert) =>
        atTheFirst(alert) &&
        names(alert, 'criteria.query', namespace) &&
        app.refers('site_config.application_insights_connection_string').some((insights) => names(alert, 'criteria.query', insights)) &&
        String(only(alert, 'criteria.query')).includes('coalesce(calls, 0) == 0'),
    );
  return namespace === undefined || triggersOf(group, stack).every(({ app }) => hasAlert(app));
}

/** The step from a hub to the reader of a consumer group. A service without code has this step in its own facts. */
function readBy(group: Asked, seen: Seen): Step[] {
  const [hub] = group.refers('eventhub_name');
  return codeIn(group, seen).map((reader) => {
    const trigger = triggersOf(group, seen).find(({ app }) => app.id === reader.id);
    return {
      from: hub?.stage ?? 'an existing hub',
      how: joined(
        trigger && batchOf(trigger),
        'own consumer group',
        trigger && textOf(reader, `app_settings.${trigger.name}_MAX_RETRIES`, (retries) => `${retries} retries`),
      ),
      to: reader.stage,
      notes: seen.tell(reader),
      between: [hub?.id ?? 'an existing hub', reader.id],
    };
  });
}

/** How the host fills a batch. If it does not wait, it takes the events that are there. */
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

/** Clients send to the address in the outputs of the stack. */
function senderNeeds(hub: Asked, stack: Stack): Needed[] {
  const { output } = (stack as TfStack).json;
  const isTarget = references(output?.events_url?.value).includes(hub.id);
  return isTarget ? [{ who: 'client', may: SEND, on: hub.id, because: 'clients send' }] : [];
}

/** Change the app settings of every app that reads a hub. */
function inReaders(change: (settings: Holder) => void): Edit {
  return (draft) => {
    const settings = [...draft.resources.values()].map(({ body }) => body.app_settings as Holder | undefined);
    const readers = settings.filter((one) => one !== undefined && connectionNames(one).length > 0);
    if (readers.length === 0) throw new Error('No app reads a hub.');
    for (const one of readers) change(one!);
  };
}

/** Set the app settings of each trigger of a hub whose names end like this. Without a value, they are deleted. */
function setInReaders(ending: string, value?: string): Edit {
  return inReaders((settings) => {
    for (const name of connectionNames(settings)) {
      if (value === undefined) delete settings[`${name}${ending}`];
      else settings[`${name}${ending}`] = value;
    }
  });
}

/** A throughput unit accepts 1,000 events or 1 MB a second, delivers 2 MB a second, and includes storage of 84 GB. Units are added under load, and never removed. */
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
      lower: 'A lower `maxThroughputUnits` of the buffer limits them: requests above the limit are throttled, and senders must retry.',
    },
    {
      what: 'incoming events, billed in steps of 64 kB',
      price: 'eventHubsIn',
      units: events * MONTH * Math.ceil(size / 65_536),
      lower: 'No setting: each event is one message.',
    },
    {
      what: 'stored events above 84 GB for each unit',
      price: 'blobStorageLRS',
      units: Math.max(0, kept - 84 * least),
      lower: 'A lower `retentionDays` of the buffer.',
    },
  ];
}

/** The host waits for a full batch of each partition, up to the batch window. A service without code has its load in its own facts. */
function brings(group: Asked, { events, size, stack }: Load): Brought {
  const [hub] = group.refers('eventhub_name');
  const [trigger] = triggersOf(group, stack);
  if (trigger === undefined) return BRINGS_NOTHING();
  const setting = (name: string) => only(trigger.app, `app_settings.AzureFunctionsJobHost__extensions__eventHubs__${name}`);
  const records = Math.max(1, Math.min(Number(setting('maxEventBatchSize') ?? 100), Math.floor(HUB_BATCH / size)));
  const window = secondsOf(String(setting('maxWaitTime') ?? '0'));
  const calls = batches(events, { records, window, parts: hub ? amountOr(hub, 'partition_count', 4) : 4 });
  return { calls, writes: calls, packed: PACKED.together };
}

/** The most that the host prefetches of a partition, in bytes. */
const HUB_BATCH = 10_000_000;
