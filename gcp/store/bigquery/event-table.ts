import type { IConstruct } from 'constructs';
import { requireText, SettingError, type TextRule } from '../../../shared/synth/settings';

const COLUMN_NAME: TextRule = {
  pattern: /^[A-Za-z][A-Za-z0-9_]{0,99}$/,
  must: 'be 1 to 100 letters, digits and underscores, a letter first',
  remedy: 'BigQuery keeps other names to itself.',
};

/** The types a column can have, as the API spells them. Other spellings show a change in every plan. */
const TYPES = ['STRING', 'INTEGER', 'FLOAT', 'NUMERIC', 'BIGNUMERIC', 'BOOLEAN', 'TIMESTAMP', 'DATE', 'JSON'] as const;

/** A column that is filled from the row that the transform returns: by the value of the same name. */
export interface Column {
  /** Letters, digits and underscores, a letter first. */
  readonly name: string;
  /** Lists and objects go into `JSON`. */
  readonly type: (typeof TYPES)[number];
  /**
   * What the column means, for whoever reads the table.
   * @default - nothing is said
   */
  readonly description?: string;
}

/** The columns that the handler fills from the event and from the message it came in. */
const PLUMBING = [
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

/** The columns of a row, unless the user says otherwise: what the event itself has that the plumbing does not hold. */
export const DEFAULT_COLUMNS: readonly Column[] = [
  { name: 'subject', type: 'STRING', description: 'What it happened to, within the source.' },
  { name: 'data', type: 'JSON', description: 'What the event says.' },
  { name: 'data_base64', type: 'STRING', description: 'What the event says where it says bytes, as it came: in base64.' },
];

/**
 * Refuse columns that the table or the handler cannot take. BigQuery does not tell names apart by their case.
 * @throws SettingError
 */
export function requireColumns(scope: IConstruct, columns: readonly Column[]) {
  if (!Array.isArray(columns)) throw new SettingError(scope, 'columns must be a list', typeof columns, 'Write it like [{ name, type }].');
  const taken = new Set([...PLUMBING, REST].map(({ name }) => name));
  for (const { name, type } of columns) {
    requireText(scope, { 'the name of a column': name }, COLUMN_NAME);
    if (taken.has(name.toLowerCase())) {
      throw new SettingError(scope, 'each column must have a name of its own', `"${name}" again`, `Taken are ${[...taken].join(', ')}.`);
    }
    if (!TYPES.includes(type)) {
      throw new SettingError(
        scope,
        `the type of column ${name} must be one of ${TYPES.join(', ')}`,
        `"${type}"`,
        'Put the rest into JSON.',
      );
    }
    taken.add(name.toLowerCase());
  }
}

/** The schema of the table, in the JSON of the API. */
export function schemaOf(columns: readonly Column[]): string {
  return JSON.stringify([...PLUMBING, ...columns.map((column) => ({ ...column, mode: 'NULLABLE' })), REST]);
}

/**
 * The query of the view: each row once, the one that came first.
 *
 * The time stands in PARTITION BY so that a filter on it can pass the window and reach the partitions of the table.
 */
export function uniqueRows(table: string, columns: readonly Column[]): string {
  return [
    `SELECT ${[...PLUMBING, ...columns, REST].map(({ name }) => `\`${name}\``).join(', ')}`,
    `FROM \`${table}\``,
    'WHERE TRUE',
    'QUALIFY ROW_NUMBER() OVER (',
    '  PARTITION BY event_time, event_source, event_id, row_index',
    '  ORDER BY publish_time, message_id',
    ') = 1',
  ].join('\n');
}
