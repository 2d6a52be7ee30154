import type { Stack } from 'aws-cdk-lib';
import { Key } from 'aws-cdk-lib/aws-kms';
import { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import { FirehoseDelivery } from '../../../../aws/buffer/firehose/firehose-delivery';
import { KinesisBuffer } from '../../../../aws/buffer/kinesis/kinesis-buffer';
import { S3Store } from '../../../../aws/store/s3/s3-store';

const arn = (service: string, name: string) => `arn:aws:${service}:eu-west-1:123456789012:${name}`;

/** Settings of a delivery that change findings of cdk-nag. */
export const variants = {
  'a key of the user': (stack: Stack) =>
    new FirehoseDelivery(stack, 'Buffer', {
      store: new S3Store(stack, 'Store'),
      encryptionKey: Key.fromKeyArn(stack, 'Key', arn('kms', 'key/k')),
    }),
  'a stream as the source': (stack: Stack) =>
    new FirehoseDelivery(stack, 'Delivery', { store: new S3Store(stack, 'Store'), source: new KinesisBuffer(stack, 'Buffer') }),
  'records as they came': (stack: Stack) =>
    new FirehoseDelivery(stack, 'Buffer', { store: new S3Store(stack, 'Store'), transform: 'none' }),
  'a function of the user, and partitions': (stack: Stack) =>
    new FirehoseDelivery(stack, 'Buffer', {
      store: new S3Store(stack, 'Store'),
      transform: LambdaFunction.fromFunctionAttributes(stack, 'Mine', { functionArn: arn('lambda', 'function:mine') }),
      partitionBy: { tenant: '.data.tenant' },
    }),
};
