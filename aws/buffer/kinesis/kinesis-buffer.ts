import { Duration } from 'aws-cdk-lib';
import type { Alarm } from 'aws-cdk-lib/aws-cloudwatch';
import { CfnStream, type IStream, Stream, StreamEncryption, StreamMode } from 'aws-cdk-lib/aws-kinesis';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { EventSourceMapping } from 'aws-cdk-lib/aws-lambda';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { type Removal, requireAbsent, requireTime, type TimeRule } from '../../../shared/synth/settings';
import { acknowledge, type Reasons } from '../../foundation/acknowledge';
import { makeDeadLetterBucket } from '../../foundation/dead-letter-bucket';
import { bindDeadLetterQueue, makeDeadLetterQueue, requireStandardQueue } from '../../foundation/dead-letter-queue';
import { allow } from '../../foundation/grants';
import { requireHome, requireKey } from '../../foundation/home';
import { removalPolicyOf } from '../../foundation/removal';
import { deliverStream, requireStreamDelivery } from '../../foundation/stream-delivery';
import type { Delivery, DeliverySource, DirectSource } from '../../ports/delivery';
import type { Binding, FunctionWorkload, RuleWorkload, Workload } from '../../ports/identity';
import type { DeadLetter, PutRecordRequest, RecordSink, RecordSource, RecordTemplate, RuleTarget } from '../../ports/records';
import { alarmsOfStream, incomingOf, retentionOf } from './stream-delivery';

const RETENTION: TimeRule = { from: 24, to: 8760, unit: 'hours', remedy: 'For longer replay, keep the raw records in a store.' };
const HERE = 'Put the pipeline into a stack of that account and region, or use one of this account and region.';
const DEAD_LETTER: Reasons = {
  'AwsSolutions-SQS3': 'It is itself the dead letter. Handlers send to it, and the rule looks for redrive policies only.',
};

/** Settings for {@link KinesisBuffer}. Every one has a safe default. */
export interface KinesisBufferProps<Kept extends IStream = IStream> {
  /**
   * How long a record can be read, from 24 hours to 365 days. More than 24 hours costs by the gigabyte. A reader that is
   * down for longer loses records. With an existing `stream`, set it to the retention of that stream: for an imported
   * stream, 24 hours are assumed otherwise.
   * @default 7 days
   */
  readonly retention?: Duration;
  /**
   * The KMS key that encrypts the stream and new dead letters. Writers and readers are granted its use.
   * @default - the AWS managed key of Kinesis, free of charge
   */
  readonly encryptionKey?: IKey;
  /**
   * An existing stream of this account and region. Its mode, encryption and retention do not change. If it is encrypted
   * with a key of yours, import it with the key: `Stream.fromStreamAttributes`.
   * @default - a new stream
   */
  readonly stream?: Kept;
  /**
   * An existing standard queue for records that can never be processed, each with the reason.
   * @default - a new queue with a retention of 14 days
   */
  readonly deadLetterQueue?: IQueue;
  /**
   * An existing bucket for batches that Lambda no longer retries, with all their records. Its settings do not change. If
   * it is encrypted with a key of yours, import it with the key: `Bucket.fromBucketAttributes`.
   * @default - a new bucket, with one for its access log
   */
  readonly deadLetterBucket?: IBucket;
  /**
   * What happens to the stream and the dead letter when the stack is deleted. `destroy` also requires the context
   * `destroyData`. A retained on-demand stream continues to cost money.
   * @default retain
   */
  readonly removal?: Removal;
}

/**
 * Buffer stage: an encrypted on-demand Kinesis stream that absorbs bursts and allows replay. Its dead letter is a queue, for
 * records that a handler cannot process, and a bucket, for batches that Lambda no longer retries.
 *
 * If the store is down, Lambda retries until one hour before the stream deletes the records. A record that crashes the
 * function at every try blocks its shard for the same time: alarms are raised, and `maxRetries` shortens it.
 *
 * Not for events over 1 MiB, nor for few events: an on-demand stream costs by the hour even when idle, and a queue does not.
 * @see https://docs.aws.amazon.com/streams/latest/dev/introduction.html
 */
export class KinesisBuffer<Kept extends IStream = Stream> extends Construct implements RecordSink, RecordSource, DirectSource {
  /** The new or the given stream, for anything this construct does not cover. */
  readonly stream: Kept;
  readonly format = 'kinesis';
  /** The queue of the dead letter: records that can never be processed, each with the reason. */
  readonly deadLetterQueue: IQueue;
  /** The bucket of the dead letter: batches that Lambda no longer retries, one object for each, with whole records. */
  readonly deadLetterBucket: IBucket;
  readonly deadLetter: DeadLetter = { bindWriter: (writer, name) => bindDeadLetterQueue(this.deadLetterQueue, writer, name) };
  /** Slow and missing readers, throttled writes and reads, and dead letters. They have no action yet. */
  readonly alarms: readonly Alarm[];

  private readonly retention: number;

  constructor(scope: Construct, id: string, props: KinesisBufferProps<Kept> = {}) {
    super(scope, id);
    const { encryptionKey } = props;
    const retention = props.retention ?? (props.stream ? undefined : Duration.days(7));
    if (retention !== undefined) requireTime(this, { retention }, RETENTION);
    requireHome(this, { stream: props.stream, deadLetterBucket: props.deadLetterBucket }, HERE);
    requireKey(this, { encryptionKey });
    if (props.stream) requireAbsent(this, 'stream', { encryptionKey });
    requireStandardQueue(this, { deadLetterQueue: props.deadLetterQueue }, 'Use a standard queue: dead letters have no order.');
    const removalPolicy = removalPolicyOf(this, props.removal);

    const makeStream = (): IStream => {
      const encryption = encryptionKey ? StreamEncryption.KMS : StreamEncryption.MANAGED;
      const mode = { streamMode: StreamMode.ON_DEMAND, retentionPeriod: retention };
      return new Stream(this, 'Stream', { ...mode, encryption, encryptionKey, removalPolicy });
    };
    this.stream = props.stream ?? (makeStream() as Kept);
    this.retention = retentionOf(this.stream, retention);
    this.deadLetterQueue = props.deadLetterQueue ?? makeDeadLetterQueue(this, removalPolicy, { encryptionKey, reasons: DEAD_LETTER });
    this.deadLetterBucket = props.deadLetterBucket ?? makeDeadLetterBucket(this, removalPolicy, encryptionKey);
    if (encryptionKey) acknowledge(this.stream, { 'AwsSolutions-KDS3': 'It is encrypted with the given encryptionKey.' });
    this.alarms = alarmsOfStream(this, this.stream, this.deadLetterQueue);
  }

  bindWriter(writer: Workload, name: string): Binding {
    return this.bind(writer, name, 'kms:GenerateDataKey', 'PutRecord', 'PutRecords');
  }

  bindRequest(writer: Workload, { dataBase64, partitionKeyJson }: RecordTemplate): PutRecordRequest {
    const made = CfnStream.isCfnStream(this.stream.node.defaultChild) ? this.stream.node.defaultChild : undefined;
    // A name is looked up in the account of the caller. An imported stream can be of another, so it is named by ARN.
    const which = made ? `"StreamName":"${this.stream.streamName}"` : `"StreamARN":"${this.stream.streamArn}"`;
    return {
      waitFor: this.bind(writer, 'BUFFER', 'kms:GenerateDataKey', 'PutRecord').waitFor,
      service: 'kinesis',
      action: 'PutRecord',
      contentType: 'application/x-amz-json-1.1',
      body: `{${which},"Data":"${dataBase64}","PartitionKey":${partitionKeyJson}}`,
      madeFrom: made?.name,
      receipt: 'SequenceNumber',
      statusOfError: { ProvisionedThroughputExceededException: 429, KMSThrottlingException: 429, ValidationException: 413 },
    };
  }

  bindRule(rule: RuleWorkload): RuleTarget {
    const { waitFor } = this.bind(rule, 'BUFFER', 'kms:GenerateDataKey', 'PutRecord');
    return { arn: this.stream.streamArn, usesRole: true, takesPartitionKey: true, waitFor };
  }

  /**
   * By default a batch has up to 1,000 records or 60 seconds of records, because small objects are slow to read. It is
   * retried until one hour before the stream deletes its records.
   */
  deliverTo(target: FunctionWorkload, delivery: Delivery = {}): EventSourceMapping {
    return deliverStream(this, target, requireStreamDelivery(this, delivery, this.retention), {
      arn: this.stream.streamArn,
      incoming: incomingOf(this.stream),
      deadLetterBucket: this.deadLetterBucket,
      allowRead: (reader) => this.bindReader(reader, 'BUFFER').waitFor,
    });
  }

  bindReader(reader: Workload, name: string): Binding {
    const reads = ['GetRecords', 'GetShardIterator', 'ListShards', 'DescribeStream', 'DescribeStreamSummary'];
    return this.bind(reader, name, 'kms:Decrypt', ...reads);
  }

  /**
   * Allow a service that delivers without code, such as Firehose, to read the stream from the next record on.
   * @see https://docs.aws.amazon.com/firehose/latest/dev/controlling-access.html#using-iam-stream
   */
  bindDelivery(deliverer: Workload): DeliverySource {
    const reads = ['DescribeStream', 'GetShardIterator', 'GetRecords', 'ListShards'];
    return { arn: this.stream.streamArn, waitFor: this.bind(deliverer, 'BUFFER', 'kms:Decrypt', ...reads).waitFor };
  }

  private bind(holder: Workload, name: string, keyAction: string, ...actions: string[]): Binding {
    const { streamArn, streamName, encryptionKey } = this.stream;
    const onStream = actions.map((action) => `kinesis:${action}`);
    return { settings: { [`${name}_STREAM`]: streamName }, waitFor: allow(holder, streamArn, onStream, encryptionKey, keyAction) };
  }
}
