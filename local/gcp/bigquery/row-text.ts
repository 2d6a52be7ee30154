import { Digits, type Tree, treeOf } from '../../contents';
import type { StoredRow } from '../../platform';
import type { TableRow } from './row-check';
import type { TableSettings } from './table';

/** A stored row: all of its columns as one JSON text, with all digits. */
export function storedRow({ dataset, name, schema }: TableSettings, row: TableRow): StoredRow {
  const columns = schema.map((column) => `${JSON.stringify(column.name)}:${columnText(column.type, row[column.name])}`);
  const { event_source: source, event_id: id } = row;
  const event = typeof source === 'string' && typeof id === 'string' ? { source, id } : undefined;
  return { event, place: `${dataset}.${name}`, text: `{${columns.join(',')}}`, content: contentOf(schema, row) };
}

/** The columns of the message, which the transform does not set. */
const POSITION = ['message_id', 'publish_time', 'publish_day'];

/** The columns of a row that are not empty. */
function contentOf(schema: TableSettings['schema'], row: TableRow): Tree {
  const columns = schema.flatMap(({ name, type }) => {
    const value = row[name];
    if (value === undefined || POSITION.includes(name)) return [];
    const tree = treeOf(columnText(type, value));
    return [[name, tree === undefined ? String(value) : tree] as const];
  });
  return Object.fromEntries(columns);
}

/** Attributes that have an event column, or that are the same for every event. */
const EVENT_ATTRIBUTES = ['specversion', 'id', 'source', 'type', 'time'];

/**
 * How a row of an event is stored in the table: the event in its columns, each field of the row in the column of its name, and
 * the other fields in `rest`.
 */
export function asColumns({ schema, key }: TableSettings): (row: Tree, event: Tree, index: number) => Tree {
  const types = new Map(schema.map(({ name, type }) => [name, type]));
  const own = ['event_id', 'event_source', 'event_type', 'event_time', 'row_index', 'rest', ...POSITION];
  return (row, event, index) => {
    const { id, source, type, time } = event as Readonly<Record<string, Tree>>;
    const content: Record<string, Tree> = {
      event_id: id!,
      event_source: source!,
      event_type: type!,
      event_time: momentOf(time!),
      row_index: new Digits(String(index)),
    };
    const rest: Record<string, Tree> = {};
    for (const [name, value] of Object.entries(key ? sentOf(row, key) : (row as Fields))) {
      if (
        EVENT_ATTRIBUTES.includes(name) &&
        value === (event as Readonly<Record<string, Tree>>)[name] &&
        (name !== 'time' || isExact(value))
      )
        continue;
      const column = own.includes(name) ? undefined : types.get(name);
      if (!column) rest[name] = value;
      else if (value !== null || column === 'JSON') content[name] = inColumn(column, value);
    }
    if (Object.keys(rest).length > 0) content.rest = rest;
    // An event without a subject is about its source.
    if (key?.includes('subject') && types.get('subject') === 'STRING') content.subject ??= '';
    return content;
  };
}

type Fields = Readonly<Record<string, Tree>>;

/** What of a change is sent: of a deletion only the key. */
function sentOf(row: Tree, key: readonly string[]): Fields {
  const { _CHANGE_TYPE: type, ...fields } = row as Fields;
  return type === 'DELETE' ? Object.fromEntries(Object.entries(fields).filter(([name]) => key.includes(name))) : fields;
}

/** Whether a TIMESTAMP stores this time unchanged. */
function isExact(time: Tree): boolean {
  return /:\d\d(\.\d{1,6})?Z$/.test(String(time));
}

function inColumn(type: string, value: Tree): Tree {
  if (type === 'TIMESTAMP') return momentOf(value);
  if (type === 'NUMERIC' || type === 'BIGNUMERIC') return new Digits(value instanceof Digits ? value.text : String(value));
  if (type === 'FLOAT' && value instanceof Digits) return new Digits(String(Number(value.text)));
  return value;
}

/** A time to the microsecond in UTC, as {@link columnText} writes it. */
function momentOf(time: Tree): Tree {
  const [, seconds = '', fraction = '', zone = ''] = /^(.*:\d\d)(?:\.(\d+))?(Z|[+-]\d\d:\d\d)$/i.exec(String(time)) ?? [];
  const date = new Date(seconds + zone);
  if (Number.isNaN(date.getTime())) return time;
  return date.toISOString().replace('.000Z', `.${fraction.padEnd(6, '0').slice(0, 6)}Z`);
}

function columnText(type: string, value: TableRow[string]): string {
  if (value === undefined) return 'null';
  switch (type) {
    case 'STRING':
      return JSON.stringify(value);
    case 'TIMESTAMP':
      return `"${moment(value as bigint)}"`;
    case 'DATE':
      return `"${new Date(Number(value) * 86_400_000).toISOString().slice(0, 10)}"`;
    default:
      return String(value);
  }
}

/** A time in RFC 3339, to the microsecond. */
function moment(microseconds: bigint): string {
  const below = ((microseconds % 1000n) + 1000n) % 1000n;
  return new Date(Number((microseconds - below) / 1000n)).toISOString().replace('Z', `${String(below).padStart(3, '0')}Z`);
}
