import type { Stack } from 'aws-cdk-lib';
import { Key } from 'aws-cdk-lib/aws-kms';
import { Bucket } from 'aws-cdk-lib/aws-s3';
import { GlueJob } from '../../../../aws/processing/glue/glue-job';
import { S3Store } from '../../../../aws/store/s3/s3-store';
import { packageScript } from '../../../../shared/synth/script-package';

const script = packageScript('shared/runtime/spark/compact');
const key = (stack: Stack) => Key.fromKeyArn(stack, 'Key', 'arn:aws:kms:eu-west-1:123456789012:key/k');

/** Settings of a job that change findings of cdk-nag. */
export const variants = {
  'no stores': (stack: Stack) => new GlueJob(stack, 'Job', { script }),
  bookmarks: (stack: Stack) => new GlueJob(stack, 'Job', { script, bookmarks: true }),
  'a security configuration of the user': (stack: Stack) => new GlueJob(stack, 'Job', { script, securityConfiguration: 'mine' }),
  'stores of the user, with a key': (stack: Stack) => {
    const bucket = Bucket.fromBucketAttributes(stack, 'Bucket', { bucketName: 'lake', encryptionKey: key(stack) });
    const store = (id: string, prefix: string) => new S3Store(stack, id, { bucket, prefix });
    return new GlueJob(stack, 'Job', { script, inputs: { SOURCE: store('Raw', 'raw/') }, outputs: { TARGET: store('Lake', 'a/b/') } });
  },
};
