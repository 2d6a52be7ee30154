import type { Stack } from 'aws-cdk-lib';
import { GithubDeployer } from '../../../../aws/deploy/github/github-deployer';
import type { Refusals } from '../../../support/refusals';

export const refusals = (aws: Stack): Refusals => ({
  constructs: {
    GithubDeployer: {
      settings: {
        repository: ['', 'acme', 'acme/a/b', 'acme/*', '*/*', 'https://github.com/acme/data', 'acme/data:environment:prod', 5, {}, []],
        environment: ['', 'prod:x', '*', 'a b', 5, {}, []],
        provider: 'resource',
        qualifier: 'text',
        regions: 'texts',
      },
      make: (id, props) => new GithubDeployer(aws, id, { repository: 'acme/data', ...props }),
    },
  },
});
