import { Aws, Names, RemovalPolicy } from 'aws-cdk-lib';
import { type IRole, Policy, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { LogGroup, type RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { CfnStateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import type { Construct } from 'constructs';
import { acknowledge } from '../../foundation/acknowledge';

/** https://docs.aws.amazon.com/step-functions/latest/dg/cw-logs.html */
const DELIVERY = [
  'CreateLogDelivery',
  'DeleteLogDelivery',
  'DescribeLogGroups',
  'DescribeResourcePolicies',
  'GetLogDelivery',
  'ListLogDeliveries',
  'PutResourcePolicy',
  'UpdateLogDelivery',
];
/** https://docs.aws.amazon.com/step-functions/latest/dg/xray-iam.html */
const TRACING = ['GetSamplingRules', 'GetSamplingTargets', 'PutTelemetryRecords', 'PutTraceSegments'];

/**
 * Log the history of each execution, and trace it. Inputs and outputs are left out of the logs, because they can have data.
 * @returns the permissions that must exist before the state machine
 */
export function watchHistory(scope: Construct, resource: CfnStateMachine, role: IRole, retention: RetentionDays): Policy[] {
  // A policy of the account allows the delivery of logs, with at most 5120 characters. Groups with this start share a part of it.
  const logGroupName = `/aws/vendedlogs/states/${Aws.STACK_NAME}-${Names.uniqueResourceName(scope, { maxLength: 64 })}`;
  const { logGroupArn } = new LogGroup(scope, 'Logs', { logGroupName, retention, removalPolicy: RemovalPolicy.DESTROY });
  // Not `logs` and `tracingEnabled` of StateMachine: their wildcards would be in the policy with the permissions for jobs.
  resource.loggingConfiguration = {
    level: 'ALL',
    includeExecutionData: false,
    destinations: [{ cloudWatchLogsLogGroup: { logGroupArn } }],
  };
  resource.tracingConfiguration = { enabled: true };
  const allow = (id: string, actions: string[], reason: string) => {
    const policy = new Policy(scope, id, { roles: [role], statements: [new PolicyStatement({ actions, resources: ['*'] })] });
    return acknowledge(policy, { 'AwsSolutions-IAM5[Resource::*]': reason });
  };
  return [
    allow(
      'LogDelivery',
      DELIVERY.map((action) => `logs:${action}`),
      'Deliveries of logs belong to no resource, so CloudWatch Logs allows no ARN.',
    ),
    allow(
      'Tracing',
      TRACING.map((action) => `xray:${action}`),
      'Traces belong to no resource, so X-Ray allows no other ARN.',
    ),
  ];
}
