import type { Stack } from 'aws-cdk-lib';
import { Bucket } from 'aws-cdk-lib/aws-s3';
import { EmrServerlessJob } from '../../../../aws/processing/emr/emr-serverless-job';
import { StepFunctionsOrchestration } from '../../../../aws/processing/step-functions/step-functions-orchestration';
import { S3Store } from '../../../../aws/store/s3/s3-store';
import { packageScript } from '../../../../shared/synth/script-package';

const script = packageScript('shared/runtime/spark/compact');

/** Settings of a job that change findings of cdk-nag. */
export const variants = {
  'nothing that starts it': (stack: Stack) => new EmrServerlessJob(stack, 'Job', { script }),
  'a state machine that starts it, and a bucket of the user': (stack: Stack) => {
    const bucket = Bucket.fromBucketName(stack, 'Bucket', 'lake');
    const outputs = { TARGET: new S3Store(stack, 'Lake', { bucket, prefix: 'a/b/' }) };
    return new StepFunctionsOrchestration(stack, 'Jobs', { steps: [{ Compact: new EmrServerlessJob(stack, 'Job', { script, outputs }) }] });
  },
};
