/** What names a row. Each table of a `BigQueryStore` has these columns, and those of {@link COPIED}. */
const KEY = ['event_time', 'event_source', 'event_id', 'row_index'] as const;
const COPIED = [...KEY, 'event_type', 'message_id', 'publish_time'] as const;
/** What a median of absolute deviations is multiplied with to be the standard deviation of normally distributed values. */
const OF_STANDARD_DEVIATION = 1.4826;
const TODAY = 'TIMESTAMP_TRUNC(@run_time, DAY)';
const daysAgo = (days: number) => `TIMESTAMP_SUB(${TODAY}, INTERVAL ${days} DAY)`;

/** What is measured. {@link learnBaselines} and {@link findOutliers} must get the same. */
export interface Measured {
  /** The view of the events, as in a query: a name of {@link QueryJobProps.query}. */
  readonly from: string;
  /**
   * The number in an event, as an expression of GoogleSQL that is NULL where there is none, such as
   * `SAFE_CAST(JSON_VALUE(data, '$.value') AS FLOAT64)`.
   */
  readonly value: string;
  /**
   * The condition for an event to be looked at, such as `event_type = 'com.example.reading'`.
   * @default - every event
   */
  readonly where?: string;
}

/** What {@link learnBaselines} needs. */
export interface LearnBaselines extends Measured {
  /** The table of a `BigQueryStore` with {@link BASELINE_COLUMNS}. */
  readonly into: string;
  /**
   * Of how many days it learns. It reads them all in each run, and is billed for them.
   * @default 28
   */
  readonly days?: number;
  /**
   * How many measurements a baseline needs. A source with fewer has none, so nothing of it is an outlier.
   * @default 100
   */
  readonly atLeast?: number;
}

/** What {@link findOutliers} needs. */
export interface FindOutliers extends Measured {
  /** The view of the baselines, as in a query. */
  readonly baselines: string;
  /** The table of a `BigQueryStore` with {@link OUTLIER_COLUMNS}. */
  readonly into: string;
  /**
   * The smallest difference of two values that means something, in their unit, such as the last digit of a sensor: above 0. A standard
   * deviation counts as at least this much. Without it, every change of a value that was constant would be an outlier.
   */
  readonly resolution: number;
  /**
   * From how many standard deviations on a value is an outlier. Of normally distributed values, one in 1.7 million is 5 away.
   * @default 5
   */
  readonly distance?: number;
  /**
   * How many days before the day of the run it looks at. Events that are stored later than that are never looked at.
   * @default 3
   */
  readonly days?: number;
}

/** The columns of a baseline. `deviation` is the median of the absolute deviations from `median`. */
export const BASELINE_COLUMNS = [
  { name: 'median', type: 'FLOAT' },
  { name: 'deviation', type: 'FLOAT' },
  { name: 'measurements', type: 'INTEGER' },
] as const;

/** The columns of an outlier. `distance` is in standard deviations. */
export const OUTLIER_COLUMNS = [
  { name: 'value', type: 'FLOAT' },
  { name: 'median', type: 'FLOAT' },
  { name: 'deviation', type: 'FLOAT' },
  { name: 'distance', type: 'FLOAT' },
] as const;

/**
 * A query that adds the baseline of the day before its run: what is normal for each source and type, by the median of the days before
 * this day. The day itself is not in it, and a few outliers hardly move a median. It can be run again: a baseline that is there stays
 * as it is.
 * @see https://cloud.google.com/bigquery/docs/reference/standard-sql/navigation_functions#percentile_cont
 */
export function learnBaselines({ from, into, value, where = 'TRUE', days = 28, atLeast = 100 }: LearnBaselines): string {
  const ofSource = 'OVER (PARTITION BY event_source, event_type)';
  const names = [...COPIED, ...BASELINE_COLUMNS.map(({ name }) => name)];
  const found = [
    '  WITH measured AS (',
    `    SELECT event_source, event_type, ${value} AS value`,
    `    FROM ${from}`,
    `    WHERE event_time >= ${daysAgo(days + 1)} AND event_time < ${daysAgo(1)} AND (${where})`,
    '  ), centred AS (',
    `    SELECT event_source, event_type, value, PERCENTILE_CONT(value, 0.5) ${ofSource} AS median`,
    '    FROM measured',
    `    WHERE ${isNumber('value')}`,
    '  ), spread AS (',
    `    SELECT event_source, event_type, median, PERCENTILE_CONT(ABS(value - median), 0.5) ${ofSource} AS deviation`,
    '    FROM centred',
    '  )',
    `  SELECT ${daysAgo(1)} AS event_time, event_source, event_type AS event_id, 0 AS row_index, event_type,`,
    "    'baseline' AS message_id, @run_time AS publish_time,",
    '    ANY_VALUE(median) AS median, ANY_VALUE(deviation) AS deviation, COUNT(*) AS measurements',
    '  FROM spread',
    '  GROUP BY event_source, event_type',
    `  HAVING COUNT(*) >= ${atLeast}`,
  ];
  return addMissing(into, daysAgo(1), found, names);
}

/**
 * A query that adds each measurement that is far from the baseline of its day. It can be run again: an outlier that is there stays as
 * it is, and events that came late are looked at. A day without a baseline has no outliers.
 */
export function findOutliers(props: FindOutliers): string {
  const { from, baselines, into, value, where = 'TRUE', resolution, distance = 5, days = 3 } = props;
  const names = [...COPIED, ...OUTLIER_COLUMNS.map(({ name }) => name)];
  const found = [
    '  WITH measured AS (',
    `    SELECT ${COPIED.join(', ')}, ${value} AS value`,
    `    FROM ${from}`,
    `    WHERE event_time >= ${daysAgo(days)} AND event_time < ${TODAY} AND (${where})`,
    '  ), baselines AS (',
    '    SELECT event_time AS day, event_source, event_type, median, deviation,',
    `      GREATEST(${OF_STANDARD_DEVIATION} * deviation, ${resolution}) AS standard_deviation`,
    `    FROM ${baselines}`,
    `    WHERE event_time >= ${daysAgo(days)}`,
    '  )',
    `  SELECT ${COPIED.map((name) => `measured.${name}`).join(', ')},`,
    '    value, median, deviation, ABS(value - median) / standard_deviation AS distance',
    '  FROM measured',
    '  JOIN baselines ON baselines.event_source = measured.event_source AND baselines.event_type = measured.event_type',
    '    AND baselines.day = TIMESTAMP_TRUNC(measured.event_time, DAY)',
    `  WHERE ${isNumber('value')} AND ABS(value - median) >= ${distance} * standard_deviation`,
  ];
  return addMissing(into, daysAgo(days), found, names);
}

/** NaN has no place in an order, and one of it would spoil a median. A text such as "NaN" is cast to it. */
function isNumber(value: string): string {
  return `NOT (IS_NAN(${value}) OR IS_INF(${value}))`;
}

/** Both tables require a condition on `event_time`. */
function addMissing(into: string, earliest: string, found: readonly string[], names: readonly string[]): string {
  const columns = names.map((name) => `\`${name}\``).join(', ');
  return [
    `MERGE ${into} AS kept`,
    'USING (',
    ...found,
    ') AS found',
    `ON ${[`kept.event_time >= ${earliest}`, ...KEY.map((name) => `kept.${name} = found.${name}`)].join(' AND ')}`,
    `WHEN NOT MATCHED THEN INSERT (${columns}) VALUES (${columns})`,
  ].join('\n');
}
