import { conditionsOf, refOf, text } from '../../../shared/read/cfn';
import { amountOr, type Cost, HOURS } from '../../../shared/read/facts/cost';
import { factsOf } from '../../../shared/read/facts/find';
import { promised, setTo } from '../../../shared/read/facts/promise';
import type { Call, Needed, Seen, ServiceFacts } from '../../../shared/read/facts/types';
import { both, every, remove, set } from '../../../shared/read/facts/weaken';
import { facts as joined, type Step } from '../../../shared/read/picture';
import { type Asked, amount, is, names, only, type Stack } from '../../../shared/read/stack';
import { said } from '../../../shared/read/tell';
import { alarmOn, RETAINED, readyBeforeWork } from '../../foundation/promises';

const APPLICATION = 'AWS::KinesisAnalyticsV2::Application';
const LOGGING = 'AWS::KinesisAnalyticsV2::ApplicationCloudWatchLoggingOption';
const START = 'Custom::FlinkApplicationStart';
const CONFIGURATION = 'ApplicationConfiguration';
const FLINK = `${CONFIGURATION}.FlinkApplicationConfiguration`;
const PROPERTIES = `${CONFIGURATION}.EnvironmentProperties.PropertyGroups.PropertyMap`;
const CODE = `${CONFIGURATION}.ApplicationCodeConfiguration.CodeContent.S3ContentLocation`;
const SNAPSHOTS = `${CONFIGURATION}.ApplicationSnapshotConfiguration.SnapshotsEnabled`;
const ROLLBACK = `${CONFIGURATION}.ApplicationSystemRollbackConfiguration.RollbackEnabled`;
const RESTORE = 'RunConfiguration.ApplicationRestoreConfiguration.ApplicationRestoreType';
const LISTED = 'AWS documents it for Flink 2, but it is not in the machine-readable list of AWS.';

export const facts: ServiceFacts = {
  name: 'Managed Service for Apache Flink',
  local: { not: 'Apache Flink is not emulated. The tests of the application run it in a Flink cluster' },
  unproven: [
    'That the service accepts a jar whose key has no extension, and starts it.',
    'That the S3 file system of the service needs no permission beyond those that the role has.',
    'That a stop before the deletion leaves a snapshot from which the retained application starts again.',
    'That the lines in the log group have the fields of which the metric filter makes the metric of refused records.',
  ],
  unlisted: {
    'AWS/KinesisAnalytics containerCPUUtilization': LISTED,
    'AWS/KinesisAnalytics heapMemoryUtilization': LISTED,
    'AWS/KinesisAnalytics numRestarts': LISTED,
    'Blueprints/Flink RefusedRecords': 'A metric filter makes it from the log of the application.',
  },
  types: {
    [APPLICATION]: {
      name: 'application',
      role: 'moves data',
      tells: (application) => [
        `Apache Flink ${String(only(application, 'RuntimeEnvironment')).replace('FLINK-', '').replace('_', '.')}`,
        `${amount(application, `${FLINK}.ParallelismConfiguration.Parallelism`)} KPU and 1`,
        is(application, SNAPSHOTS, true) ? 'snapshots' : undefined,
        said.kept(application),
      ],
      flow: stepsOf,
      promises: [
        promised('own-identity', 'have a role of the stack', (application) => application.refers('ServiceExecutionRole').length === 1, {
          'its role is not of the stack': set('ServiceExecutionRole', 'arn:aws:iam::123456789012:role/shared'),
        }),
        readyBeforeWork((application) => application.refers('ServiceExecutionRole')[0]),
        RETAINED,
        setTo({
          rule: 'nothing-lost',
          must: 'keep its state in snapshots',
          at: SNAPSHOTS,
          to: [true],
          weak: false,
          worse: 'a deploy loses its state',
        }),
        setTo({
          rule: 'nothing-lost',
          must: 'start from its latest snapshot, or from one that is named',
          at: RESTORE,
          to: ['RESTORE_FROM_LATEST_SNAPSHOT', 'RESTORE_FROM_CUSTOM_SNAPSHOT'],
          weak: 'SKIP_RESTORE_FROM_SNAPSHOT',
          worse: 'a deploy starts it without its state',
        }),
        promised(
          'nothing-lost',
          'make checkpoints, at which files are finished',
          (application) => is(application, `${FLINK}.CheckpointConfiguration.ConfigurationType`, 'DEFAULT'),
          {
            'it makes no checkpoints': both(
              set(`${FLINK}.CheckpointConfiguration.ConfigurationType`, 'CUSTOM'),
              set(`${FLINK}.CheckpointConfiguration.CheckpointingEnabled`, false),
            ),
          },
        ),
        setTo({
          rule: 'comes-back',
          must: 'return to its last version if a changed one does not start',
          at: ROLLBACK,
          to: [true],
          weak: false,
          worse: 'after a failed deploy it does not run',
        }),
        promised(
          'runs',
          'be started by the deploy, after its permissions and its log',
          (application, stack) =>
            stack.of(START).some((start) => start.refers('Application')[0]?.id === application.id && isAfterLog(start, application, stack)),
          {
            'no deploy starts it': remove(every(START)),
            'it has no log': remove(every(LOGGING)),
          },
        ),
        alarmOn('cpuUtilization', 'have an alarm if it does not run'),
        alarmOn('containerCPUUtilization', 'have an alarm on its CPU', (percent) => percent <= 90),
        alarmOn('numRestarts', 'have an alarm at the first restart'),
        alarmOn('numberOfFailedCheckpoints', 'have an alarm on failed checkpoints'),
        alarmOn('heapMemoryUtilization', 'have an alarm on its heap', (percent) => percent <= 90),
        alarmOn('RefusedRecords', 'have an alarm at the first record that it refuses'),
      ],
      answered: {
        'bounded-retries':
          'It retries from its last checkpoint without a limit, and an alarm is raised. What cannot be processed is refused.',
      },
      needs: needsOf,
      costs: costsOf,
      // A file for each task and checkpoint. A row for each type and minute is small.
      brings: (application, { events }) => ({
        calls: 0,
        writes: Math.min(events, amountOr(application, `${FLINK}.ParallelismConfiguration.Parallelism`, 1) / 60),
        packed: 1000,
      }),
      local: {
        ApplicationConfiguration: { notRun: 'Apache Flink is not emulated.' },
        ApplicationMode: 'no effect here',
        RunConfiguration: 'no effect here',
        RuntimeEnvironment: 'no effect here',
        ServiceExecutionRole: 'no effect here',
        Tags: 'no effect here',
      },
    },
    [LOGGING]: {
      name: 'log of an application',
      role: 'watches',
      local: 'no effect here',
    },
    'AWS::Logs::MetricFilter': {
      name: 'metric filter',
      role: 'watches',
      costs: () => [
        { what: 'its metric, while it has values', price: 'cloudWatchMetric', units: 1, lower: 'No setting: it shows refused records.' },
      ],
      local: 'no effect here',
    },
    [START]: { name: 'start of an application', role: 'helps', local: 'no effect here' },
  },
  calls: {
    ...Object.fromEntries(
      ['DescribeApplication', 'StartApplication', 'StopApplication'].map((operation) => [
        `@aws-sdk/client-kinesis-analytics-v2 ${operation}Command`,
        ({ arguments: [input] }: Call) => [{ may: `kinesisanalytics:${operation}`, on: arnOf(said.part(input, 'ApplicationName')) }],
      ]),
    ),
  },
  harmless: [
    '@aws-sdk/client-kinesis-analytics-v2 KinesisAnalyticsV2Client',
    '@aws-sdk/client-kinesis-analytics-v2 ResourceNotFoundException',
  ],
};

function arnOf(name: string): string {
  return `arn:\${AWS::Partition}:kinesisanalytics:\${AWS::Region}:\${AWS::AccountId}:application/${name}`;
}

function isAfterLog(start: Asked, application: Asked, stack: Stack): boolean {
  const logs = stack.of(LOGGING);
  const own = logs.filter((log) => log.refers('ApplicationName')[0]?.id === application.id);
  return own.length > 0 && own.every(({ id }) => start.before().has(id));
}

function streamsOf(application: Asked): readonly Asked[] {
  return application.refers(PROPERTIES).filter(({ type }) => type !== 'AWS::S3::Bucket');
}

/** The buckets that it writes to, each with the prefixes. */
function foldersOf(application: Asked): { bucket: Asked; prefixes: string[] }[] {
  const paths = application
    .get(PROPERTIES)
    .flatMap((group) => Object.values(group as object))
    .map((value) => JSON.stringify(value));
  return application
    .refers(PROPERTIES)
    .filter(({ type }) => type === 'AWS::S3::Bucket')
    .map((bucket) => ({
      bucket,
      prefixes: paths.filter((path) => path.includes(`"${bucket.id}"`)).map((path) => `${/"\/([^"]+)"\]\]\}$/.exec(path)?.[1] ?? ''}/`),
    }));
}

function stepsOf(application: Asked, seen: Seen): Step[] {
  const notes = seen.tell(application);
  const reads = streamsOf(application).map((stream): Step => {
    const how = 'polled, by event time, from its last snapshot';
    return { from: stream.stage, how, to: application.stage, notes, between: [stream.id, application.id] };
  });
  const writes = foldersOf(application).map(({ bucket, prefixes }): Step => {
    const how = joined('at each checkpoint', ...prefixes.map((prefix) => `${prefix}*`));
    return { from: application.stage, how, to: bucket.stage, notes: seen.tell(bucket), between: [application.id, bucket.id] };
  });
  return [...reads, ...writes];
}

/** https://docs.aws.amazon.com/managed-flink/latest/java/how-creating-apps.html and the file system of Flink for S3 */
function needsOf(application: Asked, stack: Stack): Needed[] {
  const who = refOf(only(application, 'ServiceExecutionRole')) ?? '';
  const may = (on: string, because: string, ...actions: string[]) => actions.map((action) => ({ who, may: action, on, because }));
  const account = conditionsOf([`StringEquals aws:SourceAccount ${text({ Ref: 'AWS::AccountId' })}`]);
  const logs = stack.of(LOGGING).filter((one) => names(one, 'ApplicationName', application));
  const [group, stream] = ['AWS::Logs::LogGroup', 'AWS::Logs::LogStream'].map(
    (type) => logs[0]?.refers().find((one) => one.type === type)?.id,
  );
  const groups = `arn:${text({ Ref: 'AWS::Partition' })}:logs:${text({ Ref: 'AWS::Region' })}:${text({ Ref: 'AWS::AccountId' })}:log-group:`;
  return [
    {
      who: 'kinesisanalytics.amazonaws.com',
      may: 'sts:AssumeRole',
      on: `\${${who}}`,
      only: account,
      because: 'the service runs it with the role',
    },
    ...streamsOf(application).flatMap(({ id, type }) =>
      (factsOf('aws').type(type)?.polledWith ?? []).map((action) => ({
        who,
        ...(typeof action === 'string' ? { may: action, on: `\${${id}}` } : action),
        because: 'the application reads it',
      })),
    ),
    ...foldersOf(application).flatMap(({ bucket, prefixes }) => [
      ...prefixes.flatMap((prefix) =>
        may(
          `\${${bucket.id}}/${prefix}*`,
          'Flink writes files in parts, and continues them after a failure',
          's3:PutObject',
          's3:AbortMultipartUpload',
          's3:ListMultipartUploadParts',
          's3:GetObject',
          's3:DeleteObject',
        ),
      ),
      ...may(
        `\${${bucket.id}}`,
        'Flink looks for files and uploads',
        's3:GetBucketLocation',
        's3:ListBucket',
        's3:ListBucketMultipartUploads',
      ),
    ]),
    ...may(
      `${text(only(application, `${CODE}.BucketARN`))}/${text(only(application, `${CODE}.FileKey`))}`,
      'the service loads the code',
      's3:GetObject',
      's3:GetObjectVersion',
    ),
    ...may(`\${${stream}}`, 'it writes its log', 'logs:PutLogEvents'),
    ...may(`${groups}\${${group}}:log-stream:*`, 'it looks its log stream up', 'logs:DescribeLogStreams'),
    ...may(`${groups}*`, 'it looks its log group up', 'logs:DescribeLogGroups'),
  ];
}

/** A KPU for each task, and one for the coordination. With autoscaling, more under load. */
function costsOf(application: Asked): Cost[] {
  const tasks = amountOr(application, `${FLINK}.ParallelismConfiguration.Parallelism`, 1);
  const lower = 'A function as the processor, for work without state. Stop the application where it may rest.';
  return [
    { what: 'KPUs, one a task and one more, by the hour', price: 'flinkKpu', units: (tasks + 1) * HOURS, lower },
    { what: 'storage of the running application, 50 GB a KPU', price: 'flinkStorage', units: tasks * 50, lower },
  ];
}
