import { promised, setTo } from '../../../shared/read/facts/promise';
import type { Seen, ServiceFacts } from '../../../shared/read/facts/types';
import { set } from '../../../shared/read/facts/weaken';
import type { Step } from '../../../shared/read/picture';
import { type Asked, amount, is } from '../../../shared/read/stack';

const CONFIGURATION = 'WorkGroupConfiguration';
const GIB = 1024 ** 3;
const LOCATION = 'TableInput.StorageDescriptor.Location';
const nothing = 'no effect here';

export const facts: ServiceFacts = {
  name: 'Athena',
  local: 'runs',
  unproven: [
    'The error with which Step Functions says that Athena is busy.',
    'That Athena reads the view as it is written into the catalog, which is not a documented interface.',
    'That a JSON value in a text column is read as its JSON text. The tests run the view and the saved queries on DuckDB.',
  ],
  types: {
    'AWS::Athena::WorkGroup': {
      name: 'workgroup',
      role: 'helps',
      tells: (group) => ['Athena', `${Math.round(amount(group, `${CONFIGURATION}.BytesScannedCutoffPerQuery`) / GIB)} GiB a query`],
      flow: stepsOf,
      promises: [
        setTo({
          rule: 'bounded-cost',
          must: 'enforce its settings on every query',
          at: `${CONFIGURATION}.EnforceWorkGroupConfiguration`,
          to: [true],
          weak: false,
          worse: 'a query can write its result to any bucket, unencrypted',
        }),
        promised(
          'bounded-cost',
          'limit how much a query reads',
          (group) => amount(group, `${CONFIGURATION}.BytesScannedCutoffPerQuery`) > 0,
          { 'a query may read any amount': set(`${CONFIGURATION}.BytesScannedCutoffPerQuery`) },
        ),
        promised(
          'encrypted',
          'keep results in Athena, and not in a bucket besides',
          (group) =>
            is(group, `${CONFIGURATION}.ManagedQueryResultsConfiguration.Enabled`, true) &&
            group.get(`${CONFIGURATION}.ResultConfiguration`).length === 0,
          {
            'results have two places, which no deploy accepts': set(`${CONFIGURATION}.ResultConfiguration.OutputLocation`, 's3://results/'),
          },
        ),
      ],
      local: nothing,
    },
    'AWS::Athena::NamedQuery': { name: 'saved query', role: 'helps', local: nothing },
    'AWS::Glue::Database': { name: 'database of the catalog', role: 'helps', local: nothing },
    'AWS::Glue::Table': {
      name: 'table of the catalog',
      role: 'helps',
      promises: [
        {
          ...setTo({
            rule: 'readable',
            must: 'have partitions that are calculated, so that new hours are found',
            at: 'TableInput.Parameters.projection\\.enabled',
            to: ['true'],
            weak: 'false',
            worse: 'a query finds no event, because no partition is ever added',
          }),
          concerns: (table) => !isView(table),
        },
      ],
      local: nothing,
    },
  },
};

function isView(table: Asked): boolean {
  return is(table, 'TableInput.TableType', 'VIRTUAL_VIEW');
}

/** From the bucket of each table of the stack: a query reads its objects. */
function stepsOf(group: Asked, seen: Seen): Step[] {
  return seen.of('AWS::Glue::Table').flatMap((table) =>
    table.refers(LOCATION).map((bucket) => ({
      from: bucket.stage,
      how: `${is(table, 'TableInput.Parameters.classification', 'parquet') ? 'Parquet' : 'lines of JSON'}, read by query`,
      to: group.stage,
      notes: seen.tell(group),
      between: [bucket.id, group.id] as const,
    })),
  );
}
