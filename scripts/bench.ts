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
  await handler();
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

/** One batch of 1,000 events of about 200 bytes, bundled as it ships, without the network. */
async function handler() {
  const { kinesisSource, stringify, transform } = bundled();
  const events = Array.from({ length: 1000 }, (_, index) =>
    JSON.stringify({
      specversion: '1.0',
      id: `event-${index}`,
      source: '/plants/7/press',
      type: 'com.example.press.heated',
      time: '2026-01-31T08:30:00.125Z',
      partitionkey: `press-${index % 16}`,
      data: { celsius: 180 + index / 10, ok: true },
    }),
  );
  const records = events.map((event, index) => ({
    eventID: `shardId-000000000000:${index}`,
    eventSourceARN: 'arn:aws:kinesis:eu-west-1:123456789012:stream/events',
    kinesis: { data: Buffer.from(event).toString('base64'), sequenceNumber: `${index}`, approximateArrivalTimestamp: 1_769_848_200 },
  }));
  const written: string[] = [];
  const ours = kinesisSource({
    transform,
    sink: {
      encode: stringify,
      write: async ({ made }) => {
        written.push(`${made.map(({ stored }) => stored).join('\n')}\n`);
        return [];
      },
    },
    deadLetter: async () => {},
  });
  const plain = () =>
    written.push(records.map(({ kinesis }) => JSON.stringify(JSON.parse(Buffer.from(kinesis.data, 'base64').toString('utf8')))).join('\n'));

  const info = console.info;
  console.info = () => {};
  const times: (readonly [number, number])[] = [];
  for (let round = 0; round < 400; round++) {
    const a = await timed(() =>
      ours({ Records: records } as unknown as Parameters<typeof ours>[0], { getRemainingTimeInMillis: () => 60_000 }),
    );
    const b = await timed(async () => void plain());
    written.length = 0;
    if (round >= 100) times.push([a, b]);
  }
  console.info = info;
  compare(
    `handler on ${Math.round(Buffer.byteLength(events[0]!))} byte events / plain parse and stringify`,
    times,
    (ms) => `${ms.toFixed(2)} us an event`,
  );
}

type Bundled = typeof import('../aws/runtime/sources/kinesis') &
  typeof import('../shared/runtime/json') &
  typeof import('../shared/runtime/transform');

function bundled(): Bundled {
  const files = ['aws/runtime/sources/kinesis', 'shared/runtime/json', 'shared/runtime/transform'];
  const contents = files.map((file) => `export * from './${file}';`).join('\n');
  const built = buildSync({
    stdin: { contents, resolveDir: root },
    bundle: true,
    platform: 'node',
    format: 'cjs',
    minify: true,
    write: false,
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
