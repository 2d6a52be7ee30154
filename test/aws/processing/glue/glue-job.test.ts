import { Duration, Stack, Token } from 'aws-cdk-lib';
import { Key } from 'aws-cdk-lib/aws-kms';
import { RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Bucket } from 'aws-cdk-lib/aws-s3';
import { GlueJob, type GlueJobProps } from '../../../../aws/processing/glue/glue-job';
import { StepFunctionsOrchestration } from '../../../../aws/processing/step-functions/step-functions-orchestration';
import { S3Store } from '../../../../aws/store/s3/s3-store';
import { packageScript } from '../../../../shared/synth/script-package';
import { synthesize } from '../../../support/cdk';
import { documentedDefaults } from '../../../support/defaults';
import { expectSnapshot } from '../../../support/snapshot';

type Props = Partial<GlueJobProps>;

const script = packageScript('shared/runtime/spark/compact');

const make = (props: Props | ((stack: Stack) => Props) = {}) =>
  synthesize((stack) => new GlueJob(stack, 'Job', { script, ...(typeof props === 'function' ? props(stack) : props) }));

const lake = (stack: Stack, id: string, prefix: string) =>
  new S3Store(stack, id, { prefix, bucket: Bucket.fromBucketName(stack, `${id}Bucket`, id.toLowerCase()) });
const stores = (stack: Stack): Props => ({
  inputs: { SOURCE: lake(stack, 'Raw', 'raw/events/') },
  outputs: { TARGET: lake(stack, 'Lake', 'parquet/') },
});
const jobIn = ({ one }: ReturnType<typeof make>) => one('AWS::Glue::Job').Properties;
const argumentsIn = (made: ReturnType<typeof make>) => jobIn(made).DefaultArguments as Record<string, unknown>;

test('the snapshot', () => {
  const { built, madeBy } = make();
  expectSnapshot(
    'aws/processing/glue/glue-job.snapshot.yaml',
    'The role may read one script and write to two log groups, and nothing else. The job runs once at a time, and does not retry itself.',
    madeBy(built),
  );
});

test('documents the defaults that it has', () => {
  const made = make();
  const { NumberOfWorkers, WorkerType, Timeout, ExecutionClass, GlueVersion } = jobIn(made);
  expect(documentedDefaults('aws/processing/glue/glue-job.ts', 'GlueJobProps')).toEqual({
    workers: `${NumberOfWorkers}`,
    workerType: WorkerType,
    timeout: `${Timeout} minutes`,
    flex: `${ExecutionClass === 'FLEX'}`,
    bookmarks: `${argumentsIn(made)['--job-bookmark-option'] === 'job-bookmark-enable'}`,
    glueVersion: GlueVersion,
    logRetention: { 30: 'one month' }[made.all('AWS::Logs::LogGroup')[0]!.Properties.RetentionInDays as number],
  });
});

test('accepts every setting', () => {
  const made = make((stack) => ({
    ...stores(stack),
    arguments: { HOURS: '0' },
    workers: 10,
    workerType: 'G.2X',
    timeout: Duration.seconds(61),
    flex: true,
    bookmarks: true,
    glueVersion: '6.0',
    logRetention: RetentionDays.ONE_YEAR,
    securityConfiguration: 'mine',
  }));
  expect(jobIn(made)).toMatchObject({
    NumberOfWorkers: 10,
    WorkerType: 'G.2X',
    Timeout: 2,
    ExecutionClass: 'FLEX',
    GlueVersion: '6.0',
    SecurityConfiguration: 'mine',
  });
  expect(argumentsIn(made)).toMatchObject({ '--HOURS': '0', '--job-bookmark-option': 'job-bookmark-enable' });
});

test('can be created twice in one stack, each with log groups of its own', () => {
  const { all } = synthesize((stack) => ['A', 'B'].map((id) => new GlueJob(stack, id, { script })));
  expect(new Set(all('AWS::Logs::LogGroup').map(({ Properties }) => JSON.stringify(Properties.LogGroupName))).size).toBe(4);
});

test('the script gets its stores as arguments, and logs go to the groups of the job', () => {
  const made = make(stores);
  expect(argumentsIn(made)).toMatchObject({
    '--SOURCE_BUCKET': 'raw',
    '--SOURCE_PREFIX': 'raw/events/',
    '--TARGET_BUCKET': 'lake',
    '--TARGET_PREFIX': 'parquet/',
    '--TARGET_FAILED_PREFIX': 'parquet-failed/',
  });
  const prefix = JSON.stringify(argumentsIn(made)['--custom-logGroup-prefix']).replace(/"\]\]\}$/, '');
  for (const { Properties } of made.all('AWS::Logs::LogGroup')) expect(JSON.stringify(Properties.LogGroupName)).toContain(prefix);
});

test('a failed run is retried by what starts it, and two runs never write the same hours', () => {
  expect(jobIn(make())).toMatchObject({ MaxRetries: 0, ExecutionProperty: { MaxConcurrentRuns: 1 } });
});

test('it is created after the permissions of its role', () => {
  const { one, resources } = make(stores);
  const policies = Object.keys(resources).filter((id) => resources[id]!.Type === 'AWS::IAM::Policy');
  expect(policies).toHaveLength(1);
  expect(one('AWS::Glue::Job').DependsOn).toEqual(expect.arrayContaining(policies));
});

describe('permissions', () => {
  const arn = (rest: string) => JSON.stringify({ 'Fn::Join': ['', ['arn:', { Ref: 'AWS::Partition' }, `:s3:::${rest}`]] });
  const mayIn = (made: ReturnType<typeof make>) =>
    made
      .allowed(made.built)
      .flatMap(({ Action, Resource }) =>
        [Action].flat().flatMap((action) => [Resource].flat().map((one) => `${action} ${JSON.stringify(one)}`)),
      );

  test('it reads below the prefix of an input, and may ask for its folders and list its bucket', () => {
    const may = mayIn(make((stack) => ({ inputs: { SOURCE: lake(stack, 'Raw', 'raw/events/') } }))).filter((one) =>
      one.includes(':s3:::raw'),
    );
    expect(may.sort()).toEqual(
      [
        `s3:GetObject ${arn('raw/raw/events/*')}`,
        `s3:GetObject ${arn('raw/raw')}`,
        `s3:GetObject ${arn('raw/raw/events')}`,
        `s3:ListBucket ${arn('raw')}`,
      ].sort(),
    );
  });

  test('it replaces and deletes objects of an output only below its prefix, and below that of what failed', () => {
    const may = mayIn(make((stack) => ({ outputs: { TARGET: lake(stack, 'Lake', 'parquet/') } })));
    const changes = may.filter((one) => /^s3:(Put|Delete)/.test(one));
    expect(changes.sort()).toEqual(
      ['Put', 'Delete']
        .flatMap((verb) => ['parquet/*', 'parquet-failed/*'].map((place) => `s3:${verb}Object ${arn(`lake/${place}`)}`))
        .sort(),
    );
  });

  test('with bookmarks, the script may read its own, for which Glue allows no narrower resource', () => {
    const may = (bookmarks: boolean) => mayIn(make({ bookmarks })).filter((one) => one.startsWith('glue:'));
    expect([may(false), may(true)]).toEqual([[], ['glue:GetJobBookmark "*"']]);
  });

  test('with a security configuration, Glue encrypts the log groups as the job, and names them after the configuration', () => {
    const groups = JSON.stringify({
      'Fn::Join': [
        '',
        ['arn:', 'Partition', ':logs:', 'Region', ':', 'AccountId', ':log-group:/aws-glue/jobs/*'].map((part) =>
          /^[A-Z]/.test(part) ? { Ref: `AWS::${part}` } : part,
        ),
      ],
    });
    const may = (securityConfiguration?: string) => mayIn(make({ securityConfiguration })).filter((one) => one.endsWith(groups));
    expect(may()).toEqual([]);
    const actions = ['AssociateKmsKey', 'CreateLogGroup', 'CreateLogStream', 'PutLogEvents'];
    expect(may('mine').sort()).toEqual(actions.map((action) => `logs:${action} ${groups}`));
  });

  test('it may use the keys of its stores', () => {
    const keyed = (stack: Stack, id: string) => new S3Store(stack, id, { encryptionKey: new Key(stack, `${id}Key`) });
    const may = mayIn(make((stack) => ({ inputs: { SOURCE: keyed(stack, 'Raw') }, outputs: { TARGET: keyed(stack, 'Lake') } })));
    const key = (id: string) => expect.stringMatching(new RegExp(`"${id}Key`));
    expect(may.filter((one) => one.startsWith('kms:Decrypt'))).toEqual([key('Raw'), key('Lake')]);
    expect(may.filter((one) => one.startsWith('kms:GenerateDataKey'))).toEqual([key('Lake')]);
  });

  test('a state machine may start, read and stop this job, and waits for its end', () => {
    const made = synthesize(
      (stack) => new StepFunctionsOrchestration(stack, 'Jobs', { steps: [{ Compact: new GlueJob(stack, 'Job', { script }) }] }),
    );
    const starts = made.allowed(made.built).filter(({ Action }) => [Action].flat().some((action) => action.startsWith('glue:')));
    expect(starts.map(({ Action }) => Action)).toEqual([['glue:BatchStopJobRun', 'glue:GetJobRun', 'glue:GetJobRuns', 'glue:StartJobRun']]);
    expect(JSON.stringify(starts[0]!.Resource)).toMatch(/:job\/",\{"Ref":"Job/);
    expect(JSON.stringify(made.one('AWS::StepFunctions::StateMachine').Properties)).toContain('states:::glue:startJobRun.sync');
  });
});

describe('refuses', () => {
  const python = 'Write it like packageScript("shared/runtime/spark/compact").';
  test.each<[string, () => unknown, string]>([
    [
      'a script that is not there',
      () => make({ script: 'nowhere.py' }),
      `Test/Job: script must be the path of a Python file, got "nowhere.py". ${python}`,
    ],
    [
      'a script in another language',
      () => make({ script: __filename.slice(-12) }),
      `Test/Job: script must be the path of a Python file, got "job.test.ts". ${python}`.replace('job.test.ts', __filename.slice(-12)),
    ],
    [
      'a name that cannot be the start of an argument',
      () => make((stack) => ({ inputs: { 'my-store': lake(stack, 'Raw', 'raw/') } })),
      'Test/Job: inputs must be named in letters, digits and underscores, a letter first, got "my-store". Write them like { STORE: store }.',
    ],
    [
      'one name for an input and an output',
      () => make((stack) => ({ inputs: { A: lake(stack, 'Raw', 'raw/') }, outputs: { A: lake(stack, 'Lake', 'lake/') } })),
      'Test/Job: inputs and outputs must have different names, got "A". For a store that is read and written, an output is enough.',
    ],
    [
      'a store that is no store of objects',
      () => make((stack) => ({ inputs: { A: new Stack(stack, 'Other') as any } })),
      'Test/Job: inputs must be stores of objects in S3, got A. Spark writes to other stores with their own clients.',
    ],
    [
      'an argument of a store',
      () => make((stack) => ({ ...stores(stack), arguments: { SOURCE_BUCKET: 'other' } })),
      'Test/Job: arguments must not set what the job sets itself, got SOURCE_BUCKET. The job sets the arguments that start with SOURCE.',
    ],
    [
      'an argument of Glue',
      () => make({ arguments: { 'job-bookmark-option': 'job-bookmark-enable' } }),
      'Test/Job: arguments must not set what the job sets itself, got job-bookmark-option. The job sets the arguments that start with job-bookmark-option.',
    ],
    [
      'an argument with its hyphens',
      () => make({ arguments: { '--HOURS': '0' } }),
      'Test/Job: arguments must be named in letters, digits, underscores and hyphens, a letter first, got "--HOURS". Leave the two hyphens at the start out: { HOURS: "0" }.',
    ],
    [
      'an argument that is no text',
      () => make({ arguments: { HOURS: 0 as any } }),
      'Test/Job: the argument HOURS must be a text, got number. Write it in quotes.',
    ],
    ['one worker', () => make({ workers: 1 }), 'Test/Job: workers must be 2 to 299 workers, got 1. The first of them is the driver.'],
    [
      'a worker that Glue does not have',
      () => make({ workerType: 'G.3X' as any }),
      'Test/Job: workerType must be G.1X, G.2X, G.4X, G.8X, G.12X, G.16X, R.1X, R.2X, R.4X or R.8X, got "G.3X". See the worker types of Glue.',
    ],
    [
      'a large worker that waits for capacity',
      () => make({ flex: true, workerType: 'G.4X' }),
      'Test/Job: flex needs a workerType of G.1X or G.2X, got G.4X. Use more of the smaller workers.',
    ],
    [
      'a long time',
      () => make({ timeout: Duration.days(8) }),
      'Test/Job: timeout must be 60 to 604800 seconds, got 691200. Glue ends every run after seven days.',
    ],
    [
      'a time that is known only at deploy',
      () => make({ timeout: Duration.seconds(Token.asNumber({ Ref: 'Timeout' })) }),
      'Test/Job: timeout must be known while synthesizing, got a value that is known only at deploy. Give the number itself, because the construct calculates with it.',
    ],
    [
      'a version that is none',
      () => make({ glueVersion: 'latest' }),
      'Test/Job: glueVersion must be a version of Glue from 5.1 on, got "latest". Write it like 5.1. Earlier versions use another file system for S3, for which the permissions do not suffice.',
    ],
    [
      'a version with another file system for S3',
      () => make({ glueVersion: '5.0' }),
      'Test/Job: glueVersion must be a version of Glue from 5.1 on, got "5.0". Write it like 5.1. Earlier versions use another file system for S3, for which the permissions do not suffice.',
    ],
    [
      'a security configuration that is none',
      () => make({ securityConfiguration: '' }),
      'Test/Job: securityConfiguration must be the name of a security configuration, got "". See aws glue get-security-configurations.',
    ],
  ])('%s', (_, act, message) => expect(act).toThrow(new Error(message)));
});
