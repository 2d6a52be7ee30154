import type { IConstruct } from 'constructs';
import { requireText, SettingError, type TextRule } from '../../../shared/synth/settings';

/** The types of columns in GoogleSQL. */
const TYPES = ['STRING', 'INT64', 'FLOAT64', 'NUMERIC', 'BOOL', 'TIMESTAMP', 'DATE', 'JSON'] as const;

/** A column that is filled from the field of the same name in the row that the transform returns. */
export interface Column {
  /** Letters, digits and underscores, starting with a letter. */
  readonly name: string;
  /** Use `JSON` for lists and objects. A `STRING` has up to 2,621,440 characters, `JSON` up to 10 MB and 80 levels. */
  readonly type: (typeof TYPES)[number];
}

/** A column, or a statement of DDL such as `CREATE INDEX`. */
export type Change = Column | string;

/** The default columns of a row: the attributes and the data of the event that are not in the columns of the event. */
export const DEFAULT_SCHEMA: readonly Change[] = [
  { name: 'subject', type: 'STRING' },
  { name: 'data', type: 'JSON' },
  { name: 'data_base64', type: 'STRING' },
];

/** The columns that the handler fills from the event. */
const EVENT_COLUMNS = ['event_source', 'event_id', 'row_index', 'event_type', 'event_time', 'expires_at', 'rest'];

const COLUMN_NAME: TextRule = {
  pattern: /^[A-Za-z][A-Za-z0-9_]{0,99}$/,
  must: 'be 1 to 100 letters, digits and underscores, starting with a letter',
  remedy: 'Spanner refuses or reserves other names.',
};
/** An index that is unique would refuse a row with the status of a row that is stored already, and the row would be lost. */
const STATEMENT: TextRule = {
  pattern: /^(?!CREATE\s+UNIQUE\b)(?!ALTER\b[^;]*\bDROP\b)(CREATE|ALTER|GRANT|DROP\s+(INDEX|CHANGE\s+STREAM))\s[^;]+$/is,
  must: 'be one statement that creates, alters or grants, without a semicolon',
  remedy: 'It must not add a unique index, nor delete a table or a column.',
};
const MOST_COLUMNS = 100;

/**
 * Refuse columns and statements that the table or the handler does not support. Spanner ignores the case of names.
 * @throws SettingError
 */
export function requireSchema(scope: IConstruct, schema: readonly Change[]) {
  if (!Array.isArray(schema)) throw new SettingError(scope, 'schema must be a list', typeof schema, 'Write it like [{ name, type }].');
  const used = new Set(EVENT_COLUMNS);
  for (const change of schema as readonly Change[]) {
    if (typeof change === 'string') requireText(scope, { 'a statement of schema': change }, STATEMENT);
    else {
      const { name, type } = change ?? {};
      requireText(scope, { 'the name of a column': name }, COLUMN_NAME);
      if (used.has(name.toLowerCase())) {
        const remedy = `These names are used: ${[...used].join(', ')}.`;
        throw new SettingError(scope, 'each column must have its own name', `"${name}" again`, remedy);
      }
      if (!TYPES.includes(type)) {
        const rule = `the type of column ${name} must be one of ${TYPES.join(', ')}`;
        throw new SettingError(scope, rule, `"${type}"`, 'Use JSON for other values.');
      }
      used.add(name.toLowerCase());
    }
  }
  const count = used.size - EVENT_COLUMNS.length;
  if (count > MOST_COLUMNS)
    throw new SettingError(scope, `schema must have at most ${MOST_COLUMNS} columns`, count, 'Other fields go into the column rest.');
}

/** The roles of a database: one may insert rows into the table, one may read them. */
export function rolesOf(table: string): Readonly<Record<'writer' | 'reader', string>> {
  return { writer: `${table}_writer`, reader: `${table}_reader` };
}

/**
 * The statements that create the table, its roles, and what `schema` adds. Terraform compares them one by one: never change a text,
 * not even a space, because the database would be replaced.
 *
 * A row is deleted after the time in `expires_at`, and never without one. So the retention can change without a statement.
 * @see https://cloud.google.com/spanner/docs/ttl
 */
export function statementsOf(table: string, schema: readonly Change[]): string[] {
  const { writer, reader } = rolesOf(table);
  return [
    `CREATE TABLE \`${table}\` (event_source STRING(MAX) NOT NULL, event_id STRING(MAX) NOT NULL, row_index INT64 NOT NULL, ` +
      'event_type STRING(MAX) NOT NULL, event_time TIMESTAMP NOT NULL, expires_at TIMESTAMP, rest JSON) ' +
      'PRIMARY KEY (event_source, event_id, row_index), ROW DELETION POLICY (OLDER_THAN(expires_at, INTERVAL 0 DAY))',
    `CREATE ROLE ${writer}`,
    `GRANT INSERT ON TABLE \`${table}\` TO ROLE ${writer}`,
    `CREATE ROLE ${reader}`,
    `GRANT SELECT ON TABLE \`${table}\` TO ROLE ${reader}`,
    ...schema.map((change) => (typeof change === 'string' ? change : addColumn(table, change))),
  ];
}

function addColumn(table: string, { name, type }: Column): string {
  return `ALTER TABLE \`${table}\` ADD COLUMN \`${name}\` ${type === 'STRING' ? 'STRING(MAX)' : type}`;
}

/** The columns of a row as the handler reads them: `rest JSON,subject STRING`. */
export function columnsOf(schema: readonly Change[]): string {
  const columns = schema.filter((change) => typeof change !== 'string');
  return [{ name: 'rest', type: 'JSON' }, ...columns].map(({ name, type }) => `${name} ${type}`).join(',');
}
