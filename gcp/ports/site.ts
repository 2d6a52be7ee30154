import type { ITerraformDependable } from 'cdktf';

/** Where resources are created, and how their names start. */
export interface Site {
  /** The id of the project that holds everything. */
  readonly project: string;
  /** The region, such as `europe-west1`. */
  readonly region: string;
  /** The start of every name: 2 to 11 lower-case letters and digits, starting with a letter. */
  readonly prefix: string;
  /** The IAM member of the project's Pub/Sub service agent, which forwards records to the dead letter. */
  readonly pubSubAgent: string;
  /** What every resource waits for: the enabled APIs, and the service agents. */
  readonly waitFor: readonly ITerraformDependable[];
}
