import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Worker } from '../worker';
import { temporaryFolder } from './folder';

const workers: Worker[] = [];
afterEach(() => Promise.all(workers.splice(0).map((worker) => worker.kill())));

function start(script: string, env: Record<string, string> = {}, memoryMiB = 64) {
  const folder = temporaryFolder();
  writeFileSync(path.join(folder, 'index.js'), script);
  const lines: string[] = [];
  const worker = new Worker({ folder, command: ['index.js'], env, memoryMiB, log: (line) => lines.push(line) });
  workers.push(worker);
  return { worker, lines };
}

const ECHO = `process.on('message', (message) => process.send({ message, env: process.env }));`;

test('has the environment that it was given, and nothing else', async () => {
  const { worker } = start(ECHO, { SETTING: 'x' });
  const { env } = await worker.ask<{ env: Record<string, string> }>('hello');
  // Node itself leaves the number of the channel there until it is taken.
  expect(env).toEqual({ SETTING: 'x' });
});

test('a package that lies around the folder of the bundle is not found, as in a cloud, and one within it is', async () => {
  const [around, script] = [
    temporaryFolder(),
    `process.on('message', (name) => process.send(tried(name)));
    const tried = (name) => { try { return require(name); } catch ({ code }) { return code; } };`,
  ];
  const folder = path.join(around, 'functions/press');
  for (const [place, name] of [
    [around, 'outside'],
    [folder, 'inside'],
  ] as const) {
    mkdirSync(path.join(place, 'node_modules', name), { recursive: true });
    writeFileSync(path.join(place, 'node_modules', name, 'index.js'), `module.exports = 'found ${name}';`);
  }
  writeFileSync(path.join(folder, 'index.js'), script);
  const worker = new Worker({ folder, command: ['index.js'], env: {}, memoryMiB: 64, log: () => {} });
  workers.push(worker);
  expect([await worker.ask('inside'), await worker.ask('outside')]).toEqual(['found inside', 'MODULE_NOT_FOUND']);
});

test('a process that dies while it is asked answers with a fault', async () => {
  const { worker } = start(`process.on('message', () => process.exit(3));`);
  await expect(worker.ask('hello')).rejects.toThrow('the process is gone');
  await expect(worker.ask('again')).rejects.toThrow('the process is gone');
  expect(worker.alive).toBe(false);
});

test('a process that was stalled can be killed', async () => {
  const { worker } = start(ECHO);
  await worker.ask('hello');
  worker.stall();
  const asked = worker.ask('again');
  await Promise.all([worker.kill(), expect(asked).rejects.toThrow('the process is gone')]);
});

test('a process that was stalled ends with whoever started it', async () => {
  const script = `
    const { Worker } = require(${JSON.stringify(path.join(__dirname, '../worker.ts'))});
    const worker = new Worker({ folder: '.', command: ['-e', 'setInterval(() => {}, 1000)'], env: {}, memoryMiB: 64, log: () => {} });
    worker.stall();
    console.log(worker.process.pid);`;
  const starter = spawn(process.execPath, ['--import', 'tsx', '-e', script], { cwd: path.join(__dirname, '../..') });
  const [pid] = await once(starter.stdout, 'data');
  starter.kill('SIGKILL');
  const isAlive = () => {
    try {
      return process.kill(Number(pid), 0);
    } catch {
      return false;
    }
  };
  while (isAlive()) await new Promise((resolve) => setTimeout(resolve, 20));
});

test('a handler that takes more memory than the template gives is gone', async () => {
  const { worker, lines } = start('const all = []; setInterval(() => { for (let i = 0; i < 1e5; i++) all.push({ i }); }, 1);', {}, 16);
  await worker.gone;
  expect(lines.join('\n')).toMatch(/heap out of memory/i);
});

test('what it writes is heard line by line', async () => {
  const { worker, lines } = start(`console.log('one'); console.error('two');`);
  await worker.gone;
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(lines.sort()).toEqual(['one', 'two']);
});

test('it ends when whoever started it is gone, even without a word', async () => {
  const { worker } = start(ECHO);
  await worker.ask('hello');
  worker.process.disconnect();
  await worker.gone;
});
