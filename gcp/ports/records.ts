import type { PubsubSubscription } from '@cdktf/provider-google/lib/pubsub-subscription';
import type { Delivery } from './delivery';
import type { Binding, FunctionWorkload, Workload } from './identity';

/** Where records go that cannot be processed. */
export interface DeadLetter {
  /** Let `writer` add to the dead letter, and nothing else. */
  bindWriter(writer: Workload, name: string): Binding;
}

/** How a client sends one event by HTTPS POST, with a Google access token. */
export interface SendRequest {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** The request body for an event, which is given as JSON. */
  body(event: string): string;
}

/** The input side of a buffer: accepts records. */
export interface RecordSink {
  /** How a client sends one event. */
  readonly sendRequest: SendRequest;
  /** Let `writer` send records, and nothing else. */
  bindWriter(writer: Workload, name: string): Binding;
}

/** How a reader pulls records. */
export interface Reading extends Delivery {
  /**
   * Whether a record is delivered again until it is acknowledged, without a limit and without the dead letter of the source. It is for
   * an engine that acknowledges records before it has processed them, and has a dead letter of its own, such as Dataflow.
   * @default false
   */
  readonly unlimitedRetries?: boolean;
}

/** The output side of a buffer: delivers records. */
export interface RecordSource {
  /** The format in which a handler receives records: the name of a file in `runtime/sources`. */
  readonly format: string;
  /** Where records go that cannot be processed. */
  readonly deadLetter: DeadLetter;
  /**
   * Push records to `target`, with a limited number of retries. Records that cannot be processed go to the dead letter.
   * @returns the subscription, for anything that `delivery` does not cover
   * @throws SettingError if `delivery` has a setting that this source does not support, or if the source has too many readers
   */
  deliverTo(target: FunctionWorkload, delivery?: Delivery): PubsubSubscription;
  /**
   * Let `reader` pull records itself: a container, a virtual machine, a Spark job. A record that is not acknowledged is delivered
   * again, with a limited number of retries, and then goes to the dead letter, unless `reading` says otherwise.
   */
  bindReader(reader: Workload, name: string, reading?: Reading): Binding;
}
