import { Duration } from 'aws-cdk-lib';
import type { Alarm } from 'aws-cdk-lib/aws-cloudwatch';
import { CfnStream, type IStream, Stream, StreamEncryption, StreamMode } from 'aws-cdk-lib/aws-kinesis';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { type CfnEventSourceMapping, EventSourceMapping, MetricType } from 'aws-cdk-lib/aws-lambda';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { type Removal, requireAbsent, requireTime, type TimeRule } from '../../../shared/synth/settings';
import { acknowledge, type Reasons } from '../../foundation/acknowledge';
import { bindDeadLetterBucket, makeDeadLetterBucket } from '../../foundation/dead-letter-bucket';
import { bindDeadLetterQueue, makeDeadLetterQueue, requireStandardQueue } from '../../foundation/dead-letter-queue';
import { allow } from '../../foundation/grants';
import { requireHome, requireKey } from '../../foundation/home';
import { removalPolicyOf } from '../../foundation/removal';
import { triggerId } from '../../foundation/triggers';
import type { Delivery } from '../../ports/delivery';
import type { Binding, FunctionWorkload, Workload } from '../../ports/identity';
import type { DeadLetter, PutRecordRequest, RecordSink, RecordSource, RecordTemplate } from '../../ports/records';
import { alarmsOf, alarmsOfStream, requireDelivery, retentionOf } from './stream-delivery';

const RETENTION: TimeRule = { from: 24, to: 8760, unit: 'hours', remedy: 'For longer replay, keep the raw records in a store.' };
const HERE = 'Put the pipeline into a stack of that account and region, or bring one that is of this.';
const DEAD_LETTER: Reasons = {
  'AwsSolutions-SQS3': 'It is the dead letter. Handlers put here what they gave up, a way that the rule does not know.',
};

/** Settings for {@link KinesisBuffer}. Every one has a safe default. */
export interface KinesisBufferProps<Kept extends IStream = IStream> {
  /**
   * How long a record stays readable for replay, from 24 hours to 365 days. More than 24 hours costs by the
   * gigabyte. It bounds how long a reader may be down before it loses records. Beside an existing `stream` it says
   * what that one has; one that was looked up counts as one of 24 hours without it.
   * @default 7 days
   */
  readonly retention?: Duration;
  /**
   * The key that encrypts the stream. Whoever writes or reads gets the right to use it.
   * @default - the key that AWS keeps for Kinesis, free of charge
   */
  readonly encryptionKey?: IKey;
  /**
   * An existing stream of this account and region. Its mode, encryption and retention stay as they are. One that is
   * encrypted with a key of yours must know it: `Stream.fromStreamAttributes`.
   * @default - a new stream
   */
  readonly stream?: Kept;
  /**
   * An existing standard queue for records that a handler found to be beyond processing, each with the reason.
   * @default - a new queue that keeps its messages for 14 days
   */
  readonly deadLetterQueue?: IQueue;
  /**
   * An existing bucket for batches that Lambda gave up, with all their records. It keeps its own settings. One that is
   * encrypted with a key of yours must know it: `Bucket.fromBucketAttributes`.
   * @default - a new bucket, with one for its access log
   */
  readonly deadLetterBucket?: IBucket;
  /**
   * What happens to the stream and the dead letter when the stack is deleted. `destroy` takes a second key, the
   * context `destroyData`. A retained on-demand stream goes on costing.
   * @default retain
   */
  readonly removal?: Removal;
}

/**
 * Buffer stage: an encrypted on-demand Kinesis stream that absorbs bursts and allows replay. Behind it stand a queue, for
 * records that a handler cannot process, and a bucket, for batches that Lambda gave up.
 *
 * A store may be down for as long as the stream keeps its records, less an hour: Lambda tries again until then. A record that
 * ends its process at every try holds up its shard for as long: the alarms ring, and `maxRetries` makes it end sooner.
 *
 * Not for events over 1 MiB, nor for a steady trickle: an on-demand stream costs by the hour even when idle, where a
 * queue costs nothing.
 * @see https://docs.aws.amazon.com/streams/latest/dev/introduction.html
 */
export class KinesisBuffer<Kept extends IStream = Stream> extends Construct implements RecordSink, RecordSource {
  /** The stream, for anything this construct does not cover: a new one, which can be changed, or the one that was given. */
  readonly stream: Kept;
  readonly format = 'kinesis';
  /** The queue of the dead letter: what a handler gave up, each record with the reason. */
  readonly deadLetterQueue: IQueue;
  /** The bucket of the dead letter: what Lambda gave up, a batch of whole records for each object. */
  readonly deadLetterBucket: IBucket;
  readonly deadLetter: DeadLetter = { bindWriter: (writer, name) => bindDeadLetterQueue(this.deadLetterQueue, writer, name) };
  /** Late and missing readers, throttled writers and readers, and what was given up. None has an action yet. */
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
    requireStandardQueue(this, { deadLetterQueue: props.deadLetterQueue }, 'Bring a standard one: letters have no order.');
    const removalPolicy = removalPolicyOf(this, props.removal);

    const makeStream = (): IStream => {
      const encryption = encryptionKey ? StreamEncryption.KMS : StreamEncryption.MANAGED;
      const mode = { streamMode: StreamMode.ON_DEMAND, retentionPeriod: retention };
      return new Stream(this, 'Stream', { ...mode, encryption, encryptionKey, removalPolicy });
    };
    this.stream = props.stream ?? (makeStream() as Kept);
    this.retention = retentionOf(this.stream, retention);
    this.deadLetterQueue = props.deadLetterQueue ?? makeDeadLetterQueue(this, removalPolicy, DEAD_LETTER);
    this.deadLetterBucket = props.deadLetterBucket ?? makeDeadLetterBucket(this, removalPolicy);
    if (encryptionKey) acknowledge(this.stream, { 'AwsSolutions-KDS3': 'encryptionKey was given; without it Kinesis has its own.' });
    this.alarms = alarmsOfStream(this, this.stream, this.deadLetterQueue);
  }

  bindWriter(writer: Workload, name: string): Binding {
    return this.bind(writer, name, 'kms:GenerateDataKey', 'PutRecord', 'PutRecords');
  }

  bindRequest(writer: Workload, { dataBase64, partitionKeyJson }: RecordTemplate): PutRecordRequest {
    const made = CfnStream.isCfnStream(this.stream.node.defaultChild) ? this.stream.node.defaultChild : undefined;
    // A name alone would mean a stream of whoever calls: one that was looked up is named in full.
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

  /**
   * Where `delivery` says nothing: 1,000 records or 60 seconds, so that objects get a size worth reading, and an event waits
   * a minute; then as many tries as the stream keeps the record for, less an hour.
   */
  deliverTo(target: FunctionWorkload, delivery: Delivery = {}): EventSourceMapping {
    const { batchWindow, maxRetries, maxAge, filters, ...settings } = requireDelivery(this, delivery, this.retention);
    const mapping = new EventSourceMapping(target, triggerId(this, target), {
      ...settings,
      target: target.function,
      eventSourceArn: this.stream.streamArn,
      maxBatchingWindow: batchWindow,
      filters,
      bisectBatchOnError: true,
      reportBatchItemFailures: true,
      retryAttempts: maxRetries,
      maxRecordAge: maxAge,
      onFailure: { bind: () => ({ destination: this.deadLetterBucket.bucketArn }) },
      metricsConfig: { metrics: [MetricType.EVENT_COUNT] },
    });
    // What is left out stays as it was deployed.
    if (!maxAge) (mapping.node.defaultChild as CfnEventSourceMapping).maximumRecordAgeInSeconds = -1;
    const mayFail = bindDeadLetterBucket(this.deadLetterBucket, target);
    mapping.node.addDependency(...this.bindReader(target, 'BUFFER').waitFor, ...mayFail);
    alarmsOf(mapping, this.stream, target);
    return mapping;
  }

  bindReader(reader: Workload, name: string): Binding {
    const reads = ['GetRecords', 'GetShardIterator', 'ListShards', 'DescribeStream', 'DescribeStreamSummary'];
    return this.bind(reader, name, 'kms:Decrypt', ...reads);
  }

  private bind(holder: Workload, name: string, keyAction: string, ...actions: string[]): Binding {
    const { streamArn, streamName, encryptionKey } = this.stream;
    const onStream = actions.map((action) => `kinesis:${action}`);
    return { settings: { [`${name}_STREAM`]: streamName }, waitFor: allow(holder, streamArn, onStream, encryptionKey, keyAction) };
  }
}
