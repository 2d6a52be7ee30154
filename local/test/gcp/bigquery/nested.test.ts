import path from 'node:path';
import { managedwriter } from '@google-cloud/bigquery-storage';
import { grpc } from 'google-gax';
import { type Table, tableOpener } from '../../../../gcp/runtime/sinks/bigquery/storage-write';
import { fitRows } from '../../../../gcp/runtime/sinks/bigquery/table-row';
import type { Event, Row } from '../../../../shared/runtime/event';
import { parse } from '../../../../shared/runtime/json';
import { hashOfTree, treeOf } from '../../../contents';
import type { SchemaField } from '../../../gcp/bigquery/row-check';
import { asColumns, storedRow } from '../../../gcp/bigquery/row-text';
import { StorageWriteStandIn } from '../../../gcp/bigquery/storage-write';
import { DuckTable, type TableSettings } from '../../../gcp/bigquery/table';
import { all } from '../../all';
import { temporaryFolder } from '../../folder';

const NAME = 'projects/p/datasets/d/tables/events';
const within: SchemaField[] = [
  { name: 'name', type: 'STRING' },
  { name: 'parts', type: 'INTEGER', mode: 'REPEATED' },
  { name: 'price', type: 'NUMERIC' },
  { name: 'note', type: 'JSON' },
  {
    name: 'place',
    type: 'RECORD',
    fields: [
      { name: 'seen', type: 'TIMESTAMP' },
      { name: 'day', type: 'DATE' },
    ],
  },
];
const schema: SchemaField[] = [
  ...['event_id', 'event_source', 'event_type', 'message_id'].map((name) => ({ name, type: 'STRING', mode: 'REQUIRED' })),
  ...['event_time', 'publish_time'].map((name) => ({ name, type: 'TIMESTAMP', mode: 'REQUIRED' })),
  { name: 'row_index', type: 'INTEGER', mode: 'REQUIRED' },
  { name: 'item', type: 'RECORD', fields: within },
  { name: 'items', type: 'RECORD', mode: 'REPEATED', fields: within },
  { name: 'tags', type: 'STRING', mode: 'REPEATED' },
  { name: 'flags', type: 'BOOLEAN', mode: 'REPEATED' },
  { name: 'shares', type: 'FLOAT', mode: 'REPEATED' },
  { name: 'rest', type: 'JSON' },
];
const COLUMNS = schema.map(({ name }) => `\`${name}\``).join(', ');
const settings: TableSettings = {
  project: 'p',
  dataset: 'd',
  name: 'events',
  schema,
  partitionedBy: 'event_time',
  view: {
    path: 'the view',
    dataset: 'd',
    name: 'unique_events',
    query: `SELECT ${COLUMNS} FROM \`p.d.events\` WHERE TRUE QUALIFY ROW_NUMBER() OVER (PARTITION BY event_id ORDER BY message_id) = 1`,
  },
};
const time = new Date().toISOString();
const eventOf = (id: string): Event => ({ specversion: '1.0', id, source: '/s', type: 't', time });

let table: DuckTable;
let standIn: StorageWriteStandIn;
let client: managedwriter.WriterClient;
let opened: Table;

// The client looks for credentials though it needs none. It must not find those of whoever runs the tests.
Object.assign(process.env, {
  METADATA_SERVER_DETECTION: 'none',
  GCE_METADATA_HOST: '127.0.0.1:1',
  GOOGLE_APPLICATION_CREDENTIALS: '',
  CLOUDSDK_CONFIG: temporaryFolder(),
});

beforeAll(async () => {
  table = await DuckTable.create(path.join(temporaryFolder(), 'store.duckdb'), settings);
  standIn = await new StorageWriteStandIn(schema, { name: NAME, partitionedBy: 'event_time' }).start();
  standIn.fate = async (rows) => {
    await table.insert(rows);
    return { appendResult: {} };
  };
  const [apiEndpoint, port] = standIn.address.split(':');
  client = new managedwriter.WriterClient({ apiEndpoint, port: Number(port), sslCreds: grpc.credentials.createInsecure(), projectId: 'p' });
  opened = await tableOpener(client, NAME)();
});
afterAll(async () => {
  await standIn.stop();
  await client.getClient().close();
  table.close();
});

/** Write a row with the sink's own code and the official client, twice, and read it from the view. */
async function stored(id: string, text: string) {
  const event = eventOf(id);
  const row = parse(text) as Row;
  for (const messageId of ['1', '2']) {
    await opened.append(fitRows([{ row, event, index: 0 }], { messageId, publishTime: time }, opened.columns));
  }
  const [found] = (await all(table.viewRows())).filter(({ event_id }) => event_id === id);
  const { content, text: whole } = storedRow(settings, found!);
  const expected = asColumns(settings)(treeOf(text)!, treeOf(JSON.stringify(event))!, 0);
  return { content: content!, whole, expected };
}

test.each([
  [
    'a record',
    '{"item":{"name":"screw","parts":[1,-9007199254740993],"price":12.5,"note":{"a":[1]},"place":{"seen":"2026-01-31T08:29:59.123456Z","day":"2026-01-31"}}}',
  ],
  ['a list of records', '{"items":[{"name":"a","parts":[7]},{"name":"b","place":{"day":"1969-12-31"}},{}]}'],
  ['lists of values', '{"tags":["x","","ü"],"flags":[true,false],"shares":[0.5,-1e300,0]}'],
  ['empty lists and records', '{"item":{},"items":[],"tags":[]}'],
  ['null', '{"item":null,"items":null,"tags":null}'],
  ['null within a record', '{"item":{"name":null,"parts":null,"note":null,"place":null}}'],
  [
    'more than the columns take',
    '{"item":{"name":"a","colour":"red","place":{"planet":"Mars"}},"items":[{"name":"b"},{"size":3}],"else":1}',
  ],
])('%s is read as it was sent', async (id, text) => {
  const { content, expected } = await stored(id, text);
  // A NUMERIC has more zeros than the number that was sent.
  if (hashOfTree(content) !== hashOfTree(expected)) expect(content).toEqual(expected);
});

test('what a record has no column for is in rest, at the place of its element', async () => {
  const { whole } = await stored('rest', '{"items":[{"name":"b"},{"name":"c","size":3}]}');
  expect(JSON.parse(whole)).toMatchObject({ items: [{ name: 'b' }, { name: 'c' }], rest: { items: [{}, { size: 3 }] } });
});

test('a value that a column within a record cannot hold is refused with the path of the column', async () => {
  const [row] = fitRows(
    [{ row: { item: { note: '1' } }, event: eventOf('wrong'), index: 0 }],
    { messageId: '1', publishTime: time },
    opened.columns,
  );
  const wrong = { ...row!, item: { note: '{' } };
  await expect(opened.append([wrong])).rejects.toThrow('Field item.note of type JSON has a value that it cannot hold');
});
