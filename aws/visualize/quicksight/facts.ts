import { conditionsOf, refOf, text } from '../../../shared/read/cfn';
import { type Cost, GB, type Load } from '../../../shared/read/facts/cost';
import { promised, setTo } from '../../../shared/read/facts/promise';
import type { Needed, Promised, Seen, ServiceFacts, TypeFacts } from '../../../shared/read/facts/types';
import { replace, set } from '../../../shared/read/facts/weaken';
import type { Step } from '../../../shared/read/picture';
import { type Asked, is, only, type Stack, type Value } from '../../../shared/read/stack';
import { alarmOn, policiesOf } from '../../foundation/promises';

const ATHENA = 'DataSourceParameters.AthenaParameters';
const DATA_SET = 'AWS::QuickSight::DataSet';
const FILTER = 'PhysicalTableMap.events.CustomSql.SqlQuery';

const all = (...names: string[]) => names.map((name) => `quicksight:${name}`).sort();

/**
 * The sets of actions that Quick Sight accepts for an owner and for a viewer. Others are refused when they are deployed, and no
 * scanner knows them: `QueryDashboard` and `QueryAnalysis` are not even actions of IAM.
 * https://docs.aws.amazon.com/quicksight/latest/APIReference/API_UpdateDashboardPermissions.html
 * https://github.com/aws-solutions-library-samples/cloud-intelligence-dashboards-framework, cid/builtin/core/data/permissions
 */
const ALLOWED: Readonly<Record<string, readonly (readonly string[])[]>> = {
  'AWS::QuickSight::Dashboard': [
    all('DescribeDashboard', 'ListDashboardVersions', 'QueryDashboard'),
    all(
      ...['DescribeDashboard', 'ListDashboardVersions', 'QueryDashboard', 'UpdateDashboard', 'DeleteDashboard'],
      ...['DescribeDashboardPermissions', 'UpdateDashboardPermissions', 'UpdateDashboardPublishedVersion'],
    ),
  ],
  'AWS::QuickSight::Analysis': [
    all(
      ...['DescribeAnalysis', 'QueryAnalysis', 'UpdateAnalysis', 'DeleteAnalysis', 'RestoreAnalysis'],
      ...['DescribeAnalysisPermissions', 'UpdateAnalysisPermissions'],
    ),
  ],
  [DATA_SET]: [all('DescribeDataSet', 'DescribeDataSetPermissions', 'PassDataSet', 'DescribeIngestion', 'ListIngestions')],
};

/** Its permissions are sets that Quick Sight accepts, for people and not for everybody. */
const EXACT: Promised = promised(
  'known-people',
  'give people exactly a set of actions that Quick Sight accepts, and never a whole namespace',
  (resource) =>
    permissionsOf(resource).every(({ actions, principal }) => {
      return (
        (ALLOWED[resource.type] ?? []).some((set) => String(set) === String([...actions].sort())) && !principal.includes(':namespace/')
      );
    }),
  {
    'an action is missing, so that the deploy fails': replace(/"quicksight:Describe\w+",/, ''),
    'everybody in the account has the permission': set(
      'Permissions.0.Principal',
      'arn:aws:quicksight:eu-west-1:123456789012:namespace/default',
    ),
  },
);

const helps = (name: string, promises: readonly Promised[] = []): TypeFacts => ({ name, role: 'helps', promises, local: 'no effect here' });

export const facts: ServiceFacts = {
  name: 'Quick Sight',
  local: { not: 'Quick Sight has no emulator; its query is tested with DuckDB' },
  unproven: [
    'Quick Sight queries a workgroup whose results Athena manages.',
    'Athena prunes the partitions of the query by its conditions on year and month.',
    'The data source with a role of its own needs no further right of the service role of the account.',
    'The definition of the dashboard is accepted: CloudFormation checks its form, and Quick Sight its contents when it is deployed.',
    'IngestionErrorCount has the dimension DatasetId.',
  ],
  types: {
    'AWS::QuickSight::DataSource': {
      ...helps('data source', [
        promised(
          'own-identity',
          'query with a role of its own, and not with that of the account',
          (one) => one.refers(`${ATHENA}.RoleArn`).length === 1,
          {
            'it queries with the role of the account': set(`${ATHENA}.RoleArn`),
          },
        ),
        setTo({
          rule: 'tls-only',
          must: 'connect over TLS',
          at: 'SslProperties.DisableSsl',
          to: [false],
          weak: true,
          worse: 'it connects without TLS',
        }),
        promised(
          'ready-before-work',
          'be created after the policies of its role, because Quick Sight tries it out',
          (one, stack) => policiesOf(one.refers(`${ATHENA}.RoleArn`)[0], stack).every(({ id }) => one.before().has(id)),
          { 'it is created before its permissions': set('/DependsOn') },
        ),
      ]),
      needs: needsOf,
    },
    [DATA_SET]: {
      ...helps('data set', [
        { ...EXACT, concerns: (one) => permissionsOf(one).length > 0 },
        promised(
          'reads-a-part',
          'read the partitions of the last days only',
          (one) => /year IN .*\n?.*month IN /.test(text(only(one, FILTER))),
          {
            'each visual reads all events': replace(/WHERE year IN [^\n]*?\\nAND month IN/, 'WHERE subject IN'),
          },
        ),
        {
          ...alarmOn('IngestionErrorCount', 'have an alarm at the first import that fails'),
          concerns: (one) => is(one, 'ImportMode', 'SPICE'),
        },
      ]),
      costs: (one, load: Load): Cost[] => [
        {
          what: 'imported events of 7 days',
          price: 'quickSightSpice',
          units: is(one, 'ImportMode', 'SPICE') ? (load.events * load.size * 7 * 24 * 3600) / GB : 0,
          lower: "Fewer `days`, or `mode: 'direct'`.",
        },
      ],
    },
    'AWS::QuickSight::Dashboard': {
      ...helps('dashboard', [EXACT]),
      tells: (one) => ['Quick Sight', `${one.get('Definition.Sheets.Visuals').length} visuals`, `seen by ${permissionsOf(one).length}`],
      flow: stepsOf,
      costs: (one) => [
        {
          what: 'readers, one for each principal',
          price: 'quickSightReader',
          units: permissionsOf(one).filter(({ actions }) => actions.length === 3).length,
          lower: 'Fewer `viewers`. A group counts here as one, and costs as many as it has members.',
        },
        {
          what: 'authors, one for each principal',
          price: 'quickSightAuthor',
          units: permissionsOf(one).filter(({ actions }) => actions.length > 3).length,
          lower: 'Fewer `authors`.',
        },
      ],
    },
    'AWS::QuickSight::Analysis': helps('analysis', [EXACT]),
    'AWS::QuickSight::RefreshSchedule': helps('schedule of imports'),
  },
};

function permissionsOf(resource: Asked): { readonly principal: string; readonly actions: readonly string[] }[] {
  return resource.get('Permissions').map((one) => {
    const { Principal, Actions } = one as { readonly Principal: Value; readonly Actions: readonly string[] };
    return { principal: text(Principal), actions: Actions };
  });
}

/** From the workgroup that the data source names. */
function stepsOf(dashboard: Asked, seen: Seen): Step[] {
  return dashboard.refers('Definition.DataSetIdentifierDeclarations.DataSetArn').flatMap((dataSet) => {
    const how = is(dataSet, 'ImportMode', 'SPICE') ? 'imported on a schedule' : 'queried when it is shown';
    const names = dataSet.refers('PhysicalTableMap.events.CustomSql.DataSourceArn').map(workGroupOf);
    const groups = seen.of('AWS::Athena::WorkGroup').filter((group) => names.includes(text(only(group, 'Name'))));
    return groups.map((group): Step => {
      return { from: group.stage, how, to: dashboard.stage, notes: seen.tell(dashboard), between: [group.id, dashboard.id] };
    });
  });
}

function workGroupOf(source: Asked): string {
  return text(only(source, `${ATHENA}.WorkGroup`));
}

const QUERY = [
  'GetQueryExecution',
  'GetQueryResults',
  'GetQueryResultsStream',
  'GetWorkGroup',
  'StartQueryExecution',
  'StopQueryExecution',
];
const TABLE = ['BatchGetPartition', 'GetDatabase', 'GetPartition', 'GetPartitions', 'GetTable', 'GetTables'];

/**
 * Quick Sight sends the query with the role, and Athena reads the table and its objects with the same role. A reader of a table may
 * read its views too.
 * https://docs.aws.amazon.com/athena/latest/ug/fine-grained-access-to-glue-resources.html
 */
function needsOf(source: Asked, stack: Stack): Needed[] {
  const who = refOf(only(source, `${ATHENA}.RoleArn`)) ?? '';
  const arn = (service: string, path: string) => `arn:\${AWS::Partition}:${service}:\${AWS::Region}:\${AWS::AccountId}:${path}`;
  const account = `StringEquals aws:SourceAccount ${text({ Ref: 'AWS::AccountId' })}`;
  const because = 'Quick Sight queries the table with the role';
  const queries = stack.of(DATA_SET).filter((one) => one.refers().some(({ id }) => id === source.id));
  const [, database] = /FROM "(.+?)"\./.exec(queries.map((one) => text(only(one, FILTER))).join()) ?? [];
  const tables = stack.of('AWS::Glue::Table').filter((table) => text(only(table, 'DatabaseName')) === database);
  const places = ['catalog', `database/${database}`, ...tables.map((table) => `table/${database}/${text(only(table, 'TableInput.Name'))}`)];
  const locations = tables.map((table) => text(only(table, 'TableInput.StorageDescriptor.Location'))).filter((location) => location !== '');
  return [
    { who: 'quicksight.amazonaws.com', may: 'sts:AssumeRole', on: `\${${who}}`, only: conditionsOf([account]), because },
    ...QUERY.map((action) => ({ who, may: `athena:${action}`, on: arn('athena', `workgroup/${workGroupOf(source)}`), because })),
    { who, may: 'athena:GetDataCatalog', on: arn('athena', 'datacatalog/AwsDataCatalog'), because },
    ...places.flatMap((path) => TABLE.map((action) => ({ who, may: `glue:${action}`, on: arn('glue', path), because }))),
    ...locations.flatMap((location): Needed[] => {
      const [, bucket = '', prefix = ''] = /^s3:\/\/([^/]+)\/(.*)$/.exec(location) ?? [];
      return [
        { who, may: 's3:GetObject', on: `${bucket}/${prefix}*`, because },
        { who, may: 's3:ListBucket', on: bucket, only: `StringLike s3:prefix ${prefix}*`, because },
        { who, may: 's3:GetBucketLocation', on: bucket, because },
      ];
    }),
  ];
}
