import { Aws, type Duration, RemovalPolicy } from 'aws-cdk-lib';
import type { Alarm } from 'aws-cdk-lib/aws-cloudwatch';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { CfnDeliveryStream } from 'aws-cdk-lib/aws-kinesisfirehose';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { LogGroup, LogStream, RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { requireOneOf, requireResource, SettingError } from '../../../shared/synth/settings';
import { acknowledge } from '../../foundation/acknowledge';
import { answerCommonFindings } from '../../foundation/answers';
import { allow } from '../../foundation/grants';
import { secondsOf } from '../../foundation/time';
import type { DirectSource, DirectStore } from '../../ports/delivery';
import type { Binding, RuleWorkload, Workload } from '../../ports/identity';
import type { PutRecordRequest, RecordSink, RecordTemplate, RuleTarget } from '../../ports/records';
import { alarmsOf } from './delivery-alarms';
import { requireBuffering } from './delivery-settings';
import { putRecord } from './put-record';
import { destinationOf } from './stream-configuration';
import { TransformFunction } from './transform-function';

/** Settings for {@link FirehoseDelivery}. */
export interface FirehoseDeliveryProps {
  /**
   * Where records are delivered to: an `S3Store` for lines of JSON, compressed with gzip, or the Parquet table of a
   * `GlueCatalog` for Parquet. If the store is down, Firehose retries for a day, or with a source until the stream deletes the
   * records; after a day, records of senders are lost.
   */
  readonly store: DirectStore;
  /**
   * The buffer that records are read from, such as a `KinesisBuffer`. Firehose starts with the next record, not with the oldest:
   * deploy both together, or before the first sender. A change replaces the delivery stream.
   * @default - none: senders put records into the delivery stream itself
   */
  readonly source?: DirectSource;
  /**
   * The function that records pass before they are stored. `contract` is a function that checks the event contract and runs
   * `shared/runtime/transform.ts`: what it refuses goes to the failed prefix. With `none`, whatever was sent is stored, also what
   * no query can read. A function of yours gets and returns records as Firehose defines.
   * @default contract
   * @see https://docs.aws.amazon.com/firehose/latest/dev/data-transformation.html
   */
  readonly transform?: 'contract' | 'none' | IFunction;
  /**
   * Partitions before those by time, each with its jq expression: `{ tenant: '.data.tenant' }`. It is evaluated on the row that the
   * transform returns; in a Parquet table, values that are not text are JSON text: `.data | fromjson | .tenant`. Events without it go
   * to the failed prefix, so give an alternative: `.data.tenant // "none"`. Above 500 values at a time, further records go there too.
   * Firehose cannot add partitions to a delivery stream, so the first partition, or the removal of the last one, replaces it.
   * @default - only year, month, day and hour
   * @see https://docs.aws.amazon.com/firehose/latest/dev/dynamic-partitioning.html
   */
  readonly partitionBy?: Readonly<Record<string, string>>;
  /**
   * How long records are buffered, up to 15 minutes, with `partitionBy` at least a minute. Objects are read late by this time, and
   * a record can be in the folder of an hour that ended up to this time before it came.
   * @default 5 minutes
   */
  readonly bufferInterval?: Duration;
  /**
   * The size in MiB at which an object is written before the interval ends, from 1 to 128; for Parquet and with `partitionBy` at
   * least 64. Small objects make queries slow.
   * @default 64
   */
  readonly bufferMiB?: number;
  /**
   * The KMS key that encrypts records while they are buffered. Not with a source, which encrypts them itself. Whoever deploys
   * needs `kms:CreateGrant` on the key.
   * @default - a key of Firehose itself, free of charge
   */
  readonly encryptionKey?: IKey;
  /**
   * The retention of the logs of the delivery stream and of the transform function.
   * @default one month
   */
  readonly logRetention?: RetentionDays;
}

/**
 * Buffer stage: Amazon Data Firehose, which writes records into S3 in large objects, from a stream or from senders. What it cannot
 * deliver is in the failed prefix of the store, which queries do not read: records in base64, with the reason.
 *
 * Not for replay, several readers or reads within seconds: use `KinesisBuffer` and a `LambdaProcessor`. A retry of Firehose can
 * store a record twice: count by `source` and `id`.
 *
 * Idle it costs its alarms only; a million events cost about 15 cents, because each record is billed as 5 kB or more, and the
 * transform function a few cents more. A deploy changes all settings in place but `source`, and `partitionBy` as said there.
 * A delivery stream that is deleted or replaced writes no records that it still buffers: stop the senders before.
 * @see https://docs.aws.amazon.com/firehose/latest/dev/what-is-this-service.html
 */
export class FirehoseDelivery extends Construct implements RecordSink, Workload {
  readonly role: Role;
  /** The delivery stream, for anything this construct does not cover. */
  readonly stream: CfnDeliveryStream;
  /** The errors of deliveries, in one log stream. */
  readonly logGroup: LogGroup;
  /** The prefix of the keys of objects with records that could not be delivered. */
  readonly failedPrefix: string;
  /** The function that records pass, unless `transform` is set. */
  readonly transform?: TransformFunction;
  /** Late and failed deliveries, and what Firehose cannot process. They have no action yet. */
  readonly alarms: readonly Alarm[];

  private readonly source?: DirectSource;

  constructor(scope: Construct, id: string, props: FirehoseDeliveryProps) {
    super(scope, id);
    const { store, source, transform = 'contract', encryptionKey, logRetention = RetentionDays.ONE_MONTH } = props;
    const buffering = requireBuffering(this, props);
    const { table } = store;
    requireOneOf(this, { logRetention }, Object.values(RetentionDays).filter(Number.isInteger), 'Write it like RetentionDays.ONE_YEAR.');
    if (typeof transform === 'object') requireResource(this, { transform });
    else requireOneOf(this, { transform }, ['contract', 'none'], 'Leave it out to keep the event contract, or give a function.');
    const isPartitioned = Object.keys(buffering.partitionBy).length > 0;
    this.source = source;

    this.logGroup = new LogGroup(this, 'Logs', { retention: logRetention, removalPolicy: RemovalPolicy.DESTROY });
    const { logStreamName } = new LogStream(this, 'LogStream', { logGroup: this.logGroup, removalPolicy: RemovalPolicy.DESTROY });
    const conditions = { StringEquals: { 'aws:SourceAccount': Aws.ACCOUNT_ID } };
    this.role = new Role(this, 'Role', { assumedBy: new ServicePrincipal('firehose.amazonaws.com', { conditions }) });
    if (transform === 'contract') {
      this.transform = new TransformFunction(this, 'Transform', { asText: table !== undefined, oneRow: isPartitioned, logRetention });
    }
    const code = this.transform?.function ?? (typeof transform === 'object' ? transform : undefined);
    const from = source?.bindDelivery(this);
    const target = store.bindDelivery(this);
    this.failedPrefix = target.failedPrefix;
    const waitFor = [
      ...(from?.waitFor ?? []),
      ...target.waitFor,
      ...allow(this, this.logGroup.logGroupArn, ['logs:PutLogEvents']),
      ...(code ? allow(this, code.functionArn, ['lambda:InvokeFunction', 'lambda:GetFunctionConfiguration']) : []),
    ];

    const { roleArn } = this.role;
    const logs = { logGroupName: this.logGroup.logGroupName, logStreamName };
    this.stream = new CfnDeliveryStream(this, isPartitioned ? 'PartitionedStream' : 'Stream', {
      deliveryStreamType: from ? 'KinesisStreamAsSource' : 'DirectPut',
      kinesisStreamSourceConfiguration: from && { kinesisStreamArn: from.arn, roleArn },
      deliveryStreamEncryptionConfigurationInput: from ? undefined : encryptionOf(encryptionKey),
      extendedS3DestinationConfiguration: destinationOf({
        ...buffering,
        ...logs,
        target,
        table,
        roleArn,
        functionArn: code?.functionArn,
      }),
    });
    this.stream.node.addDependency(...waitFor);
    if (from)
      acknowledge(this.stream, { 'AwsSolutions-KDF1': 'The stream that it reads encrypts the records, and Firehose then allows no key.' });
    answerCommonFindings(this);

    this.alarms = [
      ...alarmsOf(this, {
        name: this.stream.ref,
        interval: secondsOf(buffering.bufferInterval, 300),
        readsStream: from !== undefined,
        converts: table !== undefined,
        partitions: isPartitioned,
        transforms: code !== undefined,
      }),
      ...(this.transform?.alarms ?? []),
    ];
  }

  bindWriter(writer: Workload, name: string): Binding {
    const waitFor = this.allowPut(writer, 'PutRecord', 'PutRecordBatch');
    return { settings: { [`${name}_DELIVERY_STREAM`]: this.stream.ref }, waitFor };
  }

  bindRequest(writer: Workload, { dataBase64 }: RecordTemplate): PutRecordRequest {
    return putRecord(this.stream.ref, dataBase64, this.allowPut(writer, 'PutRecord'));
  }

  /** @see https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-identity-based.html#eb-target-permissions */
  bindRule(rule: RuleWorkload): RuleTarget {
    const waitFor = this.allowPut(rule, 'PutRecord', 'PutRecordBatch');
    return { arn: this.stream.attrArn, usesRole: true, takesPartitionKey: false, waitFor };
  }

  /** @throws SettingError with a source: Firehose takes records from one side only */
  private allowPut(writer: Workload, ...actions: string[]) {
    if (this.source) {
      const remedy = 'Let senders write to the source, or leave the source out.';
      throw new SettingError(this, 'a delivery from a source must have no senders', writer.node.path, remedy);
    }
    return allow(
      writer,
      this.stream.attrArn,
      actions.map((action) => `firehose:${action}`),
    );
  }
}

function encryptionOf(key?: IKey): CfnDeliveryStream.DeliveryStreamEncryptionConfigurationInputProperty {
  return key ? { keyType: 'CUSTOMER_MANAGED_CMK', keyArn: key.keyArn } : { keyType: 'AWS_OWNED_CMK' };
}
