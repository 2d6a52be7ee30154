import { RemovalPolicy } from 'aws-cdk-lib';
import { Architecture, Code, type FunctionProps, Function as LambdaFunction, LoggingFormat, Runtime } from 'aws-cdk-lib/aws-lambda';
import { LogGroup, type RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { IDependable } from 'constructs';
import { packageCode } from '../../shared/synth/handler-package';
import type { Workload } from '../ports/identity';
import { acknowledge, type Reasons } from './acknowledge';
import { answerCommonFindings } from './answers';

const VARIABLES: Reasons = { CKV_AWS_173: 'The variables contain names and no secrets. Lambda encrypts them with its own key.' };

/** In a VPC, a function needs an interface endpoint for each service that it calls. */
export const NO_VPC: Reasons = {
  'CKV_AWS_117, NIST.800.53.R5-LambdaInsideVPC':
    'It calls only services of AWS, over TLS and with its role. In a VPC, each of them would cost an interface endpoint.',
};

/** The settings in which functions of services differ. */
export interface BundledFunctionProps
  extends Required<Pick<FunctionProps, 'memorySize' | 'timeout'>>,
    Pick<FunctionProps, 'deadLetterQueue' | 'environment'> {
  /** The folder of its `main.ts`. */
  readonly folder: string;
  readonly logRetention: RetentionDays;
  /** The reasons for findings of scanners, such as no dead letter. */
  readonly reasons: Reasons;
  /** The permissions that must exist before it is called. */
  readonly waitFor: readonly IDependable[];
}

/**
 * Create a function of a service, bundled, with the role of its scope and a log group, which is deleted with the stack.
 * @param scope a construct without a function
 */
export function makeBundledFunction(scope: Workload, props: BundledFunctionProps): LambdaFunction {
  const { folder, logRetention, reasons, waitFor, ...settings } = props;
  const logGroup = new LogGroup(scope, 'Logs', { retention: logRetention, removalPolicy: RemovalPolicy.DESTROY });
  const logs = logGroup.grantWrite(scope.role);
  const made = new LambdaFunction(scope, 'Function', {
    code: Code.fromAsset(packageCode(folder).zip),
    handler: 'index.handler',
    runtime: Runtime.NODEJS_24_X,
    architecture: Architecture.ARM_64,
    role: scope.role,
    logGroup,
    loggingFormat: LoggingFormat.JSON,
    ...settings,
  });
  acknowledge(made, settings.environment ? { ...reasons, ...VARIABLES } : reasons).node.addDependency(logs, ...waitFor);
  answerCommonFindings(scope);
  return made;
}
