import { adapt, managedwriter, protos } from '@google-cloud/bigquery-storage';
import { grpc } from 'google-gax';
import { PermanentError } from '../../../../shared/runtime/event';
import type { Column, TableRow } from './table-row';

const { convertStorageSchemaToProto2Descriptor } = adapt;
const { WriteStreamView } = protos.google.cloud.bigquery.storage.v1;
const OPEN_MILLISECONDS = 10_000;
/** What BigQuery answers to rows that do not suit the schema, or the table: the one that was asked for may be an old one. */
const [INVALID_ARGUMENT, OUT_OF_RANGE] = [3, 11];

/** What says that the connection broke, or that the server gave an append up, and not that anything is wrong with it. */
const LOST = new Set([grpc.status.CANCELLED, grpc.status.ABORTED, grpc.status.INTERNAL, grpc.status.UNAVAILABLE]);

/** Says that an append failed with its connection: on another one it may work at once. */
export class ConnectionLost extends Error {
  override readonly name = 'ConnectionLost';
}

/** The table, as it is now. */
export interface Table {
  readonly columns: readonly Column[];
  /**
   * Add rows: all of them, or none.
   * @throws PermanentError when the table will never take them
   * @throws ConnectionLost when the connection broke, or ended
   */
  append(rows: readonly TableRow[]): Promise<void>;
}

/**
 * The default stream of a table, over one connection for all calls: made with the first, and made again after it failed,
 * ended, was told of another schema, or gave an answer that an old schema could explain. The old one is closed as soon as
 * nobody waits on it.
 *
 * A connection that failed is never used again. The library would open it once more by itself, and then take the answers
 * of the new one for those of the old: rows would count as written that are not. For the same reason its own way of
 * following the schema is switched off.
 * @param patience how many milliseconds an append may go unanswered before it counts as failed, and its connection too
 * @see https://cloud.google.com/bigquery/docs/write-api-streaming
 */
export function tableOpener(client: managedwriter.WriterClient, table: string, patience = 20_000): () => Promise<Table> {
  const streamId = `${table}/streams/_default`;
  let opened: Promise<Table> | undefined;

  return () => {
    if (!opened) {
      const opening: Promise<Table> = open(() => {
        if (opened === opening) opened = undefined;
      });
      opened = opening;
    }
    return opened;
  };

  async function open(forget: () => void): Promise<Table> {
    try {
      const { tableSchema } = await client.getWriteStream(
        { streamId, view: WriteStreamView.FULL },
        { timeout: OPEN_MILLISECONDS, retry: null },
      );
      const protoDescriptor = convertStorageSchemaToProto2Descriptor(tableSchema ?? {}, 'root');
      // A client keeps each of its connections until it is closed itself. So each connection has its own, on the same channel.
      const own = new managedwriter.WriterClient();
      own.setClient(client.getClient());
      const connection = await own.createStreamConnection({ streamId });
      const writer = new managedwriter.JSONWriter({ connection, protoDescriptor });
      connection.removeAllListeners('schemaUpdated');
      let waiting = 0;
      let retired = false;
      const closeWhenIdle = () => {
        if (retired && waiting === 0) own.close();
      };
      const retire = () => {
        retired = true;
        forget();
        closeWhenIdle();
      };
      connection.onSchemaUpdated(retire);
      connection.onConnectionError(retire);
      // The library leaves appends waiting on a connection that the server has ended.
      const ended = new Promise<never>((_, reject) => {
        connection.once('end', () => {
          retire();
          reject(new ConnectionLost('BigQuery ended the connection'));
        });
      });
      ended.catch(() => {});

      return {
        columns: (tableSchema?.fields ?? []).map(({ name, type }) => ({ name: String(name), type: String(type) })),
        append: async (rows) => {
          if (retired) throw new ConnectionLost('the connection is gone');
          const { promise, cancel } = deadline(patience, retire);
          waiting += 1;
          try {
            const { error, rowErrors } = await Promise.race([writer.appendRows([...rows]).getResult(), promise, ended]).catch(asLost);
            if (rowErrors?.length) throw new PermanentError(reasonOf(rowErrors));
            if (error?.code === INVALID_ARGUMENT || error?.code === OUT_OF_RANGE) retire();
            if (error && LOST.has(Number(error.code))) retire();
            if (error) throw asFault(error);
          } finally {
            cancel();
            waiting -= 1;
            closeWhenIdle();
          }
        },
      };
    } catch (error) {
      forget();
      throw error;
    }
  }
}

/** There may be as many faults as rows, and the first of them say it. */
function reasonOf(faults: readonly protos.google.cloud.bigquery.storage.v1.IRowError[]): string {
  const first = faults.slice(0, 3).map(({ index, message }) => `row ${index}: ${message}`);
  return [...first, ...(faults.length > 3 ? [`${faults.length - 3} more`] : [])].join('; ');
}

interface Answered {
  readonly code?: number | string | null;
  readonly message?: string | null;
}

function asFault({ code, message }: Answered): Error {
  return LOST.has(Number(code)) ? new ConnectionLost(`${code}: ${message}`) : new Error(`${code}: ${message}`);
}

function asLost(error: unknown): never {
  throw error instanceof Error && LOST.has(Number((error as Answered).code)) ? asFault(error as Answered) : error;
}

/** A promise that fails after a while, unless it is cancelled. */
function deadline(milliseconds: number, expire: () => void) {
  let timer: NodeJS.Timeout | undefined;
  const promise = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      expire();
      reject(new Error(`BigQuery gave no answer for ${milliseconds} ms`));
    }, milliseconds);
  });
  return { promise, cancel: () => clearTimeout(timer) };
}
