import { protos } from '@google-cloud/bigquery-storage';
import { type grpc, protobuf } from 'google-gax';
import type { TableRow } from './row-check';

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
  const fields = new Map((descriptor?.field ?? []).map((field) => [field.number, field]));
  return (protoRows?.rows?.serializedRows ?? []).map((bytes) => {
    const reader = protobuf.Reader.create(bytes as Uint8Array);
    const row: Record<string, TableRow[string]> = {};
    while (reader.pos < reader.len) {
      const field = fields.get(reader.uint32() >>> 3);
      if (!field) throw new Error('a value of no column');
      row[field.name!] = READERS[field.type as unknown as number]!(reader);
    }
    return row;
  });
}

/** The decoders, by the number of the type in a descriptor. */
const READERS: Readonly<Record<number, (reader: protobuf.Reader) => TableRow[string]>> = {
  1: (reader) => reader.double(),
  3: (reader) => BigInt(reader.int64().toString()),
  5: (reader) => reader.int32(),
  8: (reader) => reader.bool(),
  9: (reader) => reader.string(),
};
