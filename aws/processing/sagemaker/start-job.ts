import { Names, Stack } from 'aws-cdk-lib';
import { Grant, type IRole } from 'aws-cdk-lib/aws-iam';
import type { Construct, IDependable } from 'constructs';
import { acknowledge, spell } from '../../foundation/acknowledge';
import type { Workload } from '../../ports/identity';

/** What a job is: `Processing` reads files and writes files, `Training` reads files and writes a model. */
export type JobKind = 'Processing' | 'Training';

/** The quota for instances of a type is used up by other jobs, or too many requests are sent. */
export const BUSY = ['ResourceLimitExceededException', 'ThrottlingException'].map((name) => `SageMaker.${name}`);

/** The start of the names of all runs of a job. In lower case, as in their ARNs. */
export function prefixOf(job: Construct): string {
  return Names.uniqueResourceName(job, { maxLength: 24, separator: '-' }).toLowerCase();
}

/**
 * The name of one run, as an expression of Step Functions. A name is unique in an account for ever, and has up to 63 characters, so
 * it has the hash of the execution and of the time of its state, which also differs if the execution is redriven, and the number
 * of the retry. A start that comes twice finds its name taken, and does not run twice.
 * @see https://docs.aws.amazon.com/step-functions/latest/dg/input-output-contextobject.html
 */
export function nameOfRun(prefix: string): string {
  const start = "States.Hash(States.Format('{} {}', $$.Execution.Id, $$.State.EnteredTime), 'MD5')";
  return `States.Format('${prefix}-{}-{}', ${start}, $$.State.RetryCount)`;
}

/**
 * Allow a state machine to start the runs of one job with a role, to read and stop them, and to manage the rule of EventBridge that
 * tells Step Functions when a run has ended. Step Functions tags what it starts.
 * @see https://docs.aws.amazon.com/step-functions/latest/dg/sagemaker-iam.html
 */
export function allowStart({ role }: Workload, kind: JobKind, prefix: string, runsAs: IRole): IDependable[] {
  const stack = Stack.of(role);
  const runs = stack.formatArn({ service: 'sagemaker', resource: `${kind.toLowerCase()}-job`, resourceName: `${prefix}-*` });
  const rule = stack.formatArn({
    service: 'events',
    resource: 'rule',
    resourceName: `StepFunctionsGetEventsForSageMaker${kind}JobsRule`,
  });
  const conditions = { StringEquals: { 'iam:PassedToService': 'sagemaker.amazonaws.com' } };
  const reason = 'The name of a run is made when it starts. All of them start with the prefix of this job.';
  acknowledge(role, () => ({ [`AwsSolutions-IAM5[Resource::${spell(role, runs)}]`]: reason }));
  const allow = (actions: string[], resource: string) => Grant.addToPrincipal({ grantee: role, actions, resourceArns: [resource] });
  const actions = ['AddTags', `Create${kind}Job`, `Describe${kind}Job`, 'ListTags', `Stop${kind}Job`];
  return [
    allow(
      actions.map((action) => `sagemaker:${action}`),
      runs,
    ),
    allow(['events:DescribeRule', 'events:PutRule', 'events:PutTargets'], rule),
    Grant.addToPrincipal({ grantee: role, actions: ['iam:PassRole'], resourceArns: [runsAs.roleArn], conditions }),
  ];
}
