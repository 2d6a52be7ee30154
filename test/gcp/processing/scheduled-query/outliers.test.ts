import { BASELINE_COLUMNS, findOutliers, learnBaselines, OUTLIER_COLUMNS } from '../../../../gcp/processing/scheduled-query/outliers';
import { BigQueryStore } from '../../../../gcp/store/bigquery/bigquery-store';
import { site, synthesize } from '../../stand-ins';

const value = "SAFE_CAST(JSON_VALUE(data, '$.value') AS FLOAT64)";
const learn = learnBaselines({ from: '`p.m.v`', into: '`p.b.t`', value, where: "event_type = 'a' OR FALSE" });
const score = findOutliers({
  from: '`p.m.v`',
  baselines: '`p.b.v`',
  into: '`p.o.t`',
  value,
  where: "event_type = 'a' OR FALSE",
  resolution: 0.1,
});
const QUERIES = [
  ['learning', learn, BASELINE_COLUMNS],
  ['scoring', score, OUTLIER_COLUMNS],
] as const;

/** The columns of a table with these columns, and whether a row must have them. */
function schemaWith(columns: typeof BASELINE_COLUMNS | typeof OUTLIER_COLUMNS): readonly { name: string; mode: string }[] {
  const { all } = synthesize((stack) => new BigQueryStore(stack, 'Store', { site, columns }));
  return JSON.parse(all('google_bigquery_table').find(({ schema }) => schema).schema);
}

test.each(QUERIES)('%s only adds rows, and finds what is there by what names a row', (_, sql) => {
  expect(sql).toMatch(/^MERGE /);
  expect(sql).not.toMatch(/WHEN MATCHED|NOT MATCHED BY SOURCE|DELETE|UPDATE|;/);
  for (const name of ['event_time', 'event_source', 'event_id', 'row_index']) expect(sql).toContain(`kept.${name} = found.${name}`);
});

test.each(QUERIES)('%s fills every column that its table requires, and no column that it does not have', (_, sql, columns) => {
  const schema = schemaWith(columns);
  const [, inserted] = /INSERT \(([^)]+)\)/.exec(sql)!;
  const filled = inserted!.split(', ').map((name) => name.replaceAll('`', ''));
  expect(filled).toEqual(expect.arrayContaining(schema.filter(({ mode }) => mode === 'REQUIRED').map(({ name }) => name)));
  expect(schema.map(({ name }) => name)).toEqual(expect.arrayContaining(filled));
  expect(filled).toEqual(expect.arrayContaining(columns.map(({ name }) => name)));
});

test.each(QUERIES)('%s names the days of each table, because every table requires it', (_, sql) => {
  const tables = sql.match(/^(MERGE|\s+FROM) `[^`]+`/gm)!;
  expect(sql.match(/event_time >= TIMESTAMP_SUB\(TIMESTAMP_TRUNC\(@run_time, DAY\), INTERVAL \d+ DAY\)/g)).toHaveLength(tables.length);
});

test.each(QUERIES)('%s keeps a condition with OR in parentheses', (_, sql) => expect(sql).toContain("AND (event_type = 'a' OR FALSE)"));

test('what is learned from ends before the days that are scored with it', () => {
  expect(learn).toContain('event_time < TIMESTAMP_SUB(TIMESTAMP_TRUNC(@run_time, DAY), INTERVAL 1 DAY)');
  expect(learn).toContain('SELECT TIMESTAMP_SUB(TIMESTAMP_TRUNC(@run_time, DAY), INTERVAL 1 DAY) AS event_time');
  expect(score).toContain('baselines.day = TIMESTAMP_TRUNC(measured.event_time, DAY)');
});
