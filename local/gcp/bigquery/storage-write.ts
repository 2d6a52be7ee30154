import { protos } from '@google-cloud/bigquery-storage';
import { grpc } from 'google-gax';
import { bindLoopback } from '../foundation/grpc';
import { CHANGE_COLUMNS, changeFaults } from './changes';
import { type RowFault, rowFaults, type SchemaField, type TableRow } from './row-check';
import { type Descriptor, readRows, SERVICE } from './storage-wire';

export type { SchemaField } from './row-check';

const { TableFieldSchema } = protos.google.cloud.bigquery.storage.v1;
type Append = protos.google.cloud.bigquery.storage.v1.AppendRowsRequest;
type AppendAnswer = protos.google.cloud.bigquery.storage.v1.IAppendRowsResponse;
type Stream = grpc.ServerDuplexStream<Append, AppendAnswer>;

/** The result of an append: an answer, a broken connection, or no answer at all. */
export type Fate = AppendAnswer | 'breaks' | 'hangs';

const STORAGE_TYPES: Readonly<Record<string, keyof typeof TableFieldSchema.Type>> = {
  INTEGER: 'INT64',
  FLOAT: 'DOUBLE',
  BOOLEAN: 'BOOL',
  RECORD: 'STRUCT',
};

/** The maximum size of a request. @see https://cloud.google.com/bigquery/quotas#write-api-limits */
const REQUEST_BYTES = 10_000_000;
/** Larger than that, so that the emulator checks the limit, and not gRPC. */
const CHANNEL = { 'grpc.max_receive_message_length': 64 * 1024 * 1024 };

/** An emulator of the Storage Write API, with one table. */
export class StorageWriteStandIn {
  /** All accepted rows, in order. */
  readonly rows: TableRow[] = [];
  /** Whether accepted rows are kept in memory. */
  keeps = true;
  /** How many connections were opened, and how often the schema was read. */
  readonly asked = { connections: 0, schema: 0 };
  /** Decides the result of each append whose rows fit the schema. Appends are handled concurrently, and answered in order. */
  fate: (rows: readonly TableRow[]) => Fate | Promise<Fate> = () => ({ appendResult: {} });
  /** Whether it answers requests for the schema. */
  tells = true;
  address = '';

  private readonly server = new grpc.Server(CHANNEL);
  private readonly streams = new Set<Stream>();

  /**
   * @param table the name of the only table, such as `projects/p/datasets/d/tables/t`, its partitioning column and its primary key.
   * Without a name, any table name is accepted
   */
  constructor(
    public schema: readonly SchemaField[],
    private readonly table: { readonly name?: string; readonly partitionedBy?: string; readonly key?: readonly string[] } = {},
  ) {
    this.server.addService(SERVICE, {
      getWriteStream: ({ request }: { request: { name: string } }, answer: grpc.sendUnaryData<unknown>) => {
        this.asked.schema += 1;
        if (!this.tells) return answer({ code: grpc.status.UNAVAILABLE, details: 'not now' });
        const missing = this.missing(request.name);
        if (missing) return answer(missing);
        answer(null, { name: request.name, tableSchema: { fields: this.schema.map(storageField) } });
      },
      appendRows: (stream: Stream) => {
        this.asked.connections += 1;
        this.streams.add(stream);
        this.serve(stream);
        stream.on('end', () => stream.end());
        stream.on('close', () => this.streams.delete(stream));
        stream.on('error', () => {});
      },
    });
  }

  async start(): Promise<this> {
    this.address = await bindLoopback(this.server, grpc.ServerCredentials.createInsecure());
    return this;
  }

  /** How many connections are open. */
  get connected(): number {
    return this.streams.size;
  }

  /** Breaks every connection, with its pending requests. */
  breakConnections(code: number = grpc.status.UNAVAILABLE) {
    for (const stream of this.streams) stream.emit('error', { code, details: 'gone' });
    this.streams.clear();
  }

  /** Ends every connection without an error, as a server does before it stops. */
  endConnections() {
    for (const stream of this.streams) stream.end();
    this.streams.clear();
  }

  /** Closes every socket at once. */
  vanish() {
    this.server.forceShutdown();
  }

  /** Breaks all connections, and waits until the server has stopped. */
  async stop() {
    this.breakConnections();
    await new Promise((resolve) => this.server.tryShutdown(resolve));
  }

  /** The first request on a connection has the table and the schema. Later ones may omit them. */
  private serve(stream: Stream) {
    let descriptor: Descriptor | null | undefined;
    let answered: Promise<unknown> = Promise.resolve();
    stream.on('data', (append: Append) => {
      descriptor = append.protoRows?.writerSchema?.protoDescriptor ?? descriptor;
      const fault = this.missing(append.writeStream) ?? tooLarge(append);
      if (fault) return stream.emit('error', fault);
      const fate = this.judge(append, descriptor).catch((error: unknown) => ({
        error: { code: grpc.status.INTERNAL, message: String(error) },
      }));
      answered = answered.then(async () => this.apply(await fate, stream));
    });
  }

  private async judge(append: Append, descriptor?: Descriptor | null): Promise<Fate> {
    const known = [...this.schema, ...CHANGE_COLUMNS];
    const unknown = (descriptor?.field ?? []).filter(({ name }) => !known.some((column) => column.name === name));
    if (unknown.length > 0) return refused(`Input schema has more fields than the table: ${unknown.map(({ name }) => name).join(', ')}.`);
    const rows = readRows(append, descriptor);
    const faults = [...rowFaults(this.schema, rows, this.table.partitionedBy), ...changeFaults(rows, this.table.key)];
    if (faults.length > 0) return refused('Errors found while processing rows. Please refer to the row_errors field for details.', faults);
    const fate = await this.fate(rows);
    if (this.keeps && typeof fate === 'object' && fate.appendResult) this.rows.push(...rows);
    return fate;
  }

  private apply(fate: Fate, stream: Stream) {
    if (fate === 'hangs') return;
    if (fate === 'breaks') {
      this.breakConnections();
      return;
    }
    if (!stream.destroyed) stream.write(fate);
  }

  private missing(stream: string) {
    const { name } = this.table;
    if (!name || !stream || stream === `${name}/streams/_default` || stream === `${name}/_default`) return undefined;
    return { code: grpc.status.NOT_FOUND, details: `Requested entity was not found. Entity: ${stream}` };
  }
}

function refused(message: string, rowErrors?: readonly RowFault[]): Fate {
  return { error: { code: grpc.status.INVALID_ARGUMENT, message }, rowErrors: rowErrors?.map((fault) => ({ ...fault, code: 1 })) };
}

function tooLarge({ protoRows }: Append) {
  const bytes = (protoRows?.rows?.serializedRows ?? []).reduce((sum, row) => sum + row.length, 0);
  if (bytes <= REQUEST_BYTES) return undefined;
  return { code: grpc.status.INVALID_ARGUMENT, details: `AppendRows request too large: ${bytes} limit ${REQUEST_BYTES}` };
}

function storageField({ name, type, mode = 'NULLABLE', fields = [] }: SchemaField): object {
  return {
    name,
    fields: fields.map(storageField),
    type: TableFieldSchema.Type[STORAGE_TYPES[type] ?? (type as keyof typeof TableFieldSchema.Type)],
    mode: TableFieldSchema.Mode[mode as keyof typeof TableFieldSchema.Mode],
  };
}
