import { readFileSync } from 'node:fs';
import path from 'node:path';
import { blueprintsNamed } from '../shared/synth/blueprints';
import type { Command } from './command';
import { compared, partsOfStacks, partsOfTerraform } from './compare';
import { localRunOf, whyNotRun } from './list';
import { renderPage, type Shown } from './page';
import { drawPicture } from './picture';
import type { TerraformCloud } from './terraform';
import { onEach, type Wanted } from './wanted';

const MINIMAL = 'pipeline';

const root = path.join(__dirname, '..');

/** `npm start`: what is created, who may do what, and how to deploy it. With `--picture`, it is drawn too. */
export function show(wanted: Wanted, { picture, json }: Pick<Command, 'picture' | 'json'>) {
  const shown = stacksOf(wanted);
  if (picture !== undefined) drawPicture(picture, shown);
  console.log(json ? JSON.stringify(shown, null, 2) : [...shown.map(renderPage), closing(wanted, shown)].join('\n'));
}

/**
 * Synthesize the stacks.
 * @param isAlone whether other environments are left out
 */
export function stacksOf(wanted: Wanted, isAlone = false): Shown[] {
  const { blueprint, env } = wanted;
  return onEach(
    wanted,
    () => showAws(blueprint, env, isAlone),
    (terraform) => showTerraform(env, terraform, isAlone),
  );
}

// The code of a cloud takes time to load, so it is loaded when it is asked for.

function showAws(blueprint: string, env: NodeJS.ProcessEnv, isAlone: boolean): Shown[] {
  const { synthesizeAws }: typeof import('./aws') = require('./aws');
  const { readCloudFormation }: typeof import('../shared/read/cloudformation') = require('../shared/read/cloudformation');
  // The command synthesizes again, so it must be told the same.
  const told = ['REMOVAL', 'DESTROY_DATA'].flatMap((key) => (env[key] === undefined ? [] : [`${key}=${env[key]} `]));
  const others = compared(isAlone ? {} : env, (other, outdir) => partsOfStacks(synthesizeAws(other, outdir).stacks));
  const { stacks } = synthesizeAws(env, path.join(root, 'cdk.out'));
  return stacks.map((stack) => ({
    stack: stack.stackName,
    template: `cdk.out/${stack.templateFile}`,
    deploy: [`${told.join('')}npx cdk deploy ${stack.stackName}${context(blueprint, env.ENVIRONMENT)}`],
    ...readCloudFormation(stack.template),
    differs: others(partsOfStacks([stack])),
  }));
}

function showTerraform(env: NodeJS.ProcessEnv, clouds: readonly TerraformCloud[], isAlone: boolean): Shown[] {
  const { synthesizeTerraform }: typeof import('./terraform') = require('./terraform');
  const { readTerraform, required }: typeof import('../shared/read/terraform') = require('../shared/read/terraform');
  const outdir = path.join(root, 'cdktf.out');
  const read = (stack: string, folder = outdir) => JSON.parse(readFileSync(path.join(folder, 'stacks', stack, 'cdk.tf.json'), 'utf8'));
  const others = clouds.map((cloud) =>
    compared(isAlone ? {} : env, (other, folder) => partsOfTerraform(read(synthesizeTerraform(other, folder, [cloud])[0]!, folder))),
  );
  return synthesizeTerraform(env, outdir, clouds).map((stack, index) => {
    const folder = `cdktf.out/stacks/${stack}`;
    const json = read(stack);
    const variables = required(json).map((name) => `-var ${name}=...`);
    const terraform = `terraform -chdir=${folder}`;
    return {
      stack,
      template: `${folder}/cdk.tf.json`,
      deploy: [`${terraform} init`, [terraform, 'apply', ...variables].join(' ')],
      ...readTerraform(json),
      differs: others[index]!(partsOfTerraform(json)),
    };
  });
}

/** How the command line of the CDK is told what it builds. */
function context(blueprint: string, environment?: string): string {
  return `${blueprint === MINIMAL ? '' : ` -c blueprint=${blueprint}`}${environment === undefined ? '' : ` -c environment=${environment}`}`;
}

function closing(wanted: Wanted, shown: readonly Shown[]): string {
  const { blueprint, clouds, env } = wanted;
  const { ENVIRONMENT: environment } = env;
  const local = shown.some(({ flow }) => flow.length > 0) ? [localLine(wanted)] : [];
  const cost = `What it costs, idle and at your rate of events: npm start -- ${blueprint === MINIMAL ? '' : `${blueprint} `}--cost`;
  const words = [blueprint === MINIMAL ? '' : blueprint, environment && `--environment ${environment}`, '--against main'];
  const diff = [
    `npm start -- ${words.filter(Boolean).join(' ')}`,
    clouds.includes('aws') && `npx cdk diff${context(blueprint, environment)}`,
    clouds.some((cloud) => cloud !== 'aws') && 'terraform plan',
  ];
  const deploy = `Before the first deploy into an account, read docs/deploy.md. To see what a change would do: ${diff.filter(Boolean).join(', ')}.`;
  return ['', ...local, cost, deploy].join('\n');
}

/** How events go through it on this machine, or why they do on none of the clouds. */
function localLine({ blueprint, clouds }: Wanted): string {
  const reasons = blueprintsNamed(blueprint, clouds).map((one) => whyNotRun(localRunOf(one)));
  if (reasons.some((reason) => reason === undefined))
    return `To see events go through, on this machine and without an account: npm run local${blueprint === MINIMAL ? '' : ` -- ${blueprint}`}`;
  return `Events do not go through it on this machine: ${[...new Set(reasons)].join('; ')}.`;
}
