import { Duration, type Stack, Token } from 'aws-cdk-lib';
import { Repository } from 'aws-cdk-lib/aws-ecr';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Key } from 'aws-cdk-lib/aws-kms';
import { RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Bucket } from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import { SqsBuffer } from '../../../../aws/buffer/sqs/sqs-buffer';
import type { Workload } from '../../../../aws/ports/identity';
import { LambdaProcessor } from '../../../../aws/processing/lambda/lambda-processor';
import { SageMakerEndpoint, type SageMakerEndpointProps } from '../../../../aws/processing/sagemaker/sagemaker-endpoint';
import { S3Store } from '../../../../aws/store/s3/s3-store';
import { packageHandler } from '../../../../shared/synth/handler-package';
import { synthesize } from '../../../support/cdk';
import { documentedDefaults } from '../../../support/defaults';
import { expectSnapshot } from '../../../support/snapshot';
import { IMAGE } from './variants';

type Props = Partial<SageMakerEndpointProps>;

const make = (props: Props | ((stack: Stack) => Props) = {}) =>
  synthesize((stack) => new SageMakerEndpoint(stack, 'Model', { image: IMAGE, ...(typeof props === 'function' ? props(stack) : props) }));
const variantOf = (props?: Props) => make(props).one('AWS::SageMaker::EndpointConfig').Properties.ProductionVariants[0];
const modelOf = (props?: Parameters<typeof make>[0]) => make(props).one('AWS::SageMaker::Model').Properties;
const file = 'aws/processing/sagemaker/endpoint-settings.ts';

class Caller extends Construct implements Workload {
  readonly role = new Role(this, 'Role', { assumedBy: new ServicePrincipal('ecs-tasks.amazonaws.com') });
}

test('the snapshot', () => {
  const { built, madeBy } = make();
  const all = Object.entries(madeBy(built)).filter(([, { Type }]) => Type !== 'AWS::CloudWatch::Alarm');
  expectSnapshot(
    'aws/processing/sagemaker/sagemaker-endpoint.snapshot.yaml',
    'The role may pull one image, and write to one log group that exists before. What an update replaces is kept. Without its alarms.',
    Object.fromEntries(all),
  );
});

describe('documents the defaults that it has', () => {
  test('of the endpoint', () => {
    const { all } = make();
    const [latency] = all('AWS::CloudWatch::Alarm').filter(({ Properties }) => Properties.MetricName === 'ModelLatency');
    expect(documentedDefaults('aws/processing/sagemaker/sagemaker-endpoint.ts', 'SageMakerEndpointProps')).toEqual({
      latencyBudget: `${latency!.Properties.Threshold / 1_000_000} second`,
      logRetention: { 30: 'one month' }[all('AWS::Logs::LogGroup')[0]!.Properties.RetentionInDays as number],
    });
  });

  test('of a serverless endpoint', () => {
    const { MemorySizeInMB, MaxConcurrency } = variantOf().ServerlessConfig;
    expect(documentedDefaults(file, 'ServerlessCapacity')).toEqual({ memoryMiB: `${MemorySizeInMB}`, maxConcurrency: `${MaxConcurrency}` });
  });

  test('of instances', () => {
    const { one } = make({ instances: {} });
    const { MinCapacity, MaxCapacity } = one('AWS::ApplicationAutoScaling::ScalableTarget').Properties;
    const { TargetTrackingScalingPolicyConfiguration } = one('AWS::ApplicationAutoScaling::ScalingPolicy').Properties;
    expect(documentedDefaults(file, 'InstanceCapacity')).toEqual({
      type: variantOf({ instances: {} }).InstanceType,
      min: `${MinCapacity}`,
      max: `${MaxCapacity}`,
      requestsPerMinute: `${TargetTrackingScalingPolicyConfiguration.TargetValue}`,
    });
  });
});

test('accepts every setting', () => {
  const made = make((stack) => ({
    image: { repository: Repository.fromRepositoryName(stack, 'Mine', 'models'), digest: Token.asString({ Ref: 'Digest' }) },
    modelData: { bucket: Bucket.fromBucketName(stack, 'Models', 'models'), key: '2026-01-31/model.tar.gz' },
    environment: { LOG_LEVEL: 'info' },
    instances: { type: 'ml.m7i.xlarge', min: 1, max: 10, requestsPerMinute: 60 },
    networkIsolation: false,
    encryptionKey: new Key(stack, 'Key'),
    latencyBudget: Duration.millis(200),
    logRetention: RetentionDays.ONE_WEEK,
  }));
  const { PrimaryContainer, EnableNetworkIsolation } = made.one('AWS::SageMaker::Model').Properties;
  expect(PrimaryContainer).toMatchObject({ ModelDataUrl: expect.anything(), Environment: { LOG_LEVEL: 'info' } });
  expect(EnableNetworkIsolation).toBe(false);
  expect(made.one('AWS::SageMaker::EndpointConfig').Properties).toMatchObject({
    KmsKeyId: expect.anything(),
    ProductionVariants: [{ InstanceType: 'ml.m7i.xlarge', InitialInstanceCount: 1 }],
  });
  expect(made.all('AWS::CloudWatch::Alarm').map(({ Properties }) => Properties.Threshold)).toEqual([1, 200_000]);
});

test('can be created twice in one stack', () => {
  const { all } = synthesize((stack) => ['A', 'B'].map((id) => new SageMakerEndpoint(stack, id, { image: IMAGE })));
  expect(new Set(all('AWS::SageMaker::Endpoint').map(({ Properties }) => Properties.EndpointName)).size).toBe(2);
});

test('an endpoint with instances is another endpoint than a serverless one: one cannot become the other', () => {
  const [serverless, instances] = [make(), make({ instances: {} })].map(
    ({ one }) => one('AWS::SageMaker::Endpoint').Properties.EndpointName,
  );
  expect(serverless).toMatch(/^[a-z0-9-]{1,63}$/);
  expect(serverless).not.toBe(instances);
});

test('SageMaker can return to a model and a configuration that an update replaced', () => {
  const { one } = make();
  for (const type of ['AWS::SageMaker::Model', 'AWS::SageMaker::EndpointConfig']) {
    expect(one(type)).toMatchObject({ UpdateReplacePolicy: 'Retain', DeletionPolicy: 'Delete' });
  }
});

test('the model and the configuration are named as SageMaker names them: by their names and not by their ARNs', () => {
  const { one } = make();
  expect(variantOf().ModelName['Fn::GetAtt'][1]).toBe('ModelName');
  expect(one('AWS::SageMaker::Endpoint').Properties.EndpointConfigName['Fn::GetAtt'][1]).toBe('EndpointConfigName');
});

test('the container has no network with instances, which a serverless endpoint does not support', () => {
  expect([modelOf({ instances: {} }).EnableNetworkIsolation, modelOf().EnableNetworkIsolation]).toEqual([true, undefined]);
});

test('an update does not set the number of instances back, if it is scaled', () => {
  const retains = (props: Props) => make(props).one('AWS::SageMaker::Endpoint').Properties.RetainAllVariantProperties;
  expect([retains({ instances: {} }), retains({ instances: { max: 2 } }), retains({})]).toEqual([true, undefined, undefined]);
  expect(make({ instances: { max: 2 } }).all('AWS::ApplicationAutoScaling::ScalableTarget')).toEqual([]);
});

test('the role may read its archive and no other object', () => {
  const { allowed, built } = make((stack) => ({
    modelData: { bucket: Bucket.fromBucketName(stack, 'Models', 'models'), key: 'v1/model.tar.gz' },
  }));
  const [statement, ...others] = allowed(built).filter(({ Action }) => String(Action).startsWith('s3:'));
  expect([statement!.Action, JSON.stringify(statement!.Resource), others]).toEqual([
    's3:GetObject',
    expect.stringContaining(':s3:::models/v1/model.tar.gz'),
    [],
  ]);
});

test('a caller may invoke this endpoint and nothing else', () => {
  const { built, allowed, resources } = synthesize((stack) => {
    const endpoint = new SageMakerEndpoint(stack, 'Model', { image: IMAGE });
    const caller = new Caller(stack, 'Caller');
    return { caller, binding: stack.resolve(endpoint.bindCaller(caller, 'MODEL').settings) };
  });
  const [endpoint] = Object.keys(resources).filter((id) => resources[id]!.Type === 'AWS::SageMaker::Endpoint');
  expect(allowed(built.caller)).toEqual([{ Action: 'sagemaker:InvokeEndpoint', Effect: 'Allow', Resource: { Ref: endpoint } }]);
  expect(built.binding).toEqual({ MODEL_ENDPOINT: { 'Fn::GetAtt': [endpoint, 'EndpointName'] } });
});

test('a caller may invoke an endpoint that exists, whose ARN is in lower case, and nothing else', () => {
  const { built, allowed, resources } = synthesize((stack) => {
    const caller = new Caller(stack, 'Caller');
    const endpoint = SageMakerEndpoint.fromEndpointName(stack, 'Churn-V2');
    const { settings } = endpoint.addPredictions(new S3Store(stack, 'Store')).bindWriter(caller, 'STORE');
    return { caller, settings };
  });
  const invoke = allowed(built.caller).find(({ Action }) => Action === 'sagemaker:InvokeEndpoint');
  expect(JSON.stringify(invoke?.Resource)).toContain(':endpoint/churn-v2"');
  expect(built.settings.STORE_ENDPOINT).toBe('Churn-V2');
  expect(Object.values(resources).filter(({ Type }) => Type.startsWith('AWS::SageMaker'))).toEqual([]);
});

test('what is no name of an endpoint is refused', () =>
  expect(() => synthesize((stack) => SageMakerEndpoint.fromEndpointName(stack, 'arn:aws:sagemaker'))).toThrow(
    new Error('Test: endpointName must be the name of an endpoint, got "arn:aws:sagemaker". Find it with aws sagemaker list-endpoints.'),
  ));

describe('a processor', () => {
  const processor = (handler: string, predicts: boolean) => (stack: Stack) => {
    const store = new S3Store(stack, 'Store');
    const endpoint = new SageMakerEndpoint(stack, 'Model', { image: IMAGE });
    const stores = { STORE: predicts ? endpoint.addPredictions(store) : store };
    return new LambdaProcessor(stack, 'Processing', {
      code: packageHandler(`aws/handlers/${handler}`),
      source: new SqsBuffer(stack, 'Buffer'),
      stores,
    });
  };

  test('stores with predictions if its handler asks for them', () => {
    const { built, allowed, resources } = synthesize(processor('sqs-to-sagemaker', true));
    const { Variables } = Object.values(resources).find(
      ({ Type, Properties }) => Type === 'AWS::Lambda::Function' && Properties.Environment,
    )!.Properties.Environment;
    expect(Object.keys(Variables)).toEqual(['PROCESSOR', 'STORE_BUCKET', 'STORE_PREFIX', 'STORE_ENDPOINT', 'DEAD_LETTER_QUEUE_URL']);
    const actions = allowed(built).flatMap(({ Action }) => Action);
    expect(actions).toEqual(expect.arrayContaining(['s3:PutObject', 'sagemaker:InvokeEndpoint']));
    expect(actions).not.toContain('s3:GetObject');
  });

  test('is refused without an endpoint', () =>
    expect(() => synthesize(processor('sqs-to-sagemaker', false))).toThrow(
      new Error(
        'Test/Processing: stores.STORE must return STORE_ENDPOINT, got STORE_BUCKET and STORE_PREFIX. Give a store of the kind that the handler writes to.',
      ),
    ));

  test('is refused if its handler would ignore the endpoint', () =>
    expect(() => synthesize(processor('sqs-to-s3', true))).toThrow(
      new Error(
        'Test/Processing: stores.STORE must return nothing that this handler ignores, got STORE_ENDPOINT. Give a store of the kind that the handler writes to.',
      ),
    ));

  test('whose store is none is refused', () =>
    expect(() => synthesize((stack) => new SageMakerEndpoint(stack, 'Model', { image: IMAGE }).addPredictions({} as never))).toThrow(
      new Error('Test/Model: addPredictions must get a store of objects, got object. Give an S3Store.'),
    ));
});

describe('refuses', () => {
  const tag = 'A tag can be another image tomorrow. See aws ecr describe-images for the digest.';
  const key = (stack: Stack) => new Key(stack, 'Key');
  test.each<[string, Props | ((stack: Stack) => Props), string]>([
    [
      'a tag',
      { image: '763104351884.dkr.ecr.eu-west-1.amazonaws.com/pytorch:latest' },
      `image must be an image of ECR by its digest, got "763104351884.dkr.ecr.eu-west-1.amazonaws.com/pytorch:latest". ${tag}`,
    ],
    [
      'a tag of a repository',
      (stack) => ({ image: { repository: Repository.fromRepositoryName(stack, 'Mine', 'models'), digest: 'v1' } }),
      `image.digest must be the digest of an image, got "v1". ${tag}`,
    ],
    [
      'what is no repository',
      (stack) => ({ image: { repository: key(stack) as any, digest: `sha256:${'0'.repeat(64)}` } }),
      'image.repository must be a repository of ECR, got another construct. Give repository of an EcrRepository.',
    ],
    [
      'an image that is known only at deploy',
      { image: Token.asString({ Ref: 'Image' }) },
      'image must be known while synthesizing, got a value that is known only at deploy. For an image of a repository of yours, give { repository, digest }.',
    ],
    [
      'two kinds of capacity',
      { serverless: {}, instances: {} },
      'serverless and instances must not stand together, got both. An endpoint has one kind of capacity: leave one of them out.',
    ],
    [
      'a size that serverless endpoints do not have',
      { serverless: { memoryMiB: 1500 } },
      'serverless.memoryMiB must be 1024, 2048, 3072, 4096, 5120 or 6144, got 1500. SageMaker has no other sizes.',
    ],
    [
      'too many requests at the same time',
      { serverless: { maxConcurrency: 201 } },
      'serverless.maxConcurrency must be 1 to 200 requests, got 201. For more, use instances.',
    ],
    [
      'a serverless endpoint with a GPU',
      { serverless: { type: 'ml.g5.xlarge' } as any },
      'serverless must have no settings but memoryMiB, maxConcurrency, got "type". For a type of instances, or a GPU, use instances.',
    ],
    [
      'a serverless endpoint without a network',
      { networkIsolation: true },
      'networkIsolation must come with instances, got a serverless endpoint. A serverless endpoint has none.',
    ],
    [
      'a serverless endpoint with a key',
      (stack) => ({ encryptionKey: key(stack) }),
      'encryptionKey must come with instances, got a serverless endpoint. A serverless endpoint has none.',
    ],
    [
      'a key for instances with disks of their own',
      (stack) => ({ instances: { type: 'ml.g5.xlarge' }, encryptionKey: key(stack) }),
      'encryptionKey must be left out for instances with disks of their own, got ml.g5.xlarge. Their hardware encrypts the disks. Leave the key out, or take instances without disks.',
    ],
    [
      'a type of EC2',
      { instances: { type: 'm7i.large' } },
      'instances.type must be a type of instances of SageMaker, got "m7i.large". Write it like ml.m7i.large.',
    ],
    [
      'a maximum below the minimum',
      { instances: { min: 3, max: 2 } },
      'instances.max must be 3 to 1000 instances, got 2. The quota of the account can be lower.',
    ],
    [
      'an archive that SageMaker cannot unpack',
      (stack) => ({ modelData: { bucket: Bucket.fromBucketName(stack, 'Models', 'models'), key: 'model.zip' } }),
      'modelData.key must be the key of a .tar.gz file, got "model.zip". SageMaker unpacks no other archives.',
    ],
    [
      'a variable that cannot be set',
      { environment: { 'LOG-LEVEL': 'info' } },
      'environment must be named in letters, digits and underscores, got "LOG-LEVEL". SageMaker allows no other names.',
    ],
    [
      'a budget that no request reaches',
      { latencyBudget: Duration.minutes(2) },
      'latencyBudget must be 10 to 60000 milliseconds, got 120000. SageMaker ends each request after 60 seconds.',
    ],
  ])('%s', (_, props, message) => expect(() => make(props)).toThrow(new Error(`Test/Model: ${message}`)));

  test.each(['ml.c6gd.large', 'ml.m5d.large', 'ml.g4dn.xlarge', 'ml.p4d.24xlarge', 'ml.trn1.2xlarge', 'ml.g6e.xlarge'])(
    'a key for %s',
    (type) => expect(() => make((stack) => ({ instances: { type }, encryptionKey: key(stack) }))).toThrow('disks of their own'),
  );

  test.each(['ml.c7g.large', 'ml.m7i.large', 'ml.r6i.large', 'ml.p3.2xlarge', 'ml.inf2.xlarge'])('no key for %s', (type) =>
    expect(variantOf({ instances: { type } }).InstanceType).toBe(type),
  );
});

test('an image of another region is refused, because SageMaker does not pull it', () => {
  expect(() =>
    synthesize((stack) => {
      const other = new (stack.constructor as typeof Stack)(stack, 'Other', { env: { region: 'us-east-1', account: '123456789012' } });
      return new SageMakerEndpoint(other, 'Model', { image: IMAGE });
    }),
  ).toThrow('image must be of region us-east-1, as its stack is, got eu-west-1. SageMaker pulls from its own region only.');
});
