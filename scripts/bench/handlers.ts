/**
 * What a handler does with a delivery, bundled as it ships, without the network, against the least that anybody could do with
 * the same delivery: decode each event, parse it, write it as a line, and join the lines to an object. What comes after that is
 * the same for both (gzip, the client of the store) and left out of both.
 *
 * Measured is the time that the processor works, so that others on the machine do not count; ours and the other take turns in
 * slices of some milliseconds, so that what disturbs one disturbs both.
 */
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { buildSync } from 'esbuild';
import type { EventRow } from '../../gcp/runtime/sinks/bigquery/table-row';
import type { Event, Row } from '../../shared/runtime/event';
import type { Lot } from '../../shared/runtime/sink';
import { compare } from './compare';

const root = path.join(__dirname, '../..');
/** Slices of a round, of each side; rounds that are measured, after those in which the engine compiles. */
const [SLICES, ROUNDS, ROUNDS_BEFORE] = [6, 15, 4];

/** What a sender might send, each about as often as it is sent. */
const CASES: Readonly<Record<string, (index: number) => string>> = {
  '200 bytes': (index) => eventOf(index, { celsius: 180 + index / 10, ok: true }),
  '650 bytes': (index) =>
    eventOf(index, {
      items: Array.from({ length: 10 }, (_, place) => ({ sku: `sku-${index}-${place}`, quantity: place, price: place * 1.25 })),
    }),
  floats: (index) => eventOf(index, { readings: Array.from({ length: 20 }, (_, place) => Math.sin(index * 20 + place) * 100) }),
  'a number of 18 digits': (index) => eventOf(index, { celsius: 180 }).replace('180', `${123_456_789_012_345_678n + BigInt(index)}`),
  '256 KB': (index) => eventOf(index, { text: 'x'.repeat(256_000), index }),
};

/** The columns of the table that the pipeline deploys. */
const COLUMNS = Object.entries({
  ...{ event_id: 'STRING', event_source: 'STRING', event_type: 'STRING', event_time: 'TIMESTAMP', row_index: 'INT64' },
  ...{ message_id: 'STRING', publish_time: 'TIMESTAMP', subject: 'STRING', data: 'JSON', rest: 'JSON' },
}).map(([name, type]) => ({ name, type }));

const PUBLISHED = '2026-01-31T08:30:00.25Z';
const ARRIVED = Date.parse(PUBLISHED);
/** Kinesis counts with 56 digits. */
const SEQUENCE = 49_590_338_271_490_256_608_559_692_538_361_571_095_921_575_989_136_588_898n;

function eventOf(index: number, data: unknown): string {
  return JSON.stringify({
    specversion: '1.0',
    id: `event-${index}`,
    source: '/plants/7/press',
    type: 'com.example.press.heated',
    time: '2026-01-31T08:30:00.125Z',
    partitionkey: `press-${index % 16}`,
    data,
  });
}

type Work = () => Promise<unknown>;
type Sides = readonly [ours: Work, base: Work];

/** Where objects go. What is written is held until the slice is over, as a client holds it. */
let written: unknown[] = [];
const lines = {
  write: async ({ made }: Lot<string>) => {
    written.push(made.map(({ stored }) => `${stored}\n`).join(''));
    return [];
  },
};
const deadLetter = async (letters: unknown) => {
  if (!Array.isArray(letters) || letters.length > 0) throw new Error('an event of the bench went to the dead letter');
};

const CLOUDS: Readonly<Record<string, (modules: Bundled, events: readonly string[]) => Sides>> = {
  AWS: ({ kinesisSource, stringify, transform }, events) => {
    const handler = kinesisSource({ transform, sink: { ...lines, encode: stringify }, deadLetter });
    const base64 = inBase64(events);
    const Records = base64.map((data, index) => ({
      eventID: `shardId-000000000000:${SEQUENCE + BigInt(index)}`,
      eventSourceARN: 'arn:aws:kinesis:eu-west-1:123456789012:stream/events',
      kinesis: { data, sequenceNumber: `${SEQUENCE + BigInt(index)}`, approximateArrivalTimestamp: (ARRIVED + index) / 1000 },
    }));
    return [
      () => handler({ Records } as unknown as Parameters<typeof handler>[0], { getRemainingTimeInMillis: () => 60_000 }),
      async () => written.push(base64.map((data) => `${plain(Buffer.from(data, 'base64'))}\n`).join('')),
    ];
  },
  Azure: ({ batchHandler, stringify, transform }, events) => {
    const notes = { read: async () => undefined, write: async () => {} };
    const reading = { consumerGroup: 'group', maxRetries: 5, notes };
    const handler = batchHandler({ transform, sink: { ...lines, encode: stringify }, deadLetter }, reading);
    const bytes = events.map((event) => Buffer.from(event));
    // Two batches take turns, since a batch that comes again finds what was settled the first time.
    const contexts = [0, events.length].map((first) => ({
      info: () => {},
      triggerMetadata: {
        partitionContext: { partitionId: '0', eventHubName: 'events', fullyQualifiedNamespace: 'a.servicebus.windows.net' },
        sequenceNumberArray: bytes.map((_, index) => first + index),
        enqueuedTimeUtcArray: bytes.map((_, index) => new Date(ARRIVED + index).toISOString()),
      },
    }));
    let turn = 0;
    return [
      () => handler(bytes, contexts[turn++ % 2] as unknown as Parameters<typeof handler>[1]),
      async () => written.push(bytes.map((event) => `${plain(event)}\n`).join('')),
    ];
  },
  GCP: ({ pubSubPushSource, fitRows, transform }, events) => {
    const sink = {
      encode: (row: Row, event: Event, index: number) => ({ row, event, index }),
      write: async ({ made }: Lot<EventRow>) => {
        const origin = { messageId: '1', publishTime: PUBLISHED };
        const rows = made.map(({ stored }) => stored);
        written.push(fitRows(rows, origin, COLUMNS));
        return [];
      },
    };
    const handler = pubSubPushSource({ transform, sink, deadLetter, trial: async () => undefined });
    const base64 = inBase64(events);
    const pushes = base64.map((data, index) => ({
      body: {
        message: { data, messageId: String(index), publishTime: PUBLISHED },
        subscription: 'projects/acme/subscriptions/events',
        deliveryAttempt: 1,
      },
      query: { maxDeliveryAttempts: '6' },
    }));
    const answered = { end: () => {} };
    const response = { status: () => answered };
    // Pub/Sub calls once for each event, whoever answers.
    const answer = async ({ body }: (typeof pushes)[number]) => {
      written.push(plain(Buffer.from(body.message.data, 'base64')));
      response.status().end();
    };
    return [
      async () => {
        for (const push of pushes) await handler(push, response);
      },
      async () => {
        for (const push of pushes) await answer(push);
      },
    ];
  },
};

function inBase64(events: readonly string[]): string[] {
  return events.map((event) => Buffer.from(event).toString('base64'));
}

function plain(bytes: Buffer): string {
  return JSON.stringify(JSON.parse(bytes.toString()));
}

export async function benchHandlers(only?: string) {
  for (const [cloud, sidesOf] of Object.entries(CLOUDS)) {
    // A function runs one handler, so each cloud has code of its own.
    const modules = bundled();
    for (const [what, make] of Object.entries(CASES)) {
      if (only && !`${cloud} ${what}`.includes(only)) continue;
      const events = Array.from({ length: make(0).length > 100_000 ? 20 : 1000 }, (_, index) => make(index));
      const rounds = await take(sidesOf(modules, events));
      const unit = (micros: number) => `${(micros / events.length / SLICES).toFixed(2)} us an event`;
      compare(`${cloud} handler, ${what} / plain parse and stringify`, rounds, unit);
    }
  }
}

/** Microseconds of each round, for each side. */
async function take([ours, base]: Sides): Promise<(readonly [number, number])[]> {
  const { info } = console;
  console.info = () => {};
  const rounds: (readonly [number, number])[] = [];
  for (let round = -ROUNDS_BEFORE; round < ROUNDS; round++) {
    let [a, b] = [0, 0];
    for (let slice = 0; slice < SLICES; slice++) {
      a += await timed(ours);
      b += await timed(base);
    }
    if (round >= 0) rounds.push([a, b]);
  }
  console.info = info;
  return rounds;
}

async function timed(work: Work): Promise<number> {
  const start = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(start);
  written = [];
  return user + system;
}

type Bundled = typeof import('../../aws/runtime/sources/kinesis') &
  typeof import('../../azure/runtime/sources/event-hubs') &
  typeof import('../../gcp/runtime/sources/pub-sub-push') &
  typeof import('../../gcp/runtime/sinks/bigquery/table-row') &
  typeof import('../../shared/runtime/json') &
  typeof import('../../shared/runtime/transform');

function bundled(): Bundled {
  const files = [
    'aws/runtime/sources/kinesis',
    'azure/runtime/sources/event-hubs',
    'gcp/runtime/sources/pub-sub-push',
    'gcp/runtime/sinks/bigquery/table-row',
    'shared/runtime/json',
    'shared/runtime/transform',
  ];
  const contents = files.map((file) => `export * from './${file}';`).join('\n');
  const built = buildSync({
    stdin: { contents, resolveDir: root },
    bundle: true,
    platform: 'node',
    format: 'cjs',
    minify: true,
    define: { 'import.meta.url': 'bundleUrl' },
    write: false,
    external: ['@azure/functions-core'],
    logLevel: 'error',
  });
  const module = { exports: {} };
  const run = new Function('module', 'exports', 'require', 'bundleUrl', built.outputFiles[0]!.text);
  run(module, module.exports, require, pathToFileURL(__filename).href);
  return module.exports as Bundled;
}
