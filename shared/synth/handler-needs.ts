import type { IConstruct } from 'constructs';
import { SettingError } from './settings';

/** What a handler needs where it runs: `needs.json` in its folder. */
export interface HandlerNeeds {
  /** The form of its records: the name of a file in `runtime/sources`. */
  readonly source: string;
  /** Its stores by their names, each with the ends of its settings: `{ "STORE": ["BUCKET", "PREFIX"] }`. */
  readonly stores: Readonly<Record<string, readonly string[]>>;
}

/** A handler, bundled and zipped. */
export interface HandlerCode {
  /** The absolute path of the zip. */
  readonly zip: string;
  /** The SHA-256 of the zip, in hexadecimal. */
  readonly hash: string;
  /**
   * What it needs where it runs.
   * @default - nothing is known of it, so its source and its stores are not checked
   */
  readonly needs?: HandlerNeeds;
}

/**
 * Refuse a source that hands out records in a form that the handler does not read, and stores that it does not know.
 * @throws SettingError
 */
export function requireSource(scope: IConstruct, { needs }: HandlerCode, format: string) {
  if (!needs || needs.source === format) return;
  throw new SettingError(
    scope,
    `code must read records of ${format}`,
    `a handler for ${needs.source}`,
    `Bundle one of the handlers whose names start with ${format}.`,
  );
}

/**
 * Refuse a map of stores that is not the one that the handler reads.
 * @param given the names of the stores
 * @throws SettingError
 */
export function requireStoreNames(scope: IConstruct, { needs }: HandlerCode, given: readonly string[]) {
  if (!needs) return;
  const names = Object.keys(needs.stores);
  if (String([...given].sort()) === String([...names].sort())) return;
  const form = `{ ${names.map((name) => `${name}: store`).join(', ')} }`;
  throw new SettingError(
    scope,
    `stores must be ${form} for this handler`,
    given.join(' and ') || 'none',
    'Its code reads the settings of these stores.',
  );
}

/**
 * Refuse a map of stores that is not the one that the handler reads, and stores that hand back other settings.
 * @param settings what the stores hand back, by the name of each store
 * @throws SettingError
 */
export function requireStores(scope: IConstruct, code: HandlerCode, settings: Readonly<Record<string, Readonly<Record<string, string>>>>) {
  const { needs } = code;
  if (!needs) return;
  requireStoreNames(scope, code, Object.keys(settings));
  for (const [name, endings] of Object.entries(needs.stores)) {
    const missing = endings.map((ending) => `${name}_${ending}`).filter((setting) => settings[name]![setting] === undefined);
    if (missing.length === 0) continue;
    throw new SettingError(
      scope,
      `stores.${name} must hand back ${missing.join(' and ')}`,
      Object.keys(settings[name]!).join(' and ') || 'nothing',
      'Give a store of the kind that the handler writes to.',
    );
  }
}
