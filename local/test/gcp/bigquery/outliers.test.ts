import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { findOutliers, learnBaselines } from '../../../../gcp/processing/scheduled-query/outliers';

const VALUE = "SAFE_CAST(JSON_VALUE(data, '$.value') AS FLOAT64)";
const KEY = 'event_time TIMESTAMP, event_source VARCHAR, event_id VARCHAR, row_index BIGINT, event_type VARCHAR, message_id VARCHAR';
/** Three o'clock in the night after the 30th. */
const NIGHT = '2026-01-31 03:00:00';

/** A query of GoogleSQL as DuckDB reads it. The functions do the same under another name. */
function duck(sql: string, runTime: string): string {
  return sql
    .replace(/^MERGE /, 'MERGE INTO ')
    .replace(/@run_time\b/g, `TIMESTAMP '${runTime}'`)
    .replace(/TIMESTAMP_TRUNC\(([^(),]+), DAY\)/g, "date_trunc('day', $1)")
    .replace(/TIMESTAMP_SUB\((date_trunc\([^)]+\)), (INTERVAL \d+ DAY)\)/g, '($1 - $2)')
    .replace(/SAFE_CAST\((.+?) AS FLOAT64\)/g, 'TRY_CAST($1 AS DOUBLE)')
    .replaceAll('JSON_VALUE(', 'json_extract_string(')
    .replaceAll('PERCENTILE_CONT(', 'quantile_cont(')
    .replaceAll('IS_NAN(', 'isnan(')
    .replaceAll('IS_INF(', 'isinf(')
    .replaceAll('`', '"');
}

let db: DuckDBConnection;
beforeEach(async () => {
  db = await (await DuckDBInstance.create(':memory:')).connect();
  await db.run(`CREATE TABLE measurements (${KEY}, publish_time TIMESTAMP, data JSON)`);
  await db.run(`CREATE TABLE baselines (${KEY}, publish_time TIMESTAMP, median DOUBLE, deviation DOUBLE, measurements BIGINT)`);
  await db.run(`CREATE TABLE outliers (${KEY}, publish_time TIMESTAMP, value DOUBLE, median DOUBLE, deviation DOUBLE, distance DOUBLE)`);
});
afterEach(() => db.closeSync());

let sent = 0;
async function send(source: string, time: string, data: unknown, type = 'reading') {
  sent += 1;
  const values = [time, source, String(sent), type, JSON.stringify(data)];
  await db.run(
    "INSERT INTO measurements VALUES (CAST($1 AS TIMESTAMP), $2, $3, 0, $4, 'm', CAST($1 AS TIMESTAMP), CAST($5 AS JSON))",
    values,
  );
}
/** Values, an hour apart, from a day on. */
async function sendMany(source: string, day: string, count: number, make: (index: number) => unknown) {
  const first = Date.parse(`${day}T00:00:00Z`);
  for (let index = 0; index < count; index += 1) {
    await send(source, new Date(first + index * 3_600_000).toISOString().slice(0, 19), { value: make(index) });
  }
}
const rowsOf = async (query: string) => (await db.runAndReadAll(query)).getRowObjectsJson();
const learn = (settings: Partial<Parameters<typeof learnBaselines>[0]> = {}, runTime = NIGHT) =>
  db.run(duck(learnBaselines({ from: '`measurements`', into: '`baselines`', value: VALUE, ...settings }), runTime));
const score = (settings: Partial<Parameters<typeof findOutliers>[0]> = {}, runTime = NIGHT) =>
  db.run(
    duck(
      findOutliers({ from: '`measurements`', baselines: '`baselines`', into: '`outliers`', value: VALUE, resolution: 0.1, ...settings }),
      runTime,
    ),
  );
const found = async () => (await rowsOf('SELECT value FROM outliers ORDER BY value')).map(({ value }) => value);

/** 18 to 22 degrees. */
const usual = (index: number) => 18 + (index % 5);

test('a baseline is the median of a device, and the median of the deviations from it', async () => {
  await sendMany('warm', '2026-01-10', 200, usual);
  await sendMany('cold', '2026-01-10', 100, (index) => -usual(index));
  await learn();
  expect(await rowsOf('SELECT event_time, event_source, event_id, median, deviation, measurements FROM baselines ORDER BY median')).toEqual(
    [
      { event_time: '2026-01-30 00:00:00', event_source: 'cold', event_id: 'reading', median: -20, deviation: 1, measurements: '100' },
      { event_time: '2026-01-30 00:00:00', event_source: 'warm', event_id: 'reading', median: 20, deviation: 1, measurements: '200' },
    ],
  );
});

test('it learns from 28 days, and not from the day that it is for', async () => {
  await sendMany('a', '2026-01-10', 100, () => 20);
  await send('a', '2026-01-02 00:00:00', { value: 1 });
  await send('a', '2026-01-01 23:59:59', { value: 2 });
  await send('a', '2026-01-29 23:59:59', { value: 3 });
  await send('a', '2026-01-30 00:00:00', { value: 4 });
  await learn();
  expect(await rowsOf('SELECT measurements FROM baselines')).toEqual([{ measurements: '102' }]);
});

test('what is no number is not learned from, also NaN as a text, and spoils nothing', async () => {
  await sendMany('a', '2026-01-10', 100, usual);
  for (const data of [{ value: 'NaN' }, { value: '-Infinity' }, { value: 'hot' }, { value: { of: 5 } }, { value: null }, {}, 'text', [1]]) {
    await send('a', '2026-01-20 00:00:00', data);
    await send('a', '2026-01-30 00:00:00', data);
  }
  await learn();
  await score();
  expect(await rowsOf('SELECT median, deviation, measurements FROM baselines')).toEqual([
    { median: 20, deviation: 1, measurements: '100' },
  ]);
  expect(await found()).toEqual([]);
});

test('a device with fewer than 100 measurements has no baseline, and no outliers', async () => {
  await sendMany('a', '2026-01-10', 99, usual);
  await send('a', '2026-01-30 12:00:00', { value: 1000 });
  await learn();
  await score();
  expect(await rowsOf('SELECT * FROM baselines')).toEqual([]);
  expect(await found()).toEqual([]);
});

test('an outlier is at least 5 standard deviations away, above or below', async () => {
  await sendMany('a', '2026-01-10', 200, usual);
  // A standard deviation is 1.4826.
  for (const value of [12.58, 12.6, 20, 27.4, 27.42]) await send('a', '2026-01-30 12:00:00', { value });
  await learn();
  await score();
  expect(await found()).toEqual([12.58, 27.42]);
  const [{ distance, median, deviation }] = (await rowsOf('SELECT * FROM outliers ORDER BY value DESC')) as [Record<string, unknown>];
  expect([Number(distance).toFixed(2), median, deviation]).toEqual(['5.00', 20, 1]);
});

test('a value is compared with its own device and type', async () => {
  await sendMany('warm', '2026-01-10', 100, usual);
  await sendMany('hot', '2026-01-10', 100, (index) => 500 + usual(index));
  await send('warm', '2026-01-30 12:00:00', { value: 520 });
  await send('hot', '2026-01-30 12:00:00', { value: 521 });
  await send('warm', '2026-01-30 12:00:00', { value: 519 }, 'pressure');
  await learn();
  await score();
  expect(await found()).toEqual([520]);
});

test('a value that was constant may change by what the sensor cannot tell', async () => {
  await sendMany('a', '2026-01-10', 100, () => 20);
  for (const value of [20.4, 20.6]) await send('a', '2026-01-30 12:00:00', { value });
  await learn();
  await score();
  expect(await found()).toEqual([20.6]);
});

test('a third of bad values hardly moves the baseline', async () => {
  await sendMany('a', '2026-01-10', 300, (index) => (index % 3 === 0 ? 9999 : usual(index)));
  await send('a', '2026-01-30 12:00:00', { value: 9999 });
  await learn();
  await score();
  expect(await found()).toEqual([9999]);
});

test('a night that is repeated changes nothing, and adds outliers that came late', async () => {
  await sendMany('a', '2026-01-10', 100, usual);
  await send('a', '2026-01-30 12:00:00', { value: 100 });
  await learn();
  await score();
  const tables = async () => [await rowsOf('SELECT * FROM baselines'), await rowsOf('SELECT * FROM outliers')];
  const before = await tables();
  await learn({}, '2026-01-31 09:00:00');
  await score({}, '2026-01-31 09:00:00');
  expect(await tables()).toEqual(before);
  await send('a', '2026-01-30 13:00:00', { value: 200 });
  await learn({}, '2026-02-01 03:00:00');
  await score({}, '2026-02-01 03:00:00');
  expect(await found()).toEqual([100, 200]);
});

test('the day of the run is for the next night, and a day of four days ago is over', async () => {
  await sendMany('a', '2026-01-10', 100, usual);
  await learn();
  await learn({}, '2026-01-28 03:00:00');
  for (const time of ['2026-01-31 00:00:00', '2026-01-27 23:59:59']) await send('a', time, { value: 100 });
  await score();
  expect(await found()).toEqual([]);
});

test('takes every setting', async () => {
  await sendMany('a', '2026-01-10', 100, usual);
  await send('a', '2026-01-29 12:00:00', { value: 22 }, 'other');
  await send('a', '2026-01-30 12:00:00', { value: 23 });
  await learn({ days: 1, atLeast: 1 });
  expect(await rowsOf('SELECT event_type FROM baselines')).toEqual([{ event_type: 'other' }]);
  await learn({ days: 40, where: "event_type = 'reading'" });
  await score({ distance: 2, days: 1, where: "event_type = 'reading'" });
  expect(await found()).toEqual([23]);
});
