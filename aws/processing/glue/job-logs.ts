import { Aws, Names, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { Grant, type IRole } from 'aws-cdk-lib/aws-iam';
import { LogGroup, type RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { Construct, IDependable } from 'constructs';
import { acknowledge, spell } from '../../foundation/acknowledge';

const WRITE = ['logs:CreateLogStream', 'logs:PutLogEvents'];

/**
 * The log groups of a job, which Glue would otherwise create without a retention: `error` for the log of Spark, `output` for what
 * the script prints. With a security configuration Glue uses groups that it names itself, and encrypts them as the job.
 * @returns the start of their names, and what must exist before the job
 * @see https://docs.aws.amazon.com/glue/latest/dg/monitor-continuous-logging.html
 */
export function allowLogs(
  scope: Construct,
  role: IRole,
  { retention, securityConfiguration }: { readonly retention: RetentionDays; readonly securityConfiguration?: string },
): { prefix: string; waitFor: IDependable[] } {
  const prefix = `/aws-glue/jobs/${Aws.STACK_NAME}-${Names.uniqueResourceName(scope, { maxLength: 64 })}`;
  const groups = [
    ['ErrorLogs', 'error'],
    ['OutputLogs', 'output'],
  ].map(([id, name]) => new LogGroup(scope, id!, { logGroupName: `${prefix}/${name}`, retention, removalPolicy: RemovalPolicy.DESTROY }));
  const allow = (actions: string[], resourceArns: string[]) => Grant.addToPrincipal({ grantee: role, actions, resourceArns });
  const waitFor = [
    allow(
      WRITE,
      groups.map(({ logGroupArn }) => logGroupArn),
    ),
  ];
  if (securityConfiguration === undefined) return { prefix, waitFor };
  const named = Stack.of(scope).formatArn({ service: 'logs', resource: 'log-group:/aws-glue/jobs/*' });
  const reason = 'Glue names the groups after the security configuration and the role. All names start with this.';
  acknowledge(role, () => ({ [`AwsSolutions-IAM5[Resource::${spell(role, named)}]`]: reason }));
  return { prefix, waitFor: [...waitFor, allow(['logs:AssociateKmsKey', 'logs:CreateLogGroup', ...WRITE], [named])] };
}
