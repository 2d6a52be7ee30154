import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { git } from './copy/git';
import { linkPackages } from './installed';

const ROOT = path.join(__dirname, '..');

/** This repository as it is at another commit, in a folder of its own. */
export interface Checkout {
  readonly folder: string;
  readonly commit: string;
  /** What whoever compares with it must know, in one sentence each. */
  readonly notes: readonly string[];
}

/**
 * Do something with this repository as it is at a commit, a branch or a tag. Its files, with the packages that its lockfile asks for,
 * lie in a folder that is gone afterwards, also after Ctrl-C.
 * @throws Error where this clone has no such commit
 */
export function withRef<Result>(ref: string, work: (checkout: Checkout) => Result, root = ROOT): Result {
  const commit = commitOf(ref, root);
  const folder = realpathSync(mkdtempSync(path.join(tmpdir(), 'against-')));
  // Whoever has a handler outlives the signal, which ends the child too, and cleans up.
  const interrupted = () => undefined;
  for (const signal of SIGNALS) process.on(signal, interrupted);
  try {
    checkOut(commit, path.join(folder, 'files'), root);
    const notes = [...behind(ref, commit, root), ...install(ref, path.join(folder, 'files'), root)];
    return work({ folder: path.join(folder, 'files'), commit, notes });
  } finally {
    rmSync(folder, { recursive: true, force: true });
    for (const signal of SIGNALS) process.off(signal, interrupted);
  }
}

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Run a program in a folder. Nothing where it was interrupted. */
export function run(command: string, args: readonly string[], cwd: string, env: NodeJS.ProcessEnv) {
  const { status, signal, stdout, stderr, error } = spawnSync(command, args, {
    cwd,
    env,
    encoding: 'utf8',
    maxBuffer: 1 << 30,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  if (signal !== null) throw new Error(`Interrupted by ${signal}.`);
  return { status: error ? 1 : status, stdout, stderr: error?.message ?? stderr };
}

function commitOf(ref: string, root: string): string {
  const { status, stdout } = git(root, ['rev-parse', '--verify', '--quiet', '--end-of-options', `${ref}^{commit}`]);
  if (status === 0) return stdout.trim();
  const remedy = 'In a clone without history, such as that of CI, git fetch gets it.';
  throw new Error(`--against must be a commit, a branch or a tag that this clone has, got ${JSON.stringify(ref)}. ${remedy}`);
}

/** Written from git's own store, with an index of its own: neither the working tree nor the list of worktrees is touched. */
function checkOut(commit: string, folder: string, root: string) {
  const env = { GIT_INDEX_FILE: `${folder}.index` };
  for (const args of [
    ['read-tree', `${commit}:./`],
    ['checkout-index', '--all', '--quiet', `--prefix=${folder}/`],
  ]) {
    const { status, stderr } = git(root, args, env);
    if (status !== 0) throw new Error(`git ${args[0]} failed: ${stderr.trim()}`);
  }
}

/** Commits that are there and not here show as changes that are taken back. */
function behind(ref: string, commit: string, root: string): string[] {
  const count = Number(git(root, ['rev-list', '--count', `HEAD..${commit}`]).stdout.trim());
  if (!(count > 0)) return [];
  const [has, they] = count === 1 ? ['a commit', 'What it did shows'] : [`${count} commits`, 'What they did shows'];
  return [`${ref} has ${has} that the working tree lacks. ${they} as taken back: merge ${ref} first.`];
}

/** The packages that are installed here serve where both lockfiles ask for the same; else those of the commit are installed. */
function install(ref: string, folder: string, root: string): string[] {
  if (packagesIn(folder) === packagesIn(root)) {
    linkPackages(folder);
    return [];
  }
  process.stderr.write(`package-lock.json differs from that of ${ref}: installing its packages, which takes a minute ...`);
  const npm = run('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline'], folder, process.env);
  process.stderr.write(npm.status === 0 ? ' done\n' : ' failed\n');
  if (npm.status === 0) return [];
  rmSync(path.join(folder, 'node_modules'), { recursive: true, force: true });
  linkPackages(folder);
  const why = npm.stderr.match(/^npm error (?!code)(.+)$/m)?.[1] ?? 'npm ci failed';
  return [
    `package-lock.json differs, and the packages of ${ref} could not be installed (${why}): what the change of packages does is not shown.`,
  ];
}

/** Which packages a lockfile asks for, without what npm writes about the project itself. */
function packagesIn(folder: string): string | undefined {
  const file = path.join(folder, 'package-lock.json');
  if (!existsSync(file)) return undefined;
  const { packages = {} } = JSON.parse(readFileSync(file, 'utf8')) as { packages?: Record<string, Record<string, unknown>> };
  const named = Object.entries(packages).filter(([name]) => name !== '');
  return JSON.stringify(named.map(([name, { version, integrity }]) => [name, version, integrity]));
}
