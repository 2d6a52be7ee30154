import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { version } from 'aws-cdk-lib/package.json';
import { findBlueprints } from '../../shared/synth/blueprints';
import { TURNED } from './aws-apps';
import type { Finding, Judge, Verdict } from './judge';

/** What we read of the report that a synthesis writes. */
interface Report {
  readonly pluginReports: readonly { readonly violations: readonly Violation[] }[];
}

interface Violation {
  readonly ruleName: string;
  readonly description: string;
  readonly violatingConstructs: readonly { readonly constructPath?: string }[];
}

/** The rules of CloudFormation that the CDK brings along. `cdk.json` switches them on, so that `cdk synth` ends at a finding. */
export const cloudFormationValidator: Judge = {
  name: 'CloudFormation validator',
  proves: 'each synthesis fails on everything that CloudFormation would refuse',
  blueprintsOf: ['aws'],
  run: () =>
    Promise.resolve([
      ...validate('', {}),
      ...validate(', with other settings', { REMOVAL: 'destroy', DESTROY_DATA: 'yes', CDK_CONTEXT_JSON: JSON.stringify(TURNED) }),
    ]),
};

const ROOT = path.join(__dirname, '../..');

/** What CloudFormation refuses: a bucket with capitals in its name. A validator that does not object to it has not looked. */
const REFUSED = `
  const { Stack, aws_s3 } = require(${JSON.stringify(path.join(ROOT, 'node_modules/aws-cdk-lib'))});
  exports.Refused = class extends Stack {
    constructor(scope, id) {
      super(scope, id);
      new aws_s3.CfnBucket(this, 'Bucket', { bucketName: 'UPPER_case' });
    }
  };`;

/** Every blueprint in one app, since the validator takes longer to start than to look. */
const SYNTHESIZE = `
  const { findBlueprints } = require('./shared/synth/blueprints');
  const refused = { cloud: 'aws', name: 'refused', file: process.env.REFUSED };
  require('./bin/aws').synthesizeAws(process.env, undefined, [...findBlueprints(['aws']), refused]);`;

function validate(how: string, env: Readonly<Record<string, string>>): Verdict[] {
  const outdir = mkdtempSync(path.join(tmpdir(), 'validated-'));
  try {
    const refused = path.join(outdir, 'refused.cjs');
    writeFileSync(refused, REFUSED);
    const { stderr } = spawnSync(process.execPath, ['-r', 'tsx/cjs', '-e', SYNTHESIZE], {
      cwd: ROOT,
      env: { PATH: process.env.PATH, CDK_OUTDIR: outdir, REFUSED: path.relative(ROOT, refused), ...env },
      encoding: 'utf8',
      timeout: 300_000,
    });
    const file = path.join(outdir, 'validation-report.json');
    if (!existsSync(file)) throw new Error(`AWS${how} was not validated: ${stderr.trim() || 'the validator is off'}`);
    const heard = findingsOf(JSON.parse(readFileSync(file, 'utf8')));
    const findings = heard.filter(({ where }) => stackOf(where) !== 'aws-refused');
    if (!heard.some(({ rule, where }) => rule === 'F3031' && where === 'aws-refused/Bucket')) {
      throw new Error(`AWS${how} was not validated: the validator does not object to a bucket with capitals in its name`);
    }
    const looked = `every rule of aws-cdk-lib ${version}`;
    const stacks = findBlueprints(['aws']).map(({ name }) => `aws-${name}`);
    const of = (stack: string) => ({
      subject: `${stack}${how}`,
      looked,
      findings: findings.filter(({ where }) => stackOf(where) === stack),
    });
    const elsewhere = findings.filter(({ where }) => !stacks.includes(stackOf(where)));
    return [...stacks.map(of), ...(elsewhere.length > 0 ? [{ subject: `AWS${how}`, looked, findings: elsewhere }] : [])];
  } finally {
    rmSync(outdir, { recursive: true });
  }
}

function stackOf(constructPath: string): string {
  return constructPath.split('/')[0]!;
}

function findingsOf({ pluginReports }: Report): Finding[] {
  return pluginReports
    .flatMap(({ violations }) => violations)
    .flatMap(({ ruleName: rule, description: what, violatingConstructs }) =>
      violatingConstructs.map(({ constructPath: where = 'template' }) => ({ rule, where, what })),
    );
}
