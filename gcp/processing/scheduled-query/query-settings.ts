import type { IConstruct } from 'constructs';
import { requireEachOnce } from '../../../shared/synth/handler-needs';
import { requireText, SettingError, STORE_NAME, type TextRule } from '../../../shared/synth/settings';
import type { Binding } from '../../ports/identity';
import type { TableStore } from '../../ports/stores';

export const EVERY: TextRule = {
  pattern:
    /^every (([1-9]\d{0,3}) (minutes|hours)|(day|mon|tue|wed|thu|fri|sat|sun)(,(mon|tue|wed|thu|fri|sat|sun))* ([01]\d|2[0-3]):[0-5]\d)$/,
  must: 'be a schedule of BigQuery in UTC',
  remedy: 'Write it like every 6 hours, or every day 03:00.',
};
export const START: TextRule = {
  pattern: /^20\d\d-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])T([01]\d|2[0-3])(:[0-5]\d){2}Z$/,
  must: 'be a time in UTC',
  remedy: 'Write it like 2026-01-01T00:00:00Z.',
};

/** The stores that a query reads. */
export type ReadTables = Readonly<Record<string, Pick<TableStore, 'bindReader'>>>;
/** The stores that a query writes. */
export type WrittenTables = Readonly<Record<string, Pick<TableStore, 'bindWriter'>>>;

/**
 * Refuse tables without a name, a name that stands for two tables, of which the query would get the one that is written, and stores that
 * a query cannot read or write.
 * @throws SettingError
 */
export function requireTables(scope: IConstruct, reads: ReadTables, writes: WrittenTables) {
  requireNames(scope, 'reads', reads);
  requireNames(scope, 'writes', writes);
  const twice = Object.keys(reads).find((name) => name in writes);
  if (twice !== undefined)
    throw new SettingError(scope, 'each table must have its own name', `"${twice}" in reads and writes`, 'The query calls it by its name.');
  const [unread] = Object.keys(reads).filter((name) => typeof (reads[name] as Partial<TableStore> | null)?.bindReader !== 'function');
  if (unread !== undefined)
    throw new SettingError(scope, `${unread} must be a store to read`, 'another', 'Use a BigQueryStore or a BigQueryRawStore.');
  const [unwritten] = Object.keys(writes).filter((name) => typeof (writes[name] as Partial<TableStore> | null)?.bindWriter !== 'function');
  if (unwritten !== undefined)
    throw new SettingError(
      scope,
      `${unwritten} must be a store to write`,
      'another',
      'Use a BigQueryStore: only Pub/Sub writes into a raw store.',
    );
}

function requireNames(scope: IConstruct, setting: 'reads' | 'writes', tables: ReadTables | WrittenTables) {
  if (typeof tables !== 'object' || tables === null || Array.isArray(tables) || Object.keys(tables).length === 0) {
    throw new SettingError(scope, `${setting} must be tables by name`, 'none', `Write them like { EVENTS: store }.`);
  }
  for (const name of Object.keys(tables)) requireText(scope, { [`each of ${setting}`]: name }, STORE_NAME);
  requireEachOnce(scope, setting, tables);
}

/**
 * The name of a table in a query.
 * @param name the name that the query has for it
 * @param start the start of its settings
 * @throws SettingError if the store is not in BigQuery
 */
export function tableOf(scope: IConstruct, name: string, { settings }: Binding, start = name): string {
  const parts = ['PROJECT', 'DATASET', 'TABLE'].map((part) => settings[`${start}_${part}`]);
  if (parts.every((part) => part !== undefined)) return `\`${parts.join('.')}\``;
  throw new SettingError(scope, `${name} must be a table of BigQuery`, 'another store', 'Use a BigQueryStore.');
}

/** How many hours lie between two runs, if they are the same between all runs. */
export function hoursBetween(every: string): number | undefined {
  const [, count, unit] = /^every (\d+) (minutes|hours)$/.exec(every) ?? [];
  if (count !== undefined) return Number(count) / (unit === 'hours' ? 1 : 60);
  return every.startsWith('every day') ? 24 : undefined;
}
