import type { PubsubSubscription } from '@cdktf/provider-google/lib/pubsub-subscription';
import type { Delivery } from './delivery';
import type { Binding, FunctionWorkload, Workload } from './identity';

/** Where records end that cannot be processed. */
export interface DeadLetter {
  /** Let `writer` add to the dead letter, and nothing else. */
  bindWriter(writer: Workload, name: string): Binding;
}

/** How somebody outside sends one event by HTTPS POST, with a token of Google. */
export interface SendRequest {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** The body that carries an event, which is given as JSON. */
  body(event: string): string;
}

/** The front face of a buffer: takes records. */
export interface RecordSink {
  /** How somebody outside sends one event. */
  readonly sendRequest: SendRequest;
  /** Let `writer` put records, and nothing else. */
  bindWriter(writer: Workload, name: string): Binding;
}

/** The back face of a buffer: hands records out. */
export interface RecordSource {
  /** The form in which records reach a handler: the name of a file in `runtime/sources`. */
  readonly format: string;
  /** Where records end that cannot be processed. */
  readonly deadLetter: DeadLetter;
  /**
   * Push records to `target`, with bounded retries; what cannot be processed ends in the dead letter.
   * @returns the subscription that does so, for anything that `delivery` does not cover
   * @throws SettingError on a setting of `delivery` that has no meaning for this source, and on one reader too many
   */
  deliverTo(target: FunctionWorkload, delivery?: Delivery): PubsubSubscription;
  /**
   * Let `reader` pull records itself: a container, a virtual machine, a Spark job. What it does not acknowledge comes again, with
   * bounded retries, and ends in the dead letter.
   */
  bindReader(reader: Workload, name: string, delivery?: Delivery): Binding;
}
