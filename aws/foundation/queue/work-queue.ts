import { Duration, Lazy } from 'aws-cdk-lib';
import type { Alarm } from 'aws-cdk-lib/aws-cloudwatch';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { EventSourceMapping } from 'aws-cdk-lib/aws-lambda';
import { type IQueue, Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { type Removal, requireAbsent, requireNumber, requireTime, SettingError } from '../../../shared/synth/settings';
import type { Delivery } from '../../ports/delivery';
import type { Binding, FunctionWorkload, Workload } from '../../ports/identity';
import type { DeadLetter, RecordSource } from '../../ports/records';
import { acknowledge, type Reasons } from '../acknowledge';
import { bindDeadLetterQueue, makeDeadLetterQueue, requireStandardQueue } from '../dead-letter-queue';
import { allow } from '../grants';
import { requireKey } from '../home';
import { removalPolicyOf } from '../removal';
import { secondsOf } from '../time';
import { triggerId } from '../triggers';
import { alarmsOf } from './queue-alarms';
import { CONCURRENCY, RETENTION, RETRIES, type Redrive, redriveOf, requireDelivery, type Tries, VISIBILITY } from './queue-delivery';

const NEEDED = 'Give the dead-letter queue that its redrive policy names.';
const FIFO = 'In a FIFO queue, a failed message blocks its message group, and a batch has at most 10 messages.';
const ENCRYPTED: Reasons = {
  CKV_AWS_27: 'SQS encrypts it with its own key (SSE-SQS), which the check does not recognize. For a key of yours, set encryptionKey.',
};

/** The settings of a queue that decide how long it keeps a message, and how often and how fast it is read. */
export interface QueueTimes {
  readonly retention?: Duration;
  readonly maxRetries?: number;
  readonly maxConcurrency?: number;
  readonly visibilityTimeout?: Duration;
}

/** The settings of a queue with one reader. The service that has the queue documents them. */
export interface WorkQueueProps<Kept extends IQueue = IQueue> extends QueueTimes {
  readonly encryptionKey?: IKey;
  readonly queue?: Kept;
  readonly deadLetterQueue?: IQueue;
  /** Whether a new dead letter is encrypted without `encryptionKey`, so that it takes what a sender without the key cannot send. */
  readonly isDeadLetterApart?: boolean;
  readonly removal?: Removal;
}

/**
 * Refuse what SQS or Lambda does not allow.
 * @param at the start of the names of the settings, such as `subscribers.Archive.`
 * @throws SettingError
 */
export function requireQueueTimes(scope: Construct, { retention, maxRetries, maxConcurrency, visibilityTimeout }: QueueTimes, at = '') {
  if (retention !== undefined) requireTime(scope, { [`${at}retention`]: retention }, RETENTION);
  if (maxRetries !== undefined) requireNumber(scope, { [`${at}maxRetries`]: maxRetries }, RETRIES, 'known');
  if (maxConcurrency !== undefined) requireNumber(scope, { [`${at}maxConcurrency`]: maxConcurrency }, CONCURRENCY);
  if (visibilityTimeout !== undefined) requireTime(scope, { [`${at}visibilityTimeout`]: visibilityTimeout }, VISIBILITY);
}

/**
 * An encrypted SQS queue for one reader, with a dead-letter queue and alarms. A message is retried for a day by default, and its
 * visibility timeout fits the timeout of the function that reads it.
 */
export class WorkQueue<Kept extends IQueue = Queue> extends Construct implements RecordSource {
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

  constructor(scope: Construct, id: string, props: WorkQueueProps<Kept>) {
    super(scope, id);
    const { encryptionKey, maxConcurrency, maxRetries, visibilityTimeout } = props;
    const retention = props.retention ?? Duration.days(7);
    requireQueueTimes(this, props);
    requireKey(this, { encryptionKey });
    requireStandardQueue(this, { queue: props.queue }, FIFO);
    requireStandardQueue(this, { deadLetterQueue: props.deadLetterQueue }, 'SQS requires it for a standard queue.');
    if (props.queue) {
      requireAbsent(this, 'queue', { retention: props.retention, maxRetries, visibilityTimeout, encryptionKey });
      if (!props.deadLetterQueue) throw new SettingError(this, 'queue must come with its deadLetterQueue', 'none', NEEDED);
    } else this.tries = { retention, maxRetries, visibilityTimeout };
    const removalPolicy = removalPolicyOf(this, props.removal);
    this.maxConcurrency = maxConcurrency;

    const deadLetterKey = props.isDeadLetterApart ? undefined : encryptionKey;
    this.deadLetterQueue = props.deadLetterQueue ?? makeDeadLetterQueue(this, removalPolicy, { encryptionKey: deadLetterKey });
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

  /** Allow `holder` some actions on the queue and on its key, and nothing else. */
  protected bind(holder: Workload, name: string, keyActions: string[], ...actions: string[]): Binding {
    const { queueArn, queueUrl, encryptionMasterKey: key } = this.queue;
    const onQueue = actions.map((action) => `sqs:${action}`);
    return { settings: { [`${name}_QUEUE_URL`]: queueUrl }, waitFor: allow(holder, queueArn, onQueue, key, ...keyActions) };
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
}
