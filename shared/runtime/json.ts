import { parse as parseSlowly, stringify as stringifySlowly } from 'lossless-json';

/**
 * Objects and lists within each other, at most. BigQuery takes no more. Without a bound the stack decides, and that is
 * larger at one try than at another, so that one event could end in the dead letter first and in the store later.
 */
const MAX_DEPTH = 500;
const TOO_DEEP = `nested more than ${MAX_DEPTH} levels deep`;

const NUMBER = /^(-?)(0|[1-9]\d*)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/;
const INTEGER = /^-?[1-9]\d*$/;
/** What JavaScript reads without loss, and writes just so, in as few characters. */
const PLAIN = /^-?(?:[1-9]\d*(?:\.\d*[1-9])?|0\.(?!0{6})\d*[1-9])$/;
const PLAIN_CHARACTERS = 15;
/** How an exact number stands in a text that the engine's own parser reads and writes: between quotes, behind this mark. */
const MARK = '\u0000n';
const WRITTEN_MARK = '\\u0000n';

/**
 * A number that is not whole and that a double cannot hold. It counts like a number, with the digits of a double
 * (`price * 2`), and is written with every digit that it came with: `String(price)` gives them to a library of decimals.
 * To `typeof` it is an object.
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

/** What a text of JSON says, and how it says it. */
export interface Reading {
  readonly value: unknown;
  /** Whether a double cannot hold one of the numbers. */
  readonly exact: boolean;
  /** Whether a number is written as JavaScript would not write it, such as `100.00`. */
  readonly spelled: boolean;
}

/**
 * Parse JSON without losing digits: a whole number that a double cannot hold becomes a `bigint`, any other one that a
 * double cannot hold an `ExactNumber`.
 * @throws SyntaxError on anything that is not JSON, and on a name that stands twice in an object
 * @throws RangeError on a number with an exponent beyond 1.8e308, which query engines cannot read, and on too many levels
 */
export function parse(text: string): unknown {
  const value = parseAsItIs(text);
  return read(text, value, lookAt(value)).value;
}

/**
 * {@link parse}, and how the numbers are written.
 * @param parsed what `JSON.parse` made of the text
 * @param look what it looked like, before anybody changed it
 */
export function read(text: string, parsed: unknown, { members, fractions, isLong }: Look): Reading {
  // What the engine writes back to the letter has lost nothing. It takes less time than to look at each of many fractions.
  if (fractions > FEW && !isLong && isWrittenBack(parsed, text)) return { value: parsed, exact: false, spelled: false };
  const found = survey(text);
  // Whoever reads the text later may take the first of two, or the last, or both.
  if (members < found.members) throw new SyntaxError('a name stands twice in an object');
  const { exact, spelled } = found;
  isExactLikely = exact.length > 0;
  if (!isExactLikely) return { value: parsed, exact: false, spelled };
  return { value: (isLong && !spelled ? putBack(parsed, exact) : undefined) ?? parseMarked(text, exact), exact: true, spelled };
}

/** So many fractions are looked at one by one. */
const FEW = 4;

function isWrittenBack(value: unknown, text: string): boolean {
  // Between members written by JavaScript there is no blank.
  if (text.includes('": ')) return false;
  try {
    return write(value) === text;
  } catch {
    return false;
  }
}

/** What one walk through a value that was parsed tells: far faster than to look for it in the text. */
export interface Look {
  /** How many members its objects have. */
  readonly members: number;
  /** How many numbers are not whole. */
  readonly fractions: number;
  /** Whether there is a whole number that may have lost digits. */
  readonly isLong: boolean;
}

/** @throws RangeError on more levels within each other than any store takes */
export function lookAt(value: unknown): Look {
  const look = { members: 0, fractions: 0, isLong: false };
  visit(value, look, MAX_DEPTH);
  return look;
}

type Counted = { -readonly [Name in keyof Look]: Look[Name] };

function visit(value: unknown, look: Counted, levels: number): void {
  if (typeof value === 'number') {
    if (value > Number.MAX_SAFE_INTEGER || value < Number.MIN_SAFE_INTEGER) look.isLong = true;
    else if (value !== Math.floor(value)) look.fractions++;
  } else if (typeof value === 'object' && value !== null) visitInner(value, look, levels);
}

function visitInner(value: object, look: Counted, levels: number): void {
  if (levels === 0) throw new RangeError(TOO_DEEP);
  // By index: `for ... of` takes half as long again for a list of numbers.
  if (Array.isArray(value)) for (let at = 0; at < value.length; at++) visit(value[at], look, levels - 1);
  else {
    for (const name in value) {
      look.members++;
      visit((value as Record<string, unknown>)[name], look, levels - 1);
    }
  }
}

/**
 * `JSON.parse`, with an error that does not quote the text: reasons are logged, and events are not.
 * @throws SyntaxError on anything that is not JSON
 */
export function parseAsItIs(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new SyntaxError('not JSON');
  }
}

/**
 * Write a value as JSON on one line, a `bigint` and an `ExactNumber` with every digit.
 * @throws Error on a value that contains itself
 * @throws RangeError on a number that JSON has no word for: it would be written as `null`
 */
export function stringify(value: unknown): string {
  const text = write(value);
  if (text?.includes('null')) requireFinite(value, 'the row');
  return text;
}

/** How many exact numbers were marked so far, while some are written. */
let marks: number | undefined;
const bigints: { toJSON?: () => unknown } = BigInt.prototype as never;
/** Whether the text that was read last held exact numbers: then what is written next may hold them too. */
let isExactLikely = false;

function mark(digits: string): string {
  marks = (marks ?? 0) + 1;
  return MARK + digits;
}

function markBigInt(this: bigint): string {
  return mark(this.toString());
}

/** Far faster than to write piece by piece: the engine writes exact numbers as marked texts, which are unmarked after. */
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
  // A text or a name of the value itself may look like a marked number.
  return pieces === marked ? written + text.slice(end) : (stringifySlowly(value, null, undefined, [EXACTLY]) as string);
}

function writeMarked(value: unknown): [text: string, marked: number] {
  const before = bigints.toJSON;
  bigints.toJSON = markBigInt;
  marks = 0;
  looks = LOOKS;
  try {
    // The engine takes longer to ask one exact number how it is written than to write a whole event.
    const text = JSON.stringify(isExactLikely ? markedCopy(value) : value);
    return [text, marks];
  } finally {
    bigints.toJSON = before;
    marks = undefined;
  }
}

/**
 * The value itself, or where there are exact numbers in plain objects, a copy in which they are marked. Whatever it leaves
 * out is right all the same: the engine asks it.
 */
function markedCopy(value: unknown): unknown {
  if (typeof value === 'bigint' || value instanceof ExactNumber) return mark(String(value));
  if (!isPlainObject(value) || looks-- <= 0) return value;
  let copy: Record<string, unknown> | undefined;
  for (const name in value) {
    const marked = markedCopy(value[name]);
    if (marked === value[name]) continue;
    copy ??= { ...value };
    copy[name] = marked;
  }
  return copy ?? value;
}

/** How many objects are looked at for one row, which may contain itself. */
const LOOKS = 100;
let looks = 0;

function isPlainObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype && !('toJSON' in value);
}

const EXACTLY = { test: (value: unknown) => value instanceof ExactNumber, stringify: String };

/** What becomes `null` in JSON without a word. */
function requireFinite(value: unknown, path: string): void {
  if (typeof value === 'number' && !Number.isFinite(value)) throw new RangeError(`${path} is ${value}, and JSON has no such number`);
  if (value instanceof Date && Number.isNaN(value.getTime())) throw new RangeError(`${path} is an invalid date`);
  // What writes itself says what it is in JSON, and its members are its own affair.
  if (typeof value !== 'object' || value === null || 'toJSON' in value) return;
  for (const [name, inner] of Object.entries(value)) requireFinite(inner, path === 'the row' ? name : `${path}.${name}`);
}

/** The engine's own parser, on a text in which exact numbers are marked. */
function parseMarked(text: string, exact: readonly Token[]): unknown {
  // A text within the text may look like a marked number.
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
 * Put whole numbers that have lost digits back into what `JSON.parse` made of a text, each in the place of its double. That is
 * faster than to parse once more.
 * @returns nothing when it is not sure which number a double was
 */
function putBack(parsed: unknown, exact: readonly Token[]): unknown {
  const wholes = new Map<number, bigint>();
  for (const { digits } of exact) {
    const double = Number(digits);
    // JavaScript itself writes numbers from 1e21 on with an exponent, so these are not spelled.
    if (!INTEGER.test(digits) || Math.abs(double) >= 1e21) return undefined;
    const whole = BigInt(digits);
    if ((wholes.get(double) ?? whole) !== whole) return undefined;
    wholes.set(double, whole);
  }
  return replaceLeaves(parsed, (leaf) => (typeof leaf === 'number' ? (wholes.get(leaf) ?? leaf) : leaf));
}

/** Replace, within a value that was parsed, what is neither an object nor a list. */
function replaceLeaves(value: unknown, replace: (leaf: unknown) => unknown): unknown {
  if (Array.isArray(value)) for (let at = 0; at < value.length; at++) value[at] = replaceLeaves(value[at], replace);
  else if (typeof value === 'object' && value !== null) {
    const members = value as Record<string, unknown>;
    for (const name in members) {
      const replaced = replaceLeaves(members[name], replace);
      // A member of the name `__proto__` is there already, so this does not set the prototype.
      if (replaced !== members[name]) members[name] = replaced;
    }
  } else return replace(value);
  return value;
}

/** A number as it stands in a text. */
interface Token {
  readonly start: number;
  readonly digits: string;
}

/** What the numbers of a text are, and how many members its objects have. What is no JSON is left to the parser. */
function survey(text: string) {
  const exact: Token[] = [];
  let [members, spelled] = [0, false];
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
        if (String(number) !== digits) spelled = true;
      }
    }
  }
  return { members, exact, spelled };
}

const [QUOTE, COLON, MINUS, BACKSLASH] = [0x22, 0x3a, 0x2d, 0x5c];

/** Whether JavaScript reads a number without loss, and writes it just so. Most numbers are short. */
function isPlain(digits: string): boolean {
  if (digits.length <= PLAIN_CHARACTERS && PLAIN.test(digits)) return true;
  if (digits.length > 17 && INTEGER.test(digits)) return false;
  const number = Number(digits);
  // JavaScript writes whole numbers beyond those that are safe with zeros in place of digits.
  return (Number.isSafeInteger(number) || number % 1 !== 0 || Math.abs(number) >= 1e21) && String(number) === digits;
}

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39;
}

function isOfNumber(code: number): boolean {
  return isDigit(code) || code === 0x2e || code === MINUS || code === 0x2b || code === 0x65 || code === 0x45;
}

/** Where the quoted text that starts at `start` ends. */
function endOfText(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); end >= 0; end = text.indexOf('"', end + 1)) {
    let before = end;
    while (text.charCodeAt(before - 1) === BACKSLASH) before--;
    if ((end - before) % 2 === 0) return end;
  }
  return text.length;
}

/** As a number, a `bigint` or an `ExactNumber`: whichever holds all digits. */
function numberOf(digits: string): number | bigint | ExactNumber {
  const number = Number(digits);
  const [, sign, integer, fraction = '', exponent = '0'] = NUMBER.exec(digits)!;
  if (integer!.length === digits.length - sign!.length) return Number.isSafeInteger(number) ? number : BigInt(digits);
  if (!Number.isFinite(number)) throw new RangeError(`the number ${digits.slice(0, 20)} is too large`);
  const significant = worth(integer!, fraction, Number(exponent));
  const [, , ownInteger, ownFraction = '', ownExponent = '0'] = NUMBER.exec(String(number))!;
  if (significant === worth(ownInteger!, ownFraction, Number(ownExponent))) return number;
  const [whole, zeros] = significant.split('e') as [string, string];
  return Number(zeros) >= 0 ? BigInt(sign + whole + '0'.repeat(Number(zeros))) : new ExactNumber(digits);
}

/** All digits that count, and the power of ten behind them: the same for `100.00` and `1e2`. */
function worth(integer: string, fraction: string, exponent: number): string {
  const digits = (integer + fraction).replace(/^0+/, '');
  const significant = digits.replace(/0+$/, '');
  return significant === '' ? '0e0' : `${significant}e${exponent - fraction.length + digits.length - significant.length}`;
}
