import type { Stack } from 'aws-cdk-lib';
import { Key } from 'aws-cdk-lib/aws-kms';
import { Queue } from 'aws-cdk-lib/aws-sqs';
import { SqsBuffer } from '../../../../aws/buffer/sqs/sqs-buffer';

const arn = (service: string, name: string) => `arn:aws:${service}:eu-west-1:123456789012:${name}`;

/** Settings of a queue that change findings of cdk-nag. */
export const variants = {
  'a key of the user': (stack: Stack) =>
    new SqsBuffer(stack, 'Buffer', { encryptionKey: Key.fromKeyArn(stack, 'Key', arn('kms', 'key/k')) }),
  'queues of the user': (stack: Stack) =>
    new SqsBuffer(stack, 'Buffer', {
      queue: Queue.fromQueueArn(stack, 'Queue', arn('sqs', 'q')),
      deadLetterQueue: Queue.fromQueueArn(stack, 'DeadLetter', arn('sqs', 'd')),
    }),
  'data that goes with the stack': (stack: Stack) => new SqsBuffer(stack, 'Buffer', { removal: 'destroy' }),
};
