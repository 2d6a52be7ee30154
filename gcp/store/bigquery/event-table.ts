import type { IConstruct } from 'constructs';
import { requireText, SettingError, type TextRule } from '../../../shared/synth/settings';

const COLUMN_NAME: TextRule = {
  pattern: /^[A-Za-z][A-Za-z0-9_]{0,99}$/,
  must: 'be 1 to 100 letters, digits and underscores, starting with a letter',
  remedy: 'BigQuery refuses or reserves other names.',
};

/** The types of columns, as the API spells them. With other spellings, every plan shows a change. */
const TYPES = ['STRING', 'INTEGER', 'FLOAT', 'NUMERIC', 'BIGNUMERIC', 'BOOLEAN', 'TIMESTAMP', 'DATE', 'JSON'] as const;

/** A column that is filled from the field of the same name in the row that the transform returns. */
export interface Column {
  /** Letters, digits and underscores, starting with a letter. */
  readonly name: string;
  /** Use `JSON` for lists and objects. */
  readonly type: (typeof TYPES)[number];
  /**
   * The description of the column in BigQuery.
   * @default - no description
   */
  readonly description?: string;
}

/** The columns that the handler fills from the event and from its message. */
const EVENT_COLUMNS = [
  { name: 'event_id', type: 'STRING', mode: 'REQUIRED', description: 'Together with event_source it names the event.' },
  { name: 'event_source', type: 'STRING', mode: 'REQUIRED', description: 'Who produced the event.' },
  { name: 'event_type', type: 'STRING', mode: 'REQUIRED', description: 'What happened.' },
  {
    name: 'event_time',
    type: 'TIMESTAMP',
    mode: 'REQUIRED',
    description: 'When it happened, to the microsecond. Its day is the partition.',
  },
  { name: 'row_index', type: 'INTEGER', mode: 'REQUIRED', description: 'Which of the rows of its event this is, from 0.' },
  { name: 'message_id', type: 'STRING', mode: 'REQUIRED', description: 'The message that the event came in.' },
  { name: 'publish_time', type: 'TIMESTAMP', mode: 'REQUIRED', description: 'When the message was published.' },
];
const REST = { name: 'rest', type: 'JSON', mode: 'NULLABLE', description: 'What the row has that no other column holds.' };

/** The default columns of a row: the attributes and the data of the event that are not in the event columns. */
export const DEFAULT_COLUMNS: readonly Column[] = [
  { name: 'subject', type: 'STRING', description: 'What it happened to, within the source.' },
  { name: 'data', type: 'JSON', description: 'What the event says.' },
  { name: 'data_base64', type: 'STRING', description: 'The data of the event if it is binary, in base64.' },
];

/**
 * Refuse columns that the table or the handler does not support. BigQuery ignores the case of names.
 * @throws SettingError
 */
export function requireColumns(scope: IConstruct, columns: readonly Column[]) {
  if (!Array.isArray(columns)) throw new SettingError(scope, 'columns must be a list', typeof columns, 'Write it like [{ name, type }].');
  const used = new Set([...EVENT_COLUMNS, REST].map(({ name }) => name));
  for (const { name, type } of columns) {
    requireText(scope, { 'the name of a column': name }, COLUMN_NAME);
    if (used.has(name.toLowerCase())) {
      throw new SettingError(
        scope,
        'each column must have its own name',
        `"${name}" again`,
        `These names are used: ${[...used].join(', ')}.`,
      );
    }
    if (!TYPES.includes(type)) {
      throw new SettingError(
        scope,
        `the type of column ${name} must be one of ${TYPES.join(', ')}`,
        `"${type}"`,
        'Use JSON for other values.',
      );
    }
    used.add(name.toLowerCase());
  }
}

/** The schema of the table, in the JSON of the API. */
export function schemaOf(columns: readonly Column[]): string {
  return JSON.stringify([...EVENT_COLUMNS, ...columns.map((column) => ({ ...column, mode: 'NULLABLE' })), REST]);
}

/**
 * The query of the view: each row once, the one that was published first.
 *
 * PARTITION BY contains event_time, so that BigQuery can apply a filter on it to the partitions of the table.
 */
export function uniqueRows(table: string, columns: readonly Column[]): string {
  return [
    `SELECT ${[...EVENT_COLUMNS, ...columns, REST].map(({ name }) => `\`${name}\``).join(', ')}`,
    `FROM \`${table}\``,
    'WHERE TRUE',
    'QUALIFY ROW_NUMBER() OVER (',
    '  PARTITION BY event_time, event_source, event_id, row_index',
    '  ORDER BY publish_time, message_id',
    ') = 1',
  ].join('\n');
}
