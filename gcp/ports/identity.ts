import type { ITerraformDependable, ITerraformIterator } from 'cdktf';
import type { IConstruct } from 'constructs';

/** What a grant hands back: the settings its holder reads at run time, and what must exist before the holder starts. */
export interface Binding {
  /** Environment variables, each starting with the name of the binding. */
  readonly settings: Readonly<Record<string, string>>;
  /** The IAM members. Without them in place the holder's first calls are denied. */
  readonly waitFor: readonly ITerraformDependable[];
}

/** Whoever acts: a service account, or somebody outside. It exists before the thing that runs as it. */
export interface Workload extends IConstruct {
  /** What tells it from others of the site: a subscription that it reads is named after it. */
  readonly name: string;
  /** The IAM member, such as `serviceAccount:name@project.iam.gserviceaccount.com`. */
  readonly member: string;
  /** An iterator over several principals that are known only at deploy: each of them gets the grant. */
  readonly forEach?: ITerraformIterator;
  /** Set when the workload stands in a network: the id of its subnetwork, so that a store in that network can let it in. */
  readonly subnetwork?: string;
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
