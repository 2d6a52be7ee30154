import { type CallCredentials, Client, credentials, Metadata } from '@grpc/grpc-js';
import { GoogleAuth } from 'google-auth-library';
import { Root } from 'protobufjs/light';
import { emulatorOf } from '../../loopback';
import type { WideRow } from './wide-row';

/**
 * The part of the Bigtable API that is used, with its field numbers.
 * @see https://github.com/googleapis/googleapis/blob/master/google/bigtable/v2/bigtable.proto
 */
const API = Root.fromJSON({
  nested: {
    MutateRowsRequest: {
      fields: {
        tableName: { type: 'string', id: 1 },
        entries: { rule: 'repeated', type: 'RequestEntry', id: 2 },
        appProfileId: { type: 'string', id: 3 },
      },
    },
    RequestEntry: { fields: { rowKey: { type: 'bytes', id: 1 }, mutations: { rule: 'repeated', type: 'Mutation', id: 2 } } },
    Mutation: { fields: { setCell: { type: 'SetCell', id: 1 } } },
    SetCell: {
      fields: {
        familyName: { type: 'string', id: 1 },
        columnQualifier: { type: 'bytes', id: 2 },
        timestampMicros: { type: 'int64', id: 3 },
        value: { type: 'bytes', id: 4 },
      },
    },
    MutateRowsResponse: { fields: { entries: { rule: 'repeated', type: 'ResponseEntry', id: 1 } } },
    ResponseEntry: { fields: { index: { type: 'int64', id: 1 }, status: { type: 'Status', id: 2 } } },
    Status: { fields: { code: { type: 'int32', id: 1 }, message: { type: 'string', id: 2 } } },
  },
});
const [REQUEST, RESPONSE] = [API.lookupType('MutateRowsRequest'), API.lookupType('MutateRowsResponse')];

/** What became of one row. The code is one of gRPC, and 0 if the row is written. */
export interface RowStatus {
  readonly code: number;
  readonly message: string;
}

/** Where rows are written. */
export interface Table {
  /** The host and port of the Bigtable API. */
  readonly host: string;
  /** `projects/PROJECT/instances/INSTANCE/tables/TABLE` */
  readonly tableName: string;
  readonly appProfileId: string;
  /** After how many milliseconds without an answer a request fails. */
  readonly timeout: number;
}

interface Request extends Pick<Table, 'tableName' | 'appProfileId'> {
  readonly entries: readonly WideRow[];
}

interface Response {
  readonly entries: readonly { readonly index: number; readonly status: RowStatus }[];
}

/**
 * Opens a table for writing, on one connection for all calls. What it returns writes rows with one request, and says of each
 * row what became of it. A row without an answer is undefined.
 * @throws ServiceError from the returned function if Bigtable refuses the request as a whole, or cannot be reached
 * @see https://cloud.google.com/bigtable/docs/reference/data/rpc/google.bigtable.v2#google.bigtable.v2.Bigtable.MutateRows
 */
export function tableWriter({ host, tableName, appProfileId, timeout }: Table) {
  const client = open(host);
  const metadata = new Metadata();
  // Requests are led to a cluster by this header, as the client libraries send it.
  metadata.set('x-goog-request-params', new URLSearchParams({ table_name: tableName, app_profile_id: appProfileId }).toString());

  return async (entries: readonly WideRow[]): Promise<readonly (RowStatus | undefined)[]> => {
    const call = client.makeServerStreamRequest(
      '/google.bigtable.v2.Bigtable/MutateRows',
      encode,
      decode,
      { tableName, appProfileId, entries },
      metadata,
      { deadline: Date.now() + timeout },
    );
    const statuses: (RowStatus | undefined)[] = entries.map(() => undefined);
    for await (const response of call) for (const { index, status } of (response as Response).entries) statuses[index] = status;
    return statuses;
  };
}

/** Connections are closed now and then, also while an instance of the function has no CPU. So a lost one does not fail the call. */
const RETRIES = {
  methodConfig: [
    {
      name: [{ service: 'google.bigtable.v2.Bigtable' }],
      retryPolicy: {
        maxAttempts: 3,
        initialBackoff: '0.1s',
        maxBackoff: '1s',
        backoffMultiplier: 2,
        retryableStatusCodes: ['UNAVAILABLE'],
      },
    },
  ],
};

function open(host: string): Client {
  const emulator = emulatorOf('BIGTABLE_EMULATOR_HOST', process.env.BIGTABLE_EMULATOR_HOST);
  const options = { 'grpc.service_config': JSON.stringify(RETRIES) };
  if (emulator) return new Client(emulator, credentials.createInsecure(), options);
  const channel = credentials.combineChannelCredentials(credentials.createSsl(), tokens());
  return new Client(host, channel, options);
}

/** The tokens of the service account. `createFromGoogleCredential` of gRPC sends none: it expects headers as a plain object. */
function tokens(): CallCredentials {
  const auth = new GoogleAuth({ scopes: 'https://www.googleapis.com/auth/bigtable.data' });
  return credentials.createFromMetadataGenerator(({ service_url }, callback) => {
    auth.getRequestHeaders(service_url).then((headers) => {
      const metadata = new Metadata();
      headers.forEach((value, name) => {
        metadata.set(name, value);
      });
      callback(null, metadata);
    }, callback);
  });
}

function encode(request: Request): Buffer {
  return Buffer.from(REQUEST.encode(request).finish());
}

function decode(bytes: Buffer): Response {
  return RESPONSE.toObject(RESPONSE.decode(bytes), { longs: Number, defaults: true }) as Response;
}
