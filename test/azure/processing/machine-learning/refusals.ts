import type { TerraformStack } from 'cdktf';
import { MachineLearningWorkspace } from '../../../../azure/processing/machine-learning/machine-learning-workspace';
import type { Refusals } from '../../../support/refusals';
import { site } from '../../stand-ins';

export const registryId = '/subscriptions/s/resourceGroups/g/providers/Microsoft.ContainerRegistry/registries/theirs';

export const refusals = (terraform: TerraformStack): Refusals => ({
  constructs: {
    MachineLearningWorkspace: {
      settings: {
        site: 'neighbour',
        registryId: 'text',
        inputs: 'stores',
        outputs: 'stores',
        name: 'text',
        vmSize: 'text',
        maxNodes: 'number',
        idleMinutes: 'number',
        notify: 'texts',
        removal: 'choice',
      },
      calculated: ['idleMinutes'],
      make: (id, props) => new MachineLearningWorkspace(terraform, id, { site, registryId, ...props }),
    },
  },
});
