import type { Construct, IConstruct } from 'constructs';
import { requireNumber, requireText, SettingError, type TextRule } from '../../../shared/synth/settings';
import { type Column, DEFAULT_COLUMNS, requireColumns, schemaOf } from './event-table';
import { isProtected, requireTags } from './protected-columns';
import { common } from './store-settings';

const COLUMN: TextRule = {
  pattern: /^[A-Za-z][A-Za-z0-9_]{0,99}$/,
  must: 'be names of columns',
  remedy: "Write them like ['event_source', 'subject'].",
};
/** The most columns of a primary key, and of a clustering. */
const [KEY_COLUMNS, CLUSTERING_COLUMNS] = [16, 4];
/** The types whose values BigQuery can compare, as a key requires. */
const KEY_TYPES = ['STRING', 'INTEGER', 'NUMERIC', 'BIGNUMERIC', 'BOOLEAN', 'TIMESTAMP', 'DATE'];
/** Attributes of the event that the handler writes into its own columns, and into no other. */
const ATTRIBUTES = ['id', 'source', 'type', 'time'];

const LATEST = 'When it happened, to the microsecond. The row of the latest event stays.';

interface RawSettings {
  readonly name?: string;
  readonly columns?: readonly Column[];
  readonly key?: readonly string[];
  readonly maxStalenessMinutes?: number;
  readonly undeleteWindowDays?: number;
  readonly encryptionKey?: string;
  readonly datasetId?: string;
}

/**
 * The settings of a store of latest rows, checked, with their defaults.
 * @throws SettingError
 */
export function upsertSettings(scope: Construct, props: RawSettings) {
  const { name, undeleteWindowDays } = common(scope, props, 'latest');
  const { columns = DEFAULT_COLUMNS, key = ['event_source', 'subject'], maxStalenessMinutes = 15 } = props;
  requireColumns(scope, columns);
  requireOpen(scope, columns);
  requireKey(scope, key, columns);
  const remedy = 'With less, most queries would apply changes themselves, and read the whole table for it.';
  requireNumber(scope, { maxStalenessMinutes }, { from: 15, to: 1440, unit: 'minutes', remedy }, 'known');
  const tableId = props.datasetId === undefined ? 'latest' : name;
  return { name, columns, key, clustering: key.slice(0, CLUSTERING_COLUMNS), maxStalenessMinutes, undeleteWindowDays, tableId };
}

/** The schema of the table, in the JSON of the API: a row has a value for each column of the key. */
export function upsertSchema(columns: readonly Column[], key: readonly string[]): string {
  const fields = fieldsOf(columns).map((field) => {
    const mode = key.includes(field.name) ? { mode: 'REQUIRED' } : {};
    return { ...field, ...mode, ...(field.name === 'event_time' ? { description: LATEST } : {}) };
  });
  return JSON.stringify(fields);
}

/** The query of all rows. */
export function latestRows(table: string, columns: readonly Column[]): string {
  return [
    `SELECT ${fieldsOf(columns)
      .map(({ name }) => `\`${name}\``)
      .join(', ')}`,
    `FROM \`${table}\``,
  ].join('\n');
}

/** Refuse protected columns: there is no view without them, so a reader would be refused each query of all columns. */
function requireOpen(scope: Construct, columns: readonly Column[]) {
  requireTags(scope, columns);
  const hidden = columns.find(isProtected);
  if (hidden === undefined) return;
  const remedy = 'Keep it in a BigQueryStore, which has a view without protected columns.';
  throw new SettingError(scope, 'columns of latest rows must have no policy tag', hidden.name, remedy);
}

function requireKey(scope: IConstruct, key: readonly string[], columns: readonly Column[]) {
  if (!Array.isArray(key) || key.length < 1 || key.length > KEY_COLUMNS) {
    const got = Array.isArray(key) ? key.length : typeof key;
    throw new SettingError(scope, `key must be a list of 1 to ${KEY_COLUMNS} columns`, got, COLUMN.remedy);
  }
  const fields = fieldsOf(columns);
  for (const [place, column] of key.entries()) {
    requireText(scope, { key: column }, COLUMN);
    const { type, mode } = fields.find(({ name }) => name === column) ?? {};
    const wrong = (rule: string, remedy: string) => new SettingError(scope, rule, JSON.stringify(column), remedy);
    if (key.indexOf(column) < place) throw wrong('key must have each column once', 'Leave one of them out.');
    if (ATTRIBUTES.includes(column)) throw wrong('key must name the column of an attribute', `Use event_${column}.`);
    if (!type) throw wrong('key must name columns of the table', `They are ${fields.map(({ name }) => name).join(', ')}.`);
    if (mode === 'REPEATED') throw wrong('key must have columns with one value', 'This one is REPEATED.');
    if (!KEY_TYPES.includes(type)) throw wrong(`key must have columns of ${KEY_TYPES.join(', ')}`, `This one is of type ${type}.`);
  }
}

function fieldsOf(columns: readonly Column[]): readonly { readonly name: string; readonly type: string; readonly mode: string }[] {
  return JSON.parse(schemaOf(columns));
}
