import type { Stack } from 'aws-cdk-lib';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import { AthenaQuery, type AthenaQueryProps } from '../../../../aws/processing/athena/athena-query';
import { GlueCatalog } from '../../../../aws/processing/glue/glue-catalog';
import { S3Store } from '../../../../aws/store/s3/s3-store';
import { synthesize } from '../../../support/cdk';
import { documentedDefaults } from '../../../support/defaults';
import { expectSnapshot } from '../../../support/snapshot';

const catalogIn = (stack: Stack) => new GlueCatalog(stack, 'Catalog', { store: new S3Store(stack, 'Store'), firstYear: 2026 });
const make = (props: Partial<AthenaQueryProps> = {}, context?: Record<string, unknown>) =>
  synthesize((stack) => new AthenaQuery(stack, 'Query', { catalog: catalogIn(stack), ...props }), context);
const configurationOf = ({ one }: ReturnType<typeof make>) => one('AWS::Athena::WorkGroup').Properties.WorkGroupConfiguration;

/** A role that something is bound to, and what it may do. */
function bound(bind: (query: AthenaQuery, holder: Construct & { role: Role }) => unknown) {
  let result: unknown;
  const made = synthesize((stack) => {
    const role = new Role(stack, 'Role', { assumedBy: new ServicePrincipal('states.amazonaws.com') });
    result = stack.resolve(
      bind(new AthenaQuery(stack, 'Query', { catalog: catalogIn(stack) }), Object.assign(new Construct(stack, 'Holder'), { role })),
    );
    return role;
  });
  return { result, actions: made.allowed(made.built).flatMap(({ Action }) => Action), text: JSON.stringify(made.allowed(made.built)) };
}

test('the snapshot', () => {
  const { built, madeBy } = make();
  expectSnapshot(
    'aws/processing/athena/athena-query.snapshot.yaml',
    'The limit is enforced. Results stay in Athena, so there is no bucket for them.',
    madeBy(built),
  );
});

test('documents the defaults that it has', () => {
  expect(documentedDefaults('aws/processing/athena/athena-query.ts', 'AthenaQueryProps')).toEqual({
    scanLimitGiB: String(configurationOf(make()).BytesScannedCutoffPerQuery / 1024 ** 3),
    removal: make().one('AWS::Athena::WorkGroup').Properties.RecursiveDeleteOption ? 'destroy' : 'retain',
  });
});

test('accepts every setting', () => {
  const made = make({ scanLimitGiB: 1, savedQueries: { 'All of it': 'WITH a AS (SELECT 1) SELECT * FROM a' } });
  expect(configurationOf(made).BytesScannedCutoffPerQuery).toBe(1024 ** 3);
  expect(made.all('AWS::Athena::NamedQuery').map(({ Properties }) => Properties.Name)).toEqual([
    'Events by type today',
    'Events of today',
    'All of it',
  ]);
});

test('every query obeys the limit, and results are in one place', () => {
  const configuration = configurationOf(make());
  expect(configuration).toMatchObject({ EnforceWorkGroupConfiguration: true, ManagedQueryResultsConfiguration: { Enabled: true } });
  expect(configuration.ResultConfiguration).toBeUndefined();
});

test('the command of the output reads one day, of any year, and has no quote that ends it', () => {
  const { built } = make();
  const [, command, sql] = /^(.*) --query-string "([^"$`]+)"$/.exec(built.queryCommand)!;
  expect(command).toContain('aws athena start-query-execution --work-group');
  expect(sql).toMatch(/ FROM events_once WHERE year = .*%Y.* AND month = .*%m.* AND day = .*%d/);
});

test('what users saved in the workgroup is deleted with two keys only', () => {
  const isDeleted = ({ one }: ReturnType<typeof make>) => one('AWS::Athena::WorkGroup').Properties.RecursiveDeleteOption;
  expect(isDeleted(make())).toBe(false);
  expect(isDeleted(make({ removal: 'destroy' }, { destroyData: 'yes' }))).toBe(true);
});

test('saved queries of today read one day', () => {
  for (const { Properties } of make().all('AWS::Athena::NamedQuery'))
    expect(Properties.QueryString).toMatch(/"year" = .*"month" = .*"day" = /);
});

test('a reader may query in this workgroup, and read what the query reads', () => {
  const { result, actions, text } = bound((query, reader) => query.bindReader(reader, 'EVENTS').settings);
  expect(Object.keys(result as object)).toEqual(['EVENTS_BUCKET', 'EVENTS_PREFIX', 'EVENTS_DATABASE', 'EVENTS_TABLE', 'EVENTS_WORKGROUP']);
  expect(actions).toEqual(
    expect.arrayContaining([
      'athena:StartQueryExecution',
      'athena:GetQueryResults',
      // JDBC, with which Quick Sight reads.
      'athena:GetQueryResultsStream',
      'athena:GetDataCatalog',
      's3:GetObject',
      'glue:GetTable',
    ]),
  );
  expect(actions.filter((action) => /Put|Delete|Create|Update/.test(action))).toEqual([]);
  expect(text).not.toContain('"Resource":"*"');
});

test('an orchestrator may start a query and stop it, and reads no result', () => {
  const { result, actions } = bound((query, starter) => {
    const { resource, parameters, busy } = query.job('Daily', 'SELECT 1').bindStart(starter);
    return { resource, parameters, busy };
  });
  expect(JSON.stringify(result)).toContain(':states:::athena:startQueryExecution.sync');
  expect(result).toMatchObject({
    busy: ['Athena.TooManyRequestsException'],
    parameters: { QueryString: 'SELECT 1', WorkGroup: expect.stringContaining('Query') },
  });
  expect(actions).toEqual(expect.arrayContaining(['athena:StartQueryExecution', 'athena:StopQueryExecution', 'athena:GetQueryExecution']));
  expect(actions).not.toContain('athena:GetQueryResults');
});

describe('refuses', () => {
  test('to be written to, and names what works', () =>
    expect(() => bound((query, writer) => query.bindWriter(writer, 'STORE'))).toThrow(
      'Test/Query: AthenaQuery must have readers only, got Test/Holder. Write to the S3Store, with a LambdaProcessor or a FirehoseDelivery.',
    ));

  test('a job that writes', () =>
    expect(() => bound((query) => query.job('Daily', 'DROP TABLE events').node.id)).toThrow(
      'Test/Query: sql must be a SELECT, got "DROP TABLE events". Readers may only read: write to the store, or with a Glue job.',
    ));

  test.each<[string, Partial<AthenaQueryProps>, string]>([
    ['no limit', { scanLimitGiB: 0 }, 'scanLimitGiB must be 1 to 100000 GiB, got 0. A query that reads more is cancelled.'],
    [
      'one key to destroy',
      { removal: 'destroy' },
      `removal 'destroy' needs the context destroyData to be "yes", got nothing. Set DESTROY_DATA=yes in the environment of this command, or leave removal out to keep the data.`,
    ],
    [
      'a saved query that writes',
      { savedQueries: { Clean: 'DELETE FROM events' } },
      'savedQueries must be a SELECT, got "DELETE FROM events". Readers may only read: write to the store, or with a Glue job.',
    ],
    [
      'a name that is none',
      { savedQueries: { 'a-b': 'SELECT 1' } },
      'savedQueries must be named in letters, digits and blanks, a letter first, got "a-b". Write it like { "Events by type": "SELECT ..." }.',
    ],
    [
      'a list of queries',
      { savedQueries: ['SELECT 1'] as never },
      'savedQueries must be an object, got SELECT 1. Write it like { "Events by type": "SELECT ..." }.',
    ],
  ])('%s', (_, props, message) => expect(() => make(props)).toThrow(new Error(`Test/Query: ${message}`)));

  test('a catalog that is none', () =>
    expect(() => synthesize((stack) => new AthenaQuery(stack, 'Query', { catalog: new S3Store(stack, 'Store') as never }))).toThrow(
      'Test/Query: catalog must be a table of a catalog, got S3Store. Give a GlueCatalog over the store.',
    ));
});
