import { protos } from '@google-cloud/bigquery-storage';
import { type grpc, protobuf } from 'google-gax';
import type { ColumnValue, TableRow } from './row-check';

const { AppendRowsRequest, AppendRowsResponse, GetWriteStreamRequest, WriteStream } = protos.google.cloud.bigquery.storage.v1;
type Append = protos.google.cloud.bigquery.storage.v1.AppendRowsRequest;

/** The schema of the rows, which the writer sends. */
export type Descriptor = protos.google.protobuf.IDescriptorProto;

interface Wire {
  encode(message: object): { finish(): Uint8Array };
  decode(bytes: Buffer): object;
}

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

/** The gRPC service, with the message types of the client library. */
export const SERVICE: grpc.ServiceDefinition = {
  getWriteStream: method('GetWriteStream', GetWriteStreamRequest, WriteStream, false),
  appendRows: method('AppendRows', AppendRowsRequest, AppendRowsResponse, true),
};

/** Decode rows with the schema that the writer sends. */
export function readRows({ protoRows }: Append, descriptor?: Descriptor | null): TableRow[] {
  const nested = new Map((descriptor?.nestedType ?? []).map((type) => [type.name!, type]));
  return (protoRows?.rows?.serializedRows ?? []).map((bytes) => {
    const reader = protobuf.Reader.create(bytes as Uint8Array);
    return readMessage(reader, reader.len, descriptor, nested);
  });
}

const [LENGTH_DELIMITED, REPEATED, MESSAGE] = [2, 3, 11];

/** Decode one message, up to its end. The types of all messages within it are beside the outermost one. */
function readMessage(
  reader: protobuf.Reader,
  end: number,
  descriptor: Descriptor | null | undefined,
  nested: ReadonlyMap<string, Descriptor>,
): TableRow {
  const fields = new Map((descriptor?.field ?? []).map((field) => [field.number, field]));
  const row: Record<string, ColumnValue> = {};
  while (reader.pos < end) {
    const tag = reader.uint32();
    const field = fields.get(tag >>> 3);
    if (!field) throw new Error('a value of no column');
    const [type, label] = [field.type as unknown as number, field.label as unknown as number];
    const read = () => {
      if (type !== MESSAGE) return READERS[type]!(reader);
      const length = reader.uint32();
      return readMessage(reader, reader.pos + length, nested.get(field.typeName!), nested);
    };
    if (label !== REPEATED) row[field.name!] = read();
    else {
      row[field.name!] ??= [];
      const list = row[field.name!] as ColumnValue[];
      // A list of numbers is packed, while one of texts or messages is not.
      const isPacked = (tag & 7) === LENGTH_DELIMITED && type !== MESSAGE && type !== STRING;
      const last = isPacked ? reader.uint32() + reader.pos : undefined;
      do list.push(read());
      while (last !== undefined && reader.pos < last);
    }
  }
  return row;
}

const STRING = 9;
/** The decoders, by the number of the type in a descriptor. */
const READERS: Readonly<Record<number, (reader: protobuf.Reader) => ColumnValue>> = {
  1: (reader) => reader.double(),
  3: (reader) => BigInt(reader.int64().toString()),
  5: (reader) => reader.int32(),
  8: (reader) => reader.bool(),
  [STRING]: (reader) => reader.string(),
};
