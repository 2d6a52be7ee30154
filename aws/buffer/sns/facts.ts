import { conditionsOf, text } from '../../../shared/read/cfn';
import { grantsOf } from '../../../shared/read/cfn-grants';
import { type Brought, type Cost, GB, type Load, MONTH } from '../../../shared/read/facts/cost';
import { onlyValues } from '../../../shared/read/facts/local';
import { promised, setTo } from '../../../shared/read/facts/promise';
import type { Needed, ServiceFacts } from '../../../shared/read/facts/types';
import { every, filter, remove, set, type Which } from '../../../shared/read/facts/weaken';
import { type Asked, names, only, type Stack } from '../../../shared/read/stack';
import { alarmOn } from '../../foundation/promises';

const TOPIC = 'AWS::SNS::Topic';
const SUBSCRIPTION = 'AWS::SNS::Subscription';
const POLICY = 'AWS::SNS::TopicPolicy';
const DEAD_LETTER = 'RedrivePolicy.deadLetterTargetArn';
const EXISTING = 'an existing topic';
/** Each event is delivered alone. */
const DELIVERS = (_: Asked, { events }: Load): Brought => ({ calls: events, writes: events, packed: 1 });

const subscriptionsOf = (topic: Asked, stack: Stack) => stack.of(SUBSCRIPTION).filter((one) => names(one, 'TopicArn', topic));

export const facts: ServiceFacts = {
  name: 'SNS',
  local: 'runs',
  unproven: [
    'That a message which SNS moves to the dead letter of a subscription with raw delivery is the event as it was sent.',
    'That SNS names the topic to KMS when it sends to a queue with a key of the user, as the policy of the key requires.',
  ],
  types: {
    [TOPIC]: {
      name: 'topic',
      role: 'moves data',
      tells: (topic, stack) => {
        const count = subscriptionsOf(topic, stack).length;
        return [
          `SNS, ${count} ${count === 1 ? 'subscriber' : 'subscribers'}`,
          topic.get('KmsMasterKeyId').length === 1 ? 'encrypted' : undefined,
        ];
      },
      takes: ['sns:Publish'],
      promises: [
        promised('tls-only', 'deny requests without TLS', isTlsOnly, {
          'requests without TLS are not denied': filter(
            'PolicyDocument.Statement',
            (one) => !JSON.stringify(one).includes('SecureTransport'),
            every(POLICY),
          ),
          'the policy of the topic is missing': remove(every(POLICY)),
        }),
        promised('nothing-lost', 'have a subscriber without a filter, because it keeps no event', keepsAll, {
          'it has no subscriber': remove(every(SUBSCRIPTION)),
          'each subscriber has a filter': set('FilterPolicy', { type: ['no-event-has-it'] }, every(SUBSCRIPTION)),
        }),
        promised('no-alarms', 'be the action of no alarm: an alarm is not an event, and the policy denies CloudWatch', isNoAlarm, {
          'an alarm publishes to the topic': (draft, resource) =>
            set('AlarmActions', [draft.reference(resource.id)], firstAlarm)(draft, resource),
        }),
        alarmOn('NumberOfNotificationsFailed', 'have an alarm at the first event that does not reach a queue'),
        alarmOn('NumberOfNotificationsFailedToRedriveToDlq', 'have an alarm at the first event that does not reach a dead letter'),
        {
          ...alarmOn('NumberOfNotificationsFilteredOut-InvalidMessageBody', 'have an alarm at the first event that a filter cannot read'),
          concerns: (topic, stack) => subscriptionsOf(topic, stack).some(isFiltered),
        },
      ],
      answered: {
        'bounded-retries': 'The retries are those of SNS, and end after 23 days. Then the event is in the dead letter of the subscriber.',
      },
      costs: publishes,
      brings: DELIVERS,
      local: {
        KmsMasterKeyId: 'no effect here',
        SignatureVersion: 'no effect here',
        Tags: 'no effect here',
        TopicName: 'emulated',
      },
    },
    [SUBSCRIPTION]: {
      name: 'subscription',
      role: 'moves data',
      flow: (subscription, seen) => {
        const [topic] = subscription.refers('TopicArn');
        const [queue] = subscription.refers('Endpoint');
        if (!queue) return [];
        return [
          {
            from: topic?.stage ?? EXISTING,
            how: isFiltered(subscription) ? JSON.stringify(only(subscription, 'FilterPolicy')) : 'every event',
            to: queue.name,
            notes: seen.tell(queue),
            between: [topic?.id ?? EXISTING, queue.id],
          },
        ];
      },
      promises: [
        setTo({
          rule: 'whole-events',
          must: 'deliver the event as it was sent, without an envelope',
          at: 'RawMessageDelivery',
          to: [true],
          weak: false,
          worse: 'events are delivered in an envelope of SNS',
        }),
        setTo({
          rule: 'whole-events',
          must: 'filter by the event itself, because events are sent without attributes',
          at: 'FilterPolicyScope',
          to: ['MessageBody'],
          weak: 'MessageAttributes',
          worse: 'filters read attributes, which events do not have',
        }),
        promised('nothing-lost', 'have a dead letter for events that SNS cannot deliver', (one) => one.get(DEAD_LETTER).length === 1, {
          'events that SNS cannot deliver are lost': set('RedrivePolicy'),
        }),
        promised('ready-before-work', 'be created after the policies of its queue and of its dead letter', isReady, {
          'SNS delivers before it may': set('/DependsOn'),
        }),
      ],
      answered: {
        'bounded-retries': 'The retries are those of SNS, and end after 23 days. Then the event is in the dead letter.',
        rings: 'The topic has the alarms, because SNS has no metrics of a subscription.',
      },
      needs: deliveryNeeds,
      brings: DELIVERS,
      costs: (subscription, { events, size }) => [
        {
          what: 'events that a filter reads',
          price: 'snsFiltered',
          units: isFiltered(subscription) ? (events * MONTH * size) / GB : 0,
          lower: 'No `filter`, and a transform that drops the other events. It then costs the calls.',
        },
      ],
      local: {
        Endpoint: 'emulated',
        FilterPolicy: 'emulated',
        FilterPolicyScope: onlyValues('MessageBody'),
        Protocol: onlyValues('sqs'),
        RawMessageDelivery: onlyValues(true),
        [DEAD_LETTER]: 'no effect here',
        TopicArn: 'emulated',
      },
    },
    [POLICY]: { name: 'topic policy', role: 'grants', local: 'no effect here' },
  },
  unlisted: {
    'AWS/SNS NumberOfNotificationsFailedToRedriveToDlq':
      'https://docs.aws.amazon.com/sns/latest/dg/sns-monitoring-using-cloudwatch.html lists it.',
    'AWS/SNS NumberOfNotificationsFilteredOut-InvalidMessageBody':
      'https://docs.aws.amazon.com/sns/latest/dg/sns-monitoring-using-cloudwatch.html lists it.',
  },
};

/** SNS allows no wildcard for the actions of a policy, so the publication is denied. */
function isTlsOnly(topic: Asked, stack: Stack): boolean {
  return grantsOf(stack as Parameters<typeof grantsOf>[0]).some(
    ({ holder, denied, actions, on, conditions }) =>
      holder === 'everyone' &&
      denied &&
      actions.includes('sns:Publish') &&
      on.includes(`\${${topic.id}}`) &&
      conditions.length === 1 &&
      conditions[0]?.test === 'Bool aws:SecureTransport' &&
      text(conditions[0].value) === 'false',
  );
}

function isFiltered(subscription: Asked): boolean {
  return only(subscription, 'FilterPolicy') !== undefined;
}

function keepsAll(topic: Asked, stack: Stack): boolean {
  return subscriptionsOf(topic, stack).some((one) => !isFiltered(one));
}

function isNoAlarm(topic: Asked, stack: Stack): boolean {
  const actions = ['AlarmActions', 'OKActions', 'InsufficientDataActions'];
  const alarms = stack.of('AWS::CloudWatch::Alarm', 'AWS::CloudWatch::CompositeAlarm');
  return !alarms.some((alarm) => actions.some((when) => names(alarm, when, topic)));
}

const firstAlarm: Which = (resource, draft) => every('AWS::CloudWatch::Alarm')(resource, draft).slice(0, 1);

function isReady(subscription: Asked, stack: Stack): boolean {
  const queues = ['Endpoint', DEAD_LETTER].flatMap((setting) => subscription.refers(setting));
  const policies = stack.of('AWS::SQS::QueuePolicy').filter((policy) => queues.some((queue) => names(policy, 'Queues', queue)));
  return policies.every(({ id }) => subscription.before().has(id));
}

/** https://docs.aws.amazon.com/sns/latest/dg/subscribe-sqs-queue-to-sns-topic.html */
function deliveryNeeds(subscription: Asked): Needed[] {
  const topic = text(only(subscription, 'TopicArn'));
  return ['Endpoint', DEAD_LETTER].flatMap((setting) =>
    subscription.refers(setting).map((queue) => ({
      who: 'sns.amazonaws.com',
      may: 'sqs:SendMessage',
      on: `\${${queue.id}}`,
      only: conditionsOf([`ArnEquals aws:SourceArn ${topic}`]),
      because: 'SNS delivers with it',
    })),
  );
}

/** Deliveries to SQS are free. */
function publishes(_: Asked, { events, size }: Load): Cost[] {
  const lower = 'No setting: one queue, `SqsBuffer`, costs less for one reader.';
  return [{ what: 'requests to publish, one an event', price: 'snsRequests', units: events * MONTH * Math.ceil(size / 65_536), lower }];
}
