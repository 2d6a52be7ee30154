import { ProjectIamMember } from '@cdktf/provider-google/lib/project-iam-member';
import { Construct, type IConstruct } from 'constructs';
import { takeName } from '../../../shared/synth/kept-name';
import { requireNumber, requireText, SettingError } from '../../../shared/synth/settings';
import { needApis } from '../../foundation/apis';
import { onceIn } from '../../foundation/once';
import { ACCOUNT_NAME } from '../../foundation/service-account';
import type { Binding, Workload } from '../../ports/identity';
import type { Job, RunRequest } from '../../ports/jobs';
import type { Site } from '../../ports/site';
import { type ReadTables, requireTables, tableOf, type WrittenTables } from './query-settings';

/** The start of the settings of every table. */
const BOUND_AS = 'BOUND';

/** Settings for {@link QueryJob}. */
export interface QueryJobProps {
  /** The project, the region and the prefix of the query. The datasets of its tables must be in the region. */
  readonly site: Site;
  /**
   * The name of the query: 1 to 10 lower-case letters and digits. Each query of a site needs its own name.
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
   * The query in GoogleSQL, or several statements with semicolons. It gets the names of the tables in backquotes: of each store in
   * `reads` the view without duplicates, of each in `writes` the table. `@run_time` in it is the time at which it runs. It must have
   * the same effect if it runs twice: a run of an orchestration is repeated from its first step. See `cleanRows`,
   * `replaceRows`, `learnBaselines` and `findOutliers`.
   */
  readonly query: (tables: Readonly<Record<string, string>>) => string;
  /**
   * How long the query may run, from 60 seconds to 6 hours. Then BigQuery stops it, and the run has failed.
   * @default 3600
   */
  readonly timeoutSeconds?: number;
}

/**
 * Processing stage: SQL that runs when a `WorkflowsOrchestration` or a `ComposerOrchestration` starts it, such as after the job that
 * loads its rows.
 *
 * It runs as the orchestration that starts it, which is granted its tables. It creates nothing itself, and costs nothing until it runs: then it is
 * billed by the bytes that it reads. A change of the query applies from the next run. For a query that waits for no other job, use
 * `ScheduledQuery`: BigQuery cannot let another service start that one without the role BigQuery Admin on the project.
 * @see https://cloud.google.com/bigquery/docs/reference/rest/v2/jobs/insert
 */
export class QueryJob extends Construct implements Job {
  readonly name: string;

  private readonly site: Site;
  private readonly query: QueryJobProps['query'];
  private readonly tables: { readonly reads: ReadTables; readonly writes: WrittenTables };
  private readonly timeoutSeconds: number;

  constructor(scope: Construct, id: string, props: QueryJobProps) {
    super(scope, id);
    const { site, reads, writes, query, name = 'query', timeoutSeconds = 3600 } = props;
    requireText(this, { name }, ACCOUNT_NAME);
    requireTables(this, reads, writes);
    if (typeof query !== 'function')
      throw new SettingError(this, 'query must be a function', typeof query, 'It gets the names of the tables.');
    const remedy = 'BigQuery stops a query after 6 hours.';
    requireNumber(this, { timeoutSeconds }, { from: 60, to: 6 * 3600, unit: 'seconds', remedy }, 'known');
    takeName(this, 'query of a site', name, [site.project, site.prefix]);
    needApis(this, 'bigquery');
    this.name = name;
    this.site = site;
    this.query = query;
    this.tables = { reads, writes };
    this.timeoutSeconds = timeoutSeconds;
  }

  /**
   * Refused: a schedule does not wait for the end of what it starts, so nobody would be told of a query that failed.
   * @throws SettingError
   */
  bindStart(starter: Workload): never {
    const remedy = 'For a query with a schedule of its own, use ScheduledQuery.';
    throw new SettingError(this, 'a QueryJob must be started by an orchestration', starter.node.path, remedy);
  }

  /** Who starts a query may see it without a role of its own: it is the owner of the run. */
  bindRun(starter: Workload): RunRequest {
    const { project, region: location } = this.site;
    const { reads, writes } = this.tables;
    const bound = [
      ...Object.entries(reads).map(
        ([name, store]) => [name, User.of(starter, store, 'Reader', (user) => store.bindReader(user, BOUND_AS)).binding] as const,
      ),
      ...Object.entries(writes).map(
        ([name, store]) => [name, User.of(starter, store, 'Writer', (user) => store.bindWriter(user, BOUND_AS)).binding] as const,
      ),
    ];
    const tables = Object.fromEntries(bound.map(([name, binding]) => [name, tableOf(this, name, binding, BOUND_AS)]));
    const query = this.query(tables).replace(/@run_time\b/gi, 'CURRENT_TIMESTAMP()');
    const body = {
      jobReference: { projectId: project, location },
      configuration: { jobTimeoutMs: String(this.timeoutSeconds * 1000), query: { query, useLegacySql: false } },
    };
    const url = `https://bigquery.googleapis.com/bigquery/v2/projects/${project}/jobs`;
    return {
      url,
      body: JSON.stringify(body),
      token: 'oauth',
      run: {
        name: ['jobReference', 'jobId'],
        // The rest of an answer, with the plan of the query, can be larger than what a workflow may hold.
        url: `${url}/{run}?location=${location}&fields=status`,
        state: ['status', 'state'],
        succeeded: 'DONE',
        failed: [],
        error: ['status', 'errorResult'],
      },
      waitFor: [...bound.flatMap(([, { waitFor }]) => waitFor), jobUserOf(starter, project)],
    };
  }
}

/** A starter in its use of one table. Several queries that it starts share the role, so that one of them can be removed. */
class User extends Construct implements Workload {
  static of(starter: Workload, store: object, use: 'Reader' | 'Writer', bind: (user: User) => Binding): User {
    const [, ...path] = (store as IConstruct).node.path.split('/');
    const id = [use, ...path].join('-');
    return onceIn(starter, id, () => new User(starter, id, bind));
  }

  readonly name: string;
  readonly member: string;
  readonly binding: Binding;

  private constructor(starter: Workload, id: string, bind: (user: User) => Binding) {
    super(starter, id);
    this.name = starter.name;
    this.member = starter.member;
    this.binding = bind(this);
  }
}

/** The permission to run queries, once for each starter. */
function jobUserOf(starter: Workload, project: string): ProjectIamMember {
  const grant = { project, role: 'roles/bigquery.jobUser', member: starter.member };
  return onceIn(starter, 'JobUser', () => new ProjectIamMember(starter, 'JobUser', grant));
}
