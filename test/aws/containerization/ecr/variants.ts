import type { Stack } from 'aws-cdk-lib';
import { Key } from 'aws-cdk-lib/aws-kms';
import { EcrRepository } from '../../../../aws/containerization/ecr/ecr-repository';

/** Settings of a repository that change findings of cdk-nag. */
export const variants = {
  defaults: (stack: Stack) => new EcrRepository(stack, 'Images'),
  'a key of the user': (stack: Stack) =>
    new EcrRepository(stack, 'Images', { encryptionKey: Key.fromKeyArn(stack, 'Key', 'arn:aws:kms:eu-west-1:123456789012:key/k') }),
  'data that goes with the stack': (stack: Stack) => new EcrRepository(stack, 'Images', { removal: 'destroy' }),
};
