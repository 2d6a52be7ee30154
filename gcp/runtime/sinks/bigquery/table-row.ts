import { type Event, PermanentError, type Row } from '../../../../shared/runtime/event';
import { stringify } from '../../../../shared/runtime/json';
import { isWellFormed, isWellFormedJson } from '../../../../shared/runtime/text';
import { decimal, isInt64, isNumber, isStored, requireExact } from '../../columns';
import { type Moment, momentOf } from '../../time';

/** A column of the table, with its type as the Storage API spells it. */
export interface Column {
  readonly name: string;
  readonly type: string;
  /**
   * `REPEATED` for a list of values.
   * @default NULLABLE
   */
  readonly mode?: string;
  /**
   * The columns within a column of type STRUCT.
   * @default - none
   */
  readonly fields?: readonly Column[];
}

/** A 64-bit integer in two halves, as the protocol requires. The library would write a `bigint` as zero. */
export type Int64 = { readonly low: number; readonly high: number };

/** The value of a column in the format of the Storage Write API. */
export type ColumnValue = string | number | boolean | Int64 | TableRow | readonly ColumnValue[];

/** A row in the format of the Storage Write API, by column name. */
export interface TableRow {
  readonly [column: string]: ColumnValue;
}

/** A row that the transform returned, its event, and its index among the rows of the event. */
export interface EventRow {
  readonly row: Row;
  readonly event: Event;
  readonly index: number;
}

/** The message of the event. */
export interface Origin {
  readonly messageId: string;
  readonly publishTime: string;
}

/** What a kind of table asks of rows beyond their columns. */
export interface RowRules<Made extends EventRow> {
  /**
   * Check the time of the event.
   * @default - BigQuery must accept rows for its day
   * @throws PermanentError if the table must not have it
   */
  requireTime?(happened: Moment, published: Moment): void;
  /**
   * Complete a row.
   * @default - the row has the columns of its event, and the fields of the transform
   */
  complete?(fitted: TableRow, made: Made): TableRow;
}

/** A request to BigQuery may have 10 MB. This leaves room for the overhead. */
const REQUEST_BYTES = 9_500_000;
/** The largest overhead of a row, and of a field or an element of a list. */
const [ROW_BYTES, FIELD_BYTES] = [6, 12];

/**
 * Convert the rows of one event into the columns of the table. Fields without a column go into `rest`, so that nothing is lost.
 * @throws PermanentError if a value does not fit its column, or if the rows are too large for one request
 */
export function fitRows<Made extends EventRow>(
  made: readonly Made[],
  { messageId, publishTime }: Origin,
  columns: readonly Column[],
  { requireTime = requirePartition, complete = (fitted) => fitted }: RowRules<Made> = {},
): TableRow[] {
  const event = made[0]?.event;
  if (!event) return [];
  const known = columnsOf(columns);
  for (const name in RESERVED) if (name !== 'rest') requireColumn(name, known);
  const published = timeOf('publish_time', publishTime);
  const happened = timeOf('event_time', event.time);
  requireTime(happened, published);
  const eventColumns = {
    event_id: event.id,
    event_source: event.source,
    event_type: event.type,
    event_time: timestamp(happened),
    row_index: 0,
    message_id: messageId,
    publish_time: timestamp(published),
  };
  let bytes = 0;
  return made.map((one) => {
    const fitted: Record<string, ColumnValue> = { ...eventColumns, row_index: one.index };
    fill(fitted, one.row, event, known);
    const whole = complete(fitted, one);
    bytes += bytesOf(whole);
    if (bytes > REQUEST_BYTES)
      throw new PermanentError(`the rows of the event have more than ${REQUEST_BYTES} bytes, the limit of one request`);
    return whole;
  });
}

/** The columns by name. They are cached, because a table has the same columns for many events. */
function columnsOf(columns: readonly Column[]): ReadonlyMap<string, Column> {
  const known = BY_NAME.get(columns);
  if (known) return known;
  const byName = new Map(columns.map((column) => [column.name, column]));
  BY_NAME.set(columns, byName);
  return byName;
}

const BY_NAME = new WeakMap<readonly Column[], ReadonlyMap<string, Column>>();

/** Convert the fields of a row into columns. */
function fill(fitted: Record<string, ColumnValue>, row: Row, event: Event, columns: ReadonlyMap<string, Column>): void {
  const rest: Record<string, unknown> = {};
  for (const name of Object.keys(row)) {
    const value = row[name];
    if (value === undefined) continue;
    const column = Object.hasOwn(RESERVED, name) ? undefined : columns.get(name);
    if (column) fitColumn(fitted, rest, column, value);
    else if (!isStored(name, value, event)) put(rest, name, value);
  }
  if (isEmpty(rest)) return;
  requireColumn('rest', columns);
  fitted.rest = convert('rest', 'JSON', rest);
}

/**
 * Put a value into its column. What a column with columns within it has no column for goes into `rest`, under the same name.
 * @param path the name of the column, after the names of the columns that it is in
 */
function fitColumn(fitted: Record<string, ColumnValue>, rest: Record<string, unknown>, column: Column, value: unknown, path = column.name) {
  const { name, type, mode, fields } = column;
  if (value === undefined || (value === null && (type !== 'JSON' || mode === 'REPEATED'))) return;
  if (mode !== 'REPEATED') {
    const fit = fitValue(type, fields, value, path);
    fitted[name] = fit.value;
    if (fit.rest) put(rest, name, fit.rest);
    return;
  }
  if (!Array.isArray(value)) refuse(path, `list of ${type}`, value);
  const all = (value as unknown[]).map((element, index) => {
    const place = `${path}[${index}]`;
    if (element === undefined || (element === null && type !== 'JSON')) refuse(place, type, element);
    return fitValue(type, fields, element, place);
  });
  fitted[name] = all.map((one) => one.value);
  // An element that is stored whole leaves an empty object, so that each position is that of its element.
  if (all.some((one) => one.rest))
    put(
      rest,
      name,
      all.map((one) => one.rest ?? {}),
    );
}

function fitValue(type: string, fields: readonly Column[] = [], value: unknown, path: string): { value: ColumnValue; rest?: object } {
  if (type !== 'STRUCT') return { value: convert(path, type, value) };
  if (!isObject(value)) refuse(path, type, value);
  const columns = columnsOf(fields);
  const fitted: Record<string, ColumnValue> = {};
  const rest: Record<string, unknown> = {};
  for (const name of Object.keys(value)) {
    const column = columns.get(name);
    if (column) fitColumn(fitted, rest, column, value[name], `${path}.${name}`);
    else if (value[name] !== undefined) put(rest, name, value[name]);
  }
  return isEmpty(rest) ? { value: fitted } : { value: fitted, rest };
}

/** Whether a value is written as an object in JSON. */
function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !('toJSON' in value) && !isNumber(value);
}

function isEmpty(rest: object): boolean {
  for (const _ in rest) return false;
  return true;
}

function put(rest: Record<string, unknown>, name: string, value: unknown) {
  if (name === '__proto__') Object.defineProperty(rest, name, { value, enumerable: true });
  else rest[name] = value;
}

/** The columns that the transform cannot set. */
const RESERVED = { event_id: 1, event_source: 1, event_type: 1, event_time: 1, row_index: 1, message_id: 1, publish_time: 1, rest: 1 };

function requireColumn(name: string, columns: ReadonlyMap<string, Column>): void {
  if (!columns.has(name)) throw new PermanentError(`the table has no column ${name}`);
}

/** The largest size of a row in a request. */
function bytesOf(row: TableRow): number {
  let bytes = ROW_BYTES;
  for (const name in row) bytes += bytesOfValue(row[name]!);
  return bytes;
}

function bytesOfValue(value: ColumnValue): number {
  if (typeof value === 'string') return FIELD_BYTES + Buffer.byteLength(value);
  if (Array.isArray(value))
    return (value as readonly ColumnValue[]).reduce<number>((sum, element) => sum + bytesOfValue(element), FIELD_BYTES);
  return typeof value === 'object' && !(value instanceof Halves) ? FIELD_BYTES + bytesOf(value as TableRow) : FIELD_BYTES;
}

/**
 * Refuse an event if BigQuery accepts no rows for its day. BigQuery counts from the current day. Here it is counted from the
 * publish time of the message, so that every retry has the same result.
 * @see https://cloud.google.com/bigquery/docs/write-api#time-unit_column_partitioning
 */
function requirePartition(happened: Moment, published: Moment) {
  const days = dayOf(happened) - dayOf(published);
  if (days < -DAYS_PAST) throw new PermanentError(`event_time is ${-days} days before publish_time, and BigQuery accepts ${DAYS_PAST}`);
  if (days > DAYS_AHEAD) throw new PermanentError(`event_time is ${days} days after publish_time, and BigQuery accepts ${DAYS_AHEAD}`);
}

function timeOf(name: string, text: string): Moment {
  return momentOf(text) ?? refuse(name, 'TIMESTAMP', text);
}

function dayOf({ milliseconds }: Moment): number {
  return Math.floor(milliseconds / 86_400_000);
}

function convert(name: string, type: string, value: unknown): string | number | boolean | Int64 {
  const converted = CONVERSIONS[type]?.(value) ?? refuse(name, type, value);
  if (typeof converted === 'string') {
    const isText = type === 'JSON' ? isWellFormedJson(converted) : isWellFormed(converted);
    if (!isText) throw new PermanentError(`column ${name} cannot hold half of a surrogate pair`);
    if (type === 'JSON') requireExact(name, value);
  }
  return converted;
}

function refuse(name: string, type: string, value: unknown): never {
  throw new PermanentError(`column ${name} of type ${type} cannot hold this ${typeof value}`);
}

/** How each type of column converts a value. A value that does not fit is `undefined`. */
const CONVERSIONS: Readonly<Record<string, (value: unknown) => string | number | boolean | Int64 | undefined>> = {
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

function int64(value: bigint): Int64 | undefined {
  if (!isInt64(value)) return undefined;
  return new Halves(Number(BigInt.asIntN(32, value)), Number(value >> 32n));
}

function timestamp({ milliseconds, micros }: Moment): Int64 {
  const microseconds = milliseconds * 1000 + micros;
  if (!Number.isSafeInteger(microseconds)) return int64(BigInt(milliseconds) * 1000n + BigInt(micros))!;
  return new Halves(microseconds | 0, Math.floor(microseconds / 2 ** 32));
}

/** A class, because the library treats a plain object as a record with columns. */
class Halves {
  constructor(
    readonly low: number,
    readonly high: number,
  ) {}
}

/** For how many days before and after the current day BigQuery accepts rows. */
const [DAYS_PAST, DAYS_AHEAD] = [1825, 366];
