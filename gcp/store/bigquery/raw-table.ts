/**
 * The columns that Pub/Sub fills, with the names and types that it requires. `data` is a STRING: a JSON column would round numbers, and
 * a message that is not JSON would be retried.
 * @see https://cloud.google.com/pubsub/docs/bigquery#write_metadata
 */
export const RAW_COLUMNS = [
  { name: 'subscription_name', type: 'STRING', description: 'The subscription that wrote the row.' },
  { name: 'message_id', type: 'STRING', description: 'The message. Two rows with the same message are one event, delivered twice.' },
  { name: 'publish_time', type: 'TIMESTAMP', description: 'When the message was published. Its day is the partition.' },
  { name: 'data', type: 'STRING', description: 'The event as it was sent, with all digits.' },
  { name: 'attributes', type: 'JSON', description: 'The attributes of the message, and its ordering key.' },
].map((column) => ({ ...column, mode: 'NULLABLE' }));

/** The columns of the view: those of the view of a `BigQueryStore`, and the day to filter on. */
const VIEW_COLUMNS = [
  ...['event_id', 'event_source', 'event_type', 'event_time', 'row_index', 'message_id', 'publish_time'],
  ...['subject', 'data', 'data_base64', 'rest', 'publish_day'],
];

/** A time of the event contract. */
const TIME = '^[0-9]{4}-[0-9]{2}-[0-9]{2}T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]([.][0-9]{1,9})?(Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])$';
/** A time that a TIMESTAMP holds unchanged. */
const EXACT_TIME = '^.{19}([.][0-9]{1,6})?Z$';
const WITH_COLUMN = ['specversion', 'id', 'source', 'type', 'subject', 'data', 'data_base64'];

/** The text of an attribute. It is NULL if the attribute is missing, or is no text. */
const text = (attribute: string) => `SAFE.STRING(JSON_QUERY(event, '$.${attribute}'))`;
/** Whether an attribute has a value that is no text. */
const isOther = (attribute: string) => `COALESCE(JSON_TYPE(JSON_QUERY(event, '$.${attribute}')), 'null') NOT IN ('string', 'null')`;
const hasLength = (column: string, most: number) => `COALESCE(LENGTH(${column}), 0) NOT BETWEEN 1 AND ${most}`;

/** Why a row is no event of the contract, in the order of the checks. */
const REASONS: readonly (readonly [condition: string, reason: string])[] = [
  [
    "event IS NULL AND SAFE.PARSE_JSON(message, wide_number_mode => 'round') IS NOT NULL",
    'a number would lose digits in a JSON column: read it from data',
  ],
  ['event IS NULL', 'not JSON that BigQuery can read'],
  ["JSON_TYPE(event) != 'object'", 'event must be an object'],
  [`COALESCE(${text('specversion')}, '') != '1.0'`, 'specversion must be 1.0'],
  [hasLength('event_id', 256), 'id must be a text of 1 to 256 characters'],
  [`${hasLength('event_source', 1024)} OR NOT REGEXP_CONTAINS(event_source, '^[!-~]+$')`, 'source must be a URI reference'],
  [hasLength('event_type', 256), 'type must be a text of 1 to 256 characters'],
  ["REGEXP_CONTAINS(CONCAT(event_id, event_type), '[[:cntrl:]]')", 'id and type must not contain control characters'],
  ['event_time IS NULL', 'time must be a valid time, such as 2026-01-31T08:30:00.125Z'],
  [`${isOther('subject')} OR ${isOther('data_base64')}`, 'subject and data_base64 must be texts'],
  [`JSON_QUERY(event, '$.data') IS NOT NULL AND ${text('data_base64')} IS NOT NULL`, 'data and data_base64 exclude each other'],
  [
    "NOT REGEXP_CONTAINS(ARRAY_TO_STRING(JSON_KEYS(others, 1), ','), '^([a-z0-9]+(,[a-z0-9]+)*)?$')",
    'an attribute name must have only a to z and 0 to 9',
  ],
  // Without its texts, an object in it or a fraction shows.
  [
    String.raw`REGEXP_CONTAINS(REGEXP_REPLACE(TO_JSON_STRING(others), r'"(?:[^"\\]|\\.)*"', ''), '.[{]|[[]|[0-9][.eE]')`,
    'an attribute must be a text, a whole number or a boolean',
  ],
];

/**
 * Each row of the table with its event in columns, and why it is no event of the contract, if it is none. A row without a reason is in
 * the one view, a row with a reason in the other: none is in neither.
 */
function checkedRows(table: string): string {
  const removed = WITH_COLUMN.map((name) => `'$.${name}'`).join(', ');
  return [
    'WITH parsed AS (',
    "  SELECT *, DATE(publish_time) AS publish_day, SAFE.PARSE_JSON(data, wide_number_mode => 'exact') AS event",
    `  FROM \`${table}\``,
    '), named AS (',
    '  SELECT',
    '    publish_day, publish_time, message_id, attributes, data AS message, event,',
    ...['id', 'source', 'type'].map((name) => `    ${text(name)} AS event_${name},`),
    `    ${text('time')} AS time_text,`,
    `    JSON_STRIP_NULLS(JSON_REMOVE(event, ${removed})) AS others`,
    '  FROM parsed',
    '), timed AS (',
    '  SELECT *,',
    // A TIMESTAMP takes at most six digits of a second.
    `    IF(REGEXP_CONTAINS(time_text, '${TIME}'), SAFE.TIMESTAMP(CONCAT(`,
    "      REGEXP_EXTRACT(time_text, '^.{19}(?:[.][0-9]{1,6})?'), REGEXP_EXTRACT(time_text, '(?:Z|[+-][0-9:]{5})$')",
    '    )), NULL) AS event_time,',
    `    IF(REGEXP_CONTAINS(time_text, '${EXACT_TIME}'), JSON_REMOVE(others, '$.time'), others) AS kept`,
    '  FROM named',
    '), checked AS (',
    '  SELECT *, CASE',
    ...REASONS.map(([condition, reason]) => `    WHEN ${condition} THEN '${reason}'`),
    '  END AS reason',
    '  FROM timed',
    ')',
  ].join('\n');
}

/**
 * The query of the view of events: each event of a day once, the one that was published first.
 *
 * PARTITION BY contains publish_day, so that BigQuery can apply a filter on it to the partitions of the table.
 */
export function uniqueEvents(table: string): string {
  const values: Readonly<Record<string, string>> = {
    row_index: '0',
    subject: text('subject'),
    data: "JSON_QUERY(event, '$.data')",
    data_base64: text('data_base64'),
    rest: "IF(TO_JSON_STRING(kept) = '{}', NULL, kept)",
  };
  return [
    checkedRows(table),
    `SELECT ${VIEW_COLUMNS.map((name) => (values[name] ? `${values[name]} AS \`${name}\`` : `\`${name}\``)).join(', ')}`,
    'FROM checked',
    'WHERE reason IS NULL',
    'QUALIFY ROW_NUMBER() OVER (',
    '  PARTITION BY publish_day, event_source, event_id',
    '  ORDER BY publish_time, message_id',
    ') = 1',
  ].join('\n');
}

/** The query of the view of all other rows, each with its reason. */
export function rejectedRows(table: string): string {
  return [
    checkedRows(table),
    'SELECT publish_day, publish_time, message_id, reason, message AS data, attributes',
    'FROM checked',
    'WHERE reason IS NOT NULL',
  ].join('\n');
}
