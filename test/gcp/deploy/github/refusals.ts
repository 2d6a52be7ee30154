import type { TerraformStack } from 'cdktf';
import { GithubDeployer } from '../../../../gcp/deploy/github/github-deployer';
import type { Refusals } from '../../../support/refusals';
import { site } from '../../stand-ins';

export const refusals = (terraform: TerraformStack): Refusals => ({
  constructs: {
    GithubDeployer: {
      settings: {
        site: 'neighbour',
        repository: ['', 'acme', 'acme/a/b', 'acme/*', `acme/${'x'.repeat(80)}`, 'https://github.com/acme/data', 5, {}, []],
        repositoryId: ['', 'acme/data', '1 || true', 5, {}, []],
        stateBucket: ['', 'gs://acme', 'acme/state', 5, {}, []],
        environment: ['', 'prod:x', '*', 'x'.repeat(28), 5, {}, []],
      },
      make: (id, props) =>
        new GithubDeployer(terraform, id, { site, repository: 'acme/data', repositoryId: '1', stateBucket: 'acme-state', ...props }),
    },
  },
});
