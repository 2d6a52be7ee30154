import type { Duration } from 'aws-cdk-lib';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import { RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Construct, type IDependable } from 'constructs';
import type { Workload } from '../ports/identity';
import type { Reasons } from './acknowledge';
import { makeBundledFunction, NO_VPC } from './bundled-function';

const CALLED_BY_DEPLOY = 'Only a deploy calls it, and waits for its response.';
const REASONS: Reasons = {
  'CKV_AWS_115, NIST.800.53.R5-LambdaConcurrency': CALLED_BY_DEPLOY,
  'CKV_AWS_116, NIST.800.53.R5-LambdaDLQ': CALLED_BY_DEPLOY,
  ...NO_VPC,
};

/** Settings for {@link DeployFunction}. */
export interface DeployFunctionProps {
  /** The folder of its `main.ts`. */
  readonly folder: string;
  /** The time of one call, up to 15 minutes. */
  readonly timeout: Duration;
  /**
   * Its environment variables: names, and no secrets.
   * @default - none
   */
  readonly environment?: Readonly<Record<string, string>>;
}

/** A function that only a deploy calls, for what CloudFormation cannot do itself. */
export abstract class DeployFunction extends Construct implements Workload {
  readonly role: Role;
  /** The function, for calling it by hand. */
  readonly function: LambdaFunction;

  constructor(scope: Construct, id: string, props: DeployFunctionProps) {
    super(scope, id);
    this.role = new Role(this, 'Role', { assumedBy: new ServicePrincipal('lambda.amazonaws.com') });
    const shared = { memorySize: 256, logRetention: RetentionDays.ONE_MONTH, reasons: REASONS, waitFor: [] };
    this.function = makeBundledFunction(this, { ...shared, ...props });
  }

  /** Create the function after its permissions, because a deploy calls it at once. */
  protected waitFor(...permissions: readonly IDependable[]) {
    this.function.node.addDependency(...permissions);
  }
}
