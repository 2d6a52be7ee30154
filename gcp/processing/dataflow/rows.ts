import type { ITerraformDependable } from 'cdktf';
import type { IConstruct } from 'constructs';
import { SettingError } from '../../../shared/synth/settings';
import type { Workload } from '../../ports/identity';
import type { SchemaStore } from '../../ports/stores';
import { FILLED } from './event-to-row';
import { settingOf } from './workers';

/** The table that a job adds rows to. */
export interface Rows {
  readonly settings: { readonly project: string; readonly datasetId: string; readonly tableId: string };
  /** The table as a parameter of a template. */
  readonly spec: string;
  readonly waitFor: readonly ITerraformDependable[];
}

/**
 * Let the workers of a job add rows to the table of a store.
 * @throws SettingError if the store is not in BigQuery
 */
export function bindRows(workers: Workload, store: SchemaStore): Rows {
  const { settings, waitFor } = store.bindWriter(workers, 'STORE');
  const [project, datasetId, tableId] = ['PROJECT', 'DATASET', 'TABLE'].map((part) =>
    settingOf(workers, settings, `STORE_${part}`, 'store must be a BigQueryStore'),
  ) as [string, string, string];
  return { settings: { project, datasetId, tableId }, spec: `${project}:${datasetId}.${tableId}`, waitFor };
}

/** A column, as far as a job looks at it. */
interface Column {
  readonly name: string;
  readonly type: string;
  readonly mode?: string;
}

/** The columns of a schema, as a template reads them from a file. */
export function columnsOf(schema: string): Column[] {
  return (JSON.parse(schema) as Column[]).map(({ name, type, mode }) => ({ name, type, mode }));
}

/**
 * Refuse a table whose columns the function of a job does not fill: BigQuery would refuse the rows, or columns would stay empty.
 * @throws SettingError
 */
export function requireFilled(scope: IConstruct, store: SchemaStore) {
  if (typeof store?.schema !== 'string') {
    throw new SettingError(scope, 'store must be a BigQueryStore', 'another one', "Google's template takes no other.");
  }
  const columns = columnsOf(store.schema);
  const others = columns.filter(({ name, type }) => FILLED[name] !== type).map(({ name }) => name);
  const missing = Object.keys(FILLED).filter((name) => !columns.some((column) => column.name === name));
  if (others.length + missing.length === 0) return;
  const got = others.length > 0 ? `also ${others.join(', ')}` : `none named ${missing.join(', ')}`;
  const remedy = 'For other columns, let a CloudFunctionProcessor write them, or a QueryJob with cleanRows into another store.';
  throw new SettingError(scope, 'store must be a BigQueryStore with its default columns', got, remedy);
}
