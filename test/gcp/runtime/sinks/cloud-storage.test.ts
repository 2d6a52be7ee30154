import { gunzipSync, gzipSync } from 'node:zlib';
import { Storage } from '@google-cloud/storage';
import { cloudStorageSink } from '../../../../gcp/runtime/sinks/cloud-storage';
import { CloudStorageStandIn } from '../../../../local/gcp/cloud-storage/server';
import { parse } from '../../../../shared/runtime/json';
import type { Lot } from '../../../../shared/runtime/sink';

const standIn = new CloudStorageStandIn(['acme-events']);
const NAME = 'acme-events/events/year=2026/month=01/day=31/hour=08/acme-data-orders-7.ndjson.gz';

beforeAll(async () => {
  await standIn.start();
  Object.assign(process.env, {
    STORE_BUCKET: 'acme-events',
    STORE_PREFIX: 'events/',
    OTHER_BUCKET: 'gone',
    OTHER_PREFIX: 'events/',
    STORAGE_EMULATOR_HOST: `http://${standIn.address}`,
    // The client must not look for the credentials of whoever runs the tests.
    GCE_METADATA_HOST: '127.0.0.1:1',
    METADATA_SERVER_DETECTION: 'none',
  });
});
beforeEach(() => {
  standIn.objects.clear();
  standIn.uploads = 0;
  standIn.fate = () => 'stores';
});
afterAll(() => standIn.stop());

const event = { specversion: '1.0', id: '1', source: '/test', type: 'test', time: '2026-01-31T08:29:59Z' } as const;
const record = { bytes: Buffer.from('{}'), arrived: new Date('2026-01-31T08:30:00.250Z'), position: { messageId: '7' } };

/** Rows as the sink takes them, in a lot of their own. */
function lotOf(...rows: object[]): Lot<string> {
  const { encode } = cloudStorageSink('STORE');
  const made = rows.map((row, index) => ({ stored: encode({ ...row }, event, index), record }));
  return { name: 'acme-data-orders-7', arrived: record.arrived, made };
}
const write = (lot: Lot<string>, name = 'STORE') => cloudStorageSink(name).write(lot);
const stored = () => Object.fromEntries([...standIn.objects].map(([name, { body }]) => [name, gunzipSync(body).toString()]));

test('a lot is one object in the folder of its hour, with a line for each row, digit for digit', async () => {
  expect(await write(lotOf({ a: 12_345_678_901_234_567_890n, text: 'ü\n\u0000' }, { b: 2 }))).toEqual([]);
  expect(stored()).toEqual({ [NAME]: '{"a":12345678901234567890,"text":"ü\\n\\u0000"}\n{"b":2}\n' });
  expect(standIn.objects.get(NAME)!.contentType).toBe('application/gzip');
});

test('the same lot again changes nothing, and counts as written', async () => {
  await write(lotOf({ a: 1 }));
  const before = stored();
  expect(await write(lotOf({ a: 1 }))).toEqual([]);
  expect(stored()).toEqual(before);
  expect(standIn.uploads).toBe(2);
});

test('a writer who may replace objects leaves them as they are too', async () => {
  standIn.mayReplace = true;
  await write(lotOf({ a: 1 }));
  const before = new Map(standIn.objects);
  await write(lotOf({ a: 1 }));
  expect(standIn.objects.get(NAME)).toBe(before.get(NAME));
  standIn.mayReplace = false;
});

test('a lot whose answer got lost fails, and is found when it comes again', async () => {
  standIn.fate = () => 'stores and breaks';
  await expect(write(lotOf({ a: 1 }))).rejects.toThrow();
  standIn.fate = () => 'stores';
  expect(await write(lotOf({ a: 1 }))).toEqual([]);
  expect(stored()).toEqual({ [NAME]: '{"a":1}\n' });
});

test('a write that is never answered fails', async () => {
  standIn.fate = () => 'hangs';
  await expect(cloudStorageSink('STORE', 100).write(lotOf({ a: 1 }))).rejects.toThrow();
  expect(standIn.objects.size).toBe(0);
});

test('an answer that the object may not be replaced means that it is there', async () => {
  standIn.fate = () => ({ code: 403, message: 'sa@acme does not have storage.objects.delete access to the Google Cloud Storage object.' });
  expect(await write(lotOf({ a: 1 }))).toEqual([]);
});

test.each([
  [403, 'sa@acme does not have storage.objects.create access to the Google Cloud Storage object.'],
  [401, 'Invalid Credentials'],
  [408, 'Request Timeout'],
  [429, 'The object exceeded the rate limit for object mutation operations.'],
  [500, 'Internal Error'],
  [503, 'Backend Error'],
])('any other fault may pass, as %i: %s, and it is for Pub/Sub to try again', async (code, message) => {
  standIn.fate = () => ({ code, message });
  await expect(write(lotOf({ a: 1 }))).rejects.toThrow(message);
  expect(standIn.uploads).toBe(1);
});

test('a bucket that is gone is a fault that may pass', async () => {
  await expect(write(lotOf({ a: 1 }), 'OTHER')).rejects.toThrow('The specified bucket does not exist.');
});

test('the largest lot that one message can make lands whole', async () => {
  const data = 'ü'.repeat(4_700_000);
  await write(lotOf({ data }));
  expect(parse(stored()[NAME]!)).toEqual({ data });
});

test("Google's own client finds the object that the sink has written, and the sink the one that Google's client has", async () => {
  const storage = new Storage({ apiEndpoint: `http://${standIn.address}`, projectId: 'acme-data', retryOptions: { autoRetry: false } });
  const save = (body: string) =>
    storage
      .bucket('acme-events')
      .file(NAME.slice('acme-events/'.length))
      .save(gzipSync(body), {
        resumable: false,
        validation: false,
        preconditionOpts: { ifGenerationMatch: 0 },
        contentType: 'application/gzip',
      });
  await save('{"a":1}\n');
  const theirs = new Map(standIn.objects);
  expect(await write(lotOf({ a: 1 }))).toEqual([]);
  expect(standIn.objects).toEqual(theirs);

  standIn.objects.clear();
  await write(lotOf({ a: 1 }));
  expect(stored()).toEqual({ [NAME]: '{"a":1}\n' });
  await expect(save('{"a":1}\n')).rejects.toMatchObject({ code: 412 });
});

test('an emulator that is not on this machine is refused', () => {
  const before = process.env.STORAGE_EMULATOR_HOST;
  process.env.STORAGE_EMULATOR_HOST = 'https://storage.example:443';
  expect(() => cloudStorageSink('STORE')).toThrow('STORAGE_EMULATOR_HOST must be on this machine, got "https://storage.example:443".');
  process.env.STORAGE_EMULATOR_HOST = before;
});
