import { spawnSync } from 'node:child_process';

/** Run git and return its output. */
export function git(
  root: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): { readonly status: number; readonly stdout: string; readonly stderr: string } {
  const { status, stdout, stderr, error } = spawnSync('git', args, {
    cwd: root,
    env: { ...process.env, ...env },
    encoding: 'utf8',
    maxBuffer: 1 << 30,
  });
  if (error) throw new Error(`git cannot be run: ${error.message}. Install git: it reads other commits of this repository.`);
  return { status: status ?? 1, stdout, stderr };
}

/**
 * The commit of this repository.
 * @throws Error if it is not a clone of git
 */
export function headOf(root: string): string {
  const { status, stdout } = git(root, ['rev-parse', 'HEAD']);
  if (status !== 0) throw new Error('This repository is not a git clone, so a copy cannot record its commit. Run git clone.');
  return stdout.trim();
}

/** The files that differ from the commit, or that git does not track. */
export function uncommitted(files: readonly string[], root: string): string[] {
  const listed = (args: readonly string[]) => new Set(git(root, args).stdout.split('\0'));
  const known = listed(['ls-files', '-z']);
  const changed = listed(['diff', '--name-only', '--relative', '--no-renames', '-z', 'HEAD']);
  return files.filter((file) => !known.has(file) || changed.has(file));
}

/** The content of a file at a commit. `undefined` if it did not exist. */
export function fileAt(commit: string, file: string, root: string): string | undefined {
  const { status, stdout } = git(root, ['show', `${commit}:./${file}`]);
  return status === 0 ? stdout : undefined;
}

/** @throws Error if this clone does not have the commit */
export function requireCommit(commit: string, root: string) {
  if (git(root, ['cat-file', '-e', `${commit}^{commit}`]).status === 0) return;
  throw new Error(
    `This clone has no commit ${commit.slice(0, 12)}, which the copy was made from. Run git fetch --unshallow, or git fetch --all.`,
  );
}
