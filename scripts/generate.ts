/** Writes every generated file of the repository. `npm run generate -- --check` writes nothing and fails when one is out of date. */
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { eventCheckSource } from './event-check';

const root = path.join(__dirname, '..');
const files: Record<string, () => string> = {
  'shared/runtime/event-check.js': eventCheckSource,
};

const stale = Object.entries(files).filter(([file, source]) => {
  const target = path.join(root, file);
  const wanted = source();
  if (existing(target) === wanted) return false;
  if (!process.argv.includes('--check')) writeFileSync(target, wanted);
  return true;
});

for (const [file] of stale)
  console.log(process.argv.includes('--check') ? `${file} is out of date: run npm run generate` : `wrote ${file}`);
if (process.argv.includes('--check') && stale.length > 0) process.exitCode = 1;

function existing(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
