import type { ITerraformDependable, ITerraformIterator } from 'cdktf';
import type { IConstruct } from 'constructs';

/** Where resources stand and how their forced names begin. */
export interface Site {
  /** The id of the project that holds everything. */
  readonly project: string;
  /** The region, such as `europe-west1`. */
  readonly region: string;
  /** The start of every name: 2 to 11 lower-case letters and digits, a letter first. */
  readonly prefix: string;
  /** The IAM member of the project's Pub/Sub service agent: it forwards what cannot be delivered to the dead letter. */
  readonly pubSubAgent: string;
  /** What every resource waits for: the APIs that are switched on, and the service agents that come with them. */
  readonly waitFor: readonly ITerraformDependable[];
}

/** What a grant hands back: the settings its holder reads at run time, and what must exist before the holder starts. */
export interface Binding {
  /** Environment variables, each starting with the name of the binding. */
  readonly settings: Readonly<Record<string, string>>;
  /** The IAM members. Without them in place the holder's first calls are denied. */
  readonly waitFor: readonly ITerraformDependable[];
}

/** Whoever acts: a service account, or somebody outside. It exists before the thing that runs as it. */
export interface Workload extends IConstruct {
  /** The IAM member, such as `serviceAccount:name@project.iam.gserviceaccount.com`. */
  readonly member: string;
  /** Set when this stands for several that are known only at deploy: a grant is then made for each of them. */
  readonly forEach?: ITerraformIterator;
}

/** A workload that is a function, made and ready to be called over HTTPS. */
export interface FunctionWorkload extends Workload {
  /** The address that records are pushed to. */
  readonly url: string;
  /** The e-mail of the service account that may call the address, and may do nothing else. */
  readonly invokerEmail: string;
  /** How long one call may take, in seconds. */
  readonly timeoutSeconds: number;
  /** What must exist before the first call: the right of the invoker to call. */
  readonly invocable: readonly ITerraformDependable[];
}

/** How records reach their target, and how often they are tried. */
export interface Delivery {
  /**
   * How often a record that failed is tried again, before it goes to the dead letter.
   * @default - as the source sees fit
   */
  readonly maxRetries?: number;
  /**
   * The pause before the first retry, in seconds. It grows up to `maxBackoffSeconds`.
   * @default - as the source sees fit
   */
  readonly minBackoffSeconds?: number;
  /**
   * The longest pause between two retries, in seconds.
   * @default - as the source sees fit
   */
  readonly maxBackoffSeconds?: number;
}

/** Where records end that cannot be processed. */
export interface DeadLetter {
  /** Let `writer` add to the dead letter, and nothing else. */
  bindWriter(writer: Workload, name: string): Binding;
}

/** The front face of a buffer: takes records. */
export interface RecordSink {
  /** The address that takes records by HTTPS POST, from a sender that brings a token. */
  readonly sendUrl: string;
  /** Let `writer` put records, and nothing else. */
  bindWriter(writer: Workload, name: string): Binding;
}

/** The back face of a buffer: hands records out. */
export interface RecordSource {
  /** Where records end that cannot be processed. */
  readonly deadLetter: DeadLetter;
  /** Push records to `target`, with bounded retries; what cannot be processed ends in the dead letter. */
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
  /** Let `writer` add rows. */
  bindWriter(writer: Workload, name: string): Binding;
  /** Let `reader` query rows, and nothing else. */
  bindReader(reader: Workload, name: string): Binding;
}
