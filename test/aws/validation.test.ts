import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { temporaryFolder } from '../support/folder';

const root = path.join(__dirname, '../..');

// The validator takes longer to start than to look, so it is asked once.
test("`cdk synth` ends with a fault at a property that a deploy would refuse, and no blueprint has one by CloudFormation's own rules", () => {
  const [folder, output] = [temporaryFolder(), temporaryFolder()];
  const [broken, app] = [path.join(folder, 'broken.cjs'), path.join(folder, 'app.cjs')];
  const from = (file: string) => JSON.stringify(path.join(root, file));
  writeFileSync(
    broken,
    `const { Stack, aws_s3 } = require(${from('node_modules/aws-cdk-lib')});
     exports.Broken = class extends Stack {
       constructor(scope, id) { super(scope, id); new aws_s3.CfnBucket(this, 'Bucket', { bucketName: 'UPPER_case' }); }
     };`,
  );
  writeFileSync(
    app,
    `const { findBlueprints } = require(${from('shared/synth/blueprints')});
     const broken = { cloud: 'aws', name: 'broken', file: ${JSON.stringify(path.relative(root, broken))} };
     require(${from('bin/aws')}).synthesizeAws(process.env, undefined, [...findBlueprints(['aws']), broken]);`,
  );

  const cli = ['node_modules/aws-cdk/bin/cdk', 'synth', '--quiet', '--no-notices', '--output', output];
  const { status, stderr } = spawnSync(process.execPath, [...cli, '--app', `node -r tsx/cjs ${JSON.stringify(app)}`], {
    cwd: root,
    env: { PATH: process.env.PATH, HOME: folder, CDK_DISABLE_VERSION_CHECK: '1', CDK_DISABLE_CLI_TELEMETRY: 'true' },
    encoding: 'utf8',
  });
  expect(stderr).toContain('CloudFormation-Validate::F3031');
  expect(status).toBe(1);
  const { pluginReports } = JSON.parse(readFileSync(path.join(output, 'validation-report.json'), 'utf8'));
  const places = pluginReports.flatMap(({ violations }: any) =>
    violations.flatMap(({ ruleName, violatingConstructs }: any) =>
      violatingConstructs.map(({ constructPath }: any) => `${constructPath}: ${ruleName}`),
    ),
  );
  expect(places).toEqual(['aws-broken/Bucket: F3031']);
}, 120_000);
