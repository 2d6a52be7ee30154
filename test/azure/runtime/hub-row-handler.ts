import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { unzipSync } from 'fflate';
import { packageHandler } from '../../../shared/synth/handler-package';
import { handlerCode } from '../../support/bundled';
import { deployedOnAzure, invocation } from '../../support/handler-processes';
import { expectEachNeeded } from '../../support/needed-settings';
import { azureServices } from './services';

const good = { specversion: '1.0', id: '1', source: '/plants/7/press', type: 'com.example.press.heated', time: '2026-01-31T08:30:00Z' };
const bad = { specversion: '1.0' };

/** A store of rows that stands on this machine. */
interface RowStore {
  readonly settings: Readonly<Record<string, string>>;
  /** Answer everything with this status. */
  set(status: number): void;
}

/** What a handler of an event hub writes to, and how its rows look there. */
interface Written<Store extends RowStore> {
  store(): Promise<Store>;
  rows(store: Store): readonly unknown[];
  /** The row of an event. */
  row(event: typeof good): object;
}

/** The proofs of a handler that reads an event hub and writes rows, as it is deployed. */
export function proveHubRowHandler<Store extends RowStore>(name: string, written: Written<Store>) {
  jest.setTimeout(60_000);
  const folder = `azure/handlers/${name}`;
  const { zip, needs } = packageHandler(folder);
  const code = handlerCode(folder);
  const cwd = deployedOnAzure(unzipSync(readFileSync(zip)), code);

  async function start() {
    const [store, services] = [await written.store(), await azureServices()];
    const settings: Readonly<Record<string, string>> = {
      AZURE_CLIENT_ID: 'client-of-function',
      EVENTS_MAX_RETRIES: '5',
      EVENTS_CONSUMER_GROUP: 'reader',
      HOST_ENDPOINT: services.endpoint,
      DEAD_LETTER_ENDPOINT: services.endpoint,
      DEAD_LETTER_CONTAINER: 'dead-letter',
      ...Object.fromEntries(needs.stores.STORE!.map((ending) => [`STORE_${ending}`, store.settings[ending]!])),
    };
    const run = async (invocations: readonly unknown[]) => {
      const options = { cwd, env: { ...services.environment, ...settings }, maxBuffer: 2 ** 24 };
      const { stdout } = await promisify(execFile)(process.execPath, ['worker.js', JSON.stringify(invocations)], options);
      return JSON.parse(stdout);
    };
    const letters = () => [...services.blobs].filter(([blob]) => blob.startsWith('dead-letter/')).map(([, body]) => JSON.parse(body));
    return { store, settings, environment: services.environment, run, letters };
  }

  test('a good event is a row, a bad one is in the dead letter, and the same batch again changes nothing', async () => {
    const { store, run, letters } = await start();
    const { answers } = await run([invocation([good, bad], 0), invocation([good, bad], 1)]);
    expect(answers).toEqual(['settled', 'settled']);
    expect(written.rows(store)).toEqual([written.row(good)]);
    expect(letters()).toEqual([expect.objectContaining({ payload: '{"specversion":"1.0"}' })]);
  });

  test('a store that is down brings the batch again, and on the last try its events are in the dead letter', async () => {
    const { store, run, letters } = await start();
    store.set(503);
    const { answers } = await run([invocation([good], 0), invocation([good], 5)]);
    expect(answers).toEqual([expect.stringMatching(/^BatchFailed: 1 of 1 writes failed .* The batch is retried\.$/), 'settled']);
    expect(written.rows(store)).toEqual([]);
    expect(letters()).toEqual([expect.objectContaining({ reason: expect.stringMatching(/^Not stored: /), payload: JSON.stringify(good) })]);
  });

  test('without any of its settings it does not start, and says which is missing', async () => {
    const { settings, environment } = await start();
    await expectEachNeeded(cwd, settings, environment);
  });

  test('the bundle stays small', () => expect(code.length).toBeLessThan(1.5 * 1024 * 1024));
}
