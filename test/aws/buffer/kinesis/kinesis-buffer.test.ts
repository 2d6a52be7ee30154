import { Duration, type Stack, Token } from 'aws-cdk-lib';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Stream } from 'aws-cdk-lib/aws-kinesis';
import { Key } from 'aws-cdk-lib/aws-kms';
import { Code, Function as LambdaFunction, Runtime, StartingPosition } from 'aws-cdk-lib/aws-lambda';
import { Bucket } from 'aws-cdk-lib/aws-s3';
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

/** A function as a target of a delivery. */
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
  const all = Object.entries(madeBy(built));
  const isPart = (part: string) => (id: string, Type: string) =>
    part === (Type === 'AWS::CloudWatch::Alarm' ? 'alarms' : id.includes('DeadLetterBucket') ? 'bucket' : 'stream');
  const only = (part: string) => Object.fromEntries(all.filter(([id, { Type }]) => isPart(part)(id, Type)));
  expectSnapshot(
    'aws/buffer/kinesis/kinesis-buffer.snapshot.yaml',
    'The stream is encrypted and retained; so is the dead-letter queue, which also denies requests without TLS.',
    only('stream'),
  );
  expectSnapshot(
    'aws/buffer/kinesis/alarms.snapshot.yaml',
    'The alarm on an unread stream compares incoming records with GetRecords calls.',
    only('alarms'),
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

test('accepts every setting', () => {
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

test('uses an existing stream and queue', () => {
  const { built, all } = synthesize((stack) => {
    const stream = Stream.fromStreamArn(stack, 'Mine', 'arn:aws:kinesis:eu-west-1:123456789012:stream/mine');
    const deadLetterQueue = Queue.fromQueueArn(stack, 'Dead', 'arn:aws:sqs:eu-west-1:123456789012:dead');
    return new KinesisBuffer(stack, 'Buffer', { stream, deadLetterQueue });
  });
  expect(built.stream.streamName).toBe('mine');
  expect([...all('AWS::Kinesis::Stream'), ...all('AWS::SQS::Queue')]).toEqual([]);
});

test('can be created twice in one stack', () => {
  const { all } = synthesize((stack) => [new KinesisBuffer(stack, 'A'), new KinesisBuffer(stack, 'B')]);
  expect(all('AWS::Kinesis::Stream')).toHaveLength(2);
});

const mappingOf = ({ one }: ReturnType<typeof deliver>) => one('AWS::Lambda::EventSourceMapping').Properties;

test('a failed batch is bisected and retried until shortly before its stream deletes it, and is then in a bucket', () => {
  expect(mappingOf(deliver())).toMatchObject({
    BisectBatchOnFunctionError: true,
    FunctionResponseTypes: ['ReportBatchItemFailures'],
    MaximumRetryAttempts: -1,
    MaximumRecordAgeInSeconds: (7 * 24 - 1) * 3600,
    DestinationConfig: { OnFailure: { Destination: { 'Fn::GetAtt': [expect.stringContaining('DeadLetterBucket'), 'Arn'] } } },
  });
});

test('a batch has 1,000 records or a minute of records, so that objects are not small', () => {
  expect(mappingOf(deliver())).toMatchObject({ BatchSize: 1000, MaximumBatchingWindowInSeconds: 60 });
});

describe('the age at which the retries of a record end', () => {
  const ageOf = (delivery?: Delivery, props?: (stack: Stack) => KinesisBufferProps) =>
    mappingOf(
      synthesize((stack) => {
        const target = new Target(stack, 'Target');
        new KinesisBuffer(stack, 'Buffer', props?.(stack)).deliverTo(target, delivery);
        return target;
      }),
    ).MaximumRecordAgeInSeconds;
  const looked = (stack: Stack) => ({ stream: Stream.fromStreamArn(stack, 'Mine', 'arn:aws:kinesis:eu-west-1:123456789012:stream/mine') });
  const hours = (stack: Stack, retention: number) => ({
    stream: new Stream(stack, 'Mine', { retentionPeriod: Duration.hours(retention) }),
  });

  test('is an hour less than a day for an imported stream, because a day is the minimum retention', () =>
    expect(ageOf({}, looked)).toBe(23 * 3600));

  test('is an hour less than the given retention of an imported stream', () =>
    expect(ageOf({}, (stack) => ({ ...looked(stack), retention: Duration.hours(48) }))).toBe(47 * 3600));

  test('is an hour less than the retention of a stream of the same app', () =>
    expect(ageOf({}, (stack) => hours(stack, 72))).toBe(71 * 3600));

  test('is at most the maximum of Lambda, also with a longer retention', () =>
    expect(ageOf({}, (stack) => hours(stack, 8760))).toBe((7 * 24 - 1) * 3600));

  test('has no limit with maxAge retention', () => expect(ageOf({ maxAge: 'retention' })).toBe(-1));

  test('is an hour less than a day if the retention is known only at deploy', () =>
    expect(ageOf({}, () => ({ retention: Duration.hours(Token.asNumber({ Ref: 'Retention' })) }))).toBe(23 * 3600));
});

test('a new reader starts at the oldest record, so that it reads records that arrive during the deploy, or at the given position', () => {
  expect(mappingOf(deliver()).StartingPosition).toBe('TRIM_HORIZON');
  expect(mappingOf(deliver({ startingPosition: StartingPosition.LATEST })).StartingPosition).toBe('LATEST');
  const at = { startingPosition: StartingPosition.AT_TIMESTAMP, startingPositionTimestamp: 1_767_225_600 };
  expect(mappingOf(deliver(at))).toMatchObject({ StartingPosition: 'AT_TIMESTAMP', StartingPositionTimestamp: 1_767_225_600 });
});

test('accepts every setting of a delivery, and returns the mapping', () => {
  const filters = [{ data: { type: ['heated'] } }];
  const made = synthesize((stack) => {
    const target = new Target(stack, 'Target');
    const mapping = new KinesisBuffer(stack, 'Buffer').deliverTo(target, {
      maxRetries: 5,
      parallelizationFactor: 10,
      filters,
      enabled: false,
    });
    expect(mapping.node.id).toBe('Trigger');
    return target;
  });
  expect(mappingOf(made)).toMatchObject({
    MaximumRetryAttempts: 5,
    ParallelizationFactor: 10,
    Enabled: false,
    FilterCriteria: { Filters: [{ Pattern: '{"data":{"type":["heated"]}}' }] },
  });
});

test('two streams can feed one function', () => {
  const { all } = synthesize((stack) => {
    const target = new Target(stack, 'Target');
    for (const id of ['Orders', 'Returns']) new KinesisBuffer(stack, id).deliverTo(target);
  });
  expect(all('AWS::Lambda::EventSourceMapping')).toHaveLength(2);
});

test('delivery starts only when the function may read, and may write to the dead letter', () => {
  const { one, madeBy, built } = deliver();
  const policies = Object.entries(madeBy(built)).filter(([, { Type }]) => Type === 'AWS::IAM::Policy');
  expect(one('AWS::Lambda::EventSourceMapping').DependsOn).toEqual(expect.arrayContaining(policies.map(([id]) => id)));
});

test('a reader may read this stream and add failed batches to this bucket, and nothing else', () => {
  const { built, allowed } = deliver();
  const bucket = { 'Fn::GetAtt': [expect.stringContaining('DeadLetterBucket'), 'Arn'] };
  const ofThisAccount = { StringEquals: { 's3:ResourceAccount': { Ref: 'AWS::AccountId' } } };
  const objects = { 'Fn::Join': ['', [bucket, '/aws/lambda/*']] };
  expect(allowed(built)).toEqual([
    expect.objectContaining({ Action: 's3:PutObject', Resource: objects, Condition: ofThisAccount }),
    expect.objectContaining({ Action: 's3:ListBucket', Resource: bucket, Condition: ofThisAccount }),
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
  ]);
});

test('a writer may put records, and use the key of the stream if it has one', () => {
  const { built, allowed } = synthesize((stack) => {
    const writer = new Target(stack, 'Writer');
    const binding = new KinesisBuffer(stack, 'Buffer', { encryptionKey: new Key(stack, 'Key') }).bindWriter(writer, 'EVENTS');
    expect(Object.keys(binding.settings)).toEqual(['EVENTS_STREAM']);
    return writer;
  });
  expect(allowed(built).map(({ Action }) => Action)).toEqual([['kinesis:PutRecord', 'kinesis:PutRecords'], 'kms:GenerateDataKey']);
});

test('a writer to a dead letter with a KMS key may use the key', () => {
  const { built, allowed } = synthesize((stack) => {
    const target = new Target(stack, 'Target');
    const deadLetterQueue = new Queue(stack, 'Dead', { encryptionMasterKey: new Key(stack, 'Key') });
    const deadLetterBucket = new Bucket(stack, 'GivenUp', { encryptionKey: new Key(stack, 'BucketKey') });
    const buffer = new KinesisBuffer(stack, 'Buffer', { deadLetterQueue, deadLetterBucket });
    buffer.deliverTo(target);
    buffer.deadLetter.bindWriter(target, 'DEAD_LETTER');
    return target;
  });
  expect(allowed(built)).toContainEqual(expect.objectContaining({ Action: ['kms:Decrypt', 'kms:GenerateDataKey'] }));
  expect(allowed(built)).toContainEqual(expect.objectContaining({ Action: 'kms:GenerateDataKey' }));
});

test('a key of the user encrypts its new dead letters too, because they have whole records', () => {
  const { all } = synthesize((stack) => new KinesisBuffer(stack, 'Buffer', { encryptionKey: new Key(stack, 'Key') }));
  const key = { 'Fn::GetAtt': [expect.stringMatching(/^Key/), 'Arn'] };
  const keys = all('AWS::S3::Bucket').map(
    ({ Properties }) => Properties.BucketEncryption.ServerSideEncryptionConfiguration[0].ServerSideEncryptionByDefault.KMSMasterKeyID,
  );
  expect([...all('AWS::SQS::Queue').map(({ Properties }) => Properties.KmsMasterKeyId), ...keys.filter(Boolean)]).toEqual([key, key]);
});

test('a service that delivers without code may read this stream, and use its key, and nothing else', () => {
  const { allowed, built } = synthesize((stack) => {
    const role = new Role(stack, 'Role', { assumedBy: new ServicePrincipal('firehose.amazonaws.com') });
    const deliverer = Object.assign(new Construct(stack, 'Deliverer'), { role });
    const { arn, waitFor } = new KinesisBuffer(stack, 'Buffer', { encryptionKey: new Key(stack, 'Key') }).bindDelivery(deliverer);
    expect([stack.resolve(arn), waitFor.length]).toEqual([{ 'Fn::GetAtt': [expect.stringMatching(/^BufferStream/), 'Arn'] }, 1]);
    return role;
  });
  const actions = ['DescribeStream', 'GetRecords', 'GetShardIterator', 'ListShards'].map((action) => `kinesis:${action}`);
  expect(allowed(built).map(({ Action }) => Action)).toEqual([actions, 'kms:Decrypt']);
});

test('every alarm watches this stream or queue', () => {
  const { all } = make();
  const dimensions = all('AWS::CloudWatch::Alarm').map(({ Properties }) =>
    JSON.stringify(Properties)
      .match(/(?<="Dimensions":\[\{"Name":")\w+/g)!
      .join(),
  );
  expect(dimensions).toEqual(['StreamName', 'StreamName,StreamName', 'StreamName', 'StreamName', 'QueueName']);
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
      'a retention in days that are known only at deploy',
      () => make({ retention: Duration.days(Token.asNumber({ Ref: 'Days' })) }),
      'Test/Buffer: retention must be counted in hours, got a length of time in another unit, known only at deploy. Write it like Duration.hours(parameter.valueAsNumber).',
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
      'Test/Buffer: deadLetterQueue must be a standard queue, got a FIFO queue. Use a standard queue: dead letters have no order.',
    ],
    [
      'settings for a stream that is there',
      () => synthesize((stack) => new KinesisBuffer(stack, 'Buffer', { stream: stream(stack), encryptionKey: new Key(stack, 'Key') })),
      'Test/Buffer: stream keeps its own settings, got encryptionKey beside it. Leave encryptionKey out.',
    ],
    [
      'a large batch',
      () => deliver({ batchSize: 10_001 }),
      'Test/Buffer: batchSize must be 1 to 10000 records, got 10001. Lambda allows at most 10000 records in one call.',
    ],
    [
      'a long wait',
      () => deliver({ batchWindow: Duration.minutes(6) }),
      'Test/Buffer: batchWindow must be 0 to 300 seconds, got 360. Lambda waits at most 300 seconds for a batch.',
    ],
    [
      'a wait of part of a second',
      () => deliver({ batchWindow: Duration.millis(500) }),
      'Test/Buffer: batchWindow must be 0 to 300 seconds, got 0.5. Lambda waits at most 300 seconds for a batch.',
    ],
    [
      'fewer retries than none',
      () => deliver({ maxRetries: -2 }),
      'Test/Buffer: maxRetries must be -1 to 10000 retries, got -2. With -1, only maxAge ends the retries.',
    ],
    [
      'a time without a start at it',
      () => deliver({ startingPositionTimestamp: 5 }),
      'Test/Buffer: startingPosition AT_TIMESTAMP and startingPositionTimestamp must come together, got a time alone. Leave it out to start with the oldest record.',
    ],
    [
      'a start at no time',
      () => deliver({ startingPosition: StartingPosition.AT_TIMESTAMP }),
      'Test/Buffer: startingPosition AT_TIMESTAMP and startingPositionTimestamp must come together, got no time. Leave it out to start with the oldest record.',
    ],
    [
      'a time in milliseconds',
      () => deliver({ startingPosition: StartingPosition.AT_TIMESTAMP, startingPositionTimestamp: 1_767_225_600_000 }),
      'Test/Buffer: startingPositionTimestamp must be 0 to 4102444800 seconds since 1970, got 1767225600000. Give seconds, not milliseconds.',
    ],
    [
      'eleven batches of a shard at a time',
      () => deliver({ parallelizationFactor: 11 }),
      'Test/Buffer: parallelizationFactor must be 1 to 10 batches of a shard, got 11. Lambda processes at most 10 batches of a shard at once.',
    ],
    [
      'no filters at all',
      () => deliver({ filters: [] }),
      'Test/Buffer: filters must be 1 to 5 patterns, got a list of 0. Write them like [{ data: { type: ["heated"] } }].',
    ],
    [
      'an age beyond the day that a stream keeps which was looked up',
      () =>
        synthesize((stack) =>
          new KinesisBuffer(stack, 'Buffer', { stream: stream(stack) }).deliverTo(new Target(stack, 'T'), { maxAge: Duration.hours(25) }),
        ),
      'Test/Buffer: maxAge must be 60 to 86400 seconds, got 90000. The stream deletes a record after its retention, and Lambda does not retry records older than 7 days.',
    ],
    [
      'a second delivery to one target',
      () =>
        synthesize((stack) => {
          const [target, buffer] = [new Target(stack, 'Target'), new KinesisBuffer(stack, 'Buffer')];
          for (const _ of [1, 2]) buffer.deliverTo(target);
        }),
      'Test/Buffer: deliverTo must be called once for each target, got Test/Target again. Change the delivery of the first call instead.',
    ],
    [
      'an age in part of a second',
      () => deliver({ maxAge: Duration.millis(90_500) }),
      'Test/Buffer: maxAge must be 60 to 604800 seconds, got 90.5. The stream deletes a record after its retention, and Lambda does not retry records older than 7 days.',
    ],
    [
      'an age beyond the retention',
      () => deliver({ maxAge: Duration.hours(25) }, { retention: Duration.hours(24) }),
      'Test/Buffer: maxAge must be 60 to 86400 seconds, got 90000. The stream deletes a record after its retention, and Lambda does not retry records older than 7 days.',
    ],
  ])('%s', (_, act, message) => expect(act).toThrow(new Error(message)));
});
