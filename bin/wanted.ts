import { performance } from 'node:perf_hooks';
import { blueprintsNamed, type Cloud, readRequest, TITLES } from '../shared/synth/blueprints';
import type { Command } from './command';
import type { TerraformCloud } from './terraform';

/** What is built: a blueprint, on the clouds that have it. */
export interface Wanted {
  readonly blueprint: string;
  readonly clouds: readonly Cloud[];
  /** The environment variables, with what the command line says instead. */
  readonly env: NodeJS.ProcessEnv;
}

/**
 * What a command builds. Clouds without the blueprint are named in one line.
 * @throws Error if none of its clouds has the blueprint
 */
export function wantedBy(
  { clouds, name, environment }: Pick<Command, 'clouds' | 'name' | 'environment'>,
  variables: NodeJS.ProcessEnv,
): Wanted {
  const env = { ...variables, BLUEPRINT: name ?? variables.BLUEPRINT, ENVIRONMENT: environment ?? variables.ENVIRONMENT };
  const { blueprint } = readRequest(env);
  const known = blueprintsNamed(blueprint).map(({ cloud }) => cloud);
  const having = clouds.filter((cloud) => known.includes(cloud));
  const without = clouds.filter((cloud) => !known.includes(cloud));
  if (without.length > 0) {
    const [has, no] = [titles(known), `${titles(without)} ${without.length > 1 ? 'have' : 'has'} no blueprint ${blueprint}`];
    if (having.length === 0) throw new Error(`${no}. It is a blueprint of ${has}.`);
    console.error(`${no}.`);
  }
  return { blueprint, clouds: having, env };
}

/** Do something on AWS, and then on the clouds that Terraform deploys to, if they are wanted. */
export function onEach<Told>({ clouds }: Wanted, onAws: () => Told[], onTerraform: (clouds: readonly TerraformCloud[]) => Told[]): Told[] {
  const terraform = clouds.filter((cloud) => cloud !== 'aws');
  return [
    ...(clouds.includes('aws') ? timed(['aws'], onAws) : []),
    ...(terraform.length > 0 ? timed(terraform, () => onTerraform(terraform)) : []),
  ];
}

/** Do something that synthesizes, and print how long it took. */
export function timed<Result>(clouds: readonly Cloud[], work: () => Result, of = ''): Result {
  const start = performance.now();
  process.stderr.write(`Synthesizing ${titles(clouds)}${of} ...`);
  try {
    return work();
  } finally {
    process.stderr.write(` ${((performance.now() - start) / 1000).toFixed(1)} s\n`);
  }
}

function titles(clouds: readonly Cloud[]): string {
  return clouds.map((cloud) => TITLES[cloud]).join(' and ');
}
