import { CustomResource, Duration, Lazy } from 'aws-cdk-lib';
import type { CfnApplication } from 'aws-cdk-lib/aws-kinesisanalyticsv2';
import type { Construct } from 'constructs';
import { sha256 } from '../../../shared/synth/sha256';
import { DeployFunction } from '../../foundation/deploy-function';
import { allow } from '../../foundation/grants';
import { applicationArn } from './flink-alarms';

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
export class ApplicationStart extends DeployFunction {
  constructor(scope: Construct, id: string, { application, snapshot, allowNonRestoredState }: ApplicationStartProps) {
    const timeout = Duration.minutes(15);
    super(scope, id, {
      folder: 'aws/processing/flink/control',
      timeout,
      environment: {
        APPLICATION: application.ref,
        SNAPSHOT: snapshot ?? 'latest',
        NON_RESTORED_STATE: allowNonRestoredState ? 'drop' : 'keep',
      },
    });
    const actions = ['DescribeApplication', 'StartApplication', 'StopApplication'].map((action) => `kinesisanalytics:${action}`);
    this.waitFor(...allow(this, applicationArn(application), actions));

    // With what it starts from, so that a stopped application is started from the snapshot that is named.
    const { stack } = application;
    const configuration = () =>
      JSON.stringify(stack.resolve([application.runtimeEnvironment, application.applicationConfiguration, application.runConfiguration]));
    const change = Lazy.string({ produce: () => sha256(configuration()) });
    new CustomResource(this, 'Call', {
      resourceType: 'Custom::FlinkApplicationStart',
      serviceToken: this.function.functionArn,
      serviceTimeout: timeout.plus(Duration.minutes(1)),
      // A changed property calls the function again.
      properties: { Application: application.ref, Configuration: change },
    });
  }
}
