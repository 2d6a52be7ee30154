import { CfnResource, Duration, Stack } from 'aws-cdk-lib';
import { Role } from 'aws-cdk-lib/aws-iam';
import { Code } from 'aws-cdk-lib/aws-lambda';
import { RetentionDays } from 'aws-cdk-lib/aws-logs';
import { KinesisBuffer } from '../../../../aws/buffer/kinesis/kinesis-buffer';
import type { ObjectStore } from '../../../../aws/ports/stores';
import { LambdaProcessor, type LambdaProcessorProps } from '../../../../aws/processing/lambda/lambda-processor';
import { S3Store } from '../../../../aws/store/s3/s3-store';
import { packageHandler } from '../../../../shared/synth/handler-package';
import { synthesize } from '../../../support/cdk';
import { documentedDefaults } from '../../../support/defaults';
import { expectSnapshot } from '../../../support/snapshot';

const code = Code.fromInline('exports.handler = async () => ({ batchItemFailures: [] });');

/** A processor between a buffer and a store. */
function processor(stack: Stack, props: Partial<LambdaProcessorProps> = {}, id = 'Processing') {
  const neighbours = props.source ? {} : { source: new KinesisBuffer(stack, 'Buffer'), stores: { STORE: new S3Store(stack, 'Store') } };
  return new LambdaProcessor(stack, id, { code, ...neighbours, ...props } as LambdaProcessorProps);
}

const make = (props?: Partial<LambdaProcessorProps>) => synthesize((stack) => processor(stack, props));

test('the snapshot', () => {
  const { built, madeBy } = make();
  expectSnapshot(
    'aws/processing/lambda/lambda-processor.snapshot.yaml',
    'The role may log, read the stream, add objects and dead letters, and nothing else; the function waits until it may.',
    madeBy(built),
  );
});

test('documents the defaults that it has', () => {
  const { MemorySize, Timeout } = make().one('AWS::Lambda::Function').Properties;
  const days: number = make().one('AWS::Logs::LogGroup').Properties.RetentionInDays;
  expect(documentedDefaults('aws/processing/lambda/lambda-processor.ts', 'LambdaProcessorProps')).toEqual({
    memoryMiB: `${MemorySize}`,
    timeout: `${Timeout} seconds`,
    logRetention: { 30: 'one month' }[days],
  });
});

test('takes every setting', () => {
  const delivery = { batchSize: 10, maxRetries: 1 };
  const { one } = make({ memoryMiB: 1024, timeout: Duration.minutes(5), logRetention: RetentionDays.ONE_WEEK, delivery });
  expect(one('AWS::Lambda::Function').Properties).toMatchObject({ MemorySize: 1024, Timeout: 300 });
  expect(one('AWS::Logs::LogGroup').Properties.RetentionInDays).toBe(7);
  expect(one('AWS::Lambda::EventSourceMapping').Properties).toMatchObject({ BatchSize: 10, MaximumRetryAttempts: 1 });
});

test('runs as a role that is there already, which gets what it needs', () => {
  const { all, one, resources } = synthesize((stack) =>
    processor(stack, { role: Role.fromRoleArn(stack, 'Mine', 'arn:aws:iam::123456789012:role/mine') }),
  );
  expect(all('AWS::IAM::Role')).toEqual([]);
  expect(one('AWS::Lambda::Function').Properties.Role).toBe('arn:aws:iam::123456789012:role/mine');
  const given = all('AWS::IAM::Policy').map(({ Properties }) => Properties);
  expect(given.map(({ Roles }) => Roles)).toEqual([['mine'], ['mine']]);
  const statements = given.flatMap(({ PolicyDocument }) => PolicyDocument.Statement);
  expect(statements).toContainEqual(expect.objectContaining({ Action: 's3:PutObject' }));
  const policies = Object.keys(resources).filter((id) => resources[id]!.Type === 'AWS::IAM::Policy');
  expect(one('AWS::Lambda::Function').DependsOn).toEqual(expect.arrayContaining(policies));
});

test('stands twice in one stack, between the same neighbours', () => {
  const { all } = synthesize((stack) => {
    const between = { source: new KinesisBuffer(stack, 'Buffer'), stores: { STORE: new S3Store(stack, 'Store') } };
    return [processor(stack, between, 'A'), processor(stack, between, 'B')];
  });
  expect(all('AWS::Lambda::EventSourceMapping')).toHaveLength(2);
  expect(all('AWS::IAM::Policy')).toHaveLength(4);
});

test('the function may do this and nothing else', () => {
  const { built, allowed } = make();
  const arnOf = (id: RegExp) => ({ 'Fn::GetAtt': [expect.stringMatching(id), 'Arn'] });
  expect(allowed(built).map(({ Action, Resource }) => [Action, Resource])).toEqual([
    [['logs:CreateLogStream', 'logs:PutLogEvents'], arnOf(/^ProcessingLogs/)],
    ['s3:PutObject', { 'Fn::Join': ['', [arnOf(/^StoreBucket/), '/events/*']] }],
    ['sqs:SendMessage', arnOf(/^BufferDeadLetter/)],
    [expect.arrayContaining(['kinesis:GetRecords']), arnOf(/^BufferStream/)],
    // X-Ray knows no resource to narrow this to.
    [['xray:PutTelemetryRecords', 'xray:PutTraceSegments'], '*'],
  ]);
});

test('the role is its own, without the policies that AWS manages', () => {
  const { Properties } = make().one('AWS::IAM::Role');
  expect(Properties).not.toHaveProperty('ManagedPolicyArns');
  expect(Properties.AssumeRolePolicyDocument.Statement).toEqual([
    { Action: 'sts:AssumeRole', Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' } },
  ]);
});

test('the function exists only when it may do all that it does', () => {
  const { built, madeBy, one } = make();
  const policies = Object.entries(madeBy(built)).flatMap(([id, { Type }]) => (Type === 'AWS::IAM::Policy' ? [id] : []));
  expect(policies).toHaveLength(2);
  expect(one('AWS::Lambda::Function').DependsOn).toEqual(expect.arrayContaining(policies));
});

test('the function waits for whatever its store says it needs', () => {
  const { one } = synthesize((stack) => {
    const needed = new CfnResource(stack, 'Needed', { type: 'AWS::EC2::VPCEndpoint' });
    const binding = { settings: { STORE_NAME: 'mine' }, waitFor: [needed] };
    const store: ObjectStore = { bindWriter: () => binding, bindReader: () => binding };
    return processor(stack, { source: new KinesisBuffer(stack, 'Buffer'), stores: { STORE: store } });
  });
  expect(one('AWS::Lambda::Function').DependsOn).toContain('Needed');
});

test('the function is told where the store and the dead letter are', () => {
  expect(make().one('AWS::Lambda::Function').Properties.Environment.Variables).toEqual({
    STORE_BUCKET: { Ref: expect.stringMatching(/^StoreBucket/) },
    STORE_PREFIX: 'events/',
    DEAD_LETTER_QUEUE_URL: { Ref: expect.stringMatching(/^BufferDeadLetter/) },
    PROCESSOR: expect.stringMatching(/^[0-9a-f]{8}$/),
  });
});

test('takes what packageHandler makes', () => {
  const { one } = make({ code: packageHandler('aws/handlers/kinesis-to-s3') });
  expect(one('AWS::Lambda::Function').Properties.Code).toEqual({ S3Bucket: expect.anything(), S3Key: expect.stringMatching(/\.zip$/) });
});

test('one function can write to two stores', () => {
  const { one } = synthesize((stack) => {
    const stores = { RAW: new S3Store(stack, 'Raw', { prefix: 'raw/' }), CLEAN: new S3Store(stack, 'Clean', { prefix: 'clean/' }) };
    return processor(stack, { source: new KinesisBuffer(stack, 'Buffer'), stores });
  });
  expect(one('AWS::Lambda::Function').Properties.Environment.Variables).toMatchObject({ RAW_PREFIX: 'raw/', CLEAN_PREFIX: 'clean/' });
});

test('the logs are JSON, in a log group of their own, for a bounded time', () => {
  const { one } = make();
  expect(one('AWS::Lambda::Function').Properties.LoggingConfig).toEqual({
    ApplicationLogLevel: 'INFO',
    LogFormat: 'JSON',
    LogGroup: { Ref: expect.stringMatching(/^ProcessingLogs/) },
    SystemLogLevel: 'INFO',
  });
  expect(one('AWS::Logs::LogGroup').Properties).toEqual({ RetentionInDays: 30 });
});

test('the function runs on Node.js 24 on ARM, is traced, and reserves no concurrency of the account', () => {
  const { Properties } = make().one('AWS::Lambda::Function');
  expect(Properties).toMatchObject({ Runtime: 'nodejs24.x', Architectures: ['arm64'], TracingConfig: { Mode: 'Active' } });
  expect(Properties).not.toHaveProperty('ReservedConcurrentExecutions');
});

test('every alarm watches this very function', () => {
  const { built, madeBy } = make();
  const alarms = Object.values(madeBy(built)).filter(({ Type }) => Type === 'AWS::CloudWatch::Alarm');
  const dimensions = [{ Name: 'FunctionName', Value: { Ref: expect.stringMatching(/^ProcessingFunction/) } }];
  expect(alarms.map(({ Properties }) => [Properties.MetricName, Properties.Dimensions])).toEqual([
    ['Errors', dimensions],
    ['Throttles', dimensions],
  ]);
});

describe('refuses', () => {
  /** A handler of records of Kinesis that writes to an S3 bucket. */
  const handler = packageHandler('aws/handlers/kinesis-to-s3');

  test('a store under a name that the handler does not know, before it makes anything', () => {
    const stack = new Stack(undefined, 'Test');
    const stores = { LAKE: new S3Store(stack, 'Store') };
    const message = 'stores must be { STORE: store } for this handler, got LAKE. Its code reads the settings of these stores.';
    expect(() => processor(stack, { code: handler, source: new KinesisBuffer(stack, 'Buffer'), stores })).toThrow(
      new Error(`Test/Processing: ${message}`),
    );
    expect(stack.node.findAll().filter(({ node }) => node.path.startsWith('Test/Processing/'))).toEqual([]);
  });

  test('a source whose records the handler does not read, before it makes anything', () => {
    const stack = new Stack(undefined, 'Test');
    const { deadLetter, deliverTo, bindReader } = new KinesisBuffer(stack, 'Buffer');
    const source = { format: 'sqs', deadLetter, deliverTo, bindReader };
    const message = 'code must read records of sqs, got a handler for kinesis. Bundle one of the handlers whose names start with sqs.';
    expect(() => processor(stack, { code: handler, source, stores: { STORE: new S3Store(stack, 'Store') } })).toThrow(
      new Error(`Test/Processing: ${message}`),
    );
    expect(stack.node.findAll().filter(({ node }) => node.path.startsWith('Test/Processing/'))).toEqual([]);
  });

  test('a store of a kind that the handler does not write to', () => {
    const binding = { settings: { STORE_TABLE: 'events' }, waitFor: [] };
    const store: ObjectStore = { bindWriter: () => binding, bindReader: () => binding };
    const message = 'stores.STORE must hand back STORE_BUCKET and STORE_PREFIX, got STORE_TABLE.';
    const props = (stack: Stack) => ({ code: handler, source: new KinesisBuffer(stack, 'Buffer'), stores: { STORE: store } });
    expect(() => synthesize((stack) => processor(stack, props(stack)))).toThrow(
      new Error(`Test/Processing: ${message} Give a store of the kind that the handler writes to.`),
    );
  });

  const longer = 'For longer work use a container that pulls.';

  test.each<[string, Partial<LambdaProcessorProps>, string]>([
    ['little memory', { memoryMiB: 64 }, 'Test/Processing: memoryMiB must be 128 to 10240 MiB, got 64. Lambda offers no other sizes.'],
    ['much memory', { memoryMiB: 10_241 }, 'Test/Processing: memoryMiB must be 128 to 10240 MiB, got 10241. Lambda offers no other sizes.'],
    ['no time', { timeout: Duration.seconds(0) }, `Test/Processing: timeout must be 1 to 900 seconds, got 0. ${longer}`],
    ['long work', { timeout: Duration.minutes(16) }, `Test/Processing: timeout must be 1 to 900 seconds, got 960. ${longer}`],
    ['part of a second', { timeout: Duration.millis(1500) }, `Test/Processing: timeout must be 1 to 900 seconds, got 1.5. ${longer}`],
  ])('%s', (_, props, message) => expect(() => make(props)).toThrow(new Error(message)));

  test('before it makes anything', () => {
    const stack = new Stack(undefined, 'Test');
    expect(() => processor(stack, { memoryMiB: 1 })).toThrow('memoryMiB');
    expect(stack.node.findAll().filter(({ node }) => node.path.startsWith('Test/Processing/'))).toEqual([]);
  });
});
