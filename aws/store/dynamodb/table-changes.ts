import { Duration, type RemovalPolicy } from 'aws-cdk-lib';
import type { Alarm } from 'aws-cdk-lib/aws-cloudwatch';
import type { ITable } from 'aws-cdk-lib/aws-dynamodb';
import { Policy, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { type EventSourceMapping, StartingPosition } from 'aws-cdk-lib/aws-lambda';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import type { Construct, IDependable } from 'constructs';
import { acknowledge, type Reasons } from '../../foundation/acknowledge';
import { alarm } from '../../foundation/alarms';
import { makeDeadLetterBucket } from '../../foundation/dead-letter-bucket';
import { bindDeadLetterQueue, makeDeadLetterQueue } from '../../foundation/dead-letter-queue';
import { allow } from '../../foundation/grants';
import { deliverStream, requireStreamDelivery } from '../../foundation/stream-delivery';
import type { Delivery } from '../../ports/delivery';
import type { Binding, FunctionWorkload, Workload } from '../../ports/identity';
import type { DeadLetter, RecordSource } from '../../ports/records';

/** How long DynamoDB keeps a change, in seconds. It has no setting. */
const RETENTION = 24 * 3600;
/** Lambda reads a stream of DynamoDB from no other position. */
const POSITIONS = [StartingPosition.TRIM_HORIZON, StartingPosition.LATEST];
const DEAD_LETTER: Reasons = {
  'AwsSolutions-SQS3': 'It is itself the dead letter. Handlers send to it, and the rule looks for redrive policies only.',
};

/** The dead letter of the changes, and the keys. */
export interface ChangesSettings {
  /** The key of the table. */
  readonly key?: IKey;
  /** The key of a new dead letter. */
  readonly encryptionKey?: IKey;
  readonly deadLetterQueue?: IQueue;
  readonly deadLetterBucket?: IBucket;
  readonly removalPolicy: RemovalPolicy;
}

/**
 * The changes of a table as a source of records: in order for each row, kept for 24 hours. A handler reads each as an event of
 * the contract: `type` is `row.added`, `row.changed`, `row.removed` or `row.expired`, and `data` has the row `before` and `after`.
 *
 * A stream keeps 24 hours and no more, so Lambda retries for 23 hours, and then writes whole changes to the dead-letter bucket.
 * At most two functions should read the changes: with more, DynamoDB throttles them.
 * @see https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Streams.Lambda.html
 */
export class TableChanges implements RecordSource {
  readonly format = 'dynamodb';
  /** The queue of the dead letter: changes that can never be processed, each with the reason. */
  readonly deadLetterQueue: IQueue;
  /** The bucket of the dead letter: batches that Lambda no longer retries, one object for each, with whole records. */
  readonly deadLetterBucket: IBucket;
  readonly deadLetter: DeadLetter = { bindWriter: (writer, name) => bindDeadLetterQueue(this.deadLetterQueue, writer, name) };
  /** The first dead letter. It has no action yet. */
  readonly alarm: Alarm;

  private readonly key?: IKey;

  /** @param table a table with a stream of new and old images */
  constructor(
    private readonly store: Construct,
    private readonly table: ITable,
    { deadLetterQueue, deadLetterBucket, removalPolicy, key, encryptionKey }: ChangesSettings,
  ) {
    this.key = key;
    this.deadLetterQueue = deadLetterQueue ?? makeDeadLetterQueue(store, removalPolicy, { encryptionKey, reasons: DEAD_LETTER });
    this.deadLetterBucket = deadLetterBucket ?? makeDeadLetterBucket(store, removalPolicy, encryptionKey);
    const dead = this.deadLetterQueue.metricApproximateNumberOfMessagesVisible({ statistic: 'Maximum', period: Duration.minutes(1) });
    const description = 'Changes could not be processed. Each is in the dead-letter queue, with the reason.';
    this.alarm = alarm(store, 'DeadLetters', dead, description);
  }

  /**
   * By default a batch has up to 1,000 changes or 60 seconds of changes, because small objects are slow to read. It is retried
   * for 23 hours.
   */
  deliverTo(target: FunctionWorkload, delivery: Delivery = {}): EventSourceMapping {
    return deliverStream(this.store, target, requireStreamDelivery(this.store, delivery, RETENTION, POSITIONS), {
      arn: this.table.tableStreamArn!,
      // No metric counts changes. Whoever changes a row consumes capacity.
      incoming: this.table.metricConsumedWriteCapacityUnits({ statistic: 'Sum', period: Duration.minutes(15) }),
      deadLetterBucket: this.deadLetterBucket,
      allowRead: (reader) => [...this.bindReader(reader, 'CHANGES').waitFor, this.allowList(reader)],
    });
  }

  bindReader(reader: Workload, name: string): Binding {
    const arn = this.table.tableStreamArn!;
    const actions = ['DescribeStream', 'GetRecords', 'GetShardIterator'].map((action) => `dynamodb:${action}`);
    const waitFor = allow(reader, arn, actions, this.key, 'kms:Decrypt');
    return { settings: { [`${name}_STREAM_ARN`]: arn }, waitFor };
  }

  /** Lambda requires it. It is a separate policy, so that the accepted finding does not cover other wildcards. */
  private allowList(target: FunctionWorkload): IDependable {
    const statements = [new PolicyStatement({ actions: ['dynamodb:ListStreams'], resources: ['*'] })];
    const policy = new Policy(target, `${this.store.node.id}Streams`, { roles: [target.role], statements });
    target.function.node.addDependency(policy);
    return acknowledge(policy, { 'AwsSolutions-IAM5[Resource::*]': 'DynamoDB allows no narrower resource for ListStreams.' });
  }
}
