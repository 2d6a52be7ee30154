import type { ITerraformDependable } from 'cdktf';
import type { Workload } from './identity';

/** How records reach their target, and how often they are tried. A source refuses what has no meaning for it. */
export interface Delivery {
  /**
   * Records in one call, at most.
   * @default - 1000 from Event Hubs
   */
  readonly batchSize?: number;
  /**
   * How long to wait for a batch to fill, in seconds.
   * @default - 60 from Event Hubs
   */
  readonly batchWindowSeconds?: number;
  /**
   * How often a batch that failed is tried again, before it goes to the dead letter.
   * @default - 5 from Event Hubs
   */
  readonly maxRetries?: number;
}

/** Where a service without code takes records from, such as the hub that a Stream Analytics job reads. */
export interface DeliverySource {
  /** The id of what holds the records. */
  readonly id: string;
  /** The consumer group, where the source has such. */
  readonly consumerGroup?: string;
  /** The role assignments. Without them in place the delivery fails when it starts. */
  readonly waitFor: readonly ITerraformDependable[];
}

/** Where a service without code writes records to. */
export interface DeliveryTarget {
  readonly storageAccountName: string;
  readonly containerName: string;
  /** The start of the name of each object. */
  readonly prefix: string;
  /** The role assignments. Without them in place the delivery fails when it starts. */
  readonly waitFor: readonly ITerraformDependable[];
}

/** A source that a service without code can read. */
export interface DirectSource {
  /** Let `deliverer` read records, and nothing else. */
  bindDelivery(deliverer: Workload): DeliverySource;
}

/** A store that a service without code can fill. */
export interface DirectStore {
  /** Let `deliverer` add objects. The role for it, the narrowest that Azure has, lets it read and delete too. */
  bindDelivery(deliverer: Workload): DeliveryTarget;
}
