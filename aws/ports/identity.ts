import type { Connections } from 'aws-cdk-lib/aws-ec2';
import type { IRole } from 'aws-cdk-lib/aws-iam';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import type { IConstruct, IDependable } from 'constructs';

/** The result of a grant: the settings that the workload reads at run time, and what must exist before the workload starts. */
export interface Binding {
  /** Environment variables. Each name starts with the name of the binding. */
  readonly settings: Readonly<Record<string, string>>;
  /** The permissions. If they do not exist before the workload starts, its first calls are denied. */
  readonly waitFor: readonly IDependable[];
}

/** The identity of code or of a service: a role, and its connections in a VPC. It is created before what runs with the role. */
export interface Workload extends IConstruct {
  /** The role that gets the permissions. */
  readonly role: IRole;
  /** Set if the workload runs in a VPC, so that a store in that VPC can allow its traffic. */
  readonly connections?: Connections;
}

/** A workload that is a function. */
export interface FunctionWorkload extends Workload {
  readonly function: IFunction;
}

/** A rule of EventBridge. Its role is the one with which EventBridge writes to the target of the rule. */
export interface RuleWorkload extends Workload {
  readonly ruleArn: string;
}
