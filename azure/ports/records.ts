import type { Delivery } from './delivery';
import type { Binding, FunctionWorkload, Workload } from './identity';

/** Where records end that cannot be processed. */
export interface DeadLetter {
  /** Let `writer` add to the dead letter. Where that is a container, the role lets it read and delete too. */
  bindWriter(writer: Workload, name: string): Binding;
}

/** How somebody outside sends one event by HTTPS POST. */
export interface SendRequest {
  readonly url: string;
  /** The resource that the token of the sender is for, such as `https://eventhubs.azure.net`. */
  readonly audience: string;
  /** The headers that go with an event, which is given as JSON: some services take what orders it from there. */
  headers(event: string): Readonly<Record<string, string>>;
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
  /**
   * Push batches to the function that runs as `target`, with bounded retries. The trigger itself is declared in the
   * function's code, so this hands back the settings that the trigger reads.
   * @throws SettingError on a setting of `delivery` that has no meaning for this source, and on one reader too many
   */
  deliverTo(target: FunctionWorkload, delivery?: Delivery): Binding;
  /** Let `reader` pull records itself: a container, a virtual machine, a Spark job. */
  bindReader(reader: Workload, name: string): Binding;
}
