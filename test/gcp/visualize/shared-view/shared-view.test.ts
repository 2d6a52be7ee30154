import type { TerraformResource } from 'cdktf';
import { BigQueryRawStore } from '../../../../gcp/store/bigquery/bigquery-raw-store';
import { BigQueryStore } from '../../../../gcp/store/bigquery/bigquery-store';
import { SharedView, type SharedViewProps } from '../../../../gcp/visualize/shared-view/shared-view';
import { documentedDefaults } from '../../../support/defaults';
import { expectSnapshot } from '../../../support/snapshot';
import { readable, Somebody, site, synthesize } from '../../stand-ins';

const make = (props: Partial<SharedViewProps> = {}, context = {}) =>
  synthesize(
    (stack) => new SharedView(stack, 'Visualize', { site, store: new BigQueryStore(stack, 'Store', { site }), ...props }),
    context,
  );
type Synth = Pick<ReturnType<typeof make>, 'all'>;
const viewOf = ({ all }: Synth) => all('google_bigquery_table').find(({ dataset_id }) => /shared/.test(dataset_id));
const queryOf = (synth: Synth) => String(viewOf(synth).view.query);

test('the snapshot', () => {
  const made = Object.entries(make({ readers: ['group:sales@example.com'] }).json.resource!).map(([type, named]) => [
    type,
    Object.fromEntries(Object.entries(named).filter(([id]) => /shared|Visualize/.test(id))),
  ]);
  expectSnapshot(
    'gcp/visualize/shared-view/shared-view.snapshot.yaml',
    'The dataset of the store lets this view in. Readers may query the view, and nothing else.',
    readable(Object.fromEntries(made.filter(([, named]) => Object.keys(named!).length > 0))),
  );
});

test('documents the defaults that it has', () => {
  const dataset = make()
    .all('google_bigquery_dataset')
    .find(({ dataset_id }) => dataset_id === 'acme_shared');
  expect(documentedDefaults('gcp/visualize/shared-view/shared-view.ts', 'SharedViewProps')).toEqual({
    name: dataset.dataset_id.slice('acme_'.length),
    removal: dataset.lifecycle.prevent_destroy ? 'retain' : 'destroy',
  });
});

test('shows every column and row of the store, each row once', () => {
  const lines = queryOf(make()).split('\n');
  expect([lines[0], lines.at(-1)]).toEqual(['SELECT *', 'WHERE TRUE']);
  expect(queryOf(make())).toContain('QUALIFY ROW_NUMBER()');
});

test('shows only the columns and the rows that are chosen', () => {
  const query = queryOf(make({ columns: ['event_time', 'data'], where: "event_type = 'reading'" }));
  expect(query.startsWith('SELECT `event_time`, `data`\nFROM (SELECT ')).toBe(true);
  expect(query.endsWith("\nWHERE event_type = 'reading'")).toBe(true);
});

test('a condition with the sign of an expression of Terraform stays a text', () =>
  expect(queryOf(make({ where: "subject != '${x}'" }))).toContain("WHERE subject != '$${x}'"));

test('the dataset of the store lets in this view, and nobody else', () => {
  const { one } = make();
  expect(one('google_bigquery_dataset_access')).toEqual({
    dataset_id: '${google_bigquery_dataset.events.dataset_id}',
    project: 'acme-data',
    view: {
      project_id: 'acme-data',
      dataset_id: '${google_bigquery_table.shared_events.dataset_id}',
      table_id: '${google_bigquery_table.shared_events.table_id}',
    },
  });
});

test('readers may query the view and run queries, and have no role on the store', () => {
  const { all } = make({ readers: ['group:sales@example.com', 'user:ada@example.com'] });
  const roles = [...all('google_bigquery_table_iam_member'), ...all('google_project_iam_member')];
  expect(roles.map(({ role, table_id }) => [role, table_id])).toEqual([
    ['roles/bigquery.dataViewer', '${google_bigquery_table.shared_events.id}'],
    ['roles/bigquery.jobUser', undefined],
  ]);
  expect(JSON.stringify(roles)).toContain('group:sales@example.com');
});

test('a service that reads it may query the view and nothing below it, and is told its name', () => {
  const { all, built } = synthesize((stack) => {
    const view = new SharedView(stack, 'Visualize', { site, store: new BigQueryStore(stack, 'Store', { site }) });
    return view.bindReader(new Somebody(stack, 'Reader'), 'EVENTS');
  });
  expect(all('google_bigquery_table_iam_member')).toEqual([
    expect.objectContaining({
      role: 'roles/bigquery.dataViewer',
      project: 'acme-data',
      table_id: '${google_bigquery_table.shared_events.id}',
      member: 'serviceAccount:reader@acme-data.iam.gserviceaccount.com',
    }),
  ]);
  expect(Object.keys(built.settings)).toEqual(['EVENTS_PROJECT', 'EVENTS_DATASET', 'EVENTS_TABLE']);
});

test('who reads it starts after the dataset of the store has let the view in: before, each query is refused', () => {
  const { built } = synthesize((stack) => {
    const view = new SharedView(stack, 'Visualize', { site, store: new BigQueryStore(stack, 'Store', { site }) });
    return view.bindReader(new Somebody(stack, 'Reader'), 'EVENTS').waitFor;
  });
  const types = built.map((one) => (one as TerraformResource).terraformResourceType);
  expect(types).toEqual(['google_bigquery_dataset_access', 'google_bigquery_table_iam_member']);
});

test('a default key of the project does not replace the view', () =>
  expect(viewOf(make()).lifecycle).toEqual({ ignore_changes: ['encryption_configuration'] }));

test('without readers nobody gets a role', () => {
  const { all } = make();
  expect([...all('google_bigquery_table_iam_member'), ...all('google_project_iam_member')]).toEqual([]);
});

test('shows what Pub/Sub delivered into a raw store, and leaves rejected rows out', () => {
  const synth = synthesize((stack) => {
    const store = new BigQueryRawStore(stack, 'Store', { site });
    return new SharedView(stack, 'Visualize', { site, store, columns: ['publish_day', 'data'] });
  });
  expect(queryOf(synth)).toContain('WHERE reason IS NULL');
});

test('several views show one store, each in a dataset of its own', () => {
  const { all } = synthesize((stack) => {
    const store = new BigQueryStore(stack, 'Store', { site });
    for (const name of ['sales', 'press']) new SharedView(stack, name, { site, store, name });
  });
  expect(all('google_bigquery_dataset').map(({ dataset_id }) => dataset_id)).toEqual(['acme_events', 'acme_press', 'acme_sales']);
  expect(all('google_bigquery_dataset_access')).toHaveLength(2);
});

test('without both keys Terraform deletes neither the dataset nor the view', () => {
  const kept = make();
  expect([viewOf(kept).deletion_protection, kept.all('google_bigquery_dataset')[1].lifecycle]).toEqual([true, { prevent_destroy: true }]);
  const gone = make({ removal: 'destroy' }, { destroyData: 'yes' });
  expect([viewOf(gone).deletion_protection, gone.all('google_bigquery_dataset')[1].delete_contents_on_destroy]).toEqual([false, true]);
});

describe('of a store with a column that a policy tag protects', () => {
  const policyTag = 'projects/acme-data/locations/europe-west1/taxonomies/1/policyTags/2';
  const show = (columns?: readonly string[]) =>
    synthesize((stack) => {
      const store = new BigQueryStore(stack, 'Store', {
        site,
        columns: [
          { name: 'place', type: 'STRING' },
          { name: 'iban', type: 'STRING', policyTag },
        ],
      });
      new SharedView(stack, 'Visualize', { site, store, columns });
    });

  test('shows no value of it, whoever is refused or not', () => {
    const [view] = show()
      .all('google_bigquery_table')
      .filter(({ table_id, view: one }) => one && table_id === 'events');
    expect([view.view.query.includes('`place`'), view.view.query.includes('iban')]).toEqual([true, false]);
  });

  test('cannot be asked to show it, in any case', () =>
    expect(() => show(['place', 'IBAN'])).toThrow(
      new Error(
        'test/Visualize: columns must be columns without a policy tag, got "IBAN". A view for others cannot show it. Leave it out, and make its readers readers of the policy tag and of the store.',
      ),
    ));
});

describe('refuses', () => {
  test.each<[string, Partial<SharedViewProps>, string]>([
    [
      'a name that no dataset takes',
      { name: 'my-view' },
      'test/Visualize: name must be 1 to 40 lower-case letters, digits and underscores, got "my-view". Start with a letter.',
    ],
    [
      'a column that is an expression',
      { columns: ['data.celsius'] },
      `test/Visualize: columns must be names of columns, got "data.celsius". Write them like ['event_time', 'data'].`,
    ],
    [
      'a column twice, in any case',
      { columns: ['data', 'event_time', 'DATA'] },
      'test/Visualize: columns must have each column once, got "DATA" again. Leave one of them out.',
    ],
    [
      'two statements',
      { where: 'TRUE; DROP TABLE x' },
      `test/Visualize: where must be one condition of GoogleSQL, got "TRUE; DROP TABLE x". Write it like event_type = 'com.example.reading'.`,
    ],
    [
      'no condition',
      { where: ' ' },
      `test/Visualize: where must be one condition of GoogleSQL, got " ". Write it like event_type = 'com.example.reading'.`,
    ],
    [
      'everyone',
      { readers: ['allUsers'] },
      'test/Visualize: readers must be IAM members, got "allUsers". Write them like serviceAccount:press@project.iam.gserviceaccount.com. allUsers and allAuthenticatedUsers are not allowed.',
    ],
    [
      'another region than that of the store',
      { site: { ...site, region: 'us-east1' } },
      'test/Visualize: a view must be in the region of its store, europe-west1, got "us-east1". Give it the site of the store.',
    ],
    [
      'one key to destroy',
      { removal: 'destroy' },
      `test/Visualize: removal 'destroy' needs the context destroyData to be "yes", got nothing. Set DESTROY_DATA=yes in the environment of this command, or leave removal out to keep the data.`,
    ],
  ])('%s', (_, props, message) => expect(() => make(props)).toThrow(new Error(message)));

  test('the name of a store', () =>
    expect(() => make({ name: 'events' })).toThrow(
      'test/Visualize: each dataset of a site must have its own name, got "events", which test/Store has.',
    ));
});
