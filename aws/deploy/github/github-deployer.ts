import { Aws, Duration, Stack } from 'aws-cdk-lib';
import { FederatedPrincipal, type IOIDCProviderRef, OidcProviderNative, PolicyStatement, Role } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import { requireResource, requireText, requireTexts, type TextRule } from '../../../shared/synth/settings';
import { answerCommonFindings } from '../../foundation/answers';

const ISSUER = 'token.actions.githubusercontent.com';
const AUDIENCE = 'sts.amazonaws.com';

/** What the CDK command line takes on, of what `cdk bootstrap` made: to deploy, and to upload templates and code. */
const TAKEN_ON = ['deploy-role', 'file-publishing-role'];

export const REPOSITORY: TextRule = {
  pattern: /^[A-Za-z0-9-]{1,39}(@[0-9]{1,15})?[/][A-Za-z0-9_.-]{1,100}(@[0-9]{1,15})?$/,
  must: 'be the owner and the name of a repository',
  remedy: 'Write it like acme/data-platform.',
};
const ENVIRONMENT: TextRule = {
  pattern: /^[\w.-]{1,255}$/,
  must: 'be the name of an environment of the repository: letters, digits, dots, hyphens and underscores',
  remedy: 'See Settings, Environments, in the repository.',
};
const QUALIFIER: TextRule = {
  pattern: /^[A-Za-z0-9_-]{1,10}$/,
  must: 'be the qualifier of a bootstrap: 1 to 10 letters, digits, hyphens and underscores',
  remedy: 'See cdk bootstrap --qualifier.',
};
const REGION: TextRule = { pattern: /^[a-z]{2}(-[a-z]+)+-\d$/, must: 'be names of regions', remedy: 'Write them like eu-west-1.' };

/** Settings for {@link GithubDeployer}. */
export interface GithubDeployerProps {
  /**
   * The repository on github.com, as its tokens name it. Nobody else gets the role. It is `acme/data-platform`, or for a repository that was created,
   * renamed or transferred since July 2026, `acme@1234/data-platform@5678` with the numbers of the owner and the repository.
   * @see https://docs.github.com/actions/reference/security/oidc
   */
  readonly repository: string;
  /**
   * The environment of the repository whose jobs get the role. Who may approve its jobs, and from which branches they come, is set there.
   * @default prod
   */
  readonly environment?: string;
  /**
   * What tells this account to trust tokens of GitHub. An account has one for all of its roles.
   * @default - it is made, which fails where the account has one already
   */
  readonly provider?: IOIDCProviderRef;
  /**
   * What `cdk bootstrap --qualifier` was given.
   * @default hnb659fds
   */
  readonly qualifier?: string;
  /**
   * The regions that are deployed to.
   * @default - the region of the stack
   */
  readonly regions?: readonly string[];
}

/**
 * A role for jobs of GitHub Actions that deploy with the CDK, without a stored secret: GitHub signs who a job is, and this account
 * trusts that for one environment of one repository.
 *
 * By itself the role may do nothing but take on two roles that `cdk bootstrap` made. What a deploy may do in the end, the bootstrap says:
 * an administrator, unless it was given `--cloudformation-execution-policies`.
 * @see https://docs.github.com/actions/reference/security/oidc
 */
export class GithubDeployer extends Construct {
  readonly role: Role;

  constructor(scope: Construct, id: string, props: GithubDeployerProps) {
    super(scope, id);
    const { repository, environment = 'prod', provider, qualifier = 'hnb659fds', regions } = props;
    requireText(this, { repository }, REPOSITORY);
    requireText(this, { environment }, ENVIRONMENT);
    requireText(this, { qualifier }, QUALIFIER);
    requireTexts(this, { regions }, REGION);
    requireResource(this, { provider });

    // IAM checks the certificate of GitHub by itself: a thumbprint is not needed.
    const trusted = provider ?? new OidcProviderNative(this, 'Provider', { url: `https://${ISSUER}`, clientIds: [AUDIENCE] });
    this.role = new Role(this, 'Role', {
      description: `Deploys for jobs of the environment ${environment} of ${repository}.`,
      maxSessionDuration: Duration.hours(1),
      assumedBy: new FederatedPrincipal(
        trusted.oidcProviderRef.oidcProviderArn,
        {
          StringEquals: {
            [`${ISSUER}:aud`]: AUDIENCE,
            [`${ISSUER}:sub`]: `repo:${repository}:environment:${environment}`,
          },
        },
        'sts:AssumeRoleWithWebIdentity',
      ),
    });
    const bootstrapped = (regions ?? [Stack.of(this).region]).flatMap((region) =>
      TAKEN_ON.map((name) => `arn:${Aws.PARTITION}:iam::${Aws.ACCOUNT_ID}:role/cdk-${qualifier}-${name}-${Aws.ACCOUNT_ID}-${region}`),
    );
    this.role.addToPolicy(new PolicyStatement({ actions: ['sts:AssumeRole'], resources: bootstrapped }));
    answerCommonFindings(this);
  }
}
