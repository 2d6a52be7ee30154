/** What identifies a row, and where it came from. Each table of a `BigQueryStore` has these columns. */
const KEY = ['event_time', 'event_source', 'event_id', 'row_index'] as const;
const COPIED = [...KEY, 'event_type', 'message_id', 'publish_time'] as const;

/** What {@link cleanRows} needs. */
export interface CleanRows {
  /** The view of the events, as in a query: a name of {@link ScheduledQueryProps.query}. */
  readonly from: string;
  /** The table of a `BigQueryStore` with the columns of `columns`. */
  readonly into: string;
  /**
   * The columns of the clean row, each with its expression of GoogleSQL over a row of the events, such as
   * `SAFE_CAST(JSON_VALUE(data, '$.kelvin') AS FLOAT64)`.
   */
  readonly columns: Readonly<Record<string, string>>;
  /**
   * The condition for an event to have a clean row, such as `event_type = 'com.example.reading'`.
   * @default - every event has one
   */
  readonly where?: string;
  /**
   * How many days of events each run looks at. An event that is stored later than that has no clean row.
   * @default 3
   */
  readonly days?: number;
  /**
   * Whether `from` is the view of a `BigQueryRawStore`. Its queries must filter on the day on which the message was published, so an event
   * that is published more than `days` after it happened has no clean row.
   * @default false
   */
  readonly raw?: boolean;
}

/**
 * A query that adds a clean row for each event that has none. It can be run again: a row that is there already stays as it is, so
 * a corrected expression changes only rows that are added later.
 * @see https://cloud.google.com/bigquery/docs/reference/standard-sql/dml-syntax#merge_statement
 */
export function cleanRows({ from, into, columns, where = 'TRUE', days = 3, raw = false }: CleanRows): string {
  const earliest = `TIMESTAMP_SUB(@run_time, INTERVAL ${days} DAY)`;
  const names = [...COPIED, ...Object.keys(columns)].map((name) => `\`${name}\``).join(', ');
  return [
    `MERGE ${into} AS kept`,
    'USING (',
    '  SELECT',
    [...COPIED.map((name) => `    \`${name}\``), ...Object.entries(columns).map(([name, value]) => `    ${value} AS \`${name}\``)].join(
      ',\n',
    ),
    `  FROM ${from}`,
    `  WHERE ${raw ? `publish_day >= DATE(${earliest}) AND ` : ''}event_time >= ${earliest} AND (${where})`,
    ') AS found',
    `ON ${[`kept.event_time >= ${earliest}`, ...KEY.map((name) => `kept.${name} = found.${name}`)].join(' AND ')}`,
    `WHEN NOT MATCHED THEN INSERT (${names}) VALUES (${names})`,
  ].join('\n');
}
