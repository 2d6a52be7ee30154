import type { IConstruct } from 'constructs';
import { requireTexts, SettingError, STORE_NAME } from './settings';

/** What a handler requires at run time: the content of `needs.json` in its folder. */
export interface HandlerNeeds {
  /** The format of the records that it reads: the name of a file in `runtime/sources`. */
  readonly source: string;
  /** Its stores by name, each with the suffixes of its environment variables: `{ "STORE": ["BUCKET", "PREFIX"] }`. */
  readonly stores: Readonly<Record<string, readonly string[]>>;
}

/** A handler, bundled and zipped. */
export interface HandlerCode {
  /** The absolute path of the zip. */
  readonly zip: string;
  /** The SHA-256 of the zip, in hexadecimal. */
  readonly hash: string;
  /**
   * What it requires at run time.
   * @default - unknown, so its source and its stores are not checked
   */
  readonly needs?: HandlerNeeds;
}

/** A handler, and the source and the stores that its processor was given. */
interface Given<Writer, Bound> {
  /** @default - the requirements of the code are unknown and not checked */
  readonly code?: HandlerCode;
  readonly source: { readonly format: string };
  readonly stores: Readonly<Record<string, { bindWriter(writer: Writer, name: string): Bound }>>;
}

/**
 * Refuse a source whose record format the handler does not read, and stores whose names differ from those that the handler uses.
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
  requireNames(scope, 'stores', given, needs);
}

/**
 * Refuse stores whose names differ from those that a handler uses.
 * @param setting what the stores are called, such as `outputs`
 * @throws SettingError
 */
export function requireNames(scope: IConstruct, setting: string, given: readonly string[], { stores }: HandlerNeeds) {
  const names = Object.keys(stores);
  if (String([...given].sort()) === String([...names].sort())) return;
  const form = `{ ${names.map((name) => `${name}: store`).join(', ')} }`;
  const got = given.join(' and ') || 'none';
  throw new SettingError(scope, `${setting} must be ${form} for this handler`, got, 'Its code reads the settings of these stores.');
}

/**
 * Refuse one store under two names. Its second grant is the same as the first: Azure refuses it, and on GCP it is gone with either of
 * the two names.
 * @param setting what the stores are called, such as `inputs`
 * @throws SettingError
 */
export function requireEachOnce(scope: IConstruct, setting: string, stores: Readonly<Record<string, unknown>>) {
  const names = new Map<unknown, string>();
  for (const [name, store] of Object.entries(stores)) {
    const first = names.get(store);
    if (first !== undefined)
      throw new SettingError(scope, `${setting} must have each store once`, `the same for ${first} and ${name}`, `Leave ${name} out.`);
    names.set(store, name);
  }
}

/**
 * Grant a processor write access to its stores. Call {@link requireFit} first.
 * @param setting what the stores are called, such as `outputs`
 * @throws SettingError when a store does not return the settings that the handler reads, or returns others, which it would ignore
 */
export function bindStores<Writer extends IConstruct, Bound extends { readonly settings: Readonly<Record<string, string>> }>(
  writer: Writer,
  { code, stores }: Omit<Given<Writer, Bound>, 'source'>,
  setting = 'stores',
): Bound[] {
  return Object.entries(stores).map(([name, store]) => {
    const binding = store.bindWriter(writer, name);
    const endings = code?.needs?.stores[name];
    if (!endings) return binding;
    const needed = endings.map((ending) => `${name}_${ending}`);
    const given = Object.keys(binding.settings);
    const missing = needed.filter((one) => binding.settings[one] === undefined);
    const ignored = given.filter((one) => !needed.includes(one));
    if (missing.length === 0 && ignored.length === 0) return binding;
    const [rule, got] =
      missing.length > 0 ? [missing.join(' and '), given.join(' and ')] : ['nothing that this handler ignores', ignored.join(' and ')];
    throw new SettingError(
      writer,
      `${setting}.${name} must return ${rule}`,
      got || 'nothing',
      'Give a store of the kind that the handler writes to.',
    );
  });
}
