import type { IEventSourceMapping } from 'aws-cdk-lib/aws-lambda';
import type { IDependable } from 'constructs';
import type { Delivery } from './delivery';
import type { Binding, FunctionWorkload, Workload } from './identity';

/** Where records end that cannot be processed. */
export interface DeadLetter {
  /** Let `writer` add to the dead letter, and nothing else. */
  bindWriter(writer: Workload, name: string): Binding;
}

/** The pieces of a record, as the template language of a service without code spells them. */
export interface RecordTemplate {
  /** An expression that yields the event as it came in. */
  readonly text: string;
  /** An expression that yields the event in base64. */
  readonly dataBase64: string;
  /** An expression that yields the partition key as a JSON string, quotes included. */
  readonly partitionKeyJson: string;
}

/** A call to the AWS API that hands over one record. */
export interface PutRecordRequest {
  readonly service: string;
  readonly action: string;
  readonly contentType: string;
  /** The body of the call, with the pieces of the record in it. */
  readonly body: string;
  /**
   * What the address of the record is made from while it is deployed, such as the name that a new stream gets. Another one
   * deploys the API again: it does not see by itself that its target was replaced (aws/aws-cdk#33719).
   * @default - nothing that a change of the template does not show
   */
  readonly madeFrom?: string;
  /** What the receipt is called that the client gets: it says where the record was put. */
  readonly receipt: string;
  /**
   * Where the receipt stands in the answer of the service, as a JSON path.
   * @default - the field at the top that is called like the receipt
   */
  readonly receiptPath?: string;
  /**
   * Where the name of an error stands in the answer of the service, as a JSON path.
   * @default $.__type
   */
  readonly errorPath?: string;
  /**
   * A condition in the template language that is true when an answer with the status 200 reports a failure.
   * @default - an answer with the status 200 reports success
   */
  readonly failedWhen?: string;
  /** The HTTP status that fits each error the service answers with. Any other error is a 500. */
  readonly statusOfError: Readonly<Record<string, 413 | 429>>;
  /** The permissions. Without them in place the first calls are denied. */
  readonly waitFor: readonly IDependable[];
}

/** The front face of a buffer: takes records. */
export interface RecordSink {
  /** Let `writer` put records, and nothing else. */
  bindWriter(writer: Workload, name: string): Binding;
  /**
   * Let a service without code put records with one API call, and with no other.
   * @throws SettingError on a buffer that takes no record by an API call
   */
  bindRequest(writer: Workload, record: RecordTemplate): PutRecordRequest;
}

/** The back face of a buffer: hands records out. */
export interface RecordSource {
  /** The form in which records reach a handler: the name of a file in `runtime/sources`. */
  readonly format: string;
  /** Where records end that cannot be processed. */
  readonly deadLetter: DeadLetter;
  /**
   * Push batches to `target`, and try again what failed, but not without end; what cannot be processed ends in the dead letter.
   * @returns what brings them
   * @throws SettingError on a setting of `delivery` that has no meaning for this source, and on one reader too many
   */
  deliverTo(target: FunctionWorkload, delivery?: Delivery): IEventSourceMapping;
  /** Let `reader` pull records itself: a container, a virtual machine, a Spark job. */
  bindReader(reader: Workload, name: string): Binding;
}
