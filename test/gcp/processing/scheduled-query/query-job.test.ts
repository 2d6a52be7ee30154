import { App, TerraformOutput, TerraformStack } from 'cdktf';
import { QueryJob, type QueryJobProps } from '../../../../gcp/processing/scheduled-query/query-job';
import { BigQueryStore } from '../../../../gcp/store/bigquery/bigquery-store';
import { CloudStorageStore } from '../../../../gcp/store/cloud-storage/cloud-storage-store';
import { documentedDefaults } from '../../../support/defaults';
import { expectSnapshot } from '../../../support/snapshot';
import { readable, Somebody, site, synthesize } from '../../stand-ins';

const make = (props: Partial<QueryJobProps> = {}, starters: readonly string[] = ['Starter']) =>
  synthesize((stack) => {
    const [raw, clean] = ['raw', 'clean'].map((name) => new BigQueryStore(stack, name, { site, name })) as [BigQueryStore, BigQueryStore];
    const job = new QueryJob(stack, 'Query', {
      site,
      reads: { RAW: raw },
      writes: { CLEAN: clean },
      query: ({ RAW, CLEAN }) => `MERGE ${CLEAN} USING ${RAW} ON at > @run_time WHEN NOT MATCHED THEN INSERT ROW`,
      ...props,
    });
    const [request] = starters.map((id) => job.bindRun(new Somebody(stack, id)));
    // An output has the values of tokens.
    new TerraformOutput(stack, 'Body', { value: request?.body ?? '{}' });
    return { job, request };
  });
const bodyOf = ({ json }: ReturnType<typeof make>) => JSON.parse((json.output as any).Body.value);

test('the snapshot', () => {
  const made = make();
  const { google_bigquery_dataset: _, google_bigquery_table: __, ...grants } = made.json.resource!;
  expectSnapshot(
    'gcp/processing/scheduled-query/query-job.snapshot.yaml',
    'Whoever starts the query may read one table and its view, change one other table, and run jobs. It sees its own runs.',
    readable({ request: { url: made.built.request!.url, body: bodyOf(made), run: made.built.request!.run }, ...grants }),
  );
});

test('documents the defaults that it has', () => {
  const made = make();
  expect(documentedDefaults('gcp/processing/scheduled-query/query-job.ts', 'QueryJobProps')).toEqual({
    name: made.built.job.name,
    timeoutSeconds: String(Number(bodyOf(made).configuration.jobTimeoutMs) / 1000),
  });
});

test('takes every setting', () => {
  const made = make({ name: 'nightly', timeoutSeconds: 600 });
  expect(made.built.job.name).toBe('nightly');
  expect(bodyOf(made).configuration.jobTimeoutMs).toBe('600000');
});

test('creates nothing until something starts it', () => {
  const { all } = make({}, []);
  expect([...all('google_bigquery_table_iam_member'), ...all('google_project_iam_member')]).toEqual([]);
});

test('runs in the region of the site, and names the view of what it reads and the table of what it writes', () => {
  const { jobReference, configuration } = bodyOf(make());
  expect(jobReference).toEqual({ projectId: 'acme-data', location: 'europe-west1' });
  expect(configuration.query.useLegacySql).toBe(false);
  expect(configuration.query.query).toMatch(
    /^MERGE `acme-data\.[^`]+clean_events\.table_id\}` USING `acme-data\.[^`]+unique_events\.table_id\}`/,
  );
});

test('the time of the run is the time at which BigQuery runs it', () =>
  expect(bodyOf(make()).configuration.query.query).toContain('ON at > CURRENT_TIMESTAMP() WHEN'));

test('each starter gets its own roles', () => {
  const { all } = make({}, ['Starter', 'Other']);
  const members = (type: string) => all(type).map(({ member }) => member.split('@')[0].split(':')[1]);
  expect(members('google_bigquery_table_iam_member').sort()).toEqual(['other', 'other', 'other', 'starter', 'starter', 'starter']);
  expect(members('google_project_iam_member').sort()).toEqual(['other', 'starter']);
});

describe('refuses', () => {
  test.each<[string, Partial<QueryJobProps>, string]>([
    [
      'a long name',
      { name: 'clean-events' },
      'name must be 1 to 10 lower-case letters and digits, got "clean-events". The name of a service account has no room for more.',
    ],
    [
      'one name for two tables, of which the query would get the one that is written',
      { writes: { RAW: {} as never } },
      'each table must have its own name, got "RAW" in reads and writes. The query calls it by its name.',
    ],
    ['no tables to write', { writes: {} }, 'writes must be tables by name, got none. Write them like { EVENTS: store }.'],
    [
      'a text in place of the function',
      { query: 'SELECT 1' as never },
      'query must be a function, got string. It gets the names of the tables.',
    ],
    [
      'a query of a day',
      { timeoutSeconds: 86_400 },
      'timeoutSeconds must be 60 to 21600 seconds, got 86400. BigQuery stops a query after 6 hours.',
    ],
  ])('%s', (_, props, message) => expect(() => make(props)).toThrow(new Error(`test/Query: ${message}`)));

  test('a store elsewhere, when it is started', () =>
    expect(() =>
      synthesize((stack) => {
        const bucket = new CloudStorageStore(stack, 'Bucket', { site, name: 'bucket' });
        const job = new QueryJob(stack, 'Query', { site, reads: { RAW: bucket }, writes: { CLEAN: bucket }, query: () => '' });
        return job.bindRun(new Somebody(stack, 'Starter'));
      }),
    ).toThrow(new Error('test/Query: RAW must be a table of BigQuery, got another store. Use a BigQueryStore.')));

  test('a schedule, and names what has one', () =>
    expect(() => make().built.job.bindStart(new Somebody(new TerraformStack(new App({ skipValidation: true }), 'x'), 'Schedule'))).toThrow(
      new Error(
        'test/Query: a QueryJob must be started by an orchestration, got x/Schedule. For a query with a schedule of its own, use ScheduledQuery.',
      ),
    ));

  test('two queries with one name', () =>
    expect(() =>
      synthesize((stack) => {
        const store = new BigQueryStore(stack, 'store', { site, name: 'store' });
        for (const id of ['A', 'B']) new QueryJob(stack, id, { site, reads: { RAW: store }, writes: { CLEAN: store }, query: () => '' });
      }),
    ).toThrow(new Error('test/B: each query of a site must have its own name, got "query", which test/A has. Set name on one of them.')));
});
