import { adapt, managedwriter, protos } from '@google-cloud/bigquery-storage';
import { grpc } from 'google-gax';
import { PermanentError } from '../../../../shared/runtime/event';
import type { Column, TableRow } from './table-row';

const { convertStorageSchemaToProto2Descriptor, withChangeSequenceNumber, withChangeType } = adapt;
const { WriteStreamView } = protos.google.cloud.bigquery.storage.v1;
const OPEN_MILLISECONDS = 10_000;
/** The codes of BigQuery for rows that do not fit the schema or the table. The schema that was read may be outdated. */
const [INVALID_ARGUMENT, OUT_OF_RANGE] = [3, 11];

/** Rows as the library types them, which knows no 64-bit integers in halves within records. */
type JsonRows = Parameters<managedwriter.JSONWriter['appendRows']>[0];

/** The codes for a lost connection, or for an append that the server cancelled. The rows themselves are valid. */
const CONNECTION_ERRORS = new Set([grpc.status.CANCELLED, grpc.status.ABORTED, grpc.status.INTERNAL, grpc.status.UNAVAILABLE]);

/** An append failed because its connection was lost. On a new connection it may succeed at once. */
export class ConnectionLost extends Error {
  override readonly name = 'ConnectionLost';
}

/** How a table is written. */
export interface Writing {
  /**
   * After how many milliseconds without an answer an append fails, and its connection is closed.
   * @default 20000
   */
  readonly timeoutMs?: number;
  /**
   * Whether each row has the columns `_CHANGE_TYPE` and `_CHANGE_SEQUENCE_NUMBER`, which the schema of the table does not have.
   * @default false
   */
  readonly changes?: boolean;
}

/** The table with its current schema. */
export interface Table {
  readonly columns: readonly Column[];
  /**
   * Add rows: all of them, or none.
   * @throws PermanentError if the table can never accept them
   * @throws ConnectionLost if the connection was lost or closed
   */
  append(rows: readonly TableRow[]): Promise<void>;
}

/**
 * The default stream of a table, with one connection for all calls. It is opened at the first call. A new connection is opened
 * after the old one failed or ended, after a change of the schema, and after an answer that an outdated schema can cause. The
 * old connection is closed after its last pending append.
 *
 * A failed connection is not used again. The library would reconnect by itself, and match the answers of the new connection to
 * appends of the old one: rows that are not written would count as written. For the same reason, the schema updates of the
 * library are disabled.
 * @see https://cloud.google.com/bigquery/docs/write-api-streaming
 */
export function tableOpener(
  client: managedwriter.WriterClient,
  table: string,
  { timeoutMs = 20_000, changes = false }: Writing = {},
): () => Promise<Table> {
  const streamId = `${table}/streams/_default`;
  const more = changes ? [withChangeType(), withChangeSequenceNumber()] : [];
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

  async function open(reset: () => void): Promise<Table> {
    try {
      const { tableSchema } = await client.getWriteStream(
        { streamId, view: WriteStreamView.FULL },
        { timeout: OPEN_MILLISECONDS, retry: null },
      );
      const protoDescriptor = convertStorageSchemaToProto2Descriptor(tableSchema ?? {}, 'root', ...more);
      // A client keeps all of its connections until it is closed. So each connection has its own client, on the same channel.
      const connectionClient = new managedwriter.WriterClient();
      connectionClient.setClient(client.getClient());
      const connection = await connectionClient.createStreamConnection({ streamId });
      const writer = new managedwriter.JSONWriter({ connection, protoDescriptor });
      connection.removeAllListeners('schemaUpdated');
      let pending = 0;
      let retired = false;
      const closeWhenIdle = () => {
        if (retired && pending === 0) connectionClient.close();
      };
      const retire = () => {
        retired = true;
        reset();
        closeWhenIdle();
      };
      connection.onSchemaUpdated(retire);
      connection.onConnectionError(retire);
      // Without this, appends would wait forever on a connection that the server has closed.
      const ended = new Promise<never>((_, reject) => {
        connection.once('end', () => {
          retire();
          reject(new ConnectionLost('BigQuery closed the connection'));
        });
      });
      ended.catch(() => {});

      return {
        columns: columnsIn(tableSchema?.fields),
        append: async (rows) => {
          if (retired) throw new ConnectionLost('the connection is closed');
          const { promise, cancel } = deadline(timeoutMs, retire);
          pending += 1;
          try {
            const { error, rowErrors } = await Promise.race([writer.appendRows(rows as JsonRows).getResult(), promise, ended]).catch(
              rethrow,
            );
            if (rowErrors?.length) throw new PermanentError(reasonOf(rowErrors));
            if (error?.code === INVALID_ARGUMENT || error?.code === OUT_OF_RANGE) retire();
            if (error && CONNECTION_ERRORS.has(Number(error.code))) retire();
            if (error) throw toError(error);
          } finally {
            cancel();
            pending -= 1;
            closeWhenIdle();
          }
        },
      };
    } catch (error) {
      reset();
      throw error;
    }
  }
}

/** The columns of a table, or within a column. */
function columnsIn(fields: readonly protos.google.cloud.bigquery.storage.v1.ITableFieldSchema[] | null | undefined): Column[] {
  return (fields ?? []).map(({ name, type, mode, fields: within }) => ({
    name: String(name),
    type: String(type),
    mode: String(mode),
    fields: columnsIn(within),
  }));
}

/** The reason from the errors of rows. Only the first three are listed. */
function reasonOf(errors: readonly protos.google.cloud.bigquery.storage.v1.IRowError[]): string {
  const first = errors.slice(0, 3).map(({ index, message }) => `row ${index}: ${message}`);
  return [...first, ...(errors.length > 3 ? [`${errors.length - 3} more`] : [])].join('; ');
}

interface StatusOf {
  readonly code?: number | string | null;
  readonly message?: string | null;
}

function toError({ code, message }: StatusOf): Error {
  return CONNECTION_ERRORS.has(Number(code)) ? new ConnectionLost(`${code}: ${message}`) : new Error(`${code}: ${message}`);
}

function rethrow(error: unknown): never {
  throw error instanceof Error && CONNECTION_ERRORS.has(Number((error as StatusOf).code)) ? toError(error as StatusOf) : error;
}

/** A promise that rejects after this time, unless it is cancelled. */
function deadline(milliseconds: number, expire: () => void) {
  let timer: NodeJS.Timeout | undefined;
  const promise = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      expire();
      reject(new Error(`BigQuery did not answer within ${milliseconds} ms`));
    }, milliseconds);
  });
  return { promise, cancel: () => clearTimeout(timer) };
}
