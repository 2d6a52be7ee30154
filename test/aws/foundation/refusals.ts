import type { Stack } from 'aws-cdk-lib';
import { PrivateNetwork } from '../../../aws/foundation/network';
import type { Refusals } from '../../support/refusals';

export const refusals = (aws: Stack): Refusals => ({
  constructs: {
    PrivateNetwork: {
      settings: { cidr: 'text', zones: 'number', vpc: 'resource', subnets: 'neighbour', removal: 'choice' },
      make: (id, props) => new PrivateNetwork(aws, id, props),
    },
  },
});
