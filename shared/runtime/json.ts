import { parse as parseSlowly, stringify as stringifySlowly } from 'lossless-json';

/**
 * The maximum depth of nested objects and lists, which is the limit of BigQuery. Without a fixed limit the size of the call stack
 * would decide, which varies: the same event could end in the dead letter at one try and in the store at the next.
 */
const MAX_DEPTH = 500;
const TOO_DEEP = `nested more than ${MAX_DEPTH} levels deep`;

const NUMBER = /^(-?)(0|[1-9]\d*)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/;
const INTEGER = /^-?[1-9]\d*$/;
/** Numbers of few characters that JavaScript reads without loss and writes unchanged. */
const PLAIN = /^-?(?:[1-9]\d*(?:\.\d*[1-9])?|0\.(?!0{6})\d*[1-9])$/;
const PLAIN_CHARACTERS = 15;
/** `JSON.parse` and `JSON.stringify` get an exact number as a string that starts with this mark. */
const MARK = '\u0000n';
const WRITTEN_MARK = '\\u0000n';

/**
 * A number that is not whole and that a double cannot represent. In calculations (`price * 2`) it has the precision of a double.
 * It is stored with all its digits, and `String(price)` returns them, for example for a decimal library. `typeof` returns
 * `object`.
 */
export class ExactNumber {
  constructor(private readonly digits: string) {}

  valueOf(): number {
    return Number(this.digits);
  }

  toString(): string {
    return this.digits;
  }

  toJSON(): string | number {
    return marks === undefined ? this.valueOf() : mark(this.digits);
  }
}

/** A parsed JSON text, and how its numbers are written. */
export interface Reading {
  readonly value: unknown;
  /** Whether the text has a number that a double cannot represent. */
  readonly exact: boolean;
  /** Whether JavaScript would write a number of the text in another form: `100.00` becomes `100`. */
  readonly reformatted: boolean;
}

/**
 * Parse JSON without losing digits: a whole number that a double cannot represent becomes a `bigint`, any other number that a
 * double cannot represent becomes an `ExactNumber`.
 * @throws SyntaxError if the text is not JSON, or if a name occurs twice in an object
 * @throws RangeError on a number beyond 1.8e308, which query engines cannot read, and on too many levels
 */
export function parse(text: string): unknown {
  const value = parseAsItIs(text);
  return read(text, value, inspect(value)).value;
}

/**
 * {@link parse} a text that `JSON.parse` has already parsed, and return how its numbers are written.
 * @param parsed the result of `JSON.parse`
 * @param inspection the result of {@link inspect} on it, before the value was changed
 */
export function read(text: string, parsed: unknown, { members, fractions, isLong }: Inspection): Reading {
  // If JavaScript writes the value back to the same text, no digit was lost. With many fractions this is faster than to check each.
  if (fractions > FEW && !isLong && isWrittenBack(parsed, text)) return { value: parsed, exact: false, reformatted: false };
  const found = scan(text);
  // Readers of the text differ: some use the first of two values, some the last.
  if (members < found.members) throw new SyntaxError('a name occurs twice in an object');
  const { exact, reformatted } = found;
  isExactLikely = exact.length > 0;
  if (!isExactLikely) return { value: parsed, exact: false, reformatted };
  return { value: (isLong && !reformatted ? putBack(parsed, exact) : undefined) ?? parseMarked(text, exact), exact: true, reformatted };
}

/** Up to this number of fractions, each is checked. */
const FEW = 4;

function isWrittenBack(value: unknown, text: string): boolean {
  // JavaScript writes no space after a colon.
  if (text.includes('": ')) return false;
  try {
    return write(value) === text;
  } catch {
    return false;
  }
}

/** The result of one pass over a parsed value, which is much faster than to scan the text. */
export interface Inspection {
  /** How many members its objects have. */
  readonly members: number;
  /** How many numbers are not whole. */
  readonly fractions: number;
  /** Whether there is a whole number that may have lost digits. */
  readonly isLong: boolean;
}

/** @throws RangeError on more levels than every store accepts */
export function inspect(value: unknown): Inspection {
  const inspection = { members: 0, fractions: 0, isLong: false };
  visit(value, inspection, MAX_DEPTH);
  return inspection;
}

type Counted = { -readonly [Name in keyof Inspection]: Inspection[Name] };

function visit(value: unknown, inspection: Counted, levels: number): void {
  if (typeof value === 'number') {
    if (value > Number.MAX_SAFE_INTEGER || value < Number.MIN_SAFE_INTEGER) inspection.isLong = true;
    else if (value !== Math.floor(value)) inspection.fractions++;
  } else if (typeof value === 'object' && value !== null) visitInner(value, inspection, levels);
}

function visitInner(value: object, inspection: Counted, levels: number): void {
  if (levels === 0) throw new RangeError(TOO_DEEP);
  // By index, because `for ... of` takes 50 % longer for a list of numbers.
  if (Array.isArray(value)) for (let at = 0; at < value.length; at++) visit(value[at], inspection, levels - 1);
  else {
    for (const name in value) {
      inspection.members++;
      visit((value as Record<string, unknown>)[name], inspection, levels - 1);
    }
  }
}

/**
 * `JSON.parse`, with an error that does not quote the text: reasons are logged, and payloads must not be.
 * @throws SyntaxError if the text is not JSON
 */
export function parseAsItIs(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new SyntaxError('not JSON');
  }
}

/**
 * Write a value as JSON in one line. `bigint` and `ExactNumber` are written with all their digits.
 * @throws Error on a value that contains itself
 * @throws RangeError on a number that JSON cannot represent, such as `NaN`, which `JSON.stringify` would write as `null`
 */
export function stringify(value: unknown): string {
  const text = write(value);
  if (text?.includes('null')) requireFinite(value, 'the row');
  return text;
}

/** The number of exact numbers marked so far. Defined only while a value is written. */
let marks: number | undefined;
const bigints: { toJSON?: () => unknown } = BigInt.prototype as never;
/** Whether the last text that was read had exact numbers: the next value that is written may then have some too. */
let isExactLikely = false;

function mark(digits: string): string {
  marks = (marks ?? 0) + 1;
  return MARK + digits;
}

function markBigInt(this: bigint): string {
  return mark(this.toString());
}

/** `JSON.stringify` writes exact numbers as marked strings, and the marks are removed afterwards. Much faster than to write each value separately. */
function write(value: unknown): string {
  const [text, marked] = writeMarked(value);
  if (marked === 0) return text;
  let [written, pieces, end] = ['', 0, 0];
  for (let at = text.indexOf(WRITTEN_MARK); at >= 0; at = text.indexOf(WRITTEN_MARK, end), pieces++) {
    const start = at + WRITTEN_MARK.length;
    const close = text.indexOf('"', start);
    written += text.slice(end, at - 1) + text.slice(start, close);
    end = close + 1;
  }
  // A string or a name in the value may look like a marked number.
  return pieces === marked ? written + text.slice(end) : (stringifySlowly(value, null, undefined, [EXACT_NUMBERS]) as string);
}

function writeMarked(value: unknown): [text: string, marked: number] {
  const before = bigints.toJSON;
  bigints.toJSON = markBigInt;
  marks = 0;
  objectsLeft = MAX_OBJECTS;
  try {
    // One call of `toJSON` takes longer than to write a whole event.
    const text = JSON.stringify(isExactLikely ? markedCopy(value) : value);
    return [text, marks];
  } finally {
    bigints.toJSON = before;
    marks = undefined;
  }
}

/**
 * The value itself, or, if it has exact numbers in plain objects, a copy in which they are marked. Numbers that this function does
 * not reach are marked by `toJSON`.
 */
function markedCopy(value: unknown): unknown {
  if (typeof value === 'bigint' || value instanceof ExactNumber) return mark(String(value));
  if (!isPlainObject(value) || objectsLeft-- <= 0) return value;
  let copy: Record<string, unknown> | undefined;
  for (const name in value) {
    const marked = markedCopy(value[name]);
    if (marked === value[name]) continue;
    copy ??= { ...value };
    copy[name] = marked;
  }
  return copy ?? value;
}

/** The maximum number of objects that are searched in one row, because a row may contain itself. */
const MAX_OBJECTS = 100;
let objectsLeft = 0;

function isPlainObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype && !('toJSON' in value);
}

const EXACT_NUMBERS = { test: (value: unknown) => value instanceof ExactNumber, stringify: String };

/** Refuse values that `JSON.stringify` would write as `null`. */
function requireFinite(value: unknown, path: string): void {
  if (typeof value === 'number' && !Number.isFinite(value)) throw new RangeError(`${path} is ${value}, which JSON cannot represent`);
  if (value instanceof Date && Number.isNaN(value.getTime())) throw new RangeError(`${path} is an invalid date`);
  // An object with `toJSON` decides how it is written, so its members are not checked.
  if (typeof value !== 'object' || value === null || 'toJSON' in value) return;
  for (const [name, inner] of Object.entries(value)) requireFinite(inner, path === 'the row' ? name : `${path}.${name}`);
}

/** `JSON.parse`, on a text in which exact numbers are marked. */
function parseMarked(text: string, exact: readonly Token[]): unknown {
  // A string in the text may look like a marked number.
  if (text.includes('\\u0000')) return parseSlowly(text, null, { parseNumber: numberOf, onDuplicateKey: ({ newValue }) => newValue });
  const pieces: string[] = [];
  let end = 0;
  for (const { start, digits } of exact) {
    pieces.push(text.slice(end, start), `"${WRITTEN_MARK}${digits}"`);
    end = start + digits.length;
  }
  return replaceLeaves(parseAsItIs(pieces.join('') + text.slice(end)), unmark);
}

function unmark(leaf: unknown): unknown {
  return typeof leaf === 'string' && leaf.startsWith(MARK) ? numberOf(leaf.slice(MARK.length)) : leaf;
}

/**
 * Replace the doubles that have lost digits in the result of `JSON.parse` by the exact whole numbers. That is faster than to
 * parse again.
 * @returns `undefined` if it is not certain which number became which double
 */
function putBack(parsed: unknown, exact: readonly Token[]): unknown {
  const wholes = new Map<number, bigint>();
  for (const { digits } of exact) {
    const double = Number(digits);
    // JavaScript writes numbers from 1e21 on with an exponent, so these do not count as reformatted.
    if (!INTEGER.test(digits) || Math.abs(double) >= 1e21) return undefined;
    const whole = BigInt(digits);
    if ((wholes.get(double) ?? whole) !== whole) return undefined;
    wholes.set(double, whole);
  }
  return replaceLeaves(parsed, (leaf) => (typeof leaf === 'number' ? (wholes.get(leaf) ?? leaf) : leaf));
}

/** Replace every value that is neither an object nor a list within a parsed value. */
function replaceLeaves(value: unknown, replace: (leaf: unknown) => unknown): unknown {
  if (Array.isArray(value)) for (let at = 0; at < value.length; at++) value[at] = replaceLeaves(value[at], replace);
  else if (typeof value === 'object' && value !== null) {
    const members = value as Record<string, unknown>;
    for (const name in members) {
      const replaced = replaceLeaves(members[name], replace);
      // A parsed member named `__proto__` is an own property, so this does not set the prototype.
      if (replaced !== members[name]) members[name] = replaced;
    }
  } else return replace(value);
  return value;
}

/** A number in a text. */
interface Token {
  readonly start: number;
  readonly digits: string;
}

/** Find the numbers of a text, and count the members of its objects. Invalid JSON is left to the parser. */
function scan(text: string) {
  const exact: Token[] = [];
  let [members, reformatted] = [0, false];
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) at = endOfText(text, at);
    else if (code === COLON) members++;
    else if (code === MINUS || isDigit(code)) {
      const start = at;
      while (isOfNumber(text.charCodeAt(at + 1))) at++;
      const digits = text.slice(start, at + 1);
      if (isPlain(digits)) continue;
      if (INTEGER.test(digits)) exact.push({ start, digits });
      else if (NUMBER.test(digits)) {
        const number = numberOf(digits);
        if (typeof number !== 'number') exact.push({ start, digits });
        if (String(number) !== digits) reformatted = true;
      }
    }
  }
  return { members, exact, reformatted };
}

const [QUOTE, COLON, MINUS, BACKSLASH] = [0x22, 0x3a, 0x2d, 0x5c];

/** Whether JavaScript reads a number without loss and writes it unchanged. Most numbers are short. */
function isPlain(digits: string): boolean {
  if (digits.length <= PLAIN_CHARACTERS && PLAIN.test(digits)) return true;
  if (digits.length > 17 && INTEGER.test(digits)) return false;
  const number = Number(digits);
  // Beyond the safe integers, JavaScript writes zeros instead of the last digits.
  return (Number.isSafeInteger(number) || number % 1 !== 0 || Math.abs(number) >= 1e21) && String(number) === digits;
}

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39;
}

function isOfNumber(code: number): boolean {
  return isDigit(code) || code === 0x2e || code === MINUS || code === 0x2b || code === 0x65 || code === 0x45;
}

/** The end of the string that starts at `start`. */
function endOfText(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); end >= 0; end = text.indexOf('"', end + 1)) {
    let before = end;
    while (text.charCodeAt(before - 1) === BACKSLASH) before--;
    if ((end - before) % 2 === 0) return end;
  }
  return text.length;
}

/** A number as `number`, `bigint` or `ExactNumber`: the first that holds all its digits. */
function numberOf(digits: string): number | bigint | ExactNumber {
  const number = Number(digits);
  const [, sign, integer, fraction = '', exponent = '0'] = NUMBER.exec(digits)!;
  if (integer!.length === digits.length - sign!.length) return Number.isSafeInteger(number) ? number : BigInt(digits);
  if (!Number.isFinite(number)) throw new RangeError(`the number ${digits.slice(0, 20)} is too large`);
  const significant = normalized(integer!, fraction, Number(exponent));
  const [, , ownInteger, ownFraction = '', ownExponent = '0'] = NUMBER.exec(String(number))!;
  if (significant === normalized(ownInteger!, ownFraction, Number(ownExponent))) return number;
  const [whole, zeros] = significant.split('e') as [string, string];
  return Number(zeros) >= 0 ? BigInt(sign + whole + '0'.repeat(Number(zeros))) : new ExactNumber(digits);
}

/** The significant digits and the power of ten: the same for `100.00` and `1e2`. */
function normalized(integer: string, fraction: string, exponent: number): string {
  const digits = (integer + fraction).replace(/^0+/, '');
  const significant = digits.replace(/0+$/, '');
  return significant === '' ? '0e0' : `${significant}e${exponent - fraction.length + digits.length - significant.length}`;
}
