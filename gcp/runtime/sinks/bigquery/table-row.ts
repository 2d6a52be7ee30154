import { type Event, PermanentError, type Row } from '../../../../shared/runtime/event';
import { stringify } from '../../../../shared/runtime/json';
import { FIRST, microseconds } from '../../time';

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

/**
 * Fit a row into the columns of the table. What no column holds goes into `rest`, so that nothing is lost.
 * @throws PermanentError on a value that its column cannot take
 */
export function tableRow({ row, event, index }: EventRow, { messageId, publishTime }: Origin, columns: readonly Column[]): TableRow {
  const types = new Map(columns.map(({ name, type }) => [name, type]));
  const plumbing = {
    event_id: event.id,
    event_source: event.source,
    event_type: event.type,
    event_time: convert('event_time', 'TIMESTAMP', event.time),
    row_index: index,
    message_id: messageId,
    publish_time: convert('publish_time', 'TIMESTAMP', publishTime),
  };
  requirePartition(event.time, publishTime);
  const fitted: [string, TableRow[string]][] = Object.entries(plumbing);
  const rest: [string, unknown][] = [];
  for (const [name, value] of Object.entries(row)) {
    if (value === undefined || isHeld(name, value, event)) continue;
    const type = Object.hasOwn(plumbing, name) || name === 'rest' ? undefined : types.get(name);
    if (!type) rest.push([name, value]);
    else if (value !== null || type === 'JSON') fitted.push([name, convert(name, type, value)]);
  }
  if (rest.length > 0) fitted.push(['rest', stringify(Object.fromEntries(rest))]);

  for (const [name] of fitted) if (!types.has(name)) throw new PermanentError(`the table has no column ${name}`);
  return Object.fromEntries(fitted);
}

/**
 * Refuse an event whose day BigQuery takes no rows for. It counts from the current day, and this from the day the message
 * came in, so that every try says the same.
 * @see https://cloud.google.com/bigquery/docs/write-api#time-unit_column_partitioning
 */
function requirePartition(eventTime: string, publishTime: string) {
  const days = dayOf(eventTime) - dayOf(publishTime);
  if (days < -DAYS_PAST) throw new PermanentError(`event_time is ${-days} days before publish_time, and BigQuery takes ${DAYS_PAST}`);
  if (days > DAYS_AHEAD) throw new PermanentError(`event_time is ${days} days after publish_time, and BigQuery takes ${DAYS_AHEAD}`);
}

/** Whether the columns of the event say the same already, digit for digit. */
function isHeld(name: string, value: unknown, event: Event): boolean {
  if (!['specversion', 'id', 'source', 'type', 'time'].includes(name) || value !== event[name]) return false;
  return name !== 'time' || /:\d\d(\.\d{1,6})?Z$/.test(event.time);
}

function dayOf(time: string): number {
  return Number(((microseconds(time) ?? FIRST) - FIRST) / DAY);
}

function convert(name: string, type: string, value: unknown): TableRow[string] {
  const converted = CONVERSIONS[type]?.(value);
  if (converted !== undefined) return converted;
  throw new PermanentError(`column ${name} of type ${type} cannot hold this ${typeof value}`);
}

/** How each type of column takes a value. What it cannot take is `undefined`. */
const CONVERSIONS: Readonly<Record<string, (value: unknown) => TableRow[string] | undefined>> = {
  STRING: (value) => (typeof value === 'string' ? value : undefined),
  JSON: stringify,
  BOOL: (value) => (typeof value === 'boolean' ? value : undefined),
  INT64: (value) => (typeof value === 'bigint' || Number.isSafeInteger(value) ? int64(BigInt(value as bigint | number)) : undefined),
  DOUBLE: (value) => (typeof value === 'number' || typeof value === 'bigint' ? Number(value) : undefined),
  NUMERIC: decimal,
  BIGNUMERIC: decimal,
  TIMESTAMP: (value) => {
    const time = typeof value === 'string' ? microseconds(value) : undefined;
    return time === undefined ? undefined : int64(time);
  },
  DATE: (value) => {
    const time = typeof value === 'string' ? microseconds(`${value}T00:00:00Z`) : undefined;
    return time === undefined ? undefined : Number(time / DAY);
  },
};

function decimal(value: unknown): string | undefined {
  if (typeof value === 'string') return /^-?\d+(\.\d+)?$/.test(value) ? value : undefined;
  return typeof value === 'number' || typeof value === 'bigint' ? String(value) : undefined;
}

function int64(value: bigint): Int64 | undefined {
  if (BigInt.asIntN(64, value) !== value) return undefined;
  return new Halves(Number(BigInt.asIntN(32, value)), Number(value >> 32n));
}

/** A class, because the library takes a plain object for a record and looks for its columns. */
class Halves {
  constructor(
    readonly low: number,
    readonly high: number,
  ) {}
}

const DAY = 86_400_000_000n;
/** How far from the current day BigQuery takes rows. */
const [DAYS_PAST, DAYS_AHEAD] = [1825, 366];
