import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { eventQuery } from '../../../../aws/visualize/quicksight/event-query';
import { temporaryFolder } from '../../folder';

/** The functions of Athena that the query uses, in the words of DuckDB. */
const MACROS = [
  'CREATE MACRO date_format(day, form) AS strftime(day, form)',
  'CREATE MACRO from_iso8601_timestamp(text) AS CAST(text AS TIMESTAMPTZ)',
];

/** The rows of the query, for objects in the folder of each day as a processor stores them. */
async function rowsOf(today: string, days: number, stored: Readonly<Record<string, readonly object[]>>) {
  const folder = temporaryFolder();
  for (const [day, events] of Object.entries(stored)) {
    const [year, month, date] = day.split('-');
    const hour = path.join(folder, `year=${year}`, `month=${month}`, `day=${date}`, 'hour=08');
    mkdirSync(hour, { recursive: true });
    writeFileSync(path.join(hour, 'events.ndjson'), events.map((event) => `${JSON.stringify(event)}\n`).join(''));
  }
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  try {
    await connection.run(`SET TimeZone = 'UTC'`);
    for (const macro of MACROS) await connection.run(macro);
    await connection.run('CREATE SCHEMA lake');
    const names = ['time', 'id', 'source', 'type', 'subject'].map((name) => `'${name}': 'VARCHAR'`).join(', ');
    const keys = ['year', 'month', 'day', 'hour'].map((name) => `'${name}': VARCHAR`).join(', ');
    const options = `columns = {${names}}, hive_partitioning = true, hive_types = {${keys}}`;
    await connection.run(`CREATE VIEW lake.events AS SELECT * FROM read_ndjson('${folder}/**/*.ndjson', ${options})`);
    // The day of the test is not that of the machine.
    const sql = eventQuery('lake', 'events', days).replaceAll('current_date', `DATE '${today}'`);
    const reader = await connection.runAndReadAll(
      `SELECT id, strftime(time, '%Y-%m-%d %H:%M:%S.%f') AS time, event FROM (${sql}) ORDER BY id, event`,
    );
    return reader.getRowObjectsJson();
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

const event = (id: string, time = '2026-01-31T08:30:00Z') => ({ id, source: '/test', type: 'test', time });
const idsOf = async (...args: Parameters<typeof rowsOf>) => (await rowsOf(...args)).map(({ id }) => id);

test('the days before today are counted, over the end of a month and of a year', async () => {
  const stored = {
    '2025-12-24': [event('too old')],
    '2025-12-25': [event('first')],
    '2025-12-31': [event('last year')],
    '2026-01-01': [event('today')],
    '2025-01-01': [event('a year ago')],
  };
  expect(await idsOf('2026-01-01', 7, stored)).toEqual(['first', 'last year', 'today']);
});

test('28 days lie in two months at most, also after the shortest one', async () => {
  const stored = { '2026-01-31': [event('too old')], '2026-02-01': [event('first')], '2026-03-01': [event('today')] };
  expect(await idsOf('2026-03-01', 28, stored)).toEqual(['first', 'today']);
});

test('a time becomes one of UTC, and one that is none is left out, not the event', async () => {
  const stored = { '2026-01-31': [event('a', '2026-01-31T09:30:00.125+01:00'), event('b', 'yesterday')] };
  expect(await rowsOf('2026-01-31', 1, stored)).toEqual([
    { id: 'a', time: '2026-01-31 08:30:00.125000', event: '/test a' },
    { id: 'b', time: null, event: '/test b' },
  ]);
});
