import type { TerraformStack } from 'cdktf';
import { GithubDeployer } from '../../../../azure/deploy/github/github-deployer';
import type { Refusals } from '../../../support/refusals';
import { site } from '../../stand-ins';

const STATE = '/subscriptions/x/resourceGroups/x/providers/Microsoft.Storage/storageAccounts/acme/blobServices/default/containers/state';

export const refusals = (terraform: TerraformStack): Refusals => ({
  constructs: {
    GithubDeployer: {
      settings: {
        site: 'neighbour',
        repository: ['', 'acme', 'acme/a/b', 'acme/*', 'https://github.com/acme/data', 5, {}, []],
        stateContainerId: ['', 'state', '/subscriptions/x', 5, {}, []],
        environment: ['', 'prod:x', '*', 5, {}, []],
      },
      make: (id, props) => new GithubDeployer(terraform, id, { site, repository: 'acme/data', stateContainerId: STATE, ...props }),
    },
  },
});
