import { Duration, type Stack } from 'aws-cdk-lib';
import { ScheduleExpression } from 'aws-cdk-lib/aws-scheduler';
import { Queue } from 'aws-cdk-lib/aws-sqs';
import { StepFunctionsOrchestration } from '../../../../aws/processing/step-functions/step-functions-orchestration';
import { S3Store } from '../../../../aws/store/s3/s3-store';
import { AJob } from './a-job';

const steps = (stack: Stack) => [{ Load: new AJob(stack, 'Load') }];

/** Settings of an orchestration that change findings of cdk-nag. */
export const variants = {
  'nothing that starts it': (stack: Stack) => new StepFunctionsOrchestration(stack, 'Jobs', { steps: steps(stack) }),
  'a schedule': (stack: Stack) =>
    new StepFunctionsOrchestration(stack, 'Jobs', { steps: steps(stack), schedule: ScheduleExpression.rate(Duration.hours(1)) }),
  'new objects': (stack: Stack) =>
    new StepFunctionsOrchestration(stack, 'Jobs', { steps: steps(stack), onCreated: new S3Store(stack, 'Store') }),
  'a dead letter of the user': (stack: Stack) =>
    new StepFunctionsOrchestration(stack, 'Jobs', {
      steps: steps(stack),
      deadLetterQueue: Queue.fromQueueArn(stack, 'Dead', 'arn:aws:sqs:eu-west-1:123456789012:dead'),
    }),
};
