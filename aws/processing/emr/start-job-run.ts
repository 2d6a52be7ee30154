import { Stack } from 'aws-cdk-lib';
import { Grant, type IRole } from 'aws-cdk-lib/aws-iam';
import type { IDependable } from 'constructs';
import { acknowledge, spell } from '../../foundation/acknowledge';
import type { Workload } from '../../ports/identity';

/** https://docs.aws.amazon.com/emr-serverless/latest/APIReference/API_StartJobRun.html */
export const BUSY = ['ConflictException', 'InternalServerException', 'ServiceQuotaExceededException', 'ThrottlingException'].map(
  (name) => `EmrServerless.${name}`,
);

/**
 * Allow a state machine to start runs of an application with a role, to read and stop them, and to manage the rule of EventBridge
 * that tells Step Functions when a run has ended. Without the last one, the state machine cannot be created.
 * @see https://docs.aws.amazon.com/step-functions/latest/dg/emr-serverless-iam.html
 */
export function allowStart({ role }: Workload, applicationArn: string, runsAs: IRole): IDependable[] {
  const runs = `${applicationArn}/jobruns/*`;
  const rule = Stack.of(role).formatArn({
    service: 'events',
    resource: 'rule',
    resourceName: 'StepFunctionsGetEventsForEMRServerlessJobRule',
  });
  const conditions = { StringEquals: { 'iam:PassedToService': 'emr-serverless.amazonaws.com' } };
  const reason = 'The id of a run is not known before it starts. All of them are runs of this application.';
  acknowledge(role, () => ({ [`AwsSolutions-IAM5[Resource::${spell(role, runs)}]`]: reason }));
  const allow = (actions: string[], resource: string) => Grant.addToPrincipal({ grantee: role, actions, resourceArns: [resource] });
  return [
    allow(['emr-serverless:StartJobRun'], applicationArn),
    allow(['emr-serverless:CancelJobRun', 'emr-serverless:GetJobRun'], runs),
    allow(['events:DescribeRule', 'events:PutRule', 'events:PutTargets'], rule),
    Grant.addToPrincipal({ grantee: role, actions: ['iam:PassRole'], resourceArns: [runsAs.roleArn], conditions }),
  ];
}
