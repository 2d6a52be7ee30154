import { App, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { OidcProviderNative } from 'aws-cdk-lib/aws-iam';
import { GithubDeployer, type GithubDeployerProps } from '../../../../aws/deploy/github/github-deployer';
import { synthesizeAws } from '../../../../bin/aws';
import { synthesize } from '../../../support/cdk';
import { documentedDefaults } from '../../../support/defaults';
import { temporaryFolder } from '../../../support/folder';
import { expectSnapshot } from '../../../support/snapshot';

const make = (props: Partial<GithubDeployerProps> = {}) =>
  synthesize((stack) => new GithubDeployer(stack, 'Deployer', { repository: 'acme/data', ...props }));

/** What the one role of a template trusts, and what it may do. */
function roleIn({ one }: ReturnType<typeof make>) {
  return {
    trust: one('AWS::IAM::Role').Properties.AssumeRolePolicyDocument.Statement,
    may: one('AWS::IAM::Policy').Properties.PolicyDocument.Statement,
  };
}

test('one environment of one repository gets the role, and the role may take on two roles of the bootstrap alone', () => {
  expectSnapshot(
    'aws/deploy/github/github-deployer.snapshot.yaml',
    'sub names the repository and the environment, with no pattern in it',
    make().resources,
  );
});

test('a repository with numbers in its tokens is trusted by them', () =>
  expect(JSON.stringify(roleIn(make({ repository: 'acme@42/data@123456' })).trust)).toContain(
    '"repo:acme@42/data@123456:environment:prod"',
  ));

test('an account that trusts GitHub already brings its provider', () => {
  const stack = new Stack(new App({ outdir: temporaryFolder() }), 'Test');
  const provider = OidcProviderNative.fromOidcProviderArn(
    stack,
    'Known',
    'arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com',
  );
  new GithubDeployer(stack, 'Deployer', { repository: 'acme/data', provider });
  Template.fromStack(stack).resourceCountIs('AWS::IAM::OIDCProvider', 0);
});

test('other regions and another bootstrap are named one by one', () => {
  const arns = JSON.stringify(roleIn(make({ regions: ['eu-west-1', 'eu-north-1'], qualifier: 'acme' })).may);
  expect(arns.match(/cdk-acme-(deploy|file-publishing)-role-/g)).toHaveLength(4);
  expect(arns).toContain('-eu-north-1"');
  expect(arns).not.toContain('*');
});

test('the defaults are those that the documentation says', () => {
  const { environment, qualifier } = documentedDefaults('aws/deploy/github/github-deployer.ts', 'GithubDeployerProps');
  expect(roleIn(make({ environment, qualifier } as never))).toEqual(roleIn(make()));
});

test('a wrong repository is refused in one line', () => {
  expect(() => make({ repository: 'acme' })).toThrow(
    'Test/Deployer: repository must be the owner and the name of a repository, got "acme". Write it like acme/data-platform.',
  );
});

test('the blueprint asks for the repository at deploy, and makes no second provider where the account has one', () => {
  const template = synthesizeAws({ BLUEPRINT: 'github' }, temporaryFolder()).stacks[0]!.template;
  expect(template.Parameters.Repository.Default).toBeUndefined();
  expect(template.Parameters.Environment.Default).toBe('prod');
});
