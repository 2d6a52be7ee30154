import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { App } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { AwsAthena } from '../../../../aws/processing/athena/example';
import { objectOf } from '../../../../shared/runtime/ndjson';
import { hourFolder } from '../../../../shared/runtime/objects';
import { temporaryFolder } from '../../folder';

/** Properties of the resources of a type. */
const resources = Template.fromStack(new AwsAthena(new App(), 'Test')).toJSON().Resources as Record<
  string,
  { Type: string; Properties: any }
>;
const all = (type: string) =>
  Object.values(resources)
    .filter(({ Type }) => Type === type)
    .map(({ Properties }) => Properties);
const tables = all('AWS::Glue::Table').map(({ TableInput }) => TableInput);
const table = tables.find(({ TableType }) => TableType === 'EXTERNAL_TABLE')!;
const [, encoded] = /^\/\* Presto View: (\S+) \*\/$/.exec(tables.find(({ TableType }) => TableType === 'VIRTUAL_VIEW')!.ViewOriginalText)!;
const view = JSON.parse(Buffer.from(encoded!, 'base64').toString());

const eventOf = (id: string, extra: object = {}) =>
  JSON.stringify({ specversion: '1.0', id, source: '/shop', type: 'order', time: '2026-01-31T08:00:00Z', ...extra });

/** The view and the table of the template, on DuckDB, over objects as the S3 sink writes them: lines of JSON by their time of arrival. */
async function queryOver(objects: readonly { arrived: Date; lines: readonly string[] }[]) {
  const folder = temporaryFolder();
  for (const [index, { arrived, lines }] of objects.entries()) {
    const place = path.join(folder, hourFolder(arrived));
    mkdirSync(place, { recursive: true });
    const made = lines.map((stored) => ({ stored, record: { bytes: Buffer.from(stored), arrived, position: {} } }));
    writeFileSync(path.join(place, `${index}.ndjson.gz`), await objectOf({ name: String(index), arrived, made }));
  }
  const connection = await (await DuckDBInstance.create()).connect();
  const columns = table.StorageDescriptor.Columns.map(({ Name }: { Name: string }) => `"${Name}": 'VARCHAR'`).join(', ');
  const options = `columns = {${columns}}, format = 'newline_delimited', hive_partitioning = true, hive_types_autocast = false`;
  await connection.run(`CREATE SCHEMA "${view.schema}"`);
  await connection.run(`CREATE VIEW "${view.schema}"."events" AS SELECT * FROM read_json('${folder}/*/*/*/*/*.ndjson.gz', ${options})`);
  await connection.run('CREATE MACRO date_format(day, form) AS strftime(day, form)');
  await connection.run(`CREATE VIEW "${view.schema}"."events_once" AS ${view.originalSql}`);
  await connection.run(`USE "${view.schema}"`);
  return async (sql: string) => (await connection.runAndReadAll(sql)).getRowObjectsJson();
}

const hour = (time: string) => new Date(`2026-01-31T${time}:00Z`);

test('the view shows each event of a day once, and the table shows all copies', async () => {
  const query = await queryOver([
    { arrived: hour('08:10'), lines: [eventOf('1'), eventOf('2'), eventOf('1')] },
    { arrived: hour('09:10'), lines: [eventOf('2'), eventOf('1', { source: '/other' })] },
  ]);
  expect(await query('SELECT count(*) AS n FROM events')).toEqual([{ n: '5' }]);
  expect(await query('SELECT source, id, hour FROM events_once ORDER BY source, id')).toEqual([
    { source: '/other', id: '1', hour: '09' },
    { source: '/shop', id: '1', hour: '08' },
    { source: '/shop', id: '2', hour: '08' },
  ]);
});

test('data is JSON text with names as they were sent, and can be read by path', async () => {
  const query = await queryOver([
    { arrived: hour('08:10'), lines: [eventOf('1', { data: {} }).replace('"data":{}', '"data":{"Price":1250.5}')] },
  ]);
  const [row] = await query(`SELECT data, data ->> '$.Price' AS price FROM events_once`);
  expect(row).toEqual({ data: '{"Price":1250.5}', price: '1250.5' });
});

test('the columns of the view are those that it says', async () => {
  const query = await queryOver([{ arrived: hour('08:10'), lines: [eventOf('1')] }]);
  const [row] = await query('SELECT * FROM events_once');
  expect(Object.keys(row!)).toEqual(view.columns.map(({ name }: { name: string }) => name));
});

test('the partitions are those of the keys of the objects, and projection gives each the values of a key', () => {
  const keys = hourFolder(hour('08:10'))
    .split('/')
    .map((part) => part.split('=') as [string, string]);
  expect(table.PartitionKeys.map(({ Name }: { Name: string }) => Name)).toEqual(keys.map(([name]) => name));
  for (const [name, value] of keys) {
    const [from, to] = table.Parameters[`projection.${name}.range`].split(',').map(Number);
    expect([Number(value) >= from && Number(value) <= to, table.Parameters[`projection.${name}.digits`]]).toEqual([
      true,
      String(value.length),
    ]);
  }
});

test('each saved query runs, and reads the events of the current day', async () => {
  const query = await queryOver([
    { arrived: hour('08:10'), lines: [eventOf('1'), eventOf('1'), eventOf('2')] },
    { arrived: new Date('2026-01-30T23:50:00Z'), lines: [eventOf('3')] },
  ]);
  const onThatDay = Object.fromEntries(
    all('AWS::Athena::NamedQuery').map(({ Name, QueryString }) => [Name, QueryString.replaceAll('current_date', "DATE '2026-01-31'")]),
  );
  expect(await query(onThatDay['Events by type today'])).toEqual([{ type: 'order', events: '2' }]);
  expect((await query(onThatDay['Events of today'])).map(({ id }) => id).sort()).toEqual(['1', '2']);
});
