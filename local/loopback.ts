import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Server as NetServer } from 'node:net';

/** What a stand-in answers. */
export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
}

/** Answers one request. */
export type Respond = (request: IncomingMessage, body: Buffer) => Answer | Promise<Answer>;

/** A server on this machine alone. */
export interface Loopback {
  readonly port: number;
  /** Such as `127.0.0.1:8080`. */
  readonly host: string;
  close(): Promise<void>;
}

/** Start an HTTP server on loopback, on a port that is free. A fault in `respond` is answered with 500. With `tls` it speaks HTTPS. */
export async function serve(respond: Respond, tls?: { readonly key: string; readonly cert: string }): Promise<Loopback> {
  const listener = (request: IncomingMessage, response: ServerResponse) => {
    const answered = request.toArray().then((chunks) => respond(request, Buffer.concat(chunks)));
    const fault = (error: unknown): Answer => ({ status: 500, body: String(error) });
    // A client that finds another time in an answer than its own tries again, and Node's own header has the time of the machine.
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
 * Let connections of a server stay open while nothing is sent. A process that has much to do may send on a connection that
 * its server is just about to close, and would take that for a fault.
 */
export function withoutHaste<One extends Server>(server: One): One {
  server.keepAliveTimeout = 0;
  return server;
}

/** Let any server listen on loopback, on a port that is free. */
export async function listen(server: NetServer): Promise<{ port: number; host: string }> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  return { port, host: `127.0.0.1:${port}` };
}
