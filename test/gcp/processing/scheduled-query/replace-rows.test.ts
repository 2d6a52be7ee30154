import { replaceRows } from '../../../../gcp/processing/scheduled-query/replace-rows';
import { BigQueryStore } from '../../../../gcp/store/bigquery/bigquery-store';
import { site, synthesize } from '../../stand-ins';

const columns = [
  { name: 'title', type: 'STRING' },
  { name: 'published_at', type: 'TIMESTAMP' },
] as const;
const sql = replaceRows({ from: '`p.s.v`', into: '`p.p.t`', columns });
const statements = sql.split(/;\n/);

test('it finds the run, checks it, and only then changes the table, by one statement', () => {
  expect(statements.map((statement) => statement.split(/[ \n]/)[0])).toEqual(['DECLARE', 'SELECT', 'MERGE']);
  expect(sql).not.toMatch(/\b(TRUNCATE|UPDATE|CREATE|BEGIN)\b/);
});

test('every check comes before the change, and fails the query', () => expect(statements[1]!.match(/THEN ERROR\(/g)).toHaveLength(6));

test('what was checked is what is published: both read the run that was found first', () => {
  for (const statement of statements.slice(1)) expect(statement).toContain('message_id = last_run');
  expect(sql.match(/run\.completed' *\n? *ORDER BY/g) ?? sql.match(/ORDER BY event_time DESC LIMIT 1/g)).toHaveLength(1);
});

test('all rows of the table are replaced, whatever they are', () => {
  expect(statements[2]).toMatch(/\nON FALSE\n/);
  expect(statements[2]).toContain("WHEN NOT MATCHED BY SOURCE AND kept.event_time >= TIMESTAMP('2020-01-01') THEN DELETE");
});

test('it names the days of each table, because every table requires it, by the bare column', () => {
  const tables = sql.match(/(FROM|MERGE) `[^`]+`/g)!;
  expect(tables).toHaveLength(5);
  expect(sql.match(/(?<=(WHERE|AND) (kept\.)?)event_time >= TIMESTAMP/g)).toHaveLength(tables.length);
});

test('it fills every column of the table', () => {
  const { all } = synthesize((stack) => new BigQueryStore(stack, 'Store', { site, columns }));
  const schema: readonly { name: string }[] = JSON.parse(all('google_bigquery_table').find((table) => table.schema).schema);
  const [, inserted] = /INSERT \(([^)]+)\)/.exec(sql)!;
  expect(
    inserted!
      .split(', ')
      .map((name) => name.replaceAll('`', ''))
      .sort(),
  ).toEqual(schema.map(({ name }) => name).sort());
});
