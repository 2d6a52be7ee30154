import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { unzipSync } from 'fflate';
import type { HandlerNeeds } from '../../../shared/synth/handler-needs';
import { packageHandler } from '../../../shared/synth/handler-package';
import { handlerCode } from '../../support/bundled';
import { deployedOnAzure } from '../../support/handler-processes';
import { expectEachNeeded } from '../../support/needed-settings';
import { cosmos } from './cosmos';
import { QUEUES } from './queues';
import { azureServices, type Request, type Status, type Version } from './services';

const root = path.join(__dirname, '../../..');
const eventOf = (id: string) => ({
  specversion: '1.0',
  id,
  source: '/plants/7/press',
  type: 'com.example.press.heated',
  time: '2026-01-31T08:30:00Z',
});

/** A handler that reads a queue, as it is deployed, with the services that it reads from and writes to. */
function deployed(name: string) {
  const needs: HandlerNeeds = JSON.parse(readFileSync(path.join(root, 'azure/handlers', name, 'needs.json'), 'utf8'));
  const queue = QUEUES[needs.source.replace(/^blob-by-/, '')]!;
  const code = handlerCode(`azure/handlers/${name}`);
  const folder = deployedOnAzure(unzipSync(readFileSync(packageHandler(`azure/handlers/${name}`).zip)), code);

  async function start(statusOf?: (request: Request) => Status, versions?: readonly Version[]) {
    const services = await azureServices(statusOf, versions);
    const { endpoint } = services;
    const rows = await cosmos();
    const store: Readonly<Record<string, string>> = name.endsWith('-to-cosmos')
      ? rows.settings
      : { ENDPOINT: endpoint, CONTAINER: 'events' };
    const settings: Readonly<Record<string, string>> = {
      ...queue.settings,
      AZURE_CLIENT_ID: 'client-of-function',
      EVENTS_MAX_RETRIES: '5',
      DEAD_LETTER_ENDPOINT: endpoint,
      DEAD_LETTER_CONTAINER: 'dead-letter',
      ...(needs.source.startsWith('blob-by-') && { SOURCE_ENDPOINT: endpoint, SOURCE_CONTAINER: 'source' }),
      ...Object.fromEntries(needs.stores.STORE!.map((ending) => [`STORE_${ending}`, store[ending]!])),
    };
    const run = async (invocations: readonly unknown[]): Promise<string[]> => {
      const env = { ...services.environment, TZ: 'Asia/Tokyo', ...settings };
      const options = { cwd: folder, env, maxBuffer: 2 ** 24 };
      const { stdout } = await promisify(execFile)(process.execPath, ['worker.js', JSON.stringify(invocations)], options);
      return JSON.parse(stdout).answers;
    };
    const lines = (container: string) =>
      [...services.blobs].filter(([blob]) => blob.startsWith(`${container}/`)).flatMap(([, body]) => body.trim().split('\n'));
    return {
      ...services,
      settings,
      rows,
      run,
      letters: () => lines('dead-letter').map((line) => JSON.parse(line)),
      stored: () => [...lines('events').map((line) => JSON.parse(line).id), ...[...rows.items.values()].map(({ eventId }) => eventId)],
    };
  }
  return { queue, code, folder, start };
}

/** Each of its settings is needed. */
function needsItsSettings({ start, code, folder }: ReturnType<typeof deployed>) {
  test('without any of its settings it does not start, and says which is missing', async () => {
    const { settings, environment } = await start();
    await expectEachNeeded(folder, settings, environment);
  });

  test('the bundle stays small', () => expect(code.length).toBeLessThan(1.6 * 1024 * 1024));
}

/** The proofs of a handler whose messages are events, and that writes rows. */
export function proveRowHandler(name: string) {
  jest.setTimeout(60_000);
  const handler = deployed(name);
  const { queue, start } = handler;

  test('a good event is a row, also if it is delivered twice, and a bad one is in the dead letter', async () => {
    const { run, stored, letters } = await start();
    const [good, bad] = [eventOf('1'), { specversion: '1.0' }];
    expect(await run([queue.deliver(good, 1), queue.deliver(good, 2), queue.deliver(bad, 1)])).toEqual(['settled', 'settled', 'settled']);
    expect(stored()).toEqual(['1']);
    expect(letters()).toEqual([expect.objectContaining({ payload: JSON.stringify(bad) })]);
  });

  test('while the store is down the message goes back to the queue, and on the last try to the dead letter', async () => {
    const { run, rows, letters } = await start();
    rows.set(503);
    expect(await run([queue.deliver(eventOf('1'), 5), queue.deliver(eventOf('1'), 6)])).toEqual([
      expect.stringMatching(/^MessageFailed: /),
      'settled',
    ]);
    expect(letters()).toEqual([expect.objectContaining({ reason: expect.stringMatching(/^Not stored: /) })]);
  });

  needsItsSettings(handler);
}

/** The proofs of a handler whose messages name new blobs. */
export function proveBlobHandler(name: string) {
  jest.setTimeout(60_000);
  const handler = deployed(name);
  const { queue, start } = handler;
  const blob = 'ä b+c&%20/1.ndjson';
  const text = `${JSON.stringify(eventOf('1'))}\nno event\n${JSON.stringify(eventOf('2'))}\n`;
  /** The event of a new blob, as Event Grid sends it. */
  const created = (endpoint: string, etag: string, container = 'source') => ({
    ...eventOf('created'),
    type: 'Microsoft.Storage.BlobCreated',
    subject: `/blobServices/default/containers/${container}/blobs/${blob}`,
    data: { api: 'PutBlob', eTag: etag, url: `${endpoint}${container}/${blob.split('/').map(encodeURIComponent).join('/')}` },
  });

  test('each line of a new blob is stored once, also if it is read twice, and one that is no event is in the dead letter with its address', async () => {
    const { endpoint, run, stored, letters, requests } = await start(undefined, [
      { name: `source/${blob}`, etag: '0x1', content: gzipSync(text) },
    ]);
    const message = created(endpoint, '0x1');
    // The last one is a line that was replayed from the dead letter.
    const deliveries = [queue.deliver(message, 1), queue.deliver(message, 2), queue.deliver(eventOf('3'), 1)];
    expect(await run(deliveries)).toEqual(['settled', 'settled', 'settled']);
    expect(stored().sort()).toEqual(['1', '2', '3']);
    expect(letters()).toEqual([
      expect.objectContaining({
        payload: 'no event',
        position: expect.objectContaining({ queue: 'orders', blob: message.data.url, version: '0x1', line: 2 }),
      }),
    ]);
    const reads = requests.filter(({ line }) => line.startsWith('GET /source/'));
    expect(reads.map(({ headers }) => headers.authorization)).toEqual(['Bearer a token', 'Bearer a token']);
  });

  test('a blob that was overwritten or deleted before it was read is read from its versions', async () => {
    const versions = [
      { name: `source/${blob}`, etag: '0x1', content: text },
      { name: `source/${blob}`, etag: '0x2', content: JSON.stringify(eventOf('3')), isDeleted: true },
    ];
    const { endpoint, run, stored } = await start(undefined, versions);
    expect(await run(['0x1', '0x2'].map((etag) => queue.deliver(created(endpoint, etag), 1)))).toEqual(['settled', 'settled']);
    expect(stored().sort()).toEqual(['1', '2', '3']);
  });

  test('a blob that is gone, and one of a stranger, are one dead letter each, and nothing of them is read', async () => {
    const strange = [{ name: `private/${blob}`, etag: '0x1', content: text }];
    for (const [container, reason] of [
      ['source', /^the blob is gone, or was overwritten in an account without versions$/],
      ['private', /^the blob is not in https:.*\/source$/],
    ] as const) {
      const { endpoint, run, letters, stored } = await start(undefined, strange);
      const message = created(endpoint, '0x1', container);
      expect(await run([queue.deliver(message, 1)])).toEqual(['settled']);
      expect(letters()).toEqual([
        expect.objectContaining({
          reason: expect.stringMatching(reason),
          payload: JSON.stringify(message),
          position: expect.objectContaining({ blob: message.data.url }),
        }),
      ]);
      expect(stored()).toEqual([]);
    }
  });

  test('a read that is denied is retried, and on the last try the message goes to the dead letter', async () => {
    const denied = ({ line }: Request) => (line.startsWith('GET /source/') ? 403 : 201);
    const { endpoint, run, letters } = await start(denied, [{ name: `source/${blob}`, etag: '0x1', content: text }]);
    const message = created(endpoint, '0x1');
    expect(await run([queue.deliver(message, 5), queue.deliver(message, 6)])).toEqual([
      expect.stringMatching(/^MessageFailed: /),
      'settled',
    ]);
    expect(letters()).toEqual([
      expect.objectContaining({ reason: expect.stringMatching(/^Not stored: /), payload: JSON.stringify(message) }),
    ]);
  });

  needsItsSettings(handler);
}
