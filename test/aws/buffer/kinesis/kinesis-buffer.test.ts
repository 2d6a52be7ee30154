import { Duration, type Stack } from 'aws-cdk-lib';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Stream } from 'aws-cdk-lib/aws-kinesis';
import { Key } from 'aws-cdk-lib/aws-kms';
import { Code, Function as LambdaFunction, Runtime } from 'aws-cdk-lib/aws-lambda';
import { Queue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { KinesisBuffer, type KinesisBufferProps } from '../../../../aws/buffer/kinesis/kinesis-buffer';
import type { Delivery } from '../../../../aws/ports/delivery';
import type { FunctionWorkload } from '../../../../aws/ports/identity';
import { removalOf, synthesize } from '../../../support/cdk';
import { documentedDefaults } from '../../../support/defaults';
import { expectSnapshot } from '../../../support/snapshot';

const make = (props?: KinesisBufferProps, context?: Record<string, unknown>) =>
  synthesize((stack) => new KinesisBuffer(stack, 'Buffer', props), context);

/** A function that stands for any target. */
class Target extends Construct implements FunctionWorkload {
  readonly role = new Role(this, 'Role', { assumedBy: new ServicePrincipal('lambda.amazonaws.com') });
  readonly function = new LambdaFunction(this, 'Function', {
    code: Code.fromInline('exports.handler = () => {}'),
    handler: 'index.handler',
    runtime: Runtime.NODEJS_24_X,
    role: this.role,
  });
}

function deliver(delivery?: Delivery, props?: KinesisBufferProps) {
  return synthesize((stack) => {
    const target = new Target(stack, 'Target');
    new KinesisBuffer(stack, 'Buffer', props).deliverTo(target, delivery);
    return target;
  });
}

test('the snapshot', () => {
  const { built, madeBy } = make();
  expectSnapshot(
    'aws/buffer/kinesis/kinesis-buffer.snapshot.yaml',
    'The stream is encrypted and survives its stack; so does the queue of the dead letter, which refuses plain HTTP.',
    madeBy(built),
  );
});

test('documents the defaults that it has', () => {
  const { one } = make();
  const stream = one('AWS::Kinesis::Stream');
  expect(documentedDefaults('aws/buffer/kinesis/kinesis-buffer.ts', 'KinesisBufferProps')).toEqual({
    retention: `${stream.Properties.RetentionPeriodHours / 24} days`,
    removal: removalOf(stream.DeletionPolicy),
  });
});

test('takes every setting', () => {
  const { one } = synthesize(
    (stack) =>
      new KinesisBuffer(stack, 'Buffer', { retention: Duration.days(7), encryptionKey: new Key(stack, 'Key'), removal: 'destroy' }),
    { destroyData: 'yes' },
  );
  const stream = one('AWS::Kinesis::Stream');
  expect(stream.DeletionPolicy).toBe('Delete');
  expect(stream.Properties).toMatchObject({
    RetentionPeriodHours: 168,
    StreamEncryption: { EncryptionType: 'KMS', KeyId: { 'Fn::GetAtt': [expect.stringContaining('Key'), 'Arn'] } },
  });
  expect(one('AWS::SQS::Queue').DeletionPolicy).toBe('Delete');
});

test('uses a stream and a queue that are there already', () => {
  const { built, all } = synthesize((stack) => {
    const stream = Stream.fromStreamArn(stack, 'Mine', 'arn:aws:kinesis:eu-west-1:123456789012:stream/mine');
    const deadLetterQueue = Queue.fromQueueArn(stack, 'Dead', 'arn:aws:sqs:eu-west-1:123456789012:dead');
    return new KinesisBuffer(stack, 'Buffer', { stream, deadLetterQueue });
  });
  expect(built.stream.streamName).toBe('mine');
  expect([...all('AWS::Kinesis::Stream'), ...all('AWS::SQS::Queue')]).toEqual([]);
});

test('stands twice in one stack', () => {
  const { all } = synthesize((stack) => [new KinesisBuffer(stack, 'A'), new KinesisBuffer(stack, 'B')]);
  expect(all('AWS::Kinesis::Stream')).toHaveLength(2);
});

test('a batch that fails is bisected, tried ten more times for at most six hours, then goes to the dead letter', () => {
  const { one } = deliver();
  expect(one('AWS::Lambda::EventSourceMapping').Properties).toMatchObject({
    BisectBatchOnFunctionError: true,
    FunctionResponseTypes: ['ReportBatchItemFailures'],
    MaximumRetryAttempts: 10,
    MaximumRecordAgeInSeconds: 6 * 3600,
    DestinationConfig: { OnFailure: { Destination: { 'Fn::GetAtt': [expect.stringContaining('DeadLetter'), 'Arn'] } } },
  });
});

test('records that come while the stack deploys are processed too', () => {
  expect(deliver().one('AWS::Lambda::EventSourceMapping').Properties.StartingPosition).toBe('TRIM_HORIZON');
});

test('delivery starts only when the function may read, and may write to the dead letter', () => {
  const { one, madeBy, built } = deliver();
  const policies = Object.entries(madeBy(built)).filter(([, { Type }]) => Type === 'AWS::IAM::Policy');
  expect(one('AWS::Lambda::EventSourceMapping').DependsOn).toEqual(expect.arrayContaining(policies.map(([id]) => id)));
});

test('a reader may read this stream and send to this queue, and nothing else', () => {
  const { built, allowed } = deliver();
  expect(allowed(built)).toEqual([
    expect.objectContaining({
      Action: [
        'kinesis:DescribeStream',
        'kinesis:DescribeStreamSummary',
        'kinesis:GetRecords',
        'kinesis:GetShardIterator',
        'kinesis:ListShards',
      ],
      Resource: { 'Fn::GetAtt': [expect.stringContaining('Stream'), 'Arn'] },
    }),
    expect.objectContaining({ Action: 'sqs:SendMessage', Resource: { 'Fn::GetAtt': [expect.stringContaining('DeadLetter'), 'Arn'] } }),
  ]);
});

test('a writer may put records, and use the key of the stream where there is one', () => {
  const { built, allowed } = synthesize((stack) => {
    const writer = new Target(stack, 'Writer');
    const binding = new KinesisBuffer(stack, 'Buffer', { encryptionKey: new Key(stack, 'Key') }).bindWriter(writer, 'EVENTS');
    expect(Object.keys(binding.settings)).toEqual(['EVENTS_STREAM']);
    return writer;
  });
  expect(allowed(built).map(({ Action }) => Action)).toEqual([['kinesis:PutRecord', 'kinesis:PutRecords'], 'kms:GenerateDataKey']);
});

test('whoever writes to a dead letter with a key of its own may use the key', () => {
  const { built, allowed } = synthesize((stack) => {
    const target = new Target(stack, 'Target');
    const deadLetterQueue = new Queue(stack, 'Dead', { encryptionMasterKey: new Key(stack, 'Key') });
    new KinesisBuffer(stack, 'Buffer', { deadLetterQueue }).deliverTo(target);
    return target;
  });
  expect(allowed(built)).toContainEqual(expect.objectContaining({ Action: ['kms:Decrypt', 'kms:GenerateDataKey'] }));
});

test('every alarm watches this very stream or queue', () => {
  const { all } = make();
  const dimensions = all('AWS::CloudWatch::Alarm').map(({ Properties }) =>
    Properties.Dimensions.map(({ Name }: { Name: string }) => Name).join(),
  );
  expect(dimensions).toEqual(['StreamName', 'StreamName', 'StreamName', 'QueueName']);
});

describe('refuses', () => {
  const late = (stack: Stack) => Queue.fromQueueArn(stack, 'Fifo', 'arn:aws:sqs:eu-west-1:123456789012:dead.fifo');
  const stream = (stack: Stack) => Stream.fromStreamArn(stack, 'Mine', 'arn:aws:kinesis:eu-west-1:123456789012:stream/mine');

  test.each<[string, () => unknown, string]>([
    [
      'a short retention',
      () => make({ retention: Duration.hours(1) }),
      'Test/Buffer: retention must be 24 to 8760 hours, got 1. For longer replay, keep the raw records in a store.',
    ],
    [
      'part of an hour',
      () => make({ retention: Duration.minutes(1530) }),
      'Test/Buffer: retention must be 24 to 8760 hours, got 25.5. For longer replay, keep the raw records in a store.',
    ],
    [
      'one key to destroy',
      () => make({ removal: 'destroy' }),
      `Test/Buffer: removal 'destroy' needs the context destroyData to be "yes", got nothing. Set DESTROY_DATA=yes in the environment of this command, or leave removal out to keep the data.`,
    ],
    [
      'a wrong second key',
      () => make({ removal: 'destroy' }, { destroyData: 'true' }),
      `Test/Buffer: removal 'destroy' needs the context destroyData to be "yes", got "true". Set DESTROY_DATA=yes in the environment of this command, or leave removal out to keep the data.`,
    ],
    [
      'a FIFO queue',
      () => synthesize((stack) => new KinesisBuffer(stack, 'Buffer', { deadLetterQueue: late(stack) })),
      'Test/Buffer: deadLetterQueue must be a standard queue, got a FIFO queue. Lambda sends failed batches to no other.',
    ],
    [
      'settings for a stream that is there',
      () => synthesize((stack) => new KinesisBuffer(stack, 'Buffer', { stream: stream(stack), retention: Duration.days(2) })),
      'Test/Buffer: stream keeps its own settings, got retention beside it. Leave retention out.',
    ],
    [
      'a large batch',
      () => deliver({ batchSize: 10_001 }),
      'Test/Buffer: batchSize must be 1 to 10000 records, got 10001. Lambda takes no more in one call.',
    ],
    [
      'a long wait',
      () => deliver({ batchWindow: Duration.minutes(6) }),
      'Test/Buffer: batchWindow must be 0 to 300 seconds, got 360. Lambda waits no longer for a batch.',
    ],
    [
      'a wait of part of a second',
      () => deliver({ batchWindow: Duration.millis(500) }),
      'Test/Buffer: batchWindow must be 0 to 300 seconds, got 0.5. Lambda waits no longer for a batch.',
    ],
    [
      'endless retries',
      () => deliver({ maxRetries: -1 }),
      'Test/Buffer: maxRetries must be 0 to 10000 retries, got -1. Without a bound one bad batch blocks its shard.',
    ],
    [
      'an age in part of a second',
      () => deliver({ maxAge: Duration.millis(90_500) }),
      'Test/Buffer: maxAge must be 60 to 604800 seconds, got 90.5. A record is gone after its retention, and Lambda tries none that is older than 7 days.',
    ],
    [
      'an age beyond the retention',
      () => deliver({ maxAge: Duration.hours(25) }, { retention: Duration.hours(24) }),
      'Test/Buffer: maxAge must be 60 to 86400 seconds, got 90000. A record is gone after its retention, and Lambda tries none that is older than 7 days.',
    ],
  ])('%s', (_, act, message) => expect(act).toThrow(new Error(message)));
});
