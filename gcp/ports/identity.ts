import type { ITerraformDependable, ITerraformIterator } from 'cdktf';
import type { IConstruct } from 'constructs';

/** The result of a grant: the settings that its holder reads at run time, and the resources that must exist before the holder starts. */
export interface Binding {
  /** Environment variables. Each starts with the name of the binding. */
  readonly settings: Readonly<Record<string, string>>;
  /** The IAM members. They must exist before the holder starts, or its first calls are denied. */
  readonly waitFor: readonly ITerraformDependable[];
}

/** An identity that roles are granted to: a service account, or a principal outside of the stack. It is created before the resource that uses it. */
export interface Workload extends IConstruct {
  /** Its name, unique in the site. A subscription that it reads has the same name. */
  readonly name: string;
  /** The IAM member, such as `serviceAccount:name@project.iam.gserviceaccount.com`. */
  readonly member: string;
  /** An iterator over several principals that are known only at deploy: each of them gets the role. */
  readonly forEach?: ITerraformIterator;
  /** The id of its subnetwork, if the workload is in a network: a store in that network can allow it. */
  readonly subnetwork?: string;
}

/** A workload that is a function, which is created and can be called over HTTPS. */
export interface FunctionWorkload extends Workload {
  /** The address that records are pushed to. */
  readonly url: string;
  /** The email of the service account that may call the address, and nothing else. */
  readonly invokerEmail: string;
  /** How long one call may take, in seconds. */
  readonly timeoutSeconds: number;
  /** What must exist before the first call: the permission of the invoker. */
  readonly invocable: readonly ITerraformDependable[];
}
