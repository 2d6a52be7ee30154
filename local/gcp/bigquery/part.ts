import path from 'node:path';
import type { Opened, Part } from '../../parts';
import { shown } from '../../shown';
import { Resource } from '../../template/resource';
import type { Site } from '../site';
import type { TableRow } from './row-check';
import { asColumns, storedRow } from './row-text';
import { StorageWriteStandIn } from './storage-write';
import { DuckTable } from './table';
import { readTable } from './table-settings';
import { writesTo } from './writes';

/** A table in DuckDB, and the Storage Write API in front of it. */
export const PART: Part<Site> = {
  overrides: () => ['BIGQUERY_STORAGE_ENDPOINT = the emulated Storage Write API, with the table in DuckDB'],

  async open({ terraform, clients, writers }, { folder, witness, chaos, keep }): Promise<Opened> {
    const settings = readTable(await Resource.all(terraform, 'google_bigquery_table'));
    const { project, dataset, name, schema, partitionedBy, view } = settings;
    const file = path.join(folder, 'store.duckdb');
    const table = await DuckTable.create(file, settings);
    keep(() => table.close());
    const place = `projects/${project}/datasets/${dataset}/tables/${name}`;
    const storage = await new StorageWriteStandIn(schema, { name: place, partitionedBy }).start();
    keep(() => storage.vanish());
    storage.keeps = false;
    storage.fate = writesTo(table, writers, { settings, chaos, witness });
    clients.BIGQUERY_STORAGE_ENDPOINT = storage.address;

    const toStoredRows = async function* (rows: AsyncIterable<TableRow>) {
      for await (const row of rows) yield storedRow(settings, row);
    };
    const read = view ?? settings;
    return {
      brought: {
        store: {
          place: `node --import tsx local/gcp/bigquery/query.ts ${shown(file)} 'SELECT * FROM ${read.dataset}.${read.name} LIMIT 10'`,
          asRead: asColumns(settings),
          rows: () => toStoredRows(table.rows()),
          ...(view && { uniqueRows: () => toStoredRows(table.viewRows()) }),
        },
      },
    };
  },
};
