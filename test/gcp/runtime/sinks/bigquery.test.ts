import { managedwriter } from '@google-cloud/bigquery-storage';
import { App, Testing } from 'cdktf';
import { grpc } from 'google-gax';
import { GcpPipeline } from '../../../../gcp/architectures/pipeline';
import { bigQuerySink } from '../../../../gcp/runtime/sinks/bigquery';
import type { EventRow } from '../../../../gcp/runtime/sinks/bigquery/table-row';
import { type SchemaField, StorageWriteStandIn } from '../../../../local/gcp/bigquery/storage-write';
import type { Event } from '../../../../shared/runtime/event';
import { parse } from '../../../../shared/runtime/json';
import type { Lot, Sink } from '../../../../shared/runtime/sink';
import type { TerraformJson } from '../../../support/cdktf';
import { temporaryFolder } from '../../../support/folder';

const json: TerraformJson = JSON.parse(Testing.synth(new GcpPipeline(new App({ outdir: temporaryFolder() }), 'gcp-pipeline'), true));
const table = Object.values(json.resource!.google_bigquery_table!).find(({ schema }) => schema);
/** The table as the pipeline deploys it. */
const schema: SchemaField[] = JSON.parse(table!.schema);

Object.assign(process.env, {
  STORE_PROJECT: 'acme-data',
  STORE_DATASET: 'acme_events',
  STORE_TABLE: 'events',
  // The client looks for credentials though it needs none. It must not find those of whoever runs the tests.
  METADATA_SERVER_DETECTION: 'none',
  GCE_METADATA_HOST: '127.0.0.1:1',
  GOOGLE_APPLICATION_CREDENTIALS: '',
  CLOUDSDK_CONFIG: temporaryFolder(),
});

let standIn: StorageWriteStandIn;
let client: managedwriter.WriterClient;
let sink: Sink<EventRow>;

beforeEach(async () => {
  standIn = await new StorageWriteStandIn(schema).start();
  const [apiEndpoint, port] = standIn.address.split(':');
  client = new managedwriter.WriterClient({ apiEndpoint, port: Number(port), sslCreds: grpc.credentials.createInsecure() });
  sink = bigQuerySink('STORE', client);
});
afterEach(async () => {
  await standIn.stop();
  await client.getClient().close();
});

const eventOf = (id: string, extra: object = {}): Event => ({
  specversion: '1.0',
  id,
  source: '/test',
  type: 'test',
  time: '2026-01-31T09:29:59.1234567+01:00',
  ...extra,
});

/** A lot of one record for each event, all of which the transform lets through as they are. */
function lotOf(...events: Event[]): Lot<EventRow> {
  const arrived = new Date('2026-01-31T08:30:00.250Z');
  const made = events.map((event) => {
    const record = {
      bytes: Buffer.from(event.id),
      arrived,
      position: { messageId: `m${event.id}`, publishTime: '2026-01-31T08:30:00.250001Z' },
    };
    return { stored: sink.encode(event, event, 0), record };
  });
  return { name: 'lot', arrived, made };
}
const ids = () => standIn.rows.map(({ event_id }) => event_id);
const refusalsOf = async (lot: Lot<EventRow>) =>
  (await sink.write(lot)).map(({ record, reason }) => [record.bytes.toString(), reason] as const);
const utc = (...time: [number, number, number, number, number, number]) => BigInt(Date.UTC(...time)) * 1000n;

test('an event becomes a row of the table, digit for digit', async () => {
  const data = '{"big":12345678901234567890,"text":"ü\\u0000"}';
  expect(await refusalsOf(lotOf(eventOf('1', { data: parse(data) })))).toEqual([]);
  expect(standIn.rows).toEqual([
    {
      event_id: '1',
      event_source: '/test',
      event_type: 'test',
      event_time: utc(2026, 0, 31, 8, 29, 59) + 123_456n,
      row_index: 0n,
      message_id: 'm1',
      publish_time: utc(2026, 0, 31, 8, 30, 0) + 250_001n,
      data,
      rest: '{"time":"2026-01-31T09:29:59.1234567+01:00"}',
    },
  ]);
});

test('a record whose position names no message is known by its lot, and by when it arrived', async () => {
  const { made, ...lot } = lotOf(eventOf('1'));
  await sink.write({ ...lot, made: made.map((one) => ({ ...one, record: { ...one.record, position: { shard: 3 } } })) });
  expect(standIn.rows[0]).toMatchObject({ message_id: 'lot', publish_time: utc(2026, 0, 31, 8, 30, 0) + 250_000n });
});

test('the same lot again adds rows that are alike, of which the view shows one', async () => {
  for (const lot of [lotOf(eventOf('1')), lotOf(eventOf('1'))]) await sink.write(lot);
  expect(standIn.rows).toHaveLength(2);
  expect(standIn.rows[1]).toEqual(standIn.rows[0]);
});

test('a time that a double cannot hold keeps its microseconds', async () => {
  for (const time of ['9999-12-31T23:59:59.999999Z', '0001-01-01T00:00:00.000001Z']) {
    const { made, ...lot } = lotOf(eventOf('1', { time }));
    await sink.write({ ...lot, made: made.map((one) => ({ ...one, record: { ...one.record, position: { publishTime: time } } })) });
  }
  expect(standIn.rows.map(({ event_time }) => event_time)).toEqual([253_402_300_799_999_999n, -62_135_596_799_999_999n]);
});

test('all lots share one connection', async () => {
  const events = Array.from({ length: 40 }, (_, place) => eventOf(String(place)));
  const refusals = await Promise.all(events.map((event) => refusalsOf(lotOf(event))));
  expect(refusals.flat()).toEqual([]);
  expect(standIn.rows).toHaveLength(40);
  expect(standIn.asked).toEqual({ connections: 1, schema: 1 });
});

test('an event whose row the table refuses is refused with the reason, and its neighbours land', async () => {
  standIn.fate = ([row]) =>
    row!.event_id === 'bad'
      ? {
          error: { code: 3, message: 'Errors found while processing rows.' },
          rowErrors: [{ index: 0, code: 1, message: 'no such place' }],
        }
      : { appendResult: {} };
  expect(await refusalsOf(lotOf(...['1', 'bad', '2'].map((id) => eventOf(id))))).toEqual([['bad', 'PermanentError: row 0: no such place']]);
  expect(ids().sort()).toEqual(['1', '2']);
});

test('an event that no column can take is refused, and its neighbours land', async () => {
  const circle: Record<string, unknown> = {};
  circle.self = circle;
  const unprintable = {
    toJSON: () => {
      throw Object.create(null);
    },
  };
  const bad = [
    eventOf('day', { time: '2026-02-31T00:00:00Z' }),
    eventOf('subject', { subject: 1 }),
    eventOf('circle', { data: circle }),
    eventOf('unprintable', { data: unprintable }),
  ];
  expect((await refusalsOf(lotOf(eventOf('1'), ...bad, eventOf('2')))).sort()).toEqual([
    ['circle', expect.stringContaining('PermanentError: Converting circular structure to JSON')],
    ['day', 'PermanentError: column event_time of type TIMESTAMP cannot hold this string'],
    ['subject', 'PermanentError: column subject of type STRING cannot hold this number'],
    ['unprintable', 'PermanentError: the row cannot be written as JSON'],
  ]);
  expect(ids().sort()).toEqual(['1', '2']);
});

test('the rows of one event are added all or none', async () => {
  const { made, ...lot } = lotOf(eventOf('1'));
  const rows = [{ subject: 'a' }, { subject: 1 }].map((row, index) => ({ ...made[0]!, stored: sink.encode(row, eventOf('1'), index) }));
  expect(await refusalsOf({ ...lot, made: rows })).toHaveLength(1);
  expect(standIn.rows).toEqual([]);
});

test('rows that do not fit into one request are refused', async () => {
  const { made, ...lot } = lotOf(eventOf('1'));
  const rows = [0, 1].map((index) => ({ ...made[0]!, stored: sink.encode({ data: 'x'.repeat(5_000_000) }, eventOf('1'), index) }));
  expect(await refusalsOf({ ...lot, made: rows })).toEqual([
    ['1', 'PermanentError: the rows of the event have more than 9500000 bytes, the limit of one request'],
  ]);
});

test('the largest event that Pub/Sub takes lands', async () => {
  expect(await refusalsOf(lotOf(eventOf('1', { data: 'x'.repeat(9_400_000) })))).toEqual([]);
  expect(standIn.rows).toHaveLength(1);
});

test('an append that fails is a fault that may pass', async () => {
  standIn.fate = () => ({ error: { code: 8, message: 'quota' } });
  await expect(sink.write(lotOf(eventOf('1')))).rejects.toThrow(new Error('8: quota'));
});

test('when the connection breaks no lot counts as written that was not, and the next one has another connection', async () => {
  standIn.fate = ([row]) => (row!.event_id === 'last' ? 'breaks' : 'hangs');
  const written = await Promise.allSettled(['1', '2', '3', 'last'].map((id) => sink.write(lotOf(eventOf(id)))));
  expect(written.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected', 'rejected']);

  standIn.fate = () => ({ appendResult: {} });
  await Promise.all(['4', '5'].map((id) => sink.write(lotOf(eventOf(id)))));
  expect(ids().sort()).toEqual(['4', '5']);
  // Each lot was tried once more on another connection, which broke as well.
  expect(standIn.asked.connections).toBe(3);
});

test('a connection that breaks once with many lots on it costs none of them, and one connection is made for all', async () => {
  const seen = new Set<unknown>();
  standIn.fate = ([row]) => {
    const isFirst = !seen.has(row!.event_id);
    seen.add(row!.event_id);
    if (!isFirst) return { appendResult: {} };
    return row!.event_id === '9' ? 'breaks' : 'hangs';
  };
  const all = Array.from({ length: 10 }, (_, place) => String(place));
  expect((await Promise.all(all.map((id) => refusalsOf(lotOf(eventOf(id)))))).flat()).toEqual([]);
  expect(ids().sort()).toEqual(all);
  expect(standIn.asked.connections).toBe(2);
});

test.each([10, 14])('an append that BigQuery gives up with code %i is tried once more', async (code) => {
  let tries = 0;
  standIn.fate = () => (tries++ === 0 ? { error: { code, message: 'not now' } } : { appendResult: {} });
  expect(await refusalsOf(lotOf(eventOf('1')))).toEqual([]);
  expect(ids()).toEqual(['1']);
  standIn.fate = () => ({ error: { code, message: 'not now' } });
  await expect(sink.write(lotOf(eventOf('2')))).rejects.toThrow(`${code}: not now`);
});

test('a server that ends the connection does not let lots wait that are on their way', async () => {
  let waiting = 0;
  standIn.fate = () => {
    waiting++;
    return waiting <= 3 ? 'hangs' : { appendResult: {} };
  };
  const all = Promise.all(['1', '2', '3'].map((id) => refusalsOf(lotOf(eventOf(id)))));
  while (waiting < 3) await new Promise(setImmediate);
  standIn.endConnections();
  expect((await all).flat()).toEqual([]);
  expect(ids().sort()).toEqual(['1', '2', '3']);
});

test('a column that is added to the table is filled once the table has said so', async () => {
  standIn.schema = schema;
  await sink.write(lotOf(eventOf('0')));
  standIn.schema = [...schema, { name: 'celsius', type: 'FLOAT', mode: 'NULLABLE' }];
  standIn.fate = () => ({ appendResult: {}, updatedSchema: { fields: [] } });
  for (const id of ['1', '2']) await sink.write(lotOf(eventOf(id, { celsius: 20 })));
  expect(standIn.rows.slice(1).map(({ celsius, rest }) => [celsius, JSON.parse(String(rest)).celsius])).toEqual([
    [undefined, 20],
    [20, undefined],
  ]);
});

test('an address without a port is refused', () => {
  process.env.BIGQUERY_STORAGE_ENDPOINT = 'bigquery.example';
  expect(() => bigQuerySink('STORE')).toThrow('BIGQUERY_STORAGE_ENDPOINT must be a host and a port, got "bigquery.example".');
  process.env.BIGQUERY_STORAGE_ENDPOINT = '';
});
