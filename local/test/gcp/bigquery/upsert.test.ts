import path from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { synthesizeTerraform } from '../../../../bin/terraform';
import { corpus, type Sample, take } from '../../../corpus';
import { latestOf } from '../../../gcp/bigquery/changes';
import type { TableRow } from '../../../gcp/bigquery/row-check';
import { asColumns } from '../../../gcp/bigquery/row-text';
import { DuckTable, type TableSettings } from '../../../gcp/bigquery/table';
import { all } from '../../all';
import { temporaryFolder } from '../../folder';
import { runOnce } from '../../support';

const out = temporaryFolder();
const folder = path.join(out, 'stacks', 'gcp-latest-state');
beforeAll(() => void synthesizeTerraform({ BLUEPRINT: 'latest-state' }, out, ['gcp']));

const settings: TableSettings = {
  project: 'p',
  dataset: 'd',
  name: 'latest',
  schema: [
    { name: 'device', type: 'STRING', mode: 'REQUIRED' },
    { name: 'unit', type: 'INTEGER', mode: 'REQUIRED' },
    { name: 'celsius', type: 'FLOAT' },
  ],
  key: ['device', 'unit'],
};
const create = () => DuckTable.create(path.join(temporaryFolder(), 'store.duckdb'), settings);
const change = (device: string, unit: bigint, order: string, celsius?: number): TableRow => ({
  ...{ device, unit, celsius, _CHANGE_SEQUENCE_NUMBER: order },
  _CHANGE_TYPE: celsius === undefined ? 'DELETE' : 'UPSERT',
});

/** What a query of the store of a run shows. */
async function query(data: string, text: string) {
  const connection = await (await DuckDBInstance.create(path.join(data, 'store.duckdb'))).connect();
  const rows = (await connection.runAndReadAll(text)).getRowObjectsJson();
  connection.closeSync();
  return rows;
}
const sample = (more: object): Sample => ({
  kind: 'test',
  body: Buffer.from(JSON.stringify({ specversion: '1.0', source: '/plants/7', type: 't', ...more })),
});

test('every event is a change that the table took, or in the dead letter with its reason', async () => {
  const samples = [...take(corpus(), 160)];
  const { balance, data } = await runOnce({ cloud: 'gcp', folder, samples });
  expect(balance).toMatchObject({ sent: 160, accepted: 160, faults: [] });
  expect(balance.stored + Object.values(balance.deadLettered).reduce((sum, count) => sum + count, 0)).toBe(160);
  const [twice] = await query(
    data,
    'SELECT count(*) AS found FROM (SELECT 1 FROM local_latest.latest GROUP BY event_source, subject HAVING count(*) > 1)',
  );
  expect(twice).toEqual({ found: '0' });
});

test('a query of the table shows the latest event of each device, in whatever order they were sent', async () => {
  const samples = [
    sample({ id: '2', time: '2026-01-31T08:30:00.000002Z', subject: 'press', data: { celsius: 21 } }),
    sample({ id: '1', time: '2026-01-31T08:30:00.000001Z', subject: 'press', data: { celsius: 20 } }),
    sample({ id: '3', time: '2026-01-31T08:30:00Z', data: { state: 'on' } }),
    sample({ id: '2', time: '2026-01-31T08:30:00.000002Z', subject: 'press', data: { celsius: 21 } }),
  ];
  const { balance, data } = await runOnce({ cloud: 'gcp', folder, samples, pace: 10_000 });
  expect(balance).toMatchObject({ accepted: 4, faults: [] });
  expect(await query(data, 'SELECT event_id, subject FROM local_latest.latest ORDER BY event_id')).toEqual([
    { event_id: '2', subject: 'press' },
    { event_id: '3', subject: '' },
  ]);
});

test.each(['store-down', 'duplicate'] as const)('with the fault %s nothing is lost', async (fault) => {
  const { balance } = await runOnce({ cloud: 'gcp', folder, fault, count: 40, pace: 1500 });
  expect(balance).toMatchObject({ accepted: 40, faults: [] });
});

describe('the table in DuckDB', () => {
  test('shows what the rules of BigQuery say: the highest number section by section, the last of equal ones, and no deleted row', async () => {
    const table = await create();
    const changes = [
      change('a', 1n, 'F/2', 1),
      change('a', 1n, '10/1', 2),
      change('a', 1n, 'f/3', 3),
      change('b', 1n, '5', 4),
      change('b', 1n, '6'),
      change('b', 1n, '5/1', 5),
      change('c', 1n, '1', 6),
      change('c', 2n, '1', 7),
      change('c', 2n, '0001', 8),
    ];
    for (const one of changes) await table.insert([one]);
    const shown = await all(table.latestRows());
    const sorted = (rows: readonly TableRow[]) => rows.map(({ device, unit, celsius }) => `${device} ${unit} ${celsius}`).sort();
    expect(sorted(shown)).toEqual(['a 1 2', 'c 1 6', 'c 2 8']);
    expect(sorted(shown)).toEqual(sorted(latestOf(changes, settings.key!)));
    expect(await all(table.rows())).toHaveLength(changes.length);
    table.close();
  });
});

test('a reader gets of a deletion the key alone', () => {
  const event = { id: '1', source: '/plants/7', type: 't', time: '2026-01-31T08:30:00Z' };
  const stored = asColumns(settings)({ device: 'a', unit: 1n as never, celsius: 5 as never, _CHANGE_TYPE: 'DELETE' }, event, 0);
  expect(Object.keys(stored as object)).not.toContain('celsius');
  expect(stored).toMatchObject({ device: 'a', event_id: '1' });
  expect(JSON.stringify(stored, (_, value) => (typeof value === 'bigint' ? String(value) : value))).not.toContain('_CHANGE_TYPE');
});
