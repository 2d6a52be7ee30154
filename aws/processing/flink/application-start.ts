import { CustomResource, Duration, Lazy, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { CfnApplication } from 'aws-cdk-lib/aws-kinesisanalyticsv2';
import { Architecture, Code, Function as LambdaFunction, LoggingFormat, Runtime } from 'aws-cdk-lib/aws-lambda';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { packageCode, sha256 } from '../../../shared/synth/handler-package';
import { acknowledge, type Reasons } from '../../foundation/acknowledge';
import { allow } from '../../foundation/grants';
import type { Workload } from '../../ports/identity';
import { applicationArn } from './flink-alarms';

const CALLED_BY_DEPLOY = 'Only CloudFormation calls it, and waits for its response.';
const FUNCTION: Reasons = {
  'CKV_AWS_115, NIST.800.53.R5-LambdaConcurrency': CALLED_BY_DEPLOY,
  'CKV_AWS_116, NIST.800.53.R5-LambdaDLQ': CALLED_BY_DEPLOY,
  'CKV_AWS_117, NIST.800.53.R5-LambdaInsideVPC':
    'It calls only services of AWS, over TLS and with its role. In a VPC, each of them would cost an interface endpoint.',
  CKV_AWS_173: 'The variables contain names and no secrets. Lambda encrypts them with its own key.',
};

/** Settings for {@link ApplicationStart}. */
export interface ApplicationStartProps {
  readonly application: CfnApplication;
  readonly allowNonRestoredState: boolean;
  /** Without it, the latest snapshot is restored. */
  readonly snapshot?: string;
}

/**
 * A function that CloudFormation calls: it starts the application after it is created or changed, and stops it with a snapshot
 * before it is deleted. A start takes one to five minutes, and the function waits up to 15.
 */
export class ApplicationStart extends Construct implements Workload {
  readonly role: Role;

  constructor(scope: Construct, id: string, { application, snapshot, allowNonRestoredState }: ApplicationStartProps) {
    super(scope, id);
    const timeout = Duration.minutes(15);
    const logGroup = new LogGroup(this, 'Logs', { retention: RetentionDays.ONE_MONTH, removalPolicy: RemovalPolicy.DESTROY });
    this.role = new Role(this, 'Role', { assumedBy: new ServicePrincipal('lambda.amazonaws.com') });
    const actions = ['DescribeApplication', 'StartApplication', 'StopApplication'].map((action) => `kinesisanalytics:${action}`);
    const grants = [logGroup.grantWrite(this.role), ...allow(this, applicationArn(application), actions)];
    const fn = new LambdaFunction(this, 'Function', {
      code: Code.fromAsset(packageCode('aws/processing/flink/control').zip),
      handler: 'index.handler',
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      memorySize: 256,
      timeout,
      role: this.role,
      environment: {
        APPLICATION: application.ref,
        SNAPSHOT: snapshot ?? 'latest',
        NON_RESTORED_STATE: allowNonRestoredState ? 'drop' : 'keep',
      },
      logGroup,
      loggingFormat: LoggingFormat.JSON,
    });
    acknowledge(fn, FUNCTION).node.addDependency(...grants);

    const configuration = () =>
      JSON.stringify(Stack.of(this).resolve([application.runtimeEnvironment, application.applicationConfiguration]));
    const change = Lazy.string({ produce: () => sha256(configuration()).slice(0, 16) });
    new CustomResource(this, 'Call', {
      resourceType: 'Custom::FlinkApplicationStart',
      serviceToken: fn.functionArn,
      serviceTimeout: timeout.plus(Duration.minutes(1)),
      // A changed property calls the function again.
      properties: { Application: application.ref, Configuration: change },
    });
  }
}
