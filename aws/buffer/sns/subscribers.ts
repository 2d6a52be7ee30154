import { Stack } from 'aws-cdk-lib';
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { CfnSubscription, type ITopic } from 'aws-cdk-lib/aws-sns';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import { requireText, SettingError, type TextRule } from '../../../shared/synth/settings';
import { type EventPattern, requirePattern } from '../../foundation/event-pattern';
import { type QueueTimes, requireQueueTimes, WorkQueue, type WorkQueueProps } from '../../foundation/queue/work-queue';

/** The number of subscribers of one topic that have a filter, and a limit of ours for the others. */
const MOST = 100;
const MOST_FIELDS = 5;
const MOST_COMBINATIONS = 150;

const NAME: TextRule = {
  pattern: /^(?!Topic$)(?!\w*Alarm$)[A-Z][A-Za-z0-9]{0,63}$/,
  must: 'have names of letters and digits, a capital letter first, and not Topic or an Alarm',
  remedy: "Write them like { Archive: {}, Alerts: { filter: { type: ['alert'] } } }.",
};

/** What a subscriber can set. */
interface Subscriber extends QueueTimes {
  readonly filter?: EventPattern;
}

type Subscribers = Readonly<Record<string, Subscriber>>;

/**
 * Refuse no subscriber, because a topic keeps nothing, and settings that SNS, SQS or Lambda do not allow.
 * @throws SettingError
 */
export function requireSubscribers(buffer: Construct, subscribers: Subscribers) {
  const isMap = typeof subscribers === 'object' && subscribers !== null && !Array.isArray(subscribers);
  const names = isMap ? Object.keys(subscribers) : [];
  if (names.length < 1 || names.length > MOST) {
    const got = isMap ? `${names.length}` : Array.isArray(subscribers) ? 'a list' : `${subscribers}`;
    throw new SettingError(
      buffer,
      `subscribers must be 1 to ${MOST} subscribers by name`,
      got,
      'A topic keeps no event: its subscribers do.',
    );
  }
  for (const [name, subscriber] of Object.entries(subscribers)) {
    requireText(buffer, { subscribers: name }, NAME);
    if (typeof subscriber !== 'object' || subscriber === null || Array.isArray(subscriber)) {
      throw new SettingError(
        buffer,
        `subscribers.${name} must be an object`,
        `${subscriber}`,
        'Write {} for a subscriber that gets every event.',
      );
    }
    requireQueueTimes(buffer, subscriber, `subscribers.${name}.`);
    requireFilter(buffer, `subscribers.${name}.filter`, subscriber.filter);
  }
}

/** https://docs.aws.amazon.com/sns/latest/dg/subscription-filter-policy-constraints.html */
function requireFilter(buffer: Construct, setting: string, filter?: EventPattern) {
  const lists = requirePattern(buffer, { [setting]: filter });
  const combinations = lists.reduce((product, list) => product * list.length, 1);
  if (lists.length <= MOST_FIELDS && combinations <= MOST_COMBINATIONS) return;
  throw new SettingError(
    buffer,
    `${setting} must have at most ${MOST_FIELDS} fields and ${MOST_COMBINATIONS} combinations of values`,
    `${lists.length} fields and ${combinations} combinations`,
    'SNS allows no more: filter by fewer fields, and drop the rest in the transform.',
  );
}

/**
 * A queue for each subscriber, and its subscription. What SNS cannot deliver goes to the dead letter of the queue, so that there is
 * one place to look for each subscriber.
 */
export function subscribe(
  buffer: Construct,
  topic: ITopic,
  subscribers: Subscribers,
  shared: Pick<WorkQueueProps, 'encryptionKey' | 'removal'>,
): Readonly<Record<string, WorkQueue>> {
  const isDeadLetterApart = !allowKey(buffer, shared);
  const queues = Object.entries(subscribers).map(([name, { filter, ...times }]) => {
    const own = new WorkQueue(buffer, name, { ...times, ...shared, isDeadLetterApart });
    const waitFor = [own.queue, own.deadLetterQueue].map((queue) => allowSns(queue, topic));
    const subscription = new CfnSubscription(own, 'Subscription', {
      topicArn: topic.topicArn,
      protocol: 'sqs',
      endpoint: own.queue.queueArn,
      // Otherwise the event is in an envelope of SNS, and is not the event that was sent.
      rawMessageDelivery: true,
      filterPolicy: filter,
      // Also without a filter, because a filter can be removed later, and the scope cannot.
      filterPolicyScope: 'MessageBody',
      redrivePolicy: { deadLetterTargetArn: own.deadLetterQueue.queueArn },
    });
    subscription.node.addDependency(...waitFor);
    return [name, own] as const;
  });
  return Object.fromEntries(queues);
}

/** Allow SNS to send to a queue, for this topic only. @returns the policy, without which SNS cannot deliver */
function allowSns(queue: IQueue, { topicArn }: ITopic) {
  const statement = new PolicyStatement({
    principals: [new ServicePrincipal('sns.amazonaws.com')],
    actions: ['sqs:SendMessage'],
    resources: [queue.queueArn],
    conditions: { ArnEquals: { 'aws:SourceArn': topicArn } },
  });
  return queue.addToResourcePolicy(statement).policyDependable!;
}

/**
 * Allow SNS to use the key of the queues, for topics of this account. Not for this topic only: its key would depend on it, and it
 * depends on its key.
 * @returns whether SNS may use it. The policy of an imported key cannot be changed: if SNS may not use such a key, the events go to
 * the dead letter, which must not need it
 */
function allowKey(buffer: Construct, { encryptionKey }: Pick<WorkQueueProps, 'encryptionKey'>): boolean {
  const result = encryptionKey?.addToResourcePolicy(
    new PolicyStatement({
      principals: [new ServicePrincipal('sns.amazonaws.com')],
      actions: ['kms:Decrypt', 'kms:GenerateDataKey'],
      resources: ['*'],
      conditions: { ArnLike: { 'aws:SourceArn': Stack.of(buffer).formatArn({ service: 'sns', resource: '*' }) } },
    }),
  );
  return result?.statementAdded === true;
}
