import { spawnSync } from 'node:child_process';
import { cpSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import cdk from '../../cdk.json';
import cdktf from '../../cdktf.json';
import { scripts } from '../../package.json';
import { temporaryFolder } from '../support/folder';

const root = path.join(__dirname, '../..');
const COMMANDS = { 'npm start': scripts.start, 'npm test': scripts.test, 'cdk synth': cdk.app, 'cdktf synth': cdktf.app };

/** A command as npm, the CDK and CDKTF run it, with something that Node loads before. */
function run(command: string, cwd: string, before: readonly string[] = []) {
  const args = [...before, ...command.split(' ').slice(1)];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd, env: {}, encoding: 'utf8' });
  return { status, stdout, stderr };
}

describe.each(Object.entries(COMMANDS))('%s', (_, command) => {
  test.each(['8.17.0', '18.20.8', '20.18.3'])('says in one line that Node.js %s is too old', (version) => {
    const disguise = path.join(temporaryFolder(), 'disguise.js');
    writeFileSync(disguise, `Object.defineProperty(process, 'versions', { value: { node: '${version}' } });`);
    expect(run(command, root, ['-r', disguise])).toEqual({
      status: 1,
      stdout: '',
      stderr: `Node.js must be 20.19 or newer, got ${version}. Get one from https://nodejs.org.\n`,
    });
  });

  test('says in one line that the packages are not installed', () => {
    const clone = temporaryFolder();
    for (const entry of ['bin', 'package.json', 'test/support/jest.cjs'])
      cpSync(path.join(root, entry), path.join(clone, entry), { recursive: true });
    expect(run(command, clone)).toEqual({ status: 1, stdout: '', stderr: 'The packages are not installed. Run npm ci first.\n' });
  });
});

test('jest asks too, when it is called by itself', () => {
  const disguise = path.join(temporaryFolder(), 'disguise.js');
  writeFileSync(disguise, "Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '18.20.8' } });");
  expect(run(`node ${path.relative(root, require.resolve('jest/bin/jest'))}`, root, ['-r', disguise])).toMatchObject({
    status: 1,
    stderr: expect.stringMatching(/^Node\.js must be .*\n$/),
  });
});
