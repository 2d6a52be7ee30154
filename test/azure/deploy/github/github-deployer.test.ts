import { GIVES, GithubDeployer, type GithubDeployerProps } from '../../../../azure/deploy/github/github-deployer';
import { AzureProvider } from '../../../../azure/foundation/provider';
import { terraformStacks } from '../../../../scripts/judges/terraform/stack';
import { synthesize } from '../../../support/cdktf';
import { documentedDefaults } from '../../../support/defaults';
import { expectSnapshot } from '../../../support/snapshot';
import { site } from '../../stand-ins';

const STATE = '/subscriptions/x/resourceGroups/x/providers/Microsoft.Storage/storageAccounts/acme/blobServices/default/containers/state';
const make = (props: Partial<GithubDeployerProps> = {}) =>
  synthesize((stack) => {
    new AzureProvider(stack, 'Azure');
    return new GithubDeployer(stack, 'Deployer', { site, repository: 'acme/data', stateContainerId: STATE, ...props });
  });

test('two environments of one repository are let in, one to deploy and one to plan', () => {
  expectSnapshot(
    'azure/deploy/github/github-deployer.snapshot.yaml',
    'each identity trusts one subject, letter by letter, and the condition bounds which roles a deploy gives',
    make().json.resource,
  );
});

test('a repository with numbers in its tokens is trusted by them', () =>
  expect(
    make({ repository: 'acme@42/data@123456' })
      .all('azurerm_federated_identity_credential')
      .map(({ subject }) => subject),
  ).toEqual(['repo:acme@42/data@123456:environment:prod', 'repo:acme@42/data@123456:environment:prod-plan']));

test('whoever plans reads: the state, and what stands in the subscription without its data', () => {
  const grants = make().all('azurerm_role_assignment');
  const ofPlanner = grants.filter(({ principal_id }) => principal_id.includes('Planner'));
  expect(ofPlanner.map(({ role_definition_name }) => role_definition_name)).toEqual(['Reader', 'Storage Blob Data Reader']);
});

/** What gives roles that could give more: it is deployed by an Owner. */
const BY_AN_OWNER = ['azure-github', 'azure-machine-learning'];

test('a deploy can give every role that a blueprint gives, and no other', () => {
  const given = terraformStacks()
    .filter(({ name }) => name.startsWith('azure-') && !BY_AN_OWNER.includes(name))
    .flatMap(({ json }) => Object.values<any>(json.resource?.azurerm_role_assignment ?? {}).map((grant) => grant.role_definition_name));
  expect(Object.keys(GIVES).sort()).toEqual([...new Set(given)].sort());
  const bound = make()
    .all('azurerm_role_assignment')
    .find(({ role_definition_name }) => role_definition_name === 'Role Based Access Control Administrator');
  expect(bound.condition.match(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g)).toEqual([...Object.values(GIVES), ...Object.values(GIVES)]);
  expect(bound.condition_version).toBe('2.0');
});

test('the defaults are those that the documentation says', () => {
  const { environment } = documentedDefaults('azure/deploy/github/github-deployer.ts', 'GithubDeployerProps');
  expect(make({ environment }).json).toEqual(make().json);
});

test.each([
  [{ repository: 'acme' }, 'repository must be the owner and the name of a repository, got "acme".'],
  [{ stateContainerId: 'state' }, 'stateContainerId must be the id of a container in a storage account, got "state".'],
  [
    { environment: 'prod:x' },
    'environment must be the name of an environment of the repository: letters, digits, dots, hyphens and underscores, got "prod:x".',
  ],
])('%j is refused in one line', (props, message) => expect(() => make(props)).toThrow(`test/Deployer: ${message}`));
