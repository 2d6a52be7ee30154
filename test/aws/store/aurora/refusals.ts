import type { Stack } from 'aws-cdk-lib';
import { PrivateNetwork } from '../../../../aws/foundation/network';
import { AuroraStore } from '../../../../aws/store/aurora/aurora-store';
import { type Refusals, WRONG } from '../../../support/refusals';

/** Wrong capacities, without 0.5, which is valid. */
const CAPACITY = [...WRONG.number.filter((value) => value !== 0.5), 0.25];
const YES_OR_NO = WRONG.choice.filter((value) => value !== true);

export const refusals = (aws: Stack): Refusals => {
  const network = new PrivateNetwork(aws, 'NetworkOfAurora');
  return {
    constructs: {
      AuroraStore: {
        settings: {
          network: 'neighbour',
          maxCapacity: CAPACITY,
          minCapacity: CAPACITY,
          autoPause: 'time',
          highlyAvailable: YES_OR_NO,
          backupRetention: 'time',
          encryptionKey: 'resource',
          cluster: 'resource',
          masterSecret: 'resource',
          removal: 'choice',
        },
        make: (id, props) => new AuroraStore(aws, id, { network, ...props }),
      },
    },
  };
};
