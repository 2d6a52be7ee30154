import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { App, Testing } from 'cdktf';
import { strFromU8, unzipSync } from 'fflate';
import { GcpPipeline } from '../../gcp/architectures/pipeline';
import type { Message } from '../../gcp/runtime/dead-letter';
import { StorageWriteStandIn } from '../../local/gcp/bigquery/storage-write';
import { CloudStorageStandIn } from '../../local/gcp/cloud-storage/server';
import type { HandlerNeeds } from '../../shared/synth/handler-needs';
import { packageHandler } from '../../shared/synth/handler-package';
import { handlerCode } from '../support/bundled';
import type { TerraformJson } from '../support/cdktf';
import { temporaryFolder } from '../support/folder';
import { NOBODY, SUBSCRIPTION, sealedOnGcp, startOnGcp } from '../support/handler-processes';
import { loopback } from '../support/loopback';
import { expectEachNeeded } from '../support/needed-settings';
import { Broker } from './runtime/sources/pub-sub-pull/broker';
import { SETTINGS, startWorker } from './runtime/sources/pub-sub-pull/worker';
import type { StoreStandIn, StoreStandIns } from './store-stand-in';

const root = path.join(__dirname, '../..');
const TOPIC = 'projects/acme-data/topics/acme-events-dead-letter';

const template: TerraformJson = JSON.parse(Testing.synth(new GcpPipeline(new App({ outdir: temporaryFolder() }), 'gcp-pipeline'), true));
const schema = JSON.parse(Object.values(template.resource!.google_bigquery_table!).find((table) => table.schema)!.schema);

/** The stores that there are, by the ends of their settings. A handler for another kind needs another stand-in, beside the tests of the store. */
const STORES: StoreStandIns = {
  ...Object.assign({}, ...standInsBesideTests()),
  'PROJECT DATASET TABLE': async () => {
    const standIn = await new StorageWriteStandIn(schema).start();
    return {
      settings: { PROJECT: 'acme-data', DATASET: 'acme_events', TABLE: 'events' },
      environment: { BIGQUERY_STORAGE_ENDPOINT: standIn.address },
      stored: () => standIn.rows.map(({ event_id }) => event_id),
      stop: () => standIn.stop(),
    };
  },
  'BUCKET PREFIX': async () => {
    const standIn = await new CloudStorageStandIn(['acme-events']).start();
    return {
      settings: { BUCKET: 'acme-events', PREFIX: 'events/' },
      environment: { STORAGE_EMULATOR_HOST: `http://${standIn.address}` },
      stored: () => [...standIn.objects.values()].map(({ body }) => JSON.parse(gunzipSync(body).toString()).id),
      stop: () => standIn.stop(),
    };
  },
};

function standInsBesideTests(): StoreStandIns[] {
  const files = readdirSync(__dirname, { recursive: true, encoding: 'utf8' }).filter((file) => path.basename(file) === 'stand-in.ts');
  return files.sort().map((file) => (require(path.join(__dirname, file)) as { stores: StoreStandIns }).stores);
}

/** What a source needs beside the stores. */
const SOURCES: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'pub-sub-push': { DEAD_LETTER_TOPIC: TOPIC, DEAD_LETTER_ENDPOINT: NOBODY },
};

/** Several processes start in some of these tests. */
jest.setTimeout(30_000);

const standIns: StoreStandIn[] = [];
afterAll(async () => {
  await Promise.all(standIns.map((standIn) => standIn.stop()));
});

const event = (id: string) => JSON.stringify({ specversion: '1.0', id, source: '/test', type: 'test', time: '2026-01-31T08:29:59Z' });

const needsOf = (name: string): HandlerNeeds => JSON.parse(readFileSync(path.join(root, 'gcp/handlers', name, 'needs.json'), 'utf8'));
const names = readdirSync(path.join(root, 'gcp/handlers'));
const isPushed = (name: string) => needsOf(name).source.endsWith('-push');
const isPulling = (name: string) => needsOf(name).source.endsWith('-pull');

test('a handler that nothing is pushed to and that pulls nothing is started as it ships by the tests of its source', () => {
  for (const name of names.filter((one) => !isPushed(one) && !isPulling(one))) {
    const tests = readFileSync(path.join(root, `test/gcp/runtime/sources/${needsOf(name).source}.test.ts`), 'utf8');
    expect(tests).toMatch(/startGateway|startJob/);
  }
});

describe.each(names.filter(isPushed))('%s', (name) => {
  const needs = needsOf(name);
  const { zip } = packageHandler(`gcp/handlers/${name}`);
  const files = unzipSync(readFileSync(zip));
  const folder = temporaryFolder();
  const code = handlerCode(`gcp/handlers/${name}`);
  writeFileSync(path.join(folder, 'index.js'), code);

  const stores: StoreStandIn[] = [];
  /** What the handler is told, and nothing more. */
  const settings: Record<string, string> = { ...SOURCES[needs.source] };
  const environment: Record<string, string> = {};
  const published: Message[] = [];

  beforeAll(async () => {
    for (const [store, endings] of Object.entries(needs.stores)) {
      const standIn = await STORES[endings.join(' ')]!();
      stores.push(standIn);
      standIns.push(standIn);
      for (const ending of endings) settings[`${store}_${ending}`] = standIn.settings[ending]!;
      Object.assign(environment, standIn.environment);
    }
    const pubSub = await loopback(({ method, url }, body) => {
      if (`${method} ${url}` !== `POST /v1/${TOPIC}:publish`) return { status: 404 };
      published.push(...JSON.parse(body.toString()).messages);
      return { status: 200, body: '{"messageIds":["1"]}' };
    });
    environment.PUBSUB_EMULATOR_HOST = new URL(pubSub).host;
  });

  test('reads a source, and writes to stores, that stand on this machine too', () => {
    expect(Object.keys(SOURCES)).toContain(needs.source);
    expect(Object.keys(STORES)).toEqual(expect.arrayContaining(Object.values(needs.stores).map((endings) => endings.join(' '))));
  });

  test('a good event ends in the store, and a bad one as it came in the dead letter, with the reason', async () => {
    const { push, output } = await startOnGcp(folder, { ...settings, ...environment });
    expect(await push(event('1'))).toBe(204);
    expect(await push('bad')).toBe(204);
    // It comes again, so it is tried out in another process of the same bundle.
    expect(await push(event('2'), 2, '8')).toBe(204);
    expect(output()).not.toContain('not tried out');
    expect(stores.map((store) => store.stored())).toEqual(stores.map(() => ['1', '2']));
    expect(published).toEqual([
      {
        data: Buffer.from('bad').toString('base64'),
        attributes: {
          a: 'b',
          deadLetterReason: expect.stringMatching(/^SyntaxError: /),
          deadLetterSubscription: SUBSCRIPTION,
          deadLetterMessageId: '7',
          deadLetterPublishTime: '2026-01-31T08:30:00.25Z',
          deadLetterDeliveryAttempt: '1',
        },
      },
    ]);
  });

  test('while nothing can be reached the message comes again, whatever it is', async () => {
    const unreachable = Object.fromEntries(
      Object.entries(environment).map(([variable, address]) => [variable, address.replace(/127\.0\.0\.1:\d+/, NOBODY)]),
    );
    const { push, output } = await startOnGcp(folder, { ...settings, ...unreachable });
    expect(await Promise.all([push(event('1')), push('bad'), push(event('1'), 6)])).toEqual([503, 503, 503]);
    expect(output()).toContain('"message":"The event was not stored. Pub/Sub retries it."');
    expect(output()).toContain('"message":"The dead letter was not written. Pub/Sub retries the event."');
  });

  test('without any of its settings it does not start, and says which is missing', () =>
    expectEachNeeded(folder, settings, { ...sealedOnGcp(folder), ...environment }));

  test('with an emulator that is not on this machine it does not start', async () => {
    const { port, output } = await startOnGcp(folder, { ...settings, ...environment, PUBSUB_EMULATOR_HOST: 'pubsub.example:80' });
    expect(port).toBeUndefined();
    expect(output()).toContain('Error: PUBSUB_EMULATOR_HOST must be on this machine, got "pubsub.example:80".');
  });

  test('the package holds the bundle, and what the platform installs beside it', () => {
    expect(Object.keys(files)).toEqual(expect.arrayContaining(['index.js', 'package-lock.json', 'package.json']));
    const [manifest, lock] = ['package.json', 'package-lock.json'].map((file) => strFromU8(files[file]!));
    expect(JSON.parse(manifest!)).toMatchObject({ name, dependencies: { '@google-cloud/functions-framework': '5.0.5' } });
    expect(JSON.parse(lock!)).toMatchObject({ name, packages: { '': { dependencies: { '@google-cloud/functions-framework': '5.0.5' } } } });
    expect(lock).not.toContain('resolved');
    // npm audit asks about one of them, which answers for all.
    const first = readFileSync(path.join(root, 'gcp/handlers/pub-sub-to-bigquery/package-lock.json'), 'utf8');
    expect(lock).toBe(first.replaceAll('pub-sub-to-bigquery', name));
  });

  test('the bundle is under 3.5 MB, and names no folder of this machine', () => {
    expect(code.length).toBeLessThan(3_500_000);
    expect(code).not.toContain(root);
  });
});

describe.each(names.filter(isPulling))('%s', (name) => {
  const needs = needsOf(name);
  const { zip } = packageHandler(`gcp/handlers/${name}`);
  const code = handlerCode(`gcp/handlers/${name}`);
  const settings: Record<string, string> = { ...SETTINGS };
  const environment: Record<string, string> = {};
  const stores: StoreStandIn[] = [];

  beforeAll(async () => {
    for (const [store, endings] of Object.entries(needs.stores)) {
      const standIn = await STORES[endings.join(' ')]!();
      stores.push(standIn);
      standIns.push(standIn);
      for (const ending of endings) settings[`${store}_${ending}`] = standIn.settings[ending]!;
      Object.assign(environment, standIn.environment);
    }
  });

  test('a good event ends in the store, and a bad one as it came in the dead letter, with the reason', async () => {
    const broker = new Broker({ wait: 500 });
    broker.publish('6', event('1'));
    broker.publish('7', 'bad', { a: 'b' });
    const { child, ended } = startWorker(code, { ...settings, ...environment, PUBSUB_EMULATOR_HOST: await broker.start() });
    await broker.empty();
    child.kill('SIGTERM');
    expect(await ended).toBe(0);
    expect(stores.map((store) => store.stored())).toEqual(stores.map(() => ['1']));
    expect(broker.letters).toEqual([
      {
        data: Buffer.from('bad').toString('base64'),
        attributes: {
          a: 'b',
          deadLetterReason: expect.stringMatching(/^SyntaxError: /),
          deadLetterSubscription: settings.EVENTS_SUBSCRIPTION,
          deadLetterMessageId: '7',
          deadLetterPublishTime: '2026-01-31T08:30:00.25Z',
          deadLetterDeliveryAttempt: '1',
        },
      },
    ]);
  });

  test('while its store cannot be reached, it gives the message back', async () => {
    const unreachable = Object.fromEntries(
      Object.entries(environment).map(([variable, address]) => [variable, address.replace(/127\.0\.0\.1:\d+/, NOBODY)]),
    );
    const broker = new Broker({ wait: 500, backoff: 60_000 });
    broker.publish('6', event('1'));
    const { child, output } = startWorker(code, { ...settings, ...unreachable, PUBSUB_EMULATOR_HOST: await broker.start() });
    while (!broker.asked.some(({ verb }) => verb === 'keep')) await new Promise((resolve) => setTimeout(resolve, 20));
    child.kill('SIGKILL');
    expect(broker.asked.find(({ verb }) => verb === 'keep')).toEqual({ verb: 'keep', ids: ['6/1'], seconds: 0 });
    expect(output()).toContain('"message":"The event was not stored. Pub/Sub retries it."');
  });

  test('without any of its settings it does not start, and says which is missing', async () => {
    const folder = temporaryFolder();
    writeFileSync(path.join(folder, 'index.js'), code);
    await expectEachNeeded(folder, settings, { ...sealedOnGcp(folder), ...environment, PUBSUB_EMULATOR_HOST: NOBODY });
  });

  test('the package holds the bundle, and how it is started. It is under 3.5 MB, and names no folder of this machine', () => {
    const files = unzipSync(readFileSync(zip));
    expect(Object.keys(files)).toEqual(['index.js', 'package.json']);
    expect(JSON.parse(strFromU8(files['package.json']!))).toMatchObject({ name, scripts: { start: 'node index.js' } });
    expect(code.length).toBeLessThan(3_500_000);
    expect(code).not.toContain(root);
  });
});

test('the template of the pipeline gives the function the settings that it reads, and no other', () => {
  const [fn] = Object.values(template.resource!.google_cloudfunctions2_function!);
  expect(Object.keys(fn!.service_config.environment_variables).sort()).toEqual(
    [...Object.keys(SOURCES['pub-sub-push']!), 'STORE_PROJECT', 'STORE_DATASET', 'STORE_TABLE'].sort(),
  );
});
