import { ArnFormat, Aws, RemovalPolicy, Stack } from 'aws-cdk-lib';
import type { Alarm } from 'aws-cdk-lib/aws-cloudwatch';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { CfnApplication, CfnApplicationCloudWatchLoggingOption } from 'aws-cdk-lib/aws-kinesisanalyticsv2';
import { LogGroup, LogStream, RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { type Removal, requireNumber, requireOneOf, requireText } from '../../../shared/synth/settings';
import { answerCommonFindings } from '../../foundation/answers';
import { allow } from '../../foundation/grants';
import { removalPolicyOf } from '../../foundation/removal';
import type { DeliveryTarget, DirectStore } from '../../ports/delivery';
import type { Workload } from '../../ports/identity';
import type { RecordSource } from '../../ports/records';
import { ApplicationStart } from './application-start';
import { alarmsOf } from './flink-alarms';
import { type FlinkObject, type FlinkProject, locate, requireCode } from './flink-code';
import { allowLogs, LOG_LEVELS, PARALLELISM, RUNTIMES, requireProperties, requireStream, SNAPSHOT, streamArn } from './flink-settings';

/** Settings for {@link FlinkProcessor}. */
export interface FlinkProcessorProps {
  /** The Kinesis stream that the application reads. */
  readonly source: RecordSource;
  /** The store that it writes to. It can also read and delete objects below the prefixes of the store, so give it a store of its own. */
  readonly store: DirectStore;
  /**
   * The application: a Maven project, which `cdk deploy` builds with `mvn package`, so it needs a JDK 17, Maven 3.8 and access to
   * Maven Central; or a jar in a bucket, which an earlier step has built. A change restarts the application from a snapshot.
   * @default - the project of this folder, which counts events by type and minute
   */
  readonly code?: FlinkProject | FlinkObject;
  /**
   * Property groups that the application reads at run time, in addition to `source` (`stream.arn`) and `store` (`path` and
   * `failed.path`). Everyone who may describe the application can read them: put secrets into Secrets Manager.
   * @default - none
   */
  readonly properties?: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /**
   * How many tasks run at the same time, from 1 to 256. Each costs one KPU (1 vCPU and 4 GB) by the hour, and the application one
   * more. With `autoScaling` it is the number to start with.
   * @default 1
   */
  readonly parallelism?: number;
  /**
   * Whether the service changes the parallelism with the load. A deploy that changes `parallelism` resets it.
   * @default true
   */
  readonly autoScaling?: boolean;
  /**
   * The Flink version. Snapshots of Flink 1 cannot be restored in Flink 2, and its metrics have other names.
   * @default FLINK-2_2
   */
  readonly runtime?: 'FLINK-2_2' | 'FLINK-2_3';
  /**
   * The name of a snapshot to restore at the next start, instead of the latest one, for example from before a faulty change. Remove
   * it after the deploy.
   * @default - the latest snapshot
   */
  readonly snapshot?: string;
  /**
   * Whether state of a snapshot that the application no longer has is dropped. Without it, such an application does not start.
   * @default false
   */
  readonly allowNonRestoredState?: boolean;
  /**
   * Which messages are logged: the least severe level. The alarm on refused records needs warnings.
   * @default INFO
   */
  readonly logLevel?: 'WARN' | 'INFO' | 'DEBUG';
  /**
   * The retention of the logs.
   * @default one month
   */
  readonly logRetention?: RetentionDays;
  /**
   * What happens to the application, with its state and its snapshots, when the stack is deleted. It is stopped in both cases, and
   * costs almost nothing then. A retained one needs a new role before it is started again: its role is deleted. `destroy` also
   * requires the context `destroyData`.
   * @default retain
   */
  readonly removal?: Removal;
}

/**
 * Processing stage: an application of Managed Service for Apache Flink (formerly Kinesis Data Analytics; its SQL applications ended
 * on 2026-01-27). It reads a stream and writes to an S3 store, with state: windows, joins and aggregates over event time. State and
 * snapshots are encrypted with a key of AWS.
 *
 * CloudFormation creates the application, and does not start it: a function starts it after each deploy, from its latest snapshot,
 * and stops it with a snapshot before it is deleted. If a changed application does not start, the service runs the last version
 * again and the deploy fails.
 *
 * Not for events one by one: use `LambdaProcessor`. It runs all the time: about 160 USD a month with one KPU, also when idle. A
 * deploy changes every setting in place. If the construct gets another scope or id, a deploy creates a new application without
 * state, which reads the stream from its oldest record.
 * @see https://docs.aws.amazon.com/managed-flink/latest/java/what-is.html
 */
export class FlinkProcessor extends Construct implements Workload {
  readonly role: Role;
  /** The application, for anything this construct does not cover. */
  readonly application: CfnApplication;
  /** An application that does not run, restarts, is overloaded, makes no checkpoints, or refuses records. They have no action yet. */
  readonly alarms: readonly Alarm[];

  constructor(scope: Construct, id: string, props: FlinkProcessorProps) {
    super(scope, id);
    const { properties = {}, parallelism = 1, autoScaling = true, runtime = 'FLINK-2_2', logLevel = 'INFO', snapshot } = props;
    const { allowNonRestoredState = false, logRetention = RetentionDays.ONE_MONTH } = props;
    requireStream(this, props.source);
    requireCode(this, props.code);
    requireProperties(this, properties);
    requireNumber(this, { parallelism }, PARALLELISM);
    requireOneOf(this, { autoScaling, allowNonRestoredState }, [true, false], 'Write true or false.');
    requireOneOf(this, { runtime }, RUNTIMES, 'The alarms are on metrics of Flink 2. Older versions have others.');
    requireOneOf(this, { logLevel }, LOG_LEVELS, 'The alarm on refused records counts warnings, which ERROR leaves out.');
    requireOneOf(this, { logRetention }, Object.values(RetentionDays).filter(Number.isInteger), 'Write it like RetentionDays.ONE_YEAR.');
    if (snapshot !== undefined) requireText(this, { snapshot }, SNAPSHOT);
    const removalPolicy = removalPolicyOf(this, props.removal);

    const trusted = { conditions: { StringEquals: { 'aws:SourceAccount': Aws.ACCOUNT_ID } } };
    this.role = new Role(this, 'Role', { assumedBy: new ServicePrincipal('kinesisanalytics.amazonaws.com', trusted) });
    const logGroup = new LogGroup(this, 'Logs', { retention: logRetention, removalPolicy: RemovalPolicy.DESTROY });
    const logStream = new LogStream(this, 'LogStream', { logGroup, removalPolicy: RemovalPolicy.DESTROY });
    const source = props.source.bindReader(this, 'SOURCE');
    const store = props.store.bindDelivery(this);
    const code = locate(this, props.code);
    const waitFor = [
      ...source.waitFor,
      ...store.waitFor,
      ...this.allowFiles(store),
      ...allow(this, code.objectArn, ['s3:GetObject', 's3:GetObjectVersion'], code.encryptionKey, 'kms:Decrypt'),
      ...allowLogs(this, logGroup, logStream),
    ];

    const groups = {
      ...properties,
      source: {
        'stream.arn': Stack.of(this).formatArn({ service: 'kinesis', resource: 'stream', resourceName: source.settings.SOURCE_STREAM }),
      },
      store: { path: this.url(store, store.prefix), 'failed.path': this.url(store, store.failedPrefix) },
    };
    this.application = new CfnApplication(this, 'Application', {
      runtimeEnvironment: runtime,
      applicationMode: 'STREAMING',
      serviceExecutionRole: this.role.roleArn,
      applicationConfiguration: {
        applicationCodeConfiguration: { codeContentType: 'ZIPFILE', codeContent: { s3ContentLocation: code.location } },
        applicationSnapshotConfiguration: { snapshotsEnabled: true },
        applicationSystemRollbackConfiguration: { rollbackEnabled: true },
        flinkApplicationConfiguration: {
          checkpointConfiguration: { configurationType: 'DEFAULT' },
          monitoringConfiguration: { configurationType: 'CUSTOM', logLevel, metricsLevel: 'APPLICATION' },
          parallelismConfiguration: { configurationType: 'CUSTOM', parallelism, parallelismPerKpu: 1, autoScalingEnabled: autoScaling },
        },
        environmentProperties: {
          propertyGroups: Object.entries(groups).map(([propertyGroupId, propertyMap]) => ({ propertyGroupId, propertyMap })),
        },
      },
      // It counts at an update of a running application only. The function starts one that does not run.
      runConfiguration: {
        applicationRestoreConfiguration: snapshot
          ? { applicationRestoreType: 'RESTORE_FROM_CUSTOM_SNAPSHOT', snapshotName: snapshot }
          : { applicationRestoreType: 'RESTORE_FROM_LATEST_SNAPSHOT' },
        flinkRunConfiguration: { allowNonRestoredState },
      },
    });
    this.application.applyRemovalPolicy(removalPolicy);
    this.application.node.addDependency(...waitFor);
    const logging = new CfnApplicationCloudWatchLoggingOption(this, 'Logging', {
      applicationName: this.application.ref,
      cloudWatchLoggingOption: { logStreamArn: streamArn(this, logGroup, logStream) },
    });
    const start = new ApplicationStart(this, 'Start', { application: this.application, snapshot, allowNonRestoredState });
    start.node.addDependency(logging);
    this.alarms = alarmsOf(this, this.application, logGroup);
    answerCommonFindings(this);
  }

  /**
   * A file is a multipart upload that is finished at a checkpoint. After a failure it is continued: its parts are listed, and what
   * was too small for a part is read and deleted.
   */
  private allowFiles({ bucketArn, prefix, failedPrefix }: DeliveryTarget) {
    const actions = ['s3:GetObject', 's3:DeleteObject', 's3:ListMultipartUploadParts'];
    return [prefix, failedPrefix].flatMap((folder) => allow(this, `${bucketArn}/${folder}*`, actions));
  }

  /**
   * Flink has two file systems for S3. This is the scheme of the one that can continue a file after a failure.
   * @see https://nightlies.apache.org/flink/flink-docs-stable/docs/deployment/filesystems/s3/
   */
  private url({ bucketArn }: DeliveryTarget, folder: string): string {
    return `s3a://${Stack.of(this).splitArn(bucketArn, ArnFormat.NO_RESOURCE_NAME).resource}/${folder.slice(0, -1)}`;
  }
}
