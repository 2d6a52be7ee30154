import { type Duration, RemovalPolicy } from 'aws-cdk-lib';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Architecture, Code, Function as LambdaFunction, LoggingFormat, Runtime } from 'aws-cdk-lib/aws-lambda';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Construct, type IDependable } from 'constructs';
import { packageCode } from '../../shared/synth/handler-package';
import type { Workload } from '../ports/identity';
import { acknowledge, type Reasons } from './acknowledge';
import { answerCommonFindings } from './answers';

const CALLED_BY_DEPLOY = 'Only a deploy calls it, and waits for its response.';
const FUNCTION: Reasons = {
  'CKV_AWS_115, NIST.800.53.R5-LambdaConcurrency': CALLED_BY_DEPLOY,
  'CKV_AWS_116, NIST.800.53.R5-LambdaDLQ': CALLED_BY_DEPLOY,
  'CKV_AWS_117, NIST.800.53.R5-LambdaInsideVPC':
    'It calls only services of AWS, over TLS and with its role. In a VPC, each of them would cost an interface endpoint.',
};
const VARIABLES: Reasons = { CKV_AWS_173: 'The variables contain names and no secrets. Lambda encrypts them with its own key.' };

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

  constructor(scope: Construct, id: string, { folder, timeout, environment }: DeployFunctionProps) {
    super(scope, id);
    const logGroup = new LogGroup(this, 'Logs', { retention: RetentionDays.ONE_MONTH, removalPolicy: RemovalPolicy.DESTROY });
    this.role = new Role(this, 'Role', { assumedBy: new ServicePrincipal('lambda.amazonaws.com') });
    const grant = logGroup.grantWrite(this.role);
    this.function = new LambdaFunction(this, 'Function', {
      code: Code.fromAsset(packageCode(folder).zip),
      handler: 'index.handler',
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      memorySize: 256,
      timeout,
      role: this.role,
      environment,
      logGroup,
      loggingFormat: LoggingFormat.JSON,
    });
    acknowledge(this.function, environment ? { ...FUNCTION, ...VARIABLES } : FUNCTION);
    this.waitFor(grant);
    answerCommonFindings(this);
  }

  /** Create the function after its permissions, because a deploy calls it at once. */
  protected waitFor(...permissions: readonly IDependable[]) {
    this.function.node.addDependency(...permissions);
  }
}
