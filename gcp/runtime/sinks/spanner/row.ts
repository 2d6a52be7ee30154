import { type Event, PermanentError, type Row } from '../../../../shared/runtime/event';
import { ExactNumber, stringify } from '../../../../shared/runtime/json';
import { isWellFormed, isWellFormedJson } from '../../../../shared/runtime/text';
import { decimal, isDouble, isInt64, isNumber, isStored, requireExact } from '../../columns';
import { momentOf, utcOf } from '../../time';

/** A value as a mutation has it: whole numbers, times and JSON are texts. */
export type Value = string | number | boolean;

/** A row by column name, in the JSON of a mutation. */
export type SpannerRow = Readonly<Record<string, Value>>;

/** The columns that the transform cannot set. */
const OWN = new Set(['event_source', 'event_id', 'row_index', 'event_type', 'event_time', 'expires_at', 'rest']);

/** The limits of a cell: a text is counted in characters, JSON in bytes and in levels. */
const [TEXT_CHARACTERS, JSON_BYTES, JSON_LEVELS] = [2_621_440, 10_000_000, 80];

/**
 * The columns of a table and their types.
 * @param text as the store tells them: `subject STRING,data JSON`
 */
export function columnsOf(text: string): ReadonlyMap<string, string> {
  return new Map(
    text
      .split(',')
      .filter(Boolean)
      .map((column) => column.split(' ') as [name: string, type: string]),
  );
}

/**
 * One row with the columns of its event. Fields without a column go into `rest`, so that nothing is lost. Spanner refuses a value
 * with the same status as a database that it cannot use, so each value is checked here.
 * @throws PermanentError if a value does not fit its column
 * @see https://cloud.google.com/spanner/quotas#tables
 */
export function rowOf(row: Row, event: Event, index: number, columns: ReadonlyMap<string, string>): SpannerRow {
  const fitted: Record<string, Value> = {
    event_source: convert('event_source', 'STRING', event.source),
    event_id: convert('event_id', 'STRING', event.id),
    row_index: String(index),
    event_type: convert('event_type', 'STRING', event.type),
    event_time: convert('event_time', 'TIMESTAMP', event.time),
  };
  const rest: [string, unknown][] = [];
  for (const [name, value] of Object.entries(row)) {
    if (value === undefined) continue;
    const type = OWN.has(name) ? undefined : columns.get(name);
    if (type) {
      if (value !== null || type === 'JSON') fitted[name] = convert(name, type, value);
    } else if (!isStored(name, value, event)) rest.push([name, value]);
  }
  if (rest.length > 0) fitted.rest = convert('rest', 'JSON', Object.fromEntries(rest));
  return fitted;
}

function convert(name: string, type: string, value: unknown): Value {
  const converted = CONVERSIONS[type]?.(value, name);
  if (converted === undefined) throw new PermanentError(`column ${name} of type ${type} cannot hold this ${typeof value}`);
  return converted;
}

/** How each type of column converts a value. A value that does not fit is `undefined`. */
const CONVERSIONS: Readonly<Record<string, (value: unknown, name: string) => Value | undefined>> = {
  STRING: (value, name) => (typeof value === 'string' ? textOf(value, name) : undefined),
  JSON: jsonOf,
  BOOL: (value) => (typeof value === 'boolean' ? value : undefined),
  INT64: (value) => {
    const whole = typeof value === 'bigint' || Number.isSafeInteger(value) ? BigInt(value as bigint | number) : undefined;
    return whole !== undefined && isInt64(whole) ? String(whole) : undefined;
  },
  FLOAT64: (value) => (isNumber(value) && Number.isFinite(Number(value)) ? Number(value) : undefined),
  NUMERIC: (value) => {
    const text = decimal(value);
    return text !== undefined && isNumeric(text) ? text : undefined;
  },
  TIMESTAMP: (value) => {
    const time = typeof value === 'string' ? momentOf(value) : undefined;
    return time && utcOf(time);
  },
  DATE: (value) => (typeof value === 'string' && momentOf(`${value}T00:00:00Z`) ? value : undefined),
};

function textOf(text: string, name: string): string {
  if (!isWellFormed(text)) throw new PermanentError(`column ${name} cannot hold half of a surrogate pair`);
  if (text.length > TEXT_CHARACTERS && [...text].length > TEXT_CHARACTERS)
    throw new PermanentError(`column ${name} cannot hold more than ${TEXT_CHARACTERS} characters`);
  return text;
}

function jsonOf(value: unknown, name: string): string {
  requireExact(name, value);
  const json = stringify(shortened(value, name, JSON_LEVELS));
  if (!isWellFormedJson(json)) throw new PermanentError(`column ${name} cannot hold half of a surrogate pair`);
  if (Buffer.byteLength(json) > JSON_BYTES) throw new PermanentError(`column ${name} cannot hold more than ${JSON_BYTES} bytes of JSON`);
  return json;
}

/** Spanner takes a double only with the fewest digits that name it. */
function shortened(value: unknown, name: string, levels: number): unknown {
  if (value instanceof ExactNumber) return isDouble(value) ? Number(value) : value;
  if (typeof value !== 'object' || value === null || 'toJSON' in value) return value;
  if (levels === 0) throw new PermanentError(`column ${name} cannot hold more than ${JSON_LEVELS} levels of JSON`);
  if (Array.isArray(value)) return value.map((item) => shortened(item, name, levels - 1));
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, shortened(member, name, levels - 1)]));
}

/** Whether a number has at most 29 digits before the point, and 9 after it. */
function isNumeric(text: string): boolean {
  const [, whole = '', fraction = '', exponent = '0'] = /^-?(\d+)(?:\.(\d+))?(?:e([+-]?\d+))?$/i.exec(text) ?? [];
  const digits = whole + fraction;
  const point = whole.length + Number(exponent);
  const first = digits.search(/[1-9]/);
  if (first < 0) return true;
  return point - first <= 29 && digits.replace(/0+$/, '').length - point <= 9;
}
