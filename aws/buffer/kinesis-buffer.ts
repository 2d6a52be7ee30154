import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import { type Alarm, type Metric, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { Grant } from 'aws-cdk-lib/aws-iam';
import { type IStream, Stream, StreamEncryption, StreamMode } from 'aws-cdk-lib/aws-kinesis';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { EventSourceMapping, StartingPosition } from 'aws-cdk-lib/aws-lambda';
import { type IQueue, Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { mayDestroy, type Removal, requireRange, SettingError } from '../../shared/synth/settings';
import type {
  Binding,
  DeadLetter,
  Delivery,
  FunctionWorkload,
  PutRecordRequest,
  RecordSink,
  RecordSource,
  RecordTemplate,
  Workload,
} from '../ports';

/** Settings for {@link KinesisBuffer}. Every one has a safe default. */
export interface KinesisBufferProps {
  /**
   * How long a record stays readable for replay, from 24 hours to 365 days. More than 24 hours costs more.
   * @default 24 hours
   */
  readonly retention?: Duration;
  /**
   * The key that encrypts the stream. Whoever writes or reads gets the right to use it.
   * @default - the key that AWS keeps for Kinesis, free of charge
   */
  readonly encryptionKey?: IKey;
  /**
   * An existing stream. Its mode, encryption and retention stay as they are.
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
  /** The queue of the dead letter. */
  readonly deadLetterQueue: IQueue;
  readonly deadLetter: DeadLetter = { bindWriter: (writer, name) => this.bindDeadLetter(writer, name) };
  /** Late consumers, throttled writers and readers, and a dead letter that is not empty. None has an action yet. */
  readonly alarms: readonly Alarm[];

  private readonly retention: Duration;

  constructor(scope: Construct, id: string, props: KinesisBufferProps = {}) {
    super(scope, id);
    this.retention = props.retention ?? Duration.hours(24);
    requireRange(
      this,
      'retention',
      this.retention.toHours(),
      [24, 8760],
      'hours',
      'For longer replay, keep the raw records in the Store stage.',
    );
    if (props.stream && (props.retention ?? props.encryptionKey)) {
      throw new SettingError(
        this,
        'retention and encryptionKey belong to a new stream',
        'both they and stream',
        'Leave them out, or leave stream out.',
      );
    }
    if (props.deadLetterQueue?.fifo) {
      throw new SettingError(
        this,
        'deadLetterQueue must be a standard queue',
        'a FIFO queue',
        'Lambda sends failed batches to standard queues only.',
      );
    }
    const removalPolicy = mayDestroy(this, props.removal) ? RemovalPolicy.DESTROY : RemovalPolicy.RETAIN;

    this.stream =
      props.stream ??
      new Stream(this, 'Stream', {
        streamMode: StreamMode.ON_DEMAND,
        retentionPeriod: this.retention,
        encryption: props.encryptionKey ? StreamEncryption.KMS : StreamEncryption.MANAGED,
        encryptionKey: props.encryptionKey,
        removalPolicy,
      });
    this.deadLetterQueue =
      props.deadLetterQueue ??
      new Queue(this, 'DeadLetter', {
        encryption: QueueEncryption.SQS_MANAGED,
        enforceSSL: true,
        retentionPeriod: Duration.days(14),
        maxMessageSizeBytes: 1024 * 1024,
        removalPolicy,
      });

    const everyMinute = { period: Duration.minutes(1), statistic: 'Maximum' };
    this.alarms = [
      this.alarm(
        'Late',
        this.stream.metricGetRecordsIteratorAgeMilliseconds(everyMinute),
        this.retention.toMilliseconds() / 2,
        'Records wait for more than half of their retention. When it runs out they are lost.',
      ),
      this.alarm(
        'WritesThrottled',
        this.stream.metricWriteProvisionedThroughputExceeded({ statistic: 'Sum' }),
        1,
        'The stream turned writers away.',
      ),
      this.alarm(
        'ReadsThrottled',
        this.stream.metricReadProvisionedThroughputExceeded({ statistic: 'Sum' }),
        1,
        'The stream turned readers away.',
      ),
      this.alarm(
        'DeadLetters',
        this.deadLetterQueue.metricApproximateNumberOfMessagesVisible(everyMinute),
        1,
        'Records could not be processed. They are deleted 14 days after they came.',
      ),
    ];
  }

  bindWriter(writer: Workload, name: string): Binding {
    return {
      settings: { [`${name}_STREAM`]: this.stream.streamName },
      waitFor: [this.allow(writer, 'kinesis:PutRecord', 'kinesis:PutRecords'), this.allowEncrypt(writer)].flat(),
    };
  }

  bindRequest(writer: Workload, record: RecordTemplate): PutRecordRequest {
    this.allow(writer, 'kinesis:PutRecord');
    this.allowEncrypt(writer);
    const { dataBase64, partitionKeyJson } = record;
    return {
      service: 'kinesis',
      action: 'PutRecord',
      contentType: 'application/x-amz-json-1.1',
      body: `{"StreamName":"${this.stream.streamName}","Data":"${dataBase64}","PartitionKey":${partitionKeyJson}}`,
    };
  }

  deliverTo(target: FunctionWorkload, delivery: Delivery = {}): void {
    const batchSize = delivery.batchSize ?? 100;
    const batchWindow = delivery.batchWindow ?? Duration.seconds(5);
    const maxRetries = delivery.maxRetries ?? 5;
    const maxAge = delivery.maxAge ?? Duration.hours(6);
    requireRange(this, 'batchSize', batchSize, [1, 10_000], 'records', 'Lambda takes no more in one call.');
    requireRange(this, 'batchWindow', batchWindow.toSeconds(), [0, 300], 'seconds', 'Lambda waits no longer for a batch.');
    requireRange(
      this,
      'maxRetries',
      maxRetries,
      [0, 10_000],
      'retries',
      'Without a bound one bad record blocks its shard until it expires.',
    );
    requireRange(
      this,
      'maxAge',
      maxAge.toSeconds(),
      [60, this.retention.toSeconds()],
      'seconds',
      'Records older than the retention are gone, so raise that first.',
    );

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
    mapping.node.addDependency(...this.bindReader(target, 'BUFFER').waitFor, ...this.bindDeadLetter(target, 'DEAD_LETTER').waitFor);
  }

  bindReader(reader: Workload, name: string): Binding {
    const reads = ['GetRecords', 'GetShardIterator', 'ListShards', 'DescribeStream', 'DescribeStreamSummary'];
    const grants = [this.allow(reader, ...reads.map((read) => `kinesis:${read}`))];
    if (this.stream.encryptionKey) grants.push(this.stream.encryptionKey.grantDecrypt(reader.role));
    return { settings: { [`${name}_STREAM`]: this.stream.streamName }, waitFor: grants };
  }

  private bindDeadLetter(writer: Workload, name: string): Binding {
    const send = Grant.addToPrincipal({
      grantee: writer.role,
      actions: ['sqs:SendMessage'],
      resourceArns: [this.deadLetterQueue.queueArn],
      scope: this,
    });
    return { settings: { [`${name}_QUEUE_URL`]: this.deadLetterQueue.queueUrl }, waitFor: [send] };
  }

  private allow(workload: Workload, ...actions: string[]): Grant {
    return Grant.addToPrincipal({ grantee: workload.role, actions, resourceArns: [this.stream.streamArn], scope: this });
  }

  private allowEncrypt(writer: Workload): Grant[] {
    return this.stream.encryptionKey ? [this.stream.encryptionKey.grantEncrypt(writer.role)] : [];
  }

  private alarm(id: string, metric: Metric, threshold: number, alarmDescription: string): Alarm {
    return metric.createAlarm(this, `${id}Alarm`, {
      threshold,
      evaluationPeriods: 1,
      treatMissingData: TreatMissingData.NOT_BREACHING,
      alarmDescription,
    });
  }
}
