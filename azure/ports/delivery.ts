import type { ITerraformDependable } from 'cdktf';
import type { Workload } from './identity';

/** How records are delivered, and how often they are retried. A source refuses a setting that it does not support. */
export interface Delivery {
  /**
   * The maximum number of records in a batch.
   * @default - 1000 from Event Hubs
   */
  readonly batchSize?: number;
  /**
   * How long to wait for a batch to fill, in seconds.
   * @default - 60 from Event Hubs
   */
  readonly batchWindowSeconds?: number;
  /**
   * How often a failed batch is retried before its records go to the dead letter.
   * @default - 5 from Event Hubs
   */
  readonly maxRetries?: number;
}

/** Where a service without code reads records, such as the hub that a Stream Analytics job reads. */
export interface DeliverySource {
  /** The id of the resource that holds the records. */
  readonly id: string;
  /** The consumer group, if the source has one. */
  readonly consumerGroup?: string;
  /** The role assignments. They must exist before the delivery starts, or it fails. */
  readonly waitFor: readonly ITerraformDependable[];
}

/** Where a service without code writes records. */
export interface DeliveryTarget {
  readonly storageAccountName: string;
  readonly containerName: string;
  /** The start of the name of each object. */
  readonly prefix: string;
  /** The role assignments. They must exist before the delivery starts, or it fails. */
  readonly waitFor: readonly ITerraformDependable[];
}

/** A source that a service without code can read. */
export interface DirectSource {
  /** Let `deliverer` read records, and nothing else. */
  bindDelivery(deliverer: Workload): DeliverySource;
}

/** A store that a service without code can write to. */
export interface DirectStore {
  /** Let `deliverer` add objects. The narrowest role of Azure for it also allows to read and delete. */
  bindDelivery(deliverer: Workload): DeliveryTarget;
}
