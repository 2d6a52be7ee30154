import { managedwriter } from '@google-cloud/bigquery-storage';
import { grpc } from 'google-gax';
import { PermanentError } from '../../../shared/runtime/event';
import { each } from '../../../shared/runtime/objects';
import { setting } from '../../../shared/runtime/setting';
import type { Lot, Refusal, Sink, SourceRecord } from '../../../shared/runtime/sink';
import { isLoopback } from '../loopback';
import { ConnectionLost, tableOpener } from './bigquery/storage-write';
import { type Column, type EventRow, fitRows, type Origin, type TableRow } from './bigquery/table-row';

/**
 * BigQuery: appends rows to a table, either all rows of an event or none. If an answer is lost, its rows are appended twice:
 * nothing is lost, and the view shows each row once.
 * @param name the start of the environment variables of the store: `STORE` reads `STORE_PROJECT`, `STORE_DATASET` and `STORE_TABLE`
 */
export function bigQuerySink(name: string, client = clientOf(process.env.BIGQUERY_STORAGE_ENDPOINT)): Sink<EventRow> {
  const dataset = `projects/${setting(`${name}_PROJECT`)}/datasets/${setting(`${name}_DATASET`)}`;
  const openTable = tableOpener(client, `${dataset}/tables/${setting(`${name}_TABLE`)}`);
  return {
    encode: (row, event, index) => ({ row, event, index }),
    write: async (lot) => {
      const refusals: Refusal[] = [];
      await each(byRecord(lot), async ({ record, rows, origin }) => {
        const append = async () => {
          const table = await openTable();
          await table.append(fitOrRefuse(rows, origin, table.columns));
        };
        try {
          // BigQuery closes connections now and then: googleapis/java-bigquerystorage#1392. So one lost connection does not fail the call.
          await append().catch((error: unknown) => (error instanceof ConnectionLost ? append() : Promise.reject(error)));
        } catch (error) {
          if (!(error instanceof PermanentError)) throw error;
          refusals.push({ record, reason: String(error) });
        }
      });
      return refusals;
    },
  };
}

/**
 * The client of the Storage Write API. `BIGQUERY_STORAGE_ENDPOINT` can set another address: a private endpoint, or an emulator
 * on this machine.
 */
function clientOf(address: string | undefined): managedwriter.WriterClient {
  if (!address) return new managedwriter.WriterClient();
  const [, apiEndpoint, port] = /^(.+):(\d+)$/.exec(address) ?? [];
  if (!apiEndpoint) throw new Error(`BIGQUERY_STORAGE_ENDPOINT must be a host and a port, got "${address}".`);
  const sslCreds = isLoopback(address) ? grpc.credentials.createInsecure() : undefined;
  return new managedwriter.WriterClient({ apiEndpoint, port: Number(port), sslCreds });
}

/** The rows of each record, with its message. The position has the time in microseconds, which a `Date` cannot hold. */
function byRecord({ name, made }: Lot<EventRow>) {
  const rowsOf = new Map<SourceRecord, EventRow[]>();
  for (const { record, stored } of made) {
    const rows = rowsOf.get(record);
    if (rows) rows.push(stored);
    else rowsOf.set(record, [stored]);
  }
  return [...rowsOf].map(([record, rows]) => {
    const { messageId = name, publishTime = record.arrived.toISOString() } = record.position;
    const origin: Origin = { messageId: String(messageId), publishTime: String(publishTime) };
    return { record, origin, rows };
  });
}

/** @throws PermanentError on any error in a row, because a retry would not help */
function fitOrRefuse(rows: readonly EventRow[], origin: Origin, columns: readonly Column[]): TableRow[] {
  try {
    return fitRows(rows, origin, columns);
  } catch (error) {
    throw error instanceof PermanentError
      ? error
      : new PermanentError(error instanceof Error ? error.message : 'the row cannot be written as JSON');
  }
}
