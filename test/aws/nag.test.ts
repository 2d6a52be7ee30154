import { readdirSync } from 'node:fs';
import path from 'node:path';
import { App, type Environment, Stack, Validations } from 'aws-cdk-lib';
import { CognitoUserPoolsAuthorizer, TokenAuthorizer } from 'aws-cdk-lib/aws-apigateway';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import { UserPool } from 'aws-cdk-lib/aws-cognito';
import { ManagedPolicy, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Stream } from 'aws-cdk-lib/aws-kinesis';
import { Key } from 'aws-cdk-lib/aws-kms';
import { Code, Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import { Bucket, type CfnBucket, type IBucket } from 'aws-cdk-lib/aws-s3';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { Queue } from 'aws-cdk-lib/aws-sqs';
import { AwsSolutionsChecks, NIST80053R5Checks } from 'cdk-nag';
import { Construct, type IConstruct } from 'constructs';
import { AwsPipeline } from '../../aws/architectures/pipeline';
import { KinesisBuffer, type KinesisBufferProps } from '../../aws/buffer/kinesis/kinesis-buffer';
import { ApiGatewayEntry, type ApiGatewayEntryProps } from '../../aws/connect/api-gateway/api-gateway-entry';
import { acknowledge } from '../../aws/foundation/acknowledge';
import { LambdaProcessor, type LambdaProcessorProps } from '../../aws/processing/lambda/lambda-processor';
import { S3Store, type S3StoreProps } from '../../aws/store/s3/s3-store';
import cdk from '../../cdk.json';
import { nag } from '../../scripts/judges/cdk-nag';
import { temporaryFolder } from '../support/folder';

/** The settings of the four stages, and their names. */
interface Settings {
  readonly connect?: Partial<ApiGatewayEntryProps>;
  readonly buffer?: KinesisBufferProps;
  readonly processing?: Partial<LambdaProcessorProps>;
  readonly store?: S3StoreProps;
}

const newApp = () => new App({ outdir: temporaryFolder(), treeMetadata: false, context: { ...cdk.context, destroyData: 'yes' } });

/** Four stages in a stack, as a user connects them. */
function stages(stack: Stack, settings: Settings = {}, names: readonly string[] = ['Connect', 'Buffer', 'Processing', 'Store']) {
  const store = new S3Store(stack, names[3]!, settings.store);
  const buffer = new KinesisBuffer(stack, names[1]!, settings.buffer);
  const connect = new ApiGatewayEntry(stack, names[0]!, { sink: buffer, eventSchema: { type: 'object' }, ...settings.connect });
  const code = Code.fromInline('exports.handler = () => {}');
  const processing = new LambdaProcessor(stack, names[2]!, { code, source: buffer, stores: { STORE: store }, ...settings.processing });
  return { connect, buffer, processing, store };
}

/** Each finding of both packs without a reason, and each reason without a finding, in the resources that `build` creates. */
function unexplained(build: (stack: Stack) => unknown, env?: Environment): string[] {
  const app = newApp();
  build(new Stack(app, 'Test', { env }));
  app.synth();
  return nag(app).flatMap(({ reason, rule, where, what }) => (reason ? [] : [`${rule} ${where}: ${what}`]));
}

const arn = (service: string, name: string) => `arn:aws:${service}:eu-west-1:123456789012:${name}`;
const aKey = (stack: Stack, id = 'Key') => Key.fromKeyArn(stack, id, arn('kms', 'key/k'));
const aRole = (stack: Stack) => new Role(stack, 'Role', { assumedBy: new ServicePrincipal('lambda.amazonaws.com') });
const mainOf = (construct: IConstruct) => construct.node.defaultChild!;
const stageOf = ({ api }: ApiGatewayEntry) => mainOf(api.deploymentStage);
const methodOf = ({ api }: ApiGatewayEntry) => mainOf(api.methods[0]!);
const allow = ({ role }: LambdaProcessor, action: string, resource: string) =>
  role.addToPrincipalPolicy(new PolicyStatement({ actions: [action], resources: [resource] }));

test('the pipeline passes both packs as a user runs them, and every accepted finding has a reason', () => {
  const app = newApp();
  new AwsPipeline(app, 'aws-pipeline');
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app), new NIST80053R5Checks(app));
  expect(() => app.synth()).not.toThrow();
  const findings = nag(app);
  expect(findings.filter(({ reason }) => !reason)).toEqual([]);
  expect(findings.length).toBeGreaterThan(20);
});

describe('every finding has a reason, and every reason has a finding, with', () => {
  const withLake = (bucket: (stack: Stack) => IBucket) => (stack: Stack) => stages(stack, { store: { bucket: bucket(stack) } });
  const imported = 'arn:aws:iam::123456789012:role/mine';

  test.each<[string, (stack: Stack) => unknown]>([
    ['defaults', (stack) => stages(stack)],
    [
      'keys of the user',
      (stack) => stages(stack, { buffer: { encryptionKey: aKey(stack, 'A') }, store: { encryptionKey: aKey(stack, 'B') } }),
    ],
    ['data that goes with the stack', (stack) => stages(stack, { buffer: { removal: 'destroy' }, store: { removal: 'destroy' } })],
    ['the role for the logs of API Gateway', (stack) => stages(stack, { connect: { accountLogRole: 'create' } })],
    ['a log group of the user', (stack) => stages(stack, { connect: { accessLog: LogGroup.fromLogGroupName(stack, 'Log', 'mine') } })],
    ['a bucket of the user', withLake((stack) => Bucket.fromBucketName(stack, 'Lake', 'lake'))],
    ['a bucket by its ARN', withLake((stack) => Bucket.fromBucketArn(stack, 'Lake', 'arn:aws:s3:::lake'))],
    [
      'a bucket of the user, with a key',
      withLake((stack) => Bucket.fromBucketAttributes(stack, 'Lake', { bucketName: 'lake', encryptionKey: aKey(stack) })),
    ],
    [
      'a stream and a queue of the user',
      (stack) => {
        const stream = Stream.fromStreamAttributes(stack, 'Stream', { streamArn: arn('kinesis', 'stream/s'), encryptionKey: aKey(stack) });
        return stages(stack, { buffer: { stream, deadLetterQueue: Queue.fromQueueArn(stack, 'Queue', arn('sqs', 'q')) } });
      },
    ],
    ['a role of the user', (stack) => stages(stack, { processing: { role: Role.fromRoleArn(stack, 'Mine', imported) } })],
    ['a role of the same stack', (stack) => stages(stack, { processing: { role: aRole(stack) } })],
    [
      'a Lambda authorizer',
      (stack) => {
        const attributes = { functionArn: arn('lambda', 'function:guard'), skipPermissions: true };
        const handler = LambdaFunction.fromFunctionAttributes(stack, 'Guard', attributes);
        return stages(stack, { connect: { authorizer: new TokenAuthorizer(stack, 'Tokens', { handler }) } });
      },
    ],
    [
      'a Cognito authorizer',
      (stack) => {
        const cognitoUserPools = [UserPool.fromUserPoolId(stack, 'People', 'eu-west-1_people')];
        return stages(stack, { connect: { authorizer: new CognitoUserPoolsAuthorizer(stack, 'Login', { cognitoUserPools }) } });
      },
    ],
    [
      'alarms that somebody hears',
      (stack) => {
        const action = new SnsAction(Topic.fromTopicArn(stack, 'OnCall', arn('sns', 'on-call')));
        const { connect, buffer, processing } = stages(stack);
        for (const alarm of [connect, buffer, processing].flatMap(({ alarms }) => alarms)) alarm.addAlarmAction(action);
      },
    ],
    ['a prefix that holds a lone bracket', (stack) => stages(stack, { store: { prefix: 'raw(1/' } })],
    [
      'somebody who reads',
      (stack) => {
        const { store, buffer } = stages(stack);
        const reader = Object.assign(new Construct(stack, 'Reader'), { role: Role.fromRoleArn(stack, 'Mine', imported) });
        acknowledge(reader.role, { 'NIST.800.53.R5-IAMNoInlinePolicy': 'The role is ours, and so is the reason.' });
        return [store.bindReader(reader, 'STORE'), buffer.bindReader(reader, 'BUFFER')];
      },
    ],
    ['stages that are called otherwise', (stack) => stages(stack, {}, ['A', 'B', 'C', 'D'])],
    [
      'a bucket that is renamed when all is made',
      (stack) => (stages(stack).store.bucket.node.defaultChild as CfnBucket).overrideLogicalId('Lake'),
    ],
  ])('%s', (_, build) => {
    expect(unexplained(build)).toEqual([]);
    expect(unexplained(build, { account: '123456789012', region: 'eu-west-1' })).toEqual([]);
  });

  test('a bucket of another stack', () => {
    const findings = unexplained((stack) => stages(stack, { store: { bucket: new Bucket(new Stack(stack.node.root, 'Lake'), 'Bucket') } }));
    expect(findings.filter((finding) => !/ Lake\//.test(finding))).toEqual([]);
  });
});

// For other services, `variants.ts` beside their tests has the settings that change findings of cdk-nag.
const brought = readdirSync(__dirname, { recursive: true, encoding: 'utf8' }).filter((file) => path.basename(file) === 'variants.ts');

describe.each(brought.sort())('every finding has a reason, and every reason has a finding, with the variants of %s:', (file) => {
  const { variants } = require(path.join(__dirname, file)) as { variants: Readonly<Record<string, (stack: Stack) => unknown>> };
  test.each(Object.entries(variants))('%s', (_, build) => expect(unexplained(build)).toEqual([]));
});

test.each<[string, string, (made: ReturnType<typeof stages>) => unknown]>([
  [
    'an API that asks nobody who he is',
    'AwsSolutions-APIG4',
    ({ connect }) => Object.assign(methodOf(connect), { authorizationType: 'NONE' }),
  ],
  [
    'an API that keeps no access log',
    'AwsSolutions-APIG1',
    ({ connect }) => Object.assign(stageOf(connect), { accessLogSetting: undefined }),
  ],
  [
    'a permission for every action',
    'AwsSolutions-IAM5[Action::s3:*]',
    ({ processing, store }) => allow(processing, 's3:*', store.bucket.bucketArn),
  ],
  ['a permission on everything', 'AwsSolutions-IAM5[Resource::*]', ({ processing }) => allow(processing, 's3:PutObject', '*')],
  [
    'a policy of AWS',
    'AwsSolutions-IAM4',
    ({ processing }) => processing.role.addManagedPolicy(ManagedPolicy.fromAwsManagedPolicyName('AdministratorAccess')),
  ],
  [
    'a stream without encryption',
    'AwsSolutions-KDS1',
    ({ buffer }) => Object.assign(mainOf(buffer.stream), { streamEncryption: undefined }),
  ],
  [
    'a dead letter without encryption',
    'AwsSolutions-SQS2',
    ({ buffer }) => Object.assign(mainOf(buffer.deadLetterQueue), { sqsManagedSseEnabled: false }),
  ],
  [
    'a bucket that is open to the world',
    'AwsSolutions-S2',
    ({ store }) =>
      Object.assign(mainOf(store.bucket), { publicAccessBlockConfiguration: { blockPublicAcls: false, blockPublicPolicy: false } }),
  ],
  [
    'a bucket whose accesses are not on record',
    'AwsSolutions-S1',
    ({ store }) => Object.assign(mainOf(store.bucket), { loggingConfiguration: undefined }),
  ],
  ['a bucket that takes plain HTTP', 'AwsSolutions-S10', ({ store }) => store.bucket.policy!.node.tryRemoveChild('Resource')],
  [
    'a bucket without versions',
    'NIST.800.53.R5-S3BucketVersioningEnabled',
    ({ store }) => Object.assign(mainOf(store.bucket), { versioningConfiguration: undefined }),
  ],
  ['an old runtime', 'AwsSolutions-L1', ({ processing }) => Object.assign(mainOf(processing.function), { runtime: 'nodejs18.x' })],
])('%s is found', (_, rule, weaken) => {
  const found = unexplained((stack) => weaken(stages(stack)));
  expect(found.map((finding) => finding.slice(0, rule.length))).toContain(rule);
});

test('a reason without a finding is a finding', () => {
  const found = unexplained((stack) => acknowledge(stages(stack).buffer.stream, { 'AwsSolutions-KDS1': 'It is encrypted.' }));
  expect(found).toEqual(['AwsSolutions-KDS1 Test/Buffer/Stream: acknowledged, and not found']);
});
