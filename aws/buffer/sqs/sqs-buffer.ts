import { Duration, Lazy } from 'aws-cdk-lib';
import type { Alarm } from 'aws-cdk-lib/aws-cloudwatch';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { EventSourceMapping } from 'aws-cdk-lib/aws-lambda';
import { type IQueue, Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { type Removal, requireAbsent, requireNumber, requireTime, SettingError } from '../../../shared/synth/settings';
import { acknowledge, type Reasons } from '../../foundation/acknowledge';
import { bindDeadLetterQueue, makeDeadLetterQueue, requireStandardQueue } from '../../foundation/dead-letter-queue';
import { allowRule } from '../../foundation/events/event-rule';
import { allow } from '../../foundation/grants';
import { requireKey } from '../../foundation/home';
import { removalPolicyOf } from '../../foundation/removal';
import { secondsOf } from '../../foundation/time';
import { triggerId } from '../../foundation/triggers';
import type { Delivery } from '../../ports/delivery';
import type { Binding, FunctionWorkload, RuleWorkload, Workload } from '../../ports/identity';
import type { DeadLetter, PutRecordRequest, RecordSink, RecordSource, RecordTemplate, RuleTarget } from '../../ports/records';
import { alarmsOf } from './queue-alarms';
import { CONCURRENCY, RETENTION, RETRIES, type Redrive, redriveOf, requireDelivery, type Tries, VISIBILITY } from './queue-delivery';
import { sendMessage } from './send-message';

const FIFO = 'In a FIFO queue, a failed message blocks its message group, and a batch has at most 10 messages.';
const ENCRYPTED: Reasons = {
  CKV_AWS_27: 'SQS encrypts it with its own key (SSE-SQS), which the check does not recognize. For a key of yours, set encryptionKey.',
};

/** Settings for {@link SqsBuffer}. Every one has a safe default. */
export interface SqsBufferProps<Kept extends IQueue = IQueue> {
  /**
   * How long the queue keeps a message, from 1 minute to 14 days, and at least as long as all its tries take. Then SQS deletes
   * it without the dead letter: an alarm is raised before. A shorter retention at once deletes the messages that are older.
   * @default 7 days
   */
  readonly retention?: Duration;
  /**
   * How often a failed message is retried, from 0 to 999, before it goes to the dead letter. If the store is down for longer
   * than that many visibility timeouts, good messages go there too. A message that crashes the function at every try fails
   * the other messages of its batch until then.
   * @default - as many retries as take a day, at least 10, but not longer than `retention`
   */
  readonly maxRetries?: number;
  /**
   * Concurrent calls of the function, from 2 to 1000. It limits the load on the store. Reserved concurrency limits it too,
   * but each throttled call counts as a try.
   * @default - no limit, up to 1000 and the quota of the account
   */
  readonly maxConcurrency?: number;
  /**
   * How long a message that was received is hidden from other readers, up to 12 hours. It is also the wait before a retry.
   * Lambda requires that the timeout of the function is not longer.
   * @default - six times the timeout of the function (6 minutes if it is not known) plus the batch window, at least 90 seconds
   */
  readonly visibilityTimeout?: Duration;
  /**
   * The KMS key that encrypts the queue. Writers and readers are granted its use. Messages that SQS moves to the dead
   * letter stay encrypted with it.
   * @default - a key of SQS itself (SSE-SQS), free of charge
   */
  readonly encryptionKey?: IKey;
  /**
   * An existing standard queue of this account and region. Its settings do not change, so give its `deadLetterQueue` too. If
   * it is encrypted with a key of yours, import it with the key: `Queue.fromQueueAttributes`.
   * @default - a new queue
   */
  readonly queue?: Kept;
  /**
   * An existing standard queue for messages that cannot be processed. Set its retention to 14 days: it is counted from when
   * a message was first sent.
   * @default - a new queue with a retention of 14 days
   */
  readonly deadLetterQueue?: IQueue;
  /**
   * What happens to the queue and the dead letter when the stack is deleted. `destroy` also requires the context
   * `destroyData`.
   * @default retain
   */
  readonly removal?: Removal;
}

/**
 * Buffer stage: an encrypted SQS queue for one reader, with a dead-letter queue for messages that could not be processed.
 *
 * Not for replay, order or several readers: use `KinesisBuffer`. Not for events over 1 MiB, nor for the characters U+FFFE
 * and U+FFFF unless JSON escapes them: SQS refuses both. A message can be delivered twice, then in another batch.
 *
 * Idle it costs only the polls of Lambda, less than a dollar a month; a million events cost about one dollar. A deploy
 * changes every setting in place. If the construct gets another scope or id, a deploy creates a new queue: the old one is
 * retained with its messages, and has no reader.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html
 */
export class SqsBuffer<Kept extends IQueue = Queue> extends Construct implements RecordSink, RecordSource {
  /** The new or the given queue, for anything this construct does not cover. */
  readonly queue: Kept;
  readonly format = 'sqs';
  /** The dead-letter queue. Messages from the handler have a reason. Those that SQS moves after the last try are unchanged. */
  readonly deadLetterQueue: IQueue;
  readonly deadLetter: DeadLetter = { bindWriter: (writer, name) => bindDeadLetterQueue(this.deadLetterQueue, writer, name) };
  /** A slow or failing reader, and dead letters. They have no action yet. */
  readonly alarms: readonly Alarm[];

  private readonly maxConcurrency?: number;
  /** Set for a new queue only. */
  private readonly tries?: Tries;
  /** Set for a new queue only. It depends on the timeout of the reader. */
  private redrive?: Redrive;
  private reader?: Workload;

  constructor(scope: Construct, id: string, props: SqsBufferProps<Kept> = {}) {
    super(scope, id);
    const { encryptionKey, maxConcurrency, maxRetries, visibilityTimeout } = props;
    const retention = props.retention ?? Duration.days(7);
    requireTime(this, { retention }, RETENTION);
    if (maxRetries !== undefined) requireNumber(this, { maxRetries }, RETRIES, 'known');
    if (maxConcurrency !== undefined) requireNumber(this, { maxConcurrency }, CONCURRENCY);
    if (visibilityTimeout !== undefined) requireTime(this, { visibilityTimeout }, VISIBILITY);
    requireKey(this, { encryptionKey });
    requireStandardQueue(this, { queue: props.queue }, FIFO);
    requireStandardQueue(this, { deadLetterQueue: props.deadLetterQueue }, 'SQS requires it for a standard queue.');
    if (props.queue) {
      requireAbsent(this, 'queue', { retention: props.retention, maxRetries, visibilityTimeout, encryptionKey });
      if (!props.deadLetterQueue)
        throw new SettingError(this, 'queue must come with its deadLetterQueue', 'none', 'Give that of its redrive policy.');
    } else this.tries = { retention, maxRetries, visibilityTimeout };
    const removalPolicy = removalPolicyOf(this, props.removal);
    this.maxConcurrency = maxConcurrency;

    this.deadLetterQueue = props.deadLetterQueue ?? makeDeadLetterQueue(this, removalPolicy);
    const makeQueue = (): IQueue =>
      new Queue(this, 'Queue', {
        encryption: encryptionKey ? QueueEncryption.KMS : QueueEncryption.SQS_MANAGED,
        encryptionMasterKey: encryptionKey,
        enforceSSL: true,
        retentionPeriod: retention,
        visibilityTimeout: visibilityTimeout ?? Duration.seconds(Lazy.number({ produce: () => this.getRedrive().visibility })),
        receiveMessageWaitTime: Duration.seconds(20),
        deadLetterQueue: { queue: this.deadLetterQueue, maxReceiveCount: Lazy.number({ produce: () => this.getRedrive().receives }) },
        removalPolicy,
      });
    this.queue = props.queue ?? (makeQueue() as Kept);
    if (!props.queue && !encryptionKey) acknowledge(this.queue, ENCRYPTED);

    this.alarms = alarmsOf(this, this.queue, this.deadLetterQueue, secondsOf(retention, 7200));
  }

  bindWriter(writer: Workload, name: string): Binding {
    return this.bind(writer, name, ['kms:Decrypt', 'kms:GenerateDataKey'], 'SendMessage');
  }

  bindRequest(writer: Workload, { text }: RecordTemplate): PutRecordRequest {
    return sendMessage(this.queue, text, this.bindWriter(writer, 'BUFFER').waitFor);
  }

  bindRule(rule: RuleWorkload): RuleTarget {
    return allowRule(this, 'queue', this.queue, rule);
  }

  /** By default a batch has up to 100 records or 5 seconds of records. Retries are a setting of the buffer. */
  deliverTo(target: FunctionWorkload, delivery: Delivery = {}): EventSourceMapping {
    const { batchWindow, ...settings } = requireDelivery(this, delivery);
    if (this.tries) this.redrive = redriveOf(this, this.tries, target.function, batchWindow);
    const { waitFor } = this.bindOnly(target, 'BUFFER', 'ReceiveMessage', 'DeleteMessage', 'GetQueueAttributes');
    // Lambda requires a visibility timeout of at least the timeout of the function, so the queue is updated first.
    target.function.node.addDependency(this.queue);

    const mapping = new EventSourceMapping(target, triggerId(this, target), {
      ...settings,
      target: target.function,
      eventSourceArn: this.queue.queueArn,
      maxBatchingWindow: batchWindow,
      maxConcurrency: this.maxConcurrency,
      reportBatchItemFailures: true,
    });
    mapping.node.addDependency(...waitFor);
    return mapping;
  }

  bindReader(reader: Workload, name: string): Binding {
    if (this.tries) this.getRedrive();
    return this.bindOnly(reader, name, 'ReceiveMessage', 'DeleteMessage', 'ChangeMessageVisibility', 'GetQueueAttributes');
  }

  private getRedrive(): Redrive {
    return this.redrive ?? redriveOf(this, this.tries!);
  }

  /** A message is delivered to one reader, so with two readers each would get a part of the messages. */
  private bindOnly(reader: Workload, name: string, ...actions: string[]): Binding {
    if (this.reader) {
      const remedy = 'For several readers, create one buffer for each, or an SNS topic that sends to one queue for each.';
      throw new SettingError(this, 'a queue must have one reader', `${reader.node.path} after ${this.reader.node.path}`, remedy);
    }
    this.reader = reader;
    return this.bind(reader, name, ['kms:Decrypt'], ...actions);
  }

  private bind(holder: Workload, name: string, keyActions: string[], ...actions: string[]): Binding {
    const { queueArn, queueUrl, encryptionMasterKey: key } = this.queue;
    const onQueue = actions.map((action) => `sqs:${action}`);
    return { settings: { [`${name}_QUEUE_URL`]: queueUrl }, waitFor: allow(holder, queueArn, onQueue, key, ...keyActions) };
  }
}
