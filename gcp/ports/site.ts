import type { ITerraformDependable } from 'cdktf';

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
