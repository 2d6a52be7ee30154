import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Server as NetServer } from 'node:net';

/** The response of an emulator. */
export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
}

/** Answers one request. */
export type Respond = (request: IncomingMessage, body: Buffer) => Answer | Promise<Answer>;

/** A server that only this machine can reach. */
export interface Loopback {
  readonly port: number;
  /** Such as `127.0.0.1:8080`. */
  readonly host: string;
  close(): Promise<void>;
}

/** Start an HTTP server on loopback, on a free port. An error in `respond` is answered with 500. With `tls` it uses HTTPS. */
export async function serve(respond: Respond, tls?: { readonly key: string; readonly cert: string }): Promise<Loopback> {
  const listener = (request: IncomingMessage, response: ServerResponse) => {
    const answered = request.toArray().then((chunks) => respond(request, Buffer.concat(chunks)));
    const fault = (error: unknown): Answer => ({ status: 500, body: String(error) });
    // A client retries if the time of a response differs from its own time, and Node's `Date` header has the time of the machine.
    const date = new Date().toUTCString();
    void answered.catch(fault).then(({ status, headers, body }) => response.writeHead(status, { date, ...headers }).end(body));
  };
  const server: Server = withoutHaste(tls ? createTlsServer(tls, listener) : createServer(listener));
  const { port, host } = await listen(server);
  return {
    port,
    host,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/**
 * Keep idle connections of a server open. A busy process may send on a connection at the moment at which its server closes it, and
 * would get an error.
 */
export function withoutHaste<One extends Server>(server: One): One {
  server.keepAliveTimeout = 0;
  return server;
}

/** Let a server listen on loopback, on a free port. */
export async function listen(server: NetServer): Promise<{ port: number; host: string }> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  return { port, host: `127.0.0.1:${port}` };
}
