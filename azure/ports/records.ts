import type { ITerraformDependable } from 'cdktf';
import type { Delivery } from './delivery';
import type { Binding, FunctionWorkload, Workload } from './identity';

/** Where records go that cannot be processed. */
export interface DeadLetter {
  /** Let `writer` add to the dead letter. For a container, the role also allows to read and delete. */
  bindWriter(writer: Workload, name: string): Binding;
}

/** How a client sends one event by HTTPS POST. */
export interface SendRequest {
  readonly url: string;
  /** The resource that the sender requests a token for, such as `https://eventhubs.azure.net`. */
  readonly audience: string;
  /** The headers for an event, which is given as JSON. Some services read the partition key from a header. */
  headers(event: string): Readonly<Record<string, string>>;
  /** The request body for an event, which is given as JSON. */
  body(event: string): string;
}

/** Where a service without code sends records: a subscription of Event Grid, or a Stream Analytics job. */
export interface EventTarget {
  /** The endpoint, as a property of the subscription. */
  readonly endpoint:
    | { readonly eventhubEndpointId: string }
    | { readonly serviceBusQueueEndpointId: string }
    | { readonly storageQueueEndpoint: { readonly storageAccountId: string; readonly queueName: string } };
  /** The role assignments. They must exist before the service: Event Grid refuses to create a subscription without them. */
  readonly waitFor: readonly ITerraformDependable[];
}

/** The input side of a buffer: accepts records. */
export interface RecordSink {
  /** How a client sends one event. */
  readonly sendRequest: SendRequest;
  /** Let `writer` send records, and nothing else. */
  bindWriter(writer: Workload, name: string): Binding;
  /** Let `deliverer`, the identity of a service without code such as an Event Grid topic, send records, and nothing else. */
  bindEvents(deliverer: Workload): EventTarget;
}

/** The output side of a buffer: delivers records. */
export interface RecordSource {
  /** The format in which a handler receives records: the name of a file in `runtime/sources`. */
  readonly format: string;
  /**
   * Deliver batches to the function that runs as `target`, with a limited number of retries. The trigger itself is declared
   * in the code of the function, so this returns the settings that the trigger reads.
   * @throws SettingError if `delivery` has a setting that this source does not support, or if the source has too many readers
   */
  deliverTo(target: FunctionWorkload, delivery?: Delivery): Binding;
  /**
   * Let `reader` read what the records only name, such as blobs, and nothing else.
   * @default - a record has its content in it
   */
  readonly bindContent?: (reader: Workload, name: string) => Binding;
  /** Let `reader` pull records itself: a container, a virtual machine, a Spark job. */
  bindReader(reader: Workload, name: string): Binding;
}
