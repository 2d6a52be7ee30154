import { HOURS, TIB } from '../../../shared/read/facts/cost';
import { promised } from '../../../shared/read/facts/promise';
import type { JobFacts, Needed, Seen, ServiceFacts, StartedJob } from '../../../shared/read/facts/types';
import { replace, set } from '../../../shared/read/facts/weaken';
import type { Step } from '../../../shared/read/picture';
import { type Asked, is, only, type Stack } from '../../../shared/read/stack';
import { columnNeeds } from '../../foundation/columns/promises';
import { alertOn, readyBeforeWork } from '../../foundation/promises';

const QUERY = 'google_bigquery_data_transfer_config';
const RUNS_AS = 'service_account_name';
const TEXT = 'params.query';

export const facts: ServiceFacts = {
  name: 'Scheduled queries',
  local: { not: 'the local run stores rows with DuckDB, which does not run GoogleSQL that changes rows' },
  unproven: [
    'That BigQuery accepts the query of the example, and prunes the partitions of the clean table by its condition.',
    'That BigQuery accepts `learnBaselines` and `findOutliers`, and prunes partitions by their conditions.',
    'That BigQuery accepts `replaceRows`, as a script whose conditions satisfy the partition filter of both tables, and reports a failed check as the error of the job.',
    'That the service agent of BigQuery Data Transfer runs the query with no role but that on its service account.',
    'That metrics of runs have the labels that the alerts name.',
  ],
  types: {
    [QUERY]: {
      name: 'scheduled query',
      role: 'runs code',
      apis: ['bigquery', 'bigquerydatatransfer'],
      replacedBy: ['data_source_id', 'location', 'project'],
      computed: { name: 'projects/acme-data/locations/europe-west1/transferConfigs/acme' },
      tells: (query) => ['BigQuery', String(only(query, 'schedule')), is(query, 'disabled', true) ? 'paused' : undefined],
      flow: stepsOf,
      actsAs: [RUNS_AS],
      runs: (query) => ({ as: query.refers(RUNS_AS)[0]?.id ?? 'whoever deploys', settings: {} }),
      needs: needsOf,
      promises: [
        promised(
          'own-identity',
          'run as a service account of its own, not as whoever deploys',
          (query) => query.refers(RUNS_AS).length === 1,
          {
            'it runs as whoever deploys, and stops when that person leaves': set(RUNS_AS),
          },
        ),
        readyBeforeWork(RUNS_AS),
        promised(
          'repeatable',
          'add no row that is there already',
          (query) => /^(MERGE|CREATE OR REPLACE)\b/.test(String(only(query, TEXT))),
          {
            'a run that is repeated adds its rows again': replace('MERGE', 'INSERT'),
          },
        ),
        promised('in-its-region', 'be in a region, because BigQuery takes US without one', (query) => query.get('location').length === 1, {
          'it runs in the United States': set('location'),
        }),
        alertOn({
          what: 'failed runs',
          must: 'have its own alert that fires when a run fails',
          metric: 'completion_state = "FAILED"',
          label: 'config_id',
          atMost: 0,
        }),
      ],
      costs: (query, load) => {
        const runs = runsAMonth(String(only(query, 'schedule')));
        const days = daysIn(String(only(query, TEXT)));
        const scanned = readBy(query).reduce((sum, table) => sum + load.writes(table).count * load.size * days * 24 * 3600, 0);
        return [
          {
            what: `bytes that its runs read, ${days} days of events each`,
            price: 'bigQueryScan',
            units: (runs * scanned) / TIB,
            lower: 'Fewer runs, or fewer `days` of `cleanRows`.',
          },
        ];
      },
      local: {},
    },
  },
  jobs: { 'bigquery.googleapis.com': queryJob() },
  roles: {
    'roles/bigquery.jobUser': {
      permissions: [
        ...['bigquery.jobs.create', 'bigquery.config.get', 'dataform.locations.get', 'dataform.locations.list'],
        ...['resourcemanager.projects.get', 'resourcemanager.projects.list'],
      ],
      surplus: 'Google has no role that only runs jobs, and none on less than the project. It gives no access to rows.',
    },
  },
};

/** The tables and views that a query names. */
type Named = readonly Asked[];
const namedBy = (query: Asked): Named => tablesIn(query, TEXT);
const isView = (table: Asked) => table.get('view').length > 0;
/** The tables below the views that it reads. */
const readOf = (named: Named) => named.filter(isView).flatMap((view) => tablesIn(view, 'view.query'));
const readBy = (query: Asked) => readOf(namedBy(query));

function tablesIn(resource: Asked, setting: string): readonly Asked[] {
  return resource.refers(setting).filter(({ type }) => type === 'google_bigquery_table');
}

/** From each table that it reads. The role on what it writes is a step of its own. */
function stepsOf(query: Asked, seen: Seen): Step[] {
  return readBy(query).map((table) => ({
    from: table.stage,
    how: `read ${only(query, 'schedule')}`,
    to: query.stage,
    notes: seen.tell(query),
    between: [table.id, query.id],
  }));
}

function needsOf(query: Asked, stack: Stack): Needed[] {
  const [account] = query.refers(RUNS_AS);
  if (!account) return [];
  const agents = stack.of('google_project_service_identity').filter((agent) => is(agent, 'service', 'bigquerydatatransfer.googleapis.com'));
  return [
    ...needsToRun(account.id, namedBy(query), stack),
    ...agents.map(({ id }) => need(id, 'iam.serviceAccounts.getAccessToken', account.id, 'BigQuery runs the query as this account')),
  ];
}

/** How often a schedule of BigQuery starts a run in a month. */
function runsAMonth(schedule: string): number {
  const [, count, unit] = /^every (\d+) (minutes|hours)$/.exec(schedule) ?? [];
  if (count !== undefined) return (HOURS * (unit === 'hours' ? 1 : 60)) / Number(count);
  const days = schedule.includes('day') ? 7 : schedule.split(',').length;
  return (HOURS / 24) * (days / 7);
}

/** The days that a query reads: the longest interval back from its run. A query without one is taken to read three. */
function daysIn(query: string): number {
  const intervals = [...query.matchAll(/INTERVAL (\d+) DAY/g)].map(([, days]) => Number(days));
  return intervals.length > 0 ? Math.max(...intervals) : 3;
}

/** What whoever runs a query needs. */
function needsToRun(who: string, named: Named, stack: Stack): Needed[] {
  return [
    need(who, 'bigquery.jobs.create', 'project', 'each run is a job'),
    ...[...named.filter(isView), ...readOf(named)].map(({ id }) => need(who, 'bigquery.tables.getData', id, 'the query reads it')),
    ...named.filter(isView).flatMap((view) => columnNeeds(who, view, stack)),
    ...named
      .filter((table) => !isView(table))
      .flatMap(({ id }) => ['getData', 'updateData'].map((verb) => need(who, `bigquery.tables.${verb}`, id, 'MERGE reads and changes it'))),
  ];
}

function need(who: string, may: string, on: string, because: string): Needed {
  return { who, may, on, because };
}

/** A query that a workflow starts. It runs as the workflow. */
function queryJob(): JobFacts {
  const namedIn = ({ parameters }: StartedJob, stack: Stack): Named => {
    const ids = [...JSON.stringify(parameters).matchAll(/\$\{(google_bigquery_table\.[\w-]+)\./g)].map(([, id]) => id!);
    return [...new Set(ids)].flatMap((id) => stack.get(id) ?? []);
  };
  return {
    role: ({ starter }) => starter,
    tells: () => ['BigQuery'],
    flow: (job, seen, label) => {
      const named = namedIn(job, seen);
      const read = readOf(named).map((table) => {
        const between: Step['between'] = [table.id, job.starter];
        return { from: table.stage, how: 'read by a query', to: label, notes: 'BigQuery', between };
      });
      const written = named
        .filter((table) => !isView(table))
        .map((table) => {
          const between: Step['between'] = [job.starter, table.id];
          return { from: label, how: 'written by a query', to: table.stage, notes: seen.tell(table), between };
        });
      return [...read, ...written];
    },
    needs: (job, stack) => needsToRun(job.starter, namedIn(job, stack), stack),
    costs: (job, runs, load) => {
      const tables = readOf(namedIn(job, load.stack));
      const days = daysIn(JSON.stringify(job.parameters));
      const scanned = tables.reduce((sum, table) => sum + load.writes(table).count * load.size * days * 24 * 3600, 0);
      const lower = 'A `schedule` that starts it less often, or fewer `days` of its query.';
      return [
        { what: `bytes that its queries read, ${days} days of events each`, price: 'bigQueryScan', units: (runs * scanned) / TIB, lower },
      ];
    },
  };
}
