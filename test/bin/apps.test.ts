import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { synthesizeAws } from '../../bin/aws';
import { orOneLine } from '../../bin/one-line';
import { synthesizeTerraform } from '../../bin/terraform';
import cdk from '../../cdk.json';
import cdktf from '../../cdktf.json';
import { temporaryFolder } from '../support/folder';

const root = path.join(__dirname, '../..');

const AWS = cdk.app;
const TERRAFORM = cdktf.app;

/** An app as the command lines run it: a process with nothing in its environment, not even a PATH. */
function run(app: string, env: Record<string, string> = {}) {
  const outdir = temporaryFolder();
  const { status, stderr } = spawnSync(process.execPath, app.split(' ').slice(1), {
    cwd: root,
    env: { CDK_VALIDATION: 'false', CDK_OUTDIR: outdir, CDKTF_OUTDIR: outdir, ...env },
    encoding: 'utf8',
  });
  return { status, stderr };
}

test('both apps run where neither the AWS CLI nor Terraform is installed', () => {
  for (const app of [AWS, TERRAFORM]) expect(run(app)).toMatchObject({ status: 0, stderr: '' });
});

/** What both apps make of an environment, in this process: the template for AWS, and the stacks for Azure and GCP as text. */
function synthesized(env: NodeJS.ProcessEnv) {
  const outdir = temporaryFolder();
  const [aws] = synthesizeAws(env, path.join(outdir, 'aws')).stacks;
  const stacks = synthesizeTerraform(env, path.join(outdir, 'terraform'));
  const read = (stack: string) => readFileSync(path.join(outdir, 'terraform/stacks', stack, 'cdk.tf.json'), 'utf8').replace(/\s/g, '');
  return {
    retained: Object.values<any>(aws!.template.Resources).filter((one) => one.DeletionPolicy?.startsWith('Retain')),
    stacks: stacks.map(read),
  };
}

test('both keys together let the data go with the stack, on all three clouds', () => {
  const { retained, stacks } = synthesized({ REMOVAL: 'destroy', DESTROY_DATA: 'yes' });
  expect(retained).toEqual([]);
  expect(stacks).toHaveLength(2);
  for (const stack of stacks) expect(stack).not.toMatch(/prevent_destroy|"deletion_protection":true/);
});

test('without them the data stays, on all three clouds', () => {
  const { retained, stacks } = synthesized({});
  expect(retained).toHaveLength(6);
  expect(stacks).toHaveLength(2);
  for (const stack of stacks) expect(stack.match(/"prevent_destroy":true/g)!.length).toBeGreaterThanOrEqual(4);
});

test.each([AWS, TERRAFORM])('what %s refuses is one line, and the process fails', (app) => {
  const { status, stderr } = run(app, { BLUEPRINT: 'nowhere' });
  expect(status).toBe(1);
  expect(stderr).toMatch(/^the blueprint must be one of .*, got "nowhere"\. .*\n$/);
});

test.each([
  ['CDK', synthesizeAws],
  ['CDKTF', synthesizeTerraform],
])('one key alone stops the %s', (_, synthesize) => {
  expect(() => synthesize({ REMOVAL: 'destroy' }, temporaryFolder())).toThrow(
    /^\w+-pipeline\/\w+: removal 'destroy' needs the context destroyData to be "yes", got nothing\. .*$/,
  );
});

test.each([
  ['CDK', synthesizeAws],
  ['CDKTF', synthesizeTerraform],
])('the context says to the %s which blueprint, before the environment does', (command, synthesize) => {
  const variable = `${command}_CONTEXT_JSON`;
  process.env[variable] = '{"blueprint":"nowhere"}';
  try {
    expect(() => synthesize({ BLUEPRINT: 'pipeline' }, temporaryFolder())).toThrow(
      /^the blueprint must be one of .*\bpipeline\b.*, got "nowhere"\. .*$/,
    );
  } finally {
    delete process.env[variable];
  }
});

test('neither command line reports what it does', () => {
  expect(cdk).toMatchObject({ versionReporting: false, context: { 'cli-telemetry': false } });
  expect(cdktf.sendCrashReports).toBe('false');
});

test.each([
  ['CDK', synthesizeAws],
  ['CDKTF', synthesizeTerraform],
])('a file in the way of the output of the %s is told in one line', (_, synthesize) => {
  const error = jest.spyOn(console, 'error').mockImplementation(() => {});
  orOneLine(() => synthesize({}, __filename));
  const [lines] = [error.mock.calls.map(([line]) => line), error.mockRestore()];
  expect(lines).toEqual([
    expect.stringMatching(
      /^.*apps\.test\.ts.* (must be a directory|cannot be written: ENOTDIR: not a directory\. Make it writable, or .*)$/,
    ),
  ]);
  expect(process.exitCode).toBe(1);
  process.exitCode = undefined;
});
