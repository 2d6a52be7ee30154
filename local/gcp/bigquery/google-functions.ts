/** The names of GoogleSQL functions, and the DuckDB macros that do the same. Other functions keep their name: DuckDB has them, or refuses the query. */
const MACROS: Readonly<Record<string, string>> = {
  'SAFE.PARSE_JSON': 'google_parse_json',
  'SAFE.STRING': 'google_json_string',
  'SAFE.TIMESTAMP': 'google_timestamp',
  ARRAY_TO_STRING: 'array_to_string',
  CONCAT: 'google_concat',
  JSON_KEYS: 'google_json_keys',
  JSON_QUERY: 'google_json_query',
  JSON_REMOVE: 'google_json_remove',
  JSON_STRIP_NULLS: 'google_json_strip_nulls',
  JSON_TYPE: 'google_json_type',
  REGEXP_CONTAINS: 'regexp_matches',
  REGEXP_EXTRACT: 'google_regexp_extract',
  REGEXP_REPLACE: 'google_regexp_replace',
  TO_JSON_STRING: 'google_to_json_string',
};

const CALL = new RegExp(`(?<![\\w.])(${Object.keys(MACROS).join('|').replaceAll('.', '\\.')})(?=\\s*\\()`, 'g');

/** Rename the functions in a part of a query that is neither a text nor a quoted name. */
export function renameFunctions(sql: string): string {
  return sql.replace(CALL, (name) => MACROS[name]!);
}

/** How many paths `JSON_REMOVE` may have. */
const MOST_PATHS = 12;

/** A path such as `$.id` removes this name, a JSON merge patch in which the name is null. */
const removals = Array.from({ length: MOST_PATHS }, (_, index) => {
  const paths = Array.from({ length: index + 1 }, (_, number) => `p${number}`);
  return `(value, ${paths.join(', ')}) AS json_merge_patch(value, json_object(${paths.map((path) => `substr(${path}, 3), NULL`).join(', ')}))`;
});

const TEXTS = String.raw`'"(?:[^"\\]|\\.)*"'`;
const NUMBERS = "'-?[0-9]+(?:[.][0-9]+)?(?:[eE][+-]?[0-9]+)?'";

/**
 * The macros. They are stored in the file, so that the views work for every reader of it.
 *
 * DuckDB reads more than JSON: `NaN`, and a comma after the last element. BigQuery refuses both. JSON in BigQuery holds integers of 64
 * bits and doubles, so `PARSE_JSON` refuses a number that is neither, unless it may round. `JSON_REMOVE` removes names of the outer
 * object only.
 * @see https://cloud.google.com/bigquery/docs/reference/standard-sql/json_functions#parse_json
 */
export const GOOGLE_FUNCTIONS: readonly string[] = [
  `CREATE MACRO google_without_texts(value) AS regexp_replace(value, ${TEXTS}, '""', 'g')`,
  `CREATE MACRO google_is_json(value) AS json_valid(value)
    AND NOT regexp_matches(google_without_texts(value), '(?i),\\s*[]}]|nan|inf')`,
  `CREATE MACRO google_digits(number) AS trim(regexp_replace(regexp_replace(number, '[eE].*', ''), '[-.]', '', 'g'), '0')`,
  `CREATE MACRO google_is_finite(number) AS coalesce(isfinite(TRY_CAST(number AS DOUBLE)), false)`,
  `CREATE MACRO google_is_exact(number) AS CASE
    WHEN NOT regexp_matches(number, '[.eE]') AND TRY_CAST(number AS HUGEINT) BETWEEN -9223372036854775808 AND 18446744073709551615 THEN true
    ELSE google_is_finite(number) AND google_digits(number) IN (
      google_digits(CAST(TRY_CAST(number AS DOUBLE) AS VARCHAR)), google_digits(format('{:.16e}', TRY_CAST(number AS DOUBLE))))
    END`,
  `CREATE MACRO google_numbers(value) AS regexp_extract_all(google_without_texts(value), ${NUMBERS})`,
  `CREATE MACRO google_parse_json(value, wide_number_mode := 'exact') AS CASE
    WHEN google_is_json(value) AND len(list_filter(google_numbers(value), lambda number: NOT CASE
      WHEN wide_number_mode = 'exact' THEN google_is_exact(number) ELSE google_is_finite(number) END)) = 0
    THEN CAST(value AS JSON) END`,
  'CREATE MACRO google_json_query(value, path) AS json_extract(value, path)',
  `CREATE MACRO google_json_string(value) AS CASE WHEN json_type(value) = 'VARCHAR' THEN value ->> '$' END`,
  `CREATE MACRO google_json_type(value) AS CASE json_type(value)
    WHEN 'VARCHAR' THEN 'string' WHEN 'OBJECT' THEN 'object' WHEN 'ARRAY' THEN 'array' WHEN 'BOOLEAN' THEN 'boolean' WHEN 'NULL' THEN 'null'
    ELSE CASE WHEN value IS NOT NULL THEN 'number' END END`,
  `CREATE MACRO google_json_remove ${removals.join(', ')}`,
  `CREATE MACRO google_json_strip_nulls(value) AS json_merge_patch('{}', value)`,
  'CREATE MACRO google_json_keys(value, depth) AS json_keys(value)',
  'CREATE MACRO google_to_json_string(value) AS CAST(value AS VARCHAR)',
  'CREATE MACRO google_concat(a, b) AS a || b',
  'CREATE MACRO google_regexp_extract(value, pattern) AS CASE WHEN regexp_matches(value, pattern) THEN regexp_extract(value, pattern) END',
  `CREATE MACRO google_regexp_replace(value, pattern, other) AS regexp_replace(value, pattern, other, 'g')`,
  'CREATE MACRO google_timestamp(value) AS make_timestamp(epoch_us(TRY_CAST(value AS TIMESTAMPTZ)))',
];
