import { execFileSync } from 'node:child_process';
import path from 'node:path';

const root = path.join(__dirname, '..');

test('every file has the same bytes in each clone, whatever git is told of line endings', () => {
  const lines = execFileSync('git', ['ls-files', '--eol'], { cwd: root, encoding: 'utf8' }).trim().split('\n');
  expect(lines.length).toBeGreaterThan(500);
  // In the index with line feeds or as bytes, and with an attribute that holds before any setting.
  expect(lines.filter((line) => !/^i\/(lf|none|-text) .*attr\/text=auto eol=lf/.test(line))).toEqual([]);
});
