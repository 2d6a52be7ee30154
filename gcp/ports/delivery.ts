import type { PubsubSubscription, PubsubSubscriptionConfig } from '@cdktf/provider-google/lib/pubsub-subscription';
import type { ITerraformDependable } from 'cdktf';
import type { Workload } from './identity';

/** How records reach their target, and how often they are tried. A source refuses what has no meaning for it. */
export interface Delivery {
  /**
   * How often a record that failed is tried again, before it goes to the dead letter.
   * @default - 9 from Pub/Sub
   */
  readonly maxRetries?: number;
  /**
   * The pause before the first retry, in seconds. It grows up to `maxBackoffSeconds`.
   * @default - 10 from Pub/Sub
   */
  readonly minBackoffSeconds?: number;
  /**
   * The longest pause between two retries, in seconds.
   * @default - 600 from Pub/Sub
   */
  readonly maxBackoffSeconds?: number;
}

/** How Pub/Sub itself writes records into a store. */
export interface DeliveryTarget {
  /** The part of a subscription that names the store. */
  readonly config: Pick<PubsubSubscriptionConfig, 'bigqueryConfig' | 'cloudStorageConfig'>;
  /** The IAM members. Without them in place the subscription is refused when it is made. */
  readonly waitFor: readonly ITerraformDependable[];
}

/** A source that writes its records into a store itself, without code between. */
export interface DirectSource {
  /**
   * Write each record into `store` as it came. What cannot be written goes to the dead letter of the source.
   * @param name what tells this delivery from others of the same source
   * @returns the subscription that does so, for anything that `delivery` does not cover
   */
  deliverInto(store: DirectStore, name: string, delivery?: Delivery): PubsubSubscription;
}

/** A store that a service without code can fill. */
export interface DirectStore {
  /** Let `deliverer` add records, and nothing else. */
  bindDelivery(deliverer: Workload): DeliveryTarget;
}
