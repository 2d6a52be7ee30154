import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { Message } from '../../../../../gcp/runtime/dead-letter';
import { CloudStorageStandIn } from '../../../../../local/gcp/cloud-storage/server';
import { bundleHandler } from '../../../../../shared/synth/handler-package';
import { temporaryFolder } from '../../../../support/folder';
import { FRAMEWORK } from '../../../../support/framework';
import { loopback } from '../../../../support/loopback';

const TOPIC = 'projects/acme-data/topics/dead-letter';
const MAX_ATTEMPTS = 10;
/** What Cloud Run and Pub/Sub wait for an answer. The transform may take a tenth of it. */
const CALL_SECONDS = 5;
/** The heap of the server, in MiB. */
const MEMORY = 64;

jest.setTimeout(30_000);

const published: Message[] = [];
const store = new CloudStorageStandIn(['acme-events']);
const folder = temporaryFolder();
const environment: Record<string, string> = {
  STORE_BUCKET: 'acme-events',
  STORE_PREFIX: 'events/',
  DEAD_LETTER_TOPIC: TOPIC,
  DEAD_LETTER_ENDPOINT: '127.0.0.1:1',
  HOME: folder,
  PATH: folder,
};
const children: ChildProcess[] = [];

beforeAll(async () => {
  writeFileSync(path.join(folder, 'index.js'), bundleHandler('test/gcp/runtime/sources/pub-sub-push/deadly').outputFiles[0]!.contents);
  const ignores = 'if (process.env.IGNORES) process.on(process.env.IGNORES, () => {});';
  writeFileSync(path.join(folder, 'server.js'), ignores + FRAMEWORK);
  const pubSub = await loopback((_, body) => {
    published.push(...JSON.parse(body.toString()).messages);
    return { status: 200, body: '{"messageIds":["1"]}' };
  });
  environment.PUBSUB_EMULATOR_HOST = new URL(pubSub).host;
  environment.STORAGE_EMULATOR_HOST = `http://${(await store.start()).address}`;
});
afterAll(async () => {
  for (const child of children) child.kill();
  await store.stop();
});

/** One instance, started when it is needed and again when it has ended, as Cloud Run does. */
class Instances {
  readonly ends: (string | number | null)[] = [];
  output = '';
  private current?: Promise<{ readonly port: number; readonly gone: Promise<unknown> }>;

  constructor(private readonly env: Readonly<Record<string, string>> = {}) {}

  /** @returns the answer, which is 503 when the instance ends before there is one */
  async call(body: unknown): Promise<number> {
    this.current ??= this.start();
    const { port, gone } = await this.current;
    try {
      const url = `http://127.0.0.1:${port}/?maxDeliveryAttempts=${MAX_ATTEMPTS}&timeoutSeconds=${CALL_SECONDS}`;
      return (await fetch(url, { method: 'POST', body: JSON.stringify(body) })).status;
    } catch {
      await gone;
      return 503;
    }
  }

  private async start() {
    const child = spawn(process.execPath, [`--max-old-space-size=${MEMORY}`, 'server.js'], {
      cwd: folder,
      env: { ...environment, ...this.env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    children.push(child);
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (this.output += chunk));
    const gone = once(child, 'exit');
    child.once('exit', (code, signal) => {
      this.ends.push(signal ?? code);
      this.current = undefined;
    });
    const [line] = await once(child.stdout, 'data');
    return { port: Number(/listening on (\d+)/.exec(String(line))![1]), gone };
  }
}

const bodyOf = (id: string, deliveryAttempt: number) => ({
  message: {
    data: Buffer.from(JSON.stringify({ specversion: '1.0', id, source: '/test', type: id, time: '2026-01-31T08:29:59Z' })).toString(
      'base64',
    ),
    messageId: id,
    publishTime: '2026-01-31T08:30:00.25Z',
  },
  subscription: 'projects/acme-data/subscriptions/acme-events-processing',
  deliveryAttempt,
});

const stored = () => [...store.objects.values()].map(({ body }): string => JSON.parse(gunzipSync(body).toString()).id).sort();
const reasons = () =>
  Object.fromEntries(published.map(({ attributes = {} }) => [attributes.deadLetterMessageId, attributes.deadLetterReason]));

/** Deliver an event as Pub/Sub does: again until it is done. @returns how often */
async function deliver(instances: Instances, id: string): Promise<number> {
  for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt++) if ((await instances.call(bodyOf(id, attempt))) === 204) return attempt;
  throw new Error(`${id} was given up by Pub/Sub, without a reason`);
}

const ALONE = 'The transform ends its process, 2 times with this event alone: ';
/** On a busy machine the time is over before the memory is full. */
const MUCH = expect.stringMatching(/(it needs more than \d+ MB of memory, or aborts|did not end within 0\.5 s)\.$/);
const REASONS: Readonly<Record<string, string>> = {
  exit: `${ALONE}it ends with exit code 3.`,
  loop: 'The transform did not end within 0.5 s.',
  memory: MUCH,
  buffers: MUCH,
  'a promise that nobody holds': `${ALONE}it ends with exit code 1.`,
};

test('an event that ends or hangs the process does so once, then goes to the dead letter with the reason, and its neighbours are stored', async () => {
  const instances = new Instances();
  const good = Array.from({ length: 20 }, (_, index) => `good-${String(index).padStart(2, '0')}`);
  const deadly = Object.keys(REASONS);
  const events = [...good.slice(0, 5), ...deadly.slice(0, 3), ...good.slice(5)];
  const attempts = await Promise.all(events.map((id) => deliver(instances, id)));
  // Each of them has ended one instance at most, and so cost its neighbours one attempt.
  expect(instances.ends.length).toBeLessThanOrEqual(3);
  expect(Math.max(...attempts)).toBeLessThanOrEqual(1 + 3);

  // Now that events have come again, those that are new are tried out too.
  const ends = [...instances.ends];
  expect(await Promise.all(deadly.slice(3).map((id) => deliver(instances, id)))).toEqual([1, 1]);
  expect(instances.ends).toEqual(ends);

  expect(reasons()).toEqual(REASONS);
  expect(stored()).toEqual(good);
});

test('an instance that hangs is ended by a signal, or by itself where it takes none, as process 1 of a container, and says so', async () => {
  const instances = [new Instances(), new Instances({ IGNORES: 'SIGXCPU' })];
  expect(await Promise.all(instances.map((instance) => instance.call(bodyOf('loop', 1))))).toEqual([503, 503]);
  expect(instances.map(({ ends }) => ends)).toEqual([['SIGXCPU'], [70]]);
  const line = '{"severity":"ERROR","message":"The transform did not end within 0.5 s. Its process ends."}';
  for (const { output } of instances) expect(output.split('\n').filter((one) => one === line)).toHaveLength(1);
});
