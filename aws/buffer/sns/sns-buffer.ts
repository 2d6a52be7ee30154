import { type Duration, Stack } from 'aws-cdk-lib';
import { type Alarm, CfnAlarm, CfnCompositeAlarm } from 'aws-cdk-lib/aws-cloudwatch';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { type ITopic, Topic } from 'aws-cdk-lib/aws-sns';
import { Construct, type IConstruct } from 'constructs';
import { type Removal, SettingError } from '../../../shared/synth/settings';
import { acknowledge, type Reasons } from '../../foundation/acknowledge';
import type { EventPattern } from '../../foundation/event-pattern';
import { allow } from '../../foundation/grants';
import { requireHome, requireKey } from '../../foundation/home';
import type { WorkQueue } from '../../foundation/queue/work-queue';
import { removalPolicyOf } from '../../foundation/removal';
import type { Binding, RuleWorkload, Workload } from '../../ports/identity';
import type { PutRecordRequest, RecordSink, RecordTemplate, RuleTarget } from '../../ports/records';
import { publish } from './publish';
import { requireSubscribers, subscribe } from './subscribers';
import { alarmsOf } from './topic-alarms';

const PLAIN: Reasons = {
  'CKV_AWS_26, NIST.800.53.R5-SNSEncryptedKMS':
    'SNS keeps no message: it delivers each to the queues, which are encrypted. For a key of yours, set encryptionKey.',
};

/** A subscriber of {@link SnsBuffer}: which events it gets, and how its queue keeps and retries them. */
export interface SnsSubscriber {
  /**
   * Which events the subscriber gets, by the fields of the event: `{ type: ['alert'] }`. SNS allows 5 fields, and 150
   * combinations of values. A changed filter takes up to 15 minutes. An event that matches the filter of no subscriber is
   * dropped.
   * @default - every event
   * @see https://docs.aws.amazon.com/sns/latest/dg/sns-message-filtering.html
   */
  readonly filter?: EventPattern;
  /**
   * How long the queue keeps a message, from 1 minute to 14 days, and at least as long as all its tries take.
   * @default - 7 days
   */
  readonly retention?: Duration;
  /**
   * How often a failed message is retried, from 0 to 999, before it goes to the dead letter of this subscriber.
   * @default - as many retries as take a day, at least 10, but not longer than `retention`
   */
  readonly maxRetries?: number;
  /**
   * Concurrent calls of the function that reads the queue, from 2 to 1000.
   * @default - no limit, up to 1000 and the quota of the account
   */
  readonly maxConcurrency?: number;
  /**
   * How long a message that was received is hidden from other readers, up to 12 hours. It is also the wait before a retry.
   * @default - six times the timeout of the function (6 minutes if it is not known) plus the batch window, at least 90 seconds
   */
  readonly visibilityTimeout?: Duration;
}

/** Settings for {@link SnsBuffer}. */
export interface SnsBufferProps<Kept extends ITopic = ITopic> {
  /**
   * The subscribers by their names, from 1 to 100, such as `{ Archive: {}, Alerts: { filter: { type: ['alert'] } } }`. Give
   * one without a filter, so that no event is dropped. With another name, a subscriber gets a new queue, and the old one is
   * retained with its messages.
   */
  readonly subscribers: Readonly<Record<string, SnsSubscriber>>;
  /**
   * The KMS key that encrypts the topic (not an existing one), the queues and the dead letters. Publishers, readers and SNS are
   * granted its use. If the key is imported, its policy must allow `sns.amazonaws.com` to use it, and SQS encrypts the dead letters
   * with its own key, because they get what SNS cannot deliver.
   * @default - queues are encrypted with a key of SQS, free of charge; the topic keeps no message
   */
  readonly encryptionKey?: IKey;
  /**
   * An existing standard topic of this account and region. Its settings do not change. If it is encrypted with a key of yours,
   * import it with that key: `Topic.fromTopicAttributes`.
   * @default - a new topic
   */
  readonly topic?: Kept;
  /**
   * What happens to the queues and dead letters when the stack is deleted. `destroy` also requires the context `destroyData`.
   * @default retain
   */
  readonly removal?: Removal;
}

/**
 * Buffer stage: an SNS topic that sends each event to several subscribers. Each has its own queue, filter, retries, alarms and
 * dead letter, so that one that is down delays no other. Connect a processor to `subscriber(name)`.
 *
 * Not for a single reader: use `SqsBuffer`. Not for replay or order: use `KinesisBuffer`. Not for events over 256 KiB: SNS refuses
 * them. Not for alarms: they are not events. Many regions allow 300 events a second until AWS raises the quota. A message can be
 * delivered twice.
 *
 * Idle it costs only the polls of Lambda, less than a dollar a month for each subscriber. A million events cost half a dollar, plus
 * about one dollar for each subscriber. A deploy changes every setting in place. If the construct gets another scope or id, a deploy
 * creates a new topic and new queues: the old queues are retained with their messages, and have no reader.
 * @see https://docs.aws.amazon.com/sns/latest/dg/sns-sqs-as-subscriber.html
 */
export class SnsBuffer<Kept extends ITopic = Topic> extends Construct implements RecordSink {
  /** The new or the given topic, for anything this construct does not cover. */
  readonly topic: Kept;
  /** The queue of each subscriber, with its dead letter and its alarms, by name. */
  readonly subscribers: Readonly<Record<string, WorkQueue>>;
  /** Events that SNS cannot deliver. The alarms of the queues are those of the subscribers. They have no action yet. */
  readonly alarms: readonly Alarm[];

  private readonly encryptionKey?: IKey;

  constructor(scope: Construct, id: string, props: SnsBufferProps<Kept>) {
    super(scope, id);
    const { encryptionKey, removal } = props;
    requireSubscribers(this, props.subscribers);
    requireKey(this, { encryptionKey });
    requireHome(this, { topic: props.topic }, 'Create a topic here, and let the other forward to it.');
    if (props.topic?.fifo) {
      const remedy = 'In a FIFO topic, a publisher must name a message group, which an event has not.';
      throw new SettingError(this, 'topic must be a standard topic', 'a FIFO topic', remedy);
    }
    removalPolicyOf(this, removal);

    const makeTopic = (): ITopic => new Topic(this, 'Topic', { enforceSSL: true, signatureVersion: '2', masterKey: encryptionKey });
    this.topic = props.topic ?? (makeTopic() as Kept);
    if (!props.topic && !encryptionKey) acknowledge(this.topic, PLAIN);
    this.encryptionKey = props.topic ? props.topic.masterKey : encryptionKey;
    this.subscribers = subscribe(this, this.topic, props.subscribers, { encryptionKey, removal });
    const isFiltered = Object.values(props.subscribers).some(({ filter }) => filter !== undefined);
    this.alarms = alarmsOf(this, this.topic, isFiltered);
    this.node.addValidation({ validate: () => this.refuseAlarms() });
  }

  bindWriter(writer: Workload, name: string): Binding {
    const { topicArn } = this.topic;
    const waitFor = allow(writer, topicArn, ['sns:Publish'], this.encryptionKey, 'kms:Decrypt', 'kms:GenerateDataKey');
    return { settings: { [`${name}_TOPIC_ARN`]: topicArn }, waitFor };
  }

  bindRequest(writer: Workload, { text }: RecordTemplate): PutRecordRequest {
    return publish(this.topic, text, this.bindWriter(writer, 'BUFFER').waitFor);
  }

  /** With a role, so that it is also possible for an existing topic. */
  bindRule(rule: RuleWorkload): RuleTarget {
    return { arn: this.topic.topicArn, usesRole: true, takesPartitionKey: false, waitFor: this.bindWriter(rule, 'BUFFER').waitFor };
  }

  /**
   * The queue of a subscriber: a source for one processor.
   * @throws SettingError on a name that no subscriber has
   */
  subscriber(name: string): WorkQueue {
    const found = Object.hasOwn(this.subscribers, name) ? this.subscribers[name] : undefined;
    if (found) return found;
    throw new SettingError(this, `a subscriber must be ${Object.keys(this.subscribers).join(' or ')}`, name, 'Add it to subscribers.');
  }

  /** The policy of the topic denies CloudWatch, which no checker finds, and an alarm is not an event of the contract. */
  private refuseAlarms(): string[] {
    const stack = Stack.of(this);
    const topic = JSON.stringify(stack.resolve(this.topic.topicArn));
    const isAlarm = (one: IConstruct) => one instanceof CfnAlarm || one instanceof CfnCompositeAlarm;
    for (const alarm of this.node.root.node.findAll().filter(isAlarm)) {
      const actions = stack.resolve([alarm.alarmActions, alarm.okActions, alarm.insufficientDataActions]).flat();
      if (!actions.some((action: unknown) => JSON.stringify(action) === topic)) continue;
      const remedy = 'Send alarms to a topic of their own, whose policy allows cloudwatch.amazonaws.com to publish.';
      throw new SettingError(this, 'topic must not be the action of an alarm', alarm.node.path, remedy);
    }
    return [];
  }
}
