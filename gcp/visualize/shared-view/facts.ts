import { promised } from '../../../shared/read/facts/promise';
import type { Needed, Seen, ServiceFacts } from '../../../shared/read/facts/types';
import { set } from '../../../shared/read/facts/weaken';
import type { Step } from '../../../shared/read/picture';
import { type Asked, only, type Stack } from '../../../shared/read/stack';

const TABLE = 'google_bigquery_table';

export const facts: ServiceFacts = {
  name: 'Data Studio',
  local: 'runs',
  unproven: [
    'That Data Studio reads the view with the roles of a reader.',
    'That BigQuery applies a filter on the day of the shared view to the partitions of the table of the store.',
  ],
  types: {
    google_bigquery_dataset_access: {
      name: 'authorized view',
      role: 'grants',
      apis: ['bigquery'],
      replacedBy: ['*'],
      grants: (access) => [{ holder: viewOf(access)?.id ?? 'another view', may: 'an authorized view', on: datasetOf(access) }],
      flow: shown,
      needs: readersNeed,
      promises: [
        promised(
          'narrow-role',
          'let one view in, and no person or role',
          (access) =>
            access.get('view').length === 1 && ['role', 'special_group', 'iam_member'].every((key) => access.get(key).length === 0),
          {
            'everyone with a Google account may read the dataset': (draft, resource) => {
              set('view')(draft, resource);
              set('role', 'READER')(draft, resource);
              set('special_group', 'allAuthenticatedUsers')(draft, resource);
            },
          },
        ),
      ],
      local: 'no effect here',
    },
  },
};

/** The view that an access entry lets in. */
function viewOf(access: Asked): Asked | undefined {
  return access.refers('view.table_id').find(({ type }) => type === TABLE);
}

function datasetOf(access: Asked): string {
  return access.refers('dataset_id')[0]?.id ?? String(only(access, 'dataset_id'));
}

/** From each table that the view reads. */
function shown(access: Asked, seen: Seen): Step[] {
  const view = viewOf(access);
  if (!view) return [];
  const tables = view.refers('view.query').filter(({ type }) => type === TABLE);
  return tables.map((table) => ({
    from: table.stage,
    how: 'authorized view',
    to: view.stage,
    notes: seen.tell(view),
    between: [table.id, view.id],
  }));
}

/** The readers of the view, if there are any. Their queries are jobs. */
function readersNeed(access: Asked, stack: Stack): Needed[] {
  const view = viewOf(access);
  const hasReaders = view && stack.of(`${TABLE}_iam_member`).some((grant) => grant.refers('table_id').some(({ id }) => id === view.id));
  if (!hasReaders) return [];
  return [
    { who: 'client', may: 'bigquery.tables.getData', on: `\${${view.id}}`, because: 'readers query the view' },
    { who: 'client', may: 'bigquery.jobs.create', on: 'project', because: 'each query of a reader is a job' },
  ];
}
