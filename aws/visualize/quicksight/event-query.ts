interface Column {
  readonly name: string;
  /** The type in Quick Sight. */
  readonly type: 'DATETIME' | 'STRING';
}

/** The attributes of an event that are shown. */
export const SHOWN: readonly Column[] = [
  { name: 'time', type: 'DATETIME' },
  { name: 'id', type: 'STRING' },
  { name: 'source', type: 'STRING' },
  { name: 'type', type: 'STRING' },
  { name: 'subject', type: 'STRING' },
];

/** What identifies an event, and is counted: an event can be stored twice, and two sources can use the same id. */
export const EVENT = 'event';

/** The columns of the data set. */
export const COLUMNS: readonly Column[] = [...SHOWN, { name: EVENT, type: 'STRING' }];

/**
 * The query for the events of the last days. The conditions on year and month are known before any object is read, so Athena lists
 * only the partitions of two months at most. Without them, each visual would read all events there are.
 * @param days at most 28, so that they lie in two months
 */
export function eventQuery(database: string, table: string, days: number): string {
  const first = `current_date - interval '${days}' day`;
  const either = (column: string, format: string) =>
    `${column} IN (date_format(${first}, '${format}'), date_format(current_date, '${format}'))`;
  return [
    `SELECT CAST(try(from_iso8601_timestamp(time)) AT TIME ZONE 'UTC' AS timestamp) AS time, id, source, type, subject, concat(source, ' ', id) AS ${EVENT}`,
    `FROM "${database}"."${table}"`,
    `WHERE ${either('year', '%Y')}`,
    `AND ${either('month', '%m')}`,
    `AND concat(year, '-', month, '-', day) >= date_format(${first}, '%Y-%m-%d')`,
  ].join('\n');
}
