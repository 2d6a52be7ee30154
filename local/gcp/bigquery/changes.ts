import type { RowFault, SchemaField, TableRow } from './row-check';

const [TYPE, ORDER] = ['_CHANGE_TYPE', '_CHANGE_SEQUENCE_NUMBER'];
/** The columns that a change has beside those of the table. */
export const CHANGE_COLUMNS: readonly SchemaField[] = [TYPE, ORDER].map((name) => ({ name, type: 'STRING' }));

/** Whether a row is a change of a row with the same key. BigQuery adds other rows as they are. */
export function isChange(row: TableRow): boolean {
  return row[TYPE] !== undefined;
}

/**
 * The errors of BigQuery for changes.
 * @see https://cloud.google.com/bigquery/docs/change-data-capture
 */
export function changeFaults(rows: readonly TableRow[], key: readonly string[] = []): RowFault[] {
  return rows.flatMap((row, index) => {
    const message = isChange(row) || row[ORDER] !== undefined ? changeFault(row, key) : undefined;
    return message === undefined ? [] : [{ index, message }];
  });
}

function changeFault(row: TableRow, key: readonly string[]): string | undefined {
  if (key.length === 0) return 'The table has no primary key, which a change needs';
  if (row[TYPE] !== 'UPSERT' && row[TYPE] !== 'DELETE') return `${row[TYPE]} is not a valid CHANGE_TYPE`;
  if (!/^[0-9A-F]{1,16}(\/[0-9A-F]{1,16}){0,3}$/i.test(String(row[ORDER]))) return `${row[ORDER]} is not a valid CHANGE_SEQUENCE_NUMBER`;
  return undefined;
}

/** A sequence number as a text that sorts as BigQuery compares: section by section, each as a hexadecimal number. */
export function sortable(sequence: string): string {
  return sequence
    .split('/')
    .map((section) => section.toUpperCase().padStart(16, '0'))
    .join('/');
}

/** What a query shows after these changes: of each key the row with the highest number, and of equal numbers the last one. */
export function latestOf(changes: readonly TableRow[], key: readonly string[]): TableRow[] {
  const latest = new Map<string, TableRow>();
  for (const change of changes) {
    const name = JSON.stringify(key.map((column) => String(change[column])));
    const known = latest.get(name);
    if (!known || sortable(String(change[ORDER])) >= sortable(String(known[ORDER]))) latest.set(name, change);
  }
  return [...latest.values()]
    .filter((change) => change[TYPE] === 'UPSERT')
    .map((change) => Object.fromEntries(Object.entries(change).filter(([name]) => name !== TYPE && name !== ORDER)));
}

/** A change as it is kept until it is applied. */
export function keptChange(row: TableRow): TableRow {
  return isChange(row) ? { ...row, [ORDER]: sortable(String(row[ORDER])) } : row;
}

/** The query, for DuckDB, of a table of changes: what {@link latestOf} returns. */
export function latestRowsQuery(from: string, schema: readonly SchemaField[], key: readonly string[]): string {
  const quoted = (name: string) => `"${name}"`;
  return [
    `SELECT ${schema.map(({ name }) => quoted(name)).join(', ')} FROM ${from}`,
    `QUALIFY ROW_NUMBER() OVER (PARTITION BY ${key.map(quoted).join(', ')} ORDER BY "${ORDER}" DESC, rowid DESC) = 1 AND "${TYPE}" = 'UPSERT'`,
  ].join(' ');
}
