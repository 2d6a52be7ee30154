import { BigQueryStore, type BigQueryStoreProps } from '../../../../gcp/store/bigquery/bigquery-store';
import type { Column } from '../../../../gcp/store/bigquery/event-table';
import { documentedDefaults } from '../../../support/defaults';
import { expectSnapshot } from '../../../support/snapshot';
import { key, readable, Somebody, site, synthesize } from '../../stand-ins';

const make = (props: Partial<BigQueryStoreProps> = {}, context = {}) =>
  synthesize((stack) => new BigQueryStore(stack, 'Store', { site, ...props }), context);

type Synth = Pick<ReturnType<typeof make>, 'all'>;
const tableOf = ({ all }: Synth) => all('google_bigquery_table').find(({ schema }) => schema);
const viewOf = ({ all }: Synth) => all('google_bigquery_table').find(({ view }) => view);
const columnsOf = (synth: Synth) => JSON.parse(tableOf(synth).schema) as { name: string; type: string; mode: string }[];

test('the snapshot', () => {
  expectSnapshot(
    'gcp/store/bigquery/bigquery-store.snapshot.yaml',
    'A query must name its days; Terraform refuses to destroy the table; the view shows each event once.',
    readable(make().json.resource),
  );
});

test('documents the defaults that it has', () => {
  const { one } = make();
  const dataset = one('google_bigquery_dataset');
  expect(documentedDefaults('gcp/store/bigquery/bigquery-store.ts', 'BigQueryStoreProps')).toEqual({
    name: dataset.dataset_id.slice('acme_'.length),
    undeleteWindowDays: String(Number(dataset.max_time_travel_hours) / 24),
    removal: dataset.lifecycle.prevent_destroy ? 'retain' : 'destroy',
  });
  expect(tableOf(make()).time_partitioning.expiration_ms).toBeUndefined();
  expect(
    columnsOf(make())
      .slice(-4)
      .map(({ name, type, mode }) => [name, type, mode]),
  ).toEqual([
    ['subject', 'STRING', 'NULLABLE'],
    ['data', 'JSON', 'NULLABLE'],
    ['data_base64', 'STRING', 'NULLABLE'],
    ['rest', 'JSON', 'NULLABLE'],
  ]);
});

test('takes every setting', () => {
  const columns: Column[] = [{ name: 'celsius', type: 'FLOAT', description: 'How hot.' }];
  const synth = make(
    { name: 'raw', columns, retentionDays: 400, undeleteWindowDays: 2, encryptionKey: key, removal: 'destroy' },
    { destroyData: 'yes' },
  );
  expect(synth.one('google_bigquery_dataset')).toMatchObject({
    dataset_id: 'acme_raw',
    max_time_travel_hours: '48',
    default_encryption_configuration: { kms_key_name: key },
    delete_contents_on_destroy: true,
  });
  expect(tableOf(synth)).toMatchObject({
    time_partitioning: { expiration_ms: 400 * 24 * 3600 * 1000 },
    encryption_configuration: { kms_key_name: key },
    deletion_protection: false,
  });
  expect(columnsOf(synth).at(-2)).toEqual({ name: 'celsius', type: 'FLOAT', mode: 'NULLABLE', description: 'How hot.' });
  expect(viewOf(synth).deletion_protection).toBe(false);
  expect(JSON.stringify(synth.json)).not.toContain('prevent_destroy');
});

test('without both keys neither Terraform nor BigQuery deletes a row', () => {
  const synth = make();
  const dataset = synth.one('google_bigquery_dataset');
  expect([dataset.lifecycle, dataset.delete_contents_on_destroy]).toEqual([{ prevent_destroy: true }, false]);
  expect([tableOf(synth).lifecycle, tableOf(synth).deletion_protection]).toEqual([{ prevent_destroy: true }, true]);
});

test('a column that is taken out is kept: the provider drops none while the rows are kept, and all that are missing otherwise', () => {
  expect(tableOf(make()).ignore_auto_generated_schema).toBe(true);
  expect(tableOf(make({ removal: 'destroy' }, { destroyData: 'yes' })).ignore_auto_generated_schema).toBeUndefined();
});

test('an API that is added takes the right to the key from nobody', () => {
  expect(make({ encryptionKey: key }).one('google_kms_crypto_key_iam_member').lifecycle).toEqual({ ignore_changes: ['member'] });
});

test('what bytes an event says is in a column that says how they are written', () => {
  expect(columnsOf(make()).find(({ name }) => name === 'data_base64')).toMatchObject({ description: expect.stringContaining('in base64') });
});

test('the BigQuery agent may use the key for two minutes before the dataset is encrypted with it', () => {
  const { one, json } = make({ encryptionKey: key });
  const [grant] = Object.keys(json.resource!.google_kms_crypto_key_iam_member!);
  const [pause] = Object.keys(json.resource!.time_sleep!);
  expect(one('google_kms_crypto_key_iam_member')).toMatchObject({
    crypto_key_id: key,
    role: 'roles/cloudkms.cryptoKeyEncrypterDecrypter',
    member: expect.stringContaining('google_bigquery_default_service_account'),
  });
  expect(one('time_sleep')).toMatchObject({ create_duration: '120s', depends_on: [`google_kms_crypto_key_iam_member.${grant}`] });
  expect(one('google_bigquery_dataset').depends_on).toEqual(['time_sleep.site', `time_sleep.${pause}`]);
});

test('makes its table in a dataset that is there already, and leaves the dataset alone', () => {
  const synth = make({ datasetId: 'plants' });
  expect(synth.built.dataset).toBeUndefined();
  expect(Object.keys(synth.json.resource!)).toEqual(['google_bigquery_table']);
  expect(tableOf(synth)).toMatchObject({ dataset_id: 'plants', depends_on: ['time_sleep.site'] });
  expect(synth.built.viewName).toMatch(/^acme-data\.plants\./);
});

test('stands twice in one stack', () => {
  const { all } = synthesize((stack) => ['a', 'b'].map((name) => new BigQueryStore(stack, name, { site, name })));
  expect(all('google_bigquery_dataset').map(({ dataset_id }) => dataset_id)).toEqual(['acme_a', 'acme_b']);
});

test('a query that names no day is refused', () => {
  expect(tableOf(make())).toMatchObject({ require_partition_filter: true, time_partitioning: { type: 'DAY', field: 'event_time' } });
});

test('what makes an event one event can never be missing; what a user adds always can', () => {
  const modes = columnsOf(make({ columns: [{ name: 'celsius', type: 'FLOAT' }] })).map(({ name, mode }) => [name, mode]);
  expect(Object.fromEntries(modes)).toEqual({
    event_id: 'REQUIRED',
    event_source: 'REQUIRED',
    event_type: 'REQUIRED',
    event_time: 'REQUIRED',
    row_index: 'REQUIRED',
    message_id: 'REQUIRED',
    publish_time: 'REQUIRED',
    celsius: 'NULLABLE',
    rest: 'NULLABLE',
  });
});

test('the view shows every column of the table, and of rows that are alike the one that came first', () => {
  const synth = make({ columns: [{ name: 'celsius', type: 'FLOAT' }] });
  const { query, use_legacy_sql } = viewOf(synth).view;
  expect(use_legacy_sql).toBe(false);
  expect(query.split('\n')[0]).toBe(
    `SELECT ${columnsOf(synth)
      .map(({ name }) => `\`${name}\``)
      .join(', ')}`,
  );
  expect(query).toMatch(
    /FROM `acme-data\.\$\{google_bigquery_dataset\.\w+\.dataset_id\}\.\$\{google_bigquery_table\.events_events\.table_id\}`/,
  );
  expect(query.replace(/\s+/g, ' ')).toContain(
    'PARTITION BY event_time, event_source, event_id, row_index ORDER BY publish_time, message_id ) = 1',
  );
});

test('a writer may change this table alone, and is told which it is', () => {
  const { built, one } = synthesize((stack) =>
    new BigQueryStore(stack, 'Store', { site, datasetId: 'plants' }).bindWriter(new Somebody(stack, 'Writer'), 'STORE'),
  );
  expect(built.settings).toEqual({
    STORE_PROJECT: 'acme-data',
    STORE_DATASET: 'plants',
    STORE_TABLE: expect.any(String),
  });
  expect(one('google_bigquery_table_iam_member')).toMatchObject({
    role: 'roles/bigquery.dataEditor',
    dataset_id: 'plants',
    table_id: '${google_bigquery_table.plants_events.id}',
    member: 'serviceAccount:writer@acme-data.iam.gserviceaccount.com',
  });
});

test('a reader may read the view and the table below it, and change neither', () => {
  const { built, all } = synthesize((stack) =>
    new BigQueryStore(stack, 'Store', { site }).bindReader(new Somebody(stack, 'Reader'), 'EVENTS'),
  );
  expect(Object.keys(built.settings)).toEqual(['EVENTS_PROJECT', 'EVENTS_DATASET', 'EVENTS_TABLE']);
  expect(all('google_bigquery_table_iam_member').map(({ role, table_id }) => [role, table_id])).toEqual([
    ['roles/bigquery.dataViewer', '${google_bigquery_table.events_events.id}'],
    ['roles/bigquery.dataViewer', '${google_bigquery_table.events_unique_events.id}'],
  ]);
});

describe('refuses', () => {
  const name = (got: string) =>
    `test/Store: the name of a column must be 1 to 100 letters, digits and underscores, starting with a letter, got "${got}". BigQuery refuses or reserves other names.`;
  const taken = 'event_id, event_source, event_type, event_time, row_index, message_id, publish_time, rest';

  test.each<[string, Partial<BigQueryStoreProps>, string]>([
    [
      'a name that no dataset takes',
      { name: 'my-events' },
      'test/Store: name must be 1 to 40 lower-case letters, digits and underscores, got "my-events". Start with a letter.',
    ],
    [
      'no retention at all',
      { retentionDays: 0 },
      'test/Store: retentionDays must be 1 to 36500 days, got 0. Leave it out to keep rows forever.',
    ],
    [
      'a long undelete window',
      { undeleteWindowDays: 8 },
      'test/Store: undeleteWindowDays must be 2 to 7 days, got 8. It is the range of BigQuery time travel.',
    ],
    [
      'a dataset with its project',
      { datasetId: 'acme-data.plants' },
      'test/Store: datasetId must be the id of a dataset, got "acme-data.plants". Write it without the project, like plants.',
    ],
    [
      'settings for a dataset that is there',
      { datasetId: 'plants', encryptionKey: key, undeleteWindowDays: 7 },
      'test/Store: datasetId keeps its own settings, got undeleteWindowDays and encryptionKey beside it. Leave undeleteWindowDays and encryptionKey out.',
    ],
    [
      'a key that is none',
      { encryptionKey: 'key' },
      'test/Store: encryptionKey must be the id of a key, got "key". See gcloud kms keys list.',
    ],
    [
      'a table with its dataset',
      { tableId: 'plants.events' },
      'test/Store: tableId must be the id of a table, got "plants.events". Use letters, digits and underscores, without the dataset, like plants.',
    ],
    [
      'a view of the name of its table',
      { viewId: 'events' },
      'test/Store: viewId must not be the same as tableId, got "events". Both are in one dataset. Take another id.',
    ],
    ['a column with a hyphen', { columns: [{ name: 'my-column', type: 'STRING' }] }, name('my-column')],
    ['a column that starts with an underscore', { columns: [{ name: '_PARTITION', type: 'STRING' }] }, name('_PARTITION')],
    [
      'a column of the plumbing, in any case',
      { columns: [{ name: 'Event_ID', type: 'STRING' }] },
      `test/Store: each column must have its own name, got "Event_ID" again. These names are used: ${taken}.`,
    ],
    [
      'a column twice',
      {
        columns: [
          { name: 'a', type: 'STRING' },
          { name: 'A', type: 'JSON' },
        ],
      },
      `test/Store: each column must have its own name, got "A" again. These names are used: ${taken}, a.`,
    ],
    [
      'a type in another spelling',
      { columns: [{ name: 'a', type: 'INT64' as 'STRING' }] },
      'test/Store: the type of column a must be one of STRING, INTEGER, FLOAT, NUMERIC, BIGNUMERIC, BOOLEAN, TIMESTAMP, DATE, JSON, RECORD, got "INT64". Use RECORD with columns for objects, and JSON for other values.',
    ],
    [
      'one key to destroy',
      { removal: 'destroy' },
      `test/Store: removal 'destroy' needs the context destroyData to be "yes", got nothing. Set DESTROY_DATA=yes in the environment of this command, or leave removal out to keep the data.`,
    ],
  ])('%s', (_, props, message) => expect(() => make(props)).toThrow(new Error(message)));
});
