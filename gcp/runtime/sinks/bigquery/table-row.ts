import { type Event, PermanentError, type Row } from '../../../../shared/runtime/event';
import { ExactNumber, stringify } from '../../../../shared/runtime/json';
import { isWellFormed, isWellFormedJson } from '../../../../shared/runtime/text';
import { type Moment, momentOf } from '../../time';

/** A column of the table, with its type as the Storage API spells it. */
export interface Column {
  readonly name: string;
  readonly type: string;
}

/** A whole number of 64 bits, in the two halves that the protocol takes. A `bigint` would be written as zero. */
export type Int64 = { readonly low: number; readonly high: number };

/** A row as the Storage API takes it, by the names of its columns. */
export type TableRow = Readonly<Record<string, string | number | boolean | Int64>>;

/** A row that the transform made, the event it made it from, and which of the event's rows it is. */
export interface EventRow {
  readonly row: Row;
  readonly event: Event;
  readonly index: number;
}

/** The message that the event came in. */
export interface Origin {
  readonly messageId: string;
  readonly publishTime: string;
}

/** One request to BigQuery takes 10 MB. This leaves room for what the rows travel with. */
const REQUEST_BYTES = 9_500_000;
/** What a row takes at most beside its fields, and a field beside its text: the names are numbers, and so are the lengths. */
const [ROW_BYTES, FIELD_BYTES] = [6, 12];

/**
 * Fit the rows of one event into the columns of the table. What no column holds goes into `rest`, so that nothing is lost.
 * @throws PermanentError on a value that its column cannot take, and on more than one request takes
 */
export function fitRows(made: readonly EventRow[], { messageId, publishTime }: Origin, columns: readonly Column[]): TableRow[] {
  const event = made[0]?.event;
  if (!event) return [];
  const types = typesOf(columns);
  const published = timeOf('publish_time', publishTime);
  const happened = timeOf('event_time', event.time);
  requirePartition(happened, published);
  const plumbing = {
    event_id: event.id,
    event_source: event.source,
    event_type: event.type,
    event_time: timestamp(happened),
    row_index: 0,
    message_id: messageId,
    publish_time: timestamp(published),
  };
  let bytes = 0;
  return made.map(({ row, index }) => {
    const fitted: Record<string, TableRow[string]> = { ...plumbing, row_index: index };
    fill(fitted, row, event, types);
    bytes += bytesOf(fitted);
    if (bytes > REQUEST_BYTES)
      throw new PermanentError(`the rows of the event take more than the ${REQUEST_BYTES} bytes that BigQuery takes at once`);
    return fitted;
  });
}

/** A table has the same columns for many events. */
function typesOf(columns: readonly Column[]): ReadonlyMap<string, string> {
  const known = TYPES.get(columns);
  if (known) return known;
  const types = new Map(columns.map(({ name, type }) => [name, type]));
  for (const name in PLUMBING) if (name !== 'rest') requireColumn(name, types);
  TYPES.set(columns, types);
  return types;
}

const TYPES = new WeakMap<readonly Column[], ReadonlyMap<string, string>>();

/** Put what a row holds into the columns. */
function fill(fitted: Record<string, TableRow[string]>, row: Row, event: Event, types: ReadonlyMap<string, string>): void {
  let rest: Record<string, unknown> | undefined;
  for (const name of Object.keys(row)) {
    const value = row[name];
    if (value === undefined || isHeld(name, value, event)) continue;
    const type = Object.hasOwn(PLUMBING, name) ? undefined : types.get(name);
    if (!type) {
      rest ??= {};
      if (name === '__proto__') Object.defineProperty(rest, name, { value, enumerable: true });
      else rest[name] = value;
    } else if (value !== null || type === 'JSON') fitted[name] = convert(name, type, value);
  }
  if (!rest) return;
  requireColumn('rest', types);
  fitted.rest = convert('rest', 'JSON', rest);
}

/** The columns that rows cannot fill. */
const PLUMBING = { event_id: 1, event_source: 1, event_type: 1, event_time: 1, row_index: 1, message_id: 1, publish_time: 1, rest: 1 };

function requireColumn(name: string, types: ReadonlyMap<string, string>): void {
  if (!types.has(name)) throw new PermanentError(`the table has no column ${name}`);
}

/** What a row takes in a request, at most. */
function bytesOf(row: TableRow): number {
  let bytes = ROW_BYTES;
  for (const name in row) {
    const value = row[name];
    bytes += FIELD_BYTES + (typeof value === 'string' ? Buffer.byteLength(value) : 0);
  }
  return bytes;
}

/**
 * Refuse an event whose day BigQuery takes no rows for. It counts from the current day, and this from the day the message
 * came in, so that every try says the same.
 * @see https://cloud.google.com/bigquery/docs/write-api#time-unit_column_partitioning
 */
function requirePartition(happened: Moment, published: Moment) {
  const days = dayOf(happened) - dayOf(published);
  if (days < -DAYS_PAST) throw new PermanentError(`event_time is ${-days} days before publish_time, and BigQuery takes ${DAYS_PAST}`);
  if (days > DAYS_AHEAD) throw new PermanentError(`event_time is ${days} days after publish_time, and BigQuery takes ${DAYS_AHEAD}`);
}

/** Whether the columns of the event say the same already, digit for digit. */
function isHeld(name: string, value: unknown, event: Event): boolean {
  switch (name) {
    case 'specversion':
    case 'id':
    case 'source':
    case 'type':
      return value === event[name];
    case 'time':
      return value === event.time && /:\d\d(\.\d{1,6})?Z$/.test(event.time);
    default:
      return false;
  }
}

function timeOf(name: string, text: string): Moment {
  return momentOf(text) ?? refuse(name, 'TIMESTAMP', text);
}

function dayOf({ milliseconds }: Moment): number {
  return Math.floor(milliseconds / 86_400_000);
}

function convert(name: string, type: string, value: unknown): TableRow[string] {
  const converted = CONVERSIONS[type]?.(value) ?? refuse(name, type, value);
  if (typeof converted === 'string') {
    const isText = type === 'JSON' ? isWellFormedJson(converted) : isWellFormed(converted);
    if (!isText) throw new PermanentError(`column ${name} cannot hold half of a surrogate pair`);
    if (type === 'JSON') requireHeld(name, value);
  }
  return converted;
}

function refuse(name: string, type: string, value: unknown): never {
  throw new PermanentError(`column ${name} of type ${type} cannot hold this ${typeof value}`);
}

/**
 * Refuse a number of which JSON of BigQuery would lose digits: it holds whole numbers of 64 bits, and doubles. Whatever
 * writes all 17 digits of a double means that double.
 * @see https://cloud.google.com/bigquery/docs/reference/standard-sql/json_functions#parse_json
 */
function requireHeld(name: string, value: unknown): void {
  if (Array.isArray(value)) for (const inner of value) requireHeld(name, inner);
  else if (typeof value === 'bigint' ? !isInt64(value) && value >> 64n !== 0n : value instanceof ExactNumber && !isDouble(value)) {
    throw new PermanentError(
      `column ${name} of type JSON cannot hold all digits of ${String(value).slice(0, 50)}: make it a text, or give it a column`,
    );
  } else if (typeof value === 'object' && value !== null && !('toJSON' in value)) {
    for (const inner in value) requireHeld(name, (value as Record<string, unknown>)[inner]);
  }
}

function isDouble(number: ExactNumber): boolean {
  return (
    Number(number)
      .toPrecision(17)
      .replace(/\.?0+$/, '') === String(number).replace(/\.?0+$/, '')
  );
}

/** How each type of column takes a value. What it cannot take is `undefined`. */
const CONVERSIONS: Readonly<Record<string, (value: unknown) => TableRow[string] | undefined>> = {
  STRING: (value) => (typeof value === 'string' ? value : undefined),
  JSON: stringify,
  BOOL: (value) => (typeof value === 'boolean' ? value : undefined),
  INT64: (value) => (typeof value === 'bigint' || Number.isSafeInteger(value) ? int64(BigInt(value as bigint | number)) : undefined),
  DOUBLE: (value) => (isNumber(value) && Number.isFinite(Number(value)) ? Number(value) : undefined),
  NUMERIC: decimal,
  BIGNUMERIC: decimal,
  TIMESTAMP: (value) => {
    const time = typeof value === 'string' ? momentOf(value) : undefined;
    return time && timestamp(time);
  },
  DATE: (value) => {
    const time = typeof value === 'string' ? momentOf(`${value}T00:00:00Z`) : undefined;
    return time && dayOf(time);
  },
};

function decimal(value: unknown): string | undefined {
  if (typeof value === 'string') return /^-?\d+(\.\d+)?$/.test(value) ? value : undefined;
  return isNumber(value) && Number.isFinite(Number(value)) ? String(value) : undefined;
}

function isNumber(value: unknown): value is number | bigint | ExactNumber {
  return typeof value === 'number' || typeof value === 'bigint' || value instanceof ExactNumber;
}

function isInt64(value: bigint): boolean {
  return BigInt.asIntN(64, value) === value;
}

function int64(value: bigint): Int64 | undefined {
  if (!isInt64(value)) return undefined;
  return new Halves(Number(BigInt.asIntN(32, value)), Number(value >> 32n));
}

function timestamp({ milliseconds, micros }: Moment): Int64 {
  const microseconds = milliseconds * 1000 + micros;
  if (!Number.isSafeInteger(microseconds)) return int64(BigInt(milliseconds) * 1000n + BigInt(micros))!;
  return new Halves(microseconds | 0, Math.floor(microseconds / 2 ** 32));
}

/** A class, because the library takes a plain object for a record and looks for its columns. */
class Halves {
  constructor(
    readonly low: number,
    readonly high: number,
  ) {}
}

/** How far from the current day BigQuery takes rows. */
const [DAYS_PAST, DAYS_AHEAD] = [1825, 366];
