import { spawnSync } from 'node:child_process';
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { copyCommand } from '../../bin/copy/command';
import { linkPackages, PACKAGES } from '../../bin/installed';
import { temporaryFolder } from './folder';

const ROOT = path.join(__dirname, '../..');
const SOURCES = ['aws', 'azure', 'gcp', 'shared', 'package.json', '.gitattributes', 'CHANGELOG.md'];

/** The transform that tests change, whatever the user made of theirs. */
export const PLAIN_TRANSFORM = `import type { Event, Row } from './event';

export function transform(event: Event): Row | readonly Row[] | undefined {
  return event;
}
`;

/** What git prints in a folder, with nothing of the person's settings. */
export function git(folder: string, ...args: readonly string[]): string {
  const identity = [
    '-c',
    'user.name=Test',
    '-c',
    'user.email=test@example.com',
    '-c',
    'commit.gpgSign=false',
    '-c',
    'core.hooksPath=/dev/null',
  ];
  const env = { PATH: process.env.PATH, GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_SYSTEM: '/dev/null' };
  const { status, stdout, stderr } = spawnSync('git', [...identity, ...args], { cwd: folder, env, encoding: 'utf8' });
  if (status !== 0 && args[0] !== 'check-ignore') throw new Error(`git ${args.join(' ')}: ${stderr}`);
  return stdout;
}

/** This repository as it stands, committed, so that a copy can be made of it whatever the person has changed and not committed. */
export function committed(sources: readonly string[] = SOURCES): string {
  const folder = temporaryFolder();
  for (const entry of sources) cpSync(path.join(ROOT, entry), path.join(folder, entry), { recursive: true });
  git(folder, 'init', '--quiet');
  commit(folder);
  return folder;
}

export function commit(folder: string) {
  git(folder, 'add', '--all');
  git(folder, 'commit', '--quiet', '--message', 'A change');
}

/** An app as `cdk init` makes it, with the packages of this repository. */
export function emptyApp(): string {
  const folder = temporaryFolder();
  const template = path.join(PACKAGES, 'aws-cdk/lib/init-templates/app/typescript');
  cpSync(path.join(template, '.template.gitignore'), path.join(folder, '.gitignore'));
  cpSync(path.join(template, 'tsconfig.json'), path.join(folder, 'tsconfig.json'));
  writeFileSync(path.join(folder, 'cdk.json'), '{ "app": "npx tsc && npx tsx bin/my-app.ts" }');
  writeFileSync(path.join(folder, 'package.json'), '{ "name": "my-app", "version": "0.1.0" }');
  linkPackages(folder);
  return folder;
}

/** What the command prints, its exit code, and the line that it refuses with. */
export async function run(root: string, ...args: readonly string[]): Promise<{ code: number; text: string; refused?: string }> {
  const printed: string[] = [];
  try {
    const code = await copyCommand(args, { print: (text) => printed.push(text), cwd: '/', root });
    return { code, text: printed.join('\n') };
  } catch (error) {
    return { code: 1, text: printed.join('\n'), refused: (error as Error).message };
  }
}

/** What the command printed, without what differs from run to run and what changes with each package. */
export function shown(text: string, app: string): string {
  return text
    .replaceAll(app, '../my-app')
    .replace(/(?<=[a-z])@[\d.]+/g, '@…')
    .replace(/\d+ files/g, '… files')
    .replace(/\b[0-9a-f]{12}\b/g, '<commit>')
    .replace(/^index .*$/gm, 'index …')
    .replace(/^@@.*$/gm, '@@ … @@');
}

/** Change a file of a folder. */
export function edit(folder: string, file: string, change: (text: string) => string) {
  writeFileSync(path.join(folder, file), change(readFileSync(path.join(folder, file), 'utf8')));
}
