import { createHash } from 'node:crypto';
import { parse } from 'lossless-json';

/** A value of JSON whose numbers have the digits that they were written with. A number that is none in JSON is written `NaN`. */
export type Tree = Digits | string | boolean | null | readonly Tree[] | { readonly [name: string]: Tree };

/** A number as it was written. */
export class Digits {
  constructor(readonly text: string) {}
}

/** How a reader of a store finds a row of an event, which a transform made: which of its rows it is counts from 0. */
export type AsRead = (row: Tree, event: Tree, index: number) => Tree;

/** Read a text of JSON. Of a name that stands twice in an object, the last one counts. @returns nothing where it is none */
export function treeOf(text: string): Tree | undefined {
  try {
    return parse(text, null, { parseNumber: (digits) => new Digits(digits), onDuplicateKey: ({ newValue }) => newValue }) as Tree;
  } catch {
    return undefined;
  }
}

/** The hash of a value. Two values have the same one when they are equal: the order of names, and zeros at the end of a fraction, say nothing. */
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

/** A number as a whole one times a power of ten, so that the same number is always the same text. */
function plain(digits: string): string {
  const [, sign = '', whole = '', fraction = '', exponent = '0'] = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(digits) ?? [];
  if (whole === '') return digits;
  const significant = `${whole}${fraction}`.replace(/^0+/, '');
  const kept = significant.replace(/0+$/, '');
  if (kept === '') return '0';
  return `${sign}${kept}e${BigInt(exponent) - BigInt(fraction.length) + BigInt(significant.length - kept.length)}`;
}

/**
 * What a value becomes when it is written as JSON, with every digit of what it was read from.
 *
 * JavaScript knows a number as a double. Where the value is what was read, or a part of it, its digits are those of the text.
 * @param value what a function made
 * @param read what it was given, as JavaScript has it
 * @param text the same, as it was written
 */
export function writtenTree(value: unknown, read: unknown, text: Tree): Tree {
  const twins = new Map<object, Tree>();
  pair(read, text, twins);
  return written(value, twins, value === read ? text : undefined) ?? null;
}

/** Remember for each object and list that was read what it was written as. */
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

/** A number that was read and not changed is what was written. */
function digitsOf(value: number | bigint, twin?: Tree): Digits {
  const isUnchanged = twin instanceof Digits && (typeof value === 'number' ? Number(twin.text) === value : isWhole(twin.text, value));
  return isUnchanged ? twin : new Digits(String(value));
}

function isWhole(digits: string, value: bigint): boolean {
  return plain(digits) === plain(String(value));
}
