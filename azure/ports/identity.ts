import type { ITerraformDependable, ITerraformIterator } from 'cdktf';
import type { IConstruct } from 'constructs';

/** The result of a grant: the settings that its holder reads at run time, and the resources that must exist before the holder starts. */
export interface Binding {
  /** App settings. Each starts with the name of the binding, or with a name that the Functions host requires. */
  readonly settings: Readonly<Record<string, string>>;
  /** The role assignments. They must exist before the holder starts, or its first calls are denied. */
  readonly waitFor: readonly ITerraformDependable[];
}

/** An identity that roles are assigned to: a user-assigned identity, or a principal outside of the stack. It is created before the resource that uses it. */
export interface Workload extends IConstruct {
  /**
   * Its name, with the prefix, which does not depend on its place in the construct tree: 2 to 50 letters, digits, dots,
   * hyphens and underscores. The consumer group that keeps its position in a source has the same name.
   */
  readonly name: string;
  /** The object id that roles are assigned to. */
  readonly principalId: string;
  /** The type of the object id. A managed identity is a service principal. */
  readonly principalType: 'User' | 'Group' | 'ServicePrincipal';
  /** An iterator over several principals that are known only at deploy: each of them gets a role assignment. */
  readonly forEach?: ITerraformIterator;
  /** The id of its subnet, if the workload is in a virtual network: a store in that network can allow it. */
  readonly subnetId?: string;
}

/** A workload that is a function. The app is created after its grants, with the settings that they return. */
export interface FunctionWorkload extends Workload {
  /** The client id of the identity that the code signs in with. */
  readonly clientId: string;
  /** The id of the Application Insights resource that its calls are reported to. A source has an alert for missing calls. */
  readonly insightsId: string;
  /** The id of the workspace of its Application Insights. */
  readonly workspaceId: string;
}
