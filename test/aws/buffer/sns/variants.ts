import type { Stack } from 'aws-cdk-lib';
import { Key } from 'aws-cdk-lib/aws-kms';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { SnsBuffer } from '../../../../aws/buffer/sns/sns-buffer';

const arn = (service: string, name: string) => `arn:aws:${service}:eu-west-1:123456789012:${name}`;
const subscribers = { Archive: {}, Alerts: { filter: { type: ['alert'] } } };

/** Settings of a topic that change findings of cdk-nag. */
export const variants = {
  defaults: (stack: Stack) => new SnsBuffer(stack, 'Buffer', { subscribers }),
  'a key of the user': (stack: Stack) =>
    new SnsBuffer(stack, 'Buffer', { subscribers, encryptionKey: Key.fromKeyArn(stack, 'Key', arn('kms', 'key/k')) }),
  'a topic of the user': (stack: Stack) =>
    new SnsBuffer(stack, 'Buffer', { subscribers, topic: Topic.fromTopicArn(stack, 'Topic', arn('sns', 'mine')) }),
  'data that goes with the stack': (stack: Stack) => new SnsBuffer(stack, 'Buffer', { subscribers, removal: 'destroy' }),
};
