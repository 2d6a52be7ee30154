import { type Agent, type OutgoingHttpHeaders, request } from 'node:http';
import type { Answer } from '../loopback';

/** POST a body to an address, over connections that are kept. */
export function post(
  agent: Agent,
  url: string,
  { headers, body, signal }: { readonly headers: OutgoingHttpHeaders; readonly body: Buffer; readonly signal?: AbortSignal },
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const outgoing = request(url, { method: 'POST', agent, headers: { ...headers, 'content-length': body.length }, signal }, (response) => {
      response.toArray().then((chunks) => resolve({ status: response.statusCode!, body: Buffer.concat(chunks) }), reject);
    });
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}
