import type { managedwriter } from '@google-cloud/bigquery-storage';
import { setting } from '../../../shared/runtime/setting';
import type { Sink } from '../../../shared/runtime/sink';
import { type EventRow, fitRows } from './bigquery/table-row';
import { tableSink } from './bigquery/table-sink';

/**
 * BigQuery: appends rows to a table, either all rows of an event or none. If an answer is lost, its rows are appended twice:
 * nothing is lost, and the view shows each row once.
 * @param name the start of the environment variables of the store: `STORE` reads `STORE_PROJECT`, `STORE_DATASET` and `STORE_TABLE`
 */
export function bigQuerySink(name: string, client?: managedwriter.WriterClient): Sink<EventRow> {
  const dataset = `projects/${setting(`${name}_PROJECT`)}/datasets/${setting(`${name}_DATASET`)}`;
  return tableSink({ table: `${dataset}/tables/${setting(`${name}_TABLE`)}`, changes: false, toColumns: fitRows }, client);
}
