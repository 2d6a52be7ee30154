import { Names, Stack } from 'aws-cdk-lib';
import { CfnNamedQuery, CfnWorkGroup } from 'aws-cdk-lib/aws-athena';
import { Construct, type IConstruct } from 'constructs';
import {
  mayDestroy,
  type NumberRule,
  type Removal,
  requireNumber,
  requireResource,
  requireText,
  SettingError,
  type TextRule,
} from '../../../shared/synth/settings';
import { allow } from '../../foundation/grants';
import type { Binding, Workload } from '../../ports/identity';
import type { Job, StartRequest } from '../../ports/jobs';
import type { CatalogTable, TableStore } from '../../ports/stores';

const LIMIT: NumberRule = { from: 1, to: 100_000, unit: 'GiB', remedy: 'A query that reads more is cancelled.' };
const QUERY_NAME: TextRule = {
  pattern: /^[A-Za-z][A-Za-z0-9 ]{0,63}$/,
  must: 'be named in letters, digits and blanks, a letter first',
  remedy: 'Write it like { "Events by type": "SELECT ..." }.',
};
const SQL: TextRule = {
  pattern: /^\s*(SELECT|WITH)\s[^\0]+$/i,
  must: 'be a SELECT',
  remedy: 'Readers may only read: write to the store, or with a Glue job.',
};

/** Settings for {@link AthenaQuery}. */
export interface AthenaQueryProps {
  /** The table to query: a `GlueCatalog`. */
  readonly catalog: CatalogTable;
  /**
   * How much one query may read, in GiB. A query that reads more is cancelled, and what it read until then is billed.
   * @default 10
   */
  readonly scanLimitGiB?: number;
  /**
   * Queries that the console shows to the users of the workgroup, by name, beside those that every workgroup has.
   * @default - only `Events by type today` and `Events of today`
   */
  readonly savedQueries?: Readonly<Record<string, string>>;
  /**
   * What happens to the queries that users saved and ran in the workgroup when the stack is deleted. With `retain`, a workgroup that
   * has some is not deleted, and the deletion of the stack fails. `destroy` also requires the context `destroyData`.
   * @default retain
   */
  readonly removal?: Removal;
}

/**
 * Processing stage: an Athena workgroup that queries the table of a catalog in SQL, with a limit for each query. Results are kept by
 * Athena, encrypted, for 24 hours: no bucket is needed.
 *
 * It is a store for readers only: write to the S3 store below. Not for single rows or for answers within a second: use a
 * `DynamoDbStore`. Idle it costs nothing; a query costs about 5 dollars for each TB that it reads, at least 10 MB.
 *
 * A deploy changes the limit in place; each changed query is a new saved query.
 * @see https://docs.aws.amazon.com/athena/latest/ug/workgroups-settings.html
 */
export class AthenaQuery extends Construct implements TableStore {
  /** The workgroup, for anything this construct does not cover. */
  readonly workGroup: CfnWorkGroup;
  /** A command that starts a query for events of today, and prints its id. It needs the permissions of a reader. */
  readonly queryCommand: string;

  private readonly catalog: CatalogTable;

  constructor(scope: Construct, id: string, props: AthenaQueryProps) {
    super(scope, id);
    const { catalog, scanLimitGiB = 10, savedQueries = {} } = props;
    requireResource(this, { catalog });
    if (typeof catalog?.viewName !== 'string') {
      throw new SettingError(this, 'catalog must be a table of a catalog', catalog?.constructor.name, 'Give a GlueCatalog over the store.');
    }
    requireNumber(this, { scanLimitGiB }, LIMIT, 'known');
    if (typeof savedQueries !== 'object' || savedQueries === null || Array.isArray(savedQueries)) {
      throw new SettingError(this, 'savedQueries must be an object', String(savedQueries), QUERY_NAME.remedy);
    }
    for (const [name, sql] of Object.entries(savedQueries)) {
      requireText(this, { savedQueries: name }, QUERY_NAME);
      requireText(this, { savedQueries: sql }, SQL);
    }
    const recursiveDeleteOption = mayDestroy(this, props.removal);
    this.catalog = catalog;

    this.workGroup = new CfnWorkGroup(this, 'WorkGroup', {
      name: Names.uniqueResourceName(this, { separator: '-', maxLength: 100 }),
      state: 'ENABLED',
      recursiveDeleteOption,
      workGroupConfiguration: {
        enforceWorkGroupConfiguration: true,
        bytesScannedCutoffPerQuery: scanLimitGiB * 1024 ** 3,
        publishCloudWatchMetricsEnabled: true,
        engineVersion: { selectedEngineVersion: 'Athena engine version 3' },
        managedQueryResultsConfiguration: { enabled: true },
      },
    });
    for (const [name, queryString] of Object.entries({ ...usual(catalog), ...savedQueries })) {
      const query = new CfnNamedQuery(this, `Query${name.replaceAll(' ', '')}`, {
        name,
        queryString,
        database: catalog.databaseName,
        workGroup: this.workGroup.name,
      });
      query.node.addDependency(this.workGroup);
    }
    const ask = `SELECT * FROM ${catalog.viewName} WHERE ${today((name) => name)} LIMIT 10`;
    const context = `--query-execution-context Database=${catalog.databaseName}`;
    this.queryCommand = `aws athena start-query-execution --work-group ${this.workGroup.name} ${context} --query-string "${ask}"`;
  }

  /** @throws SettingError always: rows come from the objects of the store */
  bindWriter(writer: Workload, _: string): Binding {
    const remedy = 'Write to the S3Store, with a LambdaProcessor or a FirehoseDelivery.';
    throw new SettingError(this, 'AthenaQuery must have readers only', writer.node.path, remedy);
  }

  /** Athena reads the objects as the reader, so the reader may read them too. */
  bindReader(reader: Workload, name: string): Binding {
    const { settings, waitFor } = this.catalog.bindReader(reader, name);
    const results = ['GetQueryResults', 'GetQueryResultsStream'];
    const actions = ['StartQueryExecution', 'GetQueryExecution', ...results, 'StopQueryExecution', 'GetWorkGroup'];
    const grants = this.allow(
      reader,
      actions.map((action) => `athena:${action}`),
    );
    return { settings: { ...settings, [`${name}_WORKGROUP`]: this.workGroup.name }, waitFor: [...waitFor, ...grants, this.workGroup] };
  }

  /**
   * A query as a job, for an orchestrator that runs it on a schedule. A failed query fails the job. Its result can be read for 24
   * hours, by the id of the query.
   * @param sql a SELECT
   * @throws SettingError on anything but a SELECT
   */
  job(id: string, sql: string): Job & IConstruct {
    requireText(this, { sql }, SQL);
    const bindStart = (starter: Workload) => this.bindStart(starter, sql);
    return Object.assign(new Construct(this, id), { bindStart });
  }

  /** @see https://docs.aws.amazon.com/step-functions/latest/dg/connect-athena.html */
  private bindStart(starter: Workload, QueryString: string): StartRequest {
    const { waitFor } = this.catalog.bindReader(starter, 'QUERY');
    const actions = ['StartQueryExecution', 'GetQueryExecution', 'StopQueryExecution', 'GetWorkGroup'];
    return {
      resource: `arn:${Stack.of(this).partition}:states:::athena:startQueryExecution.sync`,
      parameters: { QueryString, WorkGroup: this.workGroup.name, QueryExecutionContext: { Database: this.catalog.databaseName } },
      busy: ['Athena.TooManyRequestsException'],
      waitFor: [
        ...waitFor,
        ...this.allow(
          starter,
          actions.map((action) => `athena:${action}`),
        ),
        this.workGroup,
      ],
    };
  }

  private allow(holder: Workload, actions: string[]) {
    const arn = (resource: string, resourceName: string) => Stack.of(this).formatArn({ service: 'athena', resource, resourceName });
    return [
      ...allow(holder, arn('workgroup', this.workGroup.name), actions),
      ...allow(holder, arn('datacatalog', 'AwsDataCatalog'), ['athena:GetDataCatalog']),
    ];
  }
}

/** The condition of a query that reads today only. */
function today(quote: (name: string) => string): string {
  const parts = { year: '%Y', month: '%m', day: '%d' };
  return Object.entries(parts)
    .map(([name, form]) => `${quote(name)} = date_format(current_date, '${form}')`)
    .join(' AND ');
}

function usual({ viewName }: CatalogTable): Readonly<Record<string, string>> {
  const from = `FROM "${viewName}" WHERE ${today((name) => `"${name}"`)}`;
  return {
    'Events by type today': `SELECT "type", count(*) AS "events" ${from} GROUP BY "type" ORDER BY "events" DESC`,
    'Events of today': `SELECT * ${from} ORDER BY "time" DESC LIMIT 100`,
  };
}
