import { createHash } from 'node:crypto';
import { parse } from 'lossless-json';

/** A JSON value whose numbers keep their digits. `NaN` stands for a number that JSON cannot represent. */
export type Tree = Digits | string | boolean | null | readonly Tree[] | { readonly [name: string]: Tree };

/** A number as it was written. */
export class Digits {
  constructor(readonly text: string) {}
}

/** The form in which a reader of the store gets a row of an event. `index` is the number of the row in the event, from 0. */
export type AsRead = (row: Tree, event: Tree, index: number) => Tree;

/** Parse JSON. If a name occurs twice in an object, the last value is used. @returns `undefined` if the text is not JSON */
export function treeOf(text: string): Tree | undefined {
  try {
    return parse(text, null, { parseNumber: (digits) => new Digits(digits), onDuplicateKey: ({ newValue }) => newValue }) as Tree;
  } catch {
    return undefined;
  }
}

/** The hash of a value. Equal values have the same hash: the order of names and trailing zeros of fractions do not matter. */
export function hashOfTree(tree: Tree): string {
  return hashOf(canonical(tree));
}

export function hashOf(content: string | Buffer): string {
  return createHash('sha256').update(content).digest('base64url').slice(0, 27);
}

function canonical(tree: Tree): string {
  if (tree instanceof Digits) return plain(tree.text);
  if (typeof tree !== 'object' || tree === null) return JSON.stringify(tree);
  if (isList(tree)) return `[${tree.map(canonical).join(',')}]`;
  const names = Object.keys(tree).sort();
  return `{${names.map((name) => `${JSON.stringify(name)}:${canonical(tree[name]!)}`).join(',')}}`;
}

function isList(tree: object): tree is readonly Tree[] {
  return Array.isArray(tree);
}

/** A number as an integer times a power of ten, so that equal numbers have the same text. */
function plain(digits: string): string {
  const [, sign = '', whole = '', fraction = '', exponent = '0'] = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(digits) ?? [];
  if (whole === '') return digits;
  const significant = `${whole}${fraction}`.replace(/^0+/, '');
  const kept = significant.replace(/0+$/, '');
  if (kept === '') return '0';
  return `${sign}${kept}e${BigInt(exponent) - BigInt(fraction.length) + BigInt(significant.length - kept.length)}`;
}

/**
 * A value as JSON, with all digits of the text that it was read from.
 *
 * JavaScript has only doubles. If the value, or a part of it, was read from the text and not changed, its digits are those of the text.
 * @param value the result of a function
 * @param read the argument of the function, as a JavaScript value
 * @param text the argument of the function, with the digits of the text
 */
export function writtenTree(value: unknown, read: unknown, text: Tree): Tree {
  const twins = new Map<object, Tree>();
  pair(read, text, twins);
  return written(value, twins, value === read ? text : undefined) ?? null;
}

/** Map each object and list of the JavaScript value to the same part of the text. */
function pair(read: unknown, text: Tree | undefined, twins: Map<object, Tree>) {
  if (typeof read !== 'object' || read === null || typeof text !== 'object' || text === null || text instanceof Digits) return;
  twins.set(read, text);
  for (const [name, value] of Object.entries(read)) pair(value, partOf(text, name), twins);
}

function partOf(tree: Tree | undefined, name: string): Tree | undefined {
  if (typeof tree !== 'object' || tree === null || tree instanceof Digits || !Object.hasOwn(tree, name)) return undefined;
  return (tree as Readonly<Record<string, Tree>>)[name];
}

function written(value: unknown, twins: ReadonlyMap<object, Tree>, twin?: Tree): Tree | undefined {
  if (typeof value === 'string' || typeof value === 'boolean' || value === null) return value;
  if (typeof value === 'number' || typeof value === 'bigint') return digitsOf(value, twin);
  if (typeof value !== 'object') return undefined;
  const { toJSON, isLosslessNumber } = value as { toJSON?: () => unknown; isLosslessNumber?: boolean };
  if (isLosslessNumber) return new Digits(String(value));
  if (typeof toJSON === 'function') return written(toJSON.call(value), twins);
  const own = twins.get(value) ?? twin;
  if (Array.isArray(value)) return value.map((item, index) => written(item, twins, partOf(own, String(index))) ?? null);
  const entries = Object.entries(value).flatMap(([name, item]) => {
    const tree = written(item, twins, partOf(own, name));
    return tree === undefined ? [] : [[name, tree] as const];
  });
  return Object.fromEntries(entries);
}

/** A number that was not changed keeps the digits of the text. */
function digitsOf(value: number | bigint, twin?: Tree): Digits {
  const isUnchanged = twin instanceof Digits && (typeof value === 'number' ? Number(twin.text) === value : isWhole(twin.text, value));
  return isUnchanged ? twin : new Digits(String(value));
}

function isWhole(digits: string, value: bigint): boolean {
  return plain(digits) === plain(String(value));
}
