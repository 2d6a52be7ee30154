import { isUtf8 } from 'node:buffer';
import { InvalidEvent, toEvent } from './contract';
import type { Event, Row, Transform } from './event';
import { lookAt, parse, parseAsItIs, read, stringify } from './json';

/** What is to become of one record: its rows go to the store, or the record itself to the dead letter. */
export type Verdict<Stored> = { readonly rows: readonly Stored[] } | { readonly reason: string };

/** A record that can never be processed, as it is written to the dead letter on every cloud. */
export interface DeadLetter {
  /** Why it can never be processed, in one line. */
  readonly reason: string;
  /** Where it stood in the buffer, so that it can be found and counted once. */
  readonly position: Readonly<Record<string, string | number>>;
  /** The record as it came in. */
  readonly payload: string;
  /** How `payload` is written. Bytes that are no text are written in base64. */
  readonly encoding: 'text' | 'base64';
}

const REASON_CHARACTERS = 1000;

/**
 * Decide about one record: decode, validate, transform, encode. No fault escapes, since each of these steps gives the
 * same result at every try: what fails here is permanent and never worth a retry.
 *
 * @param bytes what the sender sent
 * @param transform the user's function
 * @param encode turns one row into what the store takes
 */
export function judge<Stored>(
  bytes: Buffer,
  transform: Transform,
  encode: (row: Row, event: Event, index: number) => Stored,
): Verdict<Stored> {
  try {
    const text = textOf(bytes);
    const parsed = parseAsItIs(text);
    const look = lookAt(parsed);
    // No transform sees a whole number that has lost digits.
    const quick = look.isLong ? undefined : decide(parsed, transform, encode);
    // What is written back to the letter has lost nothing, and needs no second look.
    if (quick && isOnly(text, quick)) return quick;
    const { value, exact, spelled } = read(text, parsed, look);
    const verdict = quick && !exact ? quick : decide(value, transform, encode);
    // What is stored as the event itself is stored as it came, down to the zeros of `100.00`.
    return spelled && isOnly(stringify(toEvent(parse(text))), verdict) ? { rows: [inOneLineOfJson(text) as Stored] } : verdict;
  } catch (error) {
    return { reason: inOneLine(error) };
  }
}

/** What becomes of a value that was parsed. */
function decide<Stored>(parsed: unknown, transform: Transform, encode: (row: Row, event: Event, index: number) => Stored): Verdict<Stored> {
  try {
    const event = toEvent(parsed);
    const rows = transform(event);
    if (rows === undefined) return { rows: [] };
    return { rows: Array.isArray(rows) ? rows.map((row, index) => encode(asRow(row), event, index)) : [encode(asRow(rows), event, 0)] };
  } catch (error) {
    return { reason: inOneLine(error) };
  }
}

function isOnly(text: string, verdict: Verdict<unknown>): boolean {
  return 'rows' in verdict && verdict.rows.length === 1 && verdict.rows[0] === text;
}

/** Within JSON, a line ends only where a blank could stand. */
function inOneLineOfJson(text: string): string {
  return text.replace(/[\r\n]+/g, ' ').trim();
}

/** Write down a record that can never be processed. */
export function deadLetter(bytes: Buffer, reason: string, position: DeadLetter['position']): DeadLetter {
  const encoding = isUtf8(bytes) ? 'text' : 'base64';
  return { reason, position, encoding, payload: bytes.toString(encoding === 'text' ? 'utf8' : 'base64') };
}

function textOf(bytes: Buffer): string {
  const text = bytes.toString();
  // Decoding puts U+FFFD where bytes are no text, and only then is it worth a second look.
  if (text.includes('\uFFFD') && !isUtf8(bytes)) throw new InvalidEvent('not UTF-8');
  return text;
}

/** A reason travels beside the payload, so it is kept short. An object that is no `Error` may refuse to become a text. */
export function inOneLine(error: unknown): string {
  const fault =
    error instanceof Error
      ? `${error.name}: ${error.message}`
      : typeof error === 'object'
        ? 'transform threw an object that is no Error'
        : String(error);
  const line = fault.replace(/\s+/g, ' ').trim();
  return line.length > REASON_CHARACTERS ? `${line.slice(0, REASON_CHARACTERS - 1)}…` : line;
}

function asRow(row: unknown): Row {
  const kind = row === null ? 'null' : Array.isArray(row) ? 'an array of arrays' : row instanceof Promise ? 'a promise' : typeof row;
  if (kind === 'object') return row as Row;
  throw new TypeError(`transform must return objects, got ${kind}`);
}
