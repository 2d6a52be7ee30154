/**
 * Measures what the project promises about speed, each time against a baseline in the same run, since machines differ and
 * ratios hold. `npm run bench`, or `npm run bench -- handlers` for the handlers alone, `-- handlers "AWS 200"` for one of them.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { performance } from 'node:perf_hooks';
import { CLOUDS } from '../shared/synth/blueprints';
import { bundleHandler, packageHandler } from '../shared/synth/handler-package';
import { compare, row } from './bench/compare';
import { benchHandlers } from './bench/handlers';

const root = path.join(__dirname, '..');
const HANDLERS = CLOUDS.map((cloud) => `${cloud}/handlers`).flatMap((folder) =>
  readdirSync(path.join(root, folder)).map((name) => `${folder}/${name}`),
);
const ROUNDS = 7;

async function main([part, only]: readonly string[]) {
  if (part !== 'handlers') {
    bundles();
    synths('synth of AWS / an empty CDK app', 'bin/aws.ts', 'scripts/bench/empty-aws.ts');
    synths('synth of Azure and GCP / an empty CDKTF app', 'bin/terraform.ts', 'scripts/bench/empty-terraform.ts');
  }
  await benchHandlers(only);
}

function bundles() {
  for (const folder of HANDLERS) {
    packageHandler(folder);
    const { outputFiles, metafile } = bundleHandler(folder);
    row(`bundle of ${folder}`, `${kilobytes(outputFiles[0]!.contents.length)}   (${largest(Object.values(metafile.outputs)[0]!.inputs)})`);
  }
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

void main(process.argv.slice(2));
