import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { App } from 'aws-cdk-lib';
import cdk from '../../cdk.json';
import type { CfnTemplate } from '../../shared/read/cfn';
import { type Blueprint, build, findBlueprints } from '../../shared/synth/blueprints';
import { DESTROY_DATA, type Removal } from '../../shared/synth/settings';
import { frozen, oncePerProcess } from './once';

/** An app of AWS after its synthesis. */
export interface AwsApp {
  /** The stack, and how it was set. */
  readonly subject: string;
  readonly app: App;
  readonly template: CfnTemplate;
}

/** Every setting that a person can turn from outside, but for `removal`. */
export const TURNED = { accountLogRole: 'create', notify: 'arn:aws:sns:eu-west-1:123456789012:on-call', [DESTROY_DATA]: 'yes' };

let turned: readonly AwsApp[] | undefined;

/** Each blueprint of AWS as it ships. */
export function shippedApps(): readonly AwsApp[] {
  return oncePerProcess('apps of AWS', () => findBlueprints(['aws']).flatMap((blueprint) => synthesize(blueprint, '', {})));
}

/** Each blueprint of AWS as it ships, and with each of those settings turned. */
export function awsApps(): readonly AwsApp[] {
  turned ??= findBlueprints(['aws']).flatMap((blueprint) => synthesize(blueprint, ', with other settings', TURNED, 'destroy'));
  return [...shippedApps(), ...turned];
}

function synthesize(blueprint: Blueprint, how: string, context: Readonly<Record<string, string>>, removal?: Removal): AwsApp[] {
  const outdir = mkdtempSync(path.join(tmpdir(), 'aws-'));
  const { CDK_VALIDATION } = process.env;
  process.env.CDK_VALIDATION = 'false';
  try {
    const app = new App({ outdir, autoSynth: false, context: { ...cdk.context, ...context } });
    build(app, blueprint, { removal });
    return app.synth().stacks.map(({ stackName, template }) => ({ subject: `${stackName}${how}`, app, template: frozen(template) }));
  } finally {
    if (CDK_VALIDATION === undefined) delete process.env.CDK_VALIDATION;
    else process.env.CDK_VALIDATION = CDK_VALIDATION;
    rmSync(outdir, { recursive: true, force: true });
  }
}
