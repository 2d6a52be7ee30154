import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Unavailable } from './judge';

const ROOT = path.join(__dirname, '../..');

/** What pip may know of this machine: how to reach a package registry, and no credentials of a cloud. */
const FOR_PIP = /^(PATH|HOME|TMPDIR|LANG|PIP_\w+|(https?|no|all)_proxy|SSL_CERT_\w+|REQUESTS_CA_BUNDLE)$/i;

const MINUTES = 60_000;
const made = new Map<string, Promise<string>>();

/** What became of a process. */
export interface Ended {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * The folder of the commands that a requirements file installs. The environment lies in `.judges/`, and is made once, and
 * again when the file changes.
 * @param requirementsFile a file in `scripts/judges/` that pins every package, such as `requirements.lock.txt`
 * @throws Unavailable without Python, or without a registry to install from
 */
export function pythonTool(requirementsFile: string): Promise<string> {
  const environment = made.get(requirementsFile) ?? makeEnvironment(requirementsFile);
  made.set(requirementsFile, environment);
  return environment;
}

/**
 * Run a Python tool in a home of its own, with nothing of this machine's environment but where programs lie. It ends, and
 * so does the judge, when it tries to reach a network.
 */
export async function runSealed(command: string, args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Ended> {
  const home = mkdtempSync(path.join(tmpdir(), 'judge-'));
  const python = { PYTHONPATH: path.join(__dirname, 'offline'), PYTHONDONTWRITEBYTECODE: '1', PYTHONNOUSERSITE: '1' };
  const sealed = { PATH: process.env.PATH, HOME: home, TMPDIR: home, LANG: 'C.UTF-8', ...python, ...env };
  try {
    const ended = await run(command, args, sealed, 10 * MINUTES, home);
    const reached = ended.stderr.split('\n').find((line) => line.startsWith('refused to reach out'));
    if (reached) throw new Error(`${path.basename(command)}: ${reached}`);
    return ended;
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}

async function makeEnvironment(requirementsFile: string): Promise<string> {
  const file = path.resolve(__dirname, requirementsFile);
  const name = path.basename(file).split('.')[0]!;
  const folder = path.join(ROOT, '.judges', name);
  const python = await run('python3', ['--version'], forPip(), MINUTES).catch(() => undefined);
  if (python?.status !== 0) throw new Unavailable('python3 is not installed, or does not start. Install Python 3.10 or newer, with venv.');
  const from = createHash('sha256').update(readFileSync(file)).update(python.stdout).update(folder).digest('hex');

  const bin = path.join(folder, 'bin');
  const stamp = path.join(folder, 'made-from');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === from) return bin;

  process.stderr.write(`Installing what ${path.relative(ROOT, file)} lists into .judges/${name}, once. This takes a minute or two.\n`);
  await mustPass(run('python3', ['-m', 'venv', '--clear', folder], forPip(), 5 * MINUTES), 'python3 -m venv');
  const install = ['install', '--quiet', '--disable-pip-version-check', '-r', file];
  await mustPass(run(path.join(bin, 'pip'), install, forPip(), 15 * MINUTES), 'pip install');
  writeFileSync(stamp, from);
  return bin;
}

async function mustPass(running: Promise<Ended>, what: string) {
  const { status, stdout, stderr } = await running;
  if (status === 0) return;
  const lines = (stderr || stdout).trim().split('\n');
  const why = lines.findLast((line) => line.startsWith('ERROR')) ?? lines.at(-1);
  throw new Unavailable(`${what} failed: ${why}. Run it again with a package registry in reach.`);
}

function forPip(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => FOR_PIP.test(name)));
}

function run(command: string, args: readonly string[], env: NodeJS.ProcessEnv, timeout: number, cwd = ROOT): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd, env, signal: AbortSignal.timeout(timeout), stdio: ['ignore', 'pipe', 'pipe'] });
    const read = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr'] as const) {
      child[name].setEncoding('utf8').on('data', (text: string) => {
        read[name] += text;
      });
    }
    const late = new Error(`${path.basename(command)} was ended, since it took more than ${timeout / MINUTES} minutes`);
    child.on('error', (error) => reject(error.name === 'AbortError' ? late : error));
    child.on('close', (status) => resolve({ status, ...read }));
  });
}
