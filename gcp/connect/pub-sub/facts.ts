import { amountOr, type Brought, batches, type Cost, GIB, type Load, MONTH, PACKED, TIB } from '../../../shared/read/facts/cost';
import { onlyValues, within } from '../../../shared/read/facts/local';
import { counted, promised } from '../../../shared/read/facts/promise';
import type { Ask, Needed, Promised, Seen, ServiceFacts } from '../../../shared/read/facts/types';
import { every, filter, remove, set, type Which } from '../../../shared/read/facts/weaken';
import { duration, facts as joined, type Step } from '../../../shared/read/picture';
import { receiverOf } from '../../../shared/read/read';
import { type Asked, amount, is, names, only, type Stack, type Value } from '../../../shared/read/stack';
import { said } from '../../../shared/read/tell';
import { references, type TfStack } from '../../../shared/read/tf';
import { alertOn, grantsIn, iamMember, idOf, keyNeeds, RETAINED, readyBeforeWork, replacers, wayOf } from '../../foundation/promises';

const TOPIC = 'google_pubsub_topic';
const SUBSCRIPTION = 'google_pubsub_subscription';
const SCHEMA = 'google_pubsub_schema';
const DEAD_TOPIC = 'dead_letter_policy.dead_letter_topic';
const PUSHED_AS = 'push_config.oidc_token.service_account_email';
/** The stores that Pub/Sub itself writes into: the block of settings, its setting for the store, and the permissions that the writer uses. */
const STORES = [
  { config: 'cloud_storage_config', store: 'bucket', takes: ['storage.objects.create', 'storage.buckets.get'] },
  { config: 'bigquery_config', store: 'table', takes: ['bigquery.tables.get', 'bigquery.tables.updateData'] },
] as const;
const WRITES_AS = STORES.map(({ config }) => `${config}.service_account_email`);
/** How a command or a service that sets an ordering key is written in JSON. */
const KEYED = /\\"orderingKey\\":|_ORDERED":"true"|_ORDERED","value":"true"/;
/** The time limit of a call: of a function, or of a service. */
const TIME_LIMITS = ['service_config.timeout_seconds', 'template.timeout'];
/** The permission of each request of a handler, by the end of its URL. */
const REQUESTS: Readonly<Record<string, string>> = {
  publish: 'pubsub.topics.publish',
  pull: 'pubsub.subscriptions.consume',
  acknowledge: 'pubsub.subscriptions.consume',
  modifyAckDeadline: 'pubsub.subscriptions.consume',
};
const HOUR = 3600;
const DAY = 24 * HOUR;

/** The subscriptions of a topic. */
const subscriptionsOf: Which = ({ id }, draft) =>
  every(SUBSCRIPTION)({ id } as Asked, draft).filter((one) => String(draft.resources.get(one)?.body.topic).includes(`\${${id}.`));
/** The topics with a schema. */
const topicsOf: Which = ({ id }, draft) =>
  every(TOPIC)({ id } as Asked, draft).filter((one) => JSON.stringify(draft.resources.get(one)?.body ?? {}).includes(`\${${id}.`));

export const facts: ServiceFacts = {
  name: 'Pub/Sub',
  local: 'runs',
  unproven: [
    'That Pub/Sub accepts each filter that is accepted here: its syntax is checked by the rules of its documentation.',
    'That Pub/Sub takes the schema of events: a library of Google for Protocol Buffers takes the JSON of events with it, and Pub/Sub was not asked.',
    'The name of the ordering key among the attributes of a message in a file: the documentation says only that it is there.',
  ],
  types: {
    [TOPIC]: {
      name: 'topic',
      replacedBy: ['name', 'project'],
      role: 'holds data',
      tells: tellsOf,
      costs: (topic, load) => (isDead(topic, load.stack) ? [] : topicCosts(topic, load)),
      named: ['name', /^(?!goog)[a-zA-Z][\w.~+%-]{2,254}$/],
      flow: (topic, seen) =>
        seen.of(SUBSCRIPTION).some((one) => isRead(one, seen) && names(one, 'topic', topic)) ? opening(topic, seen) : [],
      takes: ['roles/pubsub.publisher', 'roles/pubsub.editor', 'roles/pubsub.admin'],
      promises: [
        RETAINED,
        {
          ...counted({
            rule: 'retention',
            must: 'keep its events for replay, for at least one day',
            at: 'message_retention_duration',
            from: DAY,
            worse: 'events cannot be replayed',
          }),
          concerns: (topic, stack) => !isDead(topic, stack),
        },
        {
          ...promised(
            'retention',
            'have a subscription that keeps dead letters for 31 days and is not deleted with the stack',
            (topic, stack) => keepers(topic, stack).length > 0,
            {
              'no subscription keeps the dead letters': remove(subscriptionsOf),
              'dead letters are kept for one day': set('message_retention_duration', '86400s', subscriptionsOf),
              'the subscription of the dead letters is deleted with its stack': set('lifecycle', undefined, subscriptionsOf),
            },
          ),
          concerns: isDead,
        },
        promised(
          'in-its-region',
          'set the regions in which events may be stored',
          (topic) => topic.get('message_storage_policy.allowed_persistence_regions').length === 1,
          { 'events may be stored in any region': set('message_storage_policy') },
        ),
        {
          ...promised('in-its-region', 'have the same enforceInTransit as the topic whose dead letter it is', hasSameTransit, {
            'it refuses events that its topic accepts': set('message_storage_policy.enforce_in_transit', true),
          }),
          concerns: isDead,
        },
      ],
      answered: {
        encrypted: 'Google encrypts every topic with a Google-managed key. encryptionKey sets your own key.',
        private: 'Only members of roles can access a topic, and none of them may be public. The check of least privilege reads the roles.',
        undelete: 'An event cannot be changed or deleted. It can be read again until the retention ends.',
        rings: 'A topic has no limit to reach and no delay. Its subscriptions have alerts.',
      },
      needs: topicNeeds,
      apis: ['pubsub'],
      effective: /^(\*|pubsub\.(\*|topics\.(?!attach)))/,
      computed: { id: 'projects/acme-data/topics/acme' },
      local: {
        name: 'emulated',
        project: 'emulated',
        message_retention_duration: 'no effect here',
        message_storage_policy: 'no effect here',
        schema_settings: { notRun: 'schemas of events are not checked here.' },
        message_transforms: onlyFunctions,
        kms_key_name: 'no effect here',
        labels: 'no effect here',
      },
    },
    [SUBSCRIPTION]: {
      name: 'subscription',
      replacedBy: ['name', 'project', 'topic', 'filter', 'enable_message_ordering'],
      role: (subscription) => (moves(subscription) ? 'moves data' : 'holds data'),
      tells: (subscription) => ['Pub/Sub', lasting(subscription), said.kept(subscription)],
      named: ['name', /^(?!goog)[a-zA-Z][\w.~+%-]{2,254}$/],
      flow: (subscription, seen) => (moves(subscription) ? delivery(subscription, seen) : []),
      costs: (subscription, load) => (moves(subscription) ? subscriptionCosts(subscription, load) : []),
      brings,
      promises: [
        limited(
          promised(
            'bounded-retries',
            'have a dead letter after a limited number of retries, with a pause between retries',
            hasLimitedRetries,
            {
              'an event is retried without limit': set('dead_letter_policy'),
              'an event is retried without a pause': set('retry_policy'),
            },
          ),
        ),
        limited(
          promised(
            'nothing-lost',
            'wait until Pub/Sub may publish to its dead letter and act as its writer or caller, and until the dead letter has a subscription',
            isReady,
            {
              'delivery starts before Pub/Sub may forward to the dead letter': filter(
                'depends_on',
                (one) => !String(one).startsWith(`${TOPIC}_iam_member`),
              ),
            },
          ),
        ),
        delivering(readyBeforeWork(PUSHED_AS, ...WRITES_AS)),
        promised(
          'retention',
          'never expire, and keep events for at least one day',
          (subscription) => is(subscription, 'expiration_policy.ttl', '') && amount(subscription, 'message_retention_duration') >= DAY,
          {
            'it expires without readers': set('expiration_policy'),
            'events are deleted after ten minutes': set('message_retention_duration', '600s'),
          },
        ),
        RETAINED,
        pushing(
          promised('known-callers', 'push with a token of its own invoker, with the function as audience', isAddressed, {
            'push requests have no token': set('push_config.oidc_token'),
            'the token has another audience': set('push_config.oidc_token.audience', 'https://example.com'),
          }),
        ),
        pushing(
          promised('answer-in-time', 'have an ack deadline that is at least the timeout of the function', waitsLongEnough, {
            'a slow call is retried while it runs': set('ack_deadline_seconds', 10),
          }),
        ),
        {
          ...promised(
            'order',
            'keep the order of events with the same key, if senders set a key',
            (subscription) => is(subscription, 'enable_message_ordering', true),
            { 'events with the same key are processed in any order': set('enable_message_ordering') },
          ),
          concerns: (subscription, stack) =>
            (pushes(subscription) || isPulled(subscription)) && subscription.refers('topic').some((topic) => isKeyed(topic, stack)),
        },
        ...WRITES_AS.map(
          (setting): Promised => ({
            ...promised(
              'own-identity',
              'write with a service account of the stack: with the Pub/Sub service agent, anyone who may create a subscription could write',
              (subscription) => subscription.refers(setting)[0]?.type === 'google_service_account',
              { 'Pub/Sub writes with its service agent': set(setting) },
            ),
            concerns: (subscription) => subscription.get(setting.split('.')[0]!).length > 0,
          }),
        ),
        {
          ...alertOn({
            what: 'a dead letter',
            must: 'have its own alert that fires at the first event',
            metric: 'subscription/num_undelivered_messages"',
            label: 'subscription_id',
            atMost: 0,
          }),
          concerns: isKeeper,
        },
        {
          ...alertOn({
            what: 'events that wait',
            must: 'have its own alert that fires when events wait for over an hour',
            metric: 'subscription/oldest_unacked_message_age"',
            label: 'subscription_id',
            atMost: HOUR,
          }),
          concerns: (subscription) => !isKeeper(subscription),
        },
        pushing(
          alertOn({
            what: 'calls that are refused',
            must: 'have its own alert that fires when calls are refused or get no answer',
            metric: 'metric.labels.response_class != "ack"',
            label: 'subscription_id',
            atMost: 0,
          }),
        ),
        {
          ...alertOn({
            what: 'events that are not acknowledged in time',
            must: 'have its own alert that fires when its reader lets deadlines expire',
            metric: 'subscription/expired_ack_deadlines_count"',
            label: 'subscription_id',
            atMost: 0,
          }),
          concerns: isPulled,
        },
      ],
      answered: {
        encrypted: 'Its topic sets the encryption of events.',
        private: 'Only members of roles can access a subscription. The check of least privilege reads the roles.',
        undelete: 'An acknowledged event can be read again from its topic until the retention ends.',
      },
      needs: subscriptionNeeds,
      apis: ['pubsub'],
      actsAs: [PUSHED_AS, ...WRITES_AS],
      effective: /^(\*|pubsub\.(\*|subscriptions))/,
      computed: { id: 'projects/acme-data/subscriptions/acme' },
      local: {
        name: 'emulated',
        project: 'emulated',
        topic: 'emulated',
        enable_message_ordering: 'emulated',
        filter: { notRun: 'a filter of a subscription is not emulated here: the sample events have no attributes.' },
        'bigquery_config.table': 'emulated',
        'bigquery_config.write_metadata': onlyValues(true),
        'bigquery_config.service_account_email': 'emulated',
        'cloud_storage_config.bucket': 'emulated',
        'cloud_storage_config.filename_prefix': 'emulated',
        'cloud_storage_config.filename_suffix': 'emulated',
        'cloud_storage_config.filename_datetime_format': 'emulated',
        'cloud_storage_config.max_duration': fileAge,
        'cloud_storage_config.max_bytes': within(1000, 10 * GIB),
        'cloud_storage_config.max_messages': within(1000, Number.MAX_SAFE_INTEGER),
        'cloud_storage_config.avro_config.write_metadata': onlyValues(true),
        'cloud_storage_config.service_account_email': 'emulated',
        ack_deadline_seconds: within(10, 600),
        'push_config.push_endpoint': 'emulated',
        'push_config.oidc_token.audience': 'emulated',
        'push_config.oidc_token.service_account_email': 'emulated',
        'dead_letter_policy.dead_letter_topic': 'emulated',
        'dead_letter_policy.max_delivery_attempts': within(5, 100),
        'retry_policy.minimum_backoff': seconds,
        'retry_policy.maximum_backoff': seconds,
        expiration_policy: 'no effect here',
        message_retention_duration: 'no effect here',
        labels: 'no effect here',
      },
    },
    [SCHEMA]: {
      name: 'schema of events',
      replacedBy: ['name', 'project'],
      role: 'helps',
      named: ['name', /^(?!goog)[a-zA-Z][\w.~+%-]{2,254}$/],
      promises: [
        promised(
          'retained',
          'not be deleted with the stack: a topic without its schema takes no event',
          (schema) => is(schema, 'lifecycle.prevent_destroy', true),
          { 'it is deleted with its stack': set('lifecycle') },
        ),
        promised(
          'contract',
          'have the attributes of an event, as JSON',
          (schema, stack) =>
            /\bmessage Event \{/.test(String(only(schema, 'definition'))) &&
            stack
              .of(TOPIC)
              .some((topic) => names(topic, 'schema_settings.schema', schema) && is(topic, 'schema_settings.encoding', 'JSON')),
          {
            'its topic takes only binary events': set('schema_settings.encoding', 'BINARY', topicsOf),
            'it is for other messages': set('definition', 'syntax = "proto3"; message Other { string name = 1; }'),
          },
        ),
      ],
      apis: ['pubsub'],
      effective: /^(\*|pubsub\.(\*|schemas\.))/,
      computed: { id: 'projects/acme-data/schemas/acme' },
      local: {
        name: 'no effect here',
        project: 'no effect here',
        type: 'no effect here',
        definition: { notRun: 'schemas of events are not checked here.' },
      },
    },
    google_pubsub_topic_iam_member: iamMember('a topic', ['pubsub']),
    google_pubsub_subscription_iam_member: iamMember('a subscription', ['pubsub']),
  },
  forbidden: replacers(TOPIC, SUBSCRIPTION),
  roles: {
    'roles/pubsub.admin': { permissions: ['pubsub.*'] },
    'roles/pubsub.editor': {
      permissions: [
        ...['attachSubscription', 'create', 'delete', 'detachSubscription', 'get', 'list', 'publish', 'update'].map(
          (verb) => `pubsub.topics.${verb}`,
        ),
        ...['consume', 'create', 'delete', 'get', 'list', 'update'].map((verb) => `pubsub.subscriptions.${verb}`),
      ],
    },
    'roles/pubsub.publisher': { permissions: ['pubsub.topics.publish'] },
    'roles/pubsub.viewer': {
      permissions: ['schemas', 'snapshots', 'subscriptions', 'topics'].flatMap((kind) =>
        ['get', 'list'].map((verb) => `pubsub.${kind}.${verb}`),
      ),
      surplus: 'Google has no role that shows one subscription and does nothing else. It shows no events.',
    },
    'roles/pubsub.subscriber': {
      permissions: ['pubsub.snapshots.seek', 'pubsub.subscriptions.consume', 'pubsub.topics.attachSubscription'],
    },
  },
  calls: {
    'google-auth-library GoogleAuth.request': ({ arguments: [options] }) =>
      requested(said.part(options, 'method'), said.part(options, 'url')),
    '@types/node fetch.fetch': ({ arguments: [url, options] }) => requested(said.part(options, 'method'), said.whole(url)),
  },
  // A trial process runs the same bundle with the same identity. Its calls are read from the bundle.
  harmless: [
    'child_process.fork',
    ...['ChildProcess.disconnect', 'ChildProcess.kill', 'ChildProcess.on', 'ChildProcess.send', 'ChildProcess.unref'],
    ...[
      'Control.ref',
      'Control.unref',
      'EventTarget.addEventListener',
      'MemoryUsageFn.rss',
      'Performance.now',
      'Process.exit',
      'Process.kill',
      'Process.on',
      'Process.send',
    ],
    ...['Session.connectToMainThread', 'Session.constructor', 'Session.post', 'Worker', 'Worker.on', 'Worker.unref'],
    'v8.getHeapStatistics',
  ].map((call) => `@types/node ${call}`),
};

/** Whether another service of Google publishes there. */
function isNotified(topic: Asked, stack: Stack): boolean {
  return stack
    .of('google_storage_notification', 'google_logging_project_sink')
    .some((one) => ['topic', 'destination'].some((setting) => names(one, setting, topic)));
}

/** Whether senders set an ordering key: the command of an output that sends, or a service of the stack. */
function isKeyed(topic: Asked, stack: Stack): boolean {
  const { output = {} } = (stack as TfStack).json;
  const keyed = (body: Value) => KEYED.test(JSON.stringify(body)) && references(body).includes(topic.id);
  return [...Object.values(output), ...stack.all.map(({ body }) => body)].some(keyed);
}

/** Whether only identities of the stack may publish there. */
function isFed(topic: Asked, seen: Seen): boolean {
  const publishers = seen.access.filter(({ may, on }) => may === 'roles/pubsub.publisher' && on === topic.name);
  return publishers.length > 0 && publishers.every(({ identity }) => identity !== 'client' && !identity.includes(':'));
}

/** Whether Pub/Sub itself delivers the events: by push, or into a store. */
function delivers(subscription: Asked): boolean {
  return pushes(subscription) || storeOf(subscription) !== undefined;
}

/** Whether a reader pulls its events, with a limit of retries. Its code is that of the reader. */
function isPulled(subscription: Asked): boolean {
  return !delivers(subscription) && subscription.get(DEAD_TOPIC).length > 0;
}

/** Whether events leave it for code or a store. */
function moves(subscription: Asked): boolean {
  return delivers(subscription) || isPulled(subscription);
}

function pushes(subscription: Asked): boolean {
  return subscription.get('push_config').length > 0;
}

function storeOf(subscription: Asked) {
  return STORES.find(({ config }) => subscription.get(config).length > 0);
}

function delivering(promise: Promised): Promised {
  return { ...promise, concerns: delivers };
}

/** A promise of subscriptions with retries. A dead-letter subscription has none, and an engine with a dead letter of its own neither. */
function limited(promise: Promised): Promised {
  return { ...promise, concerns: (subscription, stack) => !isKeeper(subscription) && !isOfEngine(subscription, stack) };
}

/** Whether events leave it: it delivers them, or a reader or an engine reads it. */
function isRead(subscription: Asked, stack: Stack): boolean {
  return moves(subscription) || isOfEngine(subscription, stack);
}

/** Whether Dataflow reads it, which acknowledges events before it has processed them, and keeps what failed itself. */
function isOfEngine(subscription: Asked, stack: Stack): boolean {
  const jobs = stack.of('google_dataflow_job', 'google_dataflow_flex_template_job');
  return jobs.some((job) => names(job, 'parameters.inputSubscription', subscription));
}

function pushing(promise: Promised): Promised {
  return { ...promise, concerns: pushes };
}

/** Whether a topic is a dead letter: it has no retention of its own, and no delivery. */
function isDead(topic: Asked, stack: Stack): boolean {
  return stack
    .of(SUBSCRIPTION)
    .some((subscription) => names(subscription, DEAD_TOPIC, topic) || (names(subscription, 'topic', topic) && isKeeper(subscription)));
}

/** Whether a subscription keeps dead letters: its topic has no retention, and nothing is delivered. */
function isKeeper(subscription: Asked): boolean {
  const [topic] = subscription.refers('topic');
  return topic !== undefined && !delivers(subscription) && topic.get('message_retention_duration').length === 0;
}

/** The subscriptions that keep the events of a topic for 31 days, and are not deleted with the stack. */
function keepers(topic: Asked, stack: Stack): readonly Asked[] {
  const isKept = (one: Asked) => amount(one, 'message_retention_duration') === 31 * DAY && is(one, 'lifecycle.prevent_destroy', true);
  return stack.of(SUBSCRIPTION).filter((one) => names(one, 'topic', topic) && !delivers(one) && isKept(one));
}

function hasSameTransit(dead: Asked, stack: Stack): boolean {
  const setting = 'message_storage_policy.enforce_in_transit';
  const sources = stack.of(SUBSCRIPTION).filter((one) => names(one, DEAD_TOPIC, dead));
  return sources.flatMap((one) => one.refers('topic')).every((topic) => only(topic, setting) === only(dead, setting));
}

function tellsOf(topic: Asked, stack: Stack): (string | undefined)[] {
  const keeper = stack.of(SUBSCRIPTION).find((one) => names(one, 'topic', topic) && isKeeper(one));
  const alert = keeper && stack.of('google_monitoring_alert_policy').find((policy) => policy.refers().some(({ id }) => id === keeper.id));
  return [
    'Pub/Sub',
    lasting(keeper ?? topic),
    said.kept(topic),
    keeper && is(keeper, 'expiration_policy.ttl', '') ? 'never expires' : undefined,
    alert && `alert above ${amount(alert, 'conditions.condition_threshold.threshold_value')}`,
  ];
}

function lasting(holder: Asked): string | undefined {
  const seconds = amount(holder, 'message_retention_duration');
  return seconds > 0 ? duration(seconds) : undefined;
}

/** The step from a client to a topic, with the role to send. A topic for another service of Google, or of the stack, may have no client. */
function opening(topic: Asked, seen: Seen): Step[] {
  const roles = seen.access.filter(({ identity, on }) => identity === 'client' && on === topic.name).map(({ may }) => may);
  if (roles.length === 0 && (isNotified(topic, seen) || isFed(topic, seen))) return [];
  const how = joined('POST :publish, Google account', ...roles);
  return [{ from: 'client', how, to: topic.stage, notes: seen.tell(topic), between: ['client', topic.id] }];
}

/** The step to a function or a store, or what its reader says of itself, and the step to the dead letter, which is shown once for all subscriptions of a topic. */
function delivery(subscription: Asked, seen: Seen): Step[] {
  const [topic] = subscription.refers('topic');
  const from = topic?.stage ?? 'an existing topic';
  const store = storeOf(subscription);
  // The reference to a table has its dataset first.
  const to = subscription.refers(store ? `${store.config}.${store.store}` : 'push_config.push_endpoint').at(-1);
  const [dead] = subscription.refers(DEAD_TOPIC);
  const first = seen.of(SUBSCRIPTION).find((one) => names(one, DEAD_TOPIC, dead) && one.refers('topic')[0]?.id === topic?.id);
  const leadingTo = (next: Asked, how: string): Step => {
    return { from, how, to: receiverOf(next), notes: seen.tell(next), between: [topic?.id ?? from, next.id] };
  };
  return [
    ...(to ? [leadingTo(to, howOf(subscription))] : []),
    ...(dead && first?.id === subscription.id ? [leadingTo(dead, 'after the last retry')] : []),
  ];
}

function howOf(subscription: Asked): string {
  const how = pushes(subscription) ? (subscription.get('push_config.oidc_token').length > 0 ? 'push with OIDC' : 'push') : 'without code';
  return wayOf(subscription, how, filesOf(subscription));
}

/** When Pub/Sub closes a file. */
function filesOf(subscription: Asked): string | undefined {
  const time = amount(subscription, 'cloud_storage_config.max_duration');
  const bytes = amount(subscription, 'cloud_storage_config.max_bytes');
  const bounds = [...(time > 0 ? [duration(time)] : []), ...(bytes > 0 ? [`${bytes / 1024 ** 2} MiB`] : [])];
  return bounds.length > 0 ? `files of ${bounds.join(' or ')}` : undefined;
}

function hasLimitedRetries(subscription: Asked): boolean {
  const attempts = amount(subscription, 'dead_letter_policy.max_delivery_attempts');
  return (
    subscription.refers(DEAD_TOPIC).length === 1 &&
    attempts >= 5 &&
    attempts <= 100 &&
    amount(subscription, 'retry_policy.minimum_backoff') >= 1
  );
}

/** Whether Pub/Sub has its permissions, and the dead letter has a subscription, before the first event is delivered. */
function isReady(subscription: Asked, stack: Stack): boolean {
  const earlier = subscription.before();
  const [dead] = subscription.refers(DEAD_TOPIC);
  if (!dead) return false;
  const accounts = [PUSHED_AS, ...WRITES_AS].flatMap((setting) => subscription.refers(setting));
  const grantsOn = (resource: Asked) =>
    grantsIn(stack).filter((grant) => isAgent(grant.refers('member')[0]) && grant.refers().some(({ id }) => id === resource.id));
  const isGranted = (resource: Asked) => {
    const grants = grantsOn(resource);
    return grants.length > 0 && grants.every(({ id }) => earlier.has(id));
  };
  const isKept = stack.of(SUBSCRIPTION).some((one) => names(one, 'topic', dead) && earlier.has(one.id));
  return isKept && [dead, ...accounts].every(isGranted);
}

function isAddressed(subscription: Asked): boolean {
  const [called] = subscription.refers('push_config.push_endpoint');
  const [audience] = subscription.refers('push_config.oidc_token.audience');
  const [invoker] = subscription.refers(PUSHED_AS);
  return called !== undefined && audience?.id === called.id && invoker?.type === 'google_service_account';
}

function waitsLongEnough(subscription: Asked): boolean {
  const deadline = amount(subscription, 'ack_deadline_seconds');
  const timeLimit = (called: Asked) => Math.max(...TIME_LIMITS.map((setting) => amountOr(called, setting, 0)));
  return subscription.refers('push_config.push_endpoint').every((called) => timeLimit(called) > 0 && deadline >= timeLimit(called));
}

function topicNeeds(topic: Asked, stack: Stack): Needed[] {
  const urls = Object.entries((stack as TfStack).json.output ?? {}).filter(([name]) => /(^|_)events_url$/.test(name));
  const isOpen = urls.some(([, { value }]) => references(value).includes(topic.id));
  return [
    ...(isOpen ? [{ who: 'client', may: 'pubsub.topics.publish', on: `\${${topic.id}}`, because: 'clients send' }] : []),
    ...(isDead(topic, stack) && stack.of(SUBSCRIPTION).every((one) => !names(one, DEAD_TOPIC, topic))
      ? [
          {
            who: agentOf(stack),
            may: 'pubsub.topics.publish',
            on: `\${${topic.id}}`,
            because: 'the next subscription forwards events there',
          },
        ]
      : []),
    ...keyNeeds(topic, 'kms_key_name', agentOf(stack), 'Pub/Sub encrypts and decrypts events with it'),
  ];
}

function subscriptionNeeds(subscription: Asked, stack: Stack): Needed[] {
  const who = agentOf(stack);
  const dead = idOf(subscription, DEAD_TOPIC);
  const caller = idOf(subscription, PUSHED_AS);
  const called = idOf(subscription, 'push_config.push_endpoint');
  return [
    // https://cloud.google.com/run/docs/triggering/pubsub-push
    ...(caller && called
      ? [{ who: caller, may: 'run.routes.invoke', on: `\${${called}}`, because: 'Pub/Sub calls the function with it' }]
      : []),
    // https://cloud.google.com/pubsub/docs/authenticate-push-subscriptions
    ...(caller ? [{ who, may: 'iam.serviceAccounts.getOpenIdToken', on: `\${${caller}}`, because: 'Pub/Sub creates its tokens' }] : []),
    // https://cloud.google.com/pubsub/docs/handling-failures#grant_forwarding_permissions
    ...(dead
      ? [
          { who, may: 'pubsub.topics.publish', on: `\${${dead}}`, because: 'Pub/Sub forwards events there after the last retry' },
          {
            who,
            may: 'pubsub.subscriptions.consume',
            on: `\${${subscription.id}}`,
            because: 'Pub/Sub acknowledges events that it has forwarded',
          },
        ]
      : []),
    ...STORES.flatMap(({ config, store, takes }): Needed[] => {
      const [on] = subscription.get(`${config}.${store}`);
      if (on === undefined) return [];
      const writer = idOf(subscription, `${config}.service_account_email`);
      return [
        // https://cloud.google.com/pubsub/docs/create-cloudstorage-subscription#assign_service_account_roles
        ...(writer ? [{ who, may: 'iam.serviceAccounts.getAccessToken', on: `\${${writer}}`, because: 'Pub/Sub writes with it' }] : []),
        ...takes.map((may) => ({ who: writer ?? who, may, on: String(on), because: 'Pub/Sub writes events there' })),
      ];
    }),
  ];
}

function agentOf(stack: Stack): string {
  return stack.all.find(isAgent)?.id ?? 'the Pub/Sub service agent of the project';
}

function isAgent(resource: Asked | undefined): boolean {
  return resource?.type === 'google_project_service_identity' && is(resource, 'service', 'pubsub.googleapis.com');
}

/** A request that a handler sends without a client library: https://cloud.google.com/pubsub/docs/access-control#required_permissions. */
function requested(method: string, address: string): readonly Ask[] | undefined {
  const [, on, verb = ''] = /^https?:\/\/[^/]+\/v1\/(.+):(\w+)$/.exec(address) ?? [];
  const may = REQUESTS[verb];
  return method === 'POST' && on && may ? [{ may, on, address }] : undefined;
}

/** A pause such as `10s`. */
function seconds(value: unknown): string | undefined {
  return /^\d+(\.\d+)?s$/.test(String(value)) ? undefined : `it must look like 10s, got ${JSON.stringify(value)}.`;
}

/** Whether each transform is a function in JavaScript. Pub/Sub has others. */
function onlyFunctions(value: unknown): string | undefined {
  const known = ['javascript_udf', 'disabled'];
  const unknown = [value].flat().flatMap((one) => Object.keys(Object(one)).filter((kind) => !known.includes(kind)));
  return unknown.length > 0 ? `only javascript_udf is emulated here, got ${unknown[0]}.` : undefined;
}

/** How long a file may be open: Pub/Sub takes 60 to 600 seconds. */
function fileAge(value: unknown): string | undefined {
  const age = Number(/^(\d+)s$/.exec(String(value))?.[1]);
  return age >= 60 && age <= 600 ? undefined : `it must be 60s to 600s, got ${JSON.stringify(value)}.`;
}

/** At least 1,000 bytes of each request are billed. */
const counted1kB = ({ events, size }: Load) => events * MONTH * Math.max(size, 1000);

function topicCosts(topic: Asked, load: Load): Cost[] {
  return [
    {
      what: 'events published, at least 1 kB each',
      price: 'pubSubThroughput',
      units: counted1kB(load) / TIB,
      lower: 'For events smaller than 1 kB, publish several in one request.',
    },
    {
      what: 'events stored by the topic',
      price: 'pubSubKept',
      units: (load.events * load.size * amountOr(topic, 'message_retention_duration', 0)) / GIB,
      lower: 'A lower `retentionDays` of the buffer.',
    },
  ];
}

function subscriptionCosts(subscription: Asked, load: Load): Cost[] {
  if (isPulled(subscription)) {
    return [
      {
        what: 'events pulled, at least 1 kB for each request',
        price: 'pubSubThroughput',
        units: counted1kB(load) / TIB,
        lower: 'Fewer readers on one buffer: each receives every event.',
      },
    ];
  }
  return pushes(subscription)
    ? [
        {
          what: 'events pushed, at least 1 kB each',
          price: 'pubSubThroughput',
          units: counted1kB(load) / TIB,
          lower: 'Fewer processors on one buffer: each receives every event.',
        },
      ]
    : [
        {
          what: 'events written into a store without code',
          price: 'pubSubDirect',
          units: counted1kB(load) / TIB,
          lower: 'Fewer `deliverInto` on one buffer: each writes every event.',
        },
      ];
}

/** Each push is one call and one write, and each event that is pulled is one write. Without code, Pub/Sub closes a file when it is full, or after its time. */
function brings(subscription: Asked, { events, size }: Load): Brought {
  if (pushes(subscription)) return { calls: events, writes: events, packed: PACKED.alone };
  if (isPulled(subscription)) return { calls: 0, writes: events, packed: PACKED.alone };
  if (subscription.get('cloud_storage_config').length === 0) return { calls: 0, writes: events, packed: 1 };
  const records = Math.max(1, amountOr(subscription, 'cloud_storage_config.max_bytes', GIB) / size);
  const window = amountOr(subscription, 'cloud_storage_config.max_duration', 300);
  return { calls: 0, writes: batches(events, { records, window, parts: 1 }), packed: 1 };
}
