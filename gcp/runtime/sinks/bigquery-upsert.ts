import type { managedwriter } from '@google-cloud/bigquery-storage';
import { setting } from '../../../shared/runtime/setting';
import type { Sink } from '../../../shared/runtime/sink';
import { fitChanges } from './bigquery/change';
import type { EventRow } from './bigquery/table-row';
import { tableSink } from './bigquery/table-sink';

/**
 * BigQuery, latest rows: each row replaces the row with the same key, or deletes it. BigQuery accepts either all rows of an event or none.
 *
 * A row has a number that comes from its event and its message. If rows of one key come in another order, or again, the one with the
 * highest number stays. So a late retry changes nothing.
 * @param name the start of the environment variables of the store: `STORE` reads `STORE_PROJECT`, `STORE_DATASET`,
 * `STORE_UPSERT_TABLE` and `STORE_KEY`
 */
export function bigQueryUpsertSink(name: string, client?: managedwriter.WriterClient): Sink<EventRow> {
  const dataset = `projects/${setting(`${name}_PROJECT`)}/datasets/${setting(`${name}_DATASET`)}`;
  const key = setting(`${name}_KEY`).split(',');
  return tableSink(
    {
      table: `${dataset}/tables/${setting(`${name}_UPSERT_TABLE`)}`,
      changes: true,
      toColumns: (rows, origin, columns) => fitChanges(rows, origin, columns, key),
    },
    client,
  );
}
