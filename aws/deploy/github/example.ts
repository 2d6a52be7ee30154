import { Arn, CfnParameter } from 'aws-cdk-lib';
import { OidcProviderNative } from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';
import { mayDestroy } from '../../../shared/synth/settings';
import { AwsPlatform, type AwsPlatformProps } from '../../foundation/platform';
import { GithubDeployer } from './github-deployer';

/** The role with which GitHub Actions deploys, for one environment of one repository. No platform of data, but what deploys one. */
export class AwsGithub extends AwsPlatform {
  constructor(scope: Construct, id: string, props: AwsPlatformProps = {}) {
    super(scope, id, { description: 'The role with which GitHub Actions deploys.', ...props });
    // Nothing in it holds data, but a removal that is no word is refused here as everywhere.
    mayDestroy(this, this.removal);
    const ask = (name: string, description: string, allowedPattern: string, value?: string) =>
      new CfnParameter(this, name, { description, allowedPattern, default: value }).valueAsString;
    const repository = ask(
      'Repository',
      'The repository on GitHub, such as acme/data-platform, or acme@1234/data-platform@5678 since July 2026.',
      '^[A-Za-z0-9-]+(@[0-9]+)?/[A-Za-z0-9_.-]+(@[0-9]+)?$',
    );
    const environment = ask('Environment', 'The environment of the repository whose jobs deploy.', '^[A-Za-z0-9_.-]+$', 'prod');
    // An account has one provider for GitHub: the second stack in an account brings it.
    const isThere = this.node.tryGetContext('githubProvider') === 'existing';
    const arn = Arn.format(
      { service: 'iam', region: '', resource: 'oidc-provider', resourceName: 'token.actions.githubusercontent.com' },
      this,
    );
    const provider = isThere ? OidcProviderNative.fromOidcProviderArn(this, 'Provider', arn) : undefined;

    const deployer = new GithubDeployer(this, 'Deployer', { repository, environment, provider });
    this.output({ DeployRole: [deployer.role.roleArn, 'The variable AWS_DEPLOY_ROLE of the environment on GitHub.'] });
  }
}
