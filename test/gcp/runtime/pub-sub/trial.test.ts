import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { trialsOf } from '../../../../gcp/runtime/pub-sub/trial';
import { temporaryFolder } from '../../../support/folder';

/** What stands in for the bundle: it does what it is told, and notes when it starts and ends. */
const CODE = `
const { appendFileSync, existsSync, readFileSync } = require('node:fs');
const notes = __dirname + '/notes';
const note = (text) => existsSync(notes) && appendFileSync(notes, text + '\\n');
note('starts');
process.on('disconnect', () => { note('ends'); process.exit(); });
process.on('message', ({ bytes }) => {
  const told = String(bytes);
  note(told);
  if (told === 'dies once' && readFileSync(notes, 'utf8').split(told).length === 2) process.exit(1);
  if (told.startsWith('SIG')) process.kill(process.pid, told);
  else process.send('survived');
});
process.send('survived');
`;

const lines: string[] = [];
beforeEach(() => {
  lines.length = 0;
  jest.spyOn(console, 'log').mockImplementation((line) => lines.push(line));
});

/** Trials, and what their processes noted. */
function trials(code = CODE, lull = 10_000) {
  const file = path.join(temporaryFolder(), 'index.js');
  writeFileSync(file, code);
  const notes = path.join(path.dirname(file), 'notes');
  appendFileSync(notes, '');
  const trial = trialsOf(file, lull);
  return {
    attempt: (told: string, attempt: number) => trial({ bytes: Buffer.from(told), attempt, milliseconds: 1500 }),
    notes: () => readFileSync(notes, 'utf8').split('\n').slice(0, -1),
  };
}

test('an event is tried out once one has come again, one at a time, and until a while has passed without another one', async () => {
  const { attempt, notes } = trials(CODE, 100);
  expect(await attempt('first', 1)).toBeUndefined();
  expect(notes()).toEqual([]);
  await Promise.all([attempt('again', 2), attempt('beside', 1)]);
  expect(notes()).toEqual(['starts', 'again', 'beside']);
  while (notes().at(-1) !== 'ends') await sleep(20);
  expect(await attempt('later', 1)).toBeUndefined();
  expect(notes()).toEqual(['starts', 'again', 'beside', 'ends']);
});

test('a process that ends by chance blames no event, and one that ends for each says how', async () => {
  const { attempt, notes } = trials();
  expect(await attempt('dies once', 2)).toBeUndefined();
  expect(await attempt('SIGKILL', 1)).toBe('The transform ends its process, 2 times with this event alone: it ends with SIGKILL.');
  expect(await attempt('SIGABRT', 1)).toMatch(/alone: it needs more than \d+ MB of memory, or aborts\.$/);
  expect(await attempt('SIGXCPU', 1)).toBe('The transform did not end within 1.5 s.');
  const warning = jest.spyOn(process, 'emitWarning');
  for (let times = 0; times < 12; times++) expect(await attempt('good', 1)).toBeUndefined();
  expect(warning).not.toHaveBeenCalled();
  expect(notes().filter((note) => note !== 'starts')).toEqual([
    'dies once',
    'dies once',
    'SIGKILL',
    'SIGKILL',
    'SIGABRT',
    'SIGABRT',
    'SIGXCPU',
    ...Array<string>(12).fill('good'),
  ]);
});

test('a process that ends between two events is replaced', async () => {
  const { attempt, notes } = trials(CODE.replace("process.send('survived');\n});", "process.send('survived', () => process.exit());\n});"));
  expect(await attempt('one', 2)).toBeUndefined();
  await sleep(50);
  expect(await attempt('two', 2)).toBeUndefined();
  expect(notes().filter((note) => note !== 'starts' && note !== 'ends')).toContain('two');
});

test('an event is not blamed for code that does not load: it is not tried out, and the log says so', async () => {
  const { attempt } = trials('process.exit(7)');
  expect(await attempt('good', 2)).toBeUndefined();
  expect(lines.map((line) => JSON.parse(line))).toEqual([
    { severity: 'WARNING', message: 'The trial of an event could not start: Error: its process ends with exit code 7 while it loads' },
  ]);
});
