import { GoogleProvider } from '@cdktf/provider-google/lib/provider';
import { DEPLOYS, GIVES, GithubDeployer, type GithubDeployerProps } from '../../../../gcp/deploy/github/github-deployer';
import { synthesize } from '../../../support/cdktf';
import { documentedDefaults } from '../../../support/defaults';
import { expectSnapshot } from '../../../support/snapshot';
import { site } from '../../stand-ins';

const KNOWN = { site, repository: 'acme/data', repositoryId: '123456', stateBucket: 'acme-state' };
const make = (props: Partial<GithubDeployerProps> = {}) =>
  synthesize((stack) => {
    new GoogleProvider(stack, 'Google', {});
    return new GithubDeployer(stack, 'Deployer', { ...KNOWN, ...props });
  });

test('two environments of one repository are let in, one to deploy and one to read the state', () => {
  expectSnapshot(
    'gcp/deploy/github/github-deployer.snapshot.yaml',
    'the condition names the repository by its name and its number, and no account has a key',
    make().json.resource,
  );
});

test('the repository is known by its number too, so that nobody who takes over its name is let in', () => {
  expect(make().one('google_iam_workload_identity_pool_provider').attribute_condition).toBe(
    'assertion.repository == "acme/data" && assertion.repository_id == "123456"',
  );
});

test('whoever plans may read the state, and nothing on the project', () => {
  const { all } = make();
  const ofPlanner = (type: string) => all(type).filter(({ member }) => member.includes('Planner'));
  expect(ofPlanner('google_project_iam_member')).toEqual([]);
  expect(ofPlanner('google_storage_bucket_iam_member').map(({ role }) => role)).toEqual(['roles/storage.objectViewer']);
});

test('whoever deploys gives roles on the project from a list, and none of them is that of an owner or an editor', () => {
  const grants = make().all('google_project_iam_member');
  expect(grants.map(({ role }) => role).sort()).toEqual([...DEPLOYS, 'roles/resourcemanager.projectIamAdmin'].sort());
  expect(grants.find(({ role }) => role.endsWith('projectIamAdmin')).condition.expression).toBe(
    "api.getAttribute('iam.googleapis.com/modifiedGrantsByRole', []).hasOnly(['roles/logging.logWriter', 'roles/storage.objectViewer'])",
  );
  for (const role of GIVES) expect(role).not.toMatch(/owner|editor|admin/i);
});

test('the longest subject is one that Google takes: 127 bytes', () => {
  const { all } = make({ repository: `${'o'.repeat(39)}/${'r'.repeat(37)}`, environment: 'e'.repeat(27) });
  const subjects = all('google_service_account_iam_member').map(({ member }) => member.split('/subject/')[1]);
  expect(subjects.map((subject) => subject.length)).toEqual([122, 127]);
});

test('the defaults are those that the documentation says', () => {
  const { environment } = documentedDefaults('gcp/deploy/github/github-deployer.ts', 'GithubDeployerProps');
  expect(make({ environment }).json).toEqual(make().json);
});

test.each([
  [{ repository: 'acme' }, 'repository must be the owner and the name of a repository, of 39 and 37 characters at most, got "acme".'],
  [{ repositoryId: 'acme/data' }, 'repositoryId must be the number of the repository, got "acme/data".'],
  [{ stateBucket: 'gs://acme' }, 'stateBucket must be the name of a bucket, got "gs://acme".'],
])('%j is refused in one line', (props, message) => expect(() => make(props)).toThrow(`test/Deployer: ${message}`));
