import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { temporaryFolder } from '../support/folder';

const root = path.join(__dirname, '../..');

/** A process of its own with the validator on, as `cdk synth` has it. */
function node(...args: string[]) {
  const env = { PATH: process.env.PATH, CDK_OUTDIR: temporaryFolder() };
  return spawnSync(process.execPath, args, { cwd: root, env, encoding: 'utf8' });
}

test("every AWS blueprint passes CloudFormation's own rules, with no finding and no warning", () => {
  const { status, stdout, stderr } = node('--import', 'tsx', 'bin/aws.ts');
  expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: '', stderr: '' });
}, 30_000);

test('the same rules stop a template that a deploy would refuse', () => {
  const { status, stderr } = node(
    '-e',
    `const { App, Stack } = require('aws-cdk-lib');
     const { CfnBucket } = require('aws-cdk-lib/aws-s3');
     const app = new App({ autoSynth: false, context: require('./cdk.json').context });
     new CfnBucket(new Stack(app, 'broken'), 'Bucket', { bucketName: 'UPPER_case' });
     app.synth();`,
  );
  expect(stderr).toContain('CloudFormation-Validate::F3031');
  expect(status).toBe(1);
}, 30_000);
