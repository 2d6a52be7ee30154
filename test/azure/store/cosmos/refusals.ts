import type { TerraformStack } from 'cdktf';
import { CosmosStore } from '../../../../azure/store/cosmos/cosmos-store';
import type { Refusals } from '../../../support/refusals';
import { site as azure, Target } from '../../stand-ins';

export const refusals = (terraform: TerraformStack): Refusals => {
  const store = new CosmosStore(terraform, 'Cosmos', { site: azure, name: 'refused' });
  const target = new Target(terraform, 'CosmosTarget');
  return {
    constructs: {
      CosmosStore: {
        settings: {
          site: 'neighbour',
          name: 'text',
          lookUpBy: ['', ' ', 'two\nlines', 'id', 'ttl', 'eventId', '_ts', 'X'.repeat(101), 5, true, [], {}],
          retentionDays: 'number',
          maxRequestUnits: 'number',
          backupRetentionDays: [0, 8, '7', true, {}],
          zoneRedundant: ['yes', 1, {}],
          accountId: 'text',
          notify: 'texts',
          removal: 'choice',
          lock: [1, 'yes', {}],
        },
        make: (id, props) => new CosmosStore(terraform, id, { site: azure, ...props }),
      },
    },
    methods: {
      'a delivery of changes': {
        settings: { batchSize: 'number', batchWindowSeconds: 'number', maxRetries: 'number' },
        call: (props) => store.changes.deliverTo(target, props),
      },
    },
  };
};
