import type { Model } from './model';
import { type Asked, amount, asked, is, type Rule } from './rule';

const FUNCTION = 'google_cloudfunctions2_function';
const SUBSCRIPTION = 'google_pubsub_subscription';
const TOPIC = 'google_pubsub_topic';
const DAY = 24 * 3600;

/** What checkov does not hold on GCP: of functions it knows their doors alone, and of Pub/Sub the keys alone. */
export const GCP: readonly Rule[] = [
  {
    id: 'public-member',
    types: ['iam_member', 'iam_binding'],
    must: 'name somebody: these are the public',
    holds: ({ body }) =>
      !/allUsers|allAuthenticatedUsers/.test(JSON.stringify([body.member ?? '', body.members ?? '', body.for_each ?? ''])),
  },
  {
    id: 'public-member',
    types: ['iam_member'],
    must: 'refuse the public where members are asked for',
    holds: ({ address }, { json, referrers }) =>
      (referrers.find((one) => one.address === address)?.uses ?? [])
        .filter(({ at, steps }) => at === 'for_each' && steps[0] === 'var')
        .every(({ steps }) => /allUsers.*allAuthenticatedUsers/.test(JSON.stringify(json.variable?.[steps[1]!]?.validation ?? ''))),
  },
  {
    id: 'narrow-role',
    types: ['google_project_iam_member'],
    must: 'stand on the thing itself: on the whole project only for logs, and under a condition for code',
    holds: (grant) =>
      is(grant, 'role', 'roles/logging.logWriter') ||
      (is(grant, 'role', 'roles/storage.objectViewer') && grant.get('condition.expression').length === 1),
  },
  {
    id: 'narrow-role',
    types: ['iam_member'],
    must: 'be neither a basic role nor that of an administrator or of a service agent',
    holds: (grant) =>
      grant.get('role').every((role) => !/^roles\/(owner|editor|viewer)$|admin$|serviceAgent$|builds\.builder$/i.test(String(role))),
  },
  {
    id: 'narrow-role',
    types: ['iam_binding', 'iam_policy'],
    must: 'not be there: it takes away what others were given',
    holds: () => false,
  },
  {
    id: 'no-keys',
    types: ['google_service_account_key', 'google_storage_hmac_key'],
    must: 'not be there: it makes a key',
    holds: () => false,
  },
  {
    id: 'closed-door',
    types: [FUNCTION],
    must: 'take calls from inside the project alone',
    holds: (fn) => is(fn, 'service_config.ingress_settings', 'ALLOW_INTERNAL_ONLY'),
  },
  {
    id: 'own-identity',
    types: [FUNCTION],
    must: 'run as one service account of the stack, and be built by another',
    holds: (fn, { refers }) => {
      const [runsAs] = refers(fn.address, 'service_config.service_account_email');
      const [builtBy] = refers(fn.address, 'build_config.service_account');
      return [runsAs, builtBy].every((account) => account?.type === 'google_service_account') && runsAs !== builtBy;
    },
  },
  {
    id: 'bounded-instances',
    types: [FUNCTION],
    must: 'say how many instances run at most, and keep none when there is nothing to do',
    holds: (fn) => amount(fn, 'service_config.max_instance_count') >= 1 && is(fn, 'service_config.min_instance_count', 0),
  },
  {
    id: 'push-with-oidc',
    types: [SUBSCRIPTION],
    must: 'push with a token of its own invoker, made for the function that it calls',
    holds: (subscription, { refers }) => {
      if (subscription.get('push_config').length === 0) return true;
      const at = (setting: string) => refers(subscription.address, `push_config.${setting}`);
      const [called] = at('push_endpoint');
      const [invoker] = at('oidc_token.service_account_email');
      return called?.type === FUNCTION && at('oidc_token.audience')[0] === called && invoker?.type === 'google_service_account';
    },
  },
  {
    id: 'bounded-retries',
    types: [SUBSCRIPTION],
    must: 'give an event up in the end, into a dead letter, and pause between tries',
    holds: (subscription, { refers }) =>
      subscription.get('push_config').length === 0 ||
      (refers(subscription.address, 'dead_letter_policy.dead_letter_topic').length === 1 &&
        amount(subscription, 'dead_letter_policy.max_delivery_attempts') >= 5 &&
        amount(subscription, 'dead_letter_policy.max_delivery_attempts') <= 100 &&
        amount(subscription, 'retry_policy.minimum_backoff') >= 1),
  },
  {
    id: 'answer-in-time',
    types: [SUBSCRIPTION],
    must: 'wait for an answer as long as the function may take',
    holds: (subscription, model) =>
      model
        .refers(subscription.address, 'push_config.push_endpoint')
        .every((fn) => amount(subscription, 'ack_deadline_seconds') >= amount(asked(fn), 'service_config.timeout_seconds')),
  },
  {
    id: 'kept',
    types: [SUBSCRIPTION],
    must: 'never expire, and keep events for a day at least',
    holds: (subscription) => is(subscription, 'expiration_policy.ttl', '') && amount(subscription, 'message_retention_duration') >= DAY,
  },
  {
    id: 'kept',
    types: [TOPIC],
    must: 'keep its events, or have a subscription that keeps a dead letter for 31 days',
    holds: (topic, model) => amount(topic, 'message_retention_duration') >= DAY || keepers(topic, model).length > 0,
  },
  {
    id: 'in-its-region',
    types: [TOPIC],
    must: 'say in which regions events may lie',
    holds: (topic) => topic.get('message_storage_policy.allowed_persistence_regions').length === 1,
  },
  {
    id: 'retained',
    types: [TOPIC, 'google_bigquery_dataset'],
    must: 'not be destroyed with its stack, since it holds data',
    holds: (holder) => is(holder, 'lifecycle.prevent_destroy', true) && !is(holder, 'delete_contents_on_destroy', true),
  },
  {
    id: 'retained',
    types: ['google_bigquery_table'],
    must: 'be protected from deletion, twice where it holds rows',
    holds: (table) =>
      is(table, 'deletion_protection', true) && (table.get('view').length === 1 || is(table, 'lifecycle.prevent_destroy', true)),
  },
  {
    id: 'private',
    types: ['google_storage_bucket'],
    must: 'never be public',
    holds: (bucket) => is(bucket, 'public_access_prevention', 'enforced') && is(bucket, 'uniform_bucket_level_access', true),
  },
];

/** The subscriptions that keep what comes to a topic until somebody reads it. */
function keepers(topic: Asked, { blocks, refers }: Model): Asked[] {
  return [...blocks.values()]
    .filter(({ address, type }) => type === SUBSCRIPTION && refers(address, 'topic').some((one) => one.address === topic.address))
    .map(asked)
    .filter(
      (subscription) =>
        subscription.get('push_config').length === 0 &&
        amount(subscription, 'message_retention_duration') === 31 * DAY &&
        is(subscription, 'lifecycle.prevent_destroy', true),
    );
}
