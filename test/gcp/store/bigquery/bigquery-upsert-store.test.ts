import { PubSubBuffer } from '../../../../gcp/connect/pub-sub/pub-sub-buffer';
import { CloudFunctionProcessor } from '../../../../gcp/processing/cloud-functions/cloud-function-processor';
import { cleanRows } from '../../../../gcp/processing/scheduled-query/clean-rows';
import { ScheduledQuery } from '../../../../gcp/processing/scheduled-query/scheduled-query';
import { BigQueryStore } from '../../../../gcp/store/bigquery/bigquery-store';
import { BigQueryUpsertStore, type BigQueryUpsertStoreProps } from '../../../../gcp/store/bigquery/bigquery-upsert-store';
import type { Column } from '../../../../gcp/store/bigquery/event-table';
import { SharedView } from '../../../../gcp/visualize/shared-view/shared-view';
import { packageHandler } from '../../../../shared/synth/handler-package';
import { documentedDefaults } from '../../../support/defaults';
import { expectSnapshot } from '../../../support/snapshot';
import { key, readable, Somebody, site, synthesize } from '../../stand-ins';

const make = (props: Partial<BigQueryUpsertStoreProps> = {}, context = {}) =>
  synthesize((stack) => new BigQueryUpsertStore(stack, 'Store', { site, ...props }), context);

type Synth = Pick<ReturnType<typeof make>, 'one'>;
const tableOf = ({ one }: Synth) => one('google_bigquery_table');
const columnsOf = (synth: Synth) => JSON.parse(tableOf(synth).schema) as { name: string; type: string; mode: string }[];
const CUSTOMERS: Column[] = [
  { name: 'customer', type: 'INTEGER' },
  { name: 'country', type: 'STRING' },
  { name: 'score', type: 'FLOAT' },
];

test('the snapshot', () => {
  expectSnapshot(
    'gcp/store/bigquery/bigquery-upsert-store.snapshot.yaml',
    'The primary key decides which row a later one replaces; its columns are required. There is no partition and no view.',
    readable(make().json.resource),
  );
});

test('documents the defaults that it has', () => {
  const { one } = make();
  const [dataset, table] = [one('google_bigquery_dataset'), one('google_bigquery_table')];
  expect(documentedDefaults('gcp/store/bigquery/bigquery-upsert-store.ts', 'BigQueryUpsertStoreProps')).toEqual({
    name: dataset.dataset_id.slice('acme_'.length),
    maxStalenessMinutes: /^0-0 0 0:(\d+):0$/.exec(table.max_staleness)![1],
    undeleteWindowDays: String(Number(dataset.max_time_travel_hours) / 24),
    removal: dataset.lifecycle.prevent_destroy ? 'retain' : 'destroy',
  });
  expect(table.table_constraints).toEqual({ primary_key: { columns: ['event_source', 'subject'] } });
  expect(columnsOf(make()).slice(-4)).toMatchObject([
    { name: 'subject', type: 'STRING', mode: 'REQUIRED' },
    { name: 'data', type: 'JSON', mode: 'NULLABLE' },
    { name: 'data_base64', type: 'STRING', mode: 'NULLABLE' },
    { name: 'rest', type: 'JSON', mode: 'NULLABLE' },
  ]);
});

test('takes every setting', () => {
  const synth = make(
    {
      ...{ name: 'customers', columns: CUSTOMERS, key: ['customer', 'country'], maxStalenessMinutes: 90 },
      ...{ undeleteWindowDays: 2, encryptionKey: key, removal: 'destroy' },
    },
    { destroyData: 'yes' },
  );
  expect(synth.one('google_bigquery_dataset')).toMatchObject({
    dataset_id: 'acme_customers',
    max_time_travel_hours: '48',
    default_encryption_configuration: { kms_key_name: key },
    delete_contents_on_destroy: true,
  });
  expect(tableOf(synth)).toMatchObject({
    table_constraints: { primary_key: { columns: ['customer', 'country'] } },
    clustering: ['customer', 'country'],
    max_staleness: '0-0 0 1:30:0',
    encryption_configuration: { kms_key_name: key },
    deletion_protection: false,
  });
  expect(
    columnsOf(synth)
      .filter(({ mode }) => mode === 'REQUIRED')
      .map(({ name }) => name),
  ).toEqual(expect.arrayContaining(['customer', 'country']));
  expect(JSON.stringify(synth.json)).not.toContain('prevent_destroy');
});

test('makes its table in a dataset that is there already, and leaves the dataset alone', () => {
  const synth = make({ datasetId: 'plants', name: 'devices' });
  expect(synth.built.dataset).toBeUndefined();
  expect(tableOf(synth)).toMatchObject({ dataset_id: 'plants', table_id: 'devices' });
  expect(synth.built.tableName).toMatch(/^acme-data\.plants\./);
});

test('without both keys neither Terraform nor BigQuery deletes a row or a column', () => {
  expect(tableOf(make())).toMatchObject({
    lifecycle: { prevent_destroy: true },
    deletion_protection: true,
    ignore_auto_generated_schema: true,
  });
});

test('a query reads any row, whatever its day: the table has no partition that it must name', () => {
  expect(tableOf(make()).time_partitioning).toBeUndefined();
  expect(tableOf(make()).require_partition_filter).toBeUndefined();
});

test('a long key is clustered by its first four columns, which is all that BigQuery takes', () => {
  const columns = Array.from({ length: 16 }, (_, place): Column => ({ name: `part${place}`, type: 'STRING' }));
  const names = columns.map(({ name }) => name);
  const table = tableOf(make({ columns, key: names }));
  expect(table.table_constraints.primary_key.columns).toEqual(names);
  expect(table.clustering).toEqual(names.slice(0, 4));
});

test('a day of staleness is counted in hours', () => {
  expect(tableOf(make({ maxStalenessMinutes: 1440 })).max_staleness).toBe('0-0 0 24:0:0');
});

test('a writer may change this table alone, and is told its key', () => {
  const { built, one } = synthesize((stack) =>
    new BigQueryUpsertStore(stack, 'Store', { site, datasetId: 'plants' }).bindWriter(new Somebody(stack, 'Writer'), 'STORE'),
  );
  expect(built.settings).toEqual({
    STORE_PROJECT: 'acme-data',
    STORE_DATASET: 'plants',
    STORE_UPSERT_TABLE: expect.any(String),
    STORE_KEY: 'event_source,subject',
  });
  expect(one('google_bigquery_table_iam_member')).toMatchObject({ role: 'roles/bigquery.dataEditor', dataset_id: 'plants' });
});

test('a reader may read the table, and not change it', () => {
  const { built, one } = synthesize((stack) =>
    new BigQueryUpsertStore(stack, 'Store', { site }).bindReader(new Somebody(stack, 'Reader'), 'LATEST'),
  );
  expect(Object.keys(built.settings)).toEqual(['LATEST_PROJECT', 'LATEST_DATASET', 'LATEST_TABLE']);
  expect(one('google_bigquery_table_iam_member').role).toBe('roles/bigquery.dataViewer');
});

test('a view for dashboards shows every column of the latest rows', () => {
  const { all } = synthesize((stack) => {
    const store = new BigQueryUpsertStore(stack, 'Store', { site });
    return new SharedView(stack, 'View', { site, store });
  });
  const { view } = all('google_bigquery_table').find((one) => one.view);
  expect(view.query.replace(/\s+/g, ' ')).toMatch(/^SELECT \* FROM \(SELECT `event_id`, .*`subject`, `data`, .*FROM `\S+`\) WHERE TRUE$/);
  expect(all('google_bigquery_dataset_access')).toHaveLength(1);
});

test('how far changes are applied can be asked for', () => {
  expect(make().built.freshness).toMatch(
    /^SELECT upsert_stream_apply_watermark FROM `acme-data\.\S+\.INFORMATION_SCHEMA\.TABLES` WHERE table_name = "\S+"$/,
  );
});

describe('refuses', () => {
  const columns = 'event_id, event_source, event_type, event_time, row_index, message_id, publish_time, subject, data, data_base64, rest';

  test.each<[string, Partial<BigQueryUpsertStoreProps>, string]>([
    [
      'a key of no column',
      { key: [] },
      "test/Store: key must be a list of 1 to 16 columns, got 0. Write them like ['event_source', 'subject'].",
    ],
    [
      'a key of more columns than BigQuery takes',
      { key: Array.from({ length: 17 }, (_, place) => `c${place}`) },
      "test/Store: key must be a list of 1 to 16 columns, got 17. Write them like ['event_source', 'subject'].",
    ],
    [
      'a key of a column that is not there',
      { key: ['event_source', 'customer'] },
      `test/Store: key must name columns of the table, got "customer". They are ${columns}.`,
    ],
    [
      'the key by default of columns without a subject',
      { columns: CUSTOMERS },
      'test/Store: key must name columns of the table, got "subject". They are event_id, event_source, event_type, event_time, row_index, message_id, publish_time, customer, country, score, rest.',
    ],
    [
      'a key of a column that BigQuery cannot compare',
      { key: ['data'] },
      'test/Store: key must have columns of STRING, INTEGER, NUMERIC, BIGNUMERIC, BOOLEAN, TIMESTAMP, DATE, got "data". This one is of type JSON.',
    ],
    [
      'a key of a fraction',
      { columns: CUSTOMERS, key: ['score'] },
      'test/Store: key must have columns of STRING, INTEGER, NUMERIC, BIGNUMERIC, BOOLEAN, TIMESTAMP, DATE, got "score". This one is of type FLOAT.',
    ],
    [
      'a key of a list',
      { columns: [{ name: 'tags', type: 'STRING' as const, mode: 'REPEATED' as const }], key: ['tags'] },
      'test/Store: key must have columns with one value, got "tags". This one is REPEATED.',
    ],
    [
      'a protected column',
      { columns: [{ name: 'email', type: 'STRING' as const, policyTag: 'projects/p/locations/europe-west1/taxonomies/1/policyTags/2' }] },
      'test/Store: columns of latest rows must have no policy tag, got email. Keep it in a BigQueryStore, which has a view without protected columns.',
    ],
    [
      'a key with a column twice',
      { key: ['subject', 'subject'] },
      'test/Store: key must have each column once, got "subject". Leave one of them out.',
    ],
    [
      'a key of an attribute, which is in another column',
      { columns: [{ name: 'source', type: 'STRING' }], key: ['source'] },
      'test/Store: key must name the column of an attribute, got "source". Use event_source.',
    ],
    [
      'rows that are too fresh',
      { maxStalenessMinutes: 14 },
      'test/Store: maxStalenessMinutes must be 15 to 1440 minutes, got 14. With less, most queries would apply changes themselves, and read the whole table for it.',
    ],
    [
      'a name that no dataset takes',
      { name: 'my-devices' },
      'test/Store: name must be 1 to 40 lower-case letters, digits and underscores, got "my-devices". Start with a letter.',
    ],
    [
      'settings for a dataset that is there',
      { datasetId: 'plants', encryptionKey: key },
      'test/Store: datasetId keeps its own settings, got encryptionKey beside it. Leave encryptionKey out.',
    ],
    [
      'one key to destroy',
      { removal: 'destroy' },
      `test/Store: removal 'destroy' needs the context destroyData to be "yes", got nothing. Set DESTROY_DATA=yes in the environment of this command, or leave removal out to keep the data.`,
    ],
  ])('%s', (_, props, message) => expect(() => make(props)).toThrow(new Error(message)));

  test('Pub/Sub as a writer, which would add a row for each message', () => {
    expect(() =>
      synthesize((stack) => {
        const store = new BigQueryUpsertStore(stack, 'Store', { site });
        return new PubSubBuffer(stack, 'Buffer', { site }).deliverInto(store, 'raw');
      }),
    ).toThrow(
      new Error(
        'test/Store: deliverInto must get a store that keeps each message, got a store of the latest rows. ' +
          'Deliver into a BigQueryRawStore, or write into this store with the handler pub-sub-to-bigquery-upsert.',
      ),
    );
  });

  test('a query as a writer, because BigQuery refuses MERGE there', () => {
    expect(() =>
      synthesize((stack) => {
        const [raw, clean] = [new BigQueryStore(stack, 'Raw', { site }), new BigQueryUpsertStore(stack, 'Clean', { site })];
        return new ScheduledQuery(stack, 'Query', {
          ...{ site, reads: { RAW: raw }, writes: { CLEAN: clean } },
          query: ({ RAW, CLEAN }) => cleanRows({ from: RAW!, into: CLEAN! } as never),
        });
      }),
    ).toThrow('test/Query: CLEAN must be a table of BigQuery, got another store. Use a BigQueryStore.');
  });

  test.each([
    ['a handler that adds rows', 'pub-sub-to-bigquery', BigQueryUpsertStore, 'stores.STORE must return STORE_TABLE'],
    [
      'its handler for another store',
      'pub-sub-to-bigquery-upsert',
      BigQueryStore,
      'stores.STORE must return STORE_UPSERT_TABLE and STORE_KEY',
    ],
  ])('%s', (_, handler, Store, rule) => {
    expect(() =>
      synthesize((stack) => {
        const source = new PubSubBuffer(stack, 'Buffer', { site });
        const store = new Store(stack, 'Store', { site });
        return new CloudFunctionProcessor(stack, 'Processing', {
          ...{ site, source, stores: { STORE: store } },
          code: packageHandler(`gcp/handlers/${handler}`),
        });
      }),
    ).toThrow(`test/Processing: ${rule}`);
  });
});
