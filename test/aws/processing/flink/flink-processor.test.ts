import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { App, Stack } from 'aws-cdk-lib';
import { RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Bucket } from 'aws-cdk-lib/aws-s3';
import { KinesisBuffer } from '../../../../aws/buffer/kinesis/kinesis-buffer';
import { SqsBuffer } from '../../../../aws/buffer/sqs/sqs-buffer';
import { FlinkProcessor, type FlinkProcessorProps } from '../../../../aws/processing/flink/flink-processor';
import { S3Store } from '../../../../aws/store/s3/s3-store';
import { type Resource, removalOf, synthesize } from '../../../support/cdk';
import { documentedDefaults } from '../../../support/defaults';
import { temporaryFolder } from '../../../support/folder';
import { expectSnapshot } from '../../../support/snapshot';

const APPLICATION = 'AWS::KinesisAnalyticsV2::Application';

function processor(stack: Stack, props: Partial<FlinkProcessorProps> = {}, id = 'Processing') {
  const neighbours = props.source ? {} : { source: new KinesisBuffer(stack, 'Buffer'), store: new S3Store(stack, 'Store') };
  return new FlinkProcessor(stack, id, { ...neighbours, ...props } as FlinkProcessorProps);
}

const make = (props?: Partial<FlinkProcessorProps>, context?: Record<string, unknown>) =>
  synthesize((stack) => processor(stack, props), context);
const configurationOf = ({ one }: ReturnType<typeof synthesize>) => one(APPLICATION).Properties.ApplicationConfiguration;

test('the snapshots', () => {
  const { built, madeBy } = make();
  const resources = madeBy(built);
  expectSnapshot(
    'aws/processing/flink/flink-processor.snapshot.yaml',
    'Its state is in snapshots, and it is retained. A failed change is rolled back. It is created after its permissions.',
    only(resources, /^Processing(?!Start|Role)/),
  );
  expectSnapshot(
    'aws/processing/flink/role.snapshot.yaml',
    'The application may read the stream, write and continue files below both prefixes, load its code and write its log stream.',
    only(resources, /^ProcessingRole/),
  );
});

test('the snapshot of what starts it', () => {
  const { built, madeBy } = make();
  expectSnapshot(
    'aws/processing/flink/application-start.snapshot.yaml',
    'The function may start, stop and describe this application, and nothing else. CloudFormation calls it after the application has its log.',
    only(madeBy(built), /^ProcessingStart/),
  );
});

function only(resources: Record<string, Resource>, ids: RegExp) {
  return Object.fromEntries(Object.entries(resources).filter(([id, { Type }]) => ids.test(id) && Type !== 'AWS::CloudWatch::Alarm'));
}

test('documents the defaults that it has', () => {
  const made = make();
  const { RuntimeEnvironment, RunConfiguration } = made.one(APPLICATION).Properties;
  const { ParallelismConfiguration, MonitoringConfiguration } = configurationOf(made).FlinkApplicationConfiguration;
  expect(documentedDefaults('aws/processing/flink/flink-processor.ts', 'FlinkProcessorProps')).toEqual({
    parallelism: `${ParallelismConfiguration.Parallelism}`,
    autoScaling: `${ParallelismConfiguration.AutoScalingEnabled}`,
    runtime: RuntimeEnvironment,
    allowNonRestoredState: `${RunConfiguration.FlinkRunConfiguration.AllowNonRestoredState}`,
    logLevel: MonitoringConfiguration.LogLevel,
    logRetention: 'one month',
    removal: removalOf(made.one(APPLICATION).DeletionPolicy),
  });
});

test('accepts every setting', () => {
  const made = make(
    {
      properties: { mine: { 'a.b': 'c' } },
      parallelism: 4,
      autoScaling: false,
      runtime: 'FLINK-2_3',
      snapshot: 'before-the-change',
      allowNonRestoredState: true,
      logLevel: 'WARN',
      logRetention: RetentionDays.ONE_WEEK,
      removal: 'destroy',
    },
    { destroyData: 'yes' },
  );
  expect(made.one(APPLICATION)).toMatchObject({
    DeletionPolicy: 'Delete',
    Properties: {
      RuntimeEnvironment: 'FLINK-2_3',
      RunConfiguration: {
        ApplicationRestoreConfiguration: { ApplicationRestoreType: 'RESTORE_FROM_CUSTOM_SNAPSHOT', SnapshotName: 'before-the-change' },
        FlinkRunConfiguration: { AllowNonRestoredState: true },
      },
    },
  });
  expect(configurationOf(made).FlinkApplicationConfiguration).toMatchObject({
    MonitoringConfiguration: { LogLevel: 'WARN' },
    ParallelismConfiguration: { Parallelism: 4, AutoScalingEnabled: false },
  });
  expect(configurationOf(made).EnvironmentProperties.PropertyGroups).toContainEqual({
    PropertyGroupId: 'mine',
    PropertyMap: { 'a.b': 'c' },
  });
  expect(made.one('AWS::Lambda::Function').Properties.Environment.Variables).toMatchObject({
    SNAPSHOT: 'before-the-change',
    NON_RESTORED_STATE: 'drop',
  });
});

test('can be created twice in one stack, with the same stream', () => {
  const { all } = synthesize((stack) => {
    const source = new KinesisBuffer(stack, 'Buffer');
    return ['a/', 'b/'].map((prefix, index) =>
      processor(stack, { source, store: new S3Store(stack, `Store${index}`, { prefix }) }, `P${index}`),
    );
  });
  expect(all(APPLICATION)).toHaveLength(2);
});

test('the application knows its stream, and the folders of its store without a slash at the end', () => {
  const groups = configurationOf(make()).EnvironmentProperties.PropertyGroups;
  const [source, store] = groups.map(({ PropertyMap }: { PropertyMap: Record<string, any> }) => PropertyMap);
  expect(source['stream.arn']['Fn::Join'][1].slice(-2)).toEqual([':stream/', { Ref: expect.stringMatching(/^BufferStream/) }]);
  expect([store.path, store['failed.path']].map((url) => url['Fn::Join'][1].at(-1))).toEqual(['/events', '/events-failed']);
  // The file system whose files are finished at a checkpoint has this scheme.
  expect(store.path['Fn::Join'][1][0]).toBe('s3a://');
});

test('the source of the project and the event contract decide the key of the code, and no build is needed to synthesize', () => {
  const { ApplicationCodeConfiguration } = configurationOf(make());
  const { FileKey } = ApplicationCodeConfiguration.CodeContent.S3ContentLocation;
  expect(FileKey).toMatch(/^[0-9a-f]{64}$/);
  const assembly = new App({ outdir: temporaryFolder() });
  const stack = new Stack(assembly, 'Test');
  processor(stack);
  const manifest = JSON.parse(readFileSync(path.join(assembly.synth().directory, 'Test.assets.json'), 'utf8'));
  const { executable } = manifest.files[FileKey].source;
  expect(executable).toEqual(['node', 'aws/processing/flink/build/maven.cjs', 'aws/processing/flink/application']);
  expect(executable.slice(1).map((file: string) => existsSync(path.join(__dirname, '../../../..', file)))).toEqual([true, true]);
});

test('a jar in a bucket is read, and nothing else of the bucket', () => {
  const made = synthesize((stack) => {
    const bucket = Bucket.fromBucketName(stack, 'Jars', 'jars');
    return processor(stack, { code: { bucket, key: 'apps/a.jar', version: 'v1' } });
  });
  expect(configurationOf(made).ApplicationCodeConfiguration.CodeContent.S3ContentLocation).toMatchObject({
    FileKey: 'apps/a.jar',
    ObjectVersion: 'v1',
  });
  const reads = made.allowed(made.built).filter(({ Action }) => JSON.stringify(Action).includes('GetObjectVersion'));
  expect(reads.map(({ Resource }) => JSON.stringify(Resource))).toEqual([expect.stringContaining('jars/apps/a.jar')]);
});

test('each change of the application calls the function that starts it', () => {
  const changeOf = (props?: Partial<FlinkProcessorProps>) => make(props).one('Custom::FlinkApplicationStart').Properties.Configuration;
  const changes = [
    {},
    { parallelism: 2 },
    { properties: { a: { b: 'c' } } },
    { logLevel: 'WARN' },
    { runtime: 'FLINK-2_3' },
    { snapshot: 'before' },
    { allowNonRestoredState: true },
  ] as const;
  expect(new Set(changes.map(changeOf)).size).toBe(changes.length);
  expect(changeOf()).toBe(changeOf());
});

test('an application that does not run, fails, is full or refuses records raises an alarm', () => {
  const { built } = make();
  expect(built.alarms.map(({ node }) => node.id)).toEqual(
    ['Stopped', 'Restarts', 'Checkpoints', 'Cpu', 'Heap', 'Failed'].map((name) => `${name}Alarm`),
  );
});

test('refuses a queue, which has no positions', () => {
  const refused = () =>
    synthesize((stack) => processor(stack, { source: new SqsBuffer(stack, 'Queue'), store: new S3Store(stack, 'Store') }));
  expect(refused).toThrow(
    'Test/Processing: source must be a stream of Kinesis, got a source of sqs. Give a KinesisBuffer. For other sources, use LambdaProcessor.',
  );
});

test.each([
  [
    { runtime: 'FLINK-1_20' },
    'runtime must be FLINK-2_2 or FLINK-2_3, got "FLINK-1_20". The alarms are on metrics of Flink 2. Older versions have others.',
  ],
  [
    { parallelism: 0 },
    'parallelism must be 1 to 256 tasks, got 0. For more, raise the quota of KPUs, and set parallelismPerKpu of the application.',
  ],
  [
    { logLevel: 'ERROR' },
    'logLevel must be WARN, INFO or DEBUG, got "ERROR". The alarm on refused records counts warnings, which ERROR leaves out.',
  ],
  [{ snapshot: 'a b' }, 'snapshot must be the name of a snapshot, got "a b". See aws kinesisanalyticsv2 list-application-snapshots.'],
  [{ properties: { store: {} } }, 'properties must not set source or store, got store. The processor sets these groups. Use another name.'],
  [
    { properties: { many: Object.fromEntries(Array.from({ length: 48 }, (_, index) => [`p${index}`, 'x'])) } },
    'properties must be at most 47, got 48. Put them into one object in the store.',
  ],
  [
    { code: { project: 'aws/none' } },
    'code.project must be a folder with a pom.xml, got "aws/none". Give the folder of a Maven project, from the root of the blueprints, or a jar as bucket and key.',
  ],
  [{ removal: 'destroy' }, expect.stringContaining('destroyData')],
])('refuses %j', (props, message) => {
  const refused = () => make(props as Partial<FlinkProcessorProps>);
  expect(refused).toThrow(typeof message === 'string' ? `Test/Processing: ${message}` : (message as { sample: string }).sample);
});
