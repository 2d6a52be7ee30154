import { Agent, type OutgoingHttpHeaders, request } from 'node:http';

/** The response of a server. */
export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
}

/** Sends POST requests over keep-alive connections. */
export class Poster {
  private readonly agent: Agent;

  /** @param most the maximum number of open connections */
  constructor(most = 50) {
    this.agent = new Agent({ keepAlive: true, maxSockets: most });
  }

  post(url: string, headers: OutgoingHttpHeaders, body: string | Buffer, signal?: AbortSignal): Promise<Reply> {
    return new Promise((resolve, reject) => {
      const length = { 'content-length': Buffer.byteLength(body) };
      const call = request(url, { method: 'POST', agent: this.agent, headers: { ...headers, ...length }, signal });
      call.on('error', reject);
      call.on('response', (response) => {
        const { statusCode = 0, headers: answered } = response;
        response.toArray().then((chunks) => resolve({ status: statusCode, headers: answered, body: Buffer.concat(chunks) }), reject);
      });
      call.end(body);
    });
  }

  close() {
    this.agent.destroy();
  }
}
