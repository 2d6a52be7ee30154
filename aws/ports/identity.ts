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
