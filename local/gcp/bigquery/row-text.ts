import { Digits, type Tree, treeOf } from '../../contents';
import type { StoredRow } from '../../platform';
import type { TableRow } from './row-check';
import type { TableSettings } from './table';

/** A row of the table, as a reader of the store finds it: all its columns as one JSON text, with every digit. */
export function storedRow({ dataset, name, schema }: TableSettings, row: TableRow): StoredRow {
  const columns = schema.map((column) => `${JSON.stringify(column.name)}:${columnText(column.type, row[column.name])}`);
  const { event_source: source, event_id: id } = row;
  const event = typeof source === 'string' && typeof id === 'string' ? { source, id } : undefined;
  return { event, place: `${dataset}.${name}`, text: `{${columns.join(',')}}`, content: contentOf(schema, row) };
}

/** Where the message stood that the event came in: no transform makes that. */
const POSITION = ['message_id', 'publish_time'];

/** The columns of a row that hold something, and what of the row no column holds beside them. */
function contentOf(schema: TableSettings['schema'], row: TableRow): Tree {
  const columns = schema.flatMap(({ name, type }) => {
    const value = row[name];
    if (value === undefined || POSITION.includes(name)) return [];
    const tree = treeOf(columnText(type, value));
    return [[name, tree === undefined ? String(value) : tree] as const];
  });
  return Object.fromEntries(columns);
}

/** Attributes that a column of the event holds, or that are the same for every event. */
const HELD = ['specversion', 'id', 'source', 'type', 'time'];

/**
 * How a reader of the table finds a row of an event: the event in its columns, each member of the row in the column of its
 * name, and the others in `rest`.
 */
export function asColumns({ schema }: TableSettings): (row: Tree, event: Tree, index: number) => Tree {
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
    for (const [name, value] of Object.entries(row as Readonly<Record<string, Tree>>)) {
      if (HELD.includes(name) && value === (event as Readonly<Record<string, Tree>>)[name] && (name !== 'time' || isExact(value))) continue;
      const column = own.includes(name) ? undefined : types.get(name);
      if (!column) rest[name] = value;
      else if (value !== null || column === 'JSON') content[name] = inColumn(column, value);
    }
    if (Object.keys(rest).length > 0) content.rest = rest;
    return content;
  };
}

/** A time that a TIMESTAMP holds as it is written. */
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
