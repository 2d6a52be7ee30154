import type { ITerraformDependable, ITerraformIterator } from 'cdktf';
import type { IConstruct } from 'constructs';

/** Where resources stand and how their forced names begin. */
export interface Site {
  /** The resource group that holds everything. */
  readonly resourceGroupName: string;
  /** The Azure region, such as `westeurope`. */
  readonly location: string;
  /** The start of every name: 2 to 11 lower-case letters and digits, a letter first. */
  readonly prefix: string;
  /** The end of every name that must be unique in the world: 8 lower-case letters and digits, the same at every deploy. */
  readonly suffix: string;
  /** The id of the Log Analytics workspace that logs and metrics go to. */
  readonly workspaceId: string;
}

/** What a grant hands back: the settings its holder reads at run time, and what must exist before the holder starts. */
export interface Binding {
  /** Application settings, each starting with the name of the binding, or with a name that the Functions host asks for. */
  readonly settings: Readonly<Record<string, string>>;
  /** The role assignments. Without them in place the holder's first calls are denied. */
  readonly waitFor: readonly ITerraformDependable[];
}

/** Whoever acts: a user-assigned identity, or somebody outside. It exists before the thing that runs as it. */
export interface Workload extends IConstruct {
  /** The object id of whoever acts: what roles are assigned to. */
  readonly principalId: string;
  /** What the object id stands for. An identity is a service principal. */
  readonly principalType: 'User' | 'Group' | 'ServicePrincipal';
  /** Set when this stands for several that are known only at deploy: a grant is then made for each of them. */
  readonly forEach?: ITerraformIterator;
}

/** A workload that is a function, not made yet: it starts with the settings that its grants hand back. */
export interface FunctionWorkload extends Workload {
  /** The client id of the identity: what the code signs in as. */
  readonly clientId: string;
}

/** How records reach their target, and how often they are tried. */
export interface Delivery {
  /**
   * Records in one call, at most.
   * @default - as the source sees fit
   */
  readonly batchSize?: number;
  /**
   * How long to wait for a batch to fill, in seconds.
   * @default - as the source sees fit
   */
  readonly batchWindowSeconds?: number;
  /**
   * How often a batch that failed is tried again, before it goes to the dead letter.
   * @default - as the source sees fit
   */
  readonly maxRetries?: number;
}

/** Where records end that cannot be processed. */
export interface DeadLetter {
  /** Let `writer` add to the dead letter. Where that is a container, the role lets it read and delete too. */
  bindWriter(writer: Workload, name: string): Binding;
}

/** The front face of a buffer: takes records. */
export interface RecordSink {
  /** The address that takes one record by HTTPS POST, from a sender that brings a token. */
  readonly sendUrl: string;
  /** Let `writer` put records, and nothing else. */
  bindWriter(writer: Workload, name: string): Binding;
}

/** The back face of a buffer: hands records out. */
export interface RecordSource {
  /**
   * Push batches to the function that runs as `target`, with bounded retries. The trigger itself is declared in the
   * function's code, so this hands back the settings that the trigger reads.
   */
  deliverTo(target: FunctionWorkload, delivery?: Delivery): Binding;
  /** Let `reader` pull records itself: a container, a machine, a Spark job. */
  bindReader(reader: Workload, name: string): Binding;
}

/** Objects in, objects out. */
export interface ObjectStore {
  /** Let `writer` add and overwrite objects. The role for it, the narrowest that Azure has, lets it read and delete too. */
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
