import path from 'node:path';
import { adapt, managedwriter, protos } from '@google-cloud/bigquery-storage';
import { grpc } from 'google-gax';
import type { SchemaField } from '../../../gcp/bigquery/row-check';
import { storedRow } from '../../../gcp/bigquery/row-text';
import { StorageWriteStandIn } from '../../../gcp/bigquery/storage-write';
import { DuckTable, type TableSettings } from '../../../gcp/bigquery/table';
import { RefusedError } from '../../../platform';
import { all } from '../../all';
import { temporaryFolder } from '../../folder';

const NAME = 'projects/p/datasets/d/tables/events';
const schema: SchemaField[] = [
  { name: 'event_id', type: 'STRING', mode: 'REQUIRED' },
  { name: 'event_source', type: 'STRING', mode: 'REQUIRED' },
  { name: 'event_time', type: 'TIMESTAMP', mode: 'REQUIRED' },
  { name: 'number', type: 'INTEGER' },
  { name: 'amount', type: 'NUMERIC' },
  { name: 'share', type: 'FLOAT' },
  { name: 'open', type: 'BOOLEAN' },
  { name: 'day', type: 'DATE' },
  { name: 'data', type: 'JSON' },
];
const QUERY = [
  'SELECT `event_id`, `event_source`, `event_time`, `number`, `amount`, `share`, `open`, `day`, `data`',
  'FROM `p.d.events`',
  'WHERE TRUE',
  "QUALIFY ROW_NUMBER() OVER (PARTITION BY event_source, event_id ORDER BY number) = 1 AND event_id != 'nobody'",
].join('\n');

const now = BigInt(Date.now()) * 1000n;
/** As the library takes 64 bits: a `bigint` would be written as zero. */
const halves = (value: bigint) =>
  Object.assign(Object.create({ constructor: class Long {} }), { low: Number(BigInt.asIntN(32, value)), high: Number(value >> 32n) });
const row = (more: object = {}) => ({ event_id: '1', event_source: '/s', event_time: halves(now), ...more });

const settings = (changes: Partial<TableSettings> = {}): TableSettings => ({
  project: 'p',
  dataset: 'd',
  name: 'events',
  schema,
  partitionedBy: 'event_time',
  view: { path: 'the view', dataset: 'd', name: 'unique_events', query: QUERY },
  ...changes,
});
const withQuery = (query: string) => settings({ view: { path: 'the view', dataset: 'd', name: 'v', query } });
const create = (made = settings()) => DuckTable.create(path.join(temporaryFolder(), 'store.duckdb'), made);

describe('with the official client', () => {
  let table: DuckTable;
  let standIn: StorageWriteStandIn;
  let client: managedwriter.WriterClient;

  beforeAll(async () => {
    table = await create();
    standIn = await new StorageWriteStandIn(schema, { name: NAME, partitionedBy: 'event_time' }).start();
    standIn.fate = async (rows) => {
      await table.insert(rows);
      return { appendResult: {} };
    };
    const [apiEndpoint, port] = standIn.address.split(':');
    client = new managedwriter.WriterClient({
      apiEndpoint,
      port: Number(port),
      sslCreds: grpc.credentials.createInsecure(),
      projectId: 'p',
    });
  });
  afterAll(async () => {
    client.close();
    await client.getClient().close();
    standIn.vanish();
    table.close();
  });

  async function writer(fields?: readonly SchemaField[], stream = `${NAME}/streams/_default`) {
    const view = protos.google.cloud.bigquery.storage.v1.WriteStreamView.FULL;
    const { tableSchema } = await client.getWriteStream({ streamId: `${NAME}/streams/_default`, view });
    const { TableFieldSchema } = protos.google.cloud.bigquery.storage.v1;
    const own = fields?.map(({ name }) => ({ name, type: TableFieldSchema.Type.STRING, mode: TableFieldSchema.Mode.NULLABLE }));
    const protoDescriptor = adapt.convertStorageSchemaToProto2Descriptor(own ? { fields: own } : tableSchema!, 'root');
    const connection = await client.createStreamConnection({ streamId: stream });
    // Where nobody listens, an error of the connection ends the process.
    connection.onConnectionError(() => {});
    return new managedwriter.JSONWriter({ connection, protoDescriptor });
  }
  const append = async (...rows: object[]) => (await writer()).appendRows(rows as never).getResult();
  const last = async () => (await all(table.rows())).at(-1)!;

  test('the schema is that of the table', async () => {
    const view = protos.google.cloud.bigquery.storage.v1.WriteStreamView.FULL;
    const { tableSchema } = await client.getWriteStream({ streamId: `${NAME}/streams/_default`, view });
    expect(tableSchema!.fields!.map(({ name, type, mode }) => `${name} ${type} ${mode}`)).toEqual([
      'event_id STRING REQUIRED',
      'event_source STRING REQUIRED',
      'event_time TIMESTAMP REQUIRED',
      'number INT64 NULLABLE',
      'amount NUMERIC NULLABLE',
      'share DOUBLE NULLABLE',
      'open BOOL NULLABLE',
      'day DATE NULLABLE',
      'data JSON NULLABLE',
    ]);
  });

  test('a row is kept digit for digit, and read back as it was', async () => {
    const written = {
      number: halves(-(2n ** 63n)),
      amount: '-12345678901234567890123456789.123456789',
      share: 0.1,
      open: false,
      day: 20_000,
      data: '{"big":12345678901234567890,"text":"ü\\u0000"}',
    };
    await append(row({ event_id: 'digits\0', event_time: halves(now + 1n), ...written }));
    expect(await last()).toEqual({
      ...written,
      event_id: 'digits\0',
      event_source: '/s',
      event_time: now + 1n,
      number: -(2n ** 63n),
    });
    expect(storedRow(settings(), await last())).toMatchObject({
      event: { source: '/s', id: 'digits\0' },
      place: 'd.events',
      text:
        `{"event_id":"digits\\u0000","event_source":"/s","event_time":"${new Date(Number(now / 1000n)).toISOString().slice(0, -1)}001Z",` +
        '"number":-9223372036854775808,"amount":-12345678901234567890123456789.123456789,"share":0.1,"open":false,' +
        '"day":"2024-10-04","data":{"big":12345678901234567890,"text":"ü\\u0000"}}',
    });
  });

  test('what a row leaves out is NULL', async () => {
    await append(row({ event_id: 'empty' }));
    expect(await last()).toEqual({ event_id: 'empty', event_source: '/s', event_time: now });
  });

  test('many rows that come at once are all there', async () => {
    const before = (await all(table.rows())).length;
    const one = await writer();
    await Promise.all(Array.from({ length: 200 }, (_, id) => one.appendRows([row({ event_id: `many-${id}` })] as never).getResult()));
    expect(await all(table.rows())).toHaveLength(before + 200);
  });

  test.each<[string, object, string]>([
    ['text that is no JSON', { data: '{' }, 'Field data of type JSON has a value that it cannot hold'],
    ['a number of 30 digits', { amount: '1'.repeat(30) }, 'Field amount of type NUMERIC has a value that it cannot hold'],
    ['a time after the year 9999', { event_time: halves(253_402_300_800_000_000n) }, 'Field event_time of type TIMESTAMP has'],
    ['a day before the year 1', { day: -719_163 }, 'Field day of type DATE has a value that it cannot hold'],
    ['a day long ago', { event_time: halves(0n) }, 'names a partition that is not within 1825 days past and 366 days ahead'],
  ])('%s is refused by row, and its neighbours with it', async (_, more, message) => {
    const before = (await all(table.rows())).length;
    const { error, rowErrors } = await append(row(), row(more));
    expect(error).toMatchObject({ code: 3 });
    expect(rowErrors).toMatchObject([{ index: '1', message: expect.stringContaining(message) }]);
    expect(await all(table.rows())).toHaveLength(before);
  });

  test('a REQUIRED column without a value is refused', async () => {
    const fields = [{ name: 'event_id', type: 'STRING' }];
    const { rowErrors } = await (await writer(fields)).appendRows([{ event_id: '1' }] as never).getResult();
    expect(rowErrors).toMatchObject([{ message: 'Field event_source is required and has no value' }]);
  });

  test('a column that the table does not have is refused as a whole', async () => {
    const fields = [
      { name: 'event_id', type: 'STRING' },
      { name: 'other', type: 'STRING' },
    ];
    const { error, rowErrors } = await (await writer(fields)).appendRows([{ event_id: '1', other: '2' }] as never).getResult();
    expect(error).toMatchObject({ code: 3, message: expect.stringContaining('other') });
    expect(rowErrors).toEqual([]);
  });

  test('another table is not found', async () => {
    const streamId = 'projects/p/datasets/d/tables/other/streams/_default';
    await expect(client.getWriteStream({ streamId })).rejects.toMatchObject({ code: 5 });
    const other = await writer(undefined, streamId);
    await expect(other.appendRows([row()] as never).getResult()).rejects.toMatchObject({ code: 5 });
  });

  test('a request over 10 MB is refused', async () => {
    const huge = (await writer()).appendRows([row({ event_id: 'x'.repeat(10_000_001) })] as never);
    await expect(huge.getResult()).rejects.toMatchObject({ code: 3, message: expect.stringContaining('too large') });
  });

  test('a table that cannot be written is a fault of the service', async () => {
    const { fate } = standIn;
    standIn.fate = () => Promise.reject(new Error('no space left'));
    await expect(append(row())).rejects.toMatchObject({ code: 13, message: 'Error: no space left' });
    standIn.fate = fate;
  });
});

describe('the view', () => {
  const twice = [
    { event_id: '1', event_source: '/s', event_time: now, number: 2n },
    { event_id: '1', event_source: '/s', event_time: now, number: 1n },
    { event_id: '2', event_source: '/s', event_time: now, number: 1n },
  ];

  test('shows each row once, by the SQL of the template', async () => {
    const table = await create();
    await table.insert(twice);
    expect((await all(table.viewRows())).map(({ event_id, number }) => [event_id, number]).sort()).toEqual([
      ['1', 1n],
      ['2', 1n],
    ]);
    table.close();
  });

  test('sorts NULL first, as GoogleSQL does', async () => {
    const table = await create();
    await table.insert([...twice, { event_id: '1', event_source: '/s', event_time: now }]);
    expect((await all(table.viewRows())).find(({ event_id }) => event_id === '1')!.number).toBeUndefined();
    table.close();
  });

  test.each([
    ['another table', 'SELECT * FROM `p.d.other`', 'it reads `p.d.other`, and the template has no such table'],
    ['another project', 'SELECT * FROM `q.d.events`', 'it reads `q.d.events`, and the template has no such table'],
    ['a text in double quotes', 'SELECT "event_id" FROM `p.d.events`', '" has another meaning in DuckDB than in BigQuery'],
    ['an escape', "SELECT '\\n' FROM `p.d.events`", "' has another meaning in DuckDB than in BigQuery"],
    ['what only BigQuery knows', 'SELECT SAFE_CAST(1 AS INT64) FROM `p.d.events`', 'DuckDB does not accept it: '],
    ['a column that is not there', 'SELECT nope FROM `p.d.events`', 'DuckDB does not accept it: '],
  ])('with %s is refused', async (_, query, why) => {
    const refusal = create(withQuery(query));
    await expect(refusal).rejects.toThrow(RefusedError);
    await expect(refusal).rejects.toThrow(`the view: ${why}`);
  });
});
