import type { IConstruct } from 'constructs';
import { requireTexts, SettingError, STORE_NAME } from './settings';

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

/** A handler, and what a processor was given to run it with. */
interface Given<Writer, Bound> {
  /** @default - code of which nothing is known, so nothing of it is checked */
  readonly code?: HandlerCode;
  readonly source: { readonly format: string };
  readonly stores: Readonly<Record<string, { bindWriter(writer: Writer, name: string): Bound }>>;
}

/**
 * Refuse a source that hands out records in a form that the handler does not read, and a map of stores that is not the one
 * that it reads.
 * @throws SettingError
 */
export function requireFit(scope: IConstruct, { code, source, stores }: Given<never, unknown>) {
  const given = Object.keys(stores);
  requireTexts(scope, { stores: given }, STORE_NAME);
  const needs = code?.needs;
  if (!needs) return;
  if (needs.source !== source.format) {
    throw new SettingError(
      scope,
      `code must read records of ${source.format}`,
      `a handler for ${needs.source}`,
      `Bundle one of the handlers whose names start with ${source.format}.`,
    );
  }
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
 * Let a processor write to its stores. {@link requireFit} comes first.
 * @throws SettingError when a store does not hand back the settings that the handler reads
 */
export function bindStores<Writer extends IConstruct, Bound extends { readonly settings: Readonly<Record<string, string>> }>(
  writer: Writer,
  { code, stores }: Omit<Given<Writer, Bound>, 'source'>,
): Bound[] {
  return Object.entries(stores).map(([name, store]) => {
    const binding = store.bindWriter(writer, name);
    const needed = (code?.needs?.stores[name] ?? []).map((ending) => `${name}_${ending}`);
    const missing = needed.filter((setting) => binding.settings[setting] === undefined);
    if (missing.length === 0) return binding;
    throw new SettingError(
      writer,
      `stores.${name} must hand back ${missing.join(' and ')}`,
      Object.keys(binding.settings).join(' and ') || 'nothing',
      'Give a store of the kind that the handler writes to.',
    );
  });
}
