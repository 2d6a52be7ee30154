import { Duration, Lazy } from 'aws-cdk-lib';
import type { Alarm } from 'aws-cdk-lib/aws-cloudwatch';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { EventSourceMapping } from 'aws-cdk-lib/aws-lambda';
import { type IQueue, Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { type Removal, requireAbsent, requireNumber, requireTime, SettingError } from '../../../shared/synth/settings';
import { acknowledge, type Reasons } from '../../foundation/acknowledge';
import { bindDeadLetterQueue, makeDeadLetterQueue, requireStandardQueue } from '../../foundation/dead-letter-queue';
import { allow } from '../../foundation/grants';
import { requireKey } from '../../foundation/home';
import { removalPolicyOf } from '../../foundation/removal';
import { secondsOf } from '../../foundation/time';
import { triggerId } from '../../foundation/triggers';
import type { Delivery } from '../../ports/delivery';
import type { Binding, FunctionWorkload, Workload } from '../../ports/identity';
import type { DeadLetter, PutRecordRequest, RecordSink, RecordSource, RecordTemplate } from '../../ports/records';
import { alarmsOf } from './queue-alarms';
import { CONCURRENCY, type HandOut, RETENTION, RETRIES, requireDelivery, type Tries, triesFor, VISIBILITY } from './queue-delivery';
import { sendMessage } from './send-message';

const FIFO = 'In a FIFO queue a message that fails holds up its group, and Lambda reads 10 at a time.';
const ENCRYPTED: Reasons = {
  CKV_AWS_27: 'SQS encrypts it with its own key, which the check does not know. For a key of yours: encryptionKey.',
};

/** Settings for {@link SqsBuffer}. Every one has a safe default. */
export interface SqsBufferProps<Kept extends IQueue = IQueue> {
  /**
   * How long a message waits for its reader, from 1 minute to 14 days, and at least as long as all its tries take. Then SQS
   * deletes it, and it does not go to the dead letter: the alarm tells before. A shorter retention deletes at once what is older.
   * @default 7 days
   */
  readonly retention?: Duration;
  /**
   * How often a message that failed is tried again, from 0 to 999, before it goes to the dead letter. A store may be away
   * for as many visibility timeouts, before good messages go there too; a message that ends its process at every try fails
   * the other messages of its batch for as long.
   * @default - as often as a day takes, at least 10, and no longer than `retention`
   */
  readonly maxRetries?: number;
  /**
   * Calls of the function at one moment, from 2 to 1000. It spares what the function calls. Reserved concurrency does so
   * too, but each call that it turns away counts as a try.
   * @default - no bound, up to 1000 and the quota of the account
   */
  readonly maxConcurrency?: number;
  /**
   * How long a message is hidden from others while a reader works on it, up to 12 hours, and so the wait before it is tried
   * again. Lambda refuses a function with a longer timeout.
   * @default - six times the timeout of the function, or 6 minutes where that is not known, and the batch window; at least 90
   * seconds
   */
  readonly visibilityTimeout?: Duration;
  /**
   * The key that encrypts the queue. Whoever writes or reads gets the right to use it. What SQS moves to the dead letter
   * stays encrypted with it.
   * @default - the key that SQS has itself, free of charge
   */
  readonly encryptionKey?: IKey;
  /**
   * An existing standard queue of this account and region. Its encryption, retention, visibility timeout and redrive policy stay as they are, so it
   * comes with its `deadLetterQueue`. One that is encrypted with a key of yours must know it: `Queue.fromQueueAttributes`.
   * @default - a new queue
   */
  readonly queue?: Kept;
  /**
   * An existing standard queue for messages that cannot be processed. Let it keep them for 14 days: a message that SQS
   * moves here keeps its age.
   * @default - a new queue that keeps its messages for 14 days
   */
  readonly deadLetterQueue?: IQueue;
  /**
   * What happens to the queue and the dead letter when the stack is deleted. `destroy` takes a second key, the context
   * `destroyData`.
   * @default retain
   */
  readonly removal?: Removal;
}

/**
 * Buffer stage: an encrypted SQS queue that hands each message to one reader until it is processed, with the queue that
 * holds what could not be processed.
 *
 * Not for replay, order or several readers: `KinesisBuffer` has them. Not for events over 1 MiB, nor for the characters
 * U+FFFE and U+FFFF unless JSON escapes them: SQS refuses both. A message may come twice, then in another batch.
 *
 * Idle it costs nothing but the polls of Lambda, less than a dollar a month; a million events cost about one dollar. A
 * deploy changes every setting in place. Only another place or id of the construct makes a new queue: the old one stays
 * with what is in it, and nobody reads it.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html
 */
export class SqsBuffer<Kept extends IQueue = Queue> extends Construct implements RecordSink, RecordSource {
  /** The queue, for anything this construct does not cover: a new one, which can be changed, or the one that was given. */
  readonly queue: Kept;
  readonly format = 'sqs';
  /** The queue of the dead letter: what a handler gave up, as a letter with its reason, and what SQS gave up, as it was. */
  readonly deadLetterQueue: IQueue;
  readonly deadLetter: DeadLetter = { bindWriter: (writer, name) => bindDeadLetterQueue(this.deadLetterQueue, writer, name) };
  /** A late reader, and a dead letter that is not empty. None has an action yet. */
  readonly alarms: readonly Alarm[];

  private readonly maxConcurrency?: number;
  /** What is known of a new queue. An existing one keeps it to itself. */
  private readonly tries?: Tries;
  /** How often a new queue hands a message out, and how long it hides it: its reader says so. */
  private handOut?: HandOut;
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
    requireStandardQueue(this, { deadLetterQueue: props.deadLetterQueue }, 'SQS moves messages of a standard queue to no other.');
    if (props.queue) {
      requireAbsent(this, 'queue', { retention: props.retention, maxRetries, visibilityTimeout, encryptionKey });
      const needed = 'Give the queue that its redrive policy names.';
      if (!props.deadLetterQueue) throw new SettingError(this, 'queue must come with its deadLetterQueue', 'none', needed);
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
        visibilityTimeout: visibilityTimeout ?? Duration.seconds(Lazy.number({ produce: () => this.handsOut().visibility })),
        receiveMessageWaitTime: Duration.seconds(20),
        deadLetterQueue: { queue: this.deadLetterQueue, maxReceiveCount: Lazy.number({ produce: () => this.handsOut().receives }) },
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

  /** Where `delivery` says nothing: 100 records or 5 seconds. How often a message is tried is a setting of the queue. */
  deliverTo(target: FunctionWorkload, delivery: Delivery = {}): EventSourceMapping {
    const { batchWindow, ...settings } = requireDelivery(this, delivery);
    if (this.tries) this.handOut = triesFor(this, this.tries, target.function, batchWindow);
    const { waitFor } = this.bindOnly(target, 'BUFFER', 'ReceiveMessage', 'DeleteMessage', 'GetQueueAttributes');
    // A longer timeout is deployed after the longer visibility timeout that it needs.
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
    if (this.tries) this.handsOut();
    return this.bindOnly(reader, name, 'ReceiveMessage', 'DeleteMessage', 'ChangeMessageVisibility', 'GetQueueAttributes');
  }

  private handsOut(): HandOut {
    this.handOut ??= triesFor(this, this.tries!);
    return this.handOut;
  }

  /** Each message goes to one reader, so of two each would miss what the other gets. */
  private bindOnly(reader: Workload, name: string, ...actions: string[]): Binding {
    if (this.reader) {
      const remedy = 'For several readers make a buffer for each, or put a topic before them that sends to a queue for each.';
      throw new SettingError(this, 'a queue must have one reader', `${reader.node.path} after ${this.reader.node.path}`, remedy);
    }
    this.reader = reader;
    return this.bind(reader, name, ['kms:Decrypt'], ...actions);
  }

  private bind(holder: Workload, name: string, keyActions: string[], ...actions: string[]): Binding {
    const { queueArn, queueUrl, encryptionMasterKey } = this.queue;
    const onQueue = actions.map((action) => `sqs:${action}`);
    return { settings: { [`${name}_QUEUE_URL`]: queueUrl }, waitFor: allow(holder, queueArn, onQueue, encryptionMasterKey, ...keyActions) };
  }
}
