import type { TerraformStack } from 'cdktf';
import { FabricCapacity } from '../../../../azure/visualize/fabric/fabric-capacity';
import type { Refusals } from '../../../support/refusals';
import { site } from '../../stand-ins';

export const refusals = (terraform: TerraformStack): Refusals => ({
  constructs: {
    FabricCapacity: {
      settings: {
        site: 'neighbour',
        administrators: 'texts',
        name: 'text',
        sku: 'choice',
        capacityId: 'text',
        readers: 'neighbour',
        stores: 'stores',
        removal: 'choice',
      },
      make: (id, props) => new FabricCapacity(terraform, id, { site, administrators: ['jane@example.com'], ...props }),
    },
  },
});
