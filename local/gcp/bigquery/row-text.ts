import type { StoredRow } from '../../platform';
import type { TableRow } from './row-check';
import type { TableSettings } from './table';

/** A row of the table, as a reader of the store finds it: all its columns as one JSON text, with every digit. */
export function storedRow({ dataset, name, schema }: TableSettings, row: TableRow): StoredRow {
  const columns = schema.map((column) => `${JSON.stringify(column.name)}:${columnText(column.type, row[column.name])}`);
  const { event_source: source, event_id: id } = row;
  const event = typeof source === 'string' && typeof id === 'string' ? { source, id } : undefined;
  return { event, place: `${dataset}.${name}`, text: `{${columns.join(',')}}` };
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
