import type { Construct } from 'constructs';
import { type NumberRule, requireNumber, requireText, SettingError, type TextRule } from '../../../shared/synth/settings';

/** The types of a column, each with its name in a view. */
const TYPES: Readonly<Record<string, string>> = { string: 'varchar', bigint: 'bigint', double: 'double', boolean: 'boolean' };
export const YEARS: NumberRule = { from: 2000, to: 9900, unit: 'as a year', remedy: 'Partitions have years of four digits.' };
export const NAME: TextRule = {
  pattern: /^[a-z][a-z0-9_]{0,99}$/,
  must: 'be named in lower-case letters, digits and underscores, a letter first',
  remedy: 'Athena changes other names, and does not find them.',
};
const VALUE: TextRule = {
  pattern: /^[A-Za-z0-9_.:@-]{1,200}$/,
  must: 'have values of letters, digits and _ . : @ -',
  remedy: 'The values are parts of object keys.',
};
/** The partitions by time, which every store has. */
export const OF_TIME = ['year', 'month', 'day', 'hour'];
/** The attributes of CloudEvents. Each is text, so that no digit is lost: a JSON value becomes its JSON text. */
export const CLOUD_EVENT = Object.fromEntries(
  ['specversion', 'id', 'source', 'type', 'time', 'subject', 'datacontenttype', 'dataschema', 'partitionkey', 'data', 'data_base64'].map(
    (name) => [name, 'string'],
  ),
);

/** The columns and partitions of a table. */
export interface Shape {
  readonly columns: Readonly<Record<string, string>>;
  /** The values of each partition before those by time. Without values, each query must name one. */
  readonly partitions: Readonly<Record<string, readonly string[]>>;
  readonly firstYear: number;
  readonly lastYear: number;
}

/** @throws SettingError on what Athena accepts, and cannot read */
export function requireShape(scope: Construct, { columns, partitions, firstYear, lastYear }: Shape) {
  requireNumber(
    scope,
    { lastYear },
    { ...YEARS, from: firstYear, to: 9999, remedy: 'A query finds no event of a later year, without an error.' },
    'known',
  );
  requireObject(scope, { columns, partitions });
  for (const [name, type] of Object.entries(columns)) {
    requireText(scope, { columns: name }, NAME);
    if (typeof type === 'string' && Object.hasOwn(TYPES, type)) continue;
    const rule = `columns must be ${Object.keys(TYPES).join(', ')}`;
    throw new SettingError(scope, rule, JSON.stringify(type), 'For a nested value use string, and json_extract in the query.');
  }
  for (const needed of ['id', 'source', 'time']) {
    if (columns[needed] === 'string') continue;
    throw new SettingError(
      scope,
      `columns must have ${needed} as string`,
      columns[needed] ?? 'none',
      'The view without duplicates needs it.',
    );
  }
  for (const [name, values] of Object.entries(partitions)) {
    requireText(scope, { partitions: name }, NAME);
    if (OF_TIME.includes(name) || Object.hasOwn(columns, name)) {
      throw new SettingError(scope, 'partitions must differ from the columns and the partitions by time', name, 'Give it another name.');
    }
    if (!Array.isArray(values))
      throw new SettingError(scope, 'partitions must have lists of values', String(values), 'Write it like { tenant: [] }.');
    for (const value of values) requireText(scope, { partitions: value }, VALUE);
  }
}

function requireObject(scope: Construct, settings: Readonly<Record<string, unknown>>) {
  for (const [setting, value] of Object.entries(settings)) {
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) continue;
    throw new SettingError(
      scope,
      `${setting} must be an object`,
      Array.isArray(value) ? 'a list' : String(value),
      'Write it like { name: ... }.',
    );
  }
}

/**
 * The parameters of a table whose partitions Athena calculates from the query, so that no partition is ever added.
 * @see https://docs.aws.amazon.com/athena/latest/ug/partition-projection-supported-types.html
 */
export function projectionOf({ partitions, firstYear, lastYear }: Shape): Record<string, string> {
  const number = (name: string, range: string, digits: number) => ({
    [`projection.${name}.type`]: 'integer',
    [`projection.${name}.range`]: range,
    [`projection.${name}.digits`]: String(digits),
  });
  const given = Object.entries(partitions).map(([name, values]) =>
    values.length === 0
      ? { [`projection.${name}.type`]: 'injected' }
      : { [`projection.${name}.type`]: 'enum', [`projection.${name}.values`]: values.join(',') },
  );
  return Object.assign(
    { 'projection.enabled': 'true' },
    ...given,
    number('year', `${firstYear},${lastYear}`, 4),
    number('month', '1,12', 2),
    number('day', '1,31', 2),
    number('hour', '0,23', 2),
  );
}

/** What a view is made of. */
interface ViewOf extends Pick<Shape, 'columns' | 'partitions'> {
  readonly databaseName: string;
  readonly tableName: string;
}

/**
 * The query of a view that shows each event of a day once. The day is a part of the window, because Athena reads only the
 * partitions of a filter on columns of the window: without it, each query of the view reads the whole table.
 */
export function viewQuery({ databaseName, tableName, columns, partitions }: ViewOf): string {
  const all = [...Object.keys(columns), ...Object.keys(partitions), ...OF_TIME].map((name) => `"${name}"`);
  const window = ['source', 'id', ...Object.keys(partitions), 'year', 'month', 'day'].map((name) => `"${name}"`);
  const numbered = `row_number() OVER (PARTITION BY ${window.join(', ')} ORDER BY "time", "hour") AS "copy"`;
  return `SELECT ${all.join(', ')} FROM (SELECT *, ${numbered} FROM "${databaseName}"."${tableName}") WHERE "copy" = 1`;
}

/**
 * The text of a view as Athena keeps it in the catalog. Its form is not documented, and is the one that `CREATE VIEW` writes.
 * @see https://github.com/iconara/terraform-aws-athena-view
 */
export function viewText(view: ViewOf): string {
  const texts = [...Object.keys(view.partitions), ...OF_TIME].map((name) => [name, 'string'] as const);
  const columns = [...Object.entries(view.columns), ...texts].map(([name, type]) => ({ name, type: TYPES[type] }));
  const content = { originalSql: viewQuery(view), catalog: 'awsdatacatalog', schema: view.databaseName, columns };
  return `/* Presto View: ${Buffer.from(JSON.stringify(content)).toString('base64')} */`;
}
