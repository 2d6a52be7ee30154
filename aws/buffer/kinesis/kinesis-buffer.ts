import { Duration } from 'aws-cdk-lib';
import type { Alarm } from 'aws-cdk-lib/aws-cloudwatch';
import { type IStream, Stream, StreamEncryption, StreamMode } from 'aws-cdk-lib/aws-kinesis';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { EventSourceMapping, StartingPosition } from 'aws-cdk-lib/aws-lambda';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import type { NumberRule, Removal, TimeRule } from '../../../shared/synth/settings';
import { requireAbsent, requireNumber, requireResource, requireTime } from '../../../shared/synth/settings';
import { acknowledge, type Reasons } from '../../foundation/acknowledge';
import { alarm } from '../../foundation/alarms';
import { bindDeadLetterQueue, makeDeadLetterQueue, requireStandardQueue } from '../../foundation/dead-letter-queue';
import { allow } from '../../foundation/grants';
import { removalPolicyOf } from '../../foundation/removal';
import type { Delivery } from '../../ports/delivery';
import type { Binding, FunctionWorkload, Workload } from '../../ports/identity';
import type { DeadLetter, PutRecordRequest, RecordSink, RecordSource, RecordTemplate } from '../../ports/records';

const RETENTION: TimeRule = { from: 24, to: 8760, unit: 'hours', remedy: 'For longer replay, keep the raw records in a store.' };
const RETRIES: NumberRule = { from: 0, to: 10_000, unit: 'retries', remedy: 'Without a bound one bad batch blocks its shard.' };
const AGE: TimeRule = {
  from: 60,
  to: 7 * 24 * 3600,
  unit: 'seconds',
  remedy: 'A record is gone after its retention, and Lambda tries none that is older than 7 days.',
};
const DEAD_LETTER: Reasons = {
  'AwsSolutions-SQS3': 'It is the dead letter. Lambda puts here what it gave up, a way that the rule does not know.',
};

/** Settings for {@link KinesisBuffer}. Every one has a safe default. */
export interface KinesisBufferProps {
  /**
   * How long a record stays readable for replay, from 24 hours to 365 days. More than 24 hours costs by the
   * gigabyte. What Lambda gave up is found by its position for as long, and not longer.
   * @default 7 days
   */
  readonly retention?: Duration;
  /**
   * The key that encrypts the stream. Whoever writes or reads gets the right to use it.
   * @default - the key that AWS keeps for Kinesis, free of charge
   */
  readonly encryptionKey?: IKey;
  /**
   * An existing stream. Its mode, encryption and retention stay as they are. One that is encrypted with a key of yours
   * must know it: `Stream.fromStreamAttributes`.
   * @default - a new stream
   */
  readonly stream?: IStream;
  /**
   * An existing standard queue for records that cannot be processed. FIFO queues are refused by Lambda.
   * @default - a new queue that keeps its messages for 14 days
   */
  readonly deadLetterQueue?: IQueue;
  /**
   * What happens to the stream and the dead letter when the stack is deleted. `destroy` takes a second key, the
   * context `destroyData`. A retained on-demand stream goes on costing.
   * @default retain
   */
  readonly removal?: Removal;
}

/**
 * Buffer stage: an encrypted on-demand Kinesis stream that absorbs bursts and allows replay, with the queue that holds
 * what could not be processed.
 *
 * Not for events over 1 MiB, nor for a steady trickle: an on-demand stream costs by the hour even when idle, where a
 * queue costs nothing.
 * @see https://docs.aws.amazon.com/streams/latest/dev/introduction.html
 */
export class KinesisBuffer extends Construct implements RecordSink, RecordSource {
  /** The stream, for anything this construct does not cover. */
  readonly stream: IStream;
  readonly format = 'kinesis';
  /** The queue of the dead letter. */
  readonly deadLetterQueue: IQueue;
  readonly deadLetter: DeadLetter = { bindWriter: (writer, name) => bindDeadLetterQueue(this.deadLetterQueue, writer, name) };
  /** Late readers, throttled writers and readers, and a dead letter that is not empty. None has an action yet. */
  readonly alarms: readonly Alarm[];

  private readonly retention: Duration;

  constructor(scope: Construct, id: string, props: KinesisBufferProps = {}) {
    super(scope, id);
    this.retention = props.retention ?? Duration.days(7);
    requireTime(this, { retention: this.retention }, RETENTION);
    requireResource(this, { stream: props.stream, encryptionKey: props.encryptionKey });
    if (props.stream) requireAbsent(this, 'stream', { retention: props.retention, encryptionKey: props.encryptionKey });
    requireStandardQueue(this, { deadLetterQueue: props.deadLetterQueue }, 'Lambda sends failed batches to no other.');
    const removalPolicy = removalPolicyOf(this, props.removal);

    this.stream =
      props.stream ??
      new Stream(this, 'Stream', {
        streamMode: StreamMode.ON_DEMAND,
        retentionPeriod: this.retention,
        encryption: props.encryptionKey ? StreamEncryption.KMS : StreamEncryption.MANAGED,
        encryptionKey: props.encryptionKey,
        removalPolicy,
      });
    this.deadLetterQueue = props.deadLetterQueue ?? makeDeadLetterQueue(this, removalPolicy, DEAD_LETTER);
    if (props.encryptionKey) acknowledge(this.stream, { 'AwsSolutions-KDS3': 'encryptionKey was given; without it Kinesis has its own.' });

    const highest = { period: Duration.minutes(1), statistic: 'Maximum' };
    const late = this.stream.metricGetRecordsIteratorAgeMilliseconds(highest);
    const turnedAway = this.stream.metricWriteProvisionedThroughputExceeded({ statistic: 'Sum' });
    const heldBack = this.stream.metricReadProvisionedThroughputExceeded({ statistic: 'Sum' });
    const dead = this.deadLetterQueue.metricApproximateNumberOfMessagesVisible(highest);
    this.alarms = [
      alarm(this, 'Late', late, 'Records have waited for an hour: their reader is down or too slow.', Duration.hours(1).toMilliseconds()),
      alarm(this, 'WritesThrottled', turnedAway, 'The stream turned writers away. Writers that do not try again lose records.'),
      alarm(this, 'ReadsThrottled', heldBack, 'The stream turned readers away. Records wait.'),
      alarm(this, 'DeadLetters', dead, 'Records could not be processed. What came as a position alone is in the stream for its retention.'),
    ];
  }

  bindWriter(writer: Workload, name: string): Binding {
    return this.bind(writer, name, 'kms:GenerateDataKey', 'PutRecord', 'PutRecords');
  }

  bindRequest(writer: Workload, { dataBase64, partitionKeyJson }: RecordTemplate): PutRecordRequest {
    return {
      waitFor: this.bind(writer, 'BUFFER', 'kms:GenerateDataKey', 'PutRecord').waitFor,
      service: 'kinesis',
      action: 'PutRecord',
      contentType: 'application/x-amz-json-1.1',
      body: `{"StreamName":"${this.stream.streamName}","Data":"${dataBase64}","PartitionKey":${partitionKeyJson}}`,
      receipt: 'SequenceNumber',
      statusOfError: { ProvisionedThroughputExceededException: 429, KMSThrottlingException: 429, ValidationException: 413 },
    };
  }

  /** Where `delivery` says nothing: 100 records or 5 seconds, 10 retries, 6 hours. */
  deliverTo(target: FunctionWorkload, delivery: Delivery = {}): void {
    const batchSize = delivery.batchSize ?? 100;
    const batchWindow = delivery.batchWindow ?? Duration.seconds(5);
    const maxRetries = delivery.maxRetries ?? 10;
    const maxAge = delivery.maxAge ?? Duration.hours(6);
    requireNumber(this, { batchSize }, { from: 1, to: 10_000, unit: 'records', remedy: 'Lambda takes no more in one call.' });
    requireTime(this, { batchWindow }, { from: 0, to: 300, unit: 'seconds', remedy: 'Lambda waits no longer for a batch.' });
    requireNumber(this, { maxRetries }, RETRIES);
    requireTime(this, { maxAge }, { ...AGE, to: Math.min(AGE.to, this.retention.toSeconds()) });

    const mapping = new EventSourceMapping(target, 'Trigger', {
      target: target.function,
      eventSourceArn: this.stream.streamArn,
      startingPosition: StartingPosition.TRIM_HORIZON,
      batchSize,
      maxBatchingWindow: batchWindow,
      bisectBatchOnError: true,
      reportBatchItemFailures: true,
      retryAttempts: maxRetries,
      maxRecordAge: maxAge,
      onFailure: { bind: () => ({ destination: this.deadLetterQueue.queueArn }) },
    });
    mapping.node.addDependency(...this.bindReader(target, 'BUFFER').waitFor, ...this.deadLetter.bindWriter(target, 'DEAD_LETTER').waitFor);
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
