import { Duration, Stack } from 'aws-cdk-lib';
import { EventBus } from 'aws-cdk-lib/aws-events';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Queue } from 'aws-cdk-lib/aws-sqs';
import { KinesisBuffer } from '../../../../aws/buffer/kinesis/kinesis-buffer';
import { SnsBuffer } from '../../../../aws/buffer/sns/sns-buffer';
import { SqsBuffer } from '../../../../aws/buffer/sqs/sqs-buffer';
import { EventBridgeEntry, type EventBridgeEntryProps } from '../../../../aws/connect/eventbridge/eventbridge-entry';
import type { RecordSink } from '../../../../aws/ports/records';
import { toEvent } from '../../../../shared/runtime/contract';
import { removalOf, synthesize } from '../../../support/cdk';
import { documentedDefaults } from '../../../support/defaults';
import { expectSnapshot } from '../../../support/snapshot';

type Props = Partial<EventBridgeEntryProps> | ((stack: Stack) => Partial<EventBridgeEntryProps>);
const make = (props: Props = {}, context?: Record<string, unknown>) =>
  synthesize((stack) => {
    const given = typeof props === 'function' ? props(stack) : props;
    return new EventBridgeEntry(stack, 'Connect', { sink: new SqsBuffer(stack, 'Buffer'), ...given });
  }, context);
const ruleOf = (props?: Props) => make(props).one('AWS::Events::Rule').Properties;
const PARTNER = 'aws.partner/example.com/42/orders';
const S3 = { source: ['aws.s3'], detailType: ['Object Created'] };

test('the snapshot', () => {
  const { built, madeBy } = make();
  expectSnapshot(
    'aws/connect/eventbridge/eventbridge-entry.snapshot.yaml',
    'Events of the account only, as events of the contract. The archive and the dead letter are retained, and an event is retried for a day.',
    madeBy(built),
  );
});

test('documents the defaults that it has', () => {
  const { RetentionDays } = make().one('AWS::Events::Archive').Properties;
  expect(documentedDefaults('aws/connect/eventbridge/eventbridge-entry.ts', 'EventBridgeEntryProps')).toEqual({
    bus: make().all('AWS::Events::EventBus').length === 1 ? 'own' : 'aws',
    isCloudEvent: String(ruleOf().Targets[0].InputPath !== undefined),
    archive: `${RetentionDays} days`,
    removal: removalOf(make().one('AWS::Events::Archive').DeletionPolicy),
  });
});

test('events of AWS services come from the default bus, which is not created', () => {
  const { all, one } = make({ bus: 'aws', pattern: S3 });
  expect(all('AWS::Events::EventBus')).toEqual([]);
  expect(one('AWS::Events::Rule').Properties).toMatchObject({ EventPattern: { source: ['aws.s3'], 'detail-type': ['Object Created'] } });
  expect(one('AWS::Events::Rule').Properties.EventBusName).toBeUndefined();
  expect(one('AWS::Events::Archive').Properties.EventPattern).toEqual({ source: ['aws.s3'], 'detail-type': ['Object Created'] });
});

test('events of a partner come from a bus with the name of its source', () => {
  const { one } = make({ partnerSource: PARTNER });
  expect(one('AWS::Events::EventBus').Properties).toMatchObject({ Name: PARTNER, EventSourceName: PARTNER });
  expect(one('AWS::Events::Rule').Properties.EventPattern).toEqual({ source: [PARTNER] });
});

test('a bus is retained with its archive: EventBridge deletes no bus with the rule of an archive', () => {
  const policyOf = (props: Props, context?: Record<string, unknown>) => make(props, context).one('AWS::Events::EventBus').DeletionPolicy;
  expect(policyOf({})).toBe(make().one('AWS::Events::Archive').DeletionPolicy);
  expect(policyOf({ partnerSource: PARTNER })).toBe('RetainExceptOnCreate');
  expect(policyOf({ archive: 'none' })).toBeUndefined();
  expect(policyOf({ removal: 'destroy' }, { destroyData: 'yes' })).toBe('Delete');
});

describe('the command that puts an event', () => {
  /** What a shell hands to the command line of AWS, which reads JSON, or a form of its own in which no value starts with a brace. */
  const entriesOf = (props: Props) => {
    const [, entries] = /^aws events put-events --entries '([^']+)'$/.exec(make(props).built.sendCommand)!;
    return JSON.parse(entries!);
  };

  test('names the bus', () =>
    expect(entriesOf({})).toEqual([
      { EventBusName: expect.any(String), Source: expect.any(String), DetailType: expect.any(String), Detail: '{"order":1}' },
    ]));

  test('puts an event of the contract where detail must be one', () => {
    const [{ Detail }] = entriesOf({ isCloudEvent: true });
    expect(toEvent(JSON.parse(Detail))).toMatchObject({ data: { order: 1 } });
  });
});

test('uses an existing bus and queue', () => {
  const { all, one, built } = make((stack) => ({
    bus: EventBus.fromEventBusName(stack, 'Mine', 'mine'),
    deadLetterQueue: new Queue(stack, 'Dead'),
  }));
  expect(all('AWS::Events::EventBus')).toEqual([]);
  expect(one('AWS::Events::Rule').Properties.EventBusName).toBe('mine');
  expect(built.deadLetterQueue.node.path).toBe('Test/Dead');
});

test('an event becomes one of the contract, or is one already', () => {
  expect(ruleOf().Targets[0].InputTransformer.InputTemplate).toContain('"specversion":"1.0"');
  expect(ruleOf({ isCloudEvent: true }).Targets[0]).toMatchObject({ InputPath: '$.detail' });
});

test('can have no archive, and can be deleted with two keys', () => {
  expect(make({ archive: 'none' }).all('AWS::Events::Archive')).toEqual([]);
  const { one } = make({ removal: 'destroy' }, { destroyData: 'yes' });
  expect(one('AWS::Events::Archive').DeletionPolicy).toBe('Delete');
});

test.each<[string, (stack: Stack) => RecordSink]>([
  ['Kinesis', (stack) => new KinesisBuffer(stack, 'Other')],
  ['SQS', (stack) => new SqsBuffer(stack, 'Other')],
  ['SNS', (stack) => new SnsBuffer(stack, 'Other', { subscribers: { Archive: {} } })],
])('puts events into %s', (_, sink) => {
  expect(ruleOf((stack) => ({ sink: sink(stack) })).Targets).toHaveLength(1);
});

test('can be created twice in one stack', () => {
  const { all } = synthesize((stack) =>
    ['A', 'B'].map((id) => new EventBridgeEntry(stack, id, { sink: new SqsBuffer(stack, `${id}Buffer`) })),
  );
  expect(new Set(all('AWS::Events::EventBus').map(({ Properties }) => Properties.Name)).size).toBe(2);
});

test('a sender may put events on this bus, and nothing else', () => {
  const { built, allowed } = synthesize((stack) => {
    const role = new Role(stack, 'Sender', { assumedBy: new ServicePrincipal('ec2.amazonaws.com') });
    new EventBridgeEntry(stack, 'Connect', { sink: new SqsBuffer(stack, 'Buffer') }).grantSend(role);
    return role;
  });
  expect(allowed(built).map(({ Action, Resource }) => [Action, Resource])).toEqual([
    ['events:PutEvents', { 'Fn::GetAtt': [expect.stringMatching(/^ConnectBus/), 'Arn'] }],
  ]);
});

describe('refuses', () => {
  test.each<[string, () => unknown, string]>([
    [
      'every event of AWS services',
      () => make({ bus: 'aws' }),
      "Test/Connect: pattern must name a source with the bus aws, got none. Write it like { source: ['aws.s3'], detailType: ['Object Created'] }: every change in the account is an event there.",
    ],
    [
      'a pattern of AWS services without a source',
      () => make({ bus: 'aws', pattern: { detailType: ['Object Created'] } }),
      "Test/Connect: pattern must name a source with the bus aws, got one without. Write it like { source: ['aws.s3'], detailType: ['Object Created'] }: every change in the account is an event there.",
    ],
    [
      'a pattern with a misspelled operator',
      () => make({ pattern: { detail: { type: [{ prefx: 'a' }] } } }),
      `Test/Connect: pattern must be a pattern of events, got {"prefx":"a"} at detail.type. Write it like { type: ['alert'], data: { celsius: [{ numeric: ['>', 90] }] } }.`,
    ],
    [
      'another bus',
      () => make({ bus: 'default' as any }),
      'Test/Connect: bus must be own or aws, got "default". Or give a bus, such as one of EventBus.fromEventBusName.',
    ],
    [
      'the default bus as one of yours',
      () => make((stack) => ({ bus: EventBus.fromEventBusName(stack, 'Mine', 'default') })),
      "Test/Connect: bus must be aws for the default bus, got a bus with its name. Write it like bus: 'aws'.",
    ],
    [
      'a bus of another account',
      () => {
        const stack = new Stack(undefined, 'Test', { env: { account: '210987654321', region: 'eu-west-1' } });
        const bus = EventBus.fromEventBusArn(stack, 'Mine', 'arn:aws:events:eu-west-1:123456789012:event-bus/mine');
        return new EventBridgeEntry(stack, 'Connect', { sink: new SqsBuffer(stack, 'Buffer'), bus });
      },
      'Test/Connect: bus must be of account 210987654321 and region eu-west-1, as its stack is, got one of 123456789012 in eu-west-1. Send the events of the other bus to one of this account and region.',
    ],
    [
      'a partner source that is not one',
      () => make({ partnerSource: 'example.com' }),
      'Test/Connect: partnerSource must be the name of a partner event source, got "example.com". See aws events list-event-sources.',
    ],
    [
      'a bus beside a partner',
      () => make({ partnerSource: PARTNER, bus: 'own' }),
      'Test/Connect: partnerSource has a bus of its own, got bus beside it. Leave bus out.',
    ],
    [
      'an archive of hours',
      () => make({ archive: Duration.hours(12) }),
      "Test/Connect: archive must be 1 to 3650 days, got 0.5. Write it like Duration.days(30), or 'none' for no archive.",
    ],
    [
      'a FIFO queue',
      () => make((stack) => ({ deadLetterQueue: new Queue(stack, 'Dead', { fifo: true }) })),
      'Test/Connect: deadLetterQueue must be a standard queue, got a FIFO queue. EventBridge sends to standard queues.',
    ],
    [
      'a queue whose policy cannot be changed',
      () => make((stack) => ({ deadLetterQueue: Queue.fromQueueArn(stack, 'Dead', 'arn:aws:sqs:eu-west-1:123456789012:dead') })),
      'Test/Connect/Events: deadLetterQueue must have a policy that a rule of EventBridge can be added to, got Test/Dead. An imported queue or key keeps its policy: use one that is created in this app.',
    ],
    [
      'a sender to the bus of a partner',
      () => make({ partnerSource: PARTNER }).built.grantSend(new ServicePrincipal('ec2.amazonaws.com')),
      'Test/Connect: grantSend requires a bus for applications, got the bus of a partner, which alone sends to it. Create another entry with an own bus for your applications.',
    ],
    [
      'one key to destroy',
      () => make({ removal: 'destroy' }),
      `Test/Connect: removal 'destroy' needs the context destroyData to be "yes", got nothing. Set DESTROY_DATA=yes in the environment of this command, or leave removal out to keep the data.`,
    ],
  ])('%s', (_, act, message) => expect(act).toThrow(new Error(message)));
});
