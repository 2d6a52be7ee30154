import path from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { GOOGLE_FUNCTIONS, renameFunctions } from '../../../gcp/bigquery/google-functions';
import { DuckTable, type TableSettings } from '../../../gcp/bigquery/table';
import { temporaryFolder } from '../../folder';

/** The value of an expression of GoogleSQL, in DuckDB, where `$1` is a text. */
async function evaluated(expression: string, text?: string) {
  const connection = await (await DuckDBInstance.create(':memory:')).connect();
  for (const macro of GOOGLE_FUNCTIONS) await connection.run(macro);
  const reader = await connection.runAndReadAll(`SELECT ${renameFunctions(expression)} AS value`, text === undefined ? undefined : [text]);
  connection.closeSync();
  const [{ value }] = reader.getRowObjectsJson() as [{ value: unknown }];
  return value;
}
const parsed = (text: string, mode = 'exact') => evaluated(`SAFE.PARSE_JSON($1, wide_number_mode => '${mode}')`, text);

test.each([
  '{"a":1}',
  '18446744073709551615',
  '-9223372036854775808',
  '[1E5,0.1,1e-7,100.00]',
  '"a \\"NaN\\" ,] in a text"',
  '0.30000000000000004',
])('%s is JSON that holds all its digits', async (text) => expect(await parsed(text)).not.toBeNull());

test.each(['18446744073709551616', '0.12345678901234567890', '{"a":[1e-400]}'])('%s would lose digits', async (text) => {
  expect(await parsed(text)).toBeNull();
  expect(await parsed(text, 'round')).not.toBeNull();
});

test.each(['', 'hello', '{"a":1', '{"a":NaN}', '[Infinity]', '[1,]', '{"a":1,}', '{"a":1e999}'])('%j is not JSON', async (text) => {
  expect(await parsed(text)).toBeNull();
  expect(await parsed(text, 'round')).toBeNull();
});

test.each<[string, string, unknown]>([
  ["SAFE.STRING(JSON_QUERY($1, '$.id'))", '{"id":"x"}', 'x'],
  ["SAFE.STRING(JSON_QUERY($1, '$.id'))", '{"id":5}', null],
  ["SAFE.STRING(JSON_QUERY($1, '$.id'))", '{"id":null}', null],
  ["JSON_QUERY($1, '$.data')", '{"data":null}', 'null'],
  ["JSON_QUERY($1, '$.data')", '{}', null],
  ['JSON_TYPE($1)', '5', 'number'],
  ['JSON_TYPE($1)', 'null', 'null'],
  ['JSON_TYPE($1)', '"x"', 'string'],
  ["TO_JSON_STRING(JSON_REMOVE($1, '$.a', '$.c'))", '{"a":1,"b":2,"c":3}', '{"b":2}'],
  ['TO_JSON_STRING(JSON_STRIP_NULLS($1))', '{"a":null,"b":2}', '{"b":2}'],
  ["ARRAY_TO_STRING(JSON_KEYS($1, 1), ',')", '{"a":{"b":1},"c":2}', 'a,c'],
  ["CONCAT('a', REGEXP_EXTRACT($1, 'x+'))", 'axxb', 'axx'],
  ["CONCAT('a', REGEXP_EXTRACT($1, 'x+'))", 'b', null],
  ["REGEXP_REPLACE($1, 'x', '')", 'axbx', 'ab'],
  ['SAFE.TIMESTAMP($1)', '2026-01-31T08:30:00.125456+02:00', '2026-01-31 06:30:00.125456'],
  ['SAFE.TIMESTAMP($1)', '2026-02-30T08:30:00Z', null],
])('%s of %s is %j, as in BigQuery', async (expression, text, value) => expect(await evaluated(expression, text)).toBe(value));

test('a name in another name is no function', () => expect(renameFunctions('MY_CONCAT(a) + x.CONCAT')).toBe('MY_CONCAT(a) + x.CONCAT'));

test('a raw text is a text, with its backslashes', async () => {
  const settings: TableSettings = {
    project: 'p',
    dataset: 'd',
    name: 't',
    schema: [{ name: 'a', type: 'STRING' }],
    view: { path: 'the view', dataset: 'd', name: 'v', query: "SELECT REGEXP_REPLACE(a, r'\\d', '#') AS a FROM `p.d.t`" },
  };
  const table = await DuckTable.create(path.join(temporaryFolder(), 'store.duckdb'), settings);
  await table.insert([{ a: 'x1y2' }]);
  for await (const row of table.viewRows()) expect(row).toEqual({ a: 'x#y#' });
  expect(await table.viewSchema()).toEqual([{ name: 'a', type: 'STRING' }]);
  table.close();
});
