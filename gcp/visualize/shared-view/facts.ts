import { promised } from '../../../shared/read/facts/promise';
import type { Needed, Seen, ServiceFacts } from '../../../shared/read/facts/types';
import { set } from '../../../shared/read/facts/weaken';
import type { Step } from '../../../shared/read/picture';
import { type Asked, is, only, type Stack } from '../../../shared/read/stack';
import { grantsIn } from '../../foundation/promises';

const TABLE = 'google_bigquery_table';
/** What an access entry allows a view: it is no role, and IAM has no permission for it. */
const AUTHORIZED = 'an authorized view';

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
      grants: (access) => [{ holder: viewOf(access)?.id ?? 'another view', may: AUTHORIZED, on: datasetOf(access) }],
      flow: shown,
      needs: needsOf,
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
  roles: { [AUTHORIZED]: { permissions: [AUTHORIZED] } },
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

/** What the view reads for its readers. Each query of a reader is a job. */
function needsOf(access: Asked, stack: Stack): Needed[] {
  const view = viewOf(access);
  if (!view) return [];
  const on = (id: string) => `\${${id}}`;
  const reads: Needed = { who: view.id, may: AUTHORIZED, on: on(datasetOf(access)), because: 'the view reads the table' };
  // People are known only at deploy, so their grant is for each of a list. A service that reads the view is a member by itself.
  const isOfReaders = (grant: Asked) =>
    (grant.refers('table_id').some(({ id }) => id === view.id) && grant.get('for_each').length > 0) ||
    (is(grant, 'role', 'roles/bigquery.jobUser') && grant.stage === view.stage);
  if (!grantsIn(stack).some(isOfReaders)) return [reads];
  return [
    reads,
    { who: 'client', may: 'bigquery.tables.getData', on: on(view.id), because: 'readers query the view' },
    { who: 'client', may: 'bigquery.jobs.create', on: 'project', because: 'each query of a reader is a job' },
  ];
}
