import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { listBlueprints, whyNotRun } from '../../bin/list';
import { temporaryFolder } from './folder';

const root = path.join(__dirname, '../..');
const SECRET = 'nobody-may-see-this';

/** `npm run local -- ...` as a person runs it, with their own credentials in the environment. */
function local(args: readonly string[], env: Record<string, string> = {}) {
  const state = temporaryFolder();
  const child = spawn(process.execPath, ['--import', 'tsx', 'local/main.ts', ...args], {
    cwd: root,
    env: {
      PATH: process.env.PATH,
      LOCAL_STATE: state,
      COLUMNS: '400',
      AWS_SECRET_ACCESS_KEY: SECRET,
      AWS_PROFILE: SECRET,
      ARM_CLIENT_SECRET: SECRET,
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const seen = { out: '', err: '' };
  child.stdout!.on('data', (chunk) => {
    seen.out += chunk;
  });
  child.stderr!.on('data', (chunk) => {
    seen.err += chunk;
  });
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  const says = async (text: string | RegExp) => {
    while (!(typeof text === 'string' ? seen.out.includes(text) : text.test(seen.out))) {
      if (child.exitCode !== null) throw new Error(`It ended before it said ${text}: ${seen.out}${seen.err}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  };
  return { child, seen, ended, says, state };
}

/** Every process that this one started, and those that they started. */
function descendants({ pid }: ChildProcess): number[] {
  const table = execFileSync('ps', ['-A', '-o', 'pid=,ppid='], { encoding: 'utf8' })
    .trim()
    .split('\n')
    .map((line) => line.trim().split(/\s+/).map(Number));
  const below = (parent: number): number[] => table.filter(([, of]) => of === parent).flatMap(([child]) => [child!, ...below(child!)]);
  return below(pid!);
}

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

async function untilGone(pids: readonly number[]) {
  while (pids.some(alive)) await new Promise((resolve) => setTimeout(resolve, 20));
}

test('--help says what can be asked', async () => {
  const { ended, seen } = local(['--help']);
  expect(await ended).toBe(0);
  for (const word of [
    'NAME',
    '--once',
    '--count',
    '--events',
    '--fault',
    'store-down',
    'restart',
    '--samples',
    '--coverage',
    '--keep',
    '--json',
    'Exit codes',
  ])
    expect(seen.out).toContain(word);
});

test('--help fits into 60 columns', async () => {
  const { ended, seen } = local(['--help'], { COLUMNS: '60' });
  expect(await ended).toBe(0);
  expect(seen.out.split('\n').filter((line) => line.length > 60)).toEqual([]);
});

test('--coverage shows each property, and runs nothing, whichever environment is set', async () => {
  const { ended, seen } = local(['gcp', '--coverage'], { ENVIRONMENT: 'nowhere' });
  expect(await ended).toBe(0);
  expect(seen.out).toMatch(/^gcp pipeline: {2}Buffer Pub\/Sub > Processing Cloud Functions > Store BigQuery\n/);
  expect(seen.out).toContain('  google_pubsub_topic\n    emulated:  name, project\n');
  expect(seen.out).not.toContain('Ready.');
});

test('a run of which nothing is stored ends with a hint and exit code 1; --samples prints what would be', async () => {
  const samples = local(['--samples']);
  expect(await samples.ended).toBe(0);
  const [one] = samples.seen.out.split('\n');
  const events = path.join(temporaryFolder(), 'bad.ndjson');
  writeFileSync(events, one!.replace('"id"', '"di"'));
  const { ended, seen } = local(['aws', '--once', '--count', '2', '--events', events]);
  expect(await ended).toBe(1);
  expect(seen.out).toMatch(/Nothing was stored\. The reason for 2 events: 400 Invalid request body .*\n {2}The events break the contract/);
});

test.each([
  [
    'a name that it does not know',
    ['gcp', 'lake'],
    /^"lake" is neither a cloud \(aws, azure, gcp\) nor a blueprint \((.*, )?pipeline,.*\)\. See npm run local -- --help\.\n$/,
  ],
  ['a name that is none', [''], /^"" is neither a cloud \(.*\) nor a blueprint \(.*\)\. See npm run local -- --help\.\n$/],
  [
    'two blueprints',
    ['pipeline', 'pipeline'],
    'Only one blueprint can be run at a time, got "pipeline" and "pipeline". See npm run local -- --help.\n',
  ],
  ['an option that it does not know', ['--fast'], "Unknown option '--fast'. See npm run local -- --help.\n"],
  [
    'a count that is none',
    ['--count', '1.5'],
    '--count must be a whole number from 1 to 10000000, got "1.5". See npm run local -- --help.\n',
  ],
  [
    'a fault that it does not know',
    ['--fault', 'fire'],
    /^--fault must be one of store-down, .*, got "fire"\. See npm run local -- --help\.\n$/,
  ],
  [
    'two faults',
    ['--fault', 'restart', '--fault', 'poison'],
    '--fault takes one fault at a time, got restart and poison. See npm run local -- --help.\n',
  ],
  ['a seed that is none', ['--seed', 'x'], '--seed must be a whole number from 1 to 2147483648, got "x". See npm run local -- --help.\n'],
  [
    'a file that is not there',
    ['--events', 'nowhere'],
    /^--events must be a file with one event in each line, got ".*\/nowhere": ENOENT\. See/,
  ],
])('%s is one line, and exit code 2', async (_, args, line) => {
  const { ended, seen } = local(args);
  expect(await ended).toBe(2);
  expect(seen.err).toMatch(line);
  expect(seen.err.trim().split('\n')).toHaveLength(1);
  expect(seen.out).toBe('');
});

test('a blueprint that is not there is one line, and exit code 2', async () => {
  const { ended, seen } = local(['gcp'], { BLUEPRINT: 'lake' });
  expect(await ended).toBe(2);
  expect(seen.err).toMatch(/^the blueprint must be one of .*\bpipeline\b.*, got "lake"\.[^\n]*\n$/);
});

test('a blueprint that no events go through is not run, in one line, and exit code 2', async () => {
  const { ended, seen } = local(['gcp', 'github']);
  expect(await ended).toBe(2);
  expect(seen.out.trim()).toBe('gcp github: not run here: no events go through it.');
});

test('a blueprint that cannot run here is not run, in the words of npm start, though what would run of it has a part', async () => {
  const { ended, seen } = local(['gcp', 'dataproc']);
  expect(await ended).toBe(2);
  const { local: listed } = listBlueprints(['gcp']).find(({ name }) => name === 'dataproc')!;
  const [, ...told] = seen.out.trim().split('\n');
  expect(told.join(' ')).toBe(`gcp dataproc: not run here: ${whyNotRun(listed)}.`);
});

test('whoever reads no more ends it without a fault', async () => {
  const { child, ended, seen } = local(['aws', '--once', '--count', '30']);
  child.stdout!.once('data', () => child.stdout!.destroy());
  expect(await ended).toBe(0);
  expect(seen.err).toBe('');
});

test('a run sends what a file holds, balances the books, and leaves its files and no process', async () => {
  const events = path.join(temporaryFolder(), 'my events.ndjson');
  const event = (id: string) => JSON.stringify({ specversion: '1.0', id, source: '/mine', type: 'test', time: '2026-11-02T08:00:00Z' });
  writeFileSync(events, [event('a'), event('b'), 'hello?', event('a')].join('\n'));
  const { child, ended, seen, says } = local(['aws', '--once', '--events', events]);
  await says('Ready.');
  const below = descendants(child);
  expect(below.length).toBeGreaterThan(1);
  const listed = execFileSync('ps', ['eww', '-o', 'command=', '-p', below.join(',')], { encoding: 'utf8' });
  // The compiler of tsx belongs to the command line, as its own environment does.
  const environments = listed.replace(/^.*\besbuild --service.*$/gm, '');
  expect(environments).toContain('AWS_SECRET_ACCESS_KEY=nothing');
  expect(environments).not.toContain(SECRET);
  expect(await ended).toBe(0);
  expect(seen.err).toBe('');
  expect(seen.out).toMatch(/sent +4\n +refused +1\n.*\n +accepted +3\n +in the store +3\n/);
  expect(seen.out).toContain('Every accepted event is in the store or in the dead letter, and none is in both.');
  await untilGone(below);
});

test('Ctrl-C ends the stream of events, and the books are balanced all the same', async () => {
  const { child, ended, seen, says } = local(['aws']);
  await says(/> stored in /);
  const below = descendants(child);
  child.kill('SIGINT');
  expect(await ended).toBe(0);
  expect(seen.err).toBe('');
  expect(seen.out).toContain('Every accepted event is in the store or in the dead letter, and none is in both.');
  await untilGone(below);
});

test('when it is killed, whatever it started ends by itself', async () => {
  const { child, ended, says } = local(['aws']);
  await says(/> stored in /);
  const below = descendants(child);
  child.kill('SIGKILL');
  await ended;
  await untilGone(below);
});

test('two runs never share a folder', async () => {
  const first = local(['aws']);
  await first.says('Ready.');
  const second = local(['aws', '--once', '--count', '1'], { LOCAL_STATE: first.state });
  expect(await second.ended).toBe(1);
  expect(second.seen.err).toBe(
    `Process ${first.child.pid} runs aws in ${path.join(first.state, 'aws')}. End it first, or set LOCAL_STATE to another folder.\n`,
  );
  first.child.kill('SIGINT');
  expect(await first.ended).toBe(0);
});

test('for machines everything is a line of JSON', async () => {
  const { ended, seen } = local(['aws', 'pipeline', '--once', '--count', '30', '--json']);
  expect(await ended).toBe(0);
  const messages = seen.out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  // Whether the buffer brings a batch again is left to chance.
  const kinds = messages.map(({ kind }) => kind).filter((kind) => kind !== 'incident');
  expect(new Set(kinds)).toEqual(new Set(['stages', 'coverage', 'up', 'way', 'log', 'counts', 'end']));
  expect(messages.find(({ kind }) => kind === 'end')).toMatchObject({
    cloud: 'aws',
    blueprint: 'pipeline',
    balance: { sent: 30, faults: [] },
  });
});

test('the versions that both packages name are the same', () => {
  const dependencies = (file: string) => {
    const { dependencies: all, devDependencies } = JSON.parse(readFileSync(path.join(root, file), 'utf8'));
    return { ...devDependencies, ...all } as Record<string, string>;
  };
  const here = dependencies('package.json');
  const both = Object.entries(dependencies('local/package.json')).filter(([name]) => here[name]);
  expect(both.length).toBeGreaterThan(5);
  expect(both.filter(([name, version]) => here[name] !== version)).toEqual([]);
});
