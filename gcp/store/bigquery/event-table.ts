import type { IConstruct } from 'constructs';
import { literal } from '../../../shared/synth/literal';
import { requireOneOf, requireText, SettingError, type TextRule } from '../../../shared/synth/settings';
import type { PolicyTag } from '../../ports/stores';

const COLUMN_NAME: TextRule = {
  pattern: /^[A-Za-z][A-Za-z0-9_]{0,99}$/,
  must: 'be 1 to 100 letters, digits and underscores, starting with a letter',
  remedy: 'BigQuery refuses or reserves other names.',
};

const DESCRIPTION: TextRule = {
  pattern: /^.{1,1024}$/s,
  must: 'be 1 to 1024 characters',
  remedy: 'BigQuery takes no longer ones. Leave it out for none.',
};

/** The types of values, as the API spells them. With other spellings, every plan shows a change. */
const TYPES = ['STRING', 'INTEGER', 'FLOAT', 'NUMERIC', 'BIGNUMERIC', 'BOOLEAN', 'TIMESTAMP', 'DATE', 'JSON'] as const;
const MODES = ['NULLABLE', 'REPEATED'] as const;
/** How many columns of type RECORD BigQuery allows within each other. */
const MOST_RECORDS = 15;

/** A column that is filled from the field of the same name in the row that the transform returns. */
export type Column = ValueColumn | RecordColumn;

/** What every column has. */
interface AnyColumn {
  /**
   * Letters, digits and underscores, starting with a letter. The field of the row is spelled like it, also in case. No other column may
   * have the same letters in another case.
   */
  readonly name: string;
  /**
   * `REPEATED` for a list of values. BigQuery stores no difference between an empty list and none. An event with `null` in a list goes to
   * the dead letter, except in a list of JSON.
   * @default NULLABLE
   */
  readonly mode?: (typeof MODES)[number];
  /**
   * The description of the column in BigQuery, of at most 1024 characters.
   * @default - no description
   */
  readonly description?: string;
}

/** A column of values. */
export interface ValueColumn extends AnyColumn {
  /** Use `JSON` for lists and objects of any form. */
  readonly type: (typeof TYPES)[number];
  /**
   * The policy tag that protects its values: one of a `PolicyTags`, or the id of an existing one as BigQuery shows it, such as
   * `projects/acme-data/locations/europe-west1/taxonomies/1/policyTags/2`. Without it, everyone who reads the table reads the column:
   * if you take it out, the next deploy exposes the values.
   * @default - none
   */
  readonly policyTag?: PolicyTag | string;
}

/** A column with columns within it. */
export interface RecordColumn extends AnyColumn {
  readonly type: 'RECORD';
  /**
   * Its columns. A field of the object without a column goes into `rest`, under the name of this column. You can append columns in place.
   * If you take one out, or change its type, the table is replaced, which fails unless `removal: 'destroy'` and `destroyData` are set.
   */
  readonly columns: readonly Column[];
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
  requireNames(
    scope,
    'columns',
    columns,
    [...EVENT_COLUMNS, REST].map(({ name }) => name),
    'each column must have its own name',
  );
  for (const column of columns) requireColumn(scope, column, column.name, 0);
  requireMessages(scope, columns);
}

function requireNames(scope: IConstruct, setting: string, columns: readonly Column[], taken: readonly string[], rule: string) {
  if (!Array.isArray(columns))
    throw new SettingError(scope, `${setting} must be a list`, typeof columns, 'Write it like [{ name, type }].');
  const used = new Set(taken);
  for (const column of columns) {
    const name = column?.name;
    requireText(scope, { 'the name of a column': name }, COLUMN_NAME);
    if (used.has(name.toLowerCase()))
      throw new SettingError(scope, rule, `"${name}" again`, `These names are used: ${[...used].join(', ')}.`);
    used.add(name.toLowerCase());
  }
}

/** @param path the name of the column, after the names of the columns that it is in */
function requireColumn(scope: IConstruct, column: Column, path: string, records: number) {
  const { type, mode = 'NULLABLE', description } = column;
  if (description !== undefined) requireText(scope, { [`the description of column ${path}`]: description }, DESCRIPTION);
  requireOneOf(scope, { [`the mode of column ${path}`]: mode }, MODES, 'A column that a user adds can be empty.');
  if (type !== 'RECORD') {
    if (TYPES.includes(type)) return;
    const rule = `the type of column ${path} must be one of ${TYPES.join(', ')}, RECORD`;
    throw new SettingError(scope, rule, `"${type}"`, 'Use RECORD with columns for objects, and JSON for other values.');
  }
  if (records === MOST_RECORDS) {
    const remedy = 'BigQuery allows no more. Use JSON for what is within it.';
    throw new SettingError(scope, `column ${path} must be within at most ${MOST_RECORDS - 1} others`, records, remedy);
  }
  requireNames(scope, `the columns of ${path}`, column.columns, [], `each column of ${path} must have its own name`);
  if (column.columns.length === 0)
    throw new SettingError(scope, `the columns of ${path} must be a list with columns`, 'none', 'Use JSON for an object of any form.');
  for (const inner of column.columns) requireColumn(scope, inner, `${path}.${inner.name}`, records + 1);
}

/**
 * Refuse two columns whose messages would have the same name: the library of the Storage Write API joins the names of a path with
 * underscores, and of two equal names it uses the last for both.
 */
function requireMessages(scope: IConstruct, columns: readonly Column[]) {
  const paths = new Map<string, string>();
  for (const path of recordsIn(columns)) {
    const message = path.replaceAll('.', '_');
    const twin = paths.get(message);
    if (twin !== undefined) {
      const remedy = 'The client of BigQuery would mix them up. Rename one of them.';
      throw new SettingError(scope, 'each RECORD must have its own path, with underscores for dots', `${twin} and ${path}`, remedy);
    }
    paths.set(message, path);
  }
}

function recordsIn(columns: readonly Column[], start = ''): string[] {
  return columns.flatMap((column) =>
    column.type === 'RECORD' ? [`${start}${column.name}`, ...recordsIn(column.columns, `${start}${column.name}.`)] : [],
  );
}

/** The schema of the table, in the JSON of the API. */
export function schemaOf(columns: readonly Column[]): string {
  return JSON.stringify([...EVENT_COLUMNS, ...columns.map(fieldOf), REST]);
}

function fieldOf(column: Column): object {
  const { name, type, description, mode = 'NULLABLE' } = column;
  const common = { name, type, description: description && literal(description), mode };
  if (column.type === 'RECORD') return { ...common, fields: column.columns.map(fieldOf) };
  const tag = column.policyTag;
  return tag === undefined ? common : { ...common, policyTags: { names: [typeof tag === 'string' ? tag : tag.id] } };
}

/**
 * The query of the view: each row once, the one that was published first.
 *
 * PARTITION BY contains event_time, so that BigQuery can apply a filter on it to the partitions of the table.
 */
export function uniqueRows(table: string, columns: readonly Pick<Column, 'name'>[]): string {
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
