import type { TerraformStack } from 'cdktf';
import { CosmosStore } from '../../../../azure/store/cosmos/cosmos-store';
import { site } from '../../stand-ins';

const accountId = '/subscriptions/s/resourceGroups/g/providers/Microsoft.DocumentDB/databaseAccounts/theirs';

/** Settings that change findings of checkov. */
export const variants = {
  defaults: (stack: TerraformStack) => new CosmosStore(stack, 'Store', { site }),
  autoscale: (stack: TerraformStack) => new CosmosStore(stack, 'Store', { site, maxRequestUnits: 4000, zoneRedundant: true, lock: true }),
  'an account of the user': (stack: TerraformStack) => new CosmosStore(stack, 'Store', { site, accountId }),
};
