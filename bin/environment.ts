import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import type { AwsPlatformProps } from '../aws/foundation/platform';
import type { AzurePlatformProps } from '../azure/foundation/platform';
import type { GcpPlatformProps } from '../gcp/foundation/platform';
import type { BlueprintOptions, Cloud } from '../shared/synth/blueprints';

/**
 * The settings of an environment, such as dev or prod: settings for all clouds, and settings for one cloud.
 *
 * Each file in `environments/` exports one. The name of the file is the name of the environment. It is added to the name of each
 * stack, so that several environments can be deployed in parallel, and to each resource as the tag or label `environment`.
 */
export interface Environment extends Pick<AwsPlatformProps, 'removal' | 'destroyData'> {
  /** Settings of every stack on AWS, such as `env: { account, region }`. */
  readonly aws?: AwsPlatformProps;
  /** Settings of every stack on Azure, such as `prefix` and `backend`. */
  readonly azure?: AzurePlatformProps;
  /** Settings of every stack on GCP, such as `projectId` and `backend`. */
  readonly gcp?: GcpPlatformProps;
}

const ROOT = path.join(__dirname, '..');
const FOLDER = 'environments';
const NAME = /^[a-z][a-z0-9]{0,15}$/;

type Settings<Props> = Readonly<Record<keyof Required<Props>, true>>;

/** The known settings. An unknown name is refused. */
const SETTINGS: Readonly<Record<string, Readonly<Record<string, true>>>> = {
  environment: { removal: true, destroyData: true, aws: true, azure: true, gcp: true } satisfies Settings<Environment>,
  aws: {
    ...{ removal: true, destroyData: true, notify: true, accountLogRole: true },
    ...{ env: true, stackName: true, description: true, tags: true, terminationProtection: true, synthesizer: true },
    ...{ analyticsReporting: true, crossRegionReferences: true, permissionsBoundary: true, suppressTemplateIndentation: true },
    ...{ notificationArns: true, propertyInjectors: true },
  } satisfies Settings<AwsPlatformProps>,
  azure: {
    ...{ removal: true, destroyData: true, notify: true, tags: true, backend: true, prefix: true, location: true },
  } satisfies Settings<AzurePlatformProps>,
  gcp: {
    ...{ removal: true, destroyData: true, notify: true, labels: true, backend: true, prefix: true, projectId: true, region: true },
  } satisfies Settings<GcpPlatformProps>,
};

/** The names of all environments. The files are not loaded. */
export function environments(root = ROOT): string[] {
  const folder = path.join(root, FOLDER);
  return existsSync(folder)
    ? readdirSync(folder)
        .filter((file) => file.endsWith('.ts'))
        .map((file) => path.basename(file, '.ts'))
        .sort()
    : [];
}

/**
 * The settings of an environment for the stacks of one cloud.
 * @param name the name of the environment; without it there are no settings
 * @throws Error if the environment does not exist, or has an unknown setting
 */
export function settingsOf(name: string | undefined, cloud: Cloud, root = ROOT): BlueprintOptions & Readonly<Record<string, unknown>> {
  if (name === undefined) return {};
  const { aws, azure, gcp, ...all } = load(name, root);
  const tags = { environment: name };
  if (cloud === 'aws') return { ...all, ...aws, tags: { ...tags, ...aws?.tags } };
  if (cloud === 'azure') return { ...all, ...azure, tags: { ...tags, ...azure?.tags } };
  return { ...all, ...gcp, labels: { ...tags, ...gcp?.labels } };
}

/** The name of a stack in an environment. */
export function stackIn(environment: string | undefined, cloud: Cloud, blueprint: string): string {
  return [cloud, blueprint, environment].filter((part) => part !== undefined).join('-');
}

function load(name: string, root: string): Environment {
  const known = environments(root);
  if (!known.includes(name)) {
    const listed = known.length > 0 ? `one of ${known.join(', ')}` : `the name of a file in ${FOLDER}/`;
    throw new Error(`the environment must be ${listed}, got ${JSON.stringify(name)}. Copy ${FOLDER}/dev.ts to create another.`);
  }
  const file = `${FOLDER}/${name}.ts`;
  if (!NAME.test(name)) throw new Error(`${file} must be named in 1 to 16 lower-case letters and digits, a letter first. Rename it.`);
  const { environment } = require(path.join(root, file)) as { environment?: Environment };
  requireKnown(file, 'environment', environment);
  for (const cloud of ['aws', 'azure', 'gcp'] as const)
    if (environment?.[cloud] !== undefined) requireKnown(file, cloud, environment[cloud]);
  return environment!;
}

function requireKnown(file: string, what: string, given: unknown) {
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    throw new Error(
      `${file} must export ${what === 'environment' ? 'an object "environment"' : `an object as ${what}`}. See ${FOLDER}/dev.ts.`,
    );
  }
  const known = Object.keys(SETTINGS[what]!);
  const unknown = Object.keys(given).find((setting) => !known.includes(setting));
  if (unknown !== undefined) {
    const where = what === 'environment' ? '' : ` for ${what}`;
    throw new Error(`${file}: ${unknown} is not a setting${where}. Known settings: ${known.join(', ')}.`);
  }
}
