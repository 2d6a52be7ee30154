import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import path from 'node:path';
import { synthesizeAws } from '../bin/aws';
import { synthesizeTerraform } from '../bin/terraform';
import { findBlueprints } from '../shared/synth/blueprints';
import { clone } from './support/clone';
import { temporaryFolder } from './support/folder';

const root = path.join(__dirname, '..');
const CLOCK = path.join(__dirname, 'support/clock.cjs');

/** Every blueprint, in the process of a clone. */
const SYNTHESIZE = `
  const { findBlueprints } = require('./shared/synth/blueprints');
  require('./bin/aws').synthesizeAws(process.env, 'out/aws', findBlueprints(['aws']));
  const terraform = ['azure', 'gcp'];
  require('./bin/terraform').synthesizeTerraform(process.env, 'out/terraform', terraform, findBlueprints(terraform));`;

let here: Map<string, Buffer>;
let there: Map<string, Buffer>;
beforeAll(async () => {
  const elsewhere = synthesizedByAClone({ TZ: 'Pacific/Chatham', CLOCK_OFFSET_DAYS: '400' });
  const outdir = temporaryFolder();
  // With everything that a person gets, assets too.
  delete process.env.CDK_CONTEXT_JSON;
  synthesizeAws({}, path.join(outdir, 'aws'), findBlueprints(['aws']));
  synthesizeTerraform({}, path.join(outdir, 'terraform'), ['azure', 'gcp'], findBlueprints(['azure', 'gcp']));
  [here, there] = [filesIn(outdir), await elsewhere];
}, 120_000);

async function synthesizedByAClone(env: NodeJS.ProcessEnv): Promise<Map<string, Buffer>> {
  const folder = clone();
  const child = spawn(process.execPath, ['-r', CLOCK, '-r', 'tsx/cjs', '-e', SYNTHESIZE], {
    cwd: folder,
    env: { PATH: process.env.PATH, CDK_VALIDATION: 'false', ...env },
    stdio: ['ignore', 'inherit', 'pipe'],
  });
  const stderr = child.stderr.setEncoding('utf8').toArray();
  const status = await new Promise((resolve, reject) => child.on('error', reject).on('close', resolve));
  if (status !== 0) throw new Error((await stderr).join(''));
  return filesIn(path.join(folder, 'out'));
}

/** Every file below a folder, by its path, with its bytes. */
function filesIn(folder: string): Map<string, Buffer> {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return new Map(
    files.map(({ parentPath, name }) => path.join(parentPath, name)).map((file) => [path.relative(folder, file), readFileSync(file)]),
  );
}

test('every blueprint is synthesized, and its handlers are packaged', () => {
  const templates = findBlueprints().map(({ cloud, name }) =>
    cloud === 'aws' ? `aws/aws-${name}.template.json` : `terraform/stacks/${cloud}-${name}/cdk.tf.json`,
  );
  expect([...here.keys()]).toEqual(expect.arrayContaining(templates));
  expect([...here.keys()].filter((file) => file.endsWith('.zip')).length).toBeGreaterThanOrEqual(3);
});

test('two clones in two folders, two time zones and two years synthesize the same bytes, without credentials', () => {
  expect([...there.keys()].sort()).toEqual([...here.keys()].sort());
  expect([...here].filter(([file, bytes]) => !there.get(file)?.equals(bytes)).map(([file]) => file)).toEqual([]);
});

test('what is synthesized names no folder of the machine', () => {
  const folders = [root, tmpdir(), homedir()].filter((folder) => folder.length > 1);
  const named = [...here].filter(([file, bytes]) => !file.endsWith('.zip') && folders.some((folder) => bytes.includes(folder)));
  expect(named.map(([file]) => file)).toEqual([]);
});
