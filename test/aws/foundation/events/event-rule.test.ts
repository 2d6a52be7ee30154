import { RemovalPolicy, type Stack } from 'aws-cdk-lib';
import { EventBus, type IEventBus } from 'aws-cdk-lib/aws-events';
import { Key } from 'aws-cdk-lib/aws-kms';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { KinesisBuffer } from '../../../../aws/buffer/kinesis/kinesis-buffer';
import { SqsBuffer } from '../../../../aws/buffer/sqs/sqs-buffer';
import { EventRule, type EventRuleProps } from '../../../../aws/foundation/events/event-rule';
import type { RecordSink } from '../../../../aws/ports/records';
import { S3Store } from '../../../../aws/store/s3/s3-store';
import { cloudFormationPrivileges } from '../../../../scripts/judges/privileges/findings';
import { holdPromises } from '../../../../scripts/judges/promises';
import { CfnStack, type CfnTemplate } from '../../../../shared/read/cfn';
import { readCloudFormation } from '../../../../shared/read/cloudformation';
import { factsOf } from '../../../../shared/read/facts/find';
import { renderFlow } from '../../../../shared/read/picture';
import { checked } from '../../../../shared/runtime/contract';
import { synthesize } from '../../../support/cdk';
import { expectSnapshot } from '../../../support/snapshot';

const pattern = { source: ['shop'], detailType: ['Order placed'] };
const PARTNER = 'aws.partner/example.com/42/orders';
const theRule = { 'Fn::GetAtt': [expect.stringMatching(/^EntryRule/), 'Arn'] };

/** A rule in the stage Connect, into a buffer. */
function ruleInto(buffer: (stack: Stack) => RecordSink, props: (stack: Stack) => Partial<EventRuleProps> = () => ({})) {
  return synthesize((stack) => {
    const settings = { pattern, sink: buffer(stack), removalPolicy: RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE };
    return new EventRule(stack, 'Entry', { ...settings, ...props(stack) });
  });
}

const kinesis = (stack: Stack) => new KinesisBuffer(stack, 'Buffer');
const sqs = (stack: Stack) => new SqsBuffer(stack, 'Buffer');

test('the snapshot', () => {
  const { built, madeBy } = ruleInto(kinesis);
  expectSnapshot(
    'aws/foundation/events/event-rule.snapshot.yaml',
    'Each event becomes an event of the contract in the stream. What cannot be put there for a day goes to the dead letter.',
    madeBy(built),
  );
});

test('what EventBridge fills in is an event of the contract', () => {
  const [{ InputTransformer }] = ruleInto(kinesis).one('AWS::Events::Rule').Properties.Targets;
  const sent: Record<string, unknown> = {
    '$.id': '6a7e8feb-b491-4cf7-a9f1-bf3703467718',
    '$.source': 'aws.partner/shop.example/123/orders',
    '$.detail-type': 'Order placed',
    '$.time': '2026-01-31T08:30:00Z',
    '$.detail': { order: 7, note: 'two\nlines' },
  };
  const filled = Object.entries<string>(InputTransformer.InputPathsMap).reduce(
    (text, [name, path]) => text.replace(`<${name}>`, JSON.stringify(sent[path])),
    String(InputTransformer.InputTemplate),
  );
  expect(checked(JSON.parse(filled))).toEqual({
    specversion: '1.0',
    id: sent['$.id'],
    source: sent['$.source'],
    type: 'Order placed',
    time: sent['$.time'],
    data: sent['$.detail'],
  });
});

test('an event of the contract in detail is passed on as it is', () => {
  const [target] = ruleInto(kinesis, () => ({ isCloudEvent: true })).one('AWS::Events::Rule').Properties.Targets;
  expect(target).toMatchObject({ InputPath: '$.detail', KinesisParameters: { PartitionKeyPath: '$.detail.id' } });
  expect(target.InputTransformer).toBeUndefined();
});

test('writes to a stream with a role, which may put a record and nothing else', () => {
  const { built, allowed, all } = ruleInto(kinesis);
  expect(allowed(built)).toEqual([{ Action: 'kinesis:PutRecord', Effect: 'Allow', Resource: expect.anything() }]);
  expect(all('AWS::IAM::Role')[0]!.Properties.AssumeRolePolicyDocument.Statement).toEqual([
    expect.objectContaining({ Condition: { StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' } } } }),
  ]);
});

test('writes to a queue without a role: the policy of the queue allows this rule', () => {
  const { all, one } = ruleInto(sqs);
  expect(all('AWS::IAM::Role')).toEqual([]);
  expect(one('AWS::Events::Rule').Properties.Targets[0].RoleArn).toBeUndefined();
  const allows = all('AWS::SQS::QueuePolicy').flatMap(({ Properties }) =>
    Properties.PolicyDocument.Statement.filter(({ Effect }: { Effect: string }) => Effect === 'Allow'),
  );
  const statement = { Principal: { Service: 'events.amazonaws.com' }, Condition: { ArnEquals: { 'aws:SourceArn': theRule } } };
  expect(allows).toEqual([expect.objectContaining(statement), expect.objectContaining(statement)]);
});

test('a key of the queue allows EventBridge to encrypt', () => {
  const { one } = ruleInto((stack) => new SqsBuffer(stack, 'Buffer', { encryptionKey: new Key(stack, 'Key') }));
  expect(one('AWS::KMS::Key').Properties.KeyPolicy.Statement).toContainEqual({
    Effect: 'Allow',
    Principal: { Service: 'events.amazonaws.com' },
    Action: ['kms:Decrypt', 'kms:GenerateDataKey'],
    Resource: '*',
  });
});

test.each<[string, (stack: Stack) => IEventBus | undefined, number, boolean]>([
  ['the default bus', () => undefined, 1, false],
  ['the default bus, by its name', (stack) => EventBus.fromEventBusName(stack, 'Bus', 'default'), 1, false],
  ['an own bus', (stack) => new EventBus(stack, 'Bus'), 2, true],
  ['the bus of a partner, whose name has slashes', (stack) => new EventBus(stack, 'Bus', { eventSourceName: PARTNER }), 5, true],
  ['the imported bus of a partner', (stack) => EventBus.fromEventBusName(stack, 'Bus', PARTNER), 5, true],
])('the alarms of a rule of %s watch the rule by its name, which is the last part of its ARN', (_, busOf, part, hasBus) => {
  const { all } = ruleInto(sqs, (stack) => ({ bus: busOf(stack) }));
  const of = all('AWS::CloudWatch::Alarm').filter(({ Properties }) => Properties.Namespace === 'AWS/Events');
  expect(of).toHaveLength(2);
  for (const { Properties } of of) {
    const named = new Map(Properties.Dimensions.map(({ Name, Value }: { Name: string; Value: unknown }) => [Name, Value]));
    expect(named.get('RuleName')).toEqual({ 'Fn::Select': [part, { 'Fn::Split': ['/', theRule] }] });
    expect(named.has('EventBusName')).toBe(hasBus);
  }
});

test('the alarms of a rule on another bus have the name of the bus, and the name of the rule without it', () => {
  const { all } = ruleInto(kinesis, (stack) => ({ bus: EventBus.fromEventBusName(stack, 'Bus', 'orders') }));
  const dimensions = all('AWS::CloudWatch::Alarm')
    .filter(({ Properties }) => Properties.Namespace === 'AWS/Events')
    .map(({ Properties }) => Properties.Dimensions);
  const RuleName = { 'Fn::Select': [2, { 'Fn::Split': ['/', theRule] }] };
  const own = [
    { Name: 'EventBusName', Value: 'orders' },
    { Name: 'RuleName', Value: RuleName },
  ];
  expect(dimensions).toEqual([own, own]);
});

test('refuses a queue whose policy it cannot change', () => {
  const arn = 'arn:aws:sqs:eu-west-1:123456789012:q';
  const imported = (stack: Stack) => Queue.fromQueueArn(stack, 'Mine', arn);
  const remedy = 'An imported queue or key keeps its policy: use one that is created in this app.';
  const rule = 'must have a policy that a rule of EventBridge can be added to';
  expect(() => ruleInto(kinesis, (stack) => ({ deadLetterQueue: imported(stack) }))).toThrow(
    new Error(`Test/Entry: deadLetterQueue ${rule}, got Test/Mine. ${remedy}`),
  );
  expect(() => ruleInto((stack) => new SqsBuffer(stack, 'Buffer', { queue: imported(stack), deadLetterQueue: imported2(stack) }))).toThrow(
    new Error(`Test/Buffer: queue ${rule}, got Test/Mine. ${remedy}`),
  );
  const encryptionMasterKey = (stack: Stack) => Key.fromKeyArn(stack, 'Key', 'arn:aws:kms:eu-west-1:123456789012:key/k');
  const locked = (stack: Stack) =>
    new Queue(stack, 'Locked', { encryption: QueueEncryption.KMS, encryptionMasterKey: encryptionMasterKey(stack) });
  expect(() => ruleInto(kinesis, (stack) => ({ deadLetterQueue: locked(stack) }))).toThrow(
    new Error(`Test/Entry: deadLetterQueue ${rule}, got Test/Locked. ${remedy}`),
  );
});

const imported2 = (stack: Stack) => Queue.fromQueueArn(stack, 'Dead', 'arn:aws:sqs:eu-west-1:123456789012:d');

describe.each([
  ['a stream', kinesis],
  ['a queue', sqs],
])('new objects of a store, into %s', (_, buffer) => {
  const { resources } = synthesize((stack) => {
    const sink = buffer(stack);
    new S3Store(stack, 'Store').deliverCreated(sink);
  });
  const template = { Resources: resources } as unknown as CfnTemplate;

  test('keep every promise', () => expect(holdPromises(new CfnStack(template), factsOf('aws')).findings).toEqual([]));

  test('need each permission that the template gives, and no other', () => {
    const identities = cloudFormationPrivileges(new CfnStack(template));
    expect(identities.flatMap(({ findings }) => findings)).toEqual([]);
    expect(identities.map(({ name }) => name)).toContain('events.amazonaws.com');
  });

  test('show in the flow', () => {
    const flow = renderFlow(readCloudFormation(template).flow);
    expect(flow).toMatch(/Store +-- rule, aws.s3 Object Created +--> +Buffer/);
    expect(flow).toMatch(/Store +-- after 24 h of retries +--> +Store dead letter/);
  });
});
