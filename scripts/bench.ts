/**
 * Measures what the project promises about speed, each time against a baseline in the same run, since machines differ and
 * ratios hold. `npm run bench`.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { performance } from 'node:perf_hooks';
import { buildSync } from 'esbuild';
import type { EventRow } from '../gcp/runtime/sinks/bigquery/table-row';
import type { Event, Row } from '../shared/runtime/event';
import type { Lot } from '../shared/runtime/sink';
import { CLOUDS } from '../shared/synth/blueprints';
import { bundleHandler, packageHandler } from '../shared/synth/handler-package';

const root = path.join(__dirname, '..');
const HANDLERS = CLOUDS.map((cloud) => `${cloud}/handlers`).flatMap((folder) =>
  readdirSync(path.join(root, folder)).map((name) => `${folder}/${name}`),
);
const ROUNDS = 7;

async function main() {
  for (const folder of HANDLERS) {
    packageHandler(folder);
    const { outputFiles, metafile } = bundleHandler(folder);
    row(`bundle of ${folder}`, `${kilobytes(outputFiles[0]!.contents.length)}   (${largest(Object.values(metafile.outputs)[0]!.inputs)})`);
  }
  synths('synth of AWS / an empty CDK app', 'bin/aws.ts', 'scripts/bench/empty-aws.ts');
  synths('synth of Azure and GCP / an empty CDKTF app', 'bin/terraform.ts', 'scripts/bench/empty-terraform.ts');
  await handlers();
}

/** The packages that take the most room in a bundle. */
function largest(inputs: Readonly<Record<string, { readonly bytesInOutput: number }>>): string {
  const bytes = new Map<string, number>();
  for (const [file, { bytesInOutput }] of Object.entries(inputs)) {
    const name = file.match(/node_modules\/((?:@[^/]+\/)?[^/]+)\/(?!.*node_modules)/)?.[1] ?? 'ours';
    bytes.set(name, (bytes.get(name) ?? 0) + bytesInOutput);
  }
  const ordered = [...bytes].sort(([, a], [, b]) => b - a);
  return ordered
    .slice(0, 5)
    .map(([name, size]) => `${name} ${kilobytes(size)}`)
    .join(', ');
}

function kilobytes(bytes: number): string {
  return `${Math.round(bytes / 1000)} kB`;
}

/** Whole processes in turn, without the validator of templates, with the bundles made before. */
function synths(what: string, ours: string, empty: string) {
  const times = Array.from({ length: ROUNDS }, () => [run(ours), run(empty)] as const);
  compare(what, times, (seconds) => `${seconds.toFixed(2)} s`);
}

function run(script: string): number {
  const outdir = mkdtempSync(path.join(tmpdir(), 'bench-'));
  const start = performance.now();
  const env = { ...process.env, CDK_VALIDATION: 'false', CDK_OUTDIR: outdir, CDKTF_OUTDIR: outdir };
  const { status, stderr } = spawnSync(process.execPath, ['--import', 'tsx', script], { cwd: root, env, encoding: 'utf8' });
  const seconds = (performance.now() - start) / 1000;
  rmSync(outdir, { recursive: true });
  if (status !== 0) throw new Error(`${script} failed: ${stderr}`);
  return seconds;
}

/** What a sender might send, each about as often as it is sent. */
const CASES: Readonly<Record<string, (index: number) => string>> = {
  '200 bytes': (index) => eventOf(index, { celsius: 180 + index / 10, ok: true }),
  '650 bytes': (index) =>
    eventOf(index, {
      items: Array.from({ length: 7 }, (_, place) => ({ sku: `sku-${index}-${place}`, quantity: place, price: place * 1.25 })),
    }),
  floats: (index) => eventOf(index, { readings: Array.from({ length: 20 }, (_, place) => Math.sin(index * 20 + place) * 100) }),
  'a number of 18 digits': (index) => eventOf(index, { celsius: 180 }).replace('180', `${123_456_789_012_345_678n + BigInt(index)}`),
  '256 KB': (index) => eventOf(index, { text: 'x'.repeat(256_000), index }),
};

/** The columns of the table that the pipeline deploys. */
const COLUMNS = Object.entries({
  ...{ event_id: 'STRING', event_source: 'STRING', event_type: 'STRING', event_time: 'TIMESTAMP', row_index: 'INT64' },
  ...{ message_id: 'STRING', publish_time: 'TIMESTAMP', subject: 'STRING', data: 'JSON', rest: 'JSON' },
});

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

/** What a handler does with a batch, bundled as it ships, without the network: ours, and the least that anybody could do. */
async function handlers() {
  const { kinesisSource, batchHandler, pubSubPushSource, fitRows, stringify, transform } = bundled();
  const log = { info: console.info, log: console.log };
  const written: string[] = [];
  const lines = {
    encode: stringify,
    write: async ({ made }: Lot<string>) => {
      written.push(made.map(({ stored }) => `${stored}\n`).join(''));
      return [];
    },
  };
  const columns = COLUMNS.map(([name, type]) => ({ name, type }));
  const rows = {
    encode: (row: Row, event: Event, index: number) => ({ row, event, index }),
    write: async ({ made }: Lot<EventRow>) => {
      const origin = { messageId: '1', publishTime: '2026-01-31T08:30:00.25Z' };
      written.push(
        JSON.stringify(
          fitRows(
            made.map(({ stored }) => stored),
            origin,
            columns,
          )[0]!.event_id,
        ),
      );
      return [];
    },
  };
  const deadLetter = async () => {};
  const kinesis = kinesisSource({ transform, sink: lines, deadLetter });
  const notes = { read: async () => undefined, write: async () => {} };
  const hub = batchHandler({ transform, sink: lines, deadLetter }, { consumerGroup: 'group', maxRetries: 5, notes });
  const push = pubSubPushSource({ transform, sink: rows, deadLetter, trial: async () => undefined });

  for (const [what, make] of Object.entries(CASES)) {
    const events = Array.from({ length: make(0).length > 100_000 ? 20 : 1000 }, (_, index) => make(index));
    const bytes = events.map((event) => Buffer.from(event));
    const base64 = bytes.map((event) => event.toString('base64'));
    const Records = base64.map((data, index) => ({
      eventID: `shardId-000000000000:${index}`,
      eventSourceARN: 'arn:aws:kinesis:eu-west-1:123456789012:stream/events',
      kinesis: { data, sequenceNumber: `${index}`, approximateArrivalTimestamp: 1_769_848_200 },
    }));
    const context = {
      info: () => {},
      triggerMetadata: {
        partitionContext: { partitionId: '0', eventHubName: 'events', fullyQualifiedNamespace: 'a.servicebus.windows.net' },
        sequenceNumberArray: bytes.map((_, index) => index),
        enqueuedTimeUtcArray: bytes.map(() => '2026-01-31T08:30:00Z'),
      },
    };
    const pushes = base64.map((data, index) => ({
      message: { data, messageId: String(index), publishTime: '2026-01-31T08:30:00.25Z' },
      subscription: 'projects/acme/subscriptions/events',
      deliveryAttempt: 1,
    }));
    const response = { status: () => ({ end: () => {} }) };
    const plain = async (read: (index: number) => string) =>
      void written.push(events.map((_, index) => `${JSON.stringify(JSON.parse(read(index)))}\n`).join(''));
    const decoded = (index: number) => Buffer.from(base64[index]!, 'base64').toString('utf8');

    const sides: Record<string, readonly [ours: () => Promise<unknown>, base: () => Promise<void>]> = {
      AWS: [
        () => kinesis({ Records } as unknown as Parameters<typeof kinesis>[0], { getRemainingTimeInMillis: () => 60_000 }),
        () => plain(decoded),
      ],
      Azure: [() => hub(bytes, context as unknown as Parameters<typeof hub>[1]), () => plain((index) => bytes[index]!.toString('utf8'))],
      GCP: [
        async () => {
          for (const body of pushes) await push({ body, query: { maxDeliveryAttempts: '6' } }, response);
        },
        () => plain(decoded),
      ],
    };
    for (const [cloud, [ours, base]] of Object.entries(sides)) {
      console.info = () => {};
      console.log = () => {};
      const times: (readonly [number, number])[] = [];
      for (let round = 0; round < 80; round++) {
        const pair = [await timed(ours), await timed(base)] as const;
        written.length = 0;
        if (round >= 30) times.push(pair);
      }
      Object.assign(console, log);
      compare(
        `${cloud} handler, ${what} / plain parse and stringify`,
        times,
        (ms) => `${((ms / events.length) * 1000).toFixed(2)} us an event`,
      );
    }
  }
}

type Bundled = typeof import('../aws/runtime/sources/kinesis') &
  typeof import('../azure/runtime/sources/event-hubs') &
  typeof import('../gcp/runtime/sources/pub-sub-push') &
  typeof import('../gcp/runtime/sinks/bigquery/table-row') &
  typeof import('../shared/runtime/json') &
  typeof import('../shared/runtime/transform');

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
    write: false,
    external: ['@azure/functions-core'],
    logLevel: 'error',
  });
  const module = { exports: {} };
  new Function('module', 'exports', 'require', built.outputFiles[0]!.text)(module, module.exports, require);
  return module.exports as Bundled;
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

function compare(what: string, times: readonly (readonly [number, number])[], unit: (value: number) => string) {
  const [ours, base] = [median(times.map(([a]) => a)), median(times.map(([, b]) => b))];
  const ratio = median(times.map(([a, b]) => a / b));
  row(what, `${ratio.toFixed(2)}x   (${unit(ours)} / ${unit(base)}, median of ${times.length} pairs)`);
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]!;
}

function row(what: string, figure: string) {
  console.log(`${what.padEnd(64)} ${figure}`);
}

void main();
