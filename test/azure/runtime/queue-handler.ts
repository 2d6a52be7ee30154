import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { unzipSync } from 'fflate';
import type { HandlerNeeds } from '../../../shared/synth/handler-needs';
import { packageHandler } from '../../../shared/synth/handler-package';
import { handlerCode } from '../../support/bundled';
import { deployedOnAzure } from '../../support/handler-processes';
import { expectEachNeeded } from '../../support/needed-settings';
import { QUEUES } from './queues';
import { azureServices, type Request, type Services, type Status } from './services';

const root = path.join(__dirname, '../../..');
const good = { specversion: '1.0', id: '1', source: '/plants/7/press', type: 'com.example.press.heated', time: '2026-01-31T08:30:00Z' };
const bad = { specversion: '1.0' };
const HOUR = 'year=2026/month=01/day=31/hour=08';

/** The proofs of a handler that reads a queue and writes blobs. What becomes of a message is the same in each. */
export function proveQueueHandler(name: string) {
  jest.setTimeout(30_000);

  const needs: HandlerNeeds = JSON.parse(readFileSync(path.join(root, 'azure/handlers', name, 'needs.json'), 'utf8'));
  const source = QUEUES[needs.source]!;
  const files = unzipSync(readFileSync(packageHandler(`azure/handlers/${name}`).zip));
  const code = handlerCode(`azure/handlers/${name}`);
  const folder = deployedOnAzure(files, code);

  const settingsOf = ({ endpoint }: Services) => ({
    ...source.settings,
    AZURE_CLIENT_ID: 'client-of-function',
    EVENTS_MAX_RETRIES: '5',
    STORE_ENDPOINT: endpoint,
    STORE_CONTAINER: 'events',
    DEAD_LETTER_ENDPOINT: endpoint,
    DEAD_LETTER_CONTAINER: 'dead-letter',
  });

  async function run(invocations: readonly unknown[], statusOf?: (request: Request) => Status) {
    const services = await azureServices(statusOf);
    // Times without a zone must be read as UTC in every zone.
    const env = { ...services.environment, TZ: 'Asia/Tokyo', ...settingsOf(services) };
    const { stdout } = await promisify(execFile)(process.execPath, ['worker.js', JSON.stringify(invocations)], { cwd: folder, env });
    return { ...services, ...JSON.parse(stdout) };
  }

  test('a good event is stored, and a bad one is in the dead letter, as the identity of the function', async () => {
    const stored = await run([source.deliver(good, 1)]);
    expect(stored.answers).toEqual(['settled']);
    expect([...stored.blobs]).toEqual([[`events/${HOUR}/${source.name}.ndjson.gz`, `${JSON.stringify(good)}\n`]]);
    expect(Object.values(stored.metadata.bindings)).toEqual([
      expect.objectContaining({ type: source.trigger, direction: 'in', dataType: 'binary' }),
    ]);
    expect(stored.metadata.retryOptions).toBeUndefined();
    const tokens = (stored.requests as Request[]).filter(({ line }) => line.startsWith('GET /msi/token'));
    expect(new Set(tokens.map(({ line }) => new URLSearchParams(line.split('?')[1]).get('client_id')))).toEqual(
      new Set(['client-of-function']),
    );

    const { blobs, answers } = await run([source.deliver(bad, 1), source.deliver('no JSON', 1)]);
    expect(answers).toEqual(['settled', 'settled']);
    expect([...blobs.keys()]).toEqual([`dead-letter/${HOUR}/${source.name}.ndjson`]);
    expect(JSON.parse([...blobs.values()][0]!)).toMatchObject({
      reason: expect.stringContaining('SyntaxError'),
      payload: 'no JSON',
      position: { queue: 'orders', enqueued: '2026-01-31T08:30:00.125Z' },
    });
  });

  test('while the store is down the message goes back to the queue, and on the last try to the dead letter', async () => {
    const down = ({ line }: Request) => (line.startsWith('PUT /events/') ? 403 : 201);
    const deliveries = [1, 2, 5, 6];
    const { blobs, answers } = await run(
      deliveries.map((count) => source.deliver(good, count)),
      down,
    );
    expect(answers).toEqual([
      ...[1, 2, 5].map((count) =>
        expect.stringMatching(new RegExp(`^MessageFailed: ${source.name} failed at delivery ${count}: RestError`)),
      ),
      'settled',
    ]);
    expect([...blobs.keys()]).toEqual([`dead-letter/${HOUR}/${source.name}.ndjson`]);
    expect(JSON.parse([...blobs.values()][0]!).reason).toMatch(/^Not stored: RestError/);
  });

  test('an account that refuses the store and the dead letter costs tries and no event: it is stored once the account is back', async () => {
    let refusals = 5;
    const { blobs, answers } = await run(
      [5, 6, 7, 8].map((count) => source.deliver(good, count)),
      () => (refusals-- > 0 ? 403 : 201),
    );
    expect(answers.map((answer: string) => answer.split(':')[0])).toEqual(['MessageFailed', 'MessageFailed', 'MessageFailed', 'settled']);
    expect([...blobs.keys()]).toEqual([`events/${HOUR}/${source.name}.ndjson.gz`]);
  });

  test('a write of which only the answer is lost is looked up, and its event is in the store alone', async () => {
    const { blobs, answers } = await run([source.deliver(good, 6)], ({ line }) => (line.startsWith('PUT /events/') ? 'answer lost' : 201));
    expect(answers).toEqual(['settled']);
    expect([...blobs.keys()]).toEqual([`events/${HOUR}/${source.name}.ndjson.gz`]);
  });

  test('without any of its settings it does not start, and says which is missing', async () => {
    const services = await azureServices();
    await expectEachNeeded(folder, settingsOf(services), services.environment);
  });

  test('the package has what the Functions host looks for, and the bundle stays small', () => {
    expect(Object.keys(files)).toEqual(expect.arrayContaining(['host.json', 'index.js', 'package.json']));
    expect(code.length).toBeLessThan(1024 * 1024);
    expect(code).not.toContain(root);
  });
}
