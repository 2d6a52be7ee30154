/** Writes snapshots: `npm run snapshots`, or `npm run snapshots -- PATTERN`. It runs no file of tests without one. */
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

const root = path.join(__dirname, '..');
const patterns = process.argv.slice(2).map((pattern) => new RegExp(pattern));

const files = readdirSync(path.join(root, 'test'), { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.test.ts'))
  .map((file) => `test/${file.replaceAll(path.sep, '/')}`)
  .filter((file) => /\b(expectSnapshot|expectText|holdBlueprints)\(/.test(readFileSync(path.join(root, file), 'utf8')))
  .filter((file) => patterns.length === 0 || patterns.some((pattern) => pattern.test(file)));

if (files.length === 0) {
  console.error(`No file of tests that has snapshots matches ${process.argv.slice(2).join(' or ')}.`);
  process.exitCode = 1;
} else {
  const jest = ['test/support/jest.cjs', '--ci=false', '--updateSnapshot', '--runTestsByPath', ...files];
  process.exitCode = spawnSync(process.execPath, jest, { cwd: root, stdio: 'inherit' }).status ?? 1;
}
