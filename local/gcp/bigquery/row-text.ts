import { Digits, type Tree, treeOf } from '../../contents';
import type { StoredRow } from '../../platform';
import type { ColumnValue, SchemaField, TableRow } from './row-check';
import type { TableSettings } from './table';

/** A stored row: all of its columns as one JSON text, with all digits. */
export function storedRow({ dataset, name, schema }: TableSettings, row: TableRow): StoredRow {
  const columns = schema.map((column) => `${JSON.stringify(column.name)}:${columnText(column, row[column.name])}`);
  const { event_source: source, event_id: id } = row;
  const event = typeof source === 'string' && typeof id === 'string' ? { source, id } : undefined;
  return { event, place: `${dataset}.${name}`, text: `{${columns.join(',')}}`, content: contentOf(schema, row) };
}

/** The columns of the message, which the transform does not set. */
const POSITION = ['message_id', 'publish_time', 'publish_day'];

/** The columns of a row that are not empty. */
function contentOf(schema: TableSettings['schema'], row: TableRow): Tree {
  return filled(
    schema.filter(({ name }) => !POSITION.includes(name)),
    row,
  );
}

function filled(schema: readonly SchemaField[], row: TableRow): Tree {
  const columns = schema.flatMap((column) => {
    const value = row[column.name];
    return value === undefined || isEmptyList(value) ? [] : [[column.name, contentIn(column, value)] as const];
  });
  return Object.fromEntries(columns);
}

function contentIn(column: SchemaField, value: ColumnValue): Tree {
  if (Array.isArray(value)) return (value as readonly ColumnValue[]).map((element) => contentIn(elementOf(column), element));
  if (column.type === 'RECORD') return filled(column.fields ?? [], value as TableRow);
  const tree = treeOf(columnText(column, value));
  return tree === undefined ? String(value) : tree;
}

/** Whether it is the value of a REPEATED column without elements, which is stored as a missing one is. */
function isEmptyList(value: unknown): boolean {
  return Array.isArray(value) && value.length === 0;
}

function elementOf(column: SchemaField): SchemaField {
  return { ...column, mode: 'NULLABLE' };
}

/** Attributes that have an event column, or that are the same for every event. */
const EVENT_ATTRIBUTES = ['specversion', 'id', 'source', 'type', 'time'];

/**
 * How a row of an event is stored in the table: the event in its columns, each field of the row in the column of its name, and
 * the other fields in `rest`.
 */
export function asColumns({ schema, key }: TableSettings): (row: Tree, event: Tree, index: number) => Tree {
  const columns = new Map(schema.map((column) => [column.name, column]));
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
      const column = own.includes(name) ? undefined : columns.get(name);
      if (column) place(column, value, { content, rest });
      else rest[name] = value;
    }
    if (Object.keys(rest).length > 0) content.rest = rest;
    // An event without a subject is about its source.
    if (key?.includes('subject') && columns.get('subject')?.type === 'STRING') content.subject ??= '';
    return content;
  };
}

/** A value in its column, and in `rest` what a RECORD has no column for. */
function place(column: SchemaField, value: Tree, { content, rest }: Readonly<Record<'content' | 'rest', Record<string, Tree>>>) {
  const { name, type, mode, fields = [] } = column;
  if ((value === null && (type !== 'JSON' || mode === 'REPEATED')) || (mode === 'REPEATED' && isEmptyList(value))) return;
  if (mode === 'REPEATED' && Array.isArray(value)) {
    const parts = (value as readonly Tree[]).map((element) => {
      const part = { content: {}, rest: {} as Record<string, Tree> };
      place(elementOf(column), element, part);
      return part;
    });
    content[name] = parts.map((part) => (part.content as Readonly<Record<string, Tree>>)[name]!);
    if (parts.some((part) => name in part.rest)) rest[name] = parts.map((part) => part.rest[name] ?? {});
  } else if (type === 'RECORD') {
    const known = new Map(fields.map((field) => [field.name, field]));
    const within: Record<'content' | 'rest', Record<string, Tree>> = { content: {}, rest: {} };
    for (const [field, one] of Object.entries(value as Readonly<Record<string, Tree>>)) {
      const found = known.get(field);
      if (found) place(found, one, within);
      else within.rest[field] = one;
    }
    content[name] = within.content;
    if (Object.keys(within.rest).length > 0) rest[name] = within.rest;
  } else content[name] = inColumn(type, value);
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

function columnText(column: SchemaField, value: ColumnValue): string {
  if (column.mode === 'REPEATED') {
    const texts = ((value ?? []) as readonly ColumnValue[]).map((element) => columnText(elementOf(column), element));
    return `[${texts.join(',')}]`;
  }
  if (value === undefined) return 'null';
  switch (column.type) {
    case 'RECORD': {
      const fields = (column.fields ?? []).map(
        (field) => `${JSON.stringify(field.name)}:${columnText(field, (value as TableRow)[field.name])}`,
      );
      return `{${fields.join(',')}}`;
    }
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
