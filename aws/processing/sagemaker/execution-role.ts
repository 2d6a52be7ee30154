import { Aws, Stack } from 'aws-cdk-lib';
import { Grant, Policy, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';
import { acknowledge, spell } from '../../foundation/acknowledge';
import type { Workload } from '../../ports/identity';
import type { JobKind } from './start-job';

/** The role with which SageMaker runs a container. */
export function makeRole(scope: Construct): Role {
  const conditions = { StringEquals: { 'aws:SourceAccount': Aws.ACCOUNT_ID } };
  return new Role(scope, 'Role', { assumedBy: new ServicePrincipal('sagemaker.amazonaws.com', { conditions }) });
}

/**
 * Allow SageMaker to write the metrics of the instances and containers of a role, such as the use of memory. It is a separate
 * policy, so that the accepted finding does not cover other wildcards.
 * @param kind the end of the namespace, such as `Endpoints`
 */
export function allowMetrics(scope: Construct, role: Role, kind: string): Policy {
  const conditions = { StringEquals: { 'cloudwatch:namespace': `/aws/sagemaker/${kind}` } };
  const statements = [new PolicyStatement({ actions: ['cloudwatch:PutMetricData'], resources: ['*'], conditions })];
  return acknowledge(new Policy(scope, 'Metrics', { roles: [role], statements }), {
    'AwsSolutions-IAM5[Resource::*]': 'A metric is no resource. The condition names the namespace.',
  });
}

/**
 * Allow SageMaker to write the logs of the runs of a job. The log group is that of all jobs of the account, and each run has log
 * streams whose names start with its own.
 */
export function allowRunLogs({ role }: Workload, kind: JobKind, prefix: string): Grant[] {
  const group = Stack.of(role).formatArn({ service: 'logs', resource: `log-group:/aws/sagemaker/${kind}Jobs` });
  const [whole, streams] = [`${group}:*`, `${group}:log-stream:${prefix}-*`];
  const named = 'The names of log streams start with the name of a run, which is made when it starts.';
  acknowledge(role, () => ({
    [`AwsSolutions-IAM5[Resource::${spell(role, whole)}]`]: 'It is one log group: CloudWatch Logs adds the end to its ARN.',
    [`AwsSolutions-IAM5[Resource::${spell(role, streams)}]`]: named,
  }));
  const allow = (actions: string[], resourceArns: string[]) => Grant.addToPrincipal({ grantee: role, actions, resourceArns });
  return [
    allow(['logs:CreateLogGroup', 'logs:DescribeLogStreams'], [group, whole]),
    allow(['logs:CreateLogStream', 'logs:PutLogEvents'], [streams]),
  ];
}
