import type { Stack } from 'aws-cdk-lib';
import { Key } from 'aws-cdk-lib/aws-kms';
import { Bucket } from 'aws-cdk-lib/aws-s3';
import { KinesisBuffer } from '../../../../aws/buffer/kinesis/kinesis-buffer';
import { FlinkProcessor, type FlinkProcessorProps } from '../../../../aws/processing/flink/flink-processor';
import { S3Store } from '../../../../aws/store/s3/s3-store';

const make = (stack: Stack, props: Partial<FlinkProcessorProps>, encryptionKey?: Key) =>
  new FlinkProcessor(stack, 'Processing', {
    source: new KinesisBuffer(stack, 'Buffer', { encryptionKey }),
    store: new S3Store(stack, 'Store', { encryptionKey }),
    ...props,
  });

/** Settings of an application that change findings of cdk-nag. */
export const variants = {
  'a jar of the user': (stack: Stack) =>
    make(stack, { code: { bucket: Bucket.fromBucketName(stack, 'Jars', 'jars'), key: 'event-counts-1.4.jar' } }),
  'a key of the user': (stack: Stack) => make(stack, {}, new Key(stack, 'Key', { enableKeyRotation: true })),
  'an application that goes with the stack': (stack: Stack) => make(stack, { removal: 'destroy', snapshot: 'before', autoScaling: false }),
};
