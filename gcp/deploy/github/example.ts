import type { Construct } from 'constructs';
import { ask } from '../../../shared/synth/ask';
import { mayDestroy } from '../../../shared/synth/settings';
import { GcpPlatform, type GcpPlatformProps } from '../../foundation/platform';
import { BUCKET, ENVIRONMENT, REPOSITORY, REPOSITORY_ID } from './deployer-settings';
import { GithubDeployer } from './github-deployer';

/** The accounts as which GitHub Actions plans and deploys, for one environment of one repository. No platform of data, but what deploys one. */
export class GcpGithub extends GcpPlatform {
  constructor(scope: Construct, id: string, props: GcpPlatformProps = {}) {
    super(scope, id, props);
    // Nothing in it holds data, but a removal that is no word is refused here as everywhere.
    mayDestroy(this, this.removal);
    const { provider, deployer, planner } = new GithubDeployer(this, 'Deployer', {
      site: this.site,
      repository: ask(this, 'repository', REPOSITORY, { description: 'The repository on GitHub, such as acme/data-platform.' }),
      repositoryId: ask(this, 'repository_id', REPOSITORY_ID, {
        description: 'The number of the repository: gh api repos/acme/data-platform --jq .id.',
      }),
      stateBucket: ask(this, 'state_bucket', BUCKET, { description: 'The existing bucket that holds the state of Terraform.' }),
      environment: ask(this, 'environment', ENVIRONMENT, {
        description: 'The environment of the repository whose jobs deploy.',
        default: 'prod',
      }),
    });
    this.output({
      identity_provider: [provider, 'The variable GCP_IDENTITY_PROVIDER of the repository on GitHub.'],
      deploy_account: [deployer.email, 'The variable GCP_ACCOUNT of the environment that deploys.'],
      plan_account: [planner.email, 'The variable GCP_ACCOUNT of the environment that plans.'],
    });
  }
}
