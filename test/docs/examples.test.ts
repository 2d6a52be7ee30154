import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { transform } from '../../docs/examples/transform';
import event from '../../event.json';
import { PAGES, withExamples } from '../../scripts/examples';
import { judge } from '../../shared/runtime/verdict';
import { sendCommand } from '../../shared/synth/send-command';
import { temporaryFolder } from '../support/folder';

const root = path.join(__dirname, '../..');
const stacks = readdirSync(path.join(root, 'docs/examples')).filter((file) => file.endsWith('-stack.ts'));

test.each(stacks)('%s synthesizes', (file) => {
  const outdir = temporaryFolder();
  const { status, stderr } = spawnSync(process.execPath, ['--import', 'tsx', `docs/examples/${file}`], {
    cwd: root,
    env: { PATH: process.env.PATH, CDK_VALIDATION: 'false', CDK_OUTDIR: outdir, CDKTF_OUTDIR: outdir },
    encoding: 'utf8',
  });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  expect(readdirSync(outdir, { recursive: true }).filter((name) => /template\.json$|cdk\.tf\.json$/.test(String(name)))).toHaveLength(1);
});

test('the example of a transform gives a row for each reading, and a reason where there is none', () => {
  const event = (data: unknown) =>
    Buffer.from(JSON.stringify({ specversion: '1.0', id: '1', source: '/press', type: 'heated', time: '2026-01-31T08:30:00Z', data }));
  const row = (kelvin: number) => ({ press: '/press', time: '2026-01-31T08:30:00Z', kelvin });
  expect(judge(event({ readings: [{ celsius: 0 }, { celsius: 100 }] }), transform, (each) => each)).toEqual({
    rows: [row(273.15), row(373.15)],
  });
  expect(judge(event({}), transform, (each) => each)).toEqual({ reason: 'PermanentError: a press without readings' });
});

test('event.json is the event that the outputs send, and the contract takes it', () => {
  expect(sendCommand({ url: 'https://example.com', headers: {}, body: (text) => text }, 'token')).toContain(JSON.stringify(event));
  expect(
    judge(
      Buffer.from(JSON.stringify(event)),
      (taken) => taken,
      (row) => row,
    ),
  ).toHaveProperty('rows');
});

test('every block of TypeScript or JSON in a page is cut from an example', () => {
  for (const page of ['CONTRIBUTING.md', ...PAGES]) {
    const text = readFileSync(path.join(root, page), 'utf8');
    expect(withExamples(text)).toBe(text);
    expect(text.replace(/<!-- example: [\s\S]*?<!-- \/example -->/g, '')).not.toMatch(/```(ts|typescript|json)\b/);
  }
});
