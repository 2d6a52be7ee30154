import { promised } from '../../../shared/read/facts/promise';
import type { Needed, ServiceFacts } from '../../../shared/read/facts/types';
import { remove, replace, set, type Which } from '../../../shared/read/facts/weaken';
import { type Asked, only, type Stack } from '../../../shared/read/stack';

const PROVIDER = 'google_iam_workload_identity_pool_provider';
const TRUST = 'google_service_account_iam_member';

/** What a deploy does with what the constructs here make, on the project. */
const WORK: Readonly<Record<string, string>> = {
  'appengine.*': 'it deploys versions of services of App Engine',
  'artifactregistry.*': 'it makes repositories of images',
  'bigquery.*': 'it makes datasets, tables, views, scheduled queries and what masks columns',
  'bigtable.*': 'it makes instances and tables',
  'binaryauthorization.*': 'it makes an attestor, and the policy of the project',
  'cloudbuild.builds.*': 'it builds versions of App Engine',
  'cloudfunctions.*': 'it makes functions',
  'cloudkms.cryptoKeyVersions.get': 'it reads the version of a key that signs',
  'cloudkms.cryptoKeyVersions.viewPublicKey': 'it reads the public key of a key that signs',
  'cloudkms.cryptoKeys.*': 'it makes keys that sign, and lets services encrypt with keys of yours',
  'cloudkms.keyRings.*': 'it makes the key rings of keys',
  'cloudscheduler.*': 'it makes schedules',
  'composer.*': 'it makes environments of Airflow',
  'containeranalysis.*': 'it makes the note of an attestor',
  'dataflow.jobs.*': 'it starts, updates and drains streaming jobs',
  'dataflow.messages.*': 'it reads why a job did not start',
  'dataflow.metrics.*': 'it reads how far a job has drained',
  'dataflow.snapshots.*': 'it updates streaming jobs',
  'datacatalog.categories.getIamPolicy': 'it reads who may see protected columns',
  'datacatalog.categories.setIamPolicy': 'it lets somebody see protected columns',
  'datacatalog.taxonomies.*': 'it makes policy tags',
  'datastore.*': 'it makes databases of Firestore, with their indexes and backups',
  'iam.serviceAccounts.actAs': 'it makes functions and subscriptions that act as an account',
  'logging.notificationRules.*': 'it makes alert policies on lines of a log',
  'logging.sinks.*': 'it makes sinks of logs',
  'looker.*': 'it makes instances of Looker',
  'monitoring.*': 'it makes alert policies',
  'notebooks.*': 'it makes machines with notebooks, and lets their owners start them',
  'parametermanager.*': 'it makes the configuration of the autoscaler of a worker pool',
  'pubsub.*': 'it makes topics and subscriptions',
  'run.*': 'it makes services, jobs and worker pools, and lets somebody call the service under a function',
  'secretmanager.*': 'it lets jobs read secrets',
  'serviceusage.*': 'it switches APIs on',
  'spanner.*': 'it makes instances, databases and their roles',
  'storage.*': 'it makes buckets, and puts code into one',
  'workflows.*': 'it makes workflows',
};
/** Whatever gives a role on a bucket. */
const onBuckets: Which = (_, draft) =>
  [...draft.resources].filter(([, { body }]) => body.bucket !== undefined && body.member !== undefined).map(([id]) => id);

const ACCOUNTS = ['create', 'delete', 'disable', 'enable', 'get', 'getIamPolicy', 'list', 'setIamPolicy', 'undelete', 'update'].map(
  (verb) => `iam.serviceAccounts.${verb}`,
);
const POLICY = ['get', 'getIamPolicy', 'setIamPolicy'].map((verb) => `resourcemanager.projects.${verb}`);
const TOKENS = ['getAccessToken', 'getOpenIdToken'].map((verb) => `iam.serviceAccounts.${verb}`);
const READS = ['storage.objects.get', 'storage.objects.list'];
const WRITES = [...READS, 'storage.objects.create', 'storage.objects.delete', 'storage.objects.update'];

export const facts: ServiceFacts = {
  name: 'GitHub Actions',
  local: { not: 'nothing in it moves an event' },
  unproven: ['That Google makes a subject from two claims of a token, and refuses a job without an environment.'],
  types: {
    google_iam_workload_identity_pool: {
      name: 'pool of identities',
      role: 'helps',
      apis: ['iam'],
      replacedBy: ['workload_identity_pool_id', 'project'],
      named: ['workload_identity_pool_id', /^(?!gcp-)[a-z0-9-]{4,32}$/],
      computed: { name: 'projects/123456789012/locations/global/workloadIdentityPools/acme-github' },
      local: 'no effect here',
    },
    [PROVIDER]: {
      name: 'trust in GitHub',
      role: 'grants',
      apis: ['iam', 'iamcredentials', 'sts'],
      replacedBy: ['workload_identity_pool_id', 'workload_identity_pool_provider_id', 'project'],
      named: ['workload_identity_pool_provider_id', /^(?!gcp-)[a-z0-9-]{4,32}$/],
      promises: [
        promised(
          'trusts-one',
          'let in one repository alone, by its name and its number, and each account one environment of it',
          (provider, stack) =>
            /^assertion\.repository == "[^"*]+" && assertion\.repository_id == "[^"*]+"$/.test(
              String(only(provider, 'attribute_condition')),
            ) && trustsIn(stack).every((trust) => /\/subject\/repo:[^*]+:environment:[^*]+$/.test(String(only(trust, 'member')))),
          {
            'every repository of everybody is let in': replace(/"attribute_condition":"[^"]*(\\"[^"]*)*",/, ''),
            'whoever takes over the name of the repository is let in': replace(/ && assertion\.repository_id == \\"[^"]*\\"/, ''),
            'every job of the repository may deploy': replace(/\/subject\/[^"]*"/, '/*"', (_, draft) => [
              draft.id(TRUST, 'Deployer_Github'),
            ]),
          },
        ),
        promised(
          'trusts-one',
          'know a job by its repository and its environment, whatever form the subject of its token has',
          (provider) => mappingOf(provider).includes('assertion.repository +') && mappingOf(provider).includes('assertion.environment'),
          { 'a repository says itself which environment a job is of': set('attribute_mapping', { 'google.subject': 'assertion.sub' }) },
        ),
        promised(
          'state-in-reach',
          'let in nobody who has no role on the bucket of the state, which may lie in another project',
          (_, stack) => trustsIn(stack).every((trust) => trust.refers('service_account_id').every((account) => stateOf(account, stack))),
          { 'nobody reaches the state': remove(onBuckets) },
        ),
      ],
      needs: (provider, stack) =>
        provider
          .refers('workload_identity_pool_id')
          .flatMap((pool) => stack.of('google_service_account').flatMap((account) => needsOf(account, pool, stack))),
      local: 'no effect here',
    },
  },
  // https://cloud.google.com/iam/docs/roles-permissions
  roles: {
    'roles/bigquery.admin': { permissions: ['bigquery.*'] },
    'roles/cloudfunctions.admin': { permissions: ['cloudfunctions.*'] },
    'roles/iam.serviceAccountAdmin': { permissions: ACCOUNTS },
    'roles/iam.serviceAccountUser': {
      permissions: ['iam.serviceAccounts.actAs', 'iam.serviceAccounts.get', 'iam.serviceAccounts.list'],
      surplus: 'The role to act as an account also shows it: Google has no role without that. It is granted on that account only.',
    },
    // The last is none of Google's, and stands for what the role is made for: Google asks for another role where an agent of its own acts as an account.
    'roles/iam.workloadIdentityUser': {
      permissions: [...TOKENS, 'iam.serviceAccounts.get', 'iam.serviceAccounts.list', 'iam.federation'],
      surplus: 'Google has no narrower role with which an identity of a pool acts as an account.',
    },
    'roles/monitoring.editor': { permissions: ['monitoring.*'] },
    'roles/resourcemanager.projectIamAdmin': { permissions: POLICY },
    'roles/serviceusage.serviceUsageAdmin': { permissions: ['serviceusage.*'] },
    'roles/storage.objectUser': {
      permissions: [...WRITES, 'storage.folders.*', 'storage.managedFolders.*', 'storage.multipartUploads.*', 'storage.objects.restore'],
      surplus: 'Folders and uploads in parts come with the right to write objects: Google has no role without them that may overwrite.',
    },
  },
};

function mappingOf(provider: Asked): string {
  return JSON.stringify(provider.body.attribute_mapping);
}

function trustsIn(stack: Stack): readonly Asked[] {
  return stack.of(TRUST).filter((trust) => only(trust, 'role') === 'roles/iam.workloadIdentityUser');
}

/** Whoever may write the state deploys. Whoever may read it alone plans, and does no more. */
function needsOf(account: Asked, pool: Asked, stack: Stack): Needed[] {
  const state = stack.all.find(({ body }) => body.bucket !== undefined && body.member !== undefined);
  const isPlanner = account.name.endsWith('planner');
  const on = String(state && only(state, 'bucket'));
  const need = (may: string, where: string, because: string): Needed => ({ who: account.id, may, on: where, because });
  return [
    ...TOKENS.map((may) => ({ who: pool.id, may, on: account.id, because: 'a job acts as it' })),
    ...(isPlanner ? READS : WRITES).map((may) =>
      need(may, on, isPlanner ? 'a plan reads the state' : 'an apply writes the state, and locks it'),
    ),
    ...(isPlanner ? [] : Object.entries(WORK).map(([may, because]) => need(may, 'project', because))),
    ...(isPlanner ? [] : ACCOUNTS.map((may) => need(may, 'project', 'it makes service accounts, and says who may act as them'))),
    ...(isPlanner
      ? []
      : POLICY.map((may) => ({ ...need(may, 'project', 'it gives roles from a list'), only: conditionOf(account, stack) }))),
  ];
}

/** What gives it a role on the bucket of the state. */
function stateOf(account: Asked, stack: Stack): Asked | undefined {
  return stack.all.find((grant) => grant.body.bucket !== undefined && grant.refers('member').some(({ id }) => id === account.id));
}

/** What it may give is bounded: without this condition it could make itself an owner. */
function conditionOf(account: Asked, stack: Stack): string {
  const grant = stack
    .of('google_project_iam_member')
    .find(
      (one) => only(one, 'role') === 'roles/resourcemanager.projectIamAdmin' && one.refers('member').some(({ id }) => id === account.id),
    );
  const expression = String(grant && only(grant, 'condition.expression'));
  return /^api\.getAttribute\('iam\.googleapis\.com\/modifiedGrantsByRole', \[\]\)\.hasOnly\(\[('roles\/(?!owner|editor)[\w.]+'(, )?)+\]\)$/.test(
    expression,
  )
    ? expression
    : 'only roles of a list';
}
