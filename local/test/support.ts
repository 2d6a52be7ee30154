import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { synthesizeAws } from '../../bin/aws';
import { synthesizeTerraform } from '../../bin/terraform';
import type { Balance } from '../balance';
import { readerOf } from '../blueprints';
import { corpus, type Sample, take } from '../corpus';
import { type Fault, recipeOf } from '../faults';
import type { Made } from '../made';
import { Pace } from '../pace';
import type { Witness } from '../platform';
import { run } from '../run';
import type { Cloud } from '../state';
import type { Message } from '../story';
import { temporaryFolder } from './folder';

/** Whoever is told of the way of an event, and makes nothing of it. */
export const SILENT: Witness = {
  arrived: () => () => {},
  made() {},
  delivered() {},
  answered() {},
  stored() {},
  deadLettered() {},
  incident() {},
  broken() {},
  log() {},
};

const made = new Map<Cloud, string>();

/** The folder of what was synthesized for a cloud, as a blueprint is read from. It is made once for each file of tests. */
export function synthesized(cloud: Cloud): string {
  const known = made.get(cloud);
  if (known) return known;
  const out = temporaryFolder();
  if (cloud === 'aws') synthesizeAws({}, out);
  else synthesizeTerraform({}, out, [cloud]);
  const folder = cloud === 'aws' ? out : path.join(out, 'stacks', `${cloud}-pipeline`);
  made.set(cloud, folder);
  return folder;
}

/** A copy of what was synthesized for a cloud, whose template went through `edit`. */
export function mutated(cloud: Cloud, edit: (template: any) => void): string {
  return changed(synthesized(cloud), edit);
}

/** A copy of a synthesized stack, whose template went through `edit`. An edit that changes nothing is a mistake of the test. */
export function changed(stack: string, edit: (template: any) => void): string {
  const folder = path.join(temporaryFolder(), 'copy');
  mkdirSync(folder);
  cpSync(stack, folder, { recursive: true });
  const file = path.join(folder, readdirSync(folder).find((name) => name.endsWith('.template.json')) ?? 'cdk.tf.json');
  const before = JSON.parse(readFileSync(file, 'utf8'));
  const after = structuredClone(before);
  edit(after);
  expect(after).not.toEqual(before);
  writeFileSync(file, JSON.stringify(after));
  return folder;
}

/** What one run left behind. */
export interface Ran {
  readonly balance: Balance;
  readonly messages: readonly Message[];
  /** What it wrote. */
  readonly data: string;
}

/** Run what was synthesized: everything that the command line does, but for the process around it. */
export async function runOnce(options: {
  readonly cloud: Cloud;
  /** What was synthesized, by default what `synthesized` says. */
  readonly folder?: string;
  readonly samples?: readonly Sample[];
  /** How many events of the corpus, by default 100. */
  readonly count?: number;
  readonly fault?: Fault;
  /** What decides which writes a fault strikes, by default 1. */
  readonly seed?: number;
  /** What is to be found of an event, where its handler is not one of ours. */
  readonly make?: (body: Buffer) => Made;
  /** How many times faster waits pass, by default 600. */
  readonly pace?: number;
}): Promise<Ran> {
  const { cloud, folder = synthesized(cloud), fault, seed = 1, count = 100, pace = 600 } = options;
  const data = temporaryFolder();
  const messages: Message[] = [];
  const balance = await run({
    blueprint: await readerOf(cloud)(folder),
    folder: data,
    samples: options.samples ?? take(corpus(recipeOf(fault)), count),
    fault,
    seed,
    make: options.make,
    pace: new Pace(pace),
    tell: (message) => messages.push(message),
  });
  return { balance, messages, data };
}
