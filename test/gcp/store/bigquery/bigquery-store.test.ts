import { adapt } from '@google-cloud/bigquery-storage';
import { TerraformOutput, type TerraformStack } from 'cdktf';
import type { Masking } from '../../../../gcp/foundation/policy-tag';
import { BigQueryStore, type BigQueryStoreProps } from '../../../../gcp/store/bigquery/bigquery-store';
import type { Column } from '../../../../gcp/store/bigquery/event-table';
import { PolicyTags } from '../../../../gcp/store/policy-tags/policy-tags';
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

test('keeps rows for ever without a retention, also after one was set: 0 tells BigQuery so', () =>
  expect(tableOf(make()).time_partitioning.expiration_ms).toBe(0));

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

test('is not replaced where its dataset or its project has a default key', () => {
  const from = { ignore_changes: ['encryption_configuration'] };
  const there = make({ datasetId: 'plants' });
  expect([tableOf(there).lifecycle, viewOf(there).lifecycle]).toEqual([{ ...from, prevent_destroy: true }, from]);
  // The key of a table of its own dataset is a setting: a change of it must not be lost.
  expect([tableOf(make()).lifecycle, viewOf(make()).lifecycle]).toEqual([{ prevent_destroy: true }, from]);
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

test('two stores share the dataset of the first, each with a table and a view of its own', () => {
  const { all } = synthesize((stack) => {
    const first = new BigQueryStore(stack, 'First', { site });
    new BigQueryStore(stack, 'Second', { site, datasetId: first.dataset!.datasetId, name: 'orders' });
  });
  expect(all('google_bigquery_dataset')).toHaveLength(1);
  expect(
    all('google_bigquery_table')
      .map(({ table_id }) => table_id)
      .sort(),
  ).toEqual(['events', 'orders', 'unique_events', 'unique_orders']);
});

test('a description is the same in BigQuery, also with the sign of an expression of Terraform', () => {
  const columns: Column[] = [
    { name: 'price', type: 'FLOAT', description: 'In ${currency}.' },
    { name: 'line', type: 'RECORD', columns: [{ name: 'sku', type: 'STRING', description: '%{if}' }] },
  ];
  expect(tableOf(make({ columns })).schema).toContain('"description":"In $${currency}."');
  expect(tableOf(make({ columns })).schema).toContain('"description":"%%{if}"');
});

describe('columns within a column', () => {
  const columns: Column[] = [
    {
      name: 'customer',
      type: 'RECORD',
      description: 'Who ordered.',
      columns: [
        { name: 'event_id', type: 'STRING' },
        { name: 'address', type: 'RECORD', columns: [{ name: 'city', type: 'STRING' }] },
      ],
    },
    { name: 'lines', type: 'RECORD', mode: 'REPEATED', columns: [{ name: 'sku', type: 'STRING', description: 'The article.' }] },
    { name: 'tags', type: 'STRING', mode: 'REPEATED' },
  ];

  test('are in the schema in the words of the API, each with its mode, and none is required', () => {
    expect(columnsOf(make({ columns })).slice(7, -1)).toEqual([
      {
        ...{ name: 'customer', type: 'RECORD', mode: 'NULLABLE', description: 'Who ordered.' },
        fields: [
          { name: 'event_id', type: 'STRING', mode: 'NULLABLE' },
          { name: 'address', type: 'RECORD', mode: 'NULLABLE', fields: [{ name: 'city', type: 'STRING', mode: 'NULLABLE' }] },
        ],
      },
      {
        ...{ name: 'lines', type: 'RECORD', mode: 'REPEATED' },
        fields: [{ name: 'sku', type: 'STRING', mode: 'NULLABLE', description: 'The article.' }],
      },
      { name: 'tags', type: 'STRING', mode: 'REPEATED' },
    ]);
  });

  test('are in the view as a whole', () => {
    expect(viewOf(make({ columns })).view.query).toContain('`publish_time`, `customer`, `lines`, `tags`, `rest`');
  });

  /** A RECORD in a RECORD, and so on. */
  const nest = (depth: number): Column =>
    depth === 0 ? { name: 'leaf', type: 'STRING' } : { name: `level${depth}`, type: 'RECORD', columns: [nest(depth - 1)] };

  test('are as deep as BigQuery allows: 15 columns of type RECORD', () => {
    expect(JSON.stringify(columnsOf(make({ columns: [nest(15)] })))).toContain('leaf');
    expect(() => make({ columns: [nest(16)] })).toThrow(
      /level1 must be within at most 14 others, got 15. BigQuery allows no more. Use JSON for what is within it.$/,
    );
  });

  test('the client of BigQuery mixes up two columns whose paths are the same with underscores: when it does no more, they are allowed', () => {
    const field = (name: string, fields: object[]) => ({ name, type: 'STRUCT', mode: 'NULLABLE', fields });
    const text = (name: string) => ({ name, type: 'STRING', mode: 'NULLABLE' });
    const made = adapt.convertStorageSchemaToProto2Descriptor(
      { fields: [field('a_b', [text('first')]), field('a', [field('b', [text('second')])])] } as never,
      'root',
    );
    const messages = made.nestedType!.filter(({ name }) => name === 'root_a_b');
    expect(messages.map(({ field }) => field!.map((one) => one.name))).toEqual([['second']]);
  });
});

describe('a column with a policy tag', () => {
  const existing = 'projects/acme-data/locations/europe-west1/taxonomies/1/policyTags/2';
  const protecting = (use: (store: BigQueryStore, stack: TerraformStack) => unknown = () => {}, more: Partial<BigQueryStoreProps> = {}) =>
    synthesize((stack) => {
      const tags = new PolicyTags(stack, 'Tags', { site, tags: { secret: {}, person: { masking: 'SHA256' } } });
      const store = new BigQueryStore(stack, 'Store', {
        site,
        columns: [
          { name: 'subject', type: 'STRING' },
          { name: 'iban', type: 'STRING', policyTag: tags.tag('secret') },
          { name: 'customer', type: 'RECORD', columns: [{ name: 'name', type: 'STRING', policyTag: tags.tag('person') }] },
        ],
        ...more,
      });
      use(store, stack);
      return store;
    });
  const viewsOf = ({ all }: Synth) =>
    Object.fromEntries(
      all('google_bigquery_table')
        .filter(({ view }) => view)
        .map(({ table_id, view }) => [table_id, view.query.split('\n')[0]]),
    );
  const roles = ({ all }: Synth, type: string) =>
    all(type).map(({ role, policy_tag, data_policy_id }) => [role, policy_tag ?? data_policy_id]);
  /** Which view a reader is told of. */
  const toldIn = ({ json }: ReturnType<typeof protecting>) => (json as any).output.Told.value;
  const bound = ({ all }: Synth) => all('google_bigquery_table_iam_member').map(({ table_id }) => table_id);

  test('names its tag in the schema, also within a column', () => {
    const [, iban, customer] = columnsOf(protecting()).slice(7) as any[];
    expect(iban.policyTags).toEqual({ names: ['${google_data_catalog_policy_tag.columns_secret.id}'] });
    expect(customer.fields[0].policyTags).toEqual({ names: ['${google_data_catalog_policy_tag.columns_person.id}'] });
  });

  test('is in the view of all columns, and in the other one only if it is masked', () => {
    const views = viewsOf(protecting());
    expect(Object.keys(views).sort()).toEqual(['open_events', 'unique_events']);
    expect(views.unique_events).toContain('`iban`, `customer`');
    expect([views.open_events.includes('`iban`'), views.open_events.includes('`customer`')]).toEqual([false, true]);
    expect(Object.keys(viewsOf(protecting(() => {}, { openViewId: 'for_all' })))).toContain('for_all');
  });

  test('a reader gets the view without it, and sees masked values: a query of the other view would be refused', () => {
    const synth = protecting((store, stack) => {
      const { settings } = store.bindReader(new Somebody(stack, 'Reader'), 'EVENTS');
      new TerraformOutput(stack, 'Told', { value: settings.EVENTS_TABLE });
    });
    expect(toldIn(synth)).toBe('${google_bigquery_table.events_open_events.table_id}');
    expect(bound(synth)).toEqual(['${google_bigquery_table.events_events.id}', '${google_bigquery_table.events_open_events.id}']);
    expect(roles(synth, 'google_data_catalog_policy_tag_iam_member')).toEqual([]);
    expect(roles(synth, 'google_bigquery_datapolicy_data_policy_iam_member')).toEqual([
      ['roles/bigquerydatapolicy.maskedReader', '${google_bigquery_datapolicy_data_policy.columns_person.id}'],
    ]);
  });

  test('the view without it can be deleted: nothing needs it after the last such column loses its tag or gets masking', () => {
    const { all } = protecting();
    const protection = Object.fromEntries(all('google_bigquery_table').map((one) => [one.table_id, one.deletion_protection]));
    expect(protection).toEqual({ events: true, unique_events: true, open_events: false });
  });

  test('a reader of all columns gets the view of all, and is a reader of each tag before it starts', () => {
    const synth = protecting((store, stack) => {
      const { settings, waitFor } = store.allColumns.bindReader(new Somebody(stack, 'Reader'), 'EVENTS');
      new TerraformOutput(stack, 'Told', { value: settings.EVENTS_TABLE });
      expect(waitFor).toHaveLength(4);
    });
    expect(toldIn(synth)).toBe('${google_bigquery_table.events_unique_events.table_id}');
    expect(bound(synth)).toEqual(['${google_bigquery_table.events_events.id}', '${google_bigquery_table.events_unique_events.id}']);
    expect(roles(synth, 'google_data_catalog_policy_tag_iam_member')).toEqual([
      ['roles/datacatalog.categoryFineGrainedReader', '${google_data_catalog_policy_tag.columns_person.id}'],
      ['roles/datacatalog.categoryFineGrainedReader', '${google_data_catalog_policy_tag.columns_secret.id}'],
    ]);
    expect(roles(synth, 'google_bigquery_datapolicy_data_policy_iam_member')).toEqual([]);
  });

  test('a writer needs no right on a tag', () => {
    const synth = protecting((store, stack) => store.bindWriter(new Somebody(stack, 'Writer'), 'STORE'));
    expect(roles(synth, 'google_data_catalog_policy_tag_iam_member')).toEqual([]);
    expect(synth.one('google_bigquery_table_iam_member').role).toBe('roles/bigquery.dataEditor');
  });

  test('one reader of two columns, or two stores, with the same tag is granted it once: a second grant would go with the first', () => {
    const column: Column = { name: 'iban', type: 'STRING', policyTag: existing };
    const { all } = synthesize((stack) => {
      const reader = new Somebody(stack, 'Reader');
      for (const name of ['a', 'b'])
        new BigQueryStore(stack, name, { site, name, columns: [column] }).allColumns.bindReader(reader, name.toUpperCase());
    });
    expect(all('google_data_catalog_policy_tag_iam_member').map(({ policy_tag }) => policy_tag)).toEqual([existing]);
  });

  test('the grant on an existing tag stays where it is when another column loses its tag: at another address it would be gone', () => {
    const [first, second] = [existing, existing.replace(/2$/, '3')];
    const addresses = (...policyTags: string[]) =>
      Object.keys(
        synthesize((stack) => {
          const columns = policyTags.map((policyTag, index): Column => ({ name: `c${index}`, type: 'STRING', policyTag }));
          new BigQueryStore(stack, 'Store', { site, columns }).allColumns.bindReader(new Somebody(stack, 'Reader'), 'EVENTS');
        }).json.resource!.google_data_catalog_policy_tag_iam_member!,
      );
    expect(addresses(first, second)).toEqual(expect.arrayContaining(addresses(second)));
  });

  test('of an existing tag nobody knows the masking, so that the open view leaves the column out', () => {
    const synth = make({ columns: [{ name: 'iban', type: 'STRING', policyTag: existing }] });
    expect(viewsOf(synth).open_events).not.toContain('iban');
    expect(columnsOf(synth).at(-2)).toMatchObject({ policyTags: { names: [existing] } });
  });

  test('is in no view that others see by their own right', () => {
    const { built } = protecting();
    expect(built.protectedColumns).toEqual(['iban', 'customer']);
    expect(built.uniqueRows.split('\n')[0]).toMatch(/`publish_time`, `subject`, `rest`$/);
  });

  test('without masking or with all columns masked, there is one view', () => {
    expect(Object.keys(viewsOf(make()))).toEqual(['unique_events']);
    const { built } = synthesize((stack) => {
      const tags = new PolicyTags(stack, 'Tags', { site, tags: { person: { masking: 'ALWAYS_NULL' } } });
      return new BigQueryStore(stack, 'Store', { site, columns: [{ name: 'n', type: 'FLOAT', policyTag: tags.tag('person') }] });
    });
    expect(built.openView).toBe(built.view);
  });

  const elsewhere = existing.replace('europe-west1', 'us-east1');
  const masked = (masking: Masking) => (stack: TerraformStack) =>
    new PolicyTags(stack, 'Tags', { site, tags: { t: { masking } } }).tag('t');
  test.each<[string, (stack: TerraformStack) => Partial<BigQueryStoreProps>, string]>([
    [
      'a name that is no id',
      () => ({ columns: [{ name: 'a', type: 'STRING', policyTag: 'personal' }] }),
      'policyTag of a must be the id of a policy tag, got "personal". Write it as BigQuery shows it, like projects/acme-data/locations/europe-west1/taxonomies/1/policyTags/2.',
    ],
    [
      'an object that is no tag',
      () => ({ columns: [{ name: 'a', type: 'STRING', policyTag: {} as never }] }),
      'policyTag of a must be a tag or its id, got object. Write it like tags.tag(...).',
    ],
    [
      'a tag of another region, because BigQuery refuses the schema',
      () => ({ columns: [{ name: 'a', type: 'STRING', policyTag: elsewhere }] }),
      'policyTag of a must be in the region of the store, europe-west1, got "us-east1". Take a tag of that region.',
    ],
    [
      'a hash of a number',
      (stack) => ({ columns: [{ name: 'a', type: 'INTEGER', policyTag: masked('SHA256')(stack) }] }),
      'the type of column a must be STRING for masking SHA256, got INTEGER. Take a tag with ALWAYS_NULL, DEFAULT_MASKING_VALUE or no masking.',
    ],
    [
      'the year of a list',
      (stack) => ({ columns: [{ name: 'a', type: 'DATE', mode: 'REPEATED', policyTag: masked('DATE_YEAR_MASK')(stack) }] }),
      'column a must not be REPEATED for masking DATE_YEAR_MASK, got REPEATED. Take a tag with ALWAYS_NULL, DEFAULT_MASKING_VALUE or no masking.',
    ],
  ])('refuses %s', (_, props, message) =>
    expect(() => synthesize((stack) => new BigQueryStore(stack, 'Store', { site, ...props(stack) }))).toThrow(
      new Error(`test/Store: ${message}`),
    ),
  );

  test('may be in another region in a dataset that exists: nobody knows its region', () => {
    expect(() => make({ datasetId: 'plants', columns: [{ name: 'a', type: 'STRING', policyTag: elsewhere }] })).not.toThrow();
  });
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
      'a description that BigQuery cuts off',
      { columns: [{ name: 'a', type: 'STRING', description: 'x'.repeat(1025) }] },
      `test/Store: the description of column a must be 1 to 1024 characters, got "${'x'.repeat(99)}…". BigQuery takes no longer ones. Leave it out for none.`,
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
      'an open view of the name of the view',
      { openViewId: 'unique_events' },
      'test/Store: openViewId must not be the same as viewId, got "unique_events". Both are in one dataset. Take another id.',
    ],
    [
      'a RECORD without columns',
      { columns: [{ name: 'a', type: 'RECORD', columns: [] }] },
      'test/Store: the columns of a must be a list with columns, got none. Use JSON for an object of any form.',
    ],
    [
      'a RECORD without a list of columns',
      { columns: [{ name: 'a', type: 'RECORD' } as Column] },
      'test/Store: the columns of a must be a list, got undefined. Write it like [{ name, type }].',
    ],
    [
      'a column twice within another, in any case',
      {
        columns: [
          {
            ...{ name: 'a', type: 'RECORD' },
            columns: [
              { name: 'b', type: 'STRING' },
              { name: 'B', type: 'STRING' },
            ],
          },
        ],
      },
      'test/Store: each column of a must have its own name, got "B" again. These names are used: b.',
    ],
    [
      'a type in another spelling within another',
      { columns: [{ name: 'a', type: 'RECORD', columns: [{ name: 'b', type: 'STRUCT' as 'STRING' }] }] },
      'test/Store: the type of column a.b must be one of STRING, INTEGER, FLOAT, NUMERIC, BIGNUMERIC, BOOLEAN, TIMESTAMP, DATE, JSON, RECORD, got "STRUCT". Use RECORD with columns for objects, and JSON for other values.',
    ],
    [
      'a column that is required, because the transform may leave it out',
      { columns: [{ name: 'a', type: 'STRING', mode: 'REQUIRED' as 'NULLABLE' }] },
      'test/Store: the mode of column a must be NULLABLE or REPEATED, got "REQUIRED". A column that a user adds can be empty.',
    ],
    [
      'two columns that the client of BigQuery mixes up',
      {
        columns: [
          { name: 'a_b', type: 'RECORD', columns: [{ name: 'c', type: 'STRING' }] },
          { name: 'a', type: 'RECORD', columns: [{ name: 'b', type: 'RECORD', columns: [{ name: 'd', type: 'STRING' }] }] },
        ],
      },
      'test/Store: each RECORD must have its own path, with underscores for dots, got a_b and a.b. The client of BigQuery would mix them up. Rename one of them.',
    ],
    [
      'one key to destroy',
      { removal: 'destroy' },
      `test/Store: removal 'destroy' needs the context destroyData to be "yes", got nothing. Set DESTROY_DATA=yes in the environment of this command, or leave removal out to keep the data.`,
    ],
  ])('%s', (_, props, message) => expect(() => make(props)).toThrow(new Error(message)));
});
