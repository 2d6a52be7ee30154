import { spawnSync } from 'node:child_process';
import path from 'node:path';

const root = path.join(__dirname, '..');
const SAY = 'console.log(JSON.stringify([Date.now(), +new Date(), Date.parse(Date()), +new Date(0), new Date() instanceof Date]))';

/** What a Node says of the time whose clock was moved, and its child, which gets no environment of its own. */
function said(days: string): number[][] {
  const run = `require('child_process').spawnSync(process.execPath, ['-e', ${JSON.stringify(SAY)}], { env: {}, stdio: 'inherit' })`;
  const { stdout } = spawnSync(process.execPath, ['--require', './test/support/clock.cjs', '-e', `${SAY}; ${run}`], {
    cwd: root,
    env: { CLOCK_OFFSET_DAYS: days },
    encoding: 'utf8',
  });
  return stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
}

test.each([['400'], ['0'], ['-30']])(
  'the clock of a process and of its children is moved by %s days, and a time that is given is not',
  (days) => {
    // The clock of performance keeps the real time, also where this suite runs in another year.
    const here = performance.timeOrigin + performance.now();
    const lines = said(days);
    expect(lines).toHaveLength(2);
    for (const [now, made, words, epoch, isDate] of lines) {
      for (const time of [now!, made!, words!]) expect(Math.abs(time - here - Number(days) * 86_400_000)).toBeLessThan(60_000);
      expect([epoch, isDate]).toEqual([0, true]);
    }
  },
);

test('a test may stop the clock, also in another year, and it goes on afterwards', () => {
  const before = Date.now();
  const stopped = jest.spyOn(Date, 'now').mockReturnValue(5);
  expect(Date.now()).toBe(5);
  stopped.mockRestore();
  expect(Date.now()).toBeGreaterThanOrEqual(before);
});
