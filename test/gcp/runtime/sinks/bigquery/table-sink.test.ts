import { managedwriter } from '@google-cloud/bigquery-storage';
import { grpc } from 'google-gax';
import { bigQuerySink } from '../../../../../gcp/runtime/sinks/bigquery';
import { BigQueryStore } from '../../../../../gcp/store/bigquery/bigquery-store';
import type { Column } from '../../../../../gcp/store/bigquery/event-table';
import { StorageWriteStandIn } from '../../../../../local/gcp/bigquery/storage-write';
import type { Event, Row } from '../../../../../shared/runtime/event';
import { temporaryFolder } from '../../../../support/folder';
import { site, synthesize } from '../../../stand-ins';

/** Each type of column, with a value and what BigQuery gets of it. */
const VALUES: readonly (readonly [Exclude<Column['type'], 'RECORD'>, unknown, unknown])[] = [
  ['STRING', 'ü', 'ü'],
  ['INTEGER', -9_007_199_254_740_993n, -9_007_199_254_740_993n],
  ['FLOAT', 1.5, 1.5],
  ['NUMERIC', '-1.50', '-1.50'],
  ['BIGNUMERIC', 12_345_678_901_234_567_890n, '12345678901234567890'],
  ['BOOLEAN', false, false],
  ['TIMESTAMP', '1969-12-31T23:59:59.999999Z', -1n],
  ['DATE', '1969-12-31', -1],
  ['JSON', { a: null }, '{"a":null}'],
];
const columns = (mode: 'NULLABLE' | 'REPEATED'): Column[] =>
  VALUES.map(([type]) => ({ name: `${mode === 'REPEATED' ? 'many' : 'one'}_${type.toLowerCase()}`, type, mode }));
const all = [...columns('NULLABLE'), ...columns('REPEATED')];
const COLUMNS: Column[] = [
  ...all,
  { name: 'record', type: 'RECORD', columns: all },
  { name: 'records', type: 'RECORD', mode: 'REPEATED', columns: all },
];
const of = (at: 1 | 2): Row =>
  Object.fromEntries([
    ...columns('NULLABLE').map(({ name }, index) => [name, VALUES[index]![at]]),
    ...columns('REPEATED').map(({ name }, index) => [name, [VALUES[index]![at], VALUES[index]![at]]]),
  ]);

test('a value of each type, alone, in a list, and within records, arrives as it is', async () => {
  Object.assign(process.env, {
    ...{ STORE_PROJECT: 'p', STORE_DATASET: 'd', STORE_TABLE: 't' },
    // The client looks for credentials though it needs none. It must not find those of whoever runs the tests.
    ...{ METADATA_SERVER_DETECTION: 'none', GCE_METADATA_HOST: '127.0.0.1:1', GOOGLE_APPLICATION_CREDENTIALS: '' },
    CLOUDSDK_CONFIG: temporaryFolder(),
  });
  const { built } = synthesize((stack) => new BigQueryStore(stack, 'Store', { site, columns: COLUMNS }));
  const standIn = await new StorageWriteStandIn(JSON.parse(built.schema)).start();
  const [apiEndpoint, port] = standIn.address.split(':');
  const client = new managedwriter.WriterClient({ apiEndpoint, port: Number(port), sslCreds: grpc.credentials.createInsecure() });
  const event: Event = { specversion: '1.0', id: '1', source: '/s', type: 't', time: '2026-01-31T08:30:00Z' };
  const sink = bigQuerySink('STORE', client);
  const row = { ...of(1), record: of(1), records: [of(1), {}, of(1)] };
  const record = { bytes: Buffer.alloc(0), arrived: new Date('2026-01-31T08:30:00Z'), position: { messageId: 'm' } };
  const made = [{ stored: sink.encode(row, event, 0), record }];
  expect(await sink.write({ name: 'lot', arrived: record.arrived, made })).toEqual([]);
  expect(standIn.rows).toMatchObject([{ ...of(2), record: of(2), records: [of(2), {}, of(2)] }]);
  await standIn.stop();
  await client.getClient().close();
});
