import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { corpus, take } from '../../corpus';
import { FAULTS, type Fault } from '../../faults';
import { temporaryFolder } from '../folder';
import { runOnce, synthesized } from '../support';

/** Where `tsx` is found. */
const ROOT = path.join(__dirname, '../../..');

async function script(name: string, ...args: string[]) {
  const child = spawn(process.execPath, ['--import', 'tsx', name, ...args], { cwd: ROOT, env: process.env });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
  const [code] = await once(child, 'close');
  return { code, output };
}

test('every event is in the store or in the dead letter, with its reason, and a reader sees each once', async () => {
  const samples = [...take(corpus(), 160)];
  const { balance, data } = await runOnce({ cloud: 'gcp', samples });
  expect(samples.some(({ kind }) => kind === '256 KiB')).toBe(true);
  expect(balance).toMatchObject({ sent: 160, accepted: 160, faults: [] });
  expect(balance.stored + Object.values(balance.deadLettered).reduce((sum, count) => sum + count, 0)).toBe(160);
  expect(balance.duplicatesRemoved).toBeGreaterThan(0);
  expect(balance.deadLettered).toMatchObject({ 'InvalidEvent: not UTF-8': 1 });
  expect(Object.keys(balance.deadLettered)).toContainEqual(
    expect.stringMatching(/^PermanentError: event_time is \d+ days before publish_time, and BigQuery accepts 1825$/),
  );

  // What a person finds afterwards.
  const store = await script(
    'local/gcp/bigquery/query.ts',
    path.join(data, 'store.duckdb'),
    'SELECT count(*) FROM local_events.unique_events',
  );
  expect(store).toEqual({ code: 0, output: expect.stringMatching(/^\{"count_star\(\)":"1\d\d"\}\n$/) });
  const letters = readdirSync(path.join(data, 'dead-letter')).filter((file) => file.endsWith('.json'));
  const [letter] = letters.map((file) => path.join(data, 'dead-letter', file));
  expect(JSON.parse(readFileSync(letter!, 'utf8')).attributes.deadLetterReason).toMatch(/\w+: /);
  expect(samples.some(({ body }) => body.equals(readFileSync(letter!.replace('.json', ''))))).toBe(true);
});

test('an event that Pub/Sub does not take is turned away at the door', async () => {
  const samples = [
    { kind: 'empty', body: Buffer.alloc(0) },
    { kind: 'too large', body: Buffer.alloc(10_000_001, ' ') },
  ];
  const { balance } = await runOnce({ cloud: 'gcp', samples });
  expect(balance).toMatchObject({ sent: 2, accepted: 0, faults: [] });
  expect(Object.keys(balance.rejected)).toEqual([expect.stringContaining('empty'), expect.stringContaining('10000001 bytes')]);
});

test.each(Object.keys(FAULTS) as Fault[])('with the fault %s nothing is lost', async (fault) => {
  // The first event that no store takes comes late.
  const count = fault === 'poison' ? 160 : 60;
  const { balance, messages } = await runOnce({ cloud: 'gcp', fault, count, pace: 1500 });
  expect(balance).toMatchObject({ accepted: count, faults: [] });
  expect(messages.some(({ kind }) => kind === 'incident')).toBe(true);
  // What comes again is tried out in another process of the handler.
  expect(messages.filter((message) => message.kind === 'log' && message.line.includes('not tried out'))).toEqual([]);
});

test('a platform that is stopped leaves nothing running: its process ends by itself', async () => {
  const { code, output } = await script(path.join(__dirname, 'start-and-stop.ts'), synthesized('gcp'), temporaryFolder());
  expect({ code, output }).toEqual({ code: 0, output: 'stored 3\n' });
});
