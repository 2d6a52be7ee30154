import { type ChildProcess, fork, spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { performance } from 'node:perf_hooks';
import { parseArgs } from 'node:util';
import { exitWith } from '../bin/one-line';
import { typedIn } from '../bin/typed-in';
import { readCloudFormation } from '../shared/read/cloudformation';
import { type Hop, STAGES } from '../shared/read/picture';
import { readTerraform } from '../shared/read/terraform';
import { blueprintsNamed, findBlueprints, readRequest } from '../shared/synth/blueprints';
import { readEvents, samplesByType } from './corpus';
import { FAULTS, type Fault } from './faults';
import { type Command, exitCodeOf, NOT_RUN, type Order, orderOf } from './order';
import { GUARD, sealed } from './seal';
import { CLOUDS, type Cloud, newState, ROOT } from './state';
import type { Stage } from './story';
import { fold } from './text';
import { jsonView, liveView, plainView, type View } from './view';

const HELP = `Runs what was synthesized, on this machine and without an account: the real handlers, the official clients, and stand-ins for the services. Sends events, shows the way of each, and counts at the end what became of them.

Usage: npm run local [-- [CLOUD ...] [NAME] [options]]

  CLOUD          aws, azure or gcp; without one, every cloud that has the blueprint, one after the other
  NAME           what to run, by its name (npm start -- --list shows all); by default the minimal pipelines
  --once         send 1,050 sample events of every kind as fast as they go, then end; without it 20 events a second go through: until Ctrl-C, or 300 on each of several clouds
  --count N      send N events
  --events FILE  send your own events: a file with one event in each line, a JSON object of CloudEvents 1.0. It is sent once, or again and again up to --count
  --samples      print a sample event of each type, to start such a file from: npm run --silent local -- --samples > my.ndjson
  --coverage     show what of the template runs here, property by property, and run nothing
  --fault NAME   let something go wrong:
${Object.entries(FAULTS)
  .map(([name, what]) => `                 ${name.padEnd(14)}${what}`)
  .join('\n')}
  --seed N       make the random choices of another run, which has printed its seed: the same writes are struck
  --keep         stay up after the events, until Ctrl-C: look around, send your own, replay; takes one cloud
  --pace N       let waits of the cloud pass N times faster than they do, by default 60; work takes the time it takes
  --json         print a line of JSON for each thing that happens
  --help         print this text

Environment:
  BLUEPRINT      what to run where no NAME is given
  LOCAL_STATE    the folder for what is stored, by default .local; the next run empties it
  COLUMNS        how wide the output is where it does not go to a terminal, by default 100
  NO_COLOR       print without colours

Exit codes:
  0              every accepted event is in the store or in the dead letter, or the transform drops it
  1              an event is not where it belongs, or all of them were refused or are in the dead letter, or a run failed
  2              nothing was run: the command is not understood, or nothing that it names can run here`;

const PACE = 60;

// Whoever reads no more, as `head` does, has seen enough.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    process.exit();
  });
}
void exitWith(main);

async function main(): Promise<number> {
  const command = readCommand();
  if (typeof command === 'string') {
    console.log(command);
    return 0;
  }
  await install();
  const view = await viewOf(command);
  const state = path.resolve(ROOT, process.env.LOCAL_STATE ?? '.local');
  const codes: number[] = [];
  for (const cloud of command.clouds) {
    const { synthesized, data } = newState(state, cloud);
    const { folder, flow } = synthesize(cloud, command.blueprint, synthesized);
    const stages = stagesIn(flow);
    if (stages.length === 0) {
      view.show(cloud, { kind: 'not run', reason: 'no events go through it.' }, command.blueprint);
      codes.push(NOT_RUN);
      continue;
    }
    view.show(cloud, { kind: 'stages', stages }, command.blueprint);
    codes.push(await runSealed(orderOf(command, cloud, folder, data), command.blueprint, view));
    if (interrupted) break;
  }
  view.close();
  return exitCodeOf(codes);
}

/** What is asked for, or the text that is. */
function readCommand(): Command | string {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: {
        once: { type: 'boolean', default: false },
        count: { type: 'string' },
        events: { type: 'string' },
        fault: { type: 'string', multiple: true },
        seed: { type: 'string' },
        keep: { type: 'boolean', default: false },
        pace: { type: 'string' },
        json: { type: 'boolean', default: false },
        coverage: { type: 'boolean', default: false },
        samples: { type: 'boolean' },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
    if (values.help)
      return HELP.split('\n')
        .flatMap((line) => fold(line))
        .join('\n');
    if (values.samples) return samplesByType().join('\n');
    const { clouds, blueprint } = readNames(positionals);
    const [fault, ...others] = values.fault ?? [];
    if (others.length > 0) throw new Error(`--fault takes one fault at a time, got ${[fault, ...others].join(' and ')}.`);
    if (fault !== undefined && !Object.hasOwn(FAULTS, fault))
      throw new Error(`--fault must be one of ${Object.keys(FAULTS).join(', ')}, got "${fault}".`);
    const events = values.events && path.resolve(typedIn(), values.events);
    if (events !== undefined) readEvents(events);
    if (values.keep && clouds.length > 1) throw new Error(`--keep takes one cloud, got ${clouds.join(', ')}.`);
    return {
      ...values,
      clouds,
      blueprint,
      count: wholeNumber('--count', values.count, 10_000_000),
      seed: wholeNumber('--seed', values.seed, 2 ** 31),
      pace: wholeNumber('--pace', values.pace, 100_000) ?? PACE,
      events,
      fault: fault as Fault | undefined,
    };
  } catch (error) {
    // Node goes on with how to call a file that is named like an option.
    const sentence = (error as Error).message.replace(/\.( To specify .*)?$/s, '');
    console.error(`${sentence}. See npm run local -- --help.`);
    process.exit(2);
  }
}

/** The clouds that are meant, and the blueprint. */
function readNames(words: readonly string[]): Pick<Command, 'clouds' | 'blueprint'> {
  const named = CLOUDS.filter((cloud) => words.includes(cloud));
  const [word, ...others] = words.filter((one) => !CLOUDS.includes(one as Cloud));
  if (others.length > 0)
    throw new Error(`One blueprint is run at a time, got ${[word, ...others].map((one) => JSON.stringify(one)).join(' and ')}.`);
  const names = new Set(findBlueprints().map(({ name }) => name));
  if (word !== undefined && !names.has(word))
    throw new Error(`${JSON.stringify(word)} is neither a cloud (${CLOUDS.join(', ')}) nor a blueprint (${[...names].join(', ')}).`);
  const blueprint = word ?? readRequest(process.env).blueprint;
  const found = blueprintsNamed(blueprint, named.length > 0 ? named : CLOUDS);
  return { clouds: found.map(({ cloud }) => cloud), blueprint };
}

function wholeNumber(option: string, text: string | undefined, most: number): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= 1 && value <= most) return value;
  throw new Error(`${option} must be a whole number from 1 to ${most}, got "${text}".`);
}

/** The packages of the local run are large, so they are installed when they are needed first. */
async function install() {
  const local = path.join(ROOT, 'local');
  const installed = path.join(local, 'node_modules/.package-lock.json');
  if (existsSync(installed) && sameVersions(installed, path.join(local, 'package-lock.json'))) return;
  await working('Installing what stands in for the clouds (700 MB in local/node_modules, once)', async () => {
    // Of the environment, npm needs the person's own: their registry and their proxy.
    const npm = spawn('npm', ['ci', '--loglevel=error'], {
      cwd: local,
      stdio: ['ignore', 'ignore', 'pipe'],
      shell: process.platform === 'win32',
    });
    const errors = Buffer.concat(await npm.stderr.toArray())
      .toString()
      .trim();
    const code = npm.exitCode ?? (await new Promise((resolve) => npm.once('exit', resolve)));
    if (code !== 0) throw new Error(`npm ci in local/ failed: ${errors.split('\n').slice(0, 3).join(' ')} Run it by hand to see more.`);
  });
}

function sameVersions(installed: string, locked: string): boolean {
  const versions = (file: string) =>
    Object.entries(JSON.parse(readFileSync(file, 'utf8')).packages as Record<string, { version?: string }>);
  const wanted = new Map(versions(locked));
  return versions(installed).every(([name, { version }]) => wanted.get(name)?.version === version);
}

/** What was synthesized, by the very code that `cdk synth` and `cdktf synth` run, and the way of an event through it. */
function synthesize(cloud: Cloud, blueprint: string, out: string): { folder: string; flow: readonly Hop[] } {
  process.env.CDK_VALIDATION ??= 'false';
  // What an environment says concerns accounts, names and what becomes of data: an event goes the same way in all of them.
  const env = { ...process.env, BLUEPRINT: blueprint, ENVIRONMENT: undefined };
  if (cloud === 'aws') {
    const { synthesizeAws }: typeof import('../bin/aws') = require('../bin/aws');
    const { stacks } = synthesizeAws(env, out);
    return { folder: out, flow: stacks.flatMap(({ template }) => readCloudFormation(template).flow) };
  }
  const { synthesizeTerraform }: typeof import('../bin/terraform') = require('../bin/terraform');
  const stacks = synthesizeTerraform(env, out, [cloud]);
  if (stacks.length !== 1) throw new Error(`One stack can be run at a time, and the blueprint has ${stacks.join(', ')}.`);
  const folder = path.join(out, 'stacks', stacks[0]!);
  return { folder, flow: readTerraform(JSON.parse(readFileSync(path.join(folder, 'cdk.tf.json'), 'utf8'))).flow };
}

/** The service in each stage: what a reader is told of a receiver begins with it. */
function stagesIn(flow: readonly Hop[]): Stage[] {
  return STAGES.flatMap((stage) => {
    const [service] = flow.find(({ to, notes }) => to === stage && notes)?.notes.split(',') ?? [];
    return service === undefined ? [] : [{ stage, service }];
  });
}

let interrupted = false;

/** Run one cloud in a process of its own, which knows nothing of the person's environment. */
async function runSealed(order: Order, blueprint: string, view: View): Promise<number> {
  const child = fork(path.join(__dirname, 'sealed.ts'), {
    cwd: ROOT,
    env: { ...sealed(order.data), ...(process.env.DEBUG && { DEBUG: process.env.DEBUG }) },
    execArgv: [...GUARD, '--import', 'tsx'],
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    // Ctrl-C reaches this process alone, which passes it on: the books are balanced before the end.
    detached: true,
  });
  let over = false;
  child.on('message', (message: { kind: string }) => {
    if (message.kind === 'done') over = true;
    else view.show(order.cloud, message as Parameters<View['show']>[1], blueprint);
  });
  child.send(order);
  const stopListening = passSignalsOn(child);
  const code = await new Promise<number>((resolve) => child.once('exit', (status) => resolve(status ?? 1)));
  stopListening();
  if (!over) view.show(order.cloud, { kind: 'failed', reason: 'its process ended before it was done.' }, blueprint);
  return code;
}

/** The first signal ends the sending, the second one everything. */
function passSignalsOn(child: ChildProcess): () => void {
  const pass = () => {
    if (interrupted) child.kill('SIGKILL');
    else child.send({ stop: true });
    interrupted = true;
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, pass);
  return () => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.off(signal, pass);
  };
}

async function viewOf({ json, coverage }: Command): Promise<View> {
  if (json) return jsonView(console.log);
  if (!process.stdout.isTTY) return plainView(console.log, coverage);
  const { default: redraw } = await import('log-update');
  return liveView(console.log, (frame) => (frame === '' ? redraw.clear() : redraw(frame)), coverage);
}

async function working(what: string, work: () => Promise<void>) {
  const start = performance.now();
  process.stderr.write(`${what} ...`);
  try {
    await work();
  } finally {
    process.stderr.write(` ${((performance.now() - start) / 1000).toFixed(1)} s\n`);
  }
}
