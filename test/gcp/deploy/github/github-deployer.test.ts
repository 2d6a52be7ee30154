import { readFileSync } from 'node:fs';
import { GoogleProvider } from '@cdktf/provider-google/lib/provider';
import { DEPLOYS, GIVES, GithubDeployer, type GithubDeployerProps } from '../../../../gcp/deploy/github/github-deployer';
import { fits } from '../../../../scripts/judges/privileges/compare';
import { terraformStacks } from '../../../../scripts/judges/terraform/stack';
import { factsOf } from '../../../../shared/read/facts/find';
import { type Asked, only } from '../../../../shared/read/stack';
import { TfStack } from '../../../../shared/read/tf';
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

test.each([
  ['names alone', 'repo:acme/data:environment:prod'],
  ['names and numbers, as repositories have since July 2026', 'repo:acme@42/data@123456:environment:prod'],
])('a job is known by its repository and its environment, with a subject of %s', (_, sub) => {
  const { one, all } = make();
  const mapping = one('google_iam_workload_identity_pool_provider').attribute_mapping['google.subject'];
  // The expression means the same in JavaScript.
  const subjectOf = new Function('assertion', `return ${mapping}`);
  const [deployer, planner] = all('google_service_account_iam_member').map(({ member }) => member.split('/subject/')[1]);
  expect(subjectOf({ sub, repository: 'acme/data', environment: 'prod' })).toBe(deployer);
  expect(subjectOf({ sub, repository: 'acme/data', environment: 'prod-plan' })).toBe(planner);
});

test('a second deployer of a site is refused, because its pool and its accounts would have the same names', () =>
  expect(() => synthesize((stack) => ['First', 'Second'].map((id) => new GithubDeployer(stack, id, KNOWN)))).toThrow(
    new Error(
      'test/Second: each deployer of a site must have its own name, got "github", which test/First has. Give the site of each environment a prefix of its own.',
    ),
  ));

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
    `api.getAttribute('iam.googleapis.com/modifiedGrantsByRole', []).hasOnly([${GIVES.map((role) => `'${role}'`).join(', ')}])`,
  );
  for (const role of GIVES) expect(role).not.toMatch(/^roles\/(owner|editor|viewer)$|admin$/i);
});

/** What blueprints make: those that a deploy from CI makes. The accounts of CI are made by an owner. */
const STACKS = terraformStacks().filter(({ name }) => name.startsWith('gcp-') && name !== 'gcp-github');
const resources = STACKS.flatMap(({ json }) => new TfStack(json).all);

test('the page says what a plan reads besides the state, for everything that a blueprint looks up', () => {
  const page = readFileSync('docs/deploy-from-ci.md', 'utf8');
  const reads: Readonly<Record<string, string>> = {
    'data.google_kms_crypto_key_version': 'cloudkms.cryptoKeyVersions.viewPublicKey',
    'data.google_logging_project_settings': 'logging.settings.get',
    'data.google_storage_project_service_account': 'resourcemanager.projects.get',
  };
  const looked = new Set(resources.map(({ type }) => type).filter((type) => type.startsWith('data.')));
  expect([...looked].sort()).toEqual(Object.keys(reads));
  for (const permission of Object.values(reads)) expect(page).toContain(permission);
});

/** What a construct gives on the project in no blueprint: `FirestoreStore` to a reader. */
const OF_NO_BLUEPRINT = ['roles/datastore.viewer'];

test('a deploy can give every role that a construct gives on the project, and no other', () => {
  const given = resources.filter(({ type }) => type === 'google_project_iam_member').map((grant) => String(only(grant, 'role')));
  expect([...GIVES]).toEqual([...new Set([...given, ...OF_NO_BLUEPRINT])].sort());
});

describe('a deploy has a role of each service that a blueprint uses', () => {
  /** Where permissions start with another word than the API. */
  const WORDS: Readonly<Record<string, string>> = {
    bigquerydatapolicy: 'bigquery',
    bigtableadmin: 'bigtable',
    cloudresourcemanager: 'resourcemanager',
    firestore: 'datastore',
  };
  /** What makes these is no API of a service that it needs. */
  const OF_NO_API: Readonly<Record<string, string>> = {
    google_kms_crypto_key_iam_member: 'cloudkms',
    google_project_service: 'serviceusage',
    google_project_service_identity: 'serviceusage',
  };
  const facts = factsOf('gcp');
  /** A resource is made with the first of its APIs; the others are those that it uses. */
  const startOf = ({ type }: Asked) => {
    const [api] = facts.type(type)?.apis ?? [];
    return OF_NO_API[type] ?? (api && (WORDS[api] ?? api));
  };
  const roles = Object.assign({}, ...[...facts.services.values()].map((service) => service.roles));
  const held = new Map(
    [...DEPLOYS, 'roles/resourcemanager.projectIamAdmin'].map((role) => [role, (roles[role]?.permissions ?? []) as string[]]),
  );
  const serviceOf = (role: string) => role.split(/[/.]/)[1]!;
  const may = (permission: string) => [...held.values()].flat().some((pattern) => fits(pattern, permission));
  const starts = [...new Set(resources.map(startOf).filter((start) => start !== undefined))].sort();

  test.each(starts)('%s', (start) => {
    const makers = [...held].filter(([role]) => serviceOf(role) === start);
    expect(makers.flatMap(([, permissions]) => permissions.filter((one) => one.startsWith(`${start}.`)))).not.toEqual([]);
  });

  test('and none of another service', () => {
    // A build is a part of a version of App Engine.
    const others = [...held.keys()].filter((role) => !starts.includes(serviceOf(role)));
    expect(others).toEqual(['roles/cloudbuild.builds.editor']);
  });

  test('and what comes with a resource: a rule for lines of a log, the public key of a key', () => {
    const lines = resources.filter((one) => one.get('conditions.condition_matched_log').length > 0);
    expect([lines.length > 0, may('logging.notificationRules.create')]).toEqual([true, true]);
    const keys = resources.filter(({ type }) => type === 'data.google_kms_crypto_key_version');
    expect([keys.length > 0, may('cloudkms.cryptoKeyVersions.viewPublicKey')]).toEqual([true, true]);
    expect(may('cloudkms.cryptoKeyVersions.useToSign')).toBe(false);
  });
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
  [
    { site: { ...site, prefix: 'gcp' } },
    'site.prefix must be another word than gcp, got "gcp". Google keeps ids of pools that start with gcp- for itself.',
  ],
  [{ stateBucket: 'gs://acme' }, 'stateBucket must be the name of a bucket, got "gs://acme".'],
])('%j is refused in one line', (props, message) => expect(() => make(props)).toThrow(`test/Deployer: ${message}`));
