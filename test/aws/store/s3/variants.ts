import type { Stack } from 'aws-cdk-lib';
import { Key } from 'aws-cdk-lib/aws-kms';
import { Bucket } from 'aws-cdk-lib/aws-s3';
import { SqsBuffer } from '../../../../aws/buffer/sqs/sqs-buffer';
import { LambdaProcessor } from '../../../../aws/processing/lambda/lambda-processor';
import { S3Store } from '../../../../aws/store/s3/s3-store';
import { packageHandler } from '../../../../shared/synth/handler-package';

const key = (stack: Stack, region: string) => Key.fromKeyArn(stack, `Key${region}`, `arn:aws:kms:${region}:123456789012:key/k`);

/** Settings of a store that change findings of cdk-nag. */
export const variants = {
  'a replica': (stack: Stack) => new S3Store(stack, 'Store', { replica: Bucket.fromBucketName(stack, 'Replica', 'replica') }),
  'a replica of another account, with keys': (stack: Stack) =>
    new S3Store(stack, 'Store', {
      encryptionKey: key(stack, 'eu-west-1'),
      replica: Bucket.fromBucketAttributes(stack, 'Replica', {
        bucketName: 'replica',
        account: '210987654321',
        encryptionKey: key(stack, 'eu-central-1'),
      }),
    }),
  'events of new objects': (stack: Stack) => {
    const store = new S3Store(stack, 'Store');
    store.deliverCreated(new SqsBuffer(stack, 'Buffer'));
    return store;
  },
  'a reader of new objects': (stack: Stack) => {
    const [store, queue] = [new S3Store(stack, 'Store'), new SqsBuffer(stack, 'Buffer')];
    store.deliverCreated(queue);
    const code = packageHandler('aws/handlers/s3-to-s3');
    const curated = new S3Store(stack, 'Curated', { bucket: store.bucket, prefix: 'curated/' });
    return new LambdaProcessor(stack, 'Processing', { code, source: store.readCreated(queue), stores: { STORE: curated } });
  },
};
