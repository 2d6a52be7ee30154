import { Aws, Names, RemovalPolicy } from 'aws-cdk-lib';
import { Grant, type IRole } from 'aws-cdk-lib/aws-iam';
import { LogGroup, type RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { Construct, IDependable } from 'constructs';

/**
 * The log groups of a job, which Glue would otherwise create without a retention: `error` for the log of Spark, `output` for what
 * the script prints.
 * @returns the start of their names, and what must exist before the job
 * @see https://docs.aws.amazon.com/glue/latest/dg/monitor-continuous-logging.html
 */
export function allowLogs(scope: Construct, role: IRole, retention: RetentionDays): { prefix: string; waitFor: IDependable[] } {
  const prefix = `/aws-glue/jobs/${Aws.STACK_NAME}-${Names.uniqueResourceName(scope, { maxLength: 64 })}`;
  const groups = [
    ['ErrorLogs', 'error'],
    ['OutputLogs', 'output'],
  ].map(([id, name]) => new LogGroup(scope, id!, { logGroupName: `${prefix}/${name}`, retention, removalPolicy: RemovalPolicy.DESTROY }));
  const actions = ['logs:CreateLogStream', 'logs:PutLogEvents'];
  return {
    prefix,
    waitFor: [Grant.addToPrincipal({ grantee: role, actions, resourceArns: groups.map(({ logGroupArn }) => logGroupArn) })],
  };
}
