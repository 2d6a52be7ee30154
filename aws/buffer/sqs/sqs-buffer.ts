import type { Duration } from 'aws-cdk-lib';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { IQueue, Queue } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import type { Removal } from '../../../shared/synth/settings';
import { allowRule } from '../../foundation/events/event-rule';
import { WorkQueue } from '../../foundation/queue/work-queue';
import type { Binding, RuleWorkload, Workload } from '../../ports/identity';
import type { PutRecordRequest, RecordSink, RecordTemplate, RuleTarget } from '../../ports/records';
import { sendMessage } from './send-message';

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
   * The KMS key that encrypts the queue and a new dead letter. Writers and readers are granted its use.
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
export class SqsBuffer<Kept extends IQueue = Queue> extends WorkQueue<Kept> implements RecordSink {
  constructor(scope: Construct, id: string, props: SqsBufferProps<Kept> = {}) {
    super(scope, id, props);
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
}
