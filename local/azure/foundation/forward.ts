import type { IncomingMessage } from 'node:http';
import { type Agent, request as send } from 'node:https';
import type { Answer } from '../../loopback';

/** Where azurite listens. */
export interface Behind {
  readonly port: number;
  readonly agent: Agent;
}

/** Pass a request on to azurite. */
export async function forward({ method, url, headers }: IncomingMessage, body: Buffer, { port, agent }: Behind): Promise<Answer> {
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    const options = { host: '127.0.0.1', port, method, path: url, headers, agent };
    send(options, resolve).on('error', reject).end(body);
  });
  return { status: answer.statusCode!, headers: plain(answer), body: Buffer.concat(await answer.toArray()) };
}

/** The headers without those of the connection. */
function plain({ headers }: IncomingMessage): Record<string, string> {
  const { connection: _, 'keep-alive': __, 'transfer-encoding': ___, ...rest } = headers;
  return rest as Record<string, string>;
}
