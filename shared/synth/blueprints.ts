import type { Removal } from './settings';

/** What every blueprint can be told. */
export interface BlueprintOptions {
  /**
   * What happens to data when the stack is deleted.
   * @default retain
   */
  readonly removal?: Removal;
}

/** What one cloud can build: each blueprint by its name. */
export type Blueprints<App> = Readonly<Record<string, (app: App, options: BlueprintOptions) => void>>;

/** What the person at the keyboard asked for. */
export interface Request {
  /** The name of a blueprint. */
  readonly blueprint: string;
  readonly options: BlueprintOptions;
}

/**
 * Read `BLUEPRINT` and `REMOVAL` from the environment.
 * @throws Error when REMOVAL is neither `retain` nor `destroy`
 */
export function readRequest({ BLUEPRINT, REMOVAL }: NodeJS.ProcessEnv): Request {
  if (REMOVAL !== undefined && REMOVAL !== 'retain' && REMOVAL !== 'destroy') {
    throw new Error(
      `REMOVAL must be retain or destroy, got ${JSON.stringify(REMOVAL)}. Leave it out to keep the data when a stack is deleted.`,
    );
  }
  return { blueprint: BLUEPRINT ?? 'pipeline', options: { removal: REMOVAL } };
}

/**
 * Build a blueprint on every cloud that has it.
 * @throws Error that lists the known names when none has it
 */
export function build<App>(app: App, clouds: readonly Blueprints<App>[], { blueprint, options }: Request): void {
  const builders = clouds.filter((cloud) => Object.hasOwn(cloud, blueprint));
  if (builders.length === 0) {
    const known = [...new Set(clouds.flatMap((cloud) => Object.keys(cloud)))].join(', ');
    throw new Error(
      `the blueprint must be one of ${known}, got ${JSON.stringify(blueprint)}. Leave BLUEPRINT and -c blueprint out for the minimal pipelines.`,
    );
  }
  for (const cloud of builders) cloud[blueprint]!(app, options);
}
