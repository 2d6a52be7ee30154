import { Duration, type Stack, Token } from 'aws-cdk-lib';
import { Bucket } from 'aws-cdk-lib/aws-s3';
import { EmrServerlessJob, type EmrServerlessJobProps } from '../../../../aws/processing/emr/emr-serverless-job';
import { StepFunctionsOrchestration } from '../../../../aws/processing/step-functions/step-functions-orchestration';
import { S3Store } from '../../../../aws/store/s3/s3-store';
import { text } from '../../../../shared/read/cfn';
import { packageScript } from '../../../../shared/synth/script-package';
import { synthesize } from '../../../support/cdk';
import { documentedDefaults } from '../../../support/defaults';
import { expectSnapshot } from '../../../support/snapshot';

type Props = Partial<EmrServerlessJobProps>;

const script = packageScript('shared/runtime/spark/compact');
const jobOf = (stack: Stack, props: Props = {}) => new EmrServerlessJob(stack, 'Job', { script, ...props });
const make = (props?: Props) => synthesize((stack) => jobOf(stack, props));
const lake = (stack: Stack, id: string, prefix: string) =>
  new S3Store(stack, id, { prefix, bucket: Bucket.fromBucketName(stack, `${id}Bucket`, id.toLowerCase()) });
const stores = (stack: Stack): Props => ({
  inputs: { SOURCE: lake(stack, 'Raw', 'raw/') },
  outputs: { TARGET: lake(stack, 'Lake', 'parquet/') },
});

/** A state machine that runs the job, and the parameters of its start. */
function start(props: (stack: Stack) => Props = () => ({})) {
  const made = synthesize((stack) => new StepFunctionsOrchestration(stack, 'Jobs', { steps: [{ Compact: jobOf(stack, props(stack)) }] }));
  const definition = JSON.parse(text(made.one('AWS::StepFunctions::StateMachine').Properties.DefinitionString));
  return { ...made, task: definition.States.Compact, parameters: definition.States.Compact.Parameters };
}

test('the snapshot', () => {
  const { built, madeBy } = make();
  expectSnapshot(
    'aws/processing/emr/emr-serverless-job.snapshot.yaml',
    'The application keeps no workers, has a maximum capacity and runs one job at a time. The role may read one script.',
    madeBy(built),
  );
});

test('documents the defaults that it has', () => {
  const { MaximumCapacity, AutoStopConfiguration, ReleaseLabel, Architecture } = make().one('AWS::EMRServerless::Application').Properties;
  expect(documentedDefaults('aws/processing/emr/emr-serverless-job.ts', 'EmrServerlessJobProps')).toEqual({
    maxVcpu: MaximumCapacity.Cpu.replace(' vCPU', ''),
    idleTimeout: `${AutoStopConfiguration.IdleTimeoutMinutes} minutes`,
    timeout: `${start().parameters.ExecutionTimeoutMinutes} minutes`,
    releaseLabel: ReleaseLabel,
    architecture: Architecture,
  });
});

test('accepts every setting', () => {
  const made = start((stack) => ({
    ...stores(stack),
    arguments: { HOURS: '0' },
    spark: { 'spark.executor.cores': '8', 'spark.executor.memory': '32g' },
    maxVcpu: 100,
    idleTimeout: Duration.minutes(1),
    timeout: Duration.hours(8),
    releaseLabel: 'emr-7.10.0',
    architecture: 'X86_64',
  }));
  expect(made.one('AWS::EMRServerless::Application').Properties).toMatchObject({
    MaximumCapacity: { Cpu: '100 vCPU', Memory: '400 GB', Disk: '1000 GB' },
    AutoStopConfiguration: { IdleTimeoutMinutes: 1 },
    ReleaseLabel: 'emr-7.10.0',
    Architecture: 'X86_64',
  });
  expect(made.parameters).toMatchObject({
    ExecutionTimeoutMinutes: 480,
    JobDriver: { SparkSubmit: { SparkSubmitParameters: '--conf spark.executor.cores=8 --conf spark.executor.memory=32g' } },
  });
  expect(made.parameters.JobDriver.SparkSubmit.EntryPointArguments.slice(0, 2)).toEqual(['--HOURS', '0']);
});

test('can be created twice in one stack', () => {
  const { all } = synthesize((stack) => ['A', 'B'].map((id) => new EmrServerlessJob(stack, id, { script })));
  expect(all('AWS::EMRServerless::Application')).toHaveLength(2);
});

test('nothing is kept ready, so that it costs nothing between runs', () => {
  const { InitialCapacity, AutoStopConfiguration } = make().one('AWS::EMRServerless::Application').Properties;
  expect([InitialCapacity, AutoStopConfiguration.Enabled]).toEqual([undefined, true]);
});

test('a run gets the script, the role and the stores of the job, and the state machine waits for its end', () => {
  const { task, parameters } = start(stores);
  expect(task.Resource).toMatch(/:states:::emr-serverless:startJobRun\.sync$/);
  expect(parameters).toEqual({
    ApplicationId: expect.stringMatching(/^\$\{Job/),
    ExecutionRoleArn: expect.stringMatching(/^\$\{JobRole/),
    ExecutionTimeoutMinutes: 60,
    JobDriver: {
      SparkSubmit: {
        EntryPoint: expect.stringMatching(/^s3:\/\/cdk-.*\.py$/),
        EntryPointArguments: [
          ['--SOURCE_BUCKET', 'raw'],
          ['--SOURCE_PREFIX', 'raw/'],
          ['--TARGET_BUCKET', 'lake'],
          ['--TARGET_PREFIX', 'parquet/'],
          ['--TARGET_FAILED_PREFIX', 'parquet-failed/'],
        ].flat(),
      },
    },
  });
});

test('a state machine may start, read and stop runs, manage its rule, and pass this role to EMR alone', () => {
  const { allowed, built } = start();
  const statements = allowed(built)
    .map((statement) => ({ may: [statement.Action].flat(), ...statement }))
    .filter(({ may }) => /^(emr|events|iam)/.test(may[0]!));
  const on = (part: string) => expect.stringContaining(part);
  expect(statements.map(({ may, Resource, Condition }) => [may, JSON.stringify(Resource), Condition])).toEqual([
    [['emr-serverless:StartJobRun'], on('"Arn"'), undefined],
    [['emr-serverless:CancelJobRun', 'emr-serverless:GetJobRun'], on('/jobruns/*'), undefined],
    [['events:DescribeRule', 'events:PutRule', 'events:PutTargets'], on(':rule/StepFunctionsGetEventsForEMRServerlessJobRule'), undefined],
    [['iam:PassRole'], on('JobRole'), { StringEquals: { 'iam:PassedToService': 'emr-serverless.amazonaws.com' } }],
  ]);
});

test('the state machine is created after the permissions of the job', () => {
  const { one, resources } = start(stores);
  const policies = Object.keys(resources).filter((id) => resources[id]!.Type === 'AWS::IAM::Policy');
  expect(one('AWS::StepFunctions::StateMachine').DependsOn).toEqual(expect.arrayContaining(policies));
});

describe('refuses', () => {
  const release = 'Write it like emr-7.13.0. Earlier releases use another file system for S3, for which the permissions do not suffice.';
  test.each<[string, Props, string]>([
    [
      'a script that is not there',
      { script: 'nowhere.py' },
      'script must be the path of a Python file, got "nowhere.py". Write it like packageScript("shared/runtime/spark/compact").',
    ],
    [
      'a release that does not exist',
      { releaseLabel: 'emr-9.9.9' },
      `releaseLabel must be a release of EMR from emr-7.10.0 on, got "emr-9.9.9". ${release}`,
    ],
    [
      'a release with another file system',
      { releaseLabel: 'emr-7.9.0' },
      `releaseLabel must be a release of EMR from emr-7.10.0 on, got "emr-7.9.0". ${release}`,
    ],
    ['less than a driver and an executor', { maxVcpu: 4 }, 'maxVcpu must be 8 to 4000 vCPUs, got 4. The driver and each executor have 4.'],
    [
      'no idle time',
      { idleTimeout: Duration.seconds(0) },
      'idleTimeout must be 60 to 604800 seconds, got 0. EMR Serverless stops an idle application after 1 minute to 7 days.',
    ],
    [
      'a short time',
      { timeout: Duration.seconds(60) },
      'timeout must be 300 to 604800 seconds, got 60. A run waits for its workers for minutes.',
    ],
    [
      'a time that is known only at deploy',
      { timeout: Duration.seconds(Token.asNumber({ Ref: 'Timeout' })) },
      'timeout must be known while synthesizing, got a value that is known only at deploy. Give the number itself, because the construct calculates with it.',
    ],
    [
      'other processors',
      { architecture: 'arm64' as any },
      'architecture must be ARM64 or X86_64, got "arm64". EMR Serverless has no others.',
    ],
    [
      'a setting that is none of Spark',
      { spark: { cores: '4' } },
      'spark must be named like settings of Spark, got "cores". Write them like { "spark.executor.memory": "8g" }.',
    ],
    [
      'a setting that would be a second option of the command line',
      { spark: { 'spark.a': '1 --conf spark.b=2' } },
      'spark["spark.a"] must have no spaces and quotes, got "1 --conf spark.b=2". EMR Serverless reads all settings as one command line.',
    ],
    [
      'settings that are a list',
      { spark: [] as any },
      'spark must be settings by their names, got a list. Write them like { "spark.executor.memory": "8g" }.',
    ],
  ])('%s', (_, props, message) => expect(() => make(props)).toThrow(new Error(`Test/Job: ${message}`)));
});
