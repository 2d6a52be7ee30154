import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { type ReplaceRows, replaceRows } from '../../../../gcp/processing/scheduled-query/replace-rows';
import { bigQuerySink } from '../../../../gcp/runtime/sinks/bigquery';
import { pullAll } from '../../../../gcp/runtime/sources/pull';
import { schemaOf, uniqueRows } from '../../../../gcp/store/bigquery/event-table';
import { StorageWriteStandIn } from '../../../gcp/bigquery/storage-write';

const COLUMNS = [{ name: 'title', type: 'STRING' }] as const;
const TABLE = `(event_time TIMESTAMP, event_source VARCHAR, event_id VARCHAR, row_index BIGINT, event_type VARCHAR, message_id VARCHAR,
  publish_time TIMESTAMP, title VARCHAR, rest JSON)`;
const NOON = '2026-01-31 12:00:00';

/** A query of GoogleSQL as DuckDB reads it. The functions do the same under another name. */
function duck(sql: string, runTime: string): string[] {
  const statements = sql
    .replace(/@run_time\b/g, `TIMESTAMP '${runTime}'`)
    .replace(/TIMESTAMP_SUB\((TIMESTAMP '[^']+'), (INTERVAL \d+ DAY)\)/g, '($1 - $2)')
    .replace(/TIMESTAMP\(('[^']+')\)/g, 'TIMESTAMP $1')
    .replace(/SAFE_CAST\((.+?) AS INT64\)/g, 'TRY_CAST($1 AS BIGINT)')
    .replaceAll('JSON_VALUE(', 'json_extract_string(')
    .replaceAll('COUNTIF(', 'count_if(')
    .replaceAll('FORMAT(', 'printf(')
    .replaceAll('`', '"')
    .replace(/\blast_run\b/g, "getvariable('last_run')")
    .replace(/DECLARE getvariable\('last_run'\) STRING DEFAULT/, 'SET VARIABLE last_run =')
    .replace(/^MERGE /m, 'MERGE INTO ');
  return statements.split(/;\n/);
}

let db: DuckDBConnection;
beforeEach(async () => {
  db = await (await DuckDBInstance.create(':memory:')).connect();
  await db.run(`CREATE TABLE staging ${TABLE}`);
  await db.run(`CREATE TABLE published ${TABLE}`);
  await db.run(`CREATE VIEW unique_staging AS ${uniqueRows('staging', COLUMNS).replaceAll('`', '"')}`);
});
afterEach(() => db.closeSync());

const rowsOf = async (query: string) => (await db.runAndReadAll(query)).getRowObjectsJson();
const published = async () =>
  (await rowsOf('SELECT event_id, title FROM published ORDER BY event_id')).map(({ event_id, title }) => `${event_id} ${title}`);

async function insert(
  run: string,
  time: string,
  type: string,
  id: string,
  { index = 0, title = null as string | null, rest = null as string | null } = {},
) {
  await db.run("INSERT INTO staging VALUES (CAST($1 AS TIMESTAMP), 's', $2, $3, $4, $5, CAST($1 AS TIMESTAMP), $6, CAST($7 AS JSON))", [
    time,
    id,
    index,
    type,
    run,
    title,
    rest,
  ]);
}
/** A run as the handler writes it: an item twice gets another `row_index`. */
async function pulled(
  run: string,
  time: string,
  items: Readonly<Record<string, string>>,
  says: number | undefined = Object.keys(items).length,
) {
  for (const [id, title] of Object.entries(items)) await insert(run, time, 'item.pulled', id, { title });
  if (says !== undefined) await insert(run, time, 'run.completed', run, { rest: JSON.stringify({ rows: says }) });
}
async function publish(settings: Partial<ReplaceRows> = {}, runTime = NOON) {
  const sql = replaceRows({ from: '`unique_staging`', into: '`published`', columns: COLUMNS, ...settings });
  for (const statement of duck(sql, runTime)) await db.run(statement);
}
const many = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, index) => [`${index}`, `Guide ${index}`]));

test('what is published are the items of the last complete run, and nothing else', async () => {
  await pulled('a', '2026-01-31 06:00:00', { 1: 'old', 2: 'gone' });
  await pulled('b', '2026-01-31 09:00:00', { 1: 'new', 3: 'added' });
  await publish();
  expect(await published()).toEqual(['1 new', '3 added']);
  const [row] = await rowsOf('SELECT * FROM published WHERE event_id = 1');
  expect(row).toMatchObject({
    event_time: '2026-01-31 09:00:00',
    event_source: 's',
    event_type: 'item.pulled',
    message_id: 'b',
    row_index: '0',
  });
});

test('an item that the tool has no more is gone, and one that changed has its new fields', async () => {
  await pulled('a', '2026-01-31 06:00:00', { 1: 'draft', 2: 'draft' });
  await publish();
  await pulled('b', '2026-01-31 09:00:00', { 1: 'done' });
  await publish();
  expect(await published()).toEqual(['1 done']);
});

test('a run that is published again leaves the same rows', async () => {
  await pulled('a', '2026-01-31 09:00:00', { 1: 'a', 2: 'b' });
  await publish();
  const before = await rowsOf('SELECT * FROM published ORDER BY event_id');
  await publish();
  expect(await rowsOf('SELECT * FROM published ORDER BY event_id')).toEqual(before);
});

test('rows that were written twice are counted and published once', async () => {
  await pulled('a', '2026-01-31 09:00:00', { 1: 'a', 2: 'b' });
  await db.run('INSERT INTO staging SELECT * FROM staging');
  await publish();
  expect(await published()).toEqual(['1 a', '2 b']);
});

test('a run that goes on, and a try that failed, do not count', async () => {
  await pulled('a', '2026-01-31 06:00:00', { 1: 'a' });
  const unfinished: [run: string, time: string][] = [
    ['b-0', '2026-01-31 09:00:00'],
    ['c', '2026-01-31 11:00:00'],
  ];
  for (const [run, time] of unfinished) await insert(run, time, 'item.pulled', '9', { title: 'half' });
  await publish();
  expect(await published()).toEqual(['1 a']);
  await pulled('b-1', '2026-01-31 11:30:00', { 1: 'b' });
  await publish();
  expect(await published()).toEqual(['1 b']);
});

describe('a run is not published, and what is published stays,', () => {
  beforeEach(async () => {
    await pulled('a', '2026-01-31 06:00:00', many(10));
    await publish();
  });
  const refused = async (reason: string, settings: Partial<ReplaceRows> = {}, runTime = NOON) => {
    const before = await rowsOf('SELECT * FROM published ORDER BY event_id');
    await expect(publish(settings, runTime)).rejects.toThrow(reason);
    expect(await rowsOf('SELECT * FROM published ORDER BY event_id')).toEqual(before);
    expect(before).toHaveLength(10);
  };

  test('without items', async () => {
    await pulled('b', '2026-01-31 09:00:00', {});
    await refused('b has 0 items, and must have 1');
  });
  test('with fewer items than it must have', async () => {
    await pulled('b', '2026-01-31 09:00:00', many(11));
    await refused('b has 11 items, and must have 12', { atLeast: 12 });
  });
  test('if rows are missing that the job has written', async () => {
    await pulled('b', '2026-01-31 09:00:00', many(10), 11);
    await refused('b has written 11 items, and has 10');
  });
  test('if it does not say how many it has', async () => {
    await pulled('b', '2026-01-31 09:00:00', many(10), null as never);
    await refused('b has written -1 items, and has 10');
  });
  test('if an item is in it twice', async () => {
    await pulled('b', '2026-01-31 09:00:00', many(10), 11);
    await insert('b', '2026-01-31 09:00:00', 'item.pulled', '7', { index: 1, title: 'again' });
    await refused('b has an item twice, such as 7');
  });
  test('if more than half of the items are gone', async () => {
    await pulled('b', '2026-01-31 09:00:00', many(4));
    await refused('b has 4 items, and 10 are published');
  });
  test('if it was pulled a day ago', () => refused('no run was completed within a day', {}, '2026-02-01 06:00:01'));
  test('if a later one is published', async () => {
    await db.run("DELETE FROM staging WHERE message_id = 'a'");
    await pulled('early', '2026-01-31 05:00:00', many(10));
    await refused('early was pulled before what is published');
  });
});

test('takes every setting', async () => {
  await pulled('a', '2026-01-31 06:00:00', many(10));
  await publish({ atLeast: 10 });
  await pulled('b', '2026-01-31 09:00:00', many(5));
  await publish();
  expect(await published()).toHaveLength(5);
  await pulled('c', '2026-01-31 10:00:00', {});
  await publish({ atLeast: 0, atLeastShare: 0 });
  expect(await published()).toEqual([]);
});

test('what the handler writes is what the query reads: the type of its rows, its name, and how many it says there are', async () => {
  const storage = await new StorageWriteStandIn(JSON.parse(schemaOf(COLUMNS))).start();
  const environment = process.env;
  process.env = {
    ...environment,
    ...{ METADATA_SERVER_DETECTION: 'none', GCE_METADATA_HOST: '127.0.0.1:1', BIGQUERY_STORAGE_ENDPOINT: storage.address },
    ...{ STAGING_PROJECT: 'acme-data', STAGING_DATASET: 'acme_staging', STAGING_TABLE: 'events' },
    ...{ CLOUD_RUN_EXECUTION: 'acme-pull-x7k2p', CLOUD_RUN_TASK_ATTEMPT: '0' },
  };
  try {
    const guides = async function* () {
      yield { id: '1', row: { title: 'Guide 1', words: 5 } };
      yield { id: '2', row: { title: 'Guide 2' } };
    };
    await pullAll({ pull: guides, sink: bigQuerySink('STAGING'), source: 'https://tool.example' });
  } finally {
    process.env = environment;
    await storage.stop();
  }
  for (const { event_time, event_source, event_id, row_index, event_type, message_id, title, rest } of storage.rows) {
    await db.run(
      'INSERT INTO staging VALUES (make_timestamp(CAST($1 AS BIGINT)), $2, $3, CAST($4 AS BIGINT), $5, $6, make_timestamp(CAST($1 AS BIGINT)), $7, CAST($8 AS JSON))',
      [
        ...[event_time, event_source, event_id, row_index, event_type, message_id].map((value) => value as string | bigint),
        ...[title, rest].map((value) => (value as string | undefined) ?? null),
      ],
    );
  }
  await publish({}, new Date().toISOString().slice(0, 19).replace('T', ' '));
  expect(await rowsOf('SELECT event_id, title, message_id, rest FROM published ORDER BY event_id')).toEqual([
    { event_id: '1', title: 'Guide 1', message_id: 'acme-pull-x7k2p-0', rest: '{"words":5}' },
    { event_id: '2', title: 'Guide 2', message_id: 'acme-pull-x7k2p-0', rest: null },
  ]);
});
