import { type Resource, theOnly } from '../../template/resource';
import type { TableSettings } from './table';

/** @throws RefusedError unless there is one table, with at most one view */
export function readTable(resources: readonly Resource[]): TableSettings {
  const views = resources.filter((one) => one.optional('view') !== undefined);
  const table = theOnly(
    resources.filter((one) => !views.includes(one)),
    'google_bigquery_table with a schema',
  );
  const partitionedBy = table.optional('time_partitioning.field');
  const view = views.length === 0 ? undefined : theOnly(views, 'google_bigquery_table with a view');
  return {
    project: table.text('project'),
    dataset: table.text('dataset_id'),
    name: table.text('table_id'),
    schema: JSON.parse(table.text('schema')),
    partitionedBy: partitionedBy === undefined ? undefined : String(partitionedBy),
    view: view && {
      path: `${view.path}.view.query`,
      dataset: view.text('dataset_id'),
      name: view.text('table_id'),
      query: view.text('view.query'),
    },
  };
}
