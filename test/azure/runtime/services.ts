import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { type Loopback, serve } from '../../../local/loopback';

/** The certificate of the stand-ins. A process trusts it that is started with `NODE_EXTRA_CA_CERTS`. */
export const certificate = path.join(__dirname, '../../support/loopback.pem');

/** A request that a stand-in got. */
export interface Request {
  readonly line: string;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: string;
}

/** What a request for a blob is answered with: a status, nothing at all, or a fault of the server after the blob was written. */
export type Status = number | 'silence' | 'answer lost';

/** Blob Storage and the identity endpoint of an app, on this machine, with what they were asked. */
export interface Services {
  readonly requests: readonly Request[];
  /** The blobs that were stored, by container and name. */
  readonly blobs: ReadonlyMap<string, string>;
  /** Such as `https://127.0.0.1:8080/`. */
  readonly endpoint: string;
  /** What a process must be told to find them, and nothing of this machine's environment. */
  readonly environment: Readonly<Record<string, string>>;
}

/** @see https://learn.microsoft.com/en-us/rest/api/storageservices/status-and-error-codes2 */
const ALREADY_EXISTS = {
  status: 409,
  headers: { 'content-type': 'application/xml', 'x-ms-error-code': 'BlobAlreadyExists' },
  body: '<?xml version="1.0" encoding="utf-8"?><Error><Code>BlobAlreadyExists</Code><Message>The specified blob already exists.</Message></Error>',
};

/** A version of a blob that is read. The last one of a name is the blob itself, unless it has been deleted. */
export interface Version {
  /** Such as `source/1.ndjson`. */
  readonly name: string;
  readonly etag: string;
  readonly content: Buffer | string;
  readonly isDeleted?: boolean;
}

const servers: Loopback[] = [];
afterAll(() => Promise.all(servers.map((server) => server.close())));

/**
 * @param statusOf what becomes of a request for a blob; what is stored is kept
 * @param versions the blobs that can be read, from the oldest version on
 */
export async function azureServices(
  statusOf: (request: Request) => Status = () => 201,
  versions: readonly Version[] = [],
): Promise<Services> {
  const requests: Request[] = [];
  const blobs = new Map<string, string>();
  const stored = new Map<string, Buffer>();
  const pem = readFileSync(certificate, 'utf8');
  const storage = await serve(
    ({ method, url, headers }, bytes) => {
      const blob = decodeURIComponent(new URL(url!, 'https://blobs').pathname.slice(1));
      const body = (blob.endsWith('.gz') && bytes.length > 0 ? gunzipSync(bytes) : bytes).toString();
      const request = { line: `${method} ${url}`, headers, body };
      requests.push(request);
      const status = statusOf(request);
      if (method === 'GET' && versions.length > 0)
        return typeof status === 'number' && status !== 201
          ? { status }
          : read(new URL(url!, 'https://blobs'), headers['if-match'], versions);
      if (method !== 'PUT') return stored.has(blob) ? whole(stored.get(blob)!) : { status: 404 };
      if (status === 'silence') return new Promise<never>(() => {});
      const isThere = headers['if-none-match'] === '*' && blobs.has(blob);
      if ((status === 201 || status === 'answer lost') && !isThere) {
        blobs.set(blob, body);
        stored.set(blob, bytes);
      }
      // The client takes this for what it is, and does not try again by itself.
      if (status === 'answer lost') return { status: 502 };
      return status === 201 && isThere ? ALREADY_EXISTS : { status };
    },
    { key: pem, cert: pem },
  );
  const identity = await serve(({ method, url, headers }) => {
    requests.push({ line: `${method} ${url}`, headers, body: '' });
    const token = { access_token: 'a token', token_type: 'Bearer', expires_on: Math.floor(Date.now() / 1000) + 3600, resource: 'r' };
    return { status: 200, headers: { 'content-type': 'application/json' }, body: JSON.stringify(token) };
  });
  servers.push(storage, identity);
  return {
    requests,
    blobs,
    endpoint: `https://${storage.host}/`,
    environment: {
      NODE_EXTRA_CA_CERTS: certificate,
      IDENTITY_ENDPOINT: `http://${identity.host}/msi/token`,
      IDENTITY_HEADER: 'secret of the app',
      AZURE_CLIENT_ID: 'client-of-function',
    },
  };
}

/** The answer to whoever asks for a blob. */
function whole(body: Buffer) {
  const headers = { 'content-length': String(body.length), 'content-md5': createHash('md5').update(body).digest('base64') };
  return { status: 200, headers, body };
}

const failure = (status: number, code: string) => ({
  status,
  headers: { 'content-type': 'application/xml', 'x-ms-error-code': code },
  body: `<?xml version="1.0" encoding="utf-8"?><Error><Code>${code}</Code><Message>as told</Message></Error>`,
});

/**
 * The answer to whoever reads a blob, one of its versions, or the list of versions.
 * @see https://learn.microsoft.com/rest/api/storageservices/get-blob
 */
function read({ pathname, searchParams }: URL, ifMatch: unknown, versions: readonly Version[]) {
  const path = decodeURIComponent(pathname.slice(1));
  const idOf = (one: Version) => String(versions.indexOf(one) + 1);
  if (searchParams.get('comp') === 'list') {
    const found = versions.filter(({ name }) => name.startsWith(`${path}/${searchParams.get('prefix')}`));
    const blobs = found
      .toSorted((one, other) => (one.name < other.name ? -1 : Number(one.name > other.name)))
      .map((one) => {
        const name = one.name.slice(path.length + 1).replaceAll('&', '&amp;');
        return `<Blob><Name>${name}</Name><VersionId>${idOf(one)}</VersionId><Properties><Etag>${one.etag}</Etag></Properties></Blob>`;
      });
    const body = `<?xml version="1.0" encoding="utf-8"?><EnumerationResults><Blobs>${blobs.join('')}</Blobs><NextMarker /></EnumerationResults>`;
    return { status: 200, headers: { 'content-type': 'application/xml' }, body };
  }
  const [version, own] = [searchParams.get('versionid'), versions.filter(({ name }) => name === path)];
  const found = version === null ? own.at(-1) : own.find((one) => idOf(one) === version);
  if (!found || (version === null && found.isDeleted)) return failure(404, 'BlobNotFound');
  if (ifMatch !== undefined && ifMatch !== `"${found.etag}"`) return failure(412, 'ConditionNotMet');
  const body = Buffer.from(found.content);
  const headers = { 'content-length': String(body.length), etag: `"${found.etag}"`, 'last-modified': 'Sat, 31 Jan 2026 08:30:00 GMT' };
  return { status: 200, headers, body };
}
