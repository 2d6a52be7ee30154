import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { scripts } from '../../package.json';
import { expectText } from '../support/snapshot';

const root = path.join(__dirname, '../..');

/** `npm start -- ...` as a person runs it, with nothing else in the environment. */
function start(args: readonly string[], env: Record<string, string> = {}) {
  return spawnSync(process.execPath, [...scripts.start.split(' ').slice(1), ...args], {
    cwd: root,
    env: { PATH: process.env.PATH, NO_COLOR: '1', ...env },
    encoding: 'utf8',
  });
}

test('--help', () => {
  const { status, stdout } = start(['--help']);
  expect(status).toBe(0);
  expectText('bin/start.help.txt', stdout);
});

test('shows for each pipeline its stages, the way of an event, who may do what and how to deploy it', () => {
  const { status, stdout, stderr } = start([]);
  expect(stderr).toMatch(/^Synthesizing AWS \.\.\. [\d.]+ s\nSynthesizing Azure and GCP \.\.\. [\d.]+ s\n$/);
  expect(status).toBe(0);
  expectText('bin/start.txt', stdout);
});

test('--json says the same to machines', () => {
  const { status, stdout } = start(['gcp', '--json']);
  expect(status).toBe(0);
  const [gcp, ...others] = JSON.parse(stdout);
  expect(others).toEqual([]);
  expect(gcp).toMatchObject({ stack: 'gcp-pipeline', template: 'cdktf.out/stacks/gcp-pipeline/cdk.tf.json' });
  expect(gcp.deploy.at(-1)).toContain('-var prefix=... -var project_id=...');
});

describe('one line for', () => {
  test.each([
    ['an option that it does not know', ['--fast'], {}, 2, /^Unknown option '--fast'\. See npm start -- --help\.\n$/],
    ['an option that takes no value', ['--json=yes'], {}, 2, /^Option '--json' does not take an argument\. See npm start -- --help\.\n$/],
    ['a cloud without a name', [''], {}, 2, /^"" is no cloud\. Name aws, azure, gcp, or none for all three\. See npm start -- --help\.\n$/],
    [
      'a cloud that it does not know',
      ['ibm'],
      {},
      2,
      /^"ibm" is no cloud. Name aws, azure, gcp, or none for all three. See npm start -- --help.\n$/,
    ],
    [
      'a blueprint that it does not know',
      ['aws'],
      { BLUEPRINT: 'lake' },
      1,
      /^the blueprint must be one of [\w, -]*pipeline[\w, -]*, got "lake"\. Leave it out for the minimal pipelines; npm start -- --list shows all\.$/m,
    ],
    [
      'a removal that it does not know',
      ['aws'],
      { REMOVAL: 'all' },
      1,
      /^REMOVAL must be retain or destroy, got "all". Leave it out to keep the data when a stack is deleted.$/m,
    ],
    [
      'one key to destroy',
      ['aws'],
      { REMOVAL: 'destroy' },
      1,
      /^aws-pipeline\/Store: removal 'destroy' needs the context destroyData to be "yes", got nothing\./m,
    ],
  ])('%s', (_, args, env, code, message) => {
    const { status, stdout, stderr } = start(args, env as Record<string, string>);
    expect(stderr).toMatch(message);
    expect(stderr).not.toMatch(/^\s+at /m);
    expect(stdout).toBe('');
    expect(status).toBe(code);
  });
});
