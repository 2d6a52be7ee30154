import { setTimeout as pause } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';
import { TIMES } from '../../../../../gcp/runtime/sources/pub-sub-pull';
import { CloudStorageStandIn } from '../../../../../local/gcp/cloud-storage/server';
import { bundleHandler } from '../../../../../shared/synth/handler-package';
import { handlerCode } from '../../../../support/bundled';
import { loopback } from '../../../../support/loopback';
import { Broker } from './broker';
import { startWorker } from './worker';

/** Several processes start in some of these tests. */
jest.setTimeout(60_000);

const code = handlerCode('gcp/handlers/pub-sub-pull-to-cloud-storage');
const store = new CloudStorageStandIn(['acme-events']);
let storage = '';
beforeAll(async () => {
  storage = `http://${(await store.start()).address}`;
});
beforeEach(() => store.objects.clear());
afterAll(() => store.stop());

const event = (id: string, type = 'test') =>
  JSON.stringify({ specversion: '1.0', id, source: '/test', type, time: '2026-01-31T08:29:59Z' });
const stored = () => [...store.objects.values()].map(({ body }): string => JSON.parse(gunzipSync(body).toString()).id).sort();
const ids = (count: number) => Array.from({ length: count }, (_, index) => `event-${String(index).padStart(3, '0')}`);
const until = async (isTrue: () => boolean) => {
  for (let waited = 0; !isTrue(); waited += 10) {
    if (waited > 30_000) throw new Error('nothing happened');
    await pause(10);
  }
};

/** A worker beside a broker, with the Cloud Storage of these tests or with another one. */
async function start(broker: Broker, env: Readonly<Record<string, string>> = {}, own: string | Uint8Array = code) {
  const host = await broker.start();
  const environment = {
    STORE_BUCKET: 'acme-events',
    STORE_PREFIX: 'events/',
    STORAGE_EMULATOR_HOST: storage,
    PUBSUB_EMULATOR_HOST: host,
    ...env,
  };
  return () => startWorker(own, environment);
}

test('SIGTERM in the middle of a backlog ends the process, with nothing lost and nothing left open', async () => {
  const broker = new Broker({ wait: 500 });
  for (const id of ids(100)) broker.publish(id, event(id));
  const worker = await start(broker);
  const first = worker();
  await until(() => store.objects.size > 10);
  first.child.kill('SIGTERM');
  expect(await first.ended).toBe(0);
  // What was pulled is acknowledged, so nobody waits for a deadline.
  expect(stored()).toHaveLength(100 - broker.left.length);
  const second = worker();
  await broker.empty();
  second.child.kill('SIGTERM');
  expect(await second.ended).toBe(0);
  expect(stored()).toEqual(ids(100));
  expect(broker.letters).toEqual([]);
});

test('SIGTERM while the store does not answer gives the open events back, in half of the ten seconds of Cloud Run', async () => {
  expect(TIMES.drain).toBe(5000);
  const silent = await loopback(() => new Promise(() => {}));
  const broker = new Broker({ wait: 500 });
  broker.publish('event-000', event('event-000'));
  const worker = (await start(broker, { STORAGE_EMULATOR_HOST: silent }))();
  await until(() => broker.deliveries.size === 1);
  worker.child.kill('SIGTERM');
  expect(await worker.ended).toBe(0);
  expect(broker.asked.filter(({ verb, seconds }) => verb === 'keep' && seconds === 0).flatMap((one) => one.ids)).toEqual(['event-000/1']);
});

test('SIGKILL brings what was open again after its deadline, and every event is stored', async () => {
  const broker = new Broker({ wait: 200 });
  for (const id of ids(60)) broker.publish(id, event(id));
  const worker = await start(broker);
  const { child, ended } = worker();
  await until(() => store.objects.size > 15);
  child.kill('SIGKILL');
  expect(await ended).toBe('SIGKILL');
  broker.expire();
  const last = worker();
  await broker.empty();
  last.child.kill('SIGTERM');
  expect(await last.ended).toBe(0);
  expect(stored()).toEqual(ids(60));
  expect([broker.letters, broker.forwarded]).toEqual([[], []]);
});

test('while the broker is down the process waits, and works when it is back', async () => {
  const broker = new Broker({ wait: 200 });
  for (const id of ids(20)) broker.publish(id, event(id));
  broker.state = 'down';
  const { child, ended, output } = (await start(broker))();
  await until(() => output().includes('A pull failed. It is tried again.'));
  broker.state = 'up';
  await broker.empty();
  child.kill('SIGTERM');
  expect(await ended).toBe(0);
  expect(stored()).toEqual(ids(20));
});

test('an event that ends its process is tried out when it comes again, and goes to the dead letter with the reason', async () => {
  const deadly = bundleHandler('test/gcp/runtime/sources/pub-sub-pull/deadly').outputFiles[0]!.contents;
  const broker = new Broker({ wait: 200 });
  for (const id of ids(20)) broker.publish(id, event(id));
  broker.publish('exit', event('exit', 'exit'));
  const worker = await start(broker, {}, deadly);
  const ends: unknown[] = [];
  // Cloud Run starts a process that has ended again.
  const run = async () => {
    while (broker.left.length > 0) {
      const { child, ended } = worker();
      void broker.empty().then(() => child.kill('SIGTERM'));
      ends.push(await ended);
      broker.expire();
    }
  };
  await run();
  expect(ends).toEqual([3, 0]);
  expect(stored()).toEqual(ids(20));
  expect(broker.letters.map(({ attributes }) => attributes!.deadLetterReason)).toEqual([
    'The transform ends its process, 2 times with this event alone: it ends with exit code 3.',
  ]);
});
