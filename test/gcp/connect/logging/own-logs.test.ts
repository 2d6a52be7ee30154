import { readFileSync } from 'node:fs';
import path from 'node:path';
import { App } from 'cdktf';
import { ownLogs } from '../../../../gcp/connect/logging/own-logs';
import { factsOf } from '../../../../shared/read/facts/find';
import { type TfAsked, TfStack } from '../../../../shared/read/tf';
import { build, findBlueprints } from '../../../../shared/synth/blueprints';
import { temporaryFolder } from '../../../support/folder';
import { site } from '../../stand-ins';

/** A log entry, as far as the exclusions look at it: the value of each field by its path. */
type Entry = Readonly<Record<string, string>>;

/** Whether an entry is excluded. The filters are comparisons with =~ that are joined by OR, and a field that is missing fits nothing. */
function isExcluded(entry: Entry): boolean {
  return ownLogs(site).some(({ filter }) =>
    filter.split(' OR ').some((part) => {
      const [, field, pattern] = /^(\S+)=~"(.+)"$/.exec(part)!;
      return new RegExp(pattern!).test(entry[field!] ?? '\n');
    }),
  );
}

/** Everything that the blueprints create, each once. */
const created: TfAsked[] = findBlueprints(['gcp']).flatMap((blueprint) => {
  const outdir = temporaryFolder();
  const app = new App({ outdir, skipValidation: true });
  const { node } = build(app, blueprint, { projectId: site.project, prefix: site.prefix } as object);
  app.synth();
  const text = readFileSync(path.join(outdir, 'stacks', node.id, 'cdk.tf.json'), 'utf8');
  return new TfStack(JSON.parse(text.replaceAll('${var.prefix}', site.prefix).replaceAll('${var.project_id}', site.project))).all;
});
const namesOf = (type: string, setting: string) =>
  [...new Set(created.filter((one) => one.type === type).flatMap((one) => one.get(setting)))].map(String);

/** The label of the log entries of a type with its name, for each type that runs code or that events pass. */
const LABELS: Readonly<Record<string, readonly [setting: string, label: string]>> = {
  google_cloud_run_v2_service: ['name', 'service_name'],
  google_cloudfunctions2_function: ['name', 'service_name'],
  google_cloud_run_v2_job: ['name', 'job_name'],
  google_cloud_run_v2_worker_pool: ['name', 'worker_pool_name'],
  google_app_engine_standard_app_version: ['service', 'module_id'],
  google_cloud_scheduler_job: ['name', 'job_id'],
  google_pubsub_topic: ['name', 'topic_id'],
  google_pubsub_subscription: ['name', 'subscription_id'],
  google_bigquery_dataset: ['dataset_id', 'dataset_id'],
  google_storage_bucket: ['name', 'bucket_name'],
  google_firestore_database: ['name', 'database_id'],
  google_spanner_instance: ['name', 'instance_id'],
  google_bigtable_instance: ['name', 'instance'],
  google_workflows_workflow: ['name', 'workflow_id'],
  google_dataflow_flex_template_job: ['name', 'job_name'],
  google_dataflow_job: ['name', 'job_name'],
  google_composer_environment: ['name', 'environment_name'],
  google_logging_project_sink: ['name', 'name'],
};
/** What runs as an account of the platform and logs only that: its runs are told by the account. Or it is a part of something above. */
const BY_ACCOUNT = [
  'google_bigquery_data_transfer_config',
  'google_bigquery_table',
  'google_bigtable_table',
  'google_looker_instance',
  'google_spanner_database',
  'google_storage_notification',
  'google_workbench_instance',
];

test('every type that runs code, moves or holds data is known by its label, or by its account', () => {
  const facts = factsOf('gcp');
  const stack = new TfStack({});
  const roles = ['runs code', 'moves data', 'holds data'];
  const fixed = created.filter((one) => typeof facts.type(one)?.role === 'string' && roles.includes(facts.role(one, stack)));
  const unknown = fixed.filter(({ type }) => !LABELS[type] && !BY_ACCOUNT.includes(type)).map(({ type }) => type);
  expect([...new Set(unknown)]).toEqual([]);
});

test.each(Object.entries(LABELS))('a log of every %s that a blueprint creates is excluded', (type, [setting, label]) => {
  const names = namesOf(type, setting);
  expect(names.length).toBeGreaterThan(0);
  expect(names.filter((name) => !isExcluded({ [`resource.labels.${label}`]: name }))).toEqual([]);
});

test('what every service account of a blueprint does is excluded, and what Cloud Logging and Pub/Sub do', () => {
  const emails = namesOf('google_service_account', 'account_id').map((name) => `${name}@acme-data.iam.gserviceaccount.com`);
  expect(emails.length).toBeGreaterThan(10);
  const agents = ['logging', 'pubsub'].map((service) => `service-123456789012@gcp-sa-${service}.iam.gserviceaccount.com`);
  const email = 'protoPayload.authenticationInfo.principalEmail';
  expect([...emails, ...agents].filter((one) => !isExcluded({ [email]: one }))).toEqual([]);
});

test.each<Entry>([
  { 'resource.labels.service_name': 'shop' },
  { 'resource.labels.service_name': 'acme' },
  { 'resource.labels.service_name': 'acmex-func' },
  { 'resource.labels.service_name': 'shop-acme-func' },
  { 'resource.labels.bucket_name': 'acme-data-other-events' },
  { 'protoPayload.authenticationInfo.principalEmail': 'me@example.com' },
  { 'protoPayload.authenticationInfo.principalEmail': 'acme-func@other-project.iam.gserviceaccount.com' },
  { 'protoPayload.authenticationInfo.principalEmail': 'acme-func@acme-dataXiam.gserviceaccount.com' },
  { 'protoPayload.authenticationInfo.principalEmail': 'service-1@gcp-sa-logging.iam.gserviceaccount.com.example.com' },
])('the log of somebody else is taken: %j', (entry) => expect(isExcluded(entry)).toBe(false));

test('the logs of a virtual machine are told by its name', () => {
  expect(isExcluded({ 'labels."compute.googleapis.com/resource_name"': 'acme-reader-1' })).toBe(true);
});

test('Cloud Logging takes 50 exclusions of 20000 characters', () => {
  const longest = { ...site, project: 'p'.repeat(30), prefix: 'a'.repeat(11) };
  for (const { filter } of ownLogs(longest)) expect(filter.length).toBeLessThan(20_000);
});
