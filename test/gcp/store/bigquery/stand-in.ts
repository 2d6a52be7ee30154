import { BigQueryUpsertStore } from '../../../../gcp/store/bigquery/bigquery-upsert-store';
import { type SchemaField, StorageWriteStandIn } from '../../../../local/gcp/bigquery/storage-write';
import { site, synthesize } from '../../stand-ins';
import type { StoreStandIns } from '../../store-stand-in';

/** The Storage Write API with the table of a store of latest rows, as it is deployed by default. */
export async function upsertStandIn(): Promise<StorageWriteStandIn> {
  const { one } = synthesize((stack) => new BigQueryUpsertStore(stack, 'Store', { site }));
  const { schema, table_constraints } = one('google_bigquery_table');
  return new StorageWriteStandIn(JSON.parse(schema) as SchemaField[], { key: table_constraints.primary_key.columns }).start();
}

/** For the proofs of handlers. */
export const stores: StoreStandIns = {
  'PROJECT DATASET UPSERT_TABLE KEY': async () => {
    const standIn = await upsertStandIn();
    return {
      settings: { PROJECT: 'acme-data', DATASET: 'acme_latest', UPSERT_TABLE: 'latest', KEY: 'event_source,subject' },
      environment: { BIGQUERY_STORAGE_ENDPOINT: standIn.address },
      stored: () => standIn.rows.map(({ event_id }) => event_id),
      stop: () => standIn.stop(),
    };
  },
};
