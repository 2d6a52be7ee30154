import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { temporaryFolder } from '../support/folder';

const root = path.join(__dirname, '../..');

/** A process of its own with the validator on, as `cdk synth` has it. */
function node(...args: string[]) {
  const quiet = { CDK_DISABLE_VERSION_CHECK: '1', CDK_DISABLE_CLI_TELEMETRY: 'true' };
  const env = { PATH: process.env.PATH, HOME: temporaryFolder(), CDK_OUTDIR: temporaryFolder(), ...quiet };
  return spawnSync(process.execPath, args, { cwd: root, env, encoding: 'utf8' });
}

test("every AWS blueprint passes CloudFormation's own rules, with no finding and no warning", () => {
  const { status, stdout, stderr } = node('--import', 'tsx', 'bin/aws.ts');
  expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: '', stderr: '' });
}, 30_000);

test('`cdk synth` ends with a fault at a property that a deploy would refuse', () => {
  const app = path.join(temporaryFolder(), 'app.cjs');
  const libraries = JSON.stringify(path.join(root, 'node_modules/aws-cdk-lib'));
  writeFileSync(
    app,
    `const { App, Stack, aws_s3 } = require(${libraries});
     new aws_s3.CfnBucket(new Stack(new App(), 'broken'), 'Bucket', { bucketName: 'UPPER_case' });`,
  );
  const cli = ['node_modules/aws-cdk/bin/cdk', 'synth', '--quiet', '--no-notices', '--output', temporaryFolder()];
  const { status, stderr } = node(...cli, '--app', `node ${JSON.stringify(app)}`);
  expect(stderr).toContain('CloudFormation-Validate::F3031');
  expect(status).toBe(1);
}, 30_000);
