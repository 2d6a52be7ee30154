import type { Duration } from 'aws-cdk-lib';
import type { StartingPosition } from 'aws-cdk-lib/aws-lambda';
import type { IDependable } from 'constructs';
import type { Workload } from './identity';

/** How records reach their target, and how often they are tried. A source refuses what has no meaning for it. */
export interface Delivery {
  /**
   * Records in one call, at most.
   * @default - 1000 from Kinesis, 100 from SQS
   */
  readonly batchSize?: number;
  /**
   * How long to wait for a batch to fill.
   * @default - a minute from Kinesis, 5 seconds from SQS
   */
  readonly batchWindow?: Duration;
  /**
   * How often a batch that failed is tried again, before it goes to the dead letter. -1 is without end: then `maxAge` alone
   * says when to give up.
   * @default - -1 from Kinesis; a queue says it itself
   */
  readonly maxRetries?: number;
  /**
   * Records older than this go to the dead letter without another try. With `retention` none is too old: it is tried for as
   * long as its source keeps it, and then it is gone without a trace.
   * @default - an hour less than the stream keeps its records
   */
  readonly maxAge?: Duration | 'retention';
  /**
   * Where a new reader of a stream starts: with the oldest record, with those that come from then on, or at a time. Another
   * start makes another reader, which reads again what the one before it has read.
   * @default - the oldest record that the stream has
   */
  readonly startingPosition?: StartingPosition;
  /**
   * The time for `AT_TIMESTAMP`, in seconds since 1970.
   * @default - none
   */
  readonly startingPositionTimestamp?: number;
  /**
   * Batches of one shard at a time, from 1 to 10. The order of records with one key stays.
   * @default 1
   */
  readonly parallelizationFactor?: number;
  /**
   * Up to five patterns. A record that fits none of them is neither processed nor given up.
   * @default - every record is processed
   * @see https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventfiltering.html
   */
  readonly filters?: readonly Readonly<Record<string, unknown>>[];
  /**
   * Whether records are brought at all. Where they are not, they wait for as long as the source keeps them.
   * @default true
   */
  readonly enabled?: boolean;
}

/** Where a service without code takes records from, such as the stream that Firehose reads. */
export interface DeliverySource {
  readonly arn: string;
  /** The permissions. Without them in place the delivery fails when it is made. */
  readonly waitFor: readonly IDependable[];
}

/** Where a service without code writes records to. */
export interface DeliveryTarget {
  readonly bucketArn: string;
  /** The start of the name of each object. */
  readonly prefix: string;
  /** The start of the name of each object with records that could not be delivered. */
  readonly failedPrefix: string;
  /** The permissions. Without them in place the delivery fails when it is made. */
  readonly waitFor: readonly IDependable[];
}

/** A source that a service without code can read. */
export interface DirectSource {
  /** Let `deliverer` read records, and nothing else. */
  bindDelivery(deliverer: Workload): DeliverySource;
}

/** A store that a service without code can fill. */
export interface DirectStore {
  /** Let `deliverer` add objects, those that could not be delivered among them, and nothing else. */
  bindDelivery(deliverer: Workload): DeliveryTarget;
}
