import { PubsubSubscription, type PubsubSubscriptionConfig } from '@cdktf/provider-google/lib/pubsub-subscription';
import { PubsubSubscriptionIamMember } from '@cdktf/provider-google/lib/pubsub-subscription-iam-member';
import type { TerraformResourceLifecycle } from 'cdktf';
import type { Construct, IConstruct } from 'constructs';
import { requireNumber, requireText, type TextRule } from '../../../shared/synth/settings';
import { fixAddress, requireUnique } from '../../foundation/names';
import type { Delivery } from '../../ports/delivery';
import type { Workload } from '../../ports/identity';
import type { Site } from '../../ports/site';
import type { DeadLetterTopic } from './dead-letter-topic';
import { alertOnLate, alertOnRefused } from './subscription-alerts';

const READER: TextRule = {
  pattern: /^[a-z0-9][a-z0-9-]{0,39}$/,
  must: 'be 1 to 40 lower-case letters, digits and hyphens',
  remedy: 'Its subscription is named after it.',
};

/** What all subscriptions of a topic have in common. */
export interface SubscribedTopic {
  readonly site: Site;
  /** What its subscriptions are named after, without the prefix. */
  readonly name: string;
  /** The id of the topic. */
  readonly id: string;
  /** How long an event waits that nobody has taken. */
  readonly retentionSeconds: number;
  /** Where what is given up goes. */
  readonly deadLetter: DeadLetterTopic;
  /** What guards the events that wait. */
  readonly lifecycle?: TerraformResourceLifecycle;
  /** The ids of the notification channels that hear an alert. */
  readonly notify: readonly string[];
}

/**
 * A subscription for one workload, in its scope. It never expires, gives up in the end, and an alert watches how long events wait in it.
 * What waits in it is nowhere else, so its name is made of the names that the user chose.
 * @param ending the end of its name: `to-func`
 */
export function subscribe(
  scope: Construct,
  id: string,
  { site, name, id: topic, retentionSeconds, deadLetter, lifecycle, notify }: SubscribedTopic,
  ending: string,
  config: Partial<PubsubSubscriptionConfig> & Pick<PubsubSubscriptionConfig, 'deadLetterPolicy'>,
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
  fixAddress(subscription, `${name}-${ending}`);
  const grant = { project, subscription: subscription.id, role: 'roles/pubsub.subscriber', member };
  fixAddress(new PubsubSubscriptionIamMember(scope, `${id}Forwarder`, grant), `${name}-${ending}-forwarder`);
  const heard = { project, subscription, notify };
  const isWritten = config.bigqueryConfig ?? config.cloudStorageConfig;
  alertOnLate(scope, `${id}Late`, heard, isWritten ? 'Pub/Sub cannot write them into their store' : 'their reader is down or too slow');
  if (config.pushConfig) alertOnRefused(scope, `${id}Refused`, heard);
  return subscription;
}

/**
 * What a subscription of a reader is named after.
 * @throws SettingError where a subscription is named after it already
 */
export function endingFor({ site, name }: SubscribedTopic, reader: Workload): string {
  requireText(reader, { 'the name of a reader': reader.name }, READER);
  requireUnique(reader, [site.project, site.prefix, name], 'reader of a buffer', reader.name, 'Its subscription is named after it.');
  return `to-${reader.name}`;
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
