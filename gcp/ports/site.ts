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
  /**
   * The IAM member of the service agent of another service, such as `spanner`. It is created if needed, and has no role on the
   * project then, so use it only to grant it something: a service that nobody asks for creates its own agent, with its role.
   */
  agentOf(service: string): string;
  /** What every resource waits for: the enabled APIs, and the Pub/Sub service agent. */
  readonly waitFor: readonly ITerraformDependable[];
}
