import { protos } from '@google-cloud/bigquery-storage';
import { grpc, protobuf } from 'google-gax';

const { AppendRowsRequest, AppendRowsResponse, GetWriteStreamRequest, TableFieldSchema, WriteStream } =
  protos.google.cloud.bigquery.storage.v1;
type Append = protos.google.cloud.bigquery.storage.v1.AppendRowsRequest;
type AppendAnswer = protos.google.cloud.bigquery.storage.v1.IAppendRowsResponse;
type Stream = grpc.ServerDuplexStream<Append, AppendAnswer>;

/** A row as it arrived. Whole numbers of 64 bits are `bigint`. */
export type StoredRow = Record<string, unknown>;

/** What becomes of one append: it is answered, it breaks the connection, or it waits for an answer that never comes. */
export type Fate = AppendAnswer | 'breaks' | 'hangs';

/** A column, as the schema of the table in the template has it. */
export interface SchemaField {
  readonly name: string;
  readonly type: string;
  readonly mode: string;
}

const STORAGE_TYPES: Readonly<Record<string, keyof typeof TableFieldSchema.Type>> = { INTEGER: 'INT64', FLOAT: 'DOUBLE', BOOLEAN: 'BOOL' };

/** A stand-in for the Storage Write API on this machine, with one table. */
export class StorageWriteStandIn {
  /** Every row that was taken, in order. */
  readonly rows: StoredRow[] = [];
  /** How many connections were opened, and how often the schema was asked for. */
  readonly asked = { connections: 0, schema: 0 };
  /** Decides about each append. Rows that are taken are kept. */
  fate: (rows: readonly StoredRow[]) => Fate = () => ({ appendResult: {} });
  /** Whether it says what its columns are. */
  tells = true;
  address = '';

  private readonly server = new grpc.Server();
  private readonly streams = new Set<Stream>();

  constructor(public schema: readonly SchemaField[]) {
    this.server.addService(SERVICE, {
      getWriteStream: (_: unknown, answer: grpc.sendUnaryData<unknown>) => {
        this.asked.schema += 1;
        if (!this.tells) return answer({ code: grpc.status.UNAVAILABLE, details: 'not now' });
        const fields = this.schema.map(({ name, type, mode }) => ({
          name,
          type: TableFieldSchema.Type[STORAGE_TYPES[type] ?? (type as keyof typeof TableFieldSchema.Type)],
          mode: TableFieldSchema.Mode[mode as keyof typeof TableFieldSchema.Mode],
        }));
        answer(null, { name: 'stream', tableSchema: { fields } });
      },
      appendRows: (stream: Stream) => {
        this.asked.connections += 1;
        this.streams.add(stream);
        stream.on('data', (append: Append) => this.take(append, stream));
        stream.on('end', () => stream.end());
        stream.on('close', () => this.streams.delete(stream));
        stream.on('error', () => {});
      },
    });
  }

  async start(): Promise<this> {
    const port = await new Promise<number>((resolve, reject) =>
      this.server.bindAsync('127.0.0.1:0', grpc.ServerCredentials.createInsecure(), (error, bound) =>
        error ? reject(error) : resolve(bound),
      ),
    );
    this.address = `127.0.0.1:${port}`;
    return this;
  }

  /** How many connections are open. */
  get connected(): number {
    return this.streams.size;
  }

  /** Breaks every connection, with whatever still waits for an answer on it. */
  breakConnections(code = grpc.status.UNAVAILABLE) {
    for (const stream of this.streams) stream.emit('error', { code, details: 'gone' });
    this.streams.clear();
  }

  /** Ends every connection as a server does that goes on holiday. */
  endConnections() {
    for (const stream of this.streams) stream.end();
    this.streams.clear();
  }

  /** Closes every socket without a word. */
  vanish() {
    this.server.forceShutdown();
  }

  /** Everybody who is still connected hears of it before this is over. */
  async stop() {
    this.breakConnections();
    await new Promise((resolve) => this.server.tryShutdown(resolve));
  }

  private take(append: Append, stream: Stream) {
    const rows = readRows(append);
    const fate = this.fate(rows);
    if (fate === 'hangs') return;
    if (fate === 'breaks') {
      this.breakConnections();
      return;
    }
    if (fate.appendResult) this.rows.push(...rows);
    stream.write(fate);
  }
}

/** The wire, with the messages that the library itself brings along. */
function method(name: string, requestType: Wire, responseType: Wire, streams: boolean) {
  const path = `/google.cloud.bigquery.storage.v1.BigQueryWrite/${name}`;
  const write = (type: Wire) => (message: object) => Buffer.from(type.encode(message).finish());
  return {
    path,
    requestStream: streams,
    responseStream: streams,
    requestSerialize: write(requestType),
    requestDeserialize: (bytes: Buffer) => requestType.decode(bytes),
    responseSerialize: write(responseType),
    responseDeserialize: (bytes: Buffer) => responseType.decode(bytes),
  };
}

interface Wire {
  encode(message: object): { finish(): Uint8Array };
  decode(bytes: Buffer): object;
}

const SERVICE: grpc.ServiceDefinition = {
  getWriteStream: method('GetWriteStream', GetWriteStreamRequest, WriteStream, false),
  appendRows: method('AppendRows', AppendRowsRequest, AppendRowsResponse, true),
};

/** Rows are written in the schema that the writer sends along, and read by it. */
function readRows({ protoRows }: Append): StoredRow[] {
  const fields = new Map((protoRows?.writerSchema?.protoDescriptor?.field ?? []).map((field) => [field.number, field]));
  return (protoRows?.rows?.serializedRows ?? []).map((bytes) => {
    const reader = protobuf.Reader.create(bytes as Uint8Array);
    const row: StoredRow = {};
    while (reader.pos < reader.len) {
      const field = fields.get(reader.uint32() >>> 3);
      if (!field) throw new Error('a value of no column');
      row[field.name!] = READERS[field.type as unknown as number]!(reader);
    }
    return row;
  });
}

/** By the number of the type in a descriptor. */
const READERS: Readonly<Record<number, (reader: protobuf.Reader) => unknown>> = {
  1: (reader) => reader.double(),
  3: (reader) => BigInt(reader.int64().toString()),
  5: (reader) => reader.int32(),
  8: (reader) => reader.bool(),
  9: (reader) => reader.string(),
};
