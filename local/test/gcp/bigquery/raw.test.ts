import path from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { synthesizeTerraform } from '../../../../bin/terraform';
import { corpus, type Sample, take } from '../../../corpus';
import { temporaryFolder } from '../../folder';
import { changed, runOnce } from '../../support';
import { having } from '../edits';

const out = temporaryFolder();
const folder = path.join(out, 'stacks', 'gcp-bigquery');
beforeAll(() => void synthesizeTerraform({ BLUEPRINT: 'bigquery' }, out, ['gcp']));

/** What was synthesized, with a change. */
const edited = (edit: (template: any) => void) => changed(folder, edit);
const run = (samples: readonly Sample[], edit?: (template: any) => void) =>
  runOnce({ cloud: 'gcp', folder: edit ? edited(edit) : folder, samples, pace: 10_000 });
const event = (more: object = {}) => ({ specversion: '1.0', id: '1', source: '/s', type: 't', time: '2026-01-31T08:30:00Z', ...more });
const sample = (body: object | string): Sample => ({
  kind: 'test',
  body: Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)),
});

test('every event is in one of the two views or in the dead letter, with its reason, and a reader sees each once', async () => {
  const samples = [...take(corpus(), 160)];
  const { balance } = await run(samples);
  expect(balance).toMatchObject({ sent: 160, accepted: 160, faults: [] });
  expect(balance.stored + Object.values(balance.deadLettered).reduce((sum, count) => sum + count, 0)).toBe(160);
  expect(balance.duplicatesRemoved).toBeGreaterThan(0);
  expect(balance.deadLettered).toMatchObject({
    'SCHEMA_MISMATCH: data is not UTF-8': 1,
    'not JSON that BigQuery can read': expect.any(Number),
    'specversion must be 1.0': 1,
  });
});

test.each(['store-down', 'restart', 'duplicate', 'slow-handler'] as const)('with the fault %s nothing is lost', async (fault) => {
  const { balance } = await runOnce({ cloud: 'gcp', folder, fault, count: 40, pace: 1500 });
  expect(balance).toMatchObject({ accepted: 40, faults: [] });
});

test('a number keeps its digits in the view, or its event is rejected', async () => {
  const { balance } = await run([
    sample(`${JSON.stringify(event()).slice(0, -1)},"data":{"account":18446744073709551615,"share":0.1}}`),
    sample(`${JSON.stringify(event({ id: '2' })).slice(0, -1)},"data":{"account":18446744073709551616}}`),
    sample(`${JSON.stringify(event({ id: '3' })).slice(0, -1)},"data":{"share":0.12345678901234567890}}`),
  ]);
  expect(balance).toMatchObject({
    stored: 1,
    deadLettered: { 'a number would lose digits in a JSON column: read it from data': 2 },
    faults: [],
  });
});

test('a time with an offset, and one with nine digits, are in a column to the microsecond, and in rest as they were', async () => {
  const { balance } = await run([
    sample(event({ time: '2026-01-31T08:30:00.123456789+02:00' })),
    sample(event({ id: '2', time: '2026-01-31T08:30:00.1Z', subject: 'x', traceid: 'abc', sampled: true, dataschema: null })),
  ]);
  expect(balance).toMatchObject({ stored: 2, faults: [] });
});

test('the view for readers shows the chosen columns of the events, and no rejected row', async () => {
  synthesizeTerraform({ BLUEPRINT: 'shared-view' }, out, ['gcp']);
  const { balance, data } = await runOnce({
    cloud: 'gcp',
    folder: path.join(out, 'stacks', 'gcp-shared-view'),
    samples: [sample(event({ subject: 'x', data: { a: 1 } })), sample('hello')],
    pace: 10_000,
  });
  expect(balance).toMatchObject({ stored: 1, faults: [] });
  const connection = await (await DuckDBInstance.create(path.join(data, 'store.duckdb'))).connect();
  const rows = await connection.runAndReadAll('SELECT * EXCLUDE publish_day FROM local_shared.events');
  expect(rows.getRowObjectsJson()).toEqual([{ event_time: '2026-01-31 08:30:00', event_type: 't', subject: 'x', data: '{"a":1}' }]);
  connection.closeSync();
});

test('an account that may not write fills nothing, and the reason says so', async () => {
  const { balance } = await run([sample(event())], ({ resource }) => {
    resource.google_bigquery_table_iam_member = {};
  });
  expect(balance.stored).toBe(0);
  expect(Object.keys(balance.deadLettered)).toEqual([expect.stringMatching(/^PERMISSION_DENIED: local-raw-writer@/)]);
});

test('with a view that leaves rows out, they are lost, and the run says so', async () => {
  const { balance } = await run([sample('hello'), sample(event())], ({ resource }) => {
    const view = resource.google_bigquery_table.raw_rejected_events.view;
    view.query = view.query.replace('reason IS NOT NULL', "reason = 'another'");
  });
  expect(balance.faults).toContainEqual(expect.stringContaining('neither in the store nor in the dead letter'));
});

test.each<[string, (template: any) => void, string]>([
  [
    'a table that is not in the template',
    ({ resource }) => {
      having(resource.google_pubsub_subscription, 'bigquery_config').bigquery_config.table = 'p.d.other';
    },
    'bigquery_config.table: it must be a table with the columns of a message, got "p.d.other"',
  ],
  [
    'no metadata',
    ({ resource }) => {
      having(resource.google_pubsub_subscription, 'bigquery_config').bigquery_config.write_metadata = false;
    },
    'bigquery_config.write_metadata: it must be true here, got false.',
  ],
  [
    'the schema of the table',
    ({ resource }) => {
      having(resource.google_pubsub_subscription, 'bigquery_config').bigquery_config.use_table_schema = true;
    },
    'bigquery_config.use_table_schema: ',
  ],
])('a delivery with %s is not run', async (_, edit, why) => {
  await expect(run([sample(event())], edit)).rejects.toThrow(why);
});
