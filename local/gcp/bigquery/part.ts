import path from 'node:path';
import type { Around, Opened, Part } from '../../parts';
import { shown } from '../../shown';
import { Resource } from '../../template/resource';
import type { Site } from '../site';
import { asEvent, eventRows, isRaw, rejectedRows, viewRows, writesMessages } from './raw-rows';
import type { TableRow } from './row-check';
import { asColumns, storedRow } from './row-text';
import { StorageWriteStandIn } from './storage-write';
import { DuckTable, type TableSettings } from './table';
import { readTable } from './table-settings';
import { writesTo } from './writes';

const QUERY = 'node --import tsx local/gcp/bigquery/query.ts';

/** A table in DuckDB. In front of it is the Storage Write API, or Pub/Sub writes into it. */
export const PART: Part<Site> = {
  overrides: ({ terraform }) => {
    const has = (text: string) =>
      terraform.resources('google_bigquery_table').some(({ properties }) => String(properties.schema).includes(text));
    return [
      has('"subscription_name"')
        ? 'the table = a table in DuckDB, into which the emulated Pub/Sub writes'
        : 'BIGQUERY_STORAGE_ENDPOINT = the emulated Storage Write API, with the table in DuckDB',
      ...(has('"policyTags"') ? ['policy tags = not there: every reader sees each column'] : []),
    ];
  },

  async open(site, around): Promise<Opened> {
    const settings = readTable(await Resource.all(site.terraform, 'google_bigquery_table'));
    const file = path.join(around.folder, 'store.duckdb');
    const table = await DuckTable.create(file, settings);
    around.keep(() => table.close());
    const isOfPubSub = isRaw(settings) && settings.view !== undefined && settings.rejected !== undefined;
    return isOfPubSub ? openRaw(site, around, { file, table, settings }) : openEvents(site, around, { file, table, settings });
  },
};

/** A table, and the file that it is in. */
interface Kept {
  readonly file: string;
  readonly table: DuckTable;
  readonly settings: TableSettings;
}

async function openEvents(
  { clients, writers, asRead }: Site,
  { witness, chaos, keep }: Around,
  { file, table, settings }: Kept,
): Promise<Opened> {
  const { project, dataset, name, schema, partitionedBy, key, view } = settings;
  const place = `projects/${project}/datasets/${dataset}/tables/${name}`;
  const storage = await new StorageWriteStandIn(schema, { name: place, partitionedBy, key }).start();
  keep(() => storage.vanish());
  storage.keeps = false;
  storage.fate = writesTo(table, writers, { settings, chaos, witness });
  clients.BIGQUERY_STORAGE_ENDPOINT = storage.address;
  asRead.set(`${dataset}.`, asColumns(settings));

  const toStoredRows = async function* (rows: AsyncIterable<TableRow>) {
    for await (const row of rows) yield storedRow(settings, row);
  };
  return {
    brought: {
      store: {
        place: queryOf(file, view ?? settings),
        asRead: asRead.get(`${dataset}.`),
        rows: () => toStoredRows(table.rows()),
        ...(view && { uniqueRows: () => toStoredRows(table.viewRows()) }),
      },
    },
  };
}

/** Rejected rows are the dead letter of the table: an event is in one of its two views. */
async function openRaw({ terraform, tables, asRead }: Site, { witness, chaos }: Around, { file, table, settings }: Kept): Promise<Opened> {
  const raw = { settings, table, view: await table.viewSchema() };
  // Read at the first write: a grant refers to resources of other parts.
  let writers: Promise<readonly string[]> | undefined;
  const write = writesMessages(raw, () => (writers ??= writersIn(terraform)), { chaos, witness });
  asRead.set(`${settings.dataset}.`, asEvent(raw));
  tables.set(`${settings.project}.${settings.dataset}.${settings.name}`, write);
  return {
    brought: {
      store: {
        place: queryOf(file, settings.view!),
        asRead: asEvent(raw),
        rows: () => eventRows(raw),
        uniqueRows: () => viewRows(raw),
      },
      deadLetter: { place: queryOf(file, settings.rejected!), letters: () => rejectedRows(raw) },
    },
  };
}

/** The emails of the service accounts that may add rows to the table. */
async function writersIn(terraform: Site['terraform']): Promise<string[]> {
  const grants = await Resource.all(terraform, 'google_bigquery_table_iam_member');
  return grants
    .filter((grant) => grant.text('role') === 'roles/bigquery.dataEditor')
    .map((grant) => grant.text('member').replace('serviceAccount:', ''));
}

function queryOf(file: string, { dataset, name }: { readonly dataset: string; readonly name: string }): string {
  return `${QUERY} ${shown(file)} 'SELECT * FROM ${dataset}.${name} LIMIT 10'`;
}
