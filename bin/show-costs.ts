import { readFileSync } from 'node:fs';
import path from 'node:path';
import { CfnStack } from '../shared/read/cfn';
import type { Rate } from '../shared/read/cost';
import { TfStack } from '../shared/read/tf';
import type { Command } from './command';
import { type Costs, costsOfStack, renderCosts } from './cost';
import type { TerraformCloud } from './terraform';
import { onEach, type Wanted } from './wanted';

const ROOT = path.join(__dirname, '..');

/** `npm start -- --cost`: what each stack costs at a rate of events. */
export function showCosts(wanted: Wanted, rate: Rate, { json }: Pick<Command, 'json'>) {
  const { env } = wanted;
  const costs = onEach(
    wanted,
    () => costsOnAws(env, rate),
    (clouds) => costsOnTerraform(env, clouds, rate),
  );
  console.log(json ? JSON.stringify(costs, null, 2) : renderCosts(costs));
}

/** Synthesize the stacks of AWS, and calculate the cost of each. */
function costsOnAws(env: NodeJS.ProcessEnv, rate: Rate): Costs[] {
  const { synthesizeAws }: typeof import('./aws') = require('./aws');
  const { stacks } = synthesizeAws(env, path.join(ROOT, 'cdk.out'));
  return stacks.map(({ stackName, template }) => costsOfStack(stackName, 'aws', new CfnStack(template), rate));
}

/** The same on Azure and GCP. */
function costsOnTerraform(env: NodeJS.ProcessEnv, clouds: readonly TerraformCloud[], rate: Rate): Costs[] {
  const { synthesizeTerraform }: typeof import('./terraform') = require('./terraform');
  const outdir = path.join(ROOT, 'cdktf.out');
  return clouds.flatMap((cloud) =>
    synthesizeTerraform(env, outdir, [cloud]).map((stack) => {
      const json = JSON.parse(readFileSync(path.join(outdir, 'stacks', stack, 'cdk.tf.json'), 'utf8'));
      return costsOfStack(stack, cloud, new TfStack(json), rate);
    }),
  );
}
