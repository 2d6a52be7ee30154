import { readFileSync } from 'node:fs';
import { unzipSync } from 'fflate';
import { packageHandler } from '../../../../shared/synth/handler-package';
import { Device, event, HANDLER, RegistryStandIn, startGateway, TopicStandIn } from '../device-gateway/gateway';
import { make } from './entry';

/** A process starts. */
jest.setTimeout(60_000);

const { variables, version, built } = make();
const caller = new Device('shop-1');
const signed = caller.token({ aud: built.audience });

let served: Awaited<ReturnType<typeof startGateway>>;
let topic: TopicStandIn;
let registry: RegistryStandIn;
beforeAll(async () => {
  [registry, topic] = await Promise.all([new RegistryStandIn().start(), new TopicStandIn().start()]);
  registry.objects.set('devices/shop-1.pem', caller.pem);
  // What the template tells the service, and no more. Only the addresses of Google are other ones.
  served = await startGateway({ ...variables, PUBSUB_EMULATOR_HOST: topic.host, STORAGE_EMULATOR_HOST: `http://${registry.host}` });
});
beforeEach(() => {
  topic.fate = () => undefined;
  topic.published.length = 0;
});

test('the zip has what the entry point starts, and nothing to install', () => {
  const files = unzipSync(readFileSync(packageHandler(HANDLER).zip));
  expect(version.entrypoint).toEqual({ shell: 'node index.js' });
  const manifest = JSON.parse(Buffer.from(files['package.json']!).toString());
  expect([Object.keys(files).sort(), manifest.engines.node, manifest.dependencies]).toEqual([
    ['index.js', 'package.json'],
    '24.x',
    undefined,
  ]);
  expect(version.runtime).toBe('nodejs24');
});

test('an event is in the topic when it is answered, with the caller as its source', async () => {
  expect((await served.send(event('1', { source: 'somebody-else' }), signed)).status).toBe(204);
  expect(topic.published).toEqual([{ ...event('1'), source: 'acme-entry/shop-1' }]);
});

test('an event that breaks the contract is refused with the reason, and its neighbour is published', async () => {
  const { status, text } = await served.send([event('1', { time: 'now' }), event('2')], signed);
  expect([status, JSON.parse(text).results]).toEqual([
    200,
    [{ accepted: false, reason: 'InvalidEvent: time must be a valid time, such as 2026-01-31T08:30:00.125Z' }, { accepted: true }],
  ]);
  expect(topic.published.map(({ id }) => id)).toEqual(['2']);
});

test('nobody gets in without a token for this very service, from wherever it calls', async () => {
  const statuses = [
    await served.send(event('1')),
    // What App Engine says of a caller is no proof.
    await served.send(event('1'), undefined, { headers: { 'x-appengine-inbound-appid': 'acme-data', 'x-appengine-user-is-admin': '1' } }),
    await served.send(event('1'), caller.token()),
    await served.send(event('1'), new Device('shop-1').token({ aud: built.audience })),
  ].map(({ status }) => status);
  expect(statuses).toEqual([401, 401, 401, 401]);
  expect(topic.published).toEqual([]);
});

test('while Pub/Sub fails, nothing is accepted, and the caller hears when to send again', async () => {
  topic.fate = () => ({ status: 503, body: '{"error":{"status":"UNAVAILABLE"}}' });
  const { status, headers } = await served.send(event('1'), signed);
  expect([status, headers.get('retry-after')]).toEqual([503, '10']);
});

test('a request that finds no room in memory is sent back, and loses nothing', async () => {
  let release = () => {};
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  topic.fate = async () => {
    await held;
    return undefined;
  };
  const large = (id: string) => event(id, { data: 'x'.repeat(990_000) });
  const open = Array.from({ length: 8 }, (_, index) => served.send(large(String(index)), signed));
  const first = await Promise.race(open);
  release();
  expect([first.status, first.headers.get('retry-after')]).toEqual([429, '1']);
  const statuses = (await Promise.all(open)).map(({ status }) => status);
  expect(statuses.filter((status) => status === 204)).toHaveLength(topic.published.length);
  expect([...new Set(statuses)].sort()).toEqual([204, 429]);
});
