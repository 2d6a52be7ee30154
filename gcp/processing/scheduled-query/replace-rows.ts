/** The columns that every table of a `BigQueryStore` has. */
const COPIED = ['event_time', 'event_source', 'event_id', 'row_index', 'event_type', 'message_id', 'publish_time', 'rest'] as const;
/** A table requires a condition on `event_time`. A row of a run has the time of its pull, so it is never before this. */
const EVERY_DAY = "TIMESTAMP('2020-01-01')";
const LATELY = 'event_time >= TIMESTAMP_SUB(@run_time, INTERVAL 1 DAY)';

/** What {@link replaceRows} needs. */
export interface ReplaceRows {
  /** The view of the staging table, which the handler `pull-to-bigquery` writes: a name of {@link QueryJobProps.query}. */
  readonly from: string;
  /** The table that is published, of a `BigQueryStore` with the columns of the staging table. Nothing else writes into it. */
  readonly into: string;
  /** The columns that both have. */
  readonly columns: readonly { readonly name: string }[];
  /**
   * How many items a run must have. A run with fewer is not published.
   * @default 1
   */
  readonly atLeast?: number;
  /**
   * Which share of the items that are published a run must have, from 0 to 1. A run that lost more is not published: more likely than
   * not, the source has not told everything.
   * @default 0.5
   */
  readonly atLeastShare?: number;
}

/**
 * A query that checks the last complete run of a staging table, and replaces all rows of the published table by its items.
 *
 * It fails, and changes nothing, if no run was completed within a day, if rows of the run are missing, if it has too few items, if an
 * item is in it twice, or if a later run is published. The replacement is one statement: who reads sees all old rows or all new rows.
 * It can be run again: the same run leaves the same rows.
 *
 * The rows of a complete run never change, so what was checked is what is published. For a `QueryJob` only: it has several statements.
 * @see https://cloud.google.com/bigquery/docs/reference/standard-sql/dml-syntax#merge_statement
 */
export function replaceRows({ from, into, columns, atLeast = 1, atLeastShare = 0.5 }: ReplaceRows): string {
  const names = [...COPIED, ...columns.map(({ name }) => name)].map((name) => `\`${name}\``).join(', ');
  const isItem = "event_type = 'item.pulled'";
  const isEnd = "event_type = 'run.completed'";
  const fails = (condition: string, message: string, ...values: readonly string[]) =>
    `  WHEN ${condition} THEN ERROR(FORMAT('%s ${message}', ${['last_run', ...values].join(', ')}))`;
  return [
    'DECLARE last_run STRING DEFAULT (',
    `  SELECT message_id FROM ${from}`,
    `  WHERE ${LATELY} AND ${isEnd}`,
    '  ORDER BY event_time DESC LIMIT 1',
    ');',
    'SELECT CASE',
    "  WHEN last_run IS NULL THEN ERROR('no run was completed within a day')",
    fails('COALESCE(items != rows_written, TRUE)', 'has written %d items, and has %d', 'COALESCE(rows_written, -1)', 'items'),
    fails('items != ids', 'has an item twice, such as %s', "COALESCE(twice, '')"),
    fails(`items < ${atLeast}`, `has %d items, and must have ${atLeast}`, 'items'),
    fails('pulled < published_at', 'was pulled before what is published'),
    fails(`items < ${atLeastShare} * published`, 'has %d items, and %d are published', 'items', 'published'),
    "  ELSE 'good'",
    'END',
    'FROM (',
    `  SELECT COUNTIF(${isItem}) AS items, COUNT(DISTINCT IF(${isItem}, event_id, NULL)) AS ids, MAX(event_time) AS pulled,`,
    '    MAX(IF(row_index = 1, event_id, NULL)) AS twice,',
    `    MAX(IF(${isEnd}, SAFE_CAST(JSON_VALUE(rest, '$.rows') AS INT64), NULL)) AS rows_written`,
    `  FROM ${from}`,
    `  WHERE ${LATELY} AND message_id = last_run`,
    '), (',
    `  SELECT COUNT(*) AS published, MAX(event_time) AS published_at FROM ${into} WHERE event_time >= ${EVERY_DAY}`,
    ');',
    `MERGE ${into} AS kept`,
    'USING (',
    `  SELECT ${names} FROM ${from}`,
    `  WHERE ${LATELY} AND message_id = last_run AND ${isItem}`,
    ') AS found',
    'ON FALSE',
    `WHEN NOT MATCHED BY SOURCE AND kept.event_time >= ${EVERY_DAY} THEN DELETE`,
    `WHEN NOT MATCHED THEN INSERT (${names}) VALUES (${names})`,
  ].join('\n');
}
