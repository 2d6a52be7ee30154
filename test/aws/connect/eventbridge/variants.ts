import type { Stack } from 'aws-cdk-lib';
import { KinesisBuffer } from '../../../../aws/buffer/kinesis/kinesis-buffer';
import { SqsBuffer } from '../../../../aws/buffer/sqs/sqs-buffer';
import { EventBridgeEntry } from '../../../../aws/connect/eventbridge/eventbridge-entry';

/** Settings of an entry that change findings of cdk-nag. */
export const variants = {
  defaults: (stack: Stack) => new EventBridgeEntry(stack, 'Connect', { sink: new SqsBuffer(stack, 'Buffer') }),
  'a partner': (stack: Stack) =>
    new EventBridgeEntry(stack, 'Connect', { sink: new SqsBuffer(stack, 'Buffer'), partnerSource: 'aws.partner/example.com/42/orders' }),
  'a stream, and the events of S3': (stack: Stack) =>
    new EventBridgeEntry(stack, 'Connect', { sink: new KinesisBuffer(stack, 'Buffer'), bus: 'aws', pattern: { source: ['aws.s3'] } }),
};
