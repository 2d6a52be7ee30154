import { managedwriter } from '@google-cloud/bigquery-storage';
import { grpc } from 'google-gax';
import { type Table, tableOpener } from '../../../../../gcp/runtime/sinks/bigquery/storage-write';
import { type Fate, StorageWriteStandIn } from '../../../../../local/gcp/bigquery/storage-write';
import { PermanentError } from '../../../../../shared/runtime/event';
import { temporaryFolder } from '../../../../support/folder';

const schema = [{ name: 'id', type: 'STRING', mode: 'REQUIRED' }];
const TAKEN: Fate = { appendResult: {} };

let standIn: StorageWriteStandIn;
let client: managedwriter.WriterClient;
let open: () => Promise<Table>;

function connect(timeoutMs?: number) {
  const [apiEndpoint, port] = standIn.address.split(':');
  client = new managedwriter.WriterClient({ apiEndpoint, port: Number(port), sslCreds: grpc.credentials.createInsecure() });
  open = tableOpener(client, 'projects/p/datasets/d/tables/t', { timeoutMs });
}

// The client looks for credentials though it needs none. It must not find those of whoever runs the tests.
Object.assign(process.env, {
  METADATA_SERVER_DETECTION: 'none',
  GCE_METADATA_HOST: '127.0.0.1:1',
  GOOGLE_APPLICATION_CREDENTIALS: '',
  CLOUDSDK_CONFIG: temporaryFolder(),
});

beforeEach(async () => {
  standIn = await new StorageWriteStandIn(schema).start();
  connect();
});
afterEach(async () => {
  await standIn.stop();
  await client.getClient().close();
});

const append = async (...ids: string[]) => (await open()).append(ids.map((id) => ({ id })));
const stored = () => standIn.rows.map(({ id }) => id);
/** The fate of each append by the id of its first row. */
const fates = (byId: Record<string, Fate>) => {
  standIn.fate = ([row]) => byId[String(row!.id)] ?? TAKEN;
};

test('the columns are those of the table', async () => {
  expect((await open()).columns).toEqual([{ name: 'id', type: 'STRING', mode: 'REQUIRED', fields: [] }]);
});

test('one connection serves all, and is not made again without need', async () => {
  await Promise.all([append('1'), append('2', '3')]);
  await append('4');
  expect(stored()).toEqual(['1', '2', '3', '4']);
  expect(standIn.asked).toEqual({ connections: 1, schema: 1 });
});

test('rows that the table will never take are a permanent fault', async () => {
  fates({ bad: { error: { code: 3, message: 'errors' }, rowErrors: [{ index: 1, message: 'too long' }] } });
  await expect(append('bad')).rejects.toThrow(new PermanentError('row 1: too long'));
});

test.each([3, 5, 7, 8, 13, 14])('any other fault may pass, as the one with code %i', async (code) => {
  fates({ bad: { error: { code, message: 'not now' } } });
  const fault = await append('bad').catch((error: unknown) => error);
  expect(fault).toBeInstanceOf(Error);
  expect(fault).not.toBeInstanceOf(PermanentError);
});

test.each([3, 11])('code %i may mean an old schema: it is asked for again, and the connection is another one', async (code) => {
  fates({ bad: { error: { code, message: 'not so' } } });
  await expect(append('bad')).rejects.toThrow(`${code}: not so`);
  standIn.schema = [...schema, { name: 'more', type: 'STRING', mode: 'NULLABLE' }];
  expect((await open()).columns).toHaveLength(2);
  await append('2');
  expect(standIn.asked).toEqual({ connections: 2, schema: 2 });
});

test.each<[string, Fate]>([
  ['a fault', { error: { code: 3, message: 'not so' } }],
  ['news of another schema', { ...TAKEN, updatedSchema: { fields: [{ name: 'id', type: 'STRING' }] } }],
])('after %s the connection is closed once nobody waits on it, and nothing holds on to it', async (_, fate) => {
  standIn.fate = () => fate;
  const fault = (error: unknown) => error;
  for (const id of ['1', '2', '3', '4']) {
    await Promise.all([append(id).catch(fault), append(id).catch(fault)]);
  }
  expect(standIn.asked.connections).toBe(4);
  while (standIn.connected > 0) await new Promise(setImmediate);
  // biome-ignore lint/complexity/useLiteralKeys: it is private.
  expect(client['_connections'].connectionList).toEqual([]);
});

test('an append that still waits is answered, though the connection is not used again', async () => {
  fates({ 1: { error: { code: 3, message: 'not so' } } });
  const { append: add } = await open();
  const [first, second] = [add([{ id: '1' }]), add([{ id: '2' }])];
  await expect(first).rejects.toThrow('3: not so');
  await second;
  expect(stored()).toEqual(['2']);
  await expect(add([{ id: '3' }])).rejects.toThrow('the connection is closed');
  expect(standIn.asked.connections).toBe(1);
});

test('a table that cannot be asked for its schema is asked again by the next call', async () => {
  standIn.tells = false;
  await expect(append('1')).rejects.toThrow('UNAVAILABLE');
  standIn.tells = true;
  await append('2');
  expect(stored()).toEqual(['2']);
});

test('when a connection breaks, all that waited on it fail, and what comes after has another connection', async () => {
  fates({ 1: 'hangs', 2: 'hangs', 3: 'breaks' });
  const fates123 = await Promise.allSettled([append('1'), append('2'), append('3')]);
  expect(fates123.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
  await append('4');
  expect(stored()).toEqual(['4']);
  expect(standIn.asked).toEqual({ connections: 2, schema: 2 });
});

test('a connection that breaks while nobody waits, for lack of a permission, does not end the process', async () => {
  await append('1');
  const connection = await open();
  standIn.breakConnections(grpc.status.PERMISSION_DENIED);
  while ((await open()) === connection) await new Promise(setImmediate);
  await append('2');
  expect(stored()).toEqual(['1', '2']);
});

test('when the machine on the other side is gone, nothing of it is used again', async () => {
  await append('1');
  standIn.vanish();
  await expect(append('2')).rejects.toThrow();
  await expect(open()).rejects.toThrow('UNAVAILABLE');
});

test('a connection that the server ends is not used again', async () => {
  await append('1');
  const connection = await open();
  standIn.endConnections();
  while ((await open()) === connection) await new Promise(setImmediate);
  await append('2');
  expect(stored()).toEqual(['1', '2']);
  expect(standIn.asked.schema).toBe(2);
});

test('after news of another schema no answer is taken for that of another append', async () => {
  fates({
    1: {
      ...TAKEN,
      updatedSchema: {
        fields: [
          { name: 'id', type: 'STRING' },
          { name: 'more', type: 'STRING' },
        ],
      },
    },
    2: 'hangs',
  });
  const [first, second] = [append('1'), append('2')];
  const settled = jest.fn();
  second.then(settled, settled);
  await first;
  standIn.schema = [...schema, { name: 'more', type: 'STRING', mode: 'NULLABLE' }];

  expect((await open()).columns).toHaveLength(2);
  await append('3');
  expect(stored()).toEqual(['1', '3']);
  expect(settled).not.toHaveBeenCalled();
  standIn.breakConnections();
  await expect(second).rejects.toThrow();
});

test('an append that is never answered fails, and those behind it are not stuck', async () => {
  connect(50);
  fates({ 1: 'hangs' });
  await expect(append('1')).rejects.toThrow('BigQuery did not answer within 50 ms');
  await append('2');
  expect(stored()).toEqual(['2']);
  expect(standIn.asked.connections).toBe(2);
});
