import { isUtf8 } from 'node:buffer';
import type { Event, Row, Transform } from './event';
import { type CheckError, check } from './event-check';
import { parse } from './json';

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
    const event = readEvent(bytes);
    const rows = transform(event);
    if (rows === undefined) return { rows: [] };
    return { rows: Array.isArray(rows) ? rows.map((row, index) => encode(asRow(row), event, index)) : [encode(asRow(rows), event, 0)] };
  } catch (error) {
    return { reason: inOneLine(error) };
  }
}

/** Write down a record that can never be processed. */
export function deadLetter(bytes: Buffer, reason: string, position: DeadLetter['position']): DeadLetter {
  const encoding = isUtf8(bytes) ? 'text' : 'base64';
  return { reason, position, encoding, payload: bytes.toString(encoding === 'text' ? 'utf8' : 'base64') };
}

function readEvent(bytes: Buffer): Event {
  const text = bytes.toString('utf8');
  // Decoding puts U+FFFD where bytes are no text, and only then is it worth a second look.
  if (text.includes('\uFFFD') && !isUtf8(bytes)) throw new InvalidEvent('not UTF-8');
  const event = parse(text);
  if (!check(event)) throw new InvalidEvent(check.errors?.map(inWords).join('; ') ?? 'does not follow the event contract');
  return event;
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

class InvalidEvent extends Error {
  override readonly name = 'InvalidEvent';
}

function inWords({ instancePath, message, params }: CheckError): string {
  const allowed = params.allowedValues ? `: ${params.allowedValues.join(', ')}` : '';
  return `${instancePath.slice(1) || 'event'} ${message}${allowed}`;
}

function asRow(row: unknown): Row {
  const kind = row === null ? 'null' : Array.isArray(row) ? 'an array of arrays' : row instanceof Promise ? 'a promise' : typeof row;
  if (kind === 'object') return row as Row;
  throw new TypeError(`transform must return objects, got ${kind}`);
}
