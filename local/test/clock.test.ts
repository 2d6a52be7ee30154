import { execFileSync } from 'node:child_process';
import path from 'node:path';

const DAY = 86_400_000;

/** What a process says of its clock, and one that it starts with this environment. */
const SCRIPT = `
const { spawn } = require('node:child_process');
const mine = [Date.now(), new Date().getTime(), Date.parse(Date()), new Date(5).getTime(), process.env.NODE_OPTIONS ?? 'none'];
if (process.argv[1] === 'child') console.log(JSON.stringify([...mine, { ...process.env }]));
else {
  const child = spawn(process.execPath, ['-e', process.env.SCRIPT, 'child'], { env: { SETTING: 'x' } });
  child.stdout.on('data', (theirs) => console.log(JSON.stringify({ mine, theirs: JSON.parse(theirs) })));
}`;

test('a clock that is moved is moved in children as well, and their environment is what they were given', () => {
  const env = { CLOCK_OFFSET_DAYS: '400', SCRIPT, NODE_OPTIONS: '--no-deprecation' };
  const options = { env, encoding: 'utf8' } as const;
  const said = execFileSync(process.execPath, ['--require', path.join(__dirname, '../../test/support/clock.cjs'), '-e', SCRIPT], options);
  const { mine, theirs } = JSON.parse(said);
  const real = performance.timeOrigin + performance.now();
  for (const [now, made, called, five] of [mine, theirs]) {
    for (const moved of [now, made, called]) expect(Math.abs(moved - real - 400 * DAY)).toBeLessThan(60_000);
    expect(five).toBe(5);
  }
  expect(mine[4]).toBe('--no-deprecation');
  expect(theirs.slice(4)).toEqual(['none', { SETTING: 'x' }]);
});
