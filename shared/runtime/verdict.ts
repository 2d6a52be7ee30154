import { isUtf8 } from 'node:buffer';
import { InvalidEvent, toEvent } from './contract';
import type { Event, Row, Transform } from './event';
import { inspect, parse, parseAsItIs, read, stringify } from './json';

/** What happens to one record: its rows go to the store, or the record itself goes to the dead letter. */
export type Verdict<Stored> = { readonly rows: readonly Stored[] } | { readonly reason: string };

/** A record that can never be processed, in the format of the dead letter on every cloud. */
export interface DeadLetter {
  /** Why it can never be processed, in one line. */
  readonly reason: string;
  /** Its position in the buffer, so that it can be found and counted once. */
  readonly position: Readonly<Record<string, string | number>>;
  /** The record as it was received. */
  readonly payload: string;
  /** How `payload` is encoded. Bytes that are not valid UTF-8 are encoded in base64. */
  readonly encoding: 'text' | 'base64';
}

const REASON_CHARACTERS = 1000;

/**
 * Decode, validate, transform and encode one record. It never throws: each of these steps gives the same result at every retry,
 * so an error here is permanent.
 *
 * @param bytes the payload, as the sender sent it
 * @param transform the user's function
 * @param encode turns one row into the format of the store
 */
export function judge<Stored>(
  bytes: Buffer,
  transform: Transform,
  encode: (row: Row, event: Event, index: number) => Stored,
): Verdict<Stored> {
  try {
    const text = textOf(bytes);
    const parsed = parseAsItIs(text);
    const inspection = inspect(parsed);
    // The transform must not get a whole number that has lost digits.
    const quick = inspection.isLong ? undefined : decide(parsed, transform, encode);
    // If the result is identical to the text, no digit was lost.
    if (quick && isOnly(text, quick)) return quick;
    const { value, exact, reformatted } = read(text, parsed, inspection);
    const verdict = quick && !exact ? quick : decide(value, transform, encode);
    // If the transform returns the event itself, its text is stored unchanged, including zeros such as in `100.00`.
    return reformatted && isOnly(stringify(toEvent(parse(text))), verdict) ? { rows: [inOneLineOfJson(text) as Stored] } : verdict;
  } catch (error) {
    return { reason: inOneLine(error) };
  }
}

/** Validate, transform and encode a parsed value. */
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

/** In valid JSON, line breaks occur only where whitespace is allowed. */
function inOneLineOfJson(text: string): string {
  return text.replace(/[\r\n]+/g, ' ').trim();
}

/** The dead letter of a record that can never be processed. */
export function deadLetter(bytes: Buffer, reason: string, position: DeadLetter['position']): DeadLetter {
  const encoding = isUtf8(bytes) ? 'text' : 'base64';
  return { reason, position, encoding, payload: bytes.toString(encoding === 'text' ? 'utf8' : 'base64') };
}

function textOf(bytes: Buffer): string {
  const text = bytes.toString();
  // Decoding replaces invalid bytes with U+FFFD, so only a text with U+FFFD needs a check.
  if (text.includes('\uFFFD') && !isUtf8(bytes)) throw new InvalidEvent('not UTF-8');
  return text;
}

/** The message of an error in one line, shortened. An object that is not an `Error` may not be convertible to a string. */
export function inOneLine(error: unknown): string {
  const fault =
    error instanceof Error
      ? `${error.name}: ${error.message}`
      : typeof error === 'object'
        ? 'transform threw an object that is not an Error'
        : String(error);
  const line = fault.replace(/\s+/g, ' ').trim();
  return line.length > REASON_CHARACTERS ? `${line.slice(0, REASON_CHARACTERS - 1)}…` : line;
}

function asRow(row: unknown): Row {
  const kind = row === null ? 'null' : Array.isArray(row) ? 'an array of arrays' : row instanceof Promise ? 'a promise' : typeof row;
  if (kind === 'object') return row as Row;
  throw new TypeError(`transform must return objects, got ${kind}`);
}
