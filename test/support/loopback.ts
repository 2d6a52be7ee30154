import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What a stand-in answers. */
export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
}

const servers: Server[] = [];

/**
 * Start a server on this machine alone that stands in for a service. It is gone when the tests of the file are over.
 * @returns its address, without a slash at the end
 */
export async function loopback(answer: (request: IncomingMessage, body: Buffer) => Answer | Promise<Answer>): Promise<string> {
  const server = createServer((request, response) => {
    const answered = request.toArray().then((chunks) => answer(request, Buffer.concat(chunks)));
    const fault = (error: unknown): Answer => ({ status: 500, body: String(error) });
    // A client that finds another time in an answer than its own tries again, and Node's own header has the time of the machine.
    const date = new Date().toUTCString();
    void answered.catch(fault).then(({ status, headers, body }) => response.writeHead(status, { date, ...headers }).end(body));
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

afterAll(() => {
  for (const server of servers) {
    server.close();
    server.closeAllConnections();
  }
});
