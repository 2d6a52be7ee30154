import { Stack, Token } from 'aws-cdk-lib';
import { eventQuery } from '../../../../aws/visualize/quicksight/event-query';
import { facts } from '../../../../aws/visualize/quicksight/facts';
import { QuickSightDashboard, type QuickSightDashboardProps } from '../../../../aws/visualize/quicksight/quicksight-dashboard';
import { holdPromises } from '../../../../scripts/judges/promises';
import { CfnStack } from '../../../../shared/read/cfn';
import { factsOf } from '../../../../shared/read/facts/find';
import { synthesize } from '../../../support/cdk';
import { documentedDefaults } from '../../../support/defaults';
import { expectSnapshot } from '../../../support/snapshot';
import { personOf, tableOf } from './table';

const [jane, joe] = [personOf('jane'), personOf('joe')];
const make = (props: Partial<QuickSightDashboardProps> = {}) =>
  synthesize((stack) => new QuickSightDashboard(stack, 'Visualize', { table: tableOf(), viewers: [jane], ...props }));
const dashboardOf = (props?: Partial<QuickSightDashboardProps>) => make(props).one('AWS::QuickSight::Dashboard').Properties;
const queryOf = (props?: Partial<QuickSightDashboardProps>): string =>
  make(props).one('AWS::QuickSight::DataSet').Properties.PhysicalTableMap.events.CustomSql.SqlQuery;
const brokenBy = (props: Partial<QuickSightDashboardProps>) =>
  holdPromises(new CfnStack({ Resources: make(props).resources } as never), factsOf('aws')).findings;

describe('the snapshot of', () => {
  const { built, madeBy } = make();
  const { [Object.keys(madeBy(built)).find((id) => id.includes('Dashboard'))!]: dashboard, ...others } = madeBy(built);

  test('the data', () =>
    expectSnapshot(
      'aws/visualize/quicksight/data.snapshot.yaml',
      'The data source acts with a role of its own, and waits for it. The query reads the partitions of two months at most.',
      others,
    ));

  test('the dashboard', () =>
    expectSnapshot(
      'aws/visualize/quicksight/dashboard.snapshot.yaml',
      'Four visuals of one data set. Events are counted by their ids, since one can be stored twice.',
      { ...dashboard, Properties: { ...dashboard!.Properties, Definition: { Sheets: titlesOf(dashboard!.Properties) } } },
    ));
});

/** The visuals, without their layout. */
function titlesOf({ Definition }: any) {
  return Definition.Sheets.map(({ Layouts: _, ...sheet }: any) => sheet);
}

test('documents the defaults that it has', () => {
  const { one, all } = make();
  const { DashboardId } = one('AWS::QuickSight::Dashboard').Properties;
  expect(documentedDefaults('aws/visualize/quicksight/quicksight-dashboard.ts', 'QuickSightDashboardProps')).toEqual({
    days: /interval '(\d+)' day/.exec(queryOf())![1],
    mode: { DIRECT_QUERY: 'direct', SPICE: 'spice' }[one('AWS::QuickSight::DataSet').Properties.ImportMode as string],
    name: DashboardId.replace('Test-', ''),
  });
  expect([...all('AWS::QuickSight::Analysis'), ...all('AWS::QuickSight::RefreshSchedule')]).toEqual([]);
});

describe('the dashboard', () => {
  const [sheet] = dashboardOf().Definition.Sheets;
  const visuals: any[] = sheet.Visuals.map((visual: object) => Object.values(visual)[0]);

  test('shows events per hour, by type, by source, and the latest', () =>
    expect(visuals.map(({ Title }) => Title.FormatText.PlainText)).toEqual([
      'Events per hour',
      'Events by type',
      'Events by source',
      'Latest events',
    ]));

  test('has a place for each visual, within the 36 columns of the grid', () => {
    const { Elements } = sheet.Layouts[0].Configuration.GridLayout;
    expect(Elements.map(({ ElementId }: any) => ElementId)).toEqual(visuals.map(({ VisualId }) => VisualId));
    for (const { ColumnIndex, ColumnSpan } of Elements) expect(ColumnIndex + ColumnSpan).toBeLessThanOrEqual(36);
  });

  test('reads columns that its data set has', () => {
    const { Columns } = make().one('AWS::QuickSight::DataSet').Properties.PhysicalTableMap.events.CustomSql;
    const known = Columns.map(({ Name }: any) => Name);
    const read = [...JSON.stringify(sheet).matchAll(/"ColumnName":"(\w+)"/g)].map(([, name]) => name);
    expect(read.filter((name) => !known.includes(name))).toEqual([]);
  });

  test('counts events by source and id, because two sources can use the same id', () => {
    const counted = JSON.stringify(sheet).match(/"CategoricalMeasureField":\{.*?"ColumnName":"\w+"/g) ?? [];
    expect(counted.map((measure) => /"ColumnName":"(\w+)"/.exec(measure)?.[1])).toEqual(['event', 'event', 'event']);
    expect(queryOf()).toContain(`concat(source, ' ', id) AS event`);
  });

  test('has fields with unique ids', () => {
    const wells = JSON.stringify(visuals.map(({ ChartConfiguration }) => ChartConfiguration.FieldWells));
    const ids = [...wells.matchAll(/"FieldId":"([\w-]+)"/g)].map(([, id]) => id);
    expect(ids.length).toBe(11);
    expect(new Set(ids).size).toBe(ids.length);
  });
});

describe('who sees what:', () => {
  const may = (permissions: any[] = []) =>
    Object.fromEntries(permissions.map(({ Principal, Actions }) => [Principal.split('/').at(-1), Actions.length]));

  test('viewers see the dashboard, and nothing else', () => {
    const { one } = make();
    expect(may(dashboardOf().Permissions)).toEqual({ jane: 3 });
    expect([one('AWS::QuickSight::DataSet'), one('AWS::QuickSight::DataSource')].map(({ Properties }) => Properties.Permissions)).toEqual([
      undefined,
      undefined,
    ]);
  });

  test('authors change the dashboard and its analysis, and build on the data set', () => {
    const { one } = make({ authors: [joe] });
    expect(may(one('AWS::QuickSight::Dashboard').Properties.Permissions)).toEqual({ jane: 3, joe: 8 });
    expect(may(one('AWS::QuickSight::Analysis').Properties.Permissions)).toEqual({ joe: 7 });
    expect(may(one('AWS::QuickSight::DataSet').Properties.Permissions)).toEqual({ joe: 5 });
  });

  test('whoever is both is an author once', () => expect(may(dashboardOf({ authors: [jane] }).Permissions)).toEqual({ jane: 8 }));

  test('every permission is a set that Quick Sight accepts, with all settings', () =>
    expect(brokenBy({ authors: [joe], mode: 'spice', refresh: 'hour' })).toEqual([]));

  test('the facts hold the sets by themselves, and object to another action', () => {
    const { resources } = make({ authors: [joe] });
    const draft = structuredClone(resources) as Record<string, { Type: string; Properties: any }>;
    const dashboard = Object.values(draft).find(({ Type }) => Type === 'AWS::QuickSight::Dashboard')!;
    dashboard.Properties.Permissions[0].Actions.push('quicksight:CreateDashboard');
    const { findings } = holdPromises(new CfnStack({ Resources: draft } as never), factsOf('aws'));
    expect(findings.map(({ rule }) => rule)).toEqual(['known-people']);
    expect(facts.types['AWS::QuickSight::Dashboard']).toBeDefined();
  });
});

test('Quick Sight assumes the role for this account, and the data source waits for its permissions', () => {
  const { one, resources } = make();
  expect(one('AWS::IAM::Role').Properties.AssumeRolePolicyDocument.Statement).toEqual([
    {
      Action: 'sts:AssumeRole',
      Effect: 'Allow',
      Principal: { Service: 'quicksight.amazonaws.com' },
      Condition: { StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' } } },
    },
  ]);
  const [policy] = Object.entries(resources).find(([, { Type }]) => Type === 'AWS::IAM::Policy')!;
  const source = one('AWS::QuickSight::DataSource');
  expect(source.DependsOn).toContain(policy);
  expect(source.Properties.DataSourceParameters.AthenaParameters).toEqual({
    WorkGroup: 'workgroup',
    RoleArn: { 'Fn::GetAtt': [expect.stringMatching(/^VisualizeRole/), 'Arn'] },
  });
});

test('the query names the table, and limits year and month before it reads', () => {
  expect(queryOf({ days: 28 })).toBe(eventQuery('database', 'table', 28));
  expect(eventQuery('lake', 'events', 3).split('\n')).toEqual([
    `SELECT CAST(try(from_iso8601_timestamp(time)) AT TIME ZONE 'UTC' AS timestamp) AS time, id, source, type, subject, concat(source, ' ', id) AS event`,
    'FROM "lake"."events"',
    `WHERE year IN (date_format(current_date - interval '3' day, '%Y'), date_format(current_date, '%Y'))`,
    `AND month IN (date_format(current_date - interval '3' day, '%m'), date_format(current_date, '%m'))`,
    `AND concat(year, '-', month, '-', day) >= date_format(current_date - interval '3' day, '%Y-%m-%d')`,
  ]);
});

test('events are imported on a schedule with spice, and an alarm is raised if an import fails', () => {
  const { one } = make({ mode: 'spice' });
  expect(one('AWS::QuickSight::DataSet').Properties.ImportMode).toBe('SPICE');
  const { Schedule, DataSetId } = one('AWS::QuickSight::RefreshSchedule').Properties;
  expect([DataSetId, Schedule.ScheduleFrequency]).toEqual(['Test-events', { Interval: 'DAILY', TimeOfTheDay: '05:00', TimeZone: 'UTC' }]);
  expect(one('AWS::CloudWatch::Alarm').Properties).toMatchObject({
    MetricName: 'IngestionErrorCount',
    Dimensions: [{ Name: 'DatasetId', Value: { 'Fn::Select': [1, expect.anything()] } }],
  });
  const hourly = make({ mode: 'spice', refresh: 'hour' }).one('AWS::QuickSight::RefreshSchedule').Properties.Schedule;
  expect(hourly.ScheduleFrequency).toEqual({ Interval: 'HOURLY' });
});

test('ids do not depend on where the construct stands', () => {
  const ids = (path: string) =>
    synthesize((stack) => new QuickSightDashboard(stack, path, { table: tableOf(), viewers: [jane], name: 'orders' }))
      .all('AWS::QuickSight::Dashboard')
      .map(({ Properties }) => Properties.DashboardId);
  expect([ids('Visualize'), ids('Other')]).toEqual([['Test-orders'], ['Test-orders']]);
});

test('viewers that are known only at deploy are accepted', () => {
  const viewers = [Token.asString({ Ref: 'Viewer' })];
  expect(dashboardOf({ viewers }).Permissions[0].Principal).toEqual({ Ref: 'Viewer' });
});

describe('refuses', () => {
  test.each<[string, () => unknown, string]>([
    [
      'nobody',
      () => make({ viewers: [] }),
      'Test/Visualize: viewers must name somebody, got nobody. Without them, nobody sees the dashboard.',
    ],
    [
      'everybody',
      () => make({ viewers: ['arn:aws:quicksight:eu-west-1:123456789012:namespace/default'] }),
      'Test/Visualize: viewers must be ARNs of users or groups of Quick Sight, got "arn:aws:quicksight:eu-west-1:123456789012:namespace/default". See aws quicksight list-groups. Their region is the identity region of the account, which may differ from that of the stack.',
    ],
    [
      'a role of IAM',
      () => make({ authors: ['arn:aws:iam::123456789012:role/author'] }),
      'Test/Visualize: authors must be ARNs of users or groups of Quick Sight, got "arn:aws:iam::123456789012:role/author". See aws quicksight list-groups. Their region is the identity region of the account, which may differ from that of the stack.',
    ],
    [
      'more days than lie in two months',
      () => make({ days: 29 }),
      'Test/Visualize: days must be 1 to 28 days, got 29. Each visual reads them all, and 28 days lie in two months at most.',
    ],
    [
      'an import of what is queried',
      () => make({ refresh: 'hour' }),
      `Test/Visualize: refresh must come with mode 'spice', got direct. With direct, each view queries the table.`,
    ],
    [
      'a table of another kind',
      () => make({ table: tableOf(['CLUSTER_ARN', 'TABLE']) }),
      'Test/Visualize: table must return EVENTS_WORKGROUP, EVENTS_DATABASE, EVENTS_TABLE, got EVENTS_CLUSTER_ARN and EVENTS_TABLE. Give an AthenaQuery. For another store, write its events to an S3Store too.',
    ],
    [
      'two dashboards with one id',
      () =>
        synthesize((stack) => {
          for (const id of ['Visualize', 'Other']) new QuickSightDashboard(stack, id, { table: tableOf(), viewers: [jane] });
        }),
      'Test/Other: name must differ from that of Test/Visualize, got "events". It is a part of the ids: give one of them another name.',
    ],
  ])('%s', (_, act, message) => expect(act).toThrow(new Error(message)));

  test('before the first resource', () => {
    const stack = new Stack(undefined, 'Test');
    expect(() => new QuickSightDashboard(stack, 'Visualize', { table: tableOf(), viewers: [] })).toThrow('viewers must');
    expect(stack.node.findAll().map(({ node }) => node.path)).toEqual(['Test', 'Test/Visualize']);
  });
});
