import type { Construct } from 'constructs';
import { ask } from '../../../shared/synth/ask';
import { AzurePlatform, type AzurePlatformProps } from '../../foundation/platform';
import { CONTAINER, ENVIRONMENT, GithubDeployer, REPOSITORY } from './github-deployer';

/** The identities as which GitHub Actions plans and deploys, for one environment of one repository. No platform of data, but what deploys one. */
export class AzureGithub extends AzurePlatform {
  constructor(scope: Construct, id: string, props: AzurePlatformProps = {}) {
    super(scope, id, props);
    const { deployer, planner } = new GithubDeployer(this, 'Deployer', {
      site: this.site,
      repository: ask(this, 'repository', REPOSITORY, {
        description: 'The repository on GitHub, such as acme/data-platform, or acme@1234/data-platform@5678 since July 2026.',
      }),
      stateContainerId: ask(this, 'state_container_id', CONTAINER, {
        description: 'The id of the existing container that holds the state of Terraform.',
      }),
      environment: ask(this, 'environment', ENVIRONMENT, {
        description: 'The environment of the repository whose jobs deploy.',
        default: 'prod',
      }),
    });
    this.output({
      tenant_id: [deployer.tenantId, 'The variable AZURE_TENANT_ID of the repository on GitHub.'],
      deploy_client_id: [deployer.clientId, 'The variable AZURE_CLIENT_ID of the environment that deploys.'],
      plan_client_id: [planner.clientId, 'The variable AZURE_CLIENT_ID of the environment that plans.'],
    });
  }
}
