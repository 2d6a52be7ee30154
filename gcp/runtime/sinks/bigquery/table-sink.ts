import { managedwriter } from '@google-cloud/bigquery-storage';
import { grpc } from 'google-gax';
import { PermanentError } from '../../../../shared/runtime/event';
import { each } from '../../../../shared/runtime/objects';
import type { Lot, Refusal, Sink, SourceRecord } from '../../../../shared/runtime/sink';
import { isLoopback } from '../../loopback';
import { ConnectionLost, tableOpener } from './storage-write';
import type { Column, EventRow, Origin, TableRow } from './table-row';

/** A table, and what is written into it. */
export interface Target {
  /** `projects/PROJECT/datasets/DATASET/tables/TABLE` */
  readonly table: string;
  /** Whether rows are changes of the rows with the same primary key. */
  readonly changes: boolean;
  /**
   * Convert the rows of one event into the columns of the table.
   * @throws PermanentError if a value does not fit its column, or if the rows are too large for one request
   */
  toColumns(rows: readonly EventRow[], origin: Origin, columns: readonly Column[]): TableRow[];
}

/** Sends the rows of each event to the default stream of a table with one append: either all of them are accepted, or none. */
export function tableSink({ table, changes, toColumns }: Target, client = clientOf(process.env.BIGQUERY_STORAGE_ENDPOINT)): Sink<EventRow> {
  const openTable = tableOpener(client, table, { changes });
  return {
    encode: (row, event, index) => ({ row, event, index }),
    write: async (lot) => {
      const refusals: Refusal[] = [];
      await each(byRecord(lot), async ({ record, rows, origin }) => {
        const append = async () => {
          const { append: add, columns } = await openTable();
          await add(orRefuse(() => toColumns(rows, origin, columns)));
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
function orRefuse(convert: () => TableRow[]): TableRow[] {
  try {
    return convert();
  } catch (error) {
    throw error instanceof PermanentError
      ? error
      : new PermanentError(error instanceof Error ? error.message : 'the row cannot be written as JSON');
  }
}
