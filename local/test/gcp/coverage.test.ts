import { readGcp } from '../../gcp/blueprint';
import { memoryMiB, milliseconds } from '../../gcp/foundation/quantities';
import { temporaryFolder } from '../folder';
import { mutated, synthesized } from '../support';
import { first, having, idle } from './edits';

const trigger = (resource: any) => having(resource.google_pubsub_subscription, 'push_config');

/** What is refused of a template, and that nothing of it is started. */
async function refusals(folder: string): Promise<string[]> {
  const { coverage, start } = await readGcp(folder);
  const refused = coverage.filter(({ treatment }) => treatment === 'refused');
  await expect(start(idle(temporaryFolder()))).rejects.toMatchObject({ name: 'RefusedError' });
  return refused.map(({ type, property, why }) => `${type} ${property}: ${why}`);
}

async function startedFrom(folder: string) {
  const platform = await (await readGcp(folder)).start(idle(temporaryFolder()));
  await platform.stop();
}

test('of what is synthesized nothing is refused, and everything is named', async () => {
  const { coverage, overrides } = await readGcp(synthesized('gcp'));
  expect(coverage.filter(({ treatment }) => treatment === 'refused')).toEqual([]);
  const emulated = coverage.filter(({ treatment, property }) => treatment === 'emulated' && property === '').map(({ type }) => type);
  expect([...new Set(emulated)].sort()).toEqual([
    'google_bigquery_dataset',
    'google_bigquery_table',
    'google_cloud_run_v2_service_iam_member',
    'google_cloudfunctions2_function',
    'google_pubsub_subscription',
    'google_pubsub_topic',
    'google_service_account',
    'google_storage_bucket',
    'google_storage_bucket_object',
    'terraform',
    'variable',
  ]);
  expect(overrides.join('\n')).toContain('BIGQUERY_STORAGE_ENDPOINT');
});

const NOBODY = 'it is not classified. Add it to `local` in facts.ts of its service.';

test.each<[string, (template: any) => void, string]>([
  [
    'a property that nobody knows',
    ({ resource }) => {
      first(resource.google_pubsub_topic).ingestion_data_source_settings = { cloud_storage: { bucket: 'x' } };
    },
    `google_pubsub_topic ingestion_data_source_settings: ${NOBODY}`,
  ],
  [
    'one further down',
    ({ resource }) => {
      first(resource.google_cloudfunctions2_function).service_config.binary_authorization_policy = 'x';
    },
    `google_cloudfunctions2_function service_config.binary_authorization_policy: ${NOBODY}`,
  ],
  [
    'a section that nobody knows',
    (template) => {
      template.module = { other: { source: 'x' } };
    },
    `module : ${NOBODY}`,
  ],
  [
    'a provisioner, even where the resource has no effect',
    ({ resource }) => {
      first(resource.time_sleep).provisioner = [{ 'local-exec': { command: 'x' } }];
    },
    `time_sleep provisioner: ${NOBODY}`,
  ],
  [
    'one resource that stands for several',
    ({ resource }) => {
      first(resource.google_pubsub_topic).for_each = '${toset(["a"])}';
    },
    `google_pubsub_topic for_each: ${NOBODY}`,
  ],
  [
    'messages that are delivered exactly once',
    ({ resource }) => {
      trigger(resource).enable_exactly_once_delivery = true;
    },
    `google_pubsub_subscription enable_exactly_once_delivery: ${NOBODY}`,
  ],
  [
    'four attempts, which Pub/Sub does not take',
    ({ resource }) => {
      trigger(resource).dead_letter_policy.max_delivery_attempts = 4;
    },
    'google_pubsub_subscription dead_letter_policy.max_delivery_attempts: it must be 5 to 100 here, got 4.',
  ],
  [
    'a time that is none',
    ({ resource }) => {
      trigger(resource).retry_policy.minimum_backoff = '10';
    },
    'google_pubsub_subscription retry_policy.minimum_backoff: it must look like 10s, got "10".',
  ],
  [
    'another runtime',
    ({ resource }) => {
      first(resource.google_cloudfunctions2_function).build_config.runtime = 'python312';
    },
    'google_cloudfunctions2_function build_config.runtime: only Node.js is emulated here, got "python312".',
  ],
  [
    'a column of another type',
    ({ resource }) => {
      const table = having(resource.google_bigquery_table, 'schema');
      table.schema = table.schema.replace('"type":"JSON"', '"type":"GEOGRAPHY"');
    },
    'google_bigquery_table schema: column data: only STRING, JSON, NUMERIC, INTEGER, FLOAT, BOOLEAN, TIMESTAMP, DATE, RECORD are emulated here, got GEOGRAPHY.',
  ],
  [
    'legacy SQL',
    ({ resource }) => {
      having(resource.google_bigquery_table, 'view').view.use_legacy_sql = true;
    },
    'google_bigquery_table view.use_legacy_sql: it must be false here, got true.',
  ],
])('%s is refused', async (_, edit, why) => {
  expect(await refusals(mutated('gcp', edit))).toEqual([why]);
});

test.each<[string, (template: any) => void, string]>([
  [
    'a reference to what is not there',
    ({ resource }) => {
      trigger(resource).topic = '${google_pubsub_topic.gone.id}';
    },
    'google_pubsub_subscription.events_to_func.topic: there is no google_pubsub_topic.gone.id in the template',
  ],
  [
    'an attribute that nobody here computes',
    ({ resource }) => {
      first(resource.google_cloudfunctions2_function).service_config.environment_variables.X =
        '${google_storage_bucket.Processing_Source_Bucket_90C2A2A3.url}';
    },
    'the local run does not know the value of google_storage_bucket.Processing_Source_Bucket_90C2A2A3.url',
  ],
  [
    'a push to somebody else',
    ({ resource }) => {
      trigger(resource).push_config.push_endpoint = 'https://example.com';
    },
    'push_config.push_endpoint: it must be the address of the function, got "https://example.com"',
  ],
  [
    'no subscription that pushes',
    ({ resource }) => {
      trigger(resource).push_config = undefined;
    },
    'google_pubsub_subscription: none has push_config or bigquery_config or cloud_storage_config.',
  ],
  [
    'two tables',
    ({ resource }) => {
      resource.google_bigquery_table.other = { ...having(resource.google_bigquery_table, 'schema'), table_id: 'other' };
    },
    'google_bigquery_table with a schema: exactly one is emulated, and the template has 2',
  ],
  [
    'code that is not in the template',
    ({ resource }) => {
      first(resource.google_cloudfunctions2_function).build_config.source.storage_source.object = 'other.zip';
    },
    'google_storage_bucket_object other.zip in local-project-local-func-source: exactly one is emulated, and the template has 0',
  ],
])('a template with %s is not started', async (_, edit, why) => {
  await expect(startedFrom(mutated('gcp', edit))).rejects.toThrow(why);
});

test('amounts and times are read as Google writes them', () => {
  expect(['2048Mi', '1Gi', '512M', '256'].map(memoryMiB)).toEqual([2048, 1024, 488, undefined]);
  expect(['10s', '0.5s', '10', 10].map(milliseconds)).toEqual([10_000, 500, undefined, undefined]);
});
