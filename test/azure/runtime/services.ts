import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
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

const servers: Loopback[] = [];
afterAll(() => Promise.all(servers.map((server) => server.close())));

/** @param statusOf what becomes of a request for a blob; what is stored is kept */
export async function azureServices(statusOf: (request: Request) => Status = () => 201): Promise<Services> {
  const requests: Request[] = [];
  const blobs = new Map<string, string>();
  const pem = readFileSync(certificate, 'utf8');
  const storage = await serve(
    ({ method, url, headers }, bytes) => {
      const request = { line: `${method} ${url}`, headers, body: bytes.toString() };
      requests.push(request);
      const status = statusOf(request);
      const name = decodeURIComponent(new URL(url!, 'https://blobs').pathname.slice(1));
      if (method !== 'PUT') return blobs.has(name) ? whole(blobs.get(name)!) : { status: 404 };
      if (status === 'silence') return new Promise<never>(() => {});
      if (status === 201 || status === 'answer lost') blobs.set(name, request.body);
      // The client takes this for what it is, and does not try again by itself.
      return { status: status === 'answer lost' ? 502 : status };
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
function whole(body: string) {
  const headers = { 'content-length': String(Buffer.byteLength(body)), 'content-md5': createHash('md5').update(body).digest('base64') };
  return { status: 200, headers, body };
}
