import { Duration, type Stack } from 'aws-cdk-lib';
import { Key } from 'aws-cdk-lib/aws-kms';
import { Bucket } from 'aws-cdk-lib/aws-s3';
import { SageMakerJob, type SageMakerJobProps } from '../../../../aws/processing/sagemaker/sagemaker-job';
import { StepFunctionsOrchestration } from '../../../../aws/processing/step-functions/step-functions-orchestration';
import { DynamoDbStore } from '../../../../aws/store/dynamodb/dynamodb-store';
import { S3Store } from '../../../../aws/store/s3/s3-store';
import { text } from '../../../../shared/read/cfn';
import { packageScript } from '../../../../shared/synth/script-package';
import { synthesize } from '../../../support/cdk';
import { documentedDefaults } from '../../../support/defaults';
import { expectSnapshot } from '../../../support/snapshot';
import { IMAGE } from './variants';

type Props = Partial<SageMakerJobProps>;

const script = packageScript('aws/runtime/sagemaker/report');
const jobOf = (stack: Stack, props: Props = {}) => new SageMakerJob(stack, 'Job', { image: IMAGE, ...props });
const make = (props?: Props | ((stack: Stack) => Props)) =>
  synthesize((stack) => jobOf(stack, typeof props === 'function' ? props(stack) : props));
const storeOf = (stack: Stack, id: string, prefix: string) =>
  new S3Store(stack, id, { prefix, bucket: Bucket.fromBucketName(stack, `${id}Bucket`, id.toLowerCase()) });
const report = (stack: Stack): Props => ({
  script,
  inputs: { SOURCE: storeOf(stack, 'Raw', 'events/') },
  outputs: { TARGET: storeOf(stack, 'Reports', 'reports/') },
});
const training = (stack: Stack): Props => ({
  kind: 'training',
  inputs: { TRAIN: storeOf(stack, 'Raw', 'events/') },
  outputs: { MODEL: storeOf(stack, 'Models', 'models/') },
});

/** A state machine that runs the job, and the parameters of its start. */
function start(props: (stack: Stack) => Props = () => ({})) {
  const made = synthesize((stack) => new StepFunctionsOrchestration(stack, 'Jobs', { steps: [{ Run: jobOf(stack, props(stack)) }] }));
  const definition = JSON.parse(text(made.one('AWS::StepFunctions::StateMachine').Properties.DefinitionString));
  return { ...made, task: definition.States.Run, parameters: definition.States.Run.Parameters };
}

test('the snapshot', () => {
  const { built, madeBy } = make((stack) => ({ script, inputs: { SOURCE: storeOf(stack, 'Raw', 'events/') } }));
  expectSnapshot(
    'aws/processing/sagemaker/sagemaker-job.snapshot.yaml',
    'A job is its role, and what it may: pull one image, read one script and one store, write its own log streams and metrics.',
    madeBy(built),
  );
});

test('documents the defaults that it has', () => {
  const { task, parameters } = start();
  const { InstanceType, InstanceCount, VolumeSizeInGB } = parameters.ProcessingResources.ClusterConfig;
  expect(documentedDefaults('aws/processing/sagemaker/sagemaker-job.ts', 'SageMakerJobProps')).toEqual({
    kind: /create(\w+)Job/.exec(task.Resource)![1]!.toLowerCase(),
    instanceType: InstanceType,
    instanceCount: `${InstanceCount}`,
    volumeGiB: `${VolumeSizeInGB}`,
    timeout: `${parameters.StoppingCondition.MaxRuntimeInSeconds / 60} minutes`,
    spot: `${start(training).parameters.EnableManagedSpotTraining}`,
    networkIsolation: `${parameters.NetworkConfig.EnableNetworkIsolation}`,
  });
});

test('a processing gets the script and the folders of its stores, and the state machine waits for its end', () => {
  const { task, parameters } = start((stack) => ({ ...report(stack), arguments: { DAYS: '7' } }));
  expect(task.Resource).toMatch(/:states:::sagemaker:createProcessingJob\.sync$/);
  const [read, written] = ['/opt/ml/processing/input', '/opt/ml/processing/output'];
  const whole = { S3DataType: 'S3Prefix', S3DataDistributionType: 'FullyReplicated', S3InputMode: 'File' };
  expect(parameters).toEqual({
    'ProcessingJobName.$': expect.any(String),
    RoleArn: expect.stringMatching(/^\$\{JobRole/),
    AppSpecification: {
      ImageUri: IMAGE,
      ContainerEntrypoint: ['python3', expect.stringMatching(/^\/opt\/ml\/processing\/input\/job-script\/\w{64}\.py$/)],
      ContainerArguments: ['--SOURCE', `${read}/SOURCE`, '--TARGET', `${written}/TARGET`, '--DAYS', '7'],
    },
    ProcessingInputs: [
      { InputName: 'SOURCE', S3Input: { ...whole, S3Uri: 's3://raw/events/', LocalPath: `${read}/SOURCE` } },
      {
        InputName: 'job-script',
        S3Input: { ...whole, S3Uri: expect.stringMatching(/^s3:\/\/cdk-.*\/\w{64}\.py$/), LocalPath: `${read}/job-script` },
      },
    ],
    ProcessingOutputConfig: {
      Outputs: [
        { OutputName: 'TARGET', S3Output: { S3Uri: 's3://reports/reports', LocalPath: `${written}/TARGET`, S3UploadMode: 'EndOfJob' } },
      ],
    },
    ProcessingResources: { ClusterConfig: { InstanceType: 'ml.m7i.large', InstanceCount: 1, VolumeSizeInGB: 30 } },
    NetworkConfig: { EnableNetworkIsolation: true, EnableInterContainerTrafficEncryption: false },
    StoppingCondition: { MaxRuntimeInSeconds: 3600 },
  });
});

test('a training gets its files as channels, its arguments as hyperparameters, and writes one model', () => {
  const { task, parameters } = start((stack) => ({
    ...training(stack),
    arguments: { epochs: '5' },
    instanceType: 'ml.c7i.xlarge',
    instanceCount: 2,
    volumeGiB: 100,
    timeout: Duration.hours(2),
    spot: true,
    networkIsolation: false,
  }));
  expect(task.Resource).toMatch(/:states:::sagemaker:createTrainingJob\.sync$/);
  expect(parameters).toEqual({
    'TrainingJobName.$': expect.any(String),
    RoleArn: expect.any(String),
    AlgorithmSpecification: { TrainingImage: IMAGE, TrainingInputMode: 'File' },
    HyperParameters: { epochs: '5' },
    InputDataConfig: [
      {
        ChannelName: 'TRAIN',
        DataSource: { S3DataSource: { S3DataType: 'S3Prefix', S3DataDistributionType: 'FullyReplicated', S3Uri: 's3://raw/events/' } },
      },
    ],
    OutputDataConfig: { S3OutputPath: 's3://models/models' },
    ResourceConfig: { InstanceType: 'ml.c7i.xlarge', InstanceCount: 2, VolumeSizeInGB: 100 },
    EnableNetworkIsolation: false,
    EnableInterContainerTrafficEncryption: true,
    EnableManagedSpotTraining: true,
    StoppingCondition: { MaxRuntimeInSeconds: 7200, MaxWaitTimeInSeconds: 14_400 },
  });
});

test('a training with a script runs it with the folders of its channels and of its model', () => {
  const { parameters } = start((stack) => ({ ...training(stack), script, arguments: { epochs: '5' } }));
  expect(parameters.AlgorithmSpecification).toMatchObject({
    ContainerEntrypoint: ['python3', expect.stringMatching(/^\/opt\/ml\/input\/data\/job-script\/\w{64}\.py$/)],
    ContainerArguments: ['--TRAIN', '/opt/ml/input/data/TRAIN', '--MODEL', '/opt/ml/model', '--epochs', '5'],
  });
  expect(parameters.HyperParameters).toBeUndefined();
});

test('a processing without a script and without stores runs what its image says', () => {
  const { AppSpecification, ProcessingInputs, ProcessingOutputConfig } = start().parameters;
  expect([AppSpecification, ProcessingInputs, ProcessingOutputConfig]).toEqual([{ ImageUri: IMAGE }, undefined, undefined]);
});

/** The name that Step Functions makes from the expression, with a hash of 32 characters. */
function nameOf(expression: string, context: Readonly<Record<string, string>>): string {
  const hashed = /States\.Hash\(States\.Format\('\{\} \{\}', (\S+), (\S+)\), 'MD5'\)/;
  const [, ...paths] = hashed.exec(expression)!;
  const hash = Buffer.from(paths.map((path) => context[path!]).join(' '))
    .toString('hex')
    .padEnd(32, '0')
    .slice(-32);
  const [, form, retry] = /^States\.Format\('([\w{}-]+)', .*, (\S+)\)$/.exec(expression)!;
  return [hash, context[retry!]!].reduce((name, part) => name.replace('{}', part), form!);
}

test('each try of each execution has a name of its own, which SageMaker accepts, and a start that comes twice has the same', () => {
  const expression = start().parameters['ProcessingJobName.$'];
  const context = {
    '$$.Execution.Id': 'arn:aws:states:eu-west-1:123456789012:execution:jobs:0f1e_2d3c',
    '$$.State.EnteredTime': '2026-01-31T08:30:00.000Z',
    '$$.State.RetryCount': '0',
  };
  const of = (change: Readonly<Record<string, string>> = {}) => nameOf(expression, { ...context, ...change });
  const names = [of(), of({ '$$.State.RetryCount': '389' }), of({ '$$.State.EnteredTime': '2026-02-01T08:30:00.000Z' })];
  expect(of()).toBe(of());
  expect(new Set(names).size).toBe(3);
  for (const name of names) expect(name).toMatch(/^[a-z0-9](-*[a-z0-9]){0,62}$/);
});

test('two jobs of one stack have runs of different names', () => {
  const made = synthesize((stack) => {
    const jobs = ['A', 'B'].map((id) => new SageMakerJob(stack, id, { image: IMAGE }));
    return new StepFunctionsOrchestration(stack, 'Jobs', { steps: [{ First: jobs[0]!, Second: jobs[1]! }] });
  });
  const definition = text(made.one('AWS::StepFunctions::StateMachine').Properties.DefinitionString);
  const prefixes = [...definition.matchAll(/States\.Format\('([\w-]+)-\{\}/g)].map(([, prefix]) => prefix);
  expect(new Set(prefixes).size).toBe(2);
});

test('a state machine may start, read, tag and stop runs of this job, manage its rule, and pass this role to SageMaker alone', () => {
  const { allowed, built } = start(training);
  const statements = allowed(built)
    .map((statement) => ({ may: [statement.Action].flat(), ...statement }))
    .filter(({ may }) => /^(sagemaker|events|iam)/.test(may[0]!));
  const on = (part: string) => expect.stringContaining(part);
  const actions = ['AddTags', 'CreateTrainingJob', 'DescribeTrainingJob', 'ListTags', 'StopTrainingJob'];
  expect(statements.map(({ may, Resource, Condition }) => [may, JSON.stringify(Resource), Condition])).toEqual([
    [actions.map((action) => `sagemaker:${action}`), on(':training-job/test-job'), undefined],
    [
      ['events:DescribeRule', 'events:PutRule', 'events:PutTargets'],
      on(':rule/StepFunctionsGetEventsForSageMakerTrainingJobsRule'),
      undefined,
    ],
    [['iam:PassRole'], on('JobRole'), { StringEquals: { 'iam:PassedToService': 'sagemaker.amazonaws.com' } }],
  ]);
});

test('the state machine is created after the permissions of the job', () => {
  const { one, resources } = start(report);
  const policies = Object.keys(resources).filter((id) => resources[id]!.Type === 'AWS::IAM::Policy');
  expect(one('AWS::StepFunctions::StateMachine').DependsOn).toEqual(expect.arrayContaining(policies));
});

test('files are written with the key of their store, and volumes are encrypted with that of the job', () => {
  const { parameters, allowed, built } = synthesizeWithKeys();
  expect(parameters.ProcessingOutputConfig.KmsKeyId).toMatch(/^\$\{StoreKey/);
  expect(parameters.ProcessingResources.ClusterConfig.VolumeKmsKeyId).toMatch(/^\$\{VolumeKey/);
  const actions = allowed(built.job).flatMap(({ Action }) => Action);
  expect(actions).toEqual(expect.arrayContaining(['kms:GenerateDataKey', 'kms:Encrypt', 'kms:Decrypt', 'kms:CreateGrant']));
});

function synthesizeWithKeys() {
  const made = synthesize((stack) => {
    const store = new S3Store(stack, 'Store', { encryptionKey: new Key(stack, 'StoreKey') });
    const job = jobOf(stack, { outputs: { TARGET: store }, encryptionKey: new Key(stack, 'VolumeKey') });
    return { job, jobs: new StepFunctionsOrchestration(stack, 'Jobs', { steps: [{ Run: job }] }) };
  });
  const definition = JSON.parse(text(made.one('AWS::StepFunctions::StateMachine').Properties.DefinitionString));
  return { ...made, parameters: definition.States.Run.Parameters };
}

describe('refuses', () => {
  test.each<[string, Props | ((stack: Stack) => Props), string]>([
    [
      'a tag',
      { image: IMAGE.replace(/@.*/, ':latest') },
      `image must be an image of ECR by its digest, got "${IMAGE.replace(/@.*/, ':latest')}". A tag can be another image tomorrow. See aws ecr describe-images for the digest.`,
    ],
    [
      'predictions',
      { kind: 'transform' as any },
      'kind must be processing or training, got "transform". For predictions, use SageMakerEndpoint.',
    ],
    [
      'spare capacity for a processing',
      { spot: true },
      'spot must come with a training, got processing. SageMaker has no spare capacity for it.',
    ],
    ['a training without a model', { kind: 'training' }, 'outputs of a training must be one store, got 0. It is the store of the model.'],
    [
      'a store of rows',
      (stack) => ({ inputs: { ROWS: new DynamoDbStore(stack, 'Rows') as any } }),
      'inputs must be stores of objects in S3, got ROWS. SageMaker copies files from S3 and to S3.',
    ],
    [
      'an argument that the job sets itself',
      (stack) => ({ ...report(stack), arguments: { SOURCE: 'x' } }),
      'arguments must not set what the job sets itself, got SOURCE. The job sets the arguments that start with SOURCE.',
    ],
    [
      'a key for instances with disks of their own',
      (stack) => ({ instanceType: 'ml.g5.xlarge', encryptionKey: new Key(stack, 'Key') }),
      'encryptionKey must be left out for instances with disks of their own, got ml.g5.xlarge. Their hardware encrypts the disks. Leave the key out, or take instances without disks.',
    ],
    ['no instance', { instanceCount: 0 }, 'instanceCount must be 1 to 100 instances, got 0. The quota of the account can be lower.'],
    ['no volume', { volumeGiB: 0 }, 'volumeGiB must be 1 to 16384 GiB, got 0. All files are copied to the volume before a run starts.'],
    [
      'a run of a week',
      { timeout: Duration.days(7) },
      'timeout must be 60 to 172800 seconds, got 604800. A state machine waits for a job for up to two days.',
    ],
  ])('%s', (_, props, message) => expect(() => make(props)).toThrow(new Error(`Test/Job: ${message}`)));
});
