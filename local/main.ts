import { type ChildProcess, fork, spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { performance } from 'node:perf_hooks';
import { parseArgs } from 'node:util';
import { localRunOf, whyNotRun } from '../bin/list';
import { exitWith } from '../bin/one-line';
import { typedIn } from '../bin/typed-in';
import { readCloudFormation } from '../shared/read/cloudformation';
import { fold } from '../shared/read/fold';
import { type Hop, STAGES } from '../shared/read/picture';
import { readTerraform } from '../shared/read/terraform';
import { blueprintsNamed, findBlueprints, readRequest } from '../shared/synth/blueprints';
import { readEvents, samplesByType } from './corpus';
import { FAULTS, type Fault } from './faults';
import { type Command, exitCodeOf, NOT_RUN, type Order, orderOf } from './order';
import { GUARD, sealed } from './seal';
import { CLOUDS, type Cloud, newState, ROOT } from './state';
import type { Stage } from './story';
import { jsonView, liveView, plainView, type View } from './view';

const HELP = `Runs the synthesized pipelines on this machine, without an account: the real handlers, the official clients, and emulators of the services. Sends events, shows the path of each event, and checks at the end where all of them are.

Usage: npm run local [-- [CLOUD ...] [NAME] [options]]

  CLOUD          aws, azure or gcp; by default every cloud that has the blueprint, one after the other
  NAME           the name of a blueprint (npm start -- --list shows all); by default the minimal pipelines
  --once         send 1,050 sample events of every kind as fast as possible, then end; without it 20 events a second are sent: until Ctrl-C on one cloud, or 300 on each of several clouds
  --count N      send N events
  --events FILE  send your own events: a file with one event in each line, a JSON object of CloudEvents 1.0. They are sent once, or repeated up to --count
  --samples      print one sample event of each type, for a file of your own: npm run --silent local -- --samples > my.ndjson
  --coverage     show which properties of the template have an effect here, and run nothing
  --fault NAME   inject a fault:
${Object.entries(FAULTS)
  .map(([name, what]) => `                 ${name.padEnd(14)}${what}`)
  .join('\n')}
  --seed N       repeat the random choices of an earlier run, which printed its seed: the same writes fail
  --keep         keep running after the events until Ctrl-C, so that you can send events and replay dead letters; for one cloud only
  --pace N       make waiting times N times shorter than in the cloud, by default 60; processing is not faster
  --json         print each step as a line of JSON
  --help         print this text

Environment:
  BLUEPRINT      the blueprint, if no NAME is given
  LOCAL_STATE    the folder for stored data, by default .local; the next run empties it
  COLUMNS        the width of the output if it is not a terminal, by default 100
  NO_COLOR       print without colours

Exit codes:
  0              every accepted event is in the store or in the dead letter, or was dropped by the transform
  1              an event is lost or wrong, or all events were refused or are in the dead letter, or a run failed
  2              nothing was run: invalid command line, or the blueprint cannot run here`;

const PACE = 60;

// A reader such as `head` may close the pipe early.
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
    const reason = command.coverage ? undefined : whyNot(cloud, command.blueprint);
    if (reason !== undefined) {
      view.show(cloud, { kind: 'not run', reason }, command.blueprint);
      codes.push(NOT_RUN);
      continue;
    }
    codes.push(await runSealed(orderOf(command, cloud, folder, data), command.blueprint, view));
    if (interrupted) break;
  }
  view.close();
  return exitCodeOf(codes);
}

/** Why a blueprint cannot run here, in the words of `npm start -- NAME`. */
function whyNot(cloud: Cloud, blueprint: string): string | undefined {
  const [reason] = blueprintsNamed(blueprint, [cloud]).map((one) => whyNotRun(localRunOf(one)));
  return reason && `${reason}.`;
}

/** The command, or the text to print. */
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
    // Without Node's hint about files that are named like an option.
    const sentence = (error as Error).message.replace(/\.( To specify .*)?$/s, '');
    console.error(`${sentence}. See npm run local -- --help.`);
    process.exit(2);
  }
}

/** The selected clouds, and the blueprint. */
function readNames(words: readonly string[]): Pick<Command, 'clouds' | 'blueprint'> {
  const named = CLOUDS.filter((cloud) => words.includes(cloud));
  const [word, ...others] = words.filter((one) => !CLOUDS.includes(one as Cloud));
  if (others.length > 0)
    throw new Error(`Only one blueprint can be run at a time, got ${[word, ...others].map((one) => JSON.stringify(one)).join(' and ')}.`);
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

/** The packages of the local run are large, so they are installed at the first run. */
async function install() {
  const local = path.join(ROOT, 'local');
  const installed = path.join(local, 'node_modules/.package-lock.json');
  if (existsSync(installed) && sameVersions(installed, path.join(local, 'package-lock.json'))) return;
  await working('Installing the emulators (700 MB in local/node_modules, only once)', async () => {
    // npm needs the environment variables of the user, such as registry and proxy.
    const npm = spawn('npm', ['ci', '--loglevel=error'], {
      cwd: local,
      stdio: ['ignore', 'ignore', 'pipe'],
      shell: process.platform === 'win32',
    });
    const errors = Buffer.concat(await npm.stderr.toArray())
      .toString()
      .trim();
    const code = npm.exitCode ?? (await new Promise((resolve) => npm.once('exit', resolve)));
    if (code !== 0)
      throw new Error(`npm ci in local/ failed: ${errors.split('\n').slice(0, 3).join(' ')} Run npm ci in local/ to see the whole error.`);
  });
}

function sameVersions(installed: string, locked: string): boolean {
  const versions = (file: string) =>
    Object.entries(JSON.parse(readFileSync(file, 'utf8')).packages as Record<string, { version?: string }>);
  const wanted = new Map(versions(locked));
  return versions(installed).every(([name, { version }]) => wanted.get(name)?.version === version);
}

/** Synthesize with the same code as `cdk synth` and `cdktf synth`, and return the path of events through the stages. */
function synthesize(cloud: Cloud, blueprint: string, out: string): { folder: string; flow: readonly Hop[] } {
  process.env.CDK_VALIDATION ??= 'false';
  // Environments are ignored: they set accounts, names and removal, and events take the same path in all of them.
  const env = { ...process.env, BLUEPRINT: blueprint, ENVIRONMENT: undefined };
  if (cloud === 'aws') {
    const { synthesizeAws }: typeof import('../bin/aws') = require('../bin/aws');
    const { stacks } = synthesizeAws(env, out);
    return { folder: out, flow: stacks.flatMap(({ template }) => readCloudFormation(template).flow) };
  }
  const { synthesizeTerraform }: typeof import('../bin/terraform') = require('../bin/terraform');
  const stacks = synthesizeTerraform(env, out, [cloud]);
  if (stacks.length !== 1) throw new Error(`Only one stack can be run at a time, but the blueprint has ${stacks.join(', ')}.`);
  const folder = path.join(out, 'stacks', stacks[0]!);
  return { folder, flow: readTerraform(JSON.parse(readFileSync(path.join(folder, 'cdk.tf.json'), 'utf8'))).flow };
}

/** The service of each stage: the first word of the notes of a hop. */
function stagesIn(flow: readonly Hop[]): Stage[] {
  return STAGES.flatMap((stage) => {
    const [service] = flow.find(({ to, notes }) => to === stage && notes)?.notes.split(',') ?? [];
    return service === undefined ? [] : [{ stage, service }];
  });
}

let interrupted = false;

/** Run one cloud in a separate process, which does not get the environment variables of the user. */
async function runSealed(order: Order, blueprint: string, view: View): Promise<number> {
  const child = fork(path.join(__dirname, 'sealed.ts'), {
    cwd: ROOT,
    env: { ...sealed(order.data), ...(process.env.DEBUG && { DEBUG: process.env.DEBUG }) },
    execArgv: [...GUARD, '--import', 'tsx'],
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    // Ctrl-C reaches only this process, which passes it on, so that the balance is printed before the end.
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
  if (!over) view.show(order.cloud, { kind: 'failed', reason: 'its process ended too early.' }, blueprint);
  return code;
}

/** The first signal stops the sending, the second one ends the run. */
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
