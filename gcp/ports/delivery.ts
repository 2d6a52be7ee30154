import type { PubsubSubscription, PubsubSubscriptionConfig } from '@cdktf/provider-google/lib/pubsub-subscription';
import type { ITerraformDependable } from 'cdktf';
import type { Workload } from './identity';

/** How records are delivered, and how often they are retried. A source refuses a setting that it does not support. */
export interface Delivery {
  /**
   * How often a failed record is retried before it goes to the dead letter.
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
  /**
   * Which records are delivered, by the attributes that their sender gave to their messages, such as
   * `attributes.type = "com.example.reading"`. Pub/Sub does not look into the event itself. A record that does not match is acknowledged
   * and billed as if it were delivered. It does not go to the dead letter: without another delivery that takes it, it is lost when the
   * retention of the topic ends. A change replaces the subscription, with the records that wait in it: Terraform refuses that unless
   * the data may be destroyed.
   * @default - every record
   */
  readonly filter?: string;
}

/** How Pub/Sub itself writes records into a store. */
export interface DeliveryTarget {
  /** The part of a subscription with the store. */
  readonly config: Pick<PubsubSubscriptionConfig, 'bigqueryConfig' | 'cloudStorageConfig'>;
  /** The IAM members. They must exist before the subscription, or its creation fails. */
  readonly waitFor: readonly ITerraformDependable[];
}

/** A source that writes its records into a store itself, without code. */
export interface DirectSource {
  /**
   * Write each record into `store` unchanged. Records that cannot be written go to the dead letter of the source.
   * @param name the name of this delivery, unique in the source
   * @returns the subscription, for anything that `delivery` does not cover
   */
  deliverInto(store: DirectStore, name: string, delivery?: Delivery): PubsubSubscription;
}

/** A store that a service without code can write to. */
export interface DirectStore {
  /** Its region. Pub/Sub writes only into a store that is in the region of the topic. */
  readonly region: string;
  /** Let `deliverer` add records, and nothing else. */
  bindDelivery(deliverer: Workload): DeliveryTarget;
}

/** A function in JavaScript that Pub/Sub runs on each message before it stores it. */
export interface MessageTransform {
  /** The name of the function in `code`, unique in a topic. */
  readonly functionName: string;
  /** The function: it gets the message and its metadata, and returns the message to store. */
  readonly code: string;
}

/** Where a Google service publishes its notifications. */
export interface NotificationTarget {
  /** The id of the topic. */
  readonly topic: string;
  /** What must exist before the first notification: Google checks the permission when it creates one. */
  readonly waitFor: readonly ITerraformDependable[];
}

/** The input side of a buffer for notifications of a Google service, which are no events of the contract until they are transformed. */
export interface NotificationSink {
  /** Whether it accepts only messages that are published in the region of the site. Some Google services publish elsewhere. */
  readonly regionOnly: boolean;
  /**
   * Let `sender` publish notifications, and turn each of them into an event. Senders with the same transform and project share the grant.
   * @param sender the service agent of the service, and its project
   * @param transform returns messages of other senders unchanged
   * @throws SettingError if the topic is not of this stack
   */
  bindNotifications(sender: Workload & { readonly project: string }, transform: MessageTransform): NotificationTarget;
}
