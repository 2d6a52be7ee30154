import { Aws, Duration, Stack } from 'aws-cdk-lib';
import { type Alarm, Metric } from 'aws-cdk-lib/aws-cloudwatch';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { CfnAnalysis, CfnDashboard, CfnDataSet, CfnDataSource, CfnRefreshSchedule } from 'aws-cdk-lib/aws-quicksight';
import { Construct } from 'constructs';
import { type NumberRule, requireNumber, requireOneOf, requireText, SettingError, type TextRule } from '../../../shared/synth/settings';
import { alarm } from '../../foundation/alarms';
import { answerCommonFindings } from '../../foundation/answers';
import type { Workload } from '../../ports/identity';
import type { TableStore } from '../../ports/stores';
import { definitionOf } from './dashboard-definition';
import { COLUMNS, eventQuery } from './event-query';
import { permit, requirePeople } from './permissions';

const NAME: TextRule = {
  pattern: /^[A-Za-z][A-Za-z0-9-]{0,63}$/,
  must: 'be 1 to 64 letters, digits and hyphens, a letter first',
  remedy: 'It is a part of the ids of the dashboard and its data set.',
};
const DAYS: NumberRule = { from: 1, to: 28, unit: 'days', remedy: 'Each visual reads them all, and 28 days lie in two months at most.' };
const SETTINGS = ['WORKGROUP', 'DATABASE', 'TABLE'];

const named = new WeakMap<Stack, Map<string, string>>();

/** Settings for {@link QuickSightDashboard}. */
export interface QuickSightDashboardProps {
  /** The table of events, with the columns of the event contract and partitions by year, month, day and hour: an `AthenaQuery`. */
  readonly table: TableStore;
  /** The ARNs of users or groups of Quick Sight who may see the dashboard. Each reader costs money by the month. */
  readonly viewers: readonly string[];
  /**
   * The ARNs of users or groups of Quick Sight who may change the dashboard, and build others from its data set. They get an analysis
   * with the same visuals to start from. A deploy overwrites what they change in the dashboard or in that analysis: save a copy.
   * @default - nobody, and no analysis
   */
  readonly authors?: readonly string[];
  /**
   * The number of days that are shown, counted back from today, from 1 to 28.
   * @default 7
   */
  readonly days?: number;
  /**
   * Whether each visual queries the table when it is shown (`direct`), or Quick Sight imports the events once a day or an hour into its
   * memory (`spice`): faster with many viewers, and as old as the last import.
   * @default direct
   */
  readonly mode?: 'direct' | 'spice';
  /**
   * How often events are imported. An import each hour needs the Enterprise edition.
   * @default - every day at 5:00 UTC with `spice`, never with `direct`
   */
  readonly refresh?: 'day' | 'hour';
  /**
   * The name of the dashboard. With the name of the stack it is its id, so after a change the address of the dashboard is another one, and
   * what authors built from its data set no longer works.
   * @default events
   */
  readonly name?: string;
}

/**
 * Visualize stage: a Quick Sight dashboard of the events of the last days, with events per hour, by type, by source, and a table of
 * the latest. It queries a table of Athena with a role of its own, which may read this table and nothing else.
 *
 * Before the first deploy, the account needs a subscription of Quick Sight (Enterprise edition, for the role of its own), and the
 * viewers must exist: CloudFormation can create neither. Whoever deploys needs `iam:PassRole` on the role of the data source. In
 * an account whose Lake Formation does not rely on IAM alone, grant the role SELECT on the table.
 *
 * Not for a public page: every viewer is a user of the account. Not for alarms or events within seconds: use CloudWatch.
 *
 * Idle it costs nothing by itself: an author about 24 and a reader about 3 dollars a month, and each view the bytes that Athena
 * scans. A deploy changes visuals and viewers in place; another `name` replaces everything.
 * @see https://docs.aws.amazon.com/quicksuite/latest/userguide/create-a-data-set-athena.html
 */
export class QuickSightDashboard extends Construct implements Workload {
  /** The role with which Quick Sight queries the table. */
  readonly role: Role;
  readonly dataSource: CfnDataSource;
  readonly dataSet: CfnDataSet;
  readonly dashboard: CfnDashboard;
  /** The analysis of the authors, if there are any. */
  readonly analysis?: CfnAnalysis;
  /** The address of the dashboard. */
  readonly url: string;
  /** Failed imports, with `spice`. They have no action yet. */
  readonly alarms: readonly Alarm[];

  constructor(scope: Construct, id: string, props: QuickSightDashboardProps) {
    super(scope, id);
    const { table, viewers, authors = [], days = 7, mode = 'direct', refresh, name = 'events' } = props;
    requirePeople(this, { viewers, authors });
    requireNumber(this, { days }, DAYS, 'known');
    requireOneOf(this, { mode }, ['direct', 'spice'], 'With spice, events are imported into the memory of Quick Sight.');
    if (refresh !== undefined) requireOneOf(this, { refresh }, ['day', 'hour'], 'Leave it out for every day.');
    requireText(this, { name }, NAME);
    if (viewers.length === 0)
      throw new SettingError(this, 'viewers must name somebody', 'nobody', 'Without them, nobody sees the dashboard.');
    if (refresh !== undefined && mode !== 'spice') {
      throw new SettingError(this, `refresh must come with mode 'spice'`, mode, 'With direct, each view queries the table.');
    }
    const key = keyOf(this, name);

    const conditions = { StringEquals: { 'aws:SourceAccount': Aws.ACCOUNT_ID } };
    this.role = new Role(this, 'Role', { assumedBy: new ServicePrincipal('quicksight.amazonaws.com', { conditions }) });
    const { settings, waitFor } = table.bindReader(this, 'EVENTS');
    const [workGroup, database, tableName] = SETTINGS.map((setting) => settings[`EVENTS_${setting}`]);
    if (workGroup === undefined || database === undefined || tableName === undefined) {
      const got = Object.keys(settings).join(' and ') || 'nothing';
      const rule = `table must return ${SETTINGS.map((setting) => `EVENTS_${setting}`).join(', ')}`;
      throw new SettingError(this, rule, got, 'Give an AthenaQuery. For another store, write its events to an S3Store too.');
    }

    const awsAccountId = Aws.ACCOUNT_ID;
    this.dataSource = new CfnDataSource(this, 'DataSource', {
      awsAccountId,
      dataSourceId: `${key}-athena`,
      name,
      type: 'ATHENA',
      dataSourceParameters: { athenaParameters: { workGroup, roleArn: this.role.roleArn } },
      sslProperties: { disableSsl: false },
    });
    // Quick Sight runs a query when the data source is created.
    this.dataSource.node.addDependency(this.role, ...waitFor);
    this.dataSet = new CfnDataSet(this, 'DataSet', {
      awsAccountId,
      dataSetId: key,
      name,
      importMode: mode === 'spice' ? 'SPICE' : 'DIRECT_QUERY',
      physicalTableMap: {
        events: {
          customSql: {
            dataSourceArn: this.dataSource.attrArn,
            name: 'events',
            sqlQuery: eventQuery(database, tableName, days),
            columns: [...COLUMNS],
          },
        },
      },
      permissions: authors.length > 0 ? permit('viewDataSet', authors) : undefined,
    });
    if (mode === 'spice') this.schedule(key, refresh ?? 'day');

    const definition = definitionOf(this.dataSet.attrArn, days);
    if (authors.length > 0) {
      const permissions = permit('ownAnalysis', authors);
      this.analysis = new CfnAnalysis(this, 'Analysis', { awsAccountId, analysisId: key, name, definition, permissions });
    }
    this.dashboard = new CfnDashboard(this, 'Dashboard', {
      awsAccountId,
      dashboardId: key,
      name,
      definition,
      permissions: [
        ...permit(
          'viewDashboard',
          viewers.filter((one) => !authors.includes(one)),
        ),
        ...permit('ownDashboard', authors),
      ],
      dashboardPublishOptions: { adHocFilteringOption: { availabilityStatus: 'ENABLED' } },
    });
    this.url = `https://${Aws.REGION}.quicksight.aws.amazon.com/sn/dashboards/${key}`;
    answerCommonFindings(this);
    this.alarms = mode === 'spice' ? [this.failing(key)] : [];
  }

  private schedule(dataSetId: string, refresh: 'day' | 'hour') {
    const scheduleFrequency = refresh === 'hour' ? { interval: 'HOURLY' } : { interval: 'DAILY', timeOfTheDay: '05:00', timeZone: 'UTC' };
    const schedule = { scheduleId: refresh, refreshType: 'FULL_REFRESH', scheduleFrequency };
    new CfnRefreshSchedule(this, 'Refresh', { awsAccountId: Aws.ACCOUNT_ID, dataSetId, schedule }).addDependency(this.dataSet);
  }

  private failing(DatasetId: string): Alarm {
    const options = { namespace: 'AWS/QuickSight', metricName: 'IngestionErrorCount', dimensionsMap: { DatasetId } };
    const metric = new Metric({ ...options, statistic: 'Sum', period: Duration.hours(1) });
    return alarm(this, 'Import', metric, 'An import of events failed: the dashboard shows those of the last one that did not.');
  }
}

/** The id of everything here: unique in the account and region, and the same wherever the construct stands. */
function keyOf(scope: Construct, name: string): string {
  const stack = Stack.of(scope);
  const known = named.get(stack) ?? new Map<string, string>();
  const other = known.get(name);
  if (other !== undefined) {
    throw new SettingError(
      scope,
      `name must differ from that of ${other}`,
      JSON.stringify(name),
      'It is a part of the ids: give one of them another name.',
    );
  }
  named.set(stack, known.set(name, scope.node.path));
  return `${stack.stackName}-${name}`;
}
