import type { TerraformStack } from 'cdktf';
import { ContainerRegistry } from '../../../../azure/containerization/container-registry/container-registry';
import type { Refusals } from '../../../support/refusals';
import { site } from '../../stand-ins';

export const refusals = (terraform: TerraformStack): Refusals => ({
  constructs: {
    ContainerRegistry: {
      settings: {
        site: 'neighbour',
        name: 'text',
        sku: 'choice',
        keepUntaggedDays: 'number',
        registryId: 'text',
        notify: 'texts',
        removal: 'choice',
      },
      make: (id, props) => new ContainerRegistry(terraform, id, { site, ...props }),
    },
  },
});
