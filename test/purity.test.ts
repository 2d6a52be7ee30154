import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, readFileSync, symlinkSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import path from 'node:path';
import { temporaryFolder } from './support/folder';

const root = path.join(__dirname, '..');

/** A clone of the sources, with the installed packages but without their cache. */
function clone(): string {
  const folder = temporaryFolder();
  for (const entry of ['aws', 'azure', 'gcp', 'shared', 'bin', 'package.json', 'tsconfig.json', 'cdk.json', 'cdktf.json']) {
    cpSync(path.join(root, entry), path.join(folder, entry), { recursive: true });
  }
  mkdirSync(path.join(folder, 'node_modules'));
  for (const name of readdirSync(path.join(root, 'node_modules')).filter((entry) => entry !== '.cache')) {
    symlinkSync(path.join(root, 'node_modules', name), path.join(folder, 'node_modules', name));
  }
  return folder;
}

/** Every file that a clone synthesizes, by its path, with its bytes. */
function synthesized(env: NodeJS.ProcessEnv): Map<string, Buffer> {
  const folder = clone();
  const outdir = path.join(folder, 'out');
  for (const app of ['bin/aws.ts', 'bin/terraform.ts']) {
    const { status, stderr } = spawnSync(process.execPath, ['--import', 'tsx', app], {
      cwd: folder,
      env: { PATH: process.env.PATH, CDK_VALIDATION: 'false', CDK_OUTDIR: outdir, CDKTF_OUTDIR: outdir, ...env },
      encoding: 'utf8',
    });
    if (status !== 0) throw new Error(stderr);
  }
  const files = readdirSync(outdir, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return new Map(
    files.map(({ parentPath, name }) => path.join(parentPath, name)).map((file) => [path.relative(outdir, file), readFileSync(file)]),
  );
}

let here: Map<string, Buffer>;
let there: Map<string, Buffer>;
beforeAll(() => {
  here = synthesized({ TZ: 'Asia/Tokyo' });
  there = synthesized({ TZ: 'America/Lima' });
}, 60_000);

test('two clones in two folders and two time zones synthesize the same bytes, without credentials', () => {
  expect([...here.keys()].filter((file) => /template\.json|cdk\.tf\.json|\.zip$/.test(file)).length).toBeGreaterThanOrEqual(6);
  expect([...there.keys()].sort()).toEqual([...here.keys()].sort());
  expect([...here].filter(([file, bytes]) => !there.get(file)?.equals(bytes)).map(([file]) => file)).toEqual([]);
});

test('what is synthesized names no folder of the machine', () => {
  const folders = [root, tmpdir(), homedir()].filter((folder) => folder.length > 1);
  const named = [...here].filter(([file, bytes]) => !file.endsWith('.zip') && folders.some((folder) => bytes.includes(folder)));
  expect(named.map(([file]) => file)).toEqual([]);
});
