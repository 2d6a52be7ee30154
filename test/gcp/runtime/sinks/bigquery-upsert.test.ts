import { managedwriter } from '@google-cloud/bigquery-storage';
import { grpc } from 'google-gax';
import type { EventRow } from '../../../../gcp/runtime/sinks/bigquery/table-row';
import { bigQueryUpsertSink } from '../../../../gcp/runtime/sinks/bigquery-upsert';
import { latestOf } from '../../../../local/gcp/bigquery/changes';
import { type Fate, StorageWriteStandIn } from '../../../../local/gcp/bigquery/storage-write';
import type { Event, Row } from '../../../../shared/runtime/event';
import type { Lot, Sink } from '../../../../shared/runtime/sink';
import { temporaryFolder } from '../../../support/folder';
import { upsertStandIn } from '../../store/bigquery/stand-in';

const KEY = ['event_source', 'subject'];
Object.assign(process.env, {
  STORE_PROJECT: 'acme-data',
  STORE_DATASET: 'acme_latest',
  STORE_UPSERT_TABLE: 'latest',
  STORE_KEY: KEY.join(','),
  // The client looks for credentials though it needs none. It must not find those of whoever runs the tests.
  METADATA_SERVER_DETECTION: 'none',
  GCE_METADATA_HOST: '127.0.0.1:1',
  GOOGLE_APPLICATION_CREDENTIALS: '',
  CLOUDSDK_CONFIG: temporaryFolder(),
});

let standIn: StorageWriteStandIn;
let client: managedwriter.WriterClient;
let sink: Sink<EventRow>;

async function connect(started: StorageWriteStandIn) {
  standIn = started;
  const [apiEndpoint, port] = standIn.address.split(':');
  client = new managedwriter.WriterClient({ apiEndpoint, port: Number(port), sslCreds: grpc.credentials.createInsecure() });
  sink = bigQueryUpsertSink('STORE', client);
}
async function disconnect() {
  await standIn.stop();
  await client.getClient().close();
}
beforeEach(async () => connect(await upsertStandIn()));
afterEach(disconnect);

const eventOf = (id: string, extra: object = {}): Event => ({
  specversion: '1.0',
  id,
  source: '/plants/7',
  type: 'test',
  subject: 'press',
  time: '2026-01-31T08:29:59.123456Z',
  ...extra,
});
const TRANSFORMED = (event: Event): readonly Row[] => [event];

/** A lot of one record for each event. */
function lotOf(events: readonly Event[], transform = TRANSFORMED): Lot<EventRow> {
  const arrived = new Date('2026-01-31T08:30:00.250Z');
  const made = events.flatMap((event) => {
    const record = {
      bytes: Buffer.from(event.id),
      arrived,
      position: { messageId: event.id, publishTime: '2026-01-31T08:30:00.250001Z' },
    };
    return transform(event).map((row, index) => ({ stored: sink.encode(row, event, index), record }));
  });
  return { name: 'lot', arrived, made };
}
const refusalsOf = async (lot: Lot<EventRow>) =>
  (await sink.write(lot)).map(({ record, reason }) => [record.bytes.toString(), reason] as const);
const shown = () => latestOf(standIn.rows, KEY).map(({ event_id }) => event_id);

test('a row is sent as an upsert, with a number that comes from its event and its message', async () => {
  expect(await refusalsOf(lotOf([eventOf('17')]))).toEqual([]);
  expect(standIn.rows).toMatchObject([
    {
      event_id: '17',
      event_source: '/plants/7',
      subject: 'press',
      _CHANGE_TYPE: 'UPSERT',
      // The microseconds since the year 1, twice, then the message and the row.
      _CHANGE_SEQUENCE_NUMBER: '00E309A9E462D200/00E309A9E4740291/0000000000000011/0000000000000000',
    },
  ]);
});

test('a later event replaces an earlier one, and not the other way round', async () => {
  const [older, newer] = [eventOf('1'), eventOf('2', { time: '2026-01-31T08:29:59.123457Z' })];
  for (const event of [newer, older, newer, older]) await sink.write(lotOf([event]));
  expect(standIn.rows).toHaveLength(4);
  expect(shown()).toEqual(['2']);
});

test('an event without a subject is the latest of its source', async () => {
  await sink.write(lotOf([eventOf('1', { subject: undefined })]));
  expect(standIn.rows).toMatchObject([{ subject: '', event_source: '/plants/7' }]);
});

test('a deletion is sent with its key and the columns of its event, and nothing of the person', async () => {
  const forget = () => [{ subject: 'press', data: { name: 'Ann' }, email: 'ann@example.com', _CHANGE_TYPE: 'DELETE' }];
  await sink.write(lotOf([eventOf('1')]));
  expect(shown()).toEqual(['1']);
  await sink.write(lotOf([eventOf('2', { time: '2026-01-31T08:29:59.2Z' })], forget));
  expect(Object.keys(standIn.rows[1]!).sort()).toEqual(
    ['_CHANGE_SEQUENCE_NUMBER', '_CHANGE_TYPE', 'event_id', 'event_source', 'event_time', 'event_type', 'message_id']
      .concat('publish_time', 'row_index', 'subject')
      .sort(),
  );
  expect(standIn.rows[1]).toMatchObject({ subject: 'press', _CHANGE_TYPE: 'DELETE' });
  expect(shown()).toEqual([]);
  // A retry of what was deleted does not bring it back.
  await sink.write(lotOf([eventOf('1')]));
  expect(shown()).toEqual([]);
});

test('of several rows of one event with the same key the last one stays', async () => {
  const rows = () => [{ subject: 'a', data: 1 }, { subject: 'a', data: 2 }, { subject: 'b' }];
  await sink.write(lotOf([eventOf('1')], rows));
  expect(latestOf(standIn.rows, KEY)).toMatchObject([{ subject: 'a', data: '2' }, { subject: 'b' }]);
});

test('a row that can never be a change is refused with the reason, and its neighbours land', async () => {
  process.env.STORE_KEY = 'event_source,data_base64';
  sink = bigQueryUpsertSink('STORE', client);
  process.env.STORE_KEY = KEY.join(',');
  const type = (event: Event) => [event.id === 'type' ? { ...event, data_base64: 'AA==', _CHANGE_TYPE: 'INSERT' } : event];
  const events = [
    eventOf('key'),
    eventOf('type'),
    eventOf('future', { data_base64: 'AA==', time: '2026-02-01T08:30:01Z' }),
    eventOf('good', { data_base64: 'AA==', time: '2026-02-01T08:30:00Z' }),
  ];
  expect((await refusalsOf(lotOf(events, type))).sort()).toEqual([
    ['future', 'PermanentError: event_time is 25 hours after publish_time: it would hide each row of its key until then'],
    ['key', 'PermanentError: the row has no value for data_base64, which is in the key'],
    ['type', 'PermanentError: _CHANGE_TYPE must be UPSERT or DELETE, got INSERT'],
  ]);
  expect(shown()).toEqual(['good']);
});

test('an event of long ago is stored: the table has no partitions', async () => {
  expect(await refusalsOf(lotOf([eventOf('1', { time: '0001-01-01T00:00:00Z' })]))).toEqual([]);
  expect(String(standIn.rows[0]!._CHANGE_SEQUENCE_NUMBER)).toMatch(/^0{16}\//);
});

test('an event whose row BigQuery refuses is refused with the reason, and its neighbours land', async () => {
  standIn.fate = ([row]) =>
    row!.event_id === 'bad'
      ? { error: { code: 3, message: 'Errors found.' }, rowErrors: [{ index: 0, code: 1, message: 'no such place' }] }
      : { appendResult: {} };
  const events = ['1', 'bad', '2'].map((id) => eventOf(id, { subject: id }));
  expect(await refusalsOf(lotOf(events))).toEqual([['bad', 'PermanentError: row 0: no such place']]);
  expect(shown().sort()).toEqual(['1', '2']);
});

test('a table without a key refuses each row', async () => {
  const { schema } = standIn;
  await disconnect();
  await connect(await new StorageWriteStandIn(schema).start());
  expect(await refusalsOf(lotOf([eventOf('1')]))).toEqual([
    ['1', 'PermanentError: row 0: The table has no primary key, which a change needs'],
  ]);
});

test('rows that do not fit into one request are refused, with what a change has beside its columns', async () => {
  const rows = (count: number) => () => Array.from({ length: count }, () => ({}));
  expect(await refusalsOf(lotOf([eventOf('1')], rows(20_000)))).toEqual([]);
  expect(await refusalsOf(lotOf([eventOf('1')], rows(45_000)))).toEqual([
    ['1', 'PermanentError: the rows of the event have more than 9500000 bytes, the limit of one request'],
  ]);
});

test.each<[string, Fate]>([
  ['8: quota', { error: { code: 8, message: 'quota' } }],
  ['3: UPSERT is not a valid CHANGE_TYPE', { error: { code: 3, message: 'UPSERT is not a valid CHANGE_TYPE' } }],
])('an append that fails as a whole may pass: %s', async (reason, fate) => {
  standIn.fate = () => fate;
  await expect(sink.write(lotOf([eventOf('1')]))).rejects.toThrow(new Error(reason));
  standIn.fate = () => ({ appendResult: {} });
  expect(await refusalsOf(lotOf([eventOf('1')]))).toEqual([]);
});

test('a lost connection costs no row: it is sent again on another one, and counts once', async () => {
  let tries = 0;
  standIn.fate = () => (tries++ === 0 ? 'breaks' : { appendResult: {} });
  expect(await refusalsOf(lotOf([eventOf('1')]))).toEqual([]);
  expect(standIn.asked.connections).toBe(2);
  expect(shown()).toEqual(['1']);
});
