import { mkdir, rm, writeFile } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { Agent } from 'node:https';
import path from 'node:path';
import { type Answer, type Loopback, serve } from '../../loopback';
import type { Certificate } from '../foundation/certificate';
import { type Behind, forward } from '../foundation/forward';

/** A container, with its storage account. */
export interface ContainerName {
  readonly account: string;
  readonly container: string;
}

/** A write of a blob. */
export interface BlobWrite extends ContainerName {
  readonly blob: string;
  readonly body: Buffer;
}

/** Handles a write: passes it on, or answers it itself. */
export type Gate = (write: BlobWrite, pass: () => Promise<Answer>) => Promise<Answer>;

/**
 * A proxy in front of azurite: it sees each write, and keeps written blobs as plain files.
 *
 * In watched containers, a blob can only be written in one request, read, listed and deleted.
 */
export class BlobStorage {
  /** Its address, such as `https://127.0.0.1:10000/`. Below it is a path for each account. */
  url = '';

  private server?: Loopback;
  private behind?: Behind;

  private constructor(
    private readonly folder: string,
    private readonly tls: Certificate,
  ) {}

  /** Start the proxy, so that its address is known. Until `open` is called, it answers with 503. */
  static async start(folder: string, tls: Certificate): Promise<BlobStorage> {
    const storage = new BlobStorage(folder, tls);
    storage.server = await serve((request, body) => storage.answer(request, body), tls);
    storage.url = `https://${storage.server.host}/`;
    return storage;
  }

  private watched: readonly ContainerName[] = [];
  private gate: Gate = (_, pass) => pass();

  /** Forward requests to azurite, which listens on `port`, and call `gate` for each write to a watched container. */
  open(port: number, watched: readonly ContainerName[], gate: Gate) {
    this.behind = { port, agent: new Agent({ ca: this.tls.cert, keepAlive: true, maxSockets: 32 }) };
    this.watched = watched;
    this.gate = gate;
  }

  async close(): Promise<void> {
    await this.server?.close();
    this.behind?.agent.destroy();
  }

  private async answer(request: IncomingMessage, body: Buffer): Promise<Answer> {
    if (this.behind === undefined) return fault(503, 'ServerBusy', 'Azurite is starting.');
    const { pathname, searchParams } = new URL(request.url ?? '/', this.url);
    const [, account = '', container = '', ...rest] = pathname.split('/').map(decodeURIComponent);
    const isWatched = this.watched.some((one) => one.account === account && one.container === container);
    const pass = () => forward(request, body, this.behind!);
    if (!isWatched || request.method === 'GET' || request.method === 'HEAD') return pass();

    const blob = rest.join('/');
    if (request.method === 'DELETE' && blob !== '') {
      const answer = await pass();
      if (answer.status === 202) await rm(this.fileOf(container, blob), { force: true });
      return answer;
    }
    const isWhole = request.method === 'PUT' && !searchParams.has('comp') && request.headers['x-ms-blob-type'] === 'BlockBlob';
    if (!isWhole || blob === '') return fault(501, 'NotImplemented', `${request.method} ${request.url} is not emulated here.`);
    return this.gate({ account, container, blob, body }, async () => {
      const answer = await pass();
      if (answer.status === 201) await this.keep(container, blob, body);
      return answer;
    });
  }

  private fileOf(container: string, blob: string): string {
    const home = path.join(this.folder, container);
    const file = path.join(home, blob);
    if (!file.startsWith(`${home}${path.sep}`)) throw new Error(`The name of a blob must not be ${blob}.`);
    return file;
  }

  private async keep(container: string, blob: string, body: Buffer) {
    const file = this.fileOf(container, blob);
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(file, body);
  }
}

/** An error in the format of Blob Storage. */
export function fault(status: number, code: string, message: string): Answer {
  const body = `<?xml version="1.0" encoding="utf-8"?><Error><Code>${code}</Code><Message>${message}</Message></Error>`;
  return { status, headers: { 'content-type': 'application/xml', 'x-ms-error-code': code }, body };
}
