import { BigqueryDataTransferConfig } from '@cdktf/provider-google/lib/bigquery-data-transfer-config';
import { ProjectIamMember } from '@cdktf/provider-google/lib/project-iam-member';
import type { ServiceAccount } from '@cdktf/provider-google/lib/service-account';
import { ServiceAccountIamMember } from '@cdktf/provider-google/lib/service-account-iam-member';
import { Fn } from 'cdktf';
import { Construct } from 'constructs';
import { takeName } from '../../../shared/synth/kept-name';
import { literal } from '../../../shared/synth/literal';
import { CHANNELS, requireText, requireTexts, SettingError } from '../../../shared/synth/settings';
import { alertAbove, alertOnAbsence } from '../../foundation/alert';
import { needApis } from '../../foundation/apis';
import { Propagation } from '../../foundation/propagation';
import { ACCOUNT_NAME, accountOf } from '../../foundation/service-account';
import type { Workload } from '../../ports/identity';
import type { Site } from '../../ports/site';
import { EVERY, hoursBetween, type ReadTables, requireTables, START, tableOf, type WrittenTables } from './query-settings';

/** Settings for {@link ScheduledQuery}. */
export interface ScheduledQueryProps {
  /** The project, the region and the prefix of the query. The datasets of its tables must be in the region. */
  readonly site: Site;
  /**
   * The end of the name of its service account: 1 to 10 lower-case letters and digits. Each query of a site needs its own name.
   * @default query
   */
  readonly name?: string;
  /**
   * The stores that the query reads, by name: `{ EVENTS: store }`. Of columns that policy tags protect it sees what masking shows, and none
   * without masking: with `store.allColumns`, it sees all.
   */
  readonly reads: ReadTables;
  /** The stores that the query writes, by name: `{ CLEAN: clean }`. */
  readonly writes: WrittenTables;
  /**
   * The query in GoogleSQL. It gets the names of the tables in backquotes: of each store in `reads` the view without duplicates, of
   * each in `writes` the table. `@run_time` in it is the time at which the run was due. It must have the same effect if it runs twice:
   * BigQuery can start a run again. See `cleanRows`. It may add rows to protected columns. If it reads one of a table in `writes`,
   * BigQuery refuses it.
   */
  readonly query: (tables: Readonly<Record<string, string>>) => string;
  /**
   * When it runs, in UTC: `every 6 hours`, `every 30 minutes`, `every day 03:00` or `every mon,thu 03:00`. Every 5 minutes is the
   * shortest.
   * @default every 1 hours
   */
  readonly every?: string;
  /**
   * When it runs first, in UTC, such as `2026-01-01T00:00:00Z`.
   * @default - at once
   */
  readonly startTime?: string;
  /**
   * Whether no runs are started for the time being. Then silence opens no incident.
   * @default false
   */
  readonly paused?: boolean;
  /**
   * The ids of the notification channels that every alert notifies.
   * @default - alerts open an incident without a notification
   */
  readonly notify?: readonly string[];
}

/**
 * Processing stage: SQL that prepares rows, such as typed columns from raw events, on a schedule. It takes the place of Cloud
 * Dataprep, which Google no longer offers, for work that SQL can do.
 *
 * It runs in BigQuery, as a service account of its own. An alert opens an incident if a run fails, and for schedules of up to 11 hours
 * also if none succeeds in twice the interval. A schedule costs nothing, each run is billed by the bytes that it reads, so let the query
 * filter on `event_time`. A change of the query or of the schedule is made in place, and applies from the next run.
 *
 * Do not use it for rows that are needed within minutes of their event: use a function. Do not use it for a query that must wait for
 * another job: use `QueryJob` in a `WorkflowsOrchestration`. The deployer must be allowed to act as its service account.
 * @see https://cloud.google.com/bigquery/docs/scheduling-queries
 */
export class ScheduledQuery extends Construct implements Workload {
  readonly name: string;
  readonly member: string;
  /** The service account that the query runs as. */
  readonly account: ServiceAccount;
  /** The query with its schedule, for anything this construct does not cover. */
  readonly resource: BigqueryDataTransferConfig;

  constructor(scope: Construct, id: string, props: ScheduledQueryProps) {
    super(scope, id);
    const { site, reads, writes, query, startTime, name = 'query', every = 'every 1 hours', notify = [] } = props;
    requireText(this, { name }, ACCOUNT_NAME);
    requireTables(this, reads, writes);
    if (typeof query !== 'function')
      throw new SettingError(this, 'query must be a function', typeof query, 'It gets the names of the tables.');
    requireText(this, { every }, EVERY);
    const hours = hoursBetween(every);
    if (hours !== undefined && hours < 5 / 60)
      throw new SettingError(this, 'every must be at least 5 minutes', `"${every}"`, 'BigQuery allows no less.');
    if (startTime !== undefined) requireText(this, { startTime }, START);
    requireTexts(this, { notify }, CHANNELS);
    takeName(this, 'scheduled query of a site', name, [site.project, site.prefix]);
    needApis(this, 'bigquery', 'bigquerydatatransfer', 'iam', 'monitoring');
    this.name = name;
    const { project } = site;

    this.account = accountOf(this, 'Account', site, `${site.prefix}-${name}-runner`, `Runs the query ${name}`);
    this.member = this.account.member;
    const bound = [
      ...Object.entries(reads).map(([table, store]) => [table, store.bindReader(this, table)] as const),
      ...Object.entries(writes).map(([table, store]) => [table, store.bindWriter(this, table)] as const),
    ];
    const tables = Object.fromEntries(bound.map(([table, binding]) => [table, tableOf(this, table, binding)]));
    const grants = [
      ...bound.flatMap(([, { waitFor }]) => waitFor),
      new ProjectIamMember(this, 'JobUser', { project, role: 'roles/bigquery.jobUser', member: this.member }),
      // The service agent gets a token of the account for each run.
      new ServiceAccountIamMember(this, 'Impersonator', {
        serviceAccountId: this.account.name,
        role: 'roles/iam.serviceAccountTokenCreator',
        member: site.agentOf('bigquerydatatransfer'),
      }),
    ];

    this.resource = new BigqueryDataTransferConfig(this, 'Resource', {
      project,
      location: site.region,
      displayName: `${site.prefix}-${name}`,
      dataSourceId: 'scheduled_query',
      schedule: every,
      scheduleOptions: startTime === undefined ? undefined : { startTime },
      disabled: props.paused,
      params: { query: literal(query(tables)) },
      serviceAccountName: this.account.email,
      dependsOn: [new Propagation(this, 'Propagation', grants)],
    });
    // A query that is paused is silent on purpose.
    this.watch(project, props.paused ? undefined : hours, notify);
  }

  private watch(project: string, hours: number | undefined, notify: readonly string[]) {
    const title = this.resource.displayName;
    const ofRuns = (state: string) => [
      'resource.type = "bigquery_dts_config"',
      // The name is projects/P/locations/L/transferConfigs/ID.
      `resource.labels.config_id = "${Fn.element(Fn.split('/', this.resource.name), 5)}"`,
      'metric.type = "bigquerydatatransfer.googleapis.com/transfer_config/completed_runs"',
      `metric.labels.completion_state = "${state}"`,
    ];
    alertAbove(this, 'Failed', {
      project,
      title: `${title}: a run failed`,
      condition: 'failed runs',
      filter: ofRuns('FAILED'),
      kind: 'counter',
      above: 0,
      periodSeconds: 300,
      lastingSeconds: 60,
      meaning:
        'A run of the query failed. BigQuery shows why under scheduled queries. The next run does the work of this one if the query looks back far enough.',
      notify,
    });
    if (hours === undefined || hours > 11) return;
    const absent = {
      project,
      title: `${title}: no run succeeded`,
      condition: 'no successful runs',
      filter: ofRuns('SUCCEEDED'),
      meaning: 'No run of the query succeeded in twice its interval. Somebody paused it, or its runs take too long or fail.',
      notify,
    };
    alertOnAbsence(this, 'Absent', absent, Math.max(Math.ceil(hours * 2 * 60) * 60, 3600));
  }
}
