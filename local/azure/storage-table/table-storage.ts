import type { IncomingMessage } from 'node:http';
import { Agent } from 'node:https';
import { type Answer, type Loopback, serve } from '../../loopback';
import type { Certificate } from '../foundation/certificate';
import { type Behind, forward } from '../foundation/forward';
import type { TableName } from './tables';

/** Handles an insert: passes it on, or answers it itself. */
export type Gate = (entity: string, to: TableName, pass: () => Promise<Answer>) => Promise<Answer>;

/** A proxy in front of azurite: it sees each entity that is inserted. Nothing else can be done with an entity but to read it. */
export class TableStorage {
  /** Its address, such as `https://127.0.0.1:10000/`. Below it is a path for each account. */
  url = '';

  private server?: Loopback;
  private behind?: Behind;
  private gate: Gate = (_, __, pass) => pass();

  private constructor(private readonly tls: Certificate) {}

  /** Start the proxy, so that its address is known. Until `open` is called, it answers with 503. */
  static async start(tls: Certificate): Promise<TableStorage> {
    const storage = new TableStorage(tls);
    storage.server = await serve((request, body) => storage.answer(request, body), tls);
    storage.url = `https://${storage.server.host}/`;
    return storage;
  }

  /** Forward requests to azurite, which listens on `port`, and call `gate` for each insert. */
  open(port: number, gate: Gate) {
    this.behind = { port, agent: new Agent({ ca: this.tls.cert, keepAlive: true, maxSockets: 32 }) };
    this.gate = gate;
  }

  async close(): Promise<void> {
    await this.server?.close();
    this.behind?.agent.destroy();
  }

  private async answer(request: IncomingMessage, body: Buffer): Promise<Answer> {
    if (this.behind === undefined) return fault(503, 'ServerBusy', 'Azurite is starting.');
    const pass = () => forward(request, body, this.behind!);
    if (request.method === 'GET') return pass();
    const [, account = '', table = '', ...rest] = new URL(request.url ?? '/', this.url).pathname.split('/');
    if (request.method !== 'POST' || !/^\w+$/.test(table) || rest.length > 0 || table === 'Tables')
      return fault(501, 'NotImplemented', `${request.method} ${request.url} is not emulated here.`);
    return this.gate(body.toString(), { account, table }, pass);
  }
}

/** An error in the format of Table Storage. */
export function fault(status: number, code: string, message: string): Answer {
  const body = JSON.stringify({ 'odata.error': { code, message: { lang: 'en-US', value: message } } });
  return { status, headers: { 'content-type': 'application/json;odata=minimalmetadata', 'x-ms-error-code': code }, body };
}
