import type { Duration } from 'aws-cdk-lib';
import type { StartingPosition } from 'aws-cdk-lib/aws-lambda';
import type { IDependable } from 'constructs';
import type { Workload } from './identity';

/** How records are batched, filtered and retried. A source refuses a setting that has no meaning for it. */
export interface Delivery {
  /**
   * The maximum number of records in one call.
   * @default - 1000 from Kinesis, 100 from SQS, 1 object from S3
   */
  readonly batchSize?: number;
  /**
   * How long to wait for a batch to fill.
   * @default - a minute from Kinesis, 5 seconds from SQS, none for 1 object from S3
   */
  readonly batchWindow?: Duration;
  /**
   * How often a failed batch is retried before it goes to the dead letter. -1 is without limit: then only `maxAge` ends the
   * retries.
   * @default - -1 from Kinesis; from SQS it is `maxRetries` of the buffer
   */
  readonly maxRetries?: number;
  /**
   * Records older than this go to the dead letter without another try. With `retention` a record is retried until the stream
   * deletes it, and is then lost.
   * @default - an hour less than the retention of the stream, at most 7 days less an hour
   */
  readonly maxAge?: Duration | 'retention';
  /**
   * Where a new reader of a stream starts: at the oldest record, at the next record, or at a time. A changed value replaces the
   * event source mapping, which then reads records a second time.
   * @default - the oldest record in the stream
   */
  readonly startingPosition?: StartingPosition;
  /**
   * The time for `AT_TIMESTAMP`, in seconds since 1970.
   * @default - none
   */
  readonly startingPositionTimestamp?: number;
  /**
   * Concurrent batches of one shard, from 1 to 10. Records with the same partition key stay in order.
   * @default 1
   */
  readonly parallelizationFactor?: number;
  /**
   * Up to five patterns. A record that matches none of them is dropped: it is not processed, and does not go to the dead letter.
   * @default - every record is processed
   * @see https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventfiltering.html
   */
  readonly filters?: readonly Readonly<Record<string, unknown>>[];
  /**
   * Whether records are delivered. If not, they stay in the source until their retention ends.
   * @default true
   */
  readonly enabled?: boolean;
}

/** The source of a service that reads records without code, such as the stream that Firehose reads. */
export interface DeliverySource {
  readonly arn: string;
  /** The permissions. If they do not exist before the delivery, its creation fails. */
  readonly waitFor: readonly IDependable[];
}

/** The target of a service that writes records without code. */
export interface DeliveryTarget {
  readonly bucketArn: string;
  /** The prefix of the keys of all objects. */
  readonly prefix: string;
  /** The prefix of the keys of objects with records that could not be delivered. */
  readonly failedPrefix: string;
  /** The permissions. If they do not exist before the delivery, its creation fails. */
  readonly waitFor: readonly IDependable[];
}

/** A table of the data catalog, with whose columns a service converts the records that it writes. */
export interface DeliveryTable {
  readonly databaseName: string;
  readonly tableName: string;
  /** The partitions before those by time, in the order of the keys of the objects. */
  readonly partitions: readonly string[];
}

/** A source that a service can read without code. */
export interface DirectSource {
  /** Allow `deliverer` to read records, and nothing else. */
  bindDelivery(deliverer: Workload): DeliverySource;
}

/** A store that a service can write to without code. */
export interface DirectStore {
  /**
   * The table that its objects are read as. A service that can convert records writes them in the format of the table.
   * @default - records are stored as lines of JSON
   */
  readonly table?: DeliveryTable;
  /** Allow `deliverer` to add objects below both prefixes, and nothing else. */
  bindDelivery(deliverer: Workload): DeliveryTarget;
}
