import type { Duration } from 'aws-cdk-lib';
import type { Connections } from 'aws-cdk-lib/aws-ec2';
import type { IRole } from 'aws-cdk-lib/aws-iam';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import type { IConstruct, IDependable } from 'constructs';

/** What a grant hands back: the settings its holder reads at run time, and what must exist before the holder starts. */
export interface Binding {
  /** Environment variables, each starting with the name of the binding. */
  readonly settings: Readonly<Record<string, string>>;
  /** The permissions. Without them in place the holder's first calls are denied. */
  readonly waitFor: readonly IDependable[];
}

/** Whoever acts: a role, and the network it stands in. It exists before the thing that runs as it. */
export interface Workload extends IConstruct {
  /** The role that gets the permissions. */
  readonly role: IRole;
  /** Set when the workload stands in a VPC, so that a store in that VPC can let it in. */
  readonly connections?: Connections;
}

/** A workload that is a function, made and ready to be called. */
export interface FunctionWorkload extends Workload {
  readonly function: IFunction;
}

/** How records reach their target, and how often they are tried. */
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

/** Where records end that cannot be processed. */
export interface DeadLetter {
  /** Let `writer` add to the dead letter, and nothing else. */
  bindWriter(writer: Workload, name: string): Binding;
}

/** The pieces of a record, as the template language of a service without code spells them. */
export interface RecordTemplate {
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
  /** The field of the answer that says where the record was put. */
  readonly receipt: string;
  /** The HTTP status that fits each error the service answers with. Any other error is a 500. */
  readonly statusOfError: Readonly<Record<string, 413 | 429>>;
  /** The permissions. Without them in place the first calls are denied. */
  readonly waitFor: readonly IDependable[];
}

/** The front face of a buffer: takes records. */
export interface RecordSink {
  /** Let `writer` put records, and nothing else. */
  bindWriter(writer: Workload, name: string): Binding;
  /** Let a service without code put records with one API call, and with no other. */
  bindRequest(writer: Workload, record: RecordTemplate): PutRecordRequest;
}

/** The back face of a buffer: hands records out. */
export interface RecordSource {
  /** Where records end that cannot be processed. */
  readonly deadLetter: DeadLetter;
  /** Push batches to `target`, with bounded retries; what cannot be processed ends in the dead letter. */
  deliverTo(target: FunctionWorkload, delivery?: Delivery): void;
  /** Let `reader` pull records itself: a container, a machine, a Spark job. */
  bindReader(reader: Workload, name: string): Binding;
}

/** Objects in, objects out. */
export interface ObjectStore {
  /** Let `writer` add objects, and nothing else: it can neither read nor delete them. */
  bindWriter(writer: Workload, name: string): Binding;
  /** Let `reader` list and read objects, and nothing else. */
  bindReader(reader: Workload, name: string): Binding;
}

/** Rows in, queries out. */
export interface TableStore {
  /** Let `writer` add rows, and nothing else. */
  bindWriter(writer: Workload, name: string): Binding;
  /** Let `reader` query rows, and nothing else. */
  bindReader(reader: Workload, name: string): Binding;
}
