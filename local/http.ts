import { Agent, request } from 'node:http';

/** What a server answered. */
export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

/** Posts over connections that are kept, some at a time. */
export class Poster {
  private readonly agent = new Agent({ keepAlive: true, maxSockets: 50 });

  post(url: string, headers: Readonly<Record<string, string>>, body: string | Buffer): Promise<Reply> {
    return new Promise((resolve, reject) => {
      const call = request(url, { method: 'POST', agent: this.agent, headers: { ...headers, 'content-length': Buffer.byteLength(body) } });
      call.on('error', reject);
      call.on('response', (response) => {
        const read = response.toArray().then((chunks) => Buffer.concat(chunks).toString());
        read.then((text) => resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text }), reject);
      });
      call.end(body);
    });
  }

  close() {
    this.agent.destroy();
  }
}
