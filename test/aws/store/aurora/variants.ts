import type { Stack } from 'aws-cdk-lib';
import { Key } from 'aws-cdk-lib/aws-kms';
import { PrivateNetwork } from '../../../../aws/foundation/network';
import { AuroraStore } from '../../../../aws/store/aurora/aurora-store';

const network = (stack: Stack) => new PrivateNetwork(stack, 'Network', { removal: 'destroy' });

/** Settings of a cluster that change findings of cdk-nag. */
export const variants = {
  'a key of the user': (stack: Stack) => {
    const encryptionKey = Key.fromKeyArn(stack, 'Key', 'arn:aws:kms:eu-west-1:123456789012:key/k');
    return new AuroraStore(stack, 'Store', { network: network(stack), encryptionKey });
  },
  'a second instance': (stack: Stack) => new AuroraStore(stack, 'Store', { network: network(stack), highlyAvailable: true }),
  'data that goes with the stack': (stack: Stack) => new AuroraStore(stack, 'Store', { network: network(stack), removal: 'destroy' }),
};
