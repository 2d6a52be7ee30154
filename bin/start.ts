import { readFileSync } from 'node:fs';
import path from 'node:path';
import { performance } from 'node:perf_hooks';
import { parseArgs, styleText } from 'node:util';
import { type Picture, renderAccess, renderFlow, STAGES } from '../shared/read/picture';
import { orOneLine } from './one-line';

const HELP = `Synthesizes the pipelines and shows what each of them creates, who may do what, and how to deploy it.

Usage: npm start [-- [CLOUD ...] [--json] [--help]]

  CLOUD     aws, azure or gcp; all three where none is named
  --json    print everything as JSON, for machines: npm start --silent -- --json
  --help    print this text

Environment:
  BLUEPRINT     what to build, by its name
  REMOVAL       retain (as it is without), or destroy: delete the data with its stack
  DESTROY_DATA  yes: the second key that destroy takes

Exit codes: 0 done, 1 a setting is refused, 2 the command is not understood.`;

const CLOUDS = ['aws', 'azure', 'gcp'] as const;
type Cloud = (typeof CLOUDS)[number];

const CLOSING = `
To see events go through, on this machine and without an account: npm run local
Before the first deploy into an account, read "Deploy" in README.md. To see what a change would do: npx cdk diff, terraform plan.`;

const root = path.join(__dirname, '..');

/** A synthesized stack, ready to be shown. */
interface Shown extends Picture {
  readonly stack: string;
  /** The template, by its path from the root. */
  readonly template: string;
  /** The commands that deploy it. */
  readonly deploy: readonly string[];
}

orOneLine(() => {
  const { clouds, json, help } = readCommand();
  if (help) return console.log(HELP);

  process.env.CDK_VALIDATION ??= 'false';
  const shown = [
    ...(clouds.includes('aws') ? timed('AWS', showAws) : []),
    ...(clouds.some(isTerraform) ? timed('Azure and GCP', () => showTerraform(clouds.filter(isTerraform))) : []),
  ];
  console.log(json ? JSON.stringify(shown, null, 2) : [...shown.map(render), CLOSING].join('\n'));
});

function readCommand(): { clouds: readonly Cloud[]; json: boolean; help: boolean } {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: { json: { type: 'boolean', default: false }, help: { type: 'boolean', short: 'h', default: false } },
    });
    const unknown = positionals.find((name) => !CLOUDS.includes(name as Cloud));
    if (unknown !== undefined) throw new Error(`${JSON.stringify(unknown)} is no cloud. Name ${CLOUDS.join(', ')}, or none for all three.`);
    return { clouds: positionals.length > 0 ? CLOUDS.filter((cloud) => positionals.includes(cloud)) : CLOUDS, ...values };
  } catch (error) {
    // Node goes on with how to call a file that is named like an option.
    const sentence = (error as Error).message.replace(/\.( To specify .*)?$/s, '');
    console.error(`${sentence}. See npm start -- --help.`);
    process.exit(2);
  }
}

function isTerraform(cloud: Cloud): cloud is 'azure' | 'gcp' {
  return cloud !== 'aws';
}

function timed<Result>(what: string, work: () => Result): Result {
  const start = performance.now();
  process.stderr.write(`Synthesizing ${what} ...`);
  try {
    return work();
  } finally {
    process.stderr.write(` ${((performance.now() - start) / 1000).toFixed(1)} s\n`);
  }
}

// The code of a cloud takes time to load, so it is loaded when it is asked for.

function showAws(): Shown[] {
  const { synthesizeAws }: typeof import('./aws') = require('./aws');
  const { readCloudFormation }: typeof import('../shared/read/cloudformation') = require('../shared/read/cloudformation');
  return synthesizeAws(process.env, path.join(root, 'cdk.out')).stacks.map(({ stackName, templateFile, template }) => ({
    stack: stackName,
    template: `cdk.out/${templateFile}`,
    deploy: [`npx cdk deploy ${stackName}`],
    ...readCloudFormation(template),
  }));
}

function showTerraform(clouds: readonly ('azure' | 'gcp')[]): Shown[] {
  const { synthesizeTerraform }: typeof import('./terraform') = require('./terraform');
  const { readTerraform, required }: typeof import('../shared/read/terraform') = require('../shared/read/terraform');
  return synthesizeTerraform(process.env, path.join(root, 'cdktf.out'), clouds).map((stack) => {
    const folder = `cdktf.out/stacks/${stack}`;
    const json = JSON.parse(readFileSync(path.join(root, folder, 'cdk.tf.json'), 'utf8'));
    const variables = required(json).map((name) => `-var ${name}=...`);
    const terraform = `terraform -chdir=${folder}`;
    return {
      stack,
      template: `${folder}/cdk.tf.json`,
      deploy: [`${terraform} init`, [terraform, 'apply', ...variables].join(' ')],
      ...readTerraform(json),
    };
  });
}

function render({ stack, template, deploy, resources, flow, access }: Shown): string {
  const stages = STAGES.filter((stage) => resources.some((resource) => resource.stage === stage)).flatMap((stage) => {
    const notes = flow.find(({ to }) => to === stage)?.notes;
    const made = wrap(count(resources.filter((resource) => resource.stage === stage)));
    return [notes, ...made].filter(Boolean).map((line, index) => `  ${(index === 0 ? stage : '').padEnd(12)}${line}`);
  });
  const within = access.filter(({ identity }) => ['client', 'Site', ...STAGES].some((stage) => identity.startsWith(stage)));
  const around = resources.filter(({ stage }) => !STAGES.includes(stage));
  return [
    `\n${bold(stack)}, ${resources.length} resources in ${template}\n`,
    ...stages,
    ...(around.length > 0 ? wrap(count(around)) : []).map((line, index) => `  ${(index === 0 ? 'around' : '').padEnd(12)}${line}`),
    `\n${indent(renderFlow(flow.map((hop) => ({ ...hop, notes: '' }))))}`,
    indent(renderAccess(within)),
    `  deploy   ${deploy.join(`\n${' '.repeat(11)}`)}`,
  ].join('\n');
}

/** `2 S3 Bucket, S3 BucketPolicy` */
function count(resources: Picture['resources']): string {
  const counts = new Map<string, number>();
  for (const { type } of resources) {
    const short = type.replace(/^(AWS::|google_|azurerm_)/, '').replace(/::|_/g, ' ');
    counts.set(short, (counts.get(short) ?? 0) + 1);
  }
  return [...counts].map(([type, number]) => (number > 1 ? `${number} ${type}` : type)).join(', ');
}

function wrap(list: string): string[] {
  const lines: string[] = [];
  for (const part of list.split(', ')) {
    if (lines.length > 0 && lines.at(-1)!.length + part.length < 96) lines.push(`${lines.pop()}, ${part}`);
    else lines.push(part);
  }
  return lines;
}

function indent(text: string): string {
  return text.replace(/^(?=.)/gm, '  ');
}

function bold(text: string): string {
  return process.stdout.isTTY && !process.env.NO_COLOR ? styleText('bold', text) : text;
}
