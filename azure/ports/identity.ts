import type { ITerraformDependable, ITerraformIterator } from 'cdktf';
import type { IConstruct } from 'constructs';

/** What a grant hands back: the settings its holder reads at run time, and what must exist before the holder starts. */
export interface Binding {
  /** Application settings, each starting with the name of the binding, or with a name that the Functions host asks for. */
  readonly settings: Readonly<Record<string, string>>;
  /** The role assignments. Without them in place the holder's first calls are denied. */
  readonly waitFor: readonly ITerraformDependable[];
}

/** Whoever acts: a user-assigned identity, or somebody outside. It exists before the thing that runs as it. */
export interface Workload extends IConstruct {
  /**
   * What it is called, with the prefix, wherever in the tree it stands: 2 to 50 letters, digits, dots, hyphens and
   * underscores. What keeps its place in a source, such as a consumer group, is called after it.
   */
  readonly name: string;
  /** The object id of whoever acts: what roles are assigned to. */
  readonly principalId: string;
  /** What the object id stands for. An identity is a service principal. */
  readonly principalType: 'User' | 'Group' | 'ServicePrincipal';
  /** An iterator over several principals that are known only at deploy: each of them gets the grant. */
  readonly forEach?: ITerraformIterator;
  /** Set when the workload stands in a virtual network: the id of its subnet, so that a store in that network can let it in. */
  readonly subnetId?: string;
}

/** A workload that is a function, not made yet: it starts with the settings that its grants hand back. */
export interface FunctionWorkload extends Workload {
  /** The client id of the identity: what the code signs in as. */
  readonly clientId: string;
  /** The id of the Application Insights that its calls are reported to. A source rings when there are none. */
  readonly insightsId: string;
  /** The id of the workspace that its Application Insights keeps them in. */
  readonly workspaceId: string;
}
