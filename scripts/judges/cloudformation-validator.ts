import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
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
  proves: 'each synthesis, as a person runs it, ends at what CloudFormation itself would refuse',
  run: () =>
    Promise.resolve(
      findBlueprints(['aws']).flatMap(({ name: blueprint }) => [
        validate(`aws-${blueprint}`, { BLUEPRINT: blueprint }),
        validate(`aws-${blueprint}, each setting turned`, {
          BLUEPRINT: blueprint,
          REMOVAL: 'destroy',
          DESTROY_DATA: 'yes',
          CDK_CONTEXT_JSON: JSON.stringify(TURNED),
        }),
      ]),
    ),
};

function validate(subject: string, env: Readonly<Record<string, string>>): Verdict {
  const outdir = mkdtempSync(path.join(tmpdir(), 'validated-'));
  try {
    const { stderr } = spawnSync(process.execPath, ['--import', 'tsx', 'bin/aws.ts'], {
      cwd: path.join(__dirname, '../..'),
      env: { PATH: process.env.PATH, CDK_OUTDIR: outdir, ...env },
      encoding: 'utf8',
      timeout: 120_000,
    });
    const file = path.join(outdir, 'validation-report.json');
    if (!existsSync(file)) throw new Error(`${subject} was not validated: ${stderr.trim() || 'the validator is off'}`);
    return { subject, looked: `every rule of aws-cdk-lib ${version}`, findings: findingsOf(JSON.parse(readFileSync(file, 'utf8'))) };
  } finally {
    rmSync(outdir, { recursive: true });
  }
}

function findingsOf({ pluginReports }: Report): Finding[] {
  return pluginReports
    .flatMap(({ violations }) => violations)
    .flatMap(({ ruleName: rule, description: what, violatingConstructs }) =>
      violatingConstructs.map(({ constructPath: where = 'template' }) => ({ rule, where, what })),
    );
}
