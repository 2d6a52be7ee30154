import { type ChildProcess, spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { temporaryFolder } from '../../../../support/folder';
import { NOBODY, sealedOnGcp } from '../../../../support/handler-processes';
import { DEAD_LETTER, SUBSCRIPTION } from './broker';

/** What the template tells a worker of its subscription and its dead letter. */
export const SETTINGS = {
  EVENTS_SUBSCRIPTION: SUBSCRIPTION,
  EVENTS_ENDPOINT: NOBODY,
  EVENTS_ATTEMPTS: '10',
  EVENTS_CONCURRENCY: '10',
  DEAD_LETTER_TOPIC: DEAD_LETTER,
  DEAD_LETTER_ENDPOINT: NOBODY,
};

const children: ChildProcess[] = [];
afterAll(() => {
  for (const child of children) child.kill('SIGKILL');
});

/** Start a worker as it ships, in a process of its own, with this environment and no other. No credentials of this machine are found. */
export function startWorker(code: string | Uint8Array, env: Readonly<Record<string, string>>, options: readonly string[] = []) {
  const folder = temporaryFolder();
  writeFileSync(path.join(folder, 'index.js'), code);
  const child = spawn(process.execPath, [...options, 'index.js'], { cwd: folder, env: { ...sealedOnGcp(folder), ...SETTINGS, ...env } });
  children.push(child);
  const output: Buffer[] = [];
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => output.push(chunk));
  const ended = new Promise<number | string | null>((resolve) => child.on('close', (code, signal) => resolve(signal ?? code)));
  return { child, ended, output: () => Buffer.concat(output).toString() };
}
