import type { Duration } from 'aws-cdk-lib';
import type { IDependable } from 'constructs';
import type { Workload } from './identity';

/** How records reach their target, and how often they are tried. A source refuses what has no meaning for it. */
export interface Delivery {
  /**
   * Records in one call, at most.
   * @default - as the source sees fit
   */
  readonly batchSize?: number;
  /**
   * How long to wait for a batch to fill.
   * @default - as the source sees fit
   */
  readonly batchWindow?: Duration;
  /**
   * How often a batch that failed is tried again, before it goes to the dead letter.
   * @default - as the source sees fit
   */
  readonly maxRetries?: number;
  /**
   * Records older than this go to the dead letter without another try.
   * @default - as the source sees fit
   */
  readonly maxAge?: Duration;
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
