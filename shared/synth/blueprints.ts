import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import type { Construct } from 'constructs';
import type { Removal } from './settings';

const ROOT = path.join(__dirname, '../..');

export const CLOUDS = ['aws', 'azure', 'gcp'] as const;
export type Cloud = (typeof CLOUDS)[number];
export const TITLES: Readonly<Record<Cloud, string>> = { aws: 'AWS', azure: 'Azure', gcp: 'GCP' };

/** The options of every blueprint. */
export interface BlueprintOptions {
  /**
   * What happens to data when the stack is deleted.
   * @default retain
   */
  readonly removal?: Removal;
}

/** A platform that can be synthesized: a whole pipeline, or the smallest example of one service. */
export interface Blueprint {
  readonly cloud: Cloud;
  /** The name of its file in `architectures/`, or of the folder that its `example.ts` is in. */
  readonly name: string;
  /** The file that exports its class, by its path from the root. */
  readonly file: string;
}

/** Which blueprint to synthesize, and with which options. */
export interface Request {
  /** The name of a blueprint. */
  readonly blueprint: string;
  /** The name of an environment. */
  readonly environment?: string;
  readonly options: BlueprintOptions;
}

/**
 * Find every blueprint of the given clouds: `<cloud>/architectures/NAME.ts`, and `example.ts` in the folder of the service
 * NAME. The files are not loaded.
 * @throws Error when two of one cloud have the same name
 */
export function findBlueprints(clouds: readonly Cloud[] = CLOUDS, root = ROOT): Blueprint[] {
  const { filesIn, foldersIn } = reader(root);
  return clouds.flatMap((cloud) => {
    const architectures = filesIn(`${cloud}/architectures`).map((file) => [path.basename(file, '.ts'), file] as const);
    const examples = foldersIn(cloud)
      .flatMap(foldersIn)
      .map((folder) => [path.basename(folder), `${folder}/example.ts`] as const)
      .filter(([, file]) => existsSync(path.join(root, file)));
    const found = [...architectures, ...examples].map(([name, file]) => ({ cloud, name, file }));
    const twice = found.find((one, index) => found.findIndex(({ name }) => name === one.name) !== index);
    if (twice) throw new Error(`${cloud} has two blueprints named ${twice.name}. Rename ${twice.file}, or the folder it is in.`);
    return found;
  });
}

/**
 * Read `BLUEPRINT`, `ENVIRONMENT` and `REMOVAL` from the environment of the process.
 * @throws Error when REMOVAL is neither `retain` nor `destroy`
 */
export function readRequest({ BLUEPRINT, ENVIRONMENT, REMOVAL }: NodeJS.ProcessEnv): Request {
  if (REMOVAL !== undefined && REMOVAL !== 'retain' && REMOVAL !== 'destroy') {
    throw new Error(
      `REMOVAL must be retain or destroy, got ${JSON.stringify(REMOVAL)}. Leave it out to keep the data when a stack is deleted.`,
    );
  }
  return { blueprint: BLUEPRINT ?? 'pipeline', environment: ENVIRONMENT, options: REMOVAL === undefined ? {} : { removal: REMOVAL } };
}

/**
 * The blueprints with the given name, on each of the given clouds that has one.
 * @throws Error that lists all names when no cloud has a blueprint with this name
 */
export function blueprintsNamed(name: string, clouds: readonly Cloud[] = CLOUDS, root = ROOT): Blueprint[] {
  const known = findBlueprints(clouds, root);
  const found = known.filter((blueprint) => blueprint.name === name);
  if (found.length > 0) return found;
  const names = [...new Set(known.map((blueprint) => blueprint.name))].join(', ');
  throw new Error(
    `the blueprint must be one of ${names}, got ${JSON.stringify(name)}. Leave it out for the minimal pipelines; npm start -- --list shows all.`,
  );
}

/**
 * Create the stack of a blueprint. Only the file of this blueprint is loaded.
 * @param id the id of the stack, by default `CLOUD-NAME`
 */
export function build(scope: Construct, { cloud, name, file }: Blueprint, options: BlueprintOptions, id = `${cloud}-${name}`): Construct {
  const exported: Readonly<Record<string, unknown>> = require(path.join(ROOT, file));
  const [Made, ...others] = Object.values(exported).filter((one): one is Platform => typeof one === 'function');
  if (!Made || others.length > 0)
    throw new Error(`${file} must export one class, got ${Object.keys(exported).join(' and ') || 'nothing'}.`);
  return new Made(scope, id, options);
}

type Platform = new (scope: Construct, id: string, options: BlueprintOptions) => Construct;

function reader(root: string) {
  const entriesOf = (folder: string) =>
    existsSync(path.join(root, folder)) ? readdirSync(path.join(root, folder), { withFileTypes: true }) : [];
  return {
    filesIn: (folder: string) =>
      entriesOf(folder).flatMap((entry) => (entry.isFile() && entry.name.endsWith('.ts') ? [`${folder}/${entry.name}`] : [])),
    foldersIn: (folder: string) => entriesOf(folder).flatMap((entry) => (entry.isDirectory() ? [`${folder}/${entry.name}`] : [])),
  };
}
