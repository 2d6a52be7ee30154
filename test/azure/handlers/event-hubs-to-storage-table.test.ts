import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { unzipSync } from 'fflate';
import { packageHandler } from '../../../shared/synth/handler-package';
import { handlerCode } from '../../support/bundled';
import { deployedOnAzure, invocation } from '../../support/handler-processes';
import { azureServices } from '../runtime/services';
import { tables } from '../runtime/tables';

jest.setTimeout(30_000);

const folder = 'azure/handlers/event-hubs-to-storage-table';
const { zip, needs } = packageHandler(folder);
const files = unzipSync(readFileSync(zip));
const code = handlerCode(folder);
const deployed = deployedOnAzure(files, code);
const good = { specversion: '1.0', id: '1', source: '/plants/7/press', type: 'com.example.press.heated', time: '2026-01-31T08:30:00Z' };
const bad = { specversion: '1.0' };

async function start() {
  const [store, services] = [await tables(), await azureServices()];
  const settings: Record<string, string> = {
    AZURE_CLIENT_ID: 'client-of-function',
    EVENTS_MAX_RETRIES: '5',
    EVENTS_CONSUMER_GROUP: 'reader',
    HOST_ENDPOINT: services.endpoint,
    DEAD_LETTER_ENDPOINT: services.endpoint,
    DEAD_LETTER_CONTAINER: 'dead-letter',
    ...Object.fromEntries(needs.stores.STORE!.map((ending) => [`STORE_${ending}`, (store.settings as Record<string, string>)[ending]!])),
  };
  const run = async (invocations: readonly unknown[], more: Readonly<Record<string, string>> = {}) => {
    const env = { ...services.environment, ...settings, ...more };
    const { stdout } = await promisify(execFile)(process.execPath, ['worker.js', JSON.stringify(invocations)], {
      cwd: deployed,
      env,
      maxBuffer: 2 ** 24,
    });
    return JSON.parse(stdout);
  };
  const letters = () => [...services.blobs].filter(([name]) => name.startsWith('dead-letter/')).map(([, body]) => JSON.parse(body));
  return { store, settings, run, letters };
}

test('a good event is a row, a bad one is in the dead letter, and the same batch again changes nothing', async () => {
  const { store, run, letters } = await start();
  const { answers } = await run([invocation([good, bad], 0), invocation([good, bad], 1)]);
  expect(answers).toEqual(['settled', 'settled']);
  const keys = { PartitionKey: '~2Fplants~2F7~2Fpress', RowKey: '~2Fplants~2F7~2Fpress~~1~~0' };
  expect([...store.entities.values()]).toEqual([{ ...keys, ...good }]);
  expect(letters()).toEqual([expect.objectContaining({ payload: '{"specversion":"1.0"}' })]);
});

test('a store that is down brings the batch again, and on the last try its events are in the dead letter', async () => {
  const { store, run, letters } = await start();
  store.set(503);
  const { answers } = await run([invocation([good], 0), invocation([good], 5)]);
  expect(answers).toEqual([expect.stringMatching(/^BatchFailed: 1 of 1 writes failed .* The batch is retried\.$/), 'settled']);
  expect(store.entities.size).toBe(0);
  expect(letters()).toEqual([expect.objectContaining({ reason: expect.stringMatching(/^Not stored: /), payload: JSON.stringify(good) })]);
});

test('without any of its settings it does not start, and says which is missing', async () => {
  const { settings, run } = await start();
  await Promise.all(
    Object.keys(settings).map((setting) =>
      expect(run([], { [setting]: '' })).rejects.toMatchObject({
        stderr: expect.stringContaining(`Error: The setting ${setting} is missing.`),
      }),
    ),
  );
});

test('the bundle stays small', () => expect(code.length).toBeLessThan(1.5 * 1024 * 1024));
