import { TerraformVariable } from 'cdktf';
import { PubSubBuffer } from '../../../../gcp/connect/pub-sub/pub-sub-buffer';
import { DataflowJob, type DataflowJobProps } from '../../../../gcp/processing/dataflow/dataflow-job';
import { BigQueryStore } from '../../../../gcp/store/bigquery/bigquery-store';
import { type Column, DEFAULT_COLUMNS } from '../../../../gcp/store/bigquery/event-table';
import { FirestoreStore } from '../../../../gcp/store/firestore/firestore-store';
import eventSchema from '../../../../shared/runtime/event.schema.json';
import { documentedDefaults } from '../../../support/defaults';
import { expectSnapshot } from '../../../support/snapshot';
import { key, onCall, readable, site, synthesize } from '../../stand-ins';
import { expectEncrypted } from './encrypted';

const subnetwork = 'projects/acme-net/regions/europe-west1/subnetworks/workers';
const network = { subnetwork };
const make = (props: Partial<DataflowJobProps> = {}) =>
  synthesize((stack) => {
    const source = new PubSubBuffer(stack, 'Buffer', { site });
    const store = new BigQueryStore(stack, 'Store', { site });
    return new DataflowJob(stack, 'Job', { site, source, store, eventSchema, network, ...props });
  });
const jobOf = (props: Partial<DataflowJobProps> = {}) => make(props).one('google_dataflow_job');

test('the snapshot', () => {
  const { one, all } = make();
  const { content, ...udf } = one('google_storage_bucket_object');
  expect(content.length).toBeGreaterThan(1000);
  expectSnapshot(
    'gcp/processing/dataflow/dataflow-job.snapshot.yaml',
    'Workers have private addresses and an account of their own. The subscription has no dead letter: the job has a table for it.',
    readable({
      job: one('google_dataflow_job'),
      bucket: one('google_storage_bucket'),
      function: udf,
      subscription: all('google_pubsub_subscription').find(({ name }) => name.endsWith('to-stream')),
      deadLetter: all('google_bigquery_table').find(({ table_id }) => table_id === 'stream_dead_letter'),
      roles: [
        ...['google_project_iam_member', 'google_storage_bucket_iam_member', 'google_pubsub_subscription_iam_member'],
        'google_bigquery_table_iam_member',
      ].flatMap((type) => all(type).map(({ role }) => role)),
    } as never),
  );
});

test('documents the defaults that it has', () => {
  const { name, maxWorkers, machineType, templateVersion } = documentedDefaults(
    'gcp/processing/dataflow/dataflow-job.ts',
    'DataflowJobProps',
  ) as Record<string, string>;
  expect(make({ name: name!, maxWorkers: Number(maxWorkers), machineType: machineType!, templateVersion: templateVersion! }).json).toEqual(
    make().json,
  );
});

test('takes every setting', () => {
  const made = make({ name: 'rows', maxWorkers: 20, machineType: 'n2-highmem-4', templateVersion: '2026-08-18-00_RC00', notify: [onCall] });
  const job = made.one('google_dataflow_job');
  const mine = made.all('google_monitoring_alert_policy').filter(({ display_name }) => /^acme-rows|google_dataflow_job/.test(display_name));
  expect(mine.map(({ notification_channels }) => notification_channels)).toEqual(mine.map(() => [onCall]));
  expect(mine).toHaveLength(5);
  expect(job.name).toMatch(/-rows$/);
  expect(job.max_workers).toBe(20);
  expect(job.machine_type).toBe('n2-highmem-4');
  expect(job.template_gcs_path).toBe('gs://dataflow-templates-europe-west1/2026-08-18-00_RC00/PubSub_Subscription_to_BigQuery');
});

test('workers have private addresses, in the subnetwork that is given', () => {
  const job = jobOf();
  expect(job.ip_configuration).toBe('WORKER_IP_PRIVATE');
  expect(job.subnetwork).toBe(`https://www.googleapis.com/compute/v1/${subnetwork}`);
});

test('a whole address of the subnetwork stays as it is', () => {
  const address = `https://www.googleapis.com/compute/v1/${subnetwork}`;
  expect(make({ network: { subnetwork: address } }).one('google_dataflow_job').subnetwork).toBe(address);
});

test('a subnetwork that is known only at deploy may be an id or a whole address', () => {
  const { json } = synthesize((stack) => {
    const source = new PubSubBuffer(stack, 'Buffer', { site });
    const store = new BigQueryStore(stack, 'Store', { site });
    const asked = new TerraformVariable(stack, 'subnetwork', { type: 'string' }).stringValue;
    return new DataflowJob(stack, 'Job', { site, source, store, eventSchema, network: { subnetwork: asked } });
  });
  const [job] = Object.values<any>(json.resource!.google_dataflow_job!);
  expect(job.subnetwork).toBe('https://www.googleapis.com/compute/v1/${replace(var.subnetwork, "/^https:.*[/]projects[/]/", "projects/")}');
});

test('a job that is replaced finishes its events first', () => expect(jobOf().on_delete).toBe('drain'));

test('the job reads without the dead letter of Pub/Sub, until an event is acknowledged', () => {
  const { all } = make();
  const subscription = all('google_pubsub_subscription').find(({ name }) => name.endsWith('to-stream'));
  expect(subscription).not.toHaveProperty('dead_letter_policy');
  expect(subscription).not.toHaveProperty('retry_policy');
  expect(subscription.message_retention_duration).toBe('604800s');
  const roles = all('google_pubsub_subscription_iam_member').map(({ role, member }) => [role, member.includes('Job_Account')]);
  expect(roles).toEqual([
    ['roles/pubsub.subscriber', true],
    ['roles/pubsub.viewer', true],
  ]);
});

test('it may add to two tables, not to their dataset', () => {
  const { all } = make();
  const tables = all('google_bigquery_table_iam_member').map(({ role, table_id }) => [role, table_id]);
  expect(tables.map(([role]) => role)).toEqual(['roles/bigquery.dataEditor', 'roles/bigquery.dataEditor']);
  expect(new Set(tables.map(([, table]) => table)).size).toBe(2);
  expect(all('google_bigquery_dataset_iam_member')).toEqual([]);
});

test('the dead-letter table stays when the stack is deleted, is not replaced for the key of its dataset, and keeps each message for 31 days', () => {
  const table = make()
    .all('google_bigquery_table')
    .find(({ table_id }) => table_id === 'stream_dead_letter');
  expect(table.lifecycle).toEqual({ ignore_changes: ['encryption_configuration'], prevent_destroy: true });
  expect(table.time_partitioning.expiration_ms).toBe(31 * 24 * 3600 * 1000);
});

test('the dead-letter table is deleted with the stack only if the setting and the context say so', () => {
  const { all } = synthesize(
    (stack) => {
      const [source, store] = [new PubSubBuffer(stack, 'Buffer', { site }), new BigQueryStore(stack, 'Store', { site })];
      return new DataflowJob(stack, 'Job', { site, source, store, eventSchema, network, removal: 'destroy' });
    },
    { destroyData: 'yes' },
  );
  const table = all('google_bigquery_table').find(({ table_id }) => table_id === 'stream_dead_letter');
  expect(table).toMatchObject({ deletion_protection: false });
  expect(table.lifecycle).not.toHaveProperty('prevent_destroy');
  expect(() => make({ removal: 'destroy' })).toThrow(/destroyData/);
});

test('a key encrypts what is in the job, and nothing is granted without one', () => {
  const made = make({ encryptionKey: key });
  const job = made.one('google_dataflow_job');
  expect(job.kms_key_name).toBe(key);
  expectEncrypted(made, job.depends_on);
  expect(jobOf()).not.toHaveProperty('kms_key_name');
  expect(make().all('google_kms_crypto_key_iam_member')).toEqual([]);
});

test('temporary files are not kept after they are deleted', () =>
  expect(make().one('google_storage_bucket').soft_delete_policy).toEqual({ retention_duration_seconds: 0 }));

test('another schema gets another object, and the old one stays until the job has the new one', () => {
  const object = (props: Partial<DataflowJobProps> = {}) => make(props).one('google_storage_bucket_object');
  const { properties, ...rest } = eventSchema;
  expect(object({ eventSchema: { ...rest, properties: { ...properties, plant: { type: 'string' } } } }).name).not.toBe(object().name);
  expect(object().lifecycle).toEqual({ create_before_destroy: true });
});

describe('refuses', () => {
  test.each<[string, Partial<DataflowJobProps>, string]>([
    [
      'no network',
      { network: undefined as never },
      'network must have the ids of a network and a subnetwork, got undefined. Google would take the network default, which has no rules of yours, or does not exist. Find them with gcloud compute networks subnets describe.',
    ],
    [
      'the name of a subnetwork',
      { network: { subnetwork: 'workers' } },
      'network must have the ids of a network and a subnetwork, got "workers". Find them with gcloud compute networks subnets describe.',
    ],
    [
      'a subnetwork elsewhere',
      { network: { subnetwork: 'projects/acme-net/regions/us-east1/subnetworks/workers' } },
      'network must have a subnetwork in europe-west1, got us-east1. What runs in it is in the region of the site.',
    ],
    [
      'a long name',
      { name: 'events-to-rows' },
      'name must be 1 to 10 lower-case letters and digits, got "events-to-rows". The name of a service account has no room for more.',
    ],
    ['no worker', { maxWorkers: 0 }, 'maxWorkers must be 1 to 1000 workers, got 0. Dataflow allows no more.'],
    ['a machine that is none', { machineType: 'large' }, 'machineType must be a machine type, got "large". Write it like n1-standard-2.'],
    [
      'a release that is none',
      { templateVersion: 'v2' },
      'templateVersion must be latest or a release of the templates, got "v2". Write it like 2026-08-18-00_RC00: see the folders of gs://dataflow-templates-REGION.',
    ],
    [
      'a schema that is none',
      { eventSchema: {} },
      'eventSchema must be the JSON schema of an event, got object. Give it event.schema.json.',
    ],
    [
      'a schema with a rule that it would not check',
      { eventSchema: { properties: { id: { format: 'uuid' } } } },
      'eventSchema must have only rules that the job checks, got "format". These are $schema, title, description, type, enum, required, not, properties, additionalProperties, minLength, maxLength, pattern, minimum, maximum.',
    ],
  ])('%s', (_, props, message) => expect(() => make(props)).toThrow(new Error(`test/Job: ${message}`)));

  test('a store elsewhere, and names the store that works', () =>
    expect(() =>
      synthesize((stack) => {
        const source = new PubSubBuffer(stack, 'Buffer', { site });
        const store = new FirestoreStore(stack, 'Store', { site });
        return new DataflowJob(stack, 'Job', { site, source, store: store as never, eventSchema, network });
      }),
    ).toThrow(new Error("test/Job: store must be a BigQueryStore, got another one. Google's template takes no other.")));

  test.each<[string, readonly Column[], string]>([
    ['more columns', [...DEFAULT_COLUMNS, { name: 'kelvin', type: 'FLOAT' }], 'also kelvin'],
    ['other columns', [{ name: 'kelvin', type: 'FLOAT' }], 'also kelvin'],
    ['fewer columns', DEFAULT_COLUMNS.slice(0, 1), 'none named data, data_base64'],
    [
      'a column of another type',
      [
        { name: 'subject', type: 'STRING' },
        { name: 'data', type: 'STRING' },
      ],
      'also data',
    ],
  ])('a table with %s, and names what works', (_, columns, got) =>
    expect(() =>
      synthesize((stack) => {
        const source = new PubSubBuffer(stack, 'Buffer', { site });
        const store = new BigQueryStore(stack, 'Store', { site, columns });
        return new DataflowJob(stack, 'Job', { site, source, store, eventSchema, network });
      }),
    ).toThrow(
      new Error(
        `test/Job: store must be a BigQueryStore with its default columns, got ${got}. For other columns, let a CloudFunctionProcessor write them, or a QueryJob with cleanRows into another store.`,
      ),
    ),
  );

  test('two jobs of two sites with one name in one dataset, whose dead-letter tables would be one', () =>
    expect(() =>
      synthesize((stack) => {
        for (const prefix of ['acme', 'other']) {
          const own = { ...site, prefix };
          const source = new PubSubBuffer(stack, `${prefix}Buffer`, { site: own, name: prefix });
          const store = new BigQueryStore(stack, `${prefix}Store`, { site: own, datasetId: 'shared', tableId: prefix });
          new DataflowJob(stack, prefix, { site: own, source, store, eventSchema, network });
        }
      }),
    ).toThrow(
      new Error(
        'test/other/DeadLetter: each table of a dataset must have its own name, got "stream_dead_letter", which test/acme/DeadLetter has. Set name on one of the jobs.',
      ),
    ));

  test('two jobs with one name', () =>
    expect(() =>
      synthesize((stack) => {
        const source = new PubSubBuffer(stack, 'Buffer', { site });
        const store = new BigQueryStore(stack, 'Store', { site });
        for (const id of ['A', 'B']) new DataflowJob(stack, id, { site, source, store, eventSchema, network });
      }),
    ).toThrow(
      new Error('test/B: each Dataflow job of a site must have its own name, got "stream", which test/A has. Set name on one of them.'),
    ));
});
