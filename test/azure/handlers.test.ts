import { execFile } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { unzipSync } from 'fflate';
import type { HandlerNeeds } from '../../shared/synth/handler-needs';
import { packageHandler } from '../../shared/synth/handler-package';
import { handlerCode } from '../support/bundled';
import { deployedOnAzure, invocation } from '../support/handler-processes';
import { expectEachNeeded } from '../support/needed-settings';
import { azureServices, type Request, type Services, type Status } from './runtime/services';

const root = path.join(__dirname, '../..');
const good = { specversion: '1.0', id: '1', source: '/plants/7/press', type: 'com.example.press.heated', time: '2026-01-31T08:30:00Z' };
const bad = { specversion: '1.0' };

/** What each kind of store hands back, by the ends of its settings. A handler for another kind needs another stand-in here. */
const STORES: Readonly<Record<string, (services: Services) => Readonly<Record<string, string>>>> = {
  'ENDPOINT CONTAINER': ({ endpoint }) => ({ ENDPOINT: endpoint, CONTAINER: 'events' }),
};

/** What a source needs beside the stores, of which the names are known here. The host reads the others. */
const SOURCES: Readonly<Record<string, (services: Services) => Readonly<Record<string, string>>>> = {
  'event-hubs': ({ endpoint }) => ({
    AZURE_CLIENT_ID: 'client-of-function',
    EVENTS_MAX_RETRIES: '5',
    EVENTS_CONSUMER_GROUP: 'reader',
    HOST_ENDPOINT: endpoint,
    DEAD_LETTER_ENDPOINT: endpoint,
    DEAD_LETTER_CONTAINER: 'dead-letter',
  }),
};

jest.setTimeout(30_000);

/** A handler of another source or another kind of store has a file of proofs of its own. */
const names = readdirSync(path.join(root, 'azure/handlers')).filter(
  (name) => !existsSync(path.join(__dirname, 'handlers', `${name}.test.ts`)),
);

describe.each(names)('%s', (name) => {
  const needs: HandlerNeeds = JSON.parse(readFileSync(path.join(root, 'azure/handlers', name, 'needs.json'), 'utf8'));
  const files = unzipSync(readFileSync(packageHandler(`azure/handlers/${name}`).zip));
  const code = handlerCode(`azure/handlers/${name}`);
  const folder = deployedOnAzure(files, code);

  /** What the handler is told, and nothing more. */
  const settingsOf = (services: Services) => ({
    ...SOURCES[needs.source]!(services),
    ...Object.fromEntries(
      Object.entries(needs.stores).flatMap(([store, endings]) => {
        const settings = STORES[endings.join(' ')]!(services);
        return endings.map((ending) => [`${store}_${ending}`, settings[ending]!]);
      }),
    ),
  });

  async function run(invocations: readonly unknown[], statusOf?: (request: Request) => Status) {
    const services = await azureServices(statusOf);
    // A time that does not say its zone must be read as UTC in every zone.
    const env = { ...services.environment, TZ: 'Asia/Tokyo', ...settingsOf(services) };
    const { stdout } = await promisify(execFile)(process.execPath, ['worker.js', JSON.stringify(invocations)], { cwd: folder, env });
    return { ...services, ...JSON.parse(stdout) };
  }

  test('reads a source, and writes to stores, that stand on this machine too', () => {
    expect(Object.keys(SOURCES)).toContain(needs.source);
    expect(Object.keys(STORES)).toEqual(expect.arrayContaining(Object.values(needs.stores).map((endings) => endings.join(' '))));
  });

  test('a good event ends in the store, and a bad one in the dead letter, as the identity of the function', async () => {
    const { requests, blobs, metadata, answers } = await run([invocation([good, bad], 0)]);
    expect(answers).toEqual(['settled']);
    expect(metadata).toMatchObject({ name: 'process', retryOptions: { maxRetryCount: -1 } });
    expect(Object.values(metadata.bindings)).toEqual([expect.objectContaining({ direction: 'in', dataType: 'binary' })]);

    const found = Object.fromEntries<string>(written(blobs));
    const letter = 'dead-letter/year=2026/month=01/day=31/hour=08/acme~orders~reader~p3-40-41.ndjson';
    expect(JSON.parse(found[letter]!)).toMatchObject({
      position: { partition: '3', sequenceNumber: '41', enqueued: '2026-01-31T08:30:00.125Z' },
      payload: '{"specversion":"1.0"}',
    });
    expect(Object.entries(found).filter(([at]) => at !== letter)).toEqual([
      ['events/year=2026/month=01/day=31/hour=08/acme~orders~reader~p3-40-41.ndjson.gz', `${JSON.stringify(good)}\n`],
    ]);
    const tokens = (requests as Request[]).filter(({ line }) => line.startsWith('GET /msi/token'));
    expect(new Set(tokens.map(({ line }) => new URLSearchParams(line.split('?')[1]).get('client_id')))).toEqual(
      new Set(['client-of-function']),
    );
  });

  test('a store that is down brings the batch again, and what is written already stays as it is', async () => {
    const faults = ['events'];
    const statusOf = ({ line }: Request) => (line.startsWith(`PUT /${faults[0]}/`) && faults.pop() ? 403 : 201);
    const { requests, answers } = await run([invocation([good, bad], 0), invocation([good, bad], 1)], statusOf);
    expect(answers).toEqual([
      expect.stringMatching(/^BatchFailed: 1 of 1 writes failed for acme~orders~reader~p3-40-41: RestError:.* The batch is retried\.$/),
      'settled',
    ]);
    const puts = (requests as Request[]).flatMap(({ line }) => /^PUT \/([\w-]+)\//.exec(line)?.[1] ?? []);
    expect(puts).toEqual(['deliveries', 'events', 'events', 'dead-letter']);
  });

  test('a store that takes a request and never answers costs minutes, and then the event is in the dead letter', async () => {
    const { blobs, answers } = await run([invocation([good], 5)], ({ line }) => (line.startsWith('PUT /events/') ? 'silence' : 201));
    expect(answers).toEqual(['settled']);
    const [[name, letter], ...others] = written(blobs) as [[string, string]];
    expect([name, others]).toEqual([expect.stringMatching(/^dead-letter\//), []]);
    expect(JSON.parse(letter).reason).toMatch(/^Not stored: AbortError: /);
  });

  test('a write of which every answer is lost is looked up, and its event is in the store alone', async () => {
    const { blobs, answers } = await run([invocation([good], 5)], ({ line }) => (line.startsWith('PUT /events/') ? 'answer lost' : 201));
    expect(answers).toEqual(['settled']);
    expect(written(blobs).map(([name]) => name.split('/')[0])).toEqual(['events']);
  });

  test('an account that refuses all of store and dead letter costs tries and no event, however many it takes', async () => {
    let refusals = 15;
    const statusOf = ({ line }: Request) => (!/ \/deliveries\//.test(line) && refusals-- > 0 ? 403 : 201);
    const { blobs, answers } = await run(
      Array.from({ length: 20 }, (_, retryCount) => invocation([good, bad], retryCount)),
      statusOf,
    );
    expect(answers.filter((answer: string) => answer !== 'settled')).toHaveLength(10);
    expect(answers.at(9)).toMatch(
      /^BatchFailed: The dead letter of acme~orders~reader~p3-40-41 cannot be written: RestError:.* Its 2 events stay in the hub/,
    );
    expect(written(blobs).map(([name, body]) => [name.split('/')[0], body.split('\n').length - 1])).toEqual([
      ['events', 1],
      ['dead-letter', 1],
    ]);
  });

  test('an entry that the host leaves out costs no other event', async () => {
    const { inputData, ...rest } = invocation([good, good, good], 0);
    inputData[0]!.data.collectionBytes.bytes.splice(1, 1);
    const { blobs, answers } = await run([{ inputData, ...rest }]);
    expect(answers).toEqual(['settled']);
    expect(written(blobs).map(([name]) => name)).toEqual([
      'events/year=2026/month=01/day=31/hour=08/acme~orders~reader~p3-40.0-40.2.ndjson.gz',
      'dead-letter/year=2026/month=01/day=31/hour=08/acme~orders~reader~p3-40.0-40.2.ndjson',
    ]);
  });

  test('without any of its settings it does not start, and says which is missing', async () => {
    const services = await azureServices();
    await expectEachNeeded(folder, settingsOf(services), services.environment);
    expect(services.requests).toEqual([]);
  });

  test('the package holds what the Functions host looks for, and the bundle stays small', () => {
    expect(Object.keys(files)).toEqual(expect.arrayContaining(['host.json', 'index.js', 'package.json']));
    const json = (file: string) => JSON.parse(Buffer.from(files[file]!).toString());
    expect(json('package.json').main).toBe('index.js');
    expect(json('host.json')).toMatchObject({ version: '2.0', extensions: { eventHubs: { initialOffsetOptions: { type: 'fromStart' } } } });
    expect(code.length).toBeLessThan(1024 * 1024);
    expect(code).not.toContain(root);
  });
});

/** What was written of events, by the names of the blobs. */
function written(blobs: Services['blobs']): [string, string][] {
  return [...blobs].filter(([name]) => !name.startsWith('deliveries/'));
}
