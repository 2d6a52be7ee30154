import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { RunsNot, ServiceFacts } from '../shared/read/facts/types';
import { columns, fold } from '../shared/read/fold';
import { STAGES } from '../shared/read/picture';
import { type Blueprint, type Cloud, findBlueprints, TITLES } from '../shared/synth/blueprints';
import type { Command } from './command';

const ROOT = path.join(__dirname, '..');

/** A blueprint, as `--list` prints it. */
export interface Listed {
  readonly cloud: Cloud;
  readonly name: string;
  /** The first sentence of its documentation. */
  readonly what: string;
  /** The services of each stage, in the order that data takes. */
  readonly stages: Readonly<Record<string, readonly string[]>>;
  /** Whether `npm run local` runs it, or why not. Left out if the `facts.ts` of a service has no `local`. */
  readonly local?: Local;
}

/** Whether a blueprint runs on this machine, or for each service that does not, why. */
export type Local = 'runs' | { readonly not: Readonly<Record<string, string>> };

/** A service by the name of its folder, and its stage. */
interface Used {
  readonly stage: string;
  readonly service: string;
  readonly construct: string;
  readonly folder: string;
}

/** A service of two stages has one folder, in its first stage. The name of the construct determines the stage. */
const STAGE_OF: Readonly<Record<string, string>> = { entry: 'connect', buffer: 'buffer', processor: 'processing', store: 'store' };

/** `npm start -- --list`: the blueprints of some clouds, or those of one name. */
export function showList({ clouds, name, json }: Pick<Command, 'clouds' | 'name' | 'json'>) {
  const listed = listBlueprints(clouds).filter((one) => name === undefined || one.name === name);
  if (json) return console.log(JSON.stringify(listed, null, 2));
  const width = process.stdout.isTTY ? columns() : Number.POSITIVE_INFINITY;
  console.log(
    `${renderList(listed, width)}\n\nWhat one creates, its permissions, and why it does not run on this machine: npm start -- NAME`,
  );
}

/**
 * List every blueprint of the given clouds. The files are read as text and not loaded.
 * @throws Error if the class of a blueprint has no doc comment
 */
export function listBlueprints(clouds?: readonly Cloud[], root = ROOT): Listed[] {
  return findBlueprints(clouds, root).map((blueprint) => {
    const text = readFileSync(path.join(root, blueprint.file), 'utf8');
    const used = servicesIn(text, blueprint.file);
    const inStage = (stage: string) => [...new Set(used.filter((one) => one.stage === stage.toLowerCase()).map(({ service }) => service))];
    const stages = Object.fromEntries(
      STAGES.map((stage) => [stage, inStage(stage)] as const).filter(([, services]) => services.length > 0),
    );
    const local = runsLocally(used, root);
    return { cloud: blueprint.cloud, name: blueprint.name, what: firstSentence(text, blueprint), stages, ...(local && { local }) };
  });
}

/** Whether `npm run local` runs a blueprint, or why not. `undefined` if a service does not specify it. The file is read as text. */
export function localRunOf({ file }: Blueprint, root = ROOT): Local | undefined {
  const text = readFileSync(path.join(root, file), 'utf8');
  return runsLocally(servicesIn(text, file), root);
}

/** The blueprints that events go through. */
export function platforms(): Blueprint[] {
  // Both go over the same files, in the same order.
  const listed = listBlueprints();
  return findBlueprints().filter((_, index) => Object.keys(listed[index]!.stages).length > 0);
}

/** Why a blueprint does not run on this machine. `undefined` if it does, or if a service does not specify it. */
export function whyNotRun(local: Local | undefined): string | undefined {
  if (typeof local !== 'object') return undefined;
  return Object.entries(local.not)
    .map(([service, reason]) => `${service}: ${reason}`)
    .join('; ');
}

/** The list as text: for each cloud, the description of each blueprint, then its stages. */
export function renderList(listed: readonly Listed[], width: number): string {
  const column = Math.max(...listed.map(({ name }) => name.length));
  return [...new Set(listed.map(({ cloud }) => cloud))]
    .map((cloud) => {
      const lines = listed
        .filter((one) => one.cloud === cloud)
        .flatMap(({ name, what, stages, local }) => {
          const services = Object.entries(stages).map(([stage, names]) => `${stage}: ${names.join(', ')}`);
          const texts = [what, [...services, ...localLine(local)].join('. ')].filter(Boolean);
          return texts.flatMap((text, index) => fold(`  ${(index === 0 ? name : '').padEnd(column)}  ${text}`, width));
        });
      return [TITLES[cloud], ...lines].join('\n');
    })
    .join('\n\n');
}

function localLine(local: Local | undefined): string[] {
  if (local === undefined) return [];
  return [local === 'runs' ? 'Runs on this machine' : `Not run on this machine: ${Object.keys(local.not).join(', ')}`];
}

function firstSentence(text: string, { file }: Blueprint): string {
  const [, comment = ''] = /\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\s*export (?:abstract )?class /.exec(text) ?? [];
  const words = comment
    .replace(/^\s*\*/gm, '')
    .replace(/\s+/g, ' ')
    .trim();
  const [sentence] = /^.*?[.](?= |$)/.exec(words) ?? [];
  if (!sentence) throw new Error(`${file}: the class needs a doc comment whose first sentence says what it creates.`);
  return sentence;
}

/** The services that a blueprint imports, by the paths of the imports. */
function servicesIn(text: string, file: string): Used[] {
  const imported = [...text.matchAll(/ from '(\.[^']+)'/g)].map(([, target]) => path.posix.join(path.posix.dirname(file), target!));
  return imported.flatMap((target) => {
    const [cloud, folder, service, construct, ...deeper] = target.split('/');
    if (!construct || deeper.length > 0 || !STAGES.some((stage) => stage.toLowerCase() === folder)) return [];
    const stage = STAGE_OF[construct.split('-').at(-1)!] ?? folder!;
    return [{ stage, service: service!, construct, folder: `${cloud}/${folder}/${service}` }];
  });
}

/** Whether every service runs on this machine. `undefined` if a service does not specify it. */
function runsLocally(used: readonly Used[], root: string): Local | undefined {
  const said = used.map((one) => ({ ...one, local: factsOf(one.folder, root)?.local }));
  const isUsed = ({ constructs }: RunsNot, construct: string) => (constructs ?? [construct]).includes(construct);
  const not = said.flatMap(({ service, construct, local }) =>
    typeof local === 'object' && isUsed(local, construct) ? [[service, local.not] as const] : [],
  );
  if (not.length > 0) return { not: Object.fromEntries(not) };
  return said.length > 0 && said.every(({ local }) => local !== undefined) ? 'runs' : undefined;
}

function factsOf(folder: string, root: string): Partial<Pick<ServiceFacts, 'local'>> | undefined {
  const file = path.join(root, folder, 'facts.ts');
  return existsSync(file) ? (require(file) as { facts?: Partial<ServiceFacts> }).facts : undefined;
}
