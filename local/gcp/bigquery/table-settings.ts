import { type Resource, theOnly } from '../../template/resource';
import type { TableSettings, View } from './table';

/** @throws RefusedError unless there is one table, in whose dataset are at most one view of all columns and one of rejected rows */
export function readTable(resources: readonly Resource[]): TableSettings {
  const views = resources.filter((one) => one.optional('view') !== undefined);
  const table = theOnly(
    resources.filter((one) => !views.includes(one)),
    'google_bigquery_table with a schema',
  );
  const partitionedBy = table.optional('time_partitioning.field');
  const key = table.optional('table_constraints.primary_key.columns');
  // The view of rejected rows shows why each is rejected.
  const rejected = views.filter((one) => /^SELECT .*\breason\b/m.test(one.text('view.query')));
  const others = views.filter((one) => !rejected.includes(one));
  // Of several views, those in other datasets are for readers, and so are those with fewer columns.
  const most = Math.max(...others.map(columnsOf));
  const isForReaders = (one: Resource) => one.text('dataset_id') !== table.text('dataset_id') || columnsOf(one) < most;
  const shared = others.length === 1 ? [] : others.filter(isForReaders);
  const viewIn = (some: readonly Resource[], what: string) => (some.length === 0 ? undefined : viewOf(theOnly(some, what)));
  return {
    project: table.text('project'),
    dataset: table.text('dataset_id'),
    name: table.text('table_id'),
    schema: JSON.parse(table.text('schema')),
    partitionedBy: partitionedBy === undefined ? undefined : String(partitionedBy),
    key: key as readonly string[] | undefined,
    view: viewIn(
      others.filter((one) => !shared.includes(one)),
      'google_bigquery_table with a view',
    ),
    rejected: viewIn(rejected, 'google_bigquery_table with a view of rejected rows'),
    shared: shared.map(viewOf),
  };
}

/** How many columns the query of a view names. */
function columnsOf(view: Resource): number {
  return view.text('view.query').split('\nFROM')[0]!.split(',').length;
}

function viewOf(view: Resource): View {
  return {
    path: `${view.path}.view.query`,
    dataset: view.text('dataset_id'),
    name: view.text('table_id'),
    query: view.text('view.query'),
  };
}
