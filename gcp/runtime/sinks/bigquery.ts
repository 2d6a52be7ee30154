import { managedwriter } from '@google-cloud/bigquery-storage';
import { grpc } from 'google-gax';
import { PermanentError } from '../../../shared/runtime/event';
import { each } from '../../../shared/runtime/objects';
import { setting } from '../../../shared/runtime/setting';
import type { Lot, Refusal, Sink } from '../../../shared/runtime/sink';
import { isLoopback } from '../loopback';
import { tableOpener } from './bigquery/storage-write';
import { type Column, type EventRow, type Origin, type TableRow, tableRow } from './bigquery/table-row';

/** One request to BigQuery takes 10 MB. This leaves room for what is not text. */
const REQUEST_BYTES = 9_500_000;

/**
 * BigQuery: rows of a table, those of one event all or none. Rows whose answer got lost come twice: nothing is lost, and
 * the view shows each row once.
 * @param name what starts the settings of the store: `STORE` reads `STORE_PROJECT`, `STORE_DATASET` and `STORE_TABLE`
 */
export function bigQuerySink(name: string, client = clientOf(process.env.BIGQUERY_STORAGE_ENDPOINT)): Sink<EventRow> {
  const dataset = `projects/${setting(`${name}_PROJECT`)}/datasets/${setting(`${name}_DATASET`)}`;
  const openTable = tableOpener(client, `${dataset}/tables/${setting(`${name}_TABLE`)}`);
  return {
    encode: (row, event, index) => ({ row, event, index }),
    write: async (lot) => {
      const refusals: Refusal[] = [];
      await each(byRecord(lot), async ({ record, rows, origin }) => {
        try {
          const { columns, append } = await openTable();
          await append(fitRows(rows, origin, columns));
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
 * The client of the Storage Write API. Its address may be another than the public one: a private endpoint, or a stand-in on
 * this very machine.
 */
function clientOf(address: string | undefined): managedwriter.WriterClient {
  if (!address) return new managedwriter.WriterClient();
  const [, apiEndpoint, port] = /^(.+):(\d+)$/.exec(address) ?? [];
  if (!apiEndpoint) throw new Error(`BIGQUERY_STORAGE_ENDPOINT must be a host and a port, got "${address}".`);
  const sslCreds = isLoopback(address) ? grpc.credentials.createInsecure() : undefined;
  return new managedwriter.WriterClient({ apiEndpoint, port: Number(port), sslCreds });
}

/** The rows of each record, and what they came in. A position may know the time finer than a `Date` does. */
function byRecord({ name, made }: Lot<EventRow>) {
  return [...new Set(made.map(({ record }) => record))].map((record) => {
    const { messageId = name, publishTime = record.arrived.toISOString() } = record.position;
    const origin: Origin = { messageId: String(messageId), publishTime: String(publishTime) };
    return { record, origin, rows: made.filter((one) => one.record === record).map(({ stored }) => stored) };
  });
}

/** @throws PermanentError on whatever is wrong with a row, since it is wrong at every try */
function fitRows(made: readonly EventRow[], origin: Origin, columns: readonly Column[]): TableRow[] {
  const rows = permanently(() => made.map((one) => tableRow(one, origin, columns)));
  const texts = rows.flatMap((row) => Object.values(row)).filter((value) => typeof value === 'string');
  const bytes = texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0);
  if (bytes > REQUEST_BYTES) throw new PermanentError(`the rows of the event have ${bytes} bytes, and BigQuery takes ${REQUEST_BYTES}`);
  return rows;
}

function permanently<Result>(make: () => Result): Result {
  try {
    return make();
  } catch (error) {
    throw error instanceof PermanentError ? error : new PermanentError(error instanceof Error ? error.message : 'the row is no JSON');
  }
}
