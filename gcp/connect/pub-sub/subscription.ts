import { PubsubSubscription, type PubsubSubscriptionConfig } from '@cdktf/provider-google/lib/pubsub-subscription';
import { PubsubSubscriptionIamMember } from '@cdktf/provider-google/lib/pubsub-subscription-iam-member';
import { TerraformStack } from 'cdktf';
import type { Construct, IConstruct } from 'constructs';
import { requireNumber } from '../../../shared/synth/settings';
import type { Delivery } from '../../ports/delivery';
import type { Site } from '../../ports/site';
import type { DeadLetterTopic } from './dead-letter-topic';
import { SubscriptionAlert } from './subscription-alert';

/** What all subscriptions of a topic have in common. */
export interface SubscribedTopic {
  readonly site: Site;
  /** The start of the names of its subscriptions. */
  readonly name: string;
  /** The id of the topic. */
  readonly id: string;
  /** How long an event waits that nobody has taken. */
  readonly retentionSeconds: number;
  /** The ids of the notification channels that hear an alert. */
  readonly notify: readonly string[];
}

/** A subscription for one workload, in its scope. It never expires, and an alert watches how long events wait in it. */
export function subscribe(
  scope: Construct,
  id: string,
  { site, name, id: topic, retentionSeconds, notify }: SubscribedTopic,
  config: Partial<PubsubSubscriptionConfig>,
): PubsubSubscription {
  const { project, pubSubAgent } = site;
  const subscription = new PubsubSubscription(scope, id, {
    name: `${name}-${TerraformStack.of(scope).getLogicalId(scope.node).toLowerCase()}`,
    ...config,
    project,
    topic,
    messageRetentionDuration: `${retentionSeconds}s`,
    expirationPolicy: { ttl: '' },
  });
  const grant = { project, subscription: subscription.name, role: 'roles/pubsub.subscriber', member: pubSubAgent };
  if (config.deadLetterPolicy) new PubsubSubscriptionIamMember(scope, `${id}Forwarder`, grant);
  const cause =
    config.bigqueryConfig || config.cloudStorageConfig ? 'Pub/Sub cannot write them into their store' : 'their reader is down or too slow';
  new SubscriptionAlert(scope, `${id}Late`, {
    project,
    subscription,
    metric: 'oldest_unacked_message_age',
    threshold: 3600,
    meaning: `Events have waited for an hour: ${cause}.`,
    notify,
  });
  return subscription;
}

/**
 * How often and how fast Pub/Sub tries an event, and where it goes after the last try.
 * @throws SettingError
 */
export function retries(scope: IConstruct, deadLetter: DeadLetterTopic, delivery: Delivery = {}) {
  const { maxRetries = 9, minBackoffSeconds = 10, maxBackoffSeconds: longest = 600 } = delivery;
  requireNumber(scope, { maxRetries }, { from: 4, to: 99, unit: 'retries', remedy: 'Pub/Sub takes no other number.' }, 'known');
  requireNumber(scope, { maxBackoffSeconds: longest }, { from: 0, to: 600, unit: 'seconds', remedy: 'No pause is longer.' }, 'known');
  requireNumber(scope, { minBackoffSeconds }, { from: 0, to: longest, unit: 'seconds', remedy: 'A pause only grows.' }, 'known');
  return {
    deadLetterPolicy: { deadLetterTopic: deadLetter.topic.id, maxDeliveryAttempts: maxRetries + 1 },
    retryPolicy: { minimumBackoff: `${minBackoffSeconds}s`, maximumBackoff: `${longest}s` },
  };
}
