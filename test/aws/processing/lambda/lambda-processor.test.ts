import { App, CfnResource, Duration, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { SecurityGroup } from 'aws-cdk-lib/aws-ec2';
import { Repository } from 'aws-cdk-lib/aws-ecr';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Code, LayerVersion, Runtime, Tracing } from 'aws-cdk-lib/aws-lambda';
import { RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { KinesisBuffer } from '../../../../aws/buffer/kinesis/kinesis-buffer';
import { PrivateNetwork } from '../../../../aws/foundation/network';
import type { ObjectStore } from '../../../../aws/ports/stores';
import { LambdaProcessor, type LambdaProcessorProps } from '../../../../aws/processing/lambda/lambda-processor';
import { S3Store } from '../../../../aws/store/s3/s3-store';
import cdk from '../../../../cdk.json';
import { packageHandler } from '../../../../shared/synth/handler-package';
import { type Resource, synthesize } from '../../../support/cdk';
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
    'The role may write logs, read the stream, add objects and dead letters, and nothing else. The function is created after its permissions.',
    withoutAlarms(madeBy(built)),
  );
});

function withoutAlarms(resources: Record<string, Resource>) {
  return Object.fromEntries(Object.entries(resources).filter(([, { Type }]) => Type !== 'AWS::CloudWatch::Alarm'));
}

test('documents the defaults that it has', () => {
  const { MemorySize, Timeout, Environment, Runtime: Runtime_, TracingConfig } = make().one('AWS::Lambda::Function').Properties;
  const days: number = make().one('AWS::Logs::LogGroup').Properties.RetentionInDays;
  expect(documentedDefaults('aws/processing/lambda/lambda-processor.ts', 'LambdaProcessorProps')).toEqual({
    memoryMiB: `${MemorySize}`,
    timeout: `${Timeout} seconds`,
    logRetention: { 30: 'one month' }[days],
    name: Environment.Variables.PROCESSOR.split('.')[1],
    runtime: Runtime_,
    tracing: TracingConfig.Mode,
  });
});

test('accepts every setting', () => {
  const delivery = { batchSize: 10, maxRetries: 1 };
  const { one } = make({ memoryMiB: 1024, timeout: Duration.minutes(5), logRetention: RetentionDays.ONE_WEEK, delivery });
  expect(one('AWS::Lambda::Function').Properties).toMatchObject({ MemorySize: 1024, Timeout: 300 });
  expect(one('AWS::Logs::LogGroup').Properties.RetentionInDays).toBe(7);
  expect(one('AWS::Lambda::EventSourceMapping').Properties).toMatchObject({ BatchSize: 10, MaximumRetryAttempts: 1 });
});

test('runs with an existing role, to which the permissions are added', () => {
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

test('can be created twice in one stack, with the same source and store', () => {
  const { all } = synthesize((stack) => {
    const between = { source: new KinesisBuffer(stack, 'Buffer'), stores: { STORE: new S3Store(stack, 'Store') } };
    return [processor(stack, between, 'A'), processor(stack, { ...between, name: 'again' }, 'B')];
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
    ['s3:PutObject', { 'Fn::Join': ['', [arnOf(/^BufferDeadLetterBucket/), '/aws/lambda/*']] }],
    ['s3:ListBucket', arnOf(/^BufferDeadLetterBucket/)],
    [expect.arrayContaining(['kinesis:GetRecords']), arnOf(/^BufferStream/)],
    // X-Ray has no resource ARNs for these actions.
    [['xray:PutTelemetryRecords', 'xray:PutTraceSegments'], '*'],
  ]);
});

test('the role is a new one, without AWS managed policies', () => {
  const { Properties } = make().one('AWS::IAM::Role');
  expect(Properties).not.toHaveProperty('ManagedPolicyArns');
  expect(Properties.AssumeRolePolicyDocument.Statement).toEqual([
    { Action: 'sts:AssumeRole', Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' } },
  ]);
});

test('the function is created after all its permissions', () => {
  const { built, madeBy, one } = make();
  const policies = Object.entries(madeBy(built)).flatMap(([id, { Type }]) => (Type === 'AWS::IAM::Policy' ? [id] : []));
  expect(policies).toHaveLength(2);
  expect(one('AWS::Lambda::Function').DependsOn).toEqual(expect.arrayContaining(policies));
});

test('the function depends on what its store returns in waitFor', () => {
  const { one } = synthesize((stack) => {
    const needed = new CfnResource(stack, 'Needed', { type: 'AWS::EC2::VPCEndpoint' });
    const binding = { settings: { STORE_NAME: 'mine' }, waitFor: [needed] };
    const store: ObjectStore = { bindWriter: () => binding, bindReader: () => binding };
    return processor(stack, { source: new KinesisBuffer(stack, 'Buffer'), stores: { STORE: store } });
  });
  expect(one('AWS::Lambda::Function').DependsOn).toContain('Needed');
});

test('the function has variables for the store and the dead letter', () => {
  expect(make().one('AWS::Lambda::Function').Properties.Environment.Variables).toEqual({
    STORE_BUCKET: { Ref: expect.stringMatching(/^StoreBucket/) },
    STORE_PREFIX: 'events/',
    DEAD_LETTER_QUEUE_URL: { Ref: expect.stringMatching(/^BufferDeadLetter/) },
    PROCESSOR: 'Test.processing',
  });
});

describe('its name in the names of objects', () => {
  const named = (build: (stack: Stack) => Construct) =>
    synthesize((stack) => processor(build(stack) as Stack)).one('AWS::Lambda::Function').Properties.Environment.Variables.PROCESSOR;

  test('does not depend on the path of the construct: records that are read again are written to the same objects', () =>
    expect(named((stack) => new Construct(new Construct(stack, 'Moved'), 'Deeper'))).toBe(named((stack) => stack)));

  test('differs between two stacks that read one stream', () => {
    const names = ['Blue', 'Green'].map((id) => {
      const stack = new Stack(new App({ context: cdk.context }), id);
      processor(stack);
      const [made] = Object.values(Template.fromStack(stack).findResources('AWS::Lambda::Function'));
      return made!.Properties.Environment.Variables.PROCESSOR;
    });
    expect(names).toEqual(['Blue.processing', 'Green.processing']);
  });

  test('must differ from that of another processor in the stack', () => {
    const message =
      'name must differ from that of Test/A, got "processing". Objects of both could get the same name: give one of them another name.';
    const between = (stack: Stack) => ({ source: new KinesisBuffer(stack, 'Buffer'), stores: { STORE: new S3Store(stack, 'Store') } });
    expect(() =>
      synthesize((stack) => {
        const neighbours = between(stack);
        return ['A', 'B'].map((id) => processor(stack, neighbours, id));
      }),
    ).toThrow(new Error(`Test/B: ${message}`));
  });

  test('has no dot, because a dot separates it from the stack', () =>
    expect(() => make({ name: 'eu.processing' })).toThrow(
      new Error(
        'Test/Processing: name must be 1 to 32 lower-case letters, digits and hyphens, a letter first, got "eu.processing". It is a part of the names of the objects that the processor writes.',
      ),
    ));
});

describe('with settings of Lambda', () => {
  test('it accepts variables, layers, a runtime and no tracing', () => {
    const { one, all } = synthesize((stack) =>
      processor(stack, {
        environment: { LEVEL: 'debug' },
        layers: [LayerVersion.fromLayerVersionArn(stack, 'Layer', 'arn:aws:lambda:eu-west-1:123456789012:layer:mine:1')],
        runtime: Runtime.NODEJS_22_X,
        tracing: Tracing.DISABLED,
      }),
    );
    const { Properties } = one('AWS::Lambda::Function');
    expect(Properties).toMatchObject({
      Environment: { Variables: { LEVEL: 'debug', STORE_PREFIX: 'events/' } },
      Layers: ['arn:aws:lambda:eu-west-1:123456789012:layer:mine:1'],
      Runtime: 'nodejs22.x',
    });
    expect(Properties).not.toHaveProperty('TracingConfig');
    expect(JSON.stringify(all('AWS::IAM::Policy'))).not.toContain('xray');
  });

  test('it runs in a VPC, with connections, and its role may create network interfaces', () => {
    const { built, all } = synthesize((stack) => processor(stack, { network: new PrivateNetwork(stack, 'Network') }));
    const [mine] = all('AWS::Lambda::Function').filter(({ Properties }) => Properties.VpcConfig);
    expect(mine?.Properties.VpcConfig.SubnetIds).toHaveLength(2);
    expect(JSON.stringify(all('AWS::IAM::Policy'))).toContain('ec2:CreateNetworkInterface');
    expect(built.connections?.securityGroups).toHaveLength(1);
  });

  test('it has the event source mapping as trigger, with the given delivery', () => {
    const { built, one } = make({ delivery: { parallelizationFactor: 4, enabled: false } });
    expect(built.trigger.eventSourceMappingId).toBeDefined();
    expect(one('AWS::Lambda::EventSourceMapping').Properties).toMatchObject({ ParallelizationFactor: 4, Enabled: false });
  });

  const image = () => Code.fromEcrImage(Repository.fromRepositoryName(new Stack(), 'Images', 'acme/handlers'), { tagOrDigest: '1' });

  test('it accepts a container image, with its own runtime', () => {
    const { one } = make({ code: image(), runtime: Runtime.FROM_IMAGE });
    const { PackageType, Code: code, Handler, Runtime: named } = one('AWS::Lambda::Function').Properties;
    expect({ PackageType, Handler, named }).toEqual({ PackageType: 'Image' });
    expect(JSON.stringify(code.ImageUri)).toContain('/acme/handlers:1');
  });

  test.each<[string, () => Partial<LambdaProcessorProps>, string]>([
    [
      'a container image with a runtime beside it',
      () => ({ code: image() }),
      'runtime must be Runtime.FROM_IMAGE for a container image, and for nothing else, got nodejs24.x. A container image contains its own runtime, and other code does not.',
    ],
    [
      'the runtime of a container image for other code',
      () => ({ code: Code.fromInline('exports.handler = 1'), runtime: Runtime.FROM_IMAGE }),
      'runtime must be Runtime.FROM_IMAGE for a container image, and for nothing else, got FROM_IMAGE. A container image contains its own runtime, and other code does not.',
    ],
    [
      'layers beside a container image',
      () => ({
        code: image(),
        runtime: Runtime.FROM_IMAGE,
        layers: [LayerVersion.fromLayerVersionArn(new Stack(), 'Layer', 'arn:aws:lambda:eu-west-1:123456789012:layer:mine:1')],
      }),
      'layers must be left out for a container image, got 1. Put them into the image.',
    ],
  ])('it refuses %s', (_, props, message) => expect(() => make(props())).toThrow(new Error(`Test/Processing: ${message}`)));

  test.each<[string, Partial<LambdaProcessorProps>, string]>([
    [
      'a variable that its store sets',
      { environment: { STORE_BUCKET: 'mine' } },
      'environment must not set a variable of a store, got STORE_BUCKET. The processor sets the variables that start with STORE.',
    ],
    [
      'another runtime for what was bundled',
      { code: packageHandler('aws/handlers/kinesis-to-s3'), runtime: Runtime.NODEJS_22_X },
      'runtime must be nodejs24.x for a bundled handler, got nodejs22.x. It is compiled for nodejs24.x. For another runtime, give your own code.',
    ],
  ])('it refuses %s', (_, props, message) => expect(() => make(props)).toThrow(new Error(`Test/Processing: ${message}`)));

  test('it refuses security groups without a network', () => {
    const message = 'securityGroups must come with a network, got none. Give the network, or leave them out.';
    const withGroup = (stack: Stack) =>
      processor(stack, { securityGroups: [SecurityGroup.fromSecurityGroupId(stack, 'Group', 'sg-12345678')] });
    expect(() => synthesize(withGroup)).toThrow(new Error(`Test/Processing: ${message}`));
  });
});

describe('an existing role', () => {
  test('can be of another stack of the app: its permissions are added in this stack', () => {
    const app = new App({ context: cdk.context });
    const role = new Role(new Stack(app, 'Security'), 'Role', { assumedBy: new ServicePrincipal('lambda.amazonaws.com') });
    const pipe = new Stack(app, 'Pipe');
    processor(pipe, { role });
    const template = Template.fromStack(pipe);
    template.resourceCountIs('AWS::IAM::Role', 0);
    expect(JSON.stringify(template.findResources('AWS::IAM::Policy'))).toContain('kinesis:GetRecords');
  });

  test.each<[string, string, object]>([
    ['is immutable', '123456789012', { mutable: false }],
    ['is of another account', '999999999999', {}],
  ])('is refused where it %s', (_, account, options) => {
    const env = { account: '123456789012', region: 'eu-west-1' };
    const stack = new Stack(new App({ context: cdk.context }), 'Test', { env });
    const role = Role.fromRoleArn(stack, 'Mine', `arn:aws:iam::${account}:role/mine`, options);
    const remedy = 'Import a role of the account of the stack, without mutable: false, or leave it out for a new role.';
    expect(() => processor(stack, { role })).toThrow(
      new Error(`Test/Processing: role must be a role that permissions can be added to, got an immutable role. ${remedy}`),
    );
  });
});

test('accepts the result of packageHandler', () => {
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

test('the logs are JSON, in their own log group, with a retention', () => {
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

test('every alarm watches this function', () => {
  const { built, madeBy } = make();
  const alarms = Object.values(madeBy(built)).filter(({ Type }) => Type === 'AWS::CloudWatch::Alarm');
  const dimensions = [{ Name: 'FunctionName', Value: { Ref: expect.stringMatching(/^ProcessingFunction/) } }];
  expect(
    alarms.filter(({ Properties }) => Properties.MetricName).map(({ Properties }) => [Properties.MetricName, Properties.Dimensions]),
  ).toEqual([
    ['IteratorAge', dimensions],
    ['Errors', dimensions],
    ['Throttles', dimensions],
  ]);
});

describe('refuses', () => {
  /** A handler for records of Kinesis that writes to an S3 bucket. */
  const handler = packageHandler('aws/handlers/kinesis-to-s3');

  test('a store with a name that the handler does not use, before the first resource', () => {
    const stack = new Stack(undefined, 'Test');
    const stores = { LAKE: new S3Store(stack, 'Store') };
    const message = 'stores must be { STORE: store } for this handler, got LAKE. Its code reads the settings of these stores.';
    expect(() => processor(stack, { code: handler, source: new KinesisBuffer(stack, 'Buffer'), stores })).toThrow(
      new Error(`Test/Processing: ${message}`),
    );
    expect(stack.node.findAll().filter(({ node }) => node.path.startsWith('Test/Processing/'))).toEqual([]);
  });

  test('a source whose records the handler cannot read, before the first resource', () => {
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
    const message = 'stores.STORE must return STORE_BUCKET and STORE_PREFIX, got STORE_TABLE.';
    const props = (stack: Stack) => ({ code: handler, source: new KinesisBuffer(stack, 'Buffer'), stores: { STORE: store } });
    expect(() => synthesize((stack) => processor(stack, props(stack)))).toThrow(
      new Error(`Test/Processing: ${message} Give a store of the kind that the handler writes to.`),
    );
  });

  const longer = 'For longer work, use a container that pulls records.';

  test.each<[string, Partial<LambdaProcessorProps>, string]>([
    ['little memory', { memoryMiB: 64 }, 'Test/Processing: memoryMiB must be 128 to 10240 MiB, got 64. Lambda has no other sizes.'],
    ['much memory', { memoryMiB: 10_241 }, 'Test/Processing: memoryMiB must be 128 to 10240 MiB, got 10241. Lambda has no other sizes.'],
    ['no time', { timeout: Duration.seconds(0) }, `Test/Processing: timeout must be 1 to 900 seconds, got 0. ${longer}`],
    ['long work', { timeout: Duration.minutes(16) }, `Test/Processing: timeout must be 1 to 900 seconds, got 960. ${longer}`],
    ['part of a second', { timeout: Duration.millis(1500) }, `Test/Processing: timeout must be 1 to 900 seconds, got 1.5. ${longer}`],
  ])('%s', (_, props, message) => expect(() => make(props)).toThrow(new Error(message)));

  test('before the first resource', () => {
    const stack = new Stack(undefined, 'Test');
    expect(() => processor(stack, { memoryMiB: 1 })).toThrow('memoryMiB');
    expect(stack.node.findAll().filter(({ node }) => node.path.startsWith('Test/Processing/'))).toEqual([]);
  });
});
