import { type Metadata, Server, ServerCredentials, type ServerWritableStream, status } from '@grpc/grpc-js';
import { parse } from 'protobufjs';
import type { StoreStandIns } from '../../store-stand-in';

/** How a row is answered, or a request that has it. */
type Fate = 'stores' | 'stores and breaks' | 'breaks' | 'hangs' | 'no answer' | { readonly row?: number; readonly request?: number };

/** The messages, as https://github.com/googleapis/googleapis/tree/master/google/bigtable/v2 has them. */
const { root } = parse(
  `
  syntax = "proto3";
  message Request {
    string table_name = 1;
    repeated Entry entries = 2;
    string app_profile_id = 3;
  }
  message Entry {
    bytes row_key = 1;
    repeated Mutation mutations = 2;
  }
  message Mutation {
    message SetCell {
      string family_name = 1;
      bytes column_qualifier = 2;
      int64 timestamp_micros = 3;
      bytes value = 4;
    }
    SetCell set_cell = 1;
  }
  message Response {
    repeated Result entries = 1;
  }
  message Result {
    int64 index = 1;
    Status status = 2;
  }
  message Status {
    int32 code = 1;
    string message = 2;
  }
`,
  { keepCase: true },
);
const [Request, Response] = [root.lookupType('Request'), root.lookupType('Response')];

/** A table, with the limits of https://cloud.google.com/bigtable/quotas#limits-operations. */
const TABLE = 'projects/acme-data/instances/acme-events/tables/events';
const [FAMILY, APP_PROFILE] = ['event', 'acme-events'];
const [KEY_BYTES, QUALIFIER_BYTES, CELL_BYTES, CELLS] = [4096, 16 * 1024, 100 * 1024 * 1024, 100_000];

type Call = ServerWritableStream<Buffer, Buffer>;
/** The parsed bytes. */
type Body = any;

/**
 * Stands in for Bigtable, for those who write cells over gRPC. A cell with the same column and timestamp is replaced, and others
 * stay beside it.
 */
export class BigtableStandIn {
  /** The cells of each row, by `family:column@timestamp`. */
  readonly rows = new Map<string, Map<string, string>>();
  /** How many rows each request had. */
  readonly requests: number[] = [];
  /** The token of each request, if it had one. */
  readonly tokens: unknown[] = [];
  /** The bytes of the last request. */
  last: Buffer = Buffer.alloc(0);
  fate: (key: string) => Fate = () => 'stores';
  /** Such as `127.0.0.1:8080`. */
  address = '';

  private readonly server = new Server({ 'grpc.max_receive_message_length': -1 });

  /** @param pem the certificate of the server and its key. Without it, the server has no TLS. */
  async start(pem?: Buffer): Promise<this> {
    const asItIs = (bytes: Buffer) => bytes;
    const method = { requestSerialize: asItIs, requestDeserialize: asItIs, responseSerialize: asItIs, responseDeserialize: asItIs };
    const path = '/google.bigtable.v2.Bigtable/MutateRows';
    this.server.addService(
      { mutateRows: { path, requestStream: false, responseStream: true, ...method } },
      { mutateRows: (call: Call) => this.answer(call) },
    );
    const security = pem ? ServerCredentials.createSsl(null, [{ private_key: pem, cert_chain: pem }]) : ServerCredentials.createInsecure();
    const port = await new Promise<number>((resolve, reject) => {
      this.server.bindAsync('127.0.0.1:0', security, (error, bound) => (error ? reject(error) : resolve(bound)));
    });
    this.address = `127.0.0.1:${port}`;
    return this;
  }

  async stop() {
    this.server.forceShutdown();
  }

  private answer(call: Call) {
    this.last = call.request;
    this.tokens.push(...call.metadata.get('authorization'));
    const request: Body = Request.toObject(Request.decode(call.request), { longs: String, defaults: true, bytes: Buffer, arrays: true });
    const refuse = (code: number, details = 'as told') => call.emit('error', { code, details });
    this.requests.push(request.entries.length);
    if (!isLed(call.metadata, request)) return refuse(status.INVALID_ARGUMENT, 'the header and the request differ');
    if (request.table_name !== TABLE || request.app_profile_id !== APP_PROFILE) return refuse(status.NOT_FOUND);
    const fates = request.entries.map(({ row_key }: Body) => this.fate(String(row_key))) as Fate[];
    const whole = fates.find((fate) => typeof fate === 'object' && fate.request !== undefined) as { request: number } | undefined;
    if (fates.includes('hangs')) return undefined;
    if (whole) return refuse(whole.request);
    if (fates.includes('breaks')) return refuse(status.UNAVAILABLE);
    if (request.entries.flatMap(({ mutations }: Body) => mutations).length > CELLS) return refuse(status.INVALID_ARGUMENT);
    const entries = request.entries.flatMap((entry: Body, index: number) => {
      const fate = fates[index]!;
      if (fate === 'no answer') return [];
      if (typeof fate === 'object') return [{ index, status: { code: fate.row, message: 'as told' } }];
      return [{ index, status: this.store(entry) }];
    });
    if (fates.includes('stores and breaks')) return refuse(status.UNAVAILABLE);
    // Bigtable answers for some rows at a time, in any order.
    for (const one of entries.reverse()) call.write(Buffer.from(Response.encode(Response.fromObject({ entries: [one] })).finish()));
    return call.end();
  }

  private store({ row_key, mutations }: Body): { code: number; message?: string } {
    const cells: Body[] = mutations.map(({ set_cell }: Body) => set_cell);
    if (row_key.length === 0 || row_key.length > KEY_BYTES || cells.length === 0) return { code: status.INVALID_ARGUMENT };
    if (cells.some(({ family_name }) => family_name !== FAMILY)) return { code: status.NOT_FOUND, message: 'column family not found' };
    if (!cells.every(isStorable)) return { code: status.INVALID_ARGUMENT, message: 'a cell is not as it must be' };
    const row = this.rows.get(String(row_key)) ?? new Map<string, string>();
    this.rows.set(String(row_key), row);
    for (const { family_name, column_qualifier, timestamp_micros, value } of cells)
      row.set(`${family_name}:${column_qualifier}@${timestamp_micros}`, String(value));
    return { code: status.OK };
  }
}

/** A table has timestamps in milliseconds, from 1970 on. Only -1 would be the time of the server. */
function isStorable({ column_qualifier, timestamp_micros, value }: Body): boolean {
  const micros = BigInt(timestamp_micros);
  return micros >= 0n && micros % 1000n === 0n && column_qualifier.length <= QUALIFIER_BYTES && value.length <= CELL_BYTES;
}

function isLed(metadata: Metadata, { table_name, app_profile_id }: Body): boolean {
  const [header] = metadata.get('x-goog-request-params');
  const led = new URLSearchParams(String(header));
  return led.get('table_name') === table_name && led.get('app_profile_id') === app_profile_id;
}

/** For the proofs of handlers. */
export const stores: StoreStandIns = {
  'PROJECT INSTANCE TABLE FAMILY APP_PROFILE': async () => {
    const standIn = await new BigtableStandIn().start();
    return {
      settings: { PROJECT: 'acme-data', INSTANCE: 'acme-events', TABLE: 'events', FAMILY, APP_PROFILE },
      environment: { BIGTABLE_EMULATOR_HOST: standIn.address },
      stored: () => [...standIn.rows.keys()].map((key) => key.split('|')[2]),
      stop: () => standIn.stop(),
    };
  },
};
