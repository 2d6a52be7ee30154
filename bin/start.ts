import { readFileSync } from 'node:fs';
import path from 'node:path';
import { performance } from 'node:perf_hooks';
import { parseArgs } from 'node:util';
import type { Rate } from '../shared/read/cost';
import { blueprintsNamed, CLOUDS, type Cloud, findBlueprints, readRequest, TITLES } from '../shared/synth/blueprints';
import { compared, partsOfStacks, partsOfTerraform } from './compare';
import { costsOnAws, costsOnTerraform, readRate, renderCosts } from './cost';
import { listBlueprints, renderList } from './list';
import { orOneLine } from './one-line';
import { renderPage, type Shown } from './page';
import { writePicture } from './picture';
import type { TerraformCloud } from './terraform';
import { typedIn } from './typed-in';

const HELP = `Synthesizes a blueprint and shows what it creates, who may do what, and how to deploy it. The minimal pipelines, where none is named.

Usage: npm start [-- [CLOUD ...] [NAME] [--environment NAME] [--against REF [--markdown]] [--picture FILE]
                   [--cost [--events RATE] [--size SIZE]] [--list] [--json] [--help]]

  CLOUD               aws, azure or gcp; each that has the blueprint where none is named
  NAME                what to build; -c blueprint=NAME says the same
  --environment NAME  with the settings of environments/NAME.ts, and what differs from the other environments
  --against REF       what a deploy would replace, delete and change, had it last been done from REF: a branch, a tag, a commit
  --markdown          the same as a comment on a pull request
  --cost              what it costs: idle, for a million events, and a month, by resource; and what lowers it
  --events RATE       how many events come: 1000/s, 2/min, 5M/day; 1000/s where --cost stands alone
  --size SIZE         how large an event is: 200B, 1kB, 256kB; 1kB where --cost stands alone
  --picture FILE      draw it too, as an SVG
  --list              show every blueprint, and build none
  --json              print everything as JSON, for machines: npm start --silent -- --json
  --help              print this text

Environment:
  BLUEPRINT     what to build, where the command does not name it
  ENVIRONMENT   the environment, where the command does not name it
  REMOVAL       retain (as it is without), or destroy: delete the data with its stack
  DESTROY_DATA  yes: the second key that destroy takes

Exit codes: 0 done, 1 a setting is refused, 2 the command is not understood, 3 with --against, data would not stay as it is.`;

const MINIMAL = 'pipeline';

const root = path.join(__dirname, '..');

interface Command {
  readonly clouds: readonly Cloud[];
  /** The name of a blueprint. */
  readonly name?: string;
  readonly environment?: string;
  /** The commit, branch or tag to compare with. */
  readonly against?: string;
  readonly markdown: boolean;
  /** What to show the cost of, instead of what is created. */
  readonly rate?: Rate;
  /** The file to draw it into. */
  readonly picture?: string;
  readonly list: boolean;
  readonly json: boolean;
  readonly help: boolean;
}

/** Does what the command line says. */
export function start(args: readonly string[], environment: NodeJS.ProcessEnv) {
  const command = readCommand(args);
  if (!command) return;
  const { clouds, name, against, rate, list, json, help } = command;
  if (help) return console.log(HELP);
  if (list) {
    const listed = listBlueprints(clouds).filter((one) => name === undefined || one.name === name);
    return console.log(json ? JSON.stringify(listed, null, 2) : renderList(listed));
  }

  process.env.CDK_VALIDATION ??= 'false';
  const env = { ...environment, BLUEPRINT: name ?? environment.BLUEPRINT, ENVIRONMENT: command.environment ?? environment.ENVIRONMENT };
  const { blueprint } = readRequest(env);
  const known = blueprintsNamed(blueprint).map(({ cloud }) => cloud);
  const having = clouds.filter((cloud) => known.includes(cloud));
  const without = clouds.filter((cloud) => !known.includes(cloud));
  if (without.length > 0) {
    const [has, no] = [titles(known), `${titles(without)} ${without.length > 1 ? 'have' : 'has'} no blueprint ${blueprint}`];
    if (having.length === 0) throw new Error(`${no}. It is a blueprint of ${has}.`);
    console.error(`${no}.`);
  }
  const terraform = having.filter((cloud) => cloud !== 'aws');
  const ofEach = <Told>(onAws: () => Told[], onTerraform: () => Told[]): Told[] => [
    ...(having.includes('aws') ? timed(['aws'], onAws) : []),
    ...(terraform.length > 0 ? timed(terraform, onTerraform) : []),
  ];
  if (rate) {
    const costs = ofEach(
      () => costsOnAws(env, rate),
      () => costsOnTerraform(env, terraform, rate),
    );
    return console.log(json ? JSON.stringify(costs, null, 2) : renderCosts(costs));
  }
  const shown = ofEach(
    () => showAws(blueprint, env, against !== undefined),
    () => showTerraform(env, terraform, against !== undefined),
  );
  if (against !== undefined) return showChanges(against, command, env, having, shown);
  if (command.picture !== undefined) {
    writePicture(path.resolve(typedIn(), command.picture), shown, (stack) => TITLES[stack.split('-')[0] as Cloud]);
    console.error(`The picture is in ${command.picture}. Open it in a browser, and point at a service to see who may do what.`);
  }
  console.log(json ? JSON.stringify(shown, null, 2) : [...shown.map(renderPage), closing(blueprint, having, env.ENVIRONMENT)].join('\n'));
}

/** Say what a deploy would do, and end with 3 where data would not stay as it is. */
function showChanges(
  against: string,
  { json, markdown }: Command,
  env: NodeJS.ProcessEnv,
  clouds: readonly Cloud[],
  shown: readonly Shown[],
) {
  const { changesAgainst }: typeof import('./against') = require('./against');
  const { renderChanges, renderMarkdown, touchesData }: typeof import('./against-page') = require('./against-page');
  const stacks = timed(clouds, () => changesAgainst(against, env, clouds, shown), ` of ${against}`);
  console.log(json ? JSON.stringify(stacks, null, 2) : (markdown ? renderMarkdown : renderChanges)(stacks));
  if (stacks.some(touchesData)) process.exitCode = 3;
}

if (require.main === module) orOneLine(() => start(process.argv.slice(2), process.env));

function readCommand(args: readonly string[]): Command | undefined {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        context: { type: 'string', short: 'c', multiple: true, default: [] },
        environment: { type: 'string' },
        against: { type: 'string' },
        markdown: { type: 'boolean', default: false },
        cost: { type: 'boolean', default: false },
        events: { type: 'string' },
        size: { type: 'string' },
        picture: { type: 'string' },
        list: { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
    const { cost, events, size, against, markdown } = values;
    for (const exclusive of [['against', 'cost', 'picture', 'list'] as const, ['markdown', 'json'] as const]) {
      const [one, another] = exclusive.filter((option) => values[option] !== undefined && values[option] !== false);
      if (another) throw new Error(`--${one} and --${another} exclude each other`);
    }
    if (markdown && against === undefined) throw new Error('--markdown is an option of --against, which is not there');
    const stray = cost ? undefined : Object.entries({ events, size }).find(([, value]) => value !== undefined)?.[0];
    if (stray) throw new Error(`--${stray} is an option of --cost, which is not there`);
    const isCloud = (word: string): word is Cloud => CLOUDS.includes(word as Cloud);
    const names = [...positionals.filter((word) => !isCloud(word)), ...values.context.map(blueprintIn)];
    const known = findBlueprints().map(({ name }) => name);
    const unknown = names.find((name) => !known.includes(name));
    if (unknown !== undefined) {
      throw new Error(`${JSON.stringify(unknown)} is no cloud, which are ${CLOUDS.join(', ')}, and no blueprint, which --list shows`);
    }
    if (names.length > 1) throw new Error(`one blueprint is built at a time, got ${names.join(' and ')}`);
    const clouds = CLOUDS.filter((cloud) => positionals.includes(cloud));
    return { ...values, clouds: clouds.length > 0 ? clouds : CLOUDS, name: names[0], rate: cost ? readRate(events, size) : undefined };
  } catch (error) {
    // Node goes on with how to call a file that is named like an option.
    const sentence = (error as Error).message.replace(/\.( To specify .*)?$/s, '');
    console.error(`${sentence}. See npm start -- --help.`);
    process.exitCode = 2;
    return undefined;
  }
}

/** `blueprint=lake`, as `cdk synth -c` takes it. */
function blueprintIn(context: string): string {
  const [key, name] = context.split('=');
  if (key !== 'blueprint' || !name) throw new Error(`-c takes blueprint=NAME, got ${JSON.stringify(context)}`);
  return name;
}

function timed<Result>(clouds: readonly Cloud[], work: () => Result, of = ''): Result {
  const start = performance.now();
  process.stderr.write(`Synthesizing ${titles(clouds)}${of} ...`);
  try {
    return work();
  } finally {
    process.stderr.write(` ${((performance.now() - start) / 1000).toFixed(1)} s\n`);
  }
}

// The code of a cloud takes time to load, so it is loaded when it is asked for. `isAlone` leaves the other environments out.

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

function closing(blueprint: string, clouds: readonly Cloud[], environment?: string): string {
  const local = `To see events go through, on this machine and without an account: npm run local${blueprint === MINIMAL ? '' : ` -- ${blueprint}`}`;
  const cost = `What it costs, idle and at your rate of events: npm start -- ${blueprint === MINIMAL ? '' : `${blueprint} `}--cost`;
  const words = [blueprint === MINIMAL ? '' : blueprint, environment && `--environment ${environment}`, '--against main'];
  const diff = [
    `npm start -- ${words.filter(Boolean).join(' ')}`,
    clouds.includes('aws') && `npx cdk diff${context(blueprint, environment)}`,
    clouds.some((cloud) => cloud !== 'aws') && 'terraform plan',
  ];
  const deploy = `Before the first deploy into an account, read docs/deploy.md. To see what a change would do: ${diff.filter(Boolean).join(', ')}.`;
  return ['', local, cost, deploy].join('\n');
}

function titles(clouds: readonly Cloud[]): string {
  return clouds.map((cloud) => TITLES[cloud]).join(' and ');
}
