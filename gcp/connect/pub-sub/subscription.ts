import { PubsubSubscription, type PubsubSubscriptionConfig } from '@cdktf/provider-google/lib/pubsub-subscription';
import { PubsubSubscriptionIamMember } from '@cdktf/provider-google/lib/pubsub-subscription-iam-member';
import type { TerraformResourceLifecycle } from 'cdktf';
import type { Construct, IConstruct } from 'constructs';
import { keepAddress, takeName } from '../../../shared/synth/kept-name';
import { requireAbsent, requireNumber, requireOneOf, requireText, type TextRule } from '../../../shared/synth/settings';
import type { Delivery } from '../../ports/delivery';
import type { Binding, Workload } from '../../ports/identity';
import type { Reading } from '../../ports/records';
import type { Site } from '../../ports/site';
import type { DeadLetterTopic } from './dead-letter-topic';
import { requireFilter } from './filter';
import { alertOnExpired, alertOnLate, alertOnRefused } from './subscription-alerts';

const READER: TextRule = {
  pattern: /^[a-z0-9][a-z0-9-]{0,39}$/,
  must: 'be 1 to 40 lower-case letters, digits and hyphens',
  remedy: 'Its subscription has the same name.',
};

/** What all subscriptions of a topic have in common. */
export interface SubscribedTopic {
  readonly site: Site;
  /** The name of the buffer, which the names of its subscriptions contain, without the prefix. */
  readonly name: string;
  /** The id of the topic. */
  readonly id: string;
  /** How long a subscription keeps an event that is not acknowledged. */
  readonly retentionSeconds: number;
  /** Whether its readers get events with the same key in order. */
  readonly ordered: boolean;
  /** Where events go after the last retry. */
  readonly deadLetter: DeadLetterTopic;
  /** What protects the waiting events from deletion. */
  readonly lifecycle?: TerraformResourceLifecycle;
  /** The ids of the notification channels that an alert notifies. */
  readonly notify: readonly string[];
}

/**
 * Create a subscription for one workload, in its scope. It never expires, and has an alert on the age of waiting events.
 * Waiting events are stored nowhere else, so its name is built only from names that the user sets.
 * @param ending the end of its name, such as `to-func`
 */
export function subscribe(
  scope: Construct,
  id: string,
  { site, name, id: topic, retentionSeconds, deadLetter, lifecycle, notify }: SubscribedTopic,
  ending: string,
  config: Partial<PubsubSubscriptionConfig>,
): PubsubSubscription {
  const { project, pubSubAgent: member } = site;
  const subscription = new PubsubSubscription(scope, id, {
    ...config,
    project,
    topic,
    name: `${site.prefix}-${name}-${ending}`,
    messageRetentionDuration: `${retentionSeconds}s`,
    expirationPolicy: { ttl: '' },
    dependsOn: [...deadLetter.ready, ...(config.dependsOn ?? [])],
    lifecycle,
  });
  keepAddress(subscription, `${name}-${ending}`);
  if (config.deadLetterPolicy) {
    const grant = { project, subscription: subscription.id, role: 'roles/pubsub.subscriber', member };
    keepAddress(new PubsubSubscriptionIamMember(scope, `${id}Forwarder`, grant), `${name}-${ending}-forwarder`);
  }
  const target = { project, subscription, notify };
  const isWritten = config.bigqueryConfig ?? config.cloudStorageConfig;
  alertOnLate(scope, `${id}Late`, target, isWritten ? 'Pub/Sub cannot write them into their store' : 'their reader is down or too slow');
  if (config.pushConfig) alertOnRefused(scope, `${id}Refused`, target);
  if (!config.pushConfig && !isWritten && config.deadLetterPolicy) alertOnExpired(scope, `${id}Expired`, target);
  return subscription;
}

/**
 * Let `reader` pull from a subscription of its own, and nothing else. A record that it holds for over a minute comes again. With a limit of
 * retries, it is told which delivery is the last. It is told of order only if there is one.
 */
export function bindSubscriber(
  reader: Workload,
  name: string,
  { subscribed, policies, endpoint }: { subscribed: SubscribedTopic; policies: Partial<PubsubSubscriptionConfig>; endpoint: string },
): Binding {
  const ending = endingFor(subscribed, reader);
  const subscription = subscribe(reader, `${name}Subscription`, subscribed, ending, { ...policies, ackDeadlineSeconds: 60 });
  const { member, forEach } = reader;
  const grant = { project: subscribed.site.project, subscription: subscription.id, role: 'roles/pubsub.subscriber', member, forEach };
  const last = policies.deadLetterPolicy?.maxDeliveryAttempts;
  return {
    settings: {
      [`${name}_SUBSCRIPTION`]: subscription.id,
      [`${name}_ENDPOINT`]: endpoint,
      ...(last !== undefined && { [`${name}_ATTEMPTS`]: String(last) }),
      ...(policies.enableMessageOrdering && { [`${name}_ORDERED`]: 'true' }),
    },
    waitFor: [new PubsubSubscriptionIamMember(reader, `${name}Reader`, grant)],
  };
}

/**
 * The end of the name of a subscription for a reader.
 * @throws SettingError if the name of the reader is not valid, or if another reader of the buffer has the same name
 */
export function endingFor({ site, name }: SubscribedTopic, reader: Workload): string {
  requireText(reader, { 'the name of a reader': reader.name }, READER);
  takeName(reader, 'reader of a buffer', reader.name, [site.project, site.prefix, name], 'Its subscription has the same name.');
  return `to-${reader.name}`;
}

/**
 * Which events Pub/Sub delivers, how often and how fast it retries one, and where it goes after the last retry.
 * @throws SettingError
 */
export function policiesOf(scope: IConstruct, deadLetter: DeadLetterTopic, delivery: Delivery = {}) {
  const { maxRetries = 9, minBackoffSeconds = 10, maxBackoffSeconds: longest = 600, filter } = delivery;
  if (filter !== undefined) requireFilter(scope, filter);
  requireNumber(scope, { maxRetries }, { from: 4, to: 99, unit: 'retries', remedy: 'Pub/Sub accepts no other number.' }, 'known');
  requireNumber(
    scope,
    { maxBackoffSeconds: longest },
    { from: 0, to: 600, unit: 'seconds', remedy: 'Pub/Sub allows no longer pause.' },
    'known',
  );
  requireNumber(
    scope,
    { minBackoffSeconds },
    { from: 0, to: longest, unit: 'seconds', remedy: 'It must not be above maxBackoffSeconds.' },
    'known',
  );
  return {
    filter,
    deadLetterPolicy: { deadLetterTopic: deadLetter.topic.id, maxDeliveryAttempts: maxRetries + 1 },
    retryPolicy: { minimumBackoff: `${minBackoffSeconds}s`, maximumBackoff: `${longest}s` },
  };
}

/**
 * The same for a reader, which can have no limit of its retries, and no order then: its engine acknowledges events before it has
 * processed them.
 * @throws SettingError
 */
export function readerPolicies(
  scope: IConstruct,
  subscribed: SubscribedTopic,
  { unlimitedRetries = false, ...delivery }: Reading = {},
): Partial<PubsubSubscriptionConfig> {
  requireOneOf(scope, { unlimitedRetries }, [true, false], 'Leave it out to limit the retries.');
  if (!unlimitedRetries) return { ...policiesOf(scope, subscribed.deadLetter, delivery), ...inOrder(subscribed) };
  const { filter, ...retries } = delivery;
  requireAbsent(scope, 'unlimitedRetries', retries);
  if (filter !== undefined) requireFilter(scope, filter);
  return { filter };
}

/** The order of a subscription. Pub/Sub cannot change it later. */
export function inOrder({ ordered }: SubscribedTopic): Pick<PubsubSubscriptionConfig, 'enableMessageOrdering'> {
  return ordered ? { enableMessageOrdering: true } : {};
}
