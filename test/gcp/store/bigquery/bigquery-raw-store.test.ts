import { PubSubBuffer } from '../../../../gcp/connect/pub-sub/pub-sub-buffer';
import { BigQueryRawStore, type BigQueryRawStoreProps } from '../../../../gcp/store/bigquery/bigquery-raw-store';
import { BigQueryStore } from '../../../../gcp/store/bigquery/bigquery-store';
import { documentedDefaults } from '../../../support/defaults';
import { expectSnapshot } from '../../../support/snapshot';
import { key, readable, Somebody, site, synthesize } from '../../stand-ins';

const make = (props: Partial<BigQueryRawStoreProps> = {}, context = {}) =>
  synthesize((stack) => new BigQueryRawStore(stack, 'Store', { site, ...props }), context);
const deliver = () =>
  synthesize((stack) => {
    const store = new BigQueryRawStore(stack, 'Store', { site });
    new PubSubBuffer(stack, 'Buffer', { site }).deliverInto(store, 'raw');
    return store;
  });

type Synth = Pick<ReturnType<typeof make>, 'all'>;
const tableOf = ({ all }: Synth) => all('google_bigquery_table').find(({ schema }) => schema);
const viewsOf = ({ all }: Synth) => all('google_bigquery_table').filter(({ view }) => view);
const viewOf = (synth: Synth, id: string) => viewsOf(synth).find(({ table_id }) => table_id === id);
const columnsOf = (synth: Synth) => JSON.parse(tableOf(synth).schema) as { name: string; type: string; mode: string }[];
/** The names in the last SELECT of a query. */
const selected = (query: string) => {
  const [list = ''] = query
    .split('\n')
    .filter((line) => line.startsWith('SELECT'))
    .slice(-1);
  return [...list.matchAll(/`(\w+)`/g)].map(([, name]) => name);
};

test('the snapshot', () => {
  const { google_bigquery_dataset, google_bigquery_table } = make().json.resource!;
  const tables = Object.fromEntries(Object.entries(google_bigquery_table!).filter(([id]) => id !== 'raw_rejected_events'));
  expectSnapshot(
    'gcp/store/bigquery/bigquery-raw-store.snapshot.yaml',
    'Pub/Sub fills the five columns; data is text, so no digit is lost. The view of rejected rows has the same checks, and shows the reason.',
    readable({ google_bigquery_dataset: google_bigquery_dataset!, google_bigquery_table: tables }),
  );
});

test('documents the defaults that it has', () => {
  const { one } = make();
  const dataset = one('google_bigquery_dataset');
  expect(documentedDefaults('gcp/store/bigquery/bigquery-raw-store.ts', 'BigQueryRawStoreProps')).toEqual({
    name: dataset.dataset_id.slice('acme_'.length),
    undeleteWindowDays: String(Number(dataset.max_time_travel_hours) / 24),
    removal: dataset.lifecycle.prevent_destroy ? 'retain' : 'destroy',
  });
  expect(tableOf(make()).time_partitioning.expiration_ms).toBe(0);
});

test('takes every setting', () => {
  const synth = make(
    { name: 'archive', retentionDays: 400, undeleteWindowDays: 2, encryptionKey: key, removal: 'destroy' },
    { destroyData: 'yes' },
  );
  expect(synth.one('google_bigquery_dataset')).toMatchObject({
    dataset_id: 'acme_archive',
    max_time_travel_hours: '48',
    default_encryption_configuration: { kms_key_name: key },
    delete_contents_on_destroy: true,
  });
  expect(tableOf(synth)).toMatchObject({
    time_partitioning: { expiration_ms: 400 * 24 * 3600 * 1000 },
    encryption_configuration: { kms_key_name: key },
    deletion_protection: false,
  });
  expect(JSON.stringify(synth.json)).not.toContain('prevent_destroy');
});

test('without both keys neither Terraform nor BigQuery deletes a row, or a column', () => {
  expect(tableOf(make())).toMatchObject({
    lifecycle: { prevent_destroy: true },
    deletion_protection: true,
    ignore_auto_generated_schema: true,
  });
});

test('the columns are those that Pub/Sub documents, none of them required', () =>
  expect(columnsOf(make()).map(({ name, type, mode }) => [name, type, mode])).toEqual([
    ['subscription_name', 'STRING', 'NULLABLE'],
    ['message_id', 'STRING', 'NULLABLE'],
    ['publish_time', 'TIMESTAMP', 'NULLABLE'],
    ['data', 'STRING', 'NULLABLE'],
    ['attributes', 'JSON', 'NULLABLE'],
  ]));

test('a query that names no day is refused', () =>
  expect(tableOf(make())).toMatchObject({ require_partition_filter: true, time_partitioning: { type: 'DAY', field: 'publish_time' } }));

test('the view has the columns of the view of a BigQueryStore, and the day to filter on', () => {
  const events = synthesize((stack) => new BigQueryStore(stack, 'Store', { site }));
  const ofEvents = selected(viewOf(events, 'unique_events').view.query);
  expect(selected(viewOf(make(), 'unique_events').view.query)).toEqual([...ofEvents, 'publish_day']);
});

test('a row is in exactly one of the two views: both check the same, and one takes what the other leaves', () => {
  const synth = make();
  const [unique, rejected] = ['unique_events', 'rejected_events'].map((id) => String(viewOf(synth, id).view.query));
  const checks = (query: string) => query.slice(0, query.indexOf('\n)\nSELECT'));
  expect(checks(unique!)).toBe(checks(rejected!));
  expect(unique).toContain('\nFROM checked\nWHERE reason IS NULL\n');
  expect(rejected!.endsWith('\nFROM checked\nWHERE reason IS NOT NULL')).toBe(true);
});

test('of an event that came twice in a day, the view shows what was published first', () =>
  expect(viewOf(make(), 'unique_events').view.query.replace(/\s+/g, ' ')).toContain(
    'PARTITION BY publish_day, event_source, event_id ORDER BY publish_time, message_id ) = 1',
  ));

test('Pub/Sub writes with its metadata, as an account that may change this table and nothing else', () => {
  const { all, one } = deliver();
  const writing = all('google_pubsub_subscription').find(({ bigquery_config }) => bigquery_config);
  const [grant] = all('google_bigquery_table_iam_member');
  expect(writing.bigquery_config).toEqual({
    table: expect.stringMatching(
      /^acme-data\.\$\{google_bigquery_dataset\.raw\.dataset_id\}\.\$\{google_bigquery_table\.raw_events\.table_id\}$/,
    ),
    write_metadata: true,
    service_account_email: expect.stringContaining('google_service_account'),
  });
  expect(all('google_bigquery_table_iam_member')).toHaveLength(1);
  expect(grant).toMatchObject({ role: 'roles/bigquery.dataEditor', table_id: '${google_bigquery_table.raw_events.id}' });
  expect(one('google_service_account_iam_member')).toMatchObject({
    role: 'roles/iam.serviceAccountTokenCreator',
    member: site.pubSubAgent,
  });
});

test('what cannot be written goes to the dead letter after the last retry', () => {
  const { all } = deliver();
  const writing = all('google_pubsub_subscription').find(({ bigquery_config }) => bigquery_config);
  expect(writing.dead_letter_policy).toEqual({
    dead_letter_topic: '${google_pubsub_topic.events_dead_letter.id}',
    max_delivery_attempts: 10,
  });
});

test('the subscription is created two minutes after the grants: Pub/Sub checks them then', () => {
  const { all, json } = deliver();
  const writing = all('google_pubsub_subscription').find(({ bigquery_config }) => bigquery_config);
  const [pause] = Object.entries(json.resource!.time_sleep!).filter(([id]) => writing.depends_on.includes(`time_sleep.${id}`));
  expect(pause![1]).toMatchObject({ create_duration: '120s' });
  expect(pause![1].depends_on.some((one: string) => one.startsWith('google_bigquery_table_iam_member.'))).toBe(true);
});

test('makes its table in a dataset that is there already, and leaves the dataset alone', () => {
  const synth = make({ datasetId: 'plants' });
  expect(synth.built.dataset).toBeUndefined();
  expect(synth.all('google_bigquery_table').map(({ dataset_id, table_id }) => `${dataset_id}.${table_id}`)).toEqual([
    'plants.raw',
    'plants.rejected_raw',
    'plants.unique_raw',
  ]);
  expect(synth.built.viewName).toMatch(/^acme-data\.plants\./);
});

test('stands beside a store of events, in a dataset of its own', () => {
  const { all } = synthesize((stack) => {
    new BigQueryStore(stack, 'Events', { site });
    new BigQueryRawStore(stack, 'Raw', { site });
  });
  expect(all('google_bigquery_dataset').map(({ dataset_id }) => dataset_id)).toEqual(['acme_events', 'acme_raw']);
});

test('a reader may read the view of events and the table below it, and is told the view', () => {
  const { built, all } = synthesize((stack) =>
    new BigQueryRawStore(stack, 'Store', { site }).bindReader(new Somebody(stack, 'Reader'), 'EVENTS'),
  );
  expect(built.settings).toMatchObject({ EVENTS_PROJECT: 'acme-data' });
  expect(Object.keys(built.settings)).toEqual(['EVENTS_PROJECT', 'EVENTS_DATASET', 'EVENTS_TABLE']);
  expect(all('google_bigquery_table_iam_member').map(({ role, table_id }) => [role, table_id])).toEqual([
    ['roles/bigquery.dataViewer', '${google_bigquery_table.raw_events.id}'],
    ['roles/bigquery.dataViewer', '${google_bigquery_table.raw_unique_events.id}'],
  ]);
});

test('its table and its views have the names that they are given', () => {
  const synth = make({ tableId: 'messages', viewId: 'good', rejectedId: 'bad' });
  expect(
    synth
      .all('google_bigquery_table')
      .map(({ table_id }) => table_id)
      .sort(),
  ).toEqual(['bad', 'good', 'messages']);
  const others = make({ tableId: 'messages' });
  expect(
    viewsOf(others)
      .map(({ table_id }) => table_id)
      .sort(),
  ).toEqual(['rejected_messages', 'unique_messages']);
});

describe('refuses', () => {
  test.each<[string, Partial<BigQueryRawStoreProps>, string]>([
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
      'a table with its dataset',
      { tableId: 'plants.events' },
      'test/Store: tableId must be the id of a table, got "plants.events". Use letters, digits and underscores, without the dataset, like plants.',
    ],
    [
      'a view of the name of its table',
      { viewId: 'events' },
      'test/Store: viewId must not be the same as tableId, got "events". Both are in one dataset. Take another id.',
    ],
    [
      'two views of one name',
      { viewId: 'both', rejectedId: 'both' },
      'test/Store: rejectedId must not be the same as viewId, got "both". Both are in one dataset. Take another id.',
    ],
    [
      'a dataset with its project',
      { datasetId: 'acme-data.plants' },
      'test/Store: datasetId must be the id of a dataset, got "acme-data.plants". Write it without the project, like plants.',
    ],
    [
      'settings for a dataset that is there',
      { datasetId: 'plants', encryptionKey: key },
      'test/Store: datasetId keeps its own settings, got encryptionKey beside it. Leave encryptionKey out.',
    ],
    [
      'a key that is none',
      { encryptionKey: 'key' },
      'test/Store: encryptionKey must be the id of a key, got "key". See gcloud kms keys list.',
    ],
    [
      'one key to destroy',
      { removal: 'destroy' },
      `test/Store: removal 'destroy' needs the context destroyData to be "yes", got nothing. Set DESTROY_DATA=yes in the environment of this command, or leave removal out to keep the data.`,
    ],
  ])('%s', (_, props, message) => expect(() => make(props)).toThrow(new Error(message)));

  test('a name that a store of events has', () =>
    expect(() =>
      synthesize((stack) => {
        new BigQueryStore(stack, 'Events', { site });
        new BigQueryRawStore(stack, 'Raw', { site, name: 'events' });
      }),
    ).toThrow('test/Raw: each dataset of a site must have its own name, got "events", which test/Events has.'));
});
