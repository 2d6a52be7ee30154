import { Duration, Stack } from 'aws-cdk-lib';
import { type Alarm, AlarmRule, CompositeAlarm } from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Key } from 'aws-cdk-lib/aws-kms';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';
import { SnsBuffer, type SnsBufferProps, type SnsSubscriber } from '../../../../aws/buffer/sns/sns-buffer';
import type { RuleWorkload, Workload } from '../../../../aws/ports/identity';
import { removalOf, synthesize } from '../../../support/cdk';
import { documentedDefaults } from '../../../support/defaults';
import { expectSnapshot } from '../../../support/snapshot';

const TWO: SnsBufferProps['subscribers'] = { Archive: {}, Alerts: { filter: { type: ['alert'] } } };

type Props = Partial<SnsBufferProps> | ((stack: Stack) => Partial<SnsBufferProps>);
const make = (props: Props = {}, context?: Record<string, unknown>) =>
  synthesize(
    (stack) => new SnsBuffer(stack, 'Buffer', { subscribers: TWO, ...(typeof props === 'function' ? props(stack) : props) }),
    context,
  );
const one = (subscriber: SnsSubscriber) => make({ subscribers: { Archive: subscriber } });

class Holder extends Construct implements RuleWorkload {
  readonly role = new Role(this, 'Role', { assumedBy: new ServicePrincipal('events.amazonaws.com') });
  readonly ruleArn = 'arn:aws:events:eu-west-1:123456789012:rule/mine';
}

const withKey = (stack: Stack) => ({ encryptionKey: new Key(stack, 'Key') });
const imported = (stack: Stack, name = 'mine') => Topic.fromTopicArn(stack, name, `arn:aws:sns:eu-west-1:123456789012:${name}`);

test('the snapshot', () => {
  const { built, madeBy } = make({ subscribers: { Archive: {} } });
  const made = Object.entries(madeBy(built)).filter(([id]) => !/Alarm|Archive(Queue|DeadLetter)[0-9A-F]{8}$/.test(id));
  expectSnapshot(
    'aws/buffer/sns/sns-buffer.snapshot.yaml',
    'The topic denies requests without TLS. Only this topic may send to the queue and to its dead letter, and the event is delivered as it was sent. The queues are those of SqsBuffer.',
    Object.fromEntries(made),
  );
});

test('documents the defaults that it has', () => {
  const { DeletionPolicy } = make({ subscribers: { Archive: {} } }).all('AWS::SQS::Queue')[0]!;
  expect(documentedDefaults('aws/buffer/sns/sns-buffer.ts', 'SnsBufferProps')).toEqual({ removal: removalOf(DeletionPolicy) });
  expect(documentedDefaults('aws/buffer/sns/sns-buffer.ts', 'SnsSubscriber')).toEqual({});
});

test('each subscriber has a queue, a dead letter, alarms and a subscription of its own', () => {
  const { all, built } = make();
  expect(all('AWS::SQS::Queue')).toHaveLength(4);
  expect(Object.values(built.subscribers).map(({ alarms }) => alarms.length)).toEqual([3, 3]);
  expect(all('AWS::SNS::Subscription').map(({ Properties }) => Properties)).toEqual(
    ['Archive', 'Alerts'].map((name) =>
      expect.objectContaining({
        Endpoint: { 'Fn::GetAtt': [expect.stringMatching(`Buffer${name}Queue`), 'Arn'] },
        RedrivePolicy: { deadLetterTargetArn: { 'Fn::GetAtt': [expect.stringMatching(`Buffer${name}DeadLetter`), 'Arn'] } },
        RawMessageDelivery: true,
      }),
    ),
  );
});

test('a filter reads the event, and its scope stays when the filter is removed', () => {
  const subscriptions = make().all('AWS::SNS::Subscription');
  expect(subscriptions.map(({ Properties }) => [Properties.FilterPolicy, Properties.FilterPolicyScope])).toEqual([
    [undefined, 'MessageBody'],
    [{ type: ['alert'] }, 'MessageBody'],
  ]);
});

test('SNS may send to the queues of this topic only, and delivers only then', () => {
  const { all, resources } = make();
  const policies = Object.entries(resources).filter(([, { Type }]) => Type === 'AWS::SQS::QueuePolicy');
  for (const [, { Properties }] of policies) {
    expect(Properties.PolicyDocument.Statement).toContainEqual({
      Action: 'sqs:SendMessage',
      Condition: { ArnEquals: { 'aws:SourceArn': { Ref: expect.stringMatching(/^BufferTopic/) } } },
      Effect: 'Allow',
      Principal: { Service: 'sns.amazonaws.com' },
      Resource: expect.anything(),
    });
  }
  expect(policies).toHaveLength(4);
  const before = all('AWS::SNS::Subscription').flatMap(({ DependsOn }) => DependsOn);
  expect(before.sort()).toEqual(policies.map(([id]) => id).sort());
});

test('accepts every setting', () => {
  const settings = { retention: Duration.days(2), maxRetries: 3, visibilityTimeout: Duration.minutes(2), maxConcurrency: 5 } as const;
  const made = make((stack) => ({ subscribers: { Archive: settings }, ...withKey(stack), removal: 'destroy' }), { destroyData: 'yes' });
  expect(made.all('AWS::SQS::Queue').map(({ Properties, DeletionPolicy }) => [Properties.MessageRetentionPeriod, DeletionPolicy])).toEqual([
    [14 * 86_400, 'Delete'],
    [2 * 86_400, 'Delete'],
  ]);
  expect(made.one('AWS::SNS::Topic').Properties.KmsMasterKeyId).toBeDefined();
});

test('one key encrypts the topic, the queues and the dead letters: the policy of the key names no topic, so that nothing is created in a circle', () => {
  const { one: the, all } = make(withKey);
  const Ref = 'AWS::AccountId';
  expect(the('AWS::KMS::Key').Properties.KeyPolicy.Statement).toContainEqual(
    expect.objectContaining({
      Action: ['kms:Decrypt', 'kms:GenerateDataKey'],
      Principal: { Service: 'sns.amazonaws.com' },
      Condition: { ArnLike: { 'aws:SourceArn': { 'Fn::Join': ['', expect.arrayContaining([{ Ref }, ':*'])] } } },
    }),
  );
  expect(all('AWS::SQS::Queue').filter(({ Properties }) => Properties.KmsMasterKeyId)).toHaveLength(4);
});

test('uses an existing topic, and does not change it', () => {
  const made = make((stack) => ({ topic: imported(stack) }));
  expect([...made.all('AWS::SNS::Topic'), ...made.all('AWS::SNS::TopicPolicy')]).toEqual([]);
  expect(made.all('AWS::SNS::Subscription').map(({ Properties }) => Properties.TopicArn)).toEqual([
    'arn:aws:sns:eu-west-1:123456789012:mine',
    'arn:aws:sns:eu-west-1:123456789012:mine',
  ]);
});

test('a key of the user encrypts the queues of an existing topic, and SNS may use it', () => {
  const { all, one: the } = make((stack) => ({ topic: imported(stack), ...withKey(stack) }));
  const keys = all('AWS::SQS::Queue').map(({ Properties }) => Properties.KmsMasterKeyId);
  expect([keys.length, keys.every(Boolean)]).toEqual([4, true]);
  expect(JSON.stringify(the('AWS::KMS::Key').Properties.KeyPolicy)).toContain('sns.amazonaws.com');
});

test('an imported key does not encrypt the dead letters: SNS could lose events, because its policy is not known here', () => {
  const arn = 'arn:aws:kms:eu-west-1:123456789012:key/k';
  const { all } = make((stack) => ({ encryptionKey: Key.fromKeyArn(stack, 'Key', arn) }));
  const keys = all('AWS::SQS::Queue').map(({ Properties }) => [Properties.MessageRetentionPeriod, Properties.KmsMasterKeyId]);
  const [deadLetter, queue] = [
    [14 * 86_400, undefined],
    [7 * 86_400, arn],
  ];
  expect(keys).toEqual([deadLetter, queue, deadLetter, queue]);
});

test('can be created twice in one stack', () => {
  const { all } = synthesize((stack) => ['A', 'B'].map((id) => new SnsBuffer(stack, id, { subscribers: TWO })));
  expect(all('AWS::SNS::Topic')).toHaveLength(2);
});

describe('permissions', () => {
  const onTopic = { Ref: expect.stringMatching(/^BufferTopic/) };
  const onKey = { 'Fn::GetAtt': [expect.stringMatching(/^Key/), 'Arn'] };
  const grants = (bind: (buffer: SnsBuffer, holder: Holder) => unknown) => {
    const { built, allowed } = synthesize((stack) => {
      const holder = new Holder(stack, 'Holder');
      bind(new SnsBuffer(stack, 'Buffer', { subscribers: TWO, ...withKey(stack) }), holder);
      return holder;
    });
    return allowed(built).map(({ Action, Resource }) => [Action, Resource]);
  };
  const publishes = [
    ['sns:Publish', onTopic],
    [['kms:Decrypt', 'kms:GenerateDataKey'], onKey],
  ];

  test.each<[string, (buffer: SnsBuffer, holder: Holder) => unknown]>([
    ['a writer', (buffer, holder) => buffer.bindWriter(holder, 'EVENTS')],
    ['a service without code', (buffer, holder) => buffer.bindRequest(holder, { text: '$text', dataBase64: '', partitionKeyJson: '' })],
    ['a rule of EventBridge', (buffer, holder) => buffer.bindRule(holder)],
  ])('%s may publish to this topic and use its key, and nothing else', (_, bind) => expect(grants(bind)).toEqual(publishes));

  test('a writer is told the topic', () => {
    const { built } = synthesize((stack) => {
      const writer: Workload = new Holder(stack, 'Holder');
      return new SnsBuffer(stack, 'Buffer', { subscribers: TWO }).bindWriter(writer, 'EVENTS');
    });
    expect(Object.keys(built.settings)).toEqual(['EVENTS_TOPIC_ARN']);
  });

  test('a writer to an existing topic may use the key with which it was imported', () => {
    const { built, allowed } = synthesize((stack) => {
      const holder = new Holder(stack, 'Holder');
      const keyArn = 'arn:aws:kms:eu-west-1:123456789012:key/k';
      const topic = Topic.fromTopicAttributes(stack, 'Topic', { topicArn: imported(stack).topicArn, keyArn });
      new SnsBuffer(stack, 'Buffer', { subscribers: TWO, topic }).bindWriter(holder, 'EVENTS');
      return holder;
    });
    expect(allowed(built).map(({ Resource }) => Resource)).toContain('arn:aws:kms:eu-west-1:123456789012:key/k');
  });
});

test('a rule of EventBridge publishes with its role', () => {
  const { built } = synthesize((stack) => new SnsBuffer(stack, 'Buffer', { subscribers: TWO }).bindRule(new Holder(stack, 'Holder')));
  expect(built).toMatchObject({ usesRole: true, takesPartitionKey: false });
});

test('alarms are raised at the first event that does not arrive, and at the first that a filter cannot read, if there is one', () => {
  const metrics = (props: Partial<SnsBufferProps>) => {
    const { built, madeBy } = make(props);
    const found = built.alarms.flatMap((alarm) => Object.values(madeBy(alarm)));
    return found.map(({ Properties: { MetricName, Threshold, Dimensions } }) => [MetricName, Threshold, Dimensions[0].Name]);
  };
  const always = [
    ['NumberOfNotificationsFailed', 1, 'TopicName'],
    ['NumberOfNotificationsFailedToRedriveToDlq', 1, 'TopicName'],
  ];
  expect(metrics({ subscribers: { Archive: {} } })).toEqual(always);
  expect(metrics({})).toEqual([...always, ['NumberOfNotificationsFilteredOut-InvalidMessageBody', 1, 'TopicName']]);
});

describe('refuses', () => {
  const alarmed = (actions: 'addAlarmAction' | 'addOkAction') => () =>
    synthesize((stack) => {
      const { topic, alarms } = new SnsBuffer(stack, 'Buffer', { subscribers: TWO });
      (alarms[0] as Alarm)[actions](new SnsAction(topic));
    });
  const forAlarms = 'Send alarms to a topic of their own, whose policy allows cloudwatch.amazonaws.com to publish.';

  test.each<[string, () => unknown, string]>([
    [
      'no subscriber',
      () => make({ subscribers: {} }),
      'Test/Buffer: subscribers must be 1 to 100 subscribers by name, got 0. A topic keeps no event: its subscribers do.',
    ],
    [
      'a list of subscribers',
      () => make({ subscribers: ['Archive'] as any }),
      'Test/Buffer: subscribers must be 1 to 100 subscribers by name, got a list. A topic keeps no event: its subscribers do.',
    ],
    [
      'a subscriber that is not an object',
      () => make({ subscribers: { Archive: true as any } }),
      'Test/Buffer: subscribers.Archive must be an object, got true. Write {} for a subscriber that gets every event.',
    ],
    [
      'a name of a resource of its own',
      () => make({ subscribers: { Topic: {} } }),
      `Test/Buffer: subscribers must have names of letters and digits, a capital letter first, and not Topic or an Alarm, got "Topic". Write them like { Archive: {}, Alerts: { filter: { type: ['alert'] } } }.`,
    ],
    [
      'a misspelled operator',
      () => one({ filter: { type: [{ prefx: 'al' }] } }),
      `Test/Buffer: subscribers.Archive.filter must be a pattern of events, got {"prefx":"al"} at type. Write it like { type: ['alert'], data: { celsius: [{ numeric: ['>', 90] }] } }.`,
    ],
    [
      'a filter with too many fields',
      () => one({ filter: { a: [1], b: [1], c: [1], d: [1], e: [1], f: [1] } }),
      'Test/Buffer: subscribers.Archive.filter must have at most 5 fields and 150 combinations of values, got 6 fields and 1 combinations. SNS allows no more: filter by fewer fields, and drop the rest in the transform.',
    ],
    [
      'a filter with too many combinations',
      () => one({ filter: { a: Array.from({ length: 16 }, (_, n) => n), b: Array.from({ length: 10 }, (_, n) => n) } }),
      'Test/Buffer: subscribers.Archive.filter must have at most 5 fields and 150 combinations of values, got 2 fields and 160 combinations. SNS allows no more: filter by fewer fields, and drop the rest in the transform.',
    ],
    [
      'a long retention of one subscriber',
      () => one({ retention: Duration.days(15) }),
      'Test/Buffer: subscribers.Archive.retention must be 60 to 1209600 seconds, got 1296000. To keep records for longer, write them to a store.',
    ],
    [
      'more retries than SQS counts',
      () => one({ maxRetries: 1000 }),
      'Test/Buffer: subscribers.Archive.maxRetries must be 0 to 999 retries, got 1000. SQS allows at most 1000 receives.',
    ],
    [
      'a retention that ends before the last try',
      () =>
        synthesize((stack) => {
          const subscribers = { Archive: { retention: Duration.hours(1), maxRetries: 10 } };
          new SnsBuffer(stack, 'Buffer', { subscribers }).subscriber('Archive').bindReader(new Holder(stack, 'Holder'), 'EVENTS');
        }),
      'Test/Buffer/Archive: retention must be at least 11 receives times the visibility timeout of 360 seconds, got 3600 seconds. Otherwise SQS deletes a failed message before it goes to the dead letter.',
    ],
    [
      'a FIFO topic',
      () => make((stack) => ({ topic: imported(stack, 'mine.fifo') })),
      'Test/Buffer: topic must be a standard topic, got a FIFO topic. In a FIFO topic, a publisher must name a message group, which an event has not.',
    ],
    [
      'a topic of another account',
      () => {
        const stack = new Stack(undefined, 'Test', { env: { account: '210987654321', region: 'eu-west-1' } });
        return new SnsBuffer(stack, 'Buffer', { subscribers: TWO, topic: imported(stack) });
      },
      'Test/Buffer: topic must be of account 210987654321 and region eu-west-1, as its stack is, got one of 123456789012 in eu-west-1. Create a topic here, and let the other forward to it.',
    ],
    [
      'a subscriber that nobody named',
      () => make().built.subscriber('Store'),
      'Test/Buffer: a subscriber must be Archive or Alerts, got Store. Add it to subscribers.',
    ],
    [
      'an alarm that publishes to the topic',
      alarmed('addAlarmAction'),
      `Test/Buffer: topic must not be the action of an alarm, got Test/Buffer/UndeliveredAlarm/Resource. ${forAlarms}`,
    ],
    [
      'an alarm that publishes to the topic when it ends',
      alarmed('addOkAction'),
      `Test/Buffer: topic must not be the action of an alarm, got Test/Buffer/UndeliveredAlarm/Resource. ${forAlarms}`,
    ],
    [
      'a composite alarm that publishes to the topic',
      () =>
        synthesize((stack) => {
          const { topic, alarms } = new SnsBuffer(stack, 'Buffer', { subscribers: TWO });
          new CompositeAlarm(stack, 'Any', { alarmRule: AlarmRule.anyOf(...alarms) }).addAlarmAction(new SnsAction(topic));
        }),
      `Test/Buffer: topic must not be the action of an alarm, got Test/Any/Resource. ${forAlarms}`,
    ],
    [
      'one key to destroy',
      () => make({ removal: 'destroy' }),
      `Test/Buffer: removal 'destroy' needs the context destroyData to be "yes", got nothing. Set DESTROY_DATA=yes in the environment of this command, or leave removal out to keep the data.`,
    ],
  ])('%s', (_, act, message) => expect(act).toThrow(new Error(message)));

  test('before the first resource', () => {
    const stack = new Stack(undefined, 'Test');
    const subscribers = { Archive: {}, Alerts: { maxRetries: -1 } };
    expect(() => new SnsBuffer(stack, 'Buffer', { subscribers })).toThrow('subscribers.Alerts.maxRetries');
    expect(stack.node.findAll().map(({ node }) => node.path)).toEqual(['Test', 'Test/Buffer']);
  });
});
