import { readFileSync } from 'node:fs';
import path from 'node:path';
import { App } from 'cdktf';
import { GcpCloudStorageBestPractices } from '../../../gcp/architectures/cloud-storage-best-practices';
import { holdPromises } from '../../../scripts/judges/promises';
import { factsOf } from '../../../shared/read/facts/find';
import { TfStack } from '../../../shared/read/tf';
import type { TerraformJson } from '../../support/cdktf';
import { temporaryFolder } from '../../support/folder';

const DAY = 24 * 3600;
const outdir = temporaryFolder();
const app = new App({ outdir });
new GcpCloudStorageBestPractices(app, 'practices');
app.synth();
const text = readFileSync(path.join(outdir, 'stacks/practices/cdk.tf.json'), 'utf8');
const json: TerraformJson = JSON.parse(text);
const all = (type: string): any[] => Object.values(json.resource![type]!);
const bucketNamed = (end: string) => all('google_storage_bucket').find(({ name }) => name.endsWith(end));
const store = bucketNamed('-events');
const facts = factsOf('gcp');

/** The rules that a stack breaks after a change, each with the stage of the resource. */
function broken(change: (resource: any) => void = () => {}) {
  const changed = JSON.parse(text);
  change(changed.resource);
  return holdPromises(new TfStack(changed), facts).findings.map(({ rule, where }) => `${rule}: ${where.split(' ')[0]}`);
}
const storeIn = (resource: any): any => Object.values<any>(resource.google_storage_bucket).find(({ name }) => name.endsWith('-events'));

/** What Google's page says, the change that breaks it, and the rule that finds it. */
const POINTS: readonly [says: string, rule: string, change: (resource: any) => void][] = [
  ['nobody outside can be let in', 'private: Store', (of) => Object.assign(storeIn(of), { public_access_prevention: 'inherited' })],
  [
    'access is set for the bucket, not for objects',
    'private: Store',
    (of) => Object.assign(storeIn(of), { uniform_bucket_level_access: false }),
  ],
  [
    'nobody is allUsers',
    'public-member: Processing',
    (of) => {
      for (const one of Object.values<any>(of.google_storage_bucket_iam_member)) one.member = 'allUsers';
    },
  ],
  [
    'nobody administers what they write',
    'narrow-role: Processing',
    (of) => {
      for (const one of Object.values<any>(of.google_storage_bucket_iam_member)) one.role = 'roles/storage.admin';
    },
  ],
  [
    'no service account has a key',
    'forbidden: google_service_account_key.Extra',
    (of) =>
      Object.assign(of, {
        google_service_account_key: { Extra: { '//': { metadata: { path: 'practices/google_service_account_key.Extra' } } } },
      }),
  ],
  [
    'what was deleted can be restored',
    'undelete: Store',
    (of) => Object.assign(storeIn(of).soft_delete_policy, { retention_duration_seconds: 0 }),
  ],
  ['what was written cannot be overwritten', 'undelete: Store', (of) => Object.assign(storeIn(of), { retention_policy: undefined })],
  ['uploads that were given up are deleted', 'housekeeping: Store', (of) => Object.assign(storeIn(of), { lifecycle_rule: [] })],
  ['a deleted stack deletes no object', 'retained: Store', (of) => Object.assign(storeIn(of), { lifecycle: undefined })],
  ['a removed bucket deletes no object', 'retained: Store', (of) => Object.assign(storeIn(of), { force_destroy: true })],
  [
    'writes are retried, with pauses that grow',
    'bounded-retries: Processing',
    (of) => {
      for (const one of Object.values<any>(of.google_pubsub_subscription)) delete one.retry_policy;
    },
  ],
  [
    'each function has an account of its own',
    'own-identity: Processing',
    (of) => {
      for (const one of Object.values<any>(of.google_cloudfunctions2_function)) delete one.service_config.service_account_email;
    },
  ],
  [
    'a new object is an event of the contract',
    'contract: Store',
    (of) => {
      for (const one of Object.values<any>(of.google_pubsub_topic)) delete one.message_transforms;
    },
  ],
  [
    'somebody is told when audit logs are not kept',
    'rings: ConnectAudit',
    (of) => {
      for (const id of Object.keys(of.google_monitoring_alert_policy))
        if (id.startsWith('ConnectAudit')) delete of.google_monitoring_alert_policy[id];
    },
  ],
];

test('follows every rule', () => expect(broken()).toEqual([]));

test.each(POINTS)('%s, and a check finds the opposite', (_, rule, change) => expect(broken(change)).toContain(rule));

test('the page names each of these rules, and no rule that does not exist', () => {
  const page = readFileSync(path.join(__dirname, '../../../docs/architectures/gcp-cloud-storage-best-practices.md'), 'utf8');
  const rows = page.split('\n').filter((line) => line.startsWith('| ') && line.split('|').length === 5);
  const named = rows.flatMap((row) => [...row.split('|')[3]!.matchAll(/`([a-z-]+)`/g)].map(([, rule]) => rule!));
  const rules = [...facts.services.values()].flatMap(({ types }) => Object.values(types)).flatMap(({ promises = [] }) => promises);
  const known = new Set([...rules.map(({ rule }) => rule), 'forbidden']);
  expect(named.filter((rule) => !known.has(rule))).toEqual([]);
  expect([...new Set(POINTS.map(([, rule]) => rule.split(':')[0]))].filter((rule) => !named.includes(rule!))).toEqual([]);
});

test('objects are where they are processed, in the class that their reads ask for', () => {
  const regions = all('google_cloudfunctions2_function').map(({ location }) => location);
  expect([store.location, ...regions]).toEqual(['${var.region}', '${var.region}', '${var.region}']);
  expect(store.autoclass).toEqual({ enabled: true, terminal_storage_class: 'ARCHIVE' });
});

test('an object is immutable for 30 days, restorable for 30 days after its deletion, and deleted after two years', () => {
  expect(store).toMatchObject({
    retention_policy: { retention_period: 30 * DAY, is_locked: false },
    soft_delete_policy: { retention_duration_seconds: 30 * DAY },
    encryption: { default_kms_key_name: '${var.encryption_key}' },
  });
  expect(store.lifecycle_rule).toContainEqual({ action: { type: 'Delete' }, condition: { age: 730 } });
});

test('Cloud Storage may use the key before the first object, and nobody else gets it', () => {
  expect(all('google_kms_crypto_key_iam_member').map(({ crypto_key_id, role }) => [crypto_key_id, role])).toEqual([
    ['${var.encryption_key}', 'roles/cloudkms.cryptoKeyEncrypterDecrypter'],
  ]);
});

test('who writes may add objects below the prefix, and can neither read, overwrite nor delete them', () => {
  const grants = all('google_storage_bucket_iam_member').filter(({ bucket }) => bucket.includes('events'));
  expect(grants.map(({ role, condition }) => [role, condition.title])).toEqual([['roles/storage.objectCreator', 'below-prefix']]);
});

test('what happens to buckets is kept for a year in another bucket', () => {
  const [sink] = all('google_logging_project_sink');
  expect(sink.filter).toBe('logName=~"/logs/cloudaudit[.]googleapis[.]com(%2F|$)" AND (resource.type="gcs_bucket"\n)');
  expect(sink.destination).toBe('storage.googleapis.com/${google_storage_bucket.audit.name}');
  expect(bucketNamed('-audit').retention_policy.retention_period).toBe(365 * DAY);
});
