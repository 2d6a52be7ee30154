import { Aws } from 'aws-cdk-lib';
import { Policy, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';
import { acknowledge } from '../../foundation/acknowledge';

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
