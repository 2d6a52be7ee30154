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

/** The blueprint that is built where none is asked for. */
export const DEFAULT_BLUEPRINT = 'pipeline';

/**
 * Find a blueprint by its name.
 * @throws Error that lists the known names
 */
export function findBlueprint<App>(blueprints: Blueprints<App>, name: string): Blueprints<App>[string] {
  const build = Object.hasOwn(blueprints, name) ? blueprints[name] : undefined;
  if (build) return build;
  throw new Error(
    `BLUEPRINT must be one of ${Object.keys(blueprints).join(', ')}, got "${name}". Leave it out to build "${DEFAULT_BLUEPRINT}".`,
  );
}

/**
 * Read what the person at the keyboard asked for: `BLUEPRINT` and `REMOVAL` from the environment.
 * @throws Error when REMOVAL is neither `retain` nor `destroy`
 */
export function readRequest(env: NodeJS.ProcessEnv): { readonly name: string; readonly options: BlueprintOptions } {
  const removal = env.REMOVAL;
  if (removal !== undefined && removal !== 'retain' && removal !== 'destroy') {
    throw new Error(`REMOVAL must be retain or destroy, got "${removal}". Leave it out to keep the data when a stack is deleted.`);
  }
  return { name: env.BLUEPRINT ?? DEFAULT_BLUEPRINT, options: { removal } };
}
