import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { containerClient } from '../../../azure/blob/container-client';
import { Batches } from '../../../azure/event-hub/batches';
import type { EventHubs } from '../../../azure/event-hub/event-hubs';
import { HubHost } from '../../../azure/event-hub/hub-host';
import { Azurite } from '../../../azure/foundation/azurite';
import { certificate } from '../../../azure/foundation/certificate';
import type { HostConfig } from '../../../azure/functions/host-config';
import { CALM, type Chaos } from '../../../chaos';
import { Pace } from '../../../pace';
import type { Witness } from '../../../platform';
import { temporaryFolder } from '../../folder';
import { closing, filesOf, HOST, hubOf, producer, somebody } from '../stand-ins';

const tls = certificate();
const folder = temporaryFolder();
let azurite: Azurite;
let port: number;
let containers = 0;
beforeAll(async () => {
  azurite = new Azurite({ folder, accounts: ['host'], tls: filesOf(tls, folder) });
  port = await azurite.port;
});
afterAll(() => azurite.close());

/** An app with the official library: it says what it was called with, and does what an event tells it. */
function appIn(folder: string, options = '') {
  const library = require.resolve('@azure/functions', { paths: [path.resolve(__dirname, '../../../..')] });
  const main = `
    const { app, trigger } = require(${JSON.stringify(library)});
    const fs = require('node:fs');
    const once = (name) => !fs.existsSync(name) && (fs.writeFileSync(name, ''), true);
    app.generic('process', {
      trigger: trigger.generic({
        type: 'eventHubTrigger', connection: 'EVENTS', eventHubName: '%HUB%', consumerGroup: '%GROUP%', cardinality: 'many', dataType: 'binary',
      }),
      retry: { strategy: 'exponentialBackoff', maxRetryCount: 2, minimumInterval: { seconds: 30 }, maximumInterval: { minutes: 15 } },
      ${options}
      handler: async (messages, context) => {
        const bodies = messages.map(String);
        const { retryContext, triggerMetadata } = context;
        console.log(JSON.stringify({ bodies, retry: retryContext, metadata: triggerMetadata, env: Object.keys(process.env).sort() }));
        if (bodies.includes('fail')) throw new Error('as told');
        if (bodies.includes('exit once') && once('exited')) process.exit(1);
        if (bodies.includes('hang once') && once('hung')) await new Promise((resolve) => setTimeout(resolve, 60_000));
      },
    });
  `;
  mkdirSync(folder, { recursive: true });
  writeFileSync(path.join(folder, 'package.json'), JSON.stringify({ main: 'index.js' }));
  writeFileSync(path.join(folder, 'index.js'), main);
}

const CONFIG: HostConfig = {
  functionTimeout: 600_000,
  maxEventBatchSize: 10,
  minEventBatchSize: 1,
  maxWaitTime: 0,
  batchCheckpointFrequency: 1,
  initialOffset: 'fromStart',
};
const SETTINGS = {
  EVENTS__fullyQualifiedNamespace: HOST,
  EVENTS__credential: 'managedidentity',
  EVENTS__clientId: 'me',
  HUB: 'orders',
  GROUP: 'reader',
};

interface Call {
  readonly bodies: readonly string[];
  readonly retry?: { readonly retryCount: number; readonly maxRetryCount: number };
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly env: readonly string[];
}

/** A host with what it did, in the order in which it did it. */
class Running {
  readonly calls: Call[] = [];
  readonly outcomes: string[] = [];
  readonly incidents: string[] = [];
  readonly broken: string[] = [];
  host!: HubHost;

  constructor(
    readonly hub: EventHubs,
    readonly folder = temporaryFolder(),
    readonly checkpoints = containerClient(`https://127.0.0.1:${port}/host/checkpoints${++containers}`, somebody, tls.cert),
  ) {}

  async start({ config = {}, chaos = CALM, pace = 6000, env = {}, options = '' } = {} as Partial<StartOptions>): Promise<this> {
    appIn(this.folder, options);
    await this.checkpoints.createIfNotExists();
    const witness: Witness = {
      arrived: () => () => {},
      made: () => {},
      delivered: ({ positions, attempt }) => void this.outcomes.push(`${positions.join(' ')} try ${attempt}`),
      answered: ({ positions, outcome }) => void this.outcomes.push(`${positions.join(' ')} ${outcome}`),
      incident: (text) => void this.incidents.push(text),
      log: (line) => void this.calls.push(JSON.parse(line)),
      stored: () => {},
      broken: (why) => void this.broken.push(why),
      deadLettered: () => {},
    };
    this.host = await HubHost.start({
      folder: this.folder,
      env: { ...SETTINGS, ...env },
      memoryMiB: 128,
      config: { ...CONFIG, ...config },
      hubPort: this.hub.port,
      checkpoints: Promise.resolve(this.checkpoints),
      readerOf: () => somebody,
      witness,
      chaos,
      pace: new Pace(pace),
    });
    closing(this.host);
    return this;
  }

  async until(isTrue: () => boolean) {
    while (!isTrue()) await new Promise((resolve) => setTimeout(resolve, 5));
  }

  untilDoneWith(count: number, partition = '0') {
    return this.until(() => this.host.doneWith(partition) === count);
  }
}

interface StartOptions {
  readonly config: Partial<HostConfig>;
  readonly chaos: Partial<Chaos> & Chaos;
  readonly pace: number;
  readonly env: Readonly<Record<string, string>>;
  readonly options: string;
}

const send = (hub: EventHubs, ...bodies: string[]) =>
  producer(hub).sendBatch(
    bodies.map((body) => ({ body: Buffer.from(body) })),
    { partitionId: '0' },
  );

test('the app sees the batch, where it stands, and no environment but its own', async () => {
  const hub = await hubOf();
  await send(hub, 'a', 'b');
  const running = await new Running(hub).start();
  await running.untilDoneWith(2);
  await running.until(() => running.calls.length === 1);
  const [{ bodies, retry, metadata, env }] = running.calls as [Call];
  expect([bodies, retry]).toEqual([['a', 'b'], { retryCount: 0, maxRetryCount: 2 }]);
  expect(metadata).toMatchObject({
    partitionContext: { partitionId: '0', eventHubName: 'orders', consumerGroup: 'reader', fullyQualifiedNamespace: HOST },
  });
  expect((metadata.sequenceNumberArray as unknown[]).length).toBe(2);
  // Node.js adds these for the channel to whoever started it.
  expect(env.filter((name) => !name.startsWith('NODE_CHANNEL_'))).toEqual(Object.keys(SETTINGS).sort());
  expect(running.outcomes).toEqual(['0/0 0/1 try 1', '0/0 0/1 settled']);
});

test('after the first batch the host waits for one of the smallest size', async () => {
  const hub = await hubOf();
  const running = await new Running(hub).start({ config: { minEventBatchSize: 3, maxWaitTime: 3_600_000_000 } });
  await send(hub, 'a');
  await running.untilDoneWith(1);
  await send(hub, 'b', 'c');
  await send(hub, 'd');
  await running.untilDoneWith(4);
  await running.until(() => running.calls.length === 2);
  expect(running.calls.map(({ bodies }) => bodies)).toEqual([['a'], ['b', 'c', 'd']]);
});

test('no batch is larger than the largest', () => {
  const batches = new Batches<number>({ min: 3, max: 4 }, 1000);
  const take = (events: number[], now: number) => [...batches.take(events, now)];
  expect(take([1], 0)).toEqual([[1]]);
  expect(take([2, 3, 4, 5, 6, 7, 8, 9, 10], 10)).toEqual([
    [2, 3, 4, 5],
    [6, 7, 8, 9],
  ]);
  expect(take([], 1009)).toEqual([]);
  expect(take([], 1010)).toEqual([[10]]);
});

test('events do not wait for others for longer than the host may wait', async () => {
  const hub = await hubOf();
  const running = await new Running(hub).start({ config: { maxEventBatchSize: 4, minEventBatchSize: 3, maxWaitTime: 60_000 } });
  await send(hub, 'a');
  await running.untilDoneWith(1);
  await send(hub, 'b');
  await running.untilDoneWith(2);
});

test('a batch that fails is tried again as often as the app says, then the host moves on', async () => {
  const hub = await hubOf();
  await send(hub, 'fail');
  const running = await new Running(hub).start();
  await running.untilDoneWith(1);
  await send(hub, 'next');
  await running.untilDoneWith(2);
  await running.until(() => running.calls.length === 4);
  expect(running.calls.map(({ bodies, retry }) => [bodies[0], retry!.retryCount])).toEqual([
    ['fail', 0],
    ['fail', 1],
    ['fail', 2],
    ['next', 0],
  ]);
  expect(running.outcomes.filter((outcome) => !outcome.includes('try'))).toEqual(['0/0 again', '0/0 again', '0/0 given up', '0/1 settled']);
});

test('a checkpoint is written only when a batch is done with, and another host reads on from there', async () => {
  const hub = await hubOf();
  await send(hub, 'a', 'fail');
  // The pauses of this one take minutes.
  const first = await new Running(hub).start({ pace: 0.1 });
  await first.until(() => first.outcomes.includes('0/0 0/1 again'));
  await first.host.close();
  const second = await new Running(hub, first.folder, first.checkpoints).start();
  await second.untilDoneWith(2);
  expect(second.outcomes[0]).toBe('0/0 0/1 try 1');
  await second.host.close();
  await send(hub, 'b');
  const third = await new Running(hub, first.folder, first.checkpoints).start();
  await third.untilDoneWith(3);
  expect(third.outcomes).toEqual(['0/2 try 1', '0/2 settled']);
});

test('a process that dies is started again, and forgets which try it was', async () => {
  const hub = await hubOf();
  await send(hub, 'exit once', 'a');
  const running = await new Running(hub).start();
  await running.untilDoneWith(2);
  // Both events are in one batch, or each is in one of its own.
  const positionsOf = (outcome: string) =>
    running.outcomes.filter((one) => one.endsWith(` ${outcome}`)).flatMap((one) => one.match(/\d\/\d/g)!);
  expect(new Set(running.calls.map(({ retry }) => retry!.retryCount))).toEqual(new Set([0]));
  expect(positionsOf('again')).toContain('0/0');
  expect(positionsOf('settled')).toEqual(['0/0', '0/1']);
  expect(existsSync(path.join(running.folder, 'exited'))).toBe(true);
});

test('a call that takes longer than the time limit is ended, and comes again', async () => {
  const hub = await hubOf();
  await send(hub, 'hang once');
  const running = await new Running(hub).start({ config: { functionTimeout: 300 } });
  await running.untilDoneWith(1);
  expect(running.incidents[0]).toBe('The function took longer than its time limit of 0.3 s, and was ended.');
  expect(running.outcomes.at(-1)).toBe('0/0 settled');
});

test('a process that was stopped is ended when its time limit has passed, as fast as all waits pass', async () => {
  const hub = await hubOf();
  await send(hub, 'hang once');
  const running = await new Running(hub).start();
  await running.until(() => existsSync(path.join(running.folder, 'hung')));
  await running.host.stall();
  await running.untilDoneWith(1);
  expect(running.incidents[0]).toBe('The function took longer than its time limit of 600 s, and was ended.');
});

test('a batch whose end the buffer does not hear of comes again', async () => {
  const hub = await hubOf();
  await send(hub, 'a');
  const answers: ('heard' | 'lost')[] = ['lost', 'lost', 'heard'];
  const running = await new Running(hub).start({ chaos: { ...CALM, answer: () => answers.shift()! } });
  await running.untilDoneWith(1);
  expect(running.outcomes).toEqual(['0/0 try 1', '0/0 again', '0/0 try 1', '0/0 again', '0/0 try 1', '0/0 settled']);
});

test('partitions do not wait for each other', async () => {
  const hub = await hubOf();
  await send(hub, 'fail');
  const running = await new Running(hub).start({ pace: 0.1 });
  await running.until(() => running.outcomes.includes('0/0 again'));
  await producer(hub).sendBatch([{ body: Buffer.from('a') }], { partitionId: '1' });
  await running.untilDoneWith(1, '1');
});

test.each([
  ['another input', { options: 'extraInputs: [{ type: "blob", name: "x", path: "p" }],' }, /only a trigger is emulated/],
  [
    'another retry policy',
    { options: 'retry: { strategy: "fixedDelay", maxRetryCount: 2, delayInterval: 1000 },' },
    /fixedDelay is not emulated/,
  ],
  ['a key', { env: { EVENTS: 'Endpoint=sb://x' } }, /EVENTS is a connection string/],
  ['a connection that no setting describes', { env: { EVENTS__credential: '' } }, /no setting EVENTS__credential/],
  ['a hub that no setting names', { env: { HUB: '' } }, /no setting HUB/],
])('an app with %s is refused', async (_, options, why) => {
  await expect(new Running(await hubOf()).start(options as Partial<StartOptions>)).rejects.toThrow(why);
});

test('an app that does not load is quoted', async () => {
  const options = '}); throw new Error("STORE is missing"); ({';
  await expect(new Running(await hubOf()).start({ options })).rejects.toThrow('The function app does not load: STORE is missing');
});

test('an app whose process is ended while it loads is loaded again, and the run ends in a line when that does not help', async () => {
  const dies = (when: string) => `}); {
    const fs = require('node:fs');
    const loads = fs.existsSync('loads') ? Number(fs.readFileSync('loads')) : 0;
    fs.writeFileSync('loads', String(loads + 1));
    if (${when}) process.kill(process.pid, 'SIGKILL');
  } ({`;
  const twice = await new Running(await hubOf()).start({ options: dies('loads < 2') });
  expect(twice.incidents).toHaveLength(2);
  expect(twice.broken).toEqual([]);

  const running = await new Running(await hubOf()).start({ options: dies('loads > 0') });
  await running.host.kill();
  await running.until(() => running.broken.length > 0);
  expect(running.broken).toEqual(['The function app does not load: the process ended before it had registered a function']);
});
