import { type Answer, type Loopback, serve } from '../../loopback';
import { ApiError, type Broker, INVALID_ARGUMENT, NOT_FOUND } from './broker';
import type { Message } from './message';

const PUBLISH = /^\/v1\/(projects\/[^/]+\/topics\/[^/:]+):publish$/;
const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;
const STATUS: Readonly<Record<number, readonly [number, string]>> = {
  [INVALID_ARGUMENT]: [400, 'INVALID_ARGUMENT'],
  [NOT_FOUND]: [404, 'NOT_FOUND'],
};

/** Publishing over HTTP with JSON, as functions and people do it. */
export function servePubSubRest(broker: Broker): Promise<Loopback> {
  return serve(({ method, url }, body) => {
    const [, topic] = PUBLISH.exec(new URL(url!, 'http://pubsub').pathname) ?? [];
    if (method !== 'POST' || !topic) return { status: 404 };
    try {
      return json(200, { messageIds: broker.publish(topic, readMessages(body)) });
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      const [code, status] = STATUS[error.code]!;
      return json(code, { error: { code, message: error.message, status } });
    }
  });
}

function readMessages(body: Buffer): Message[] {
  const refuse = (why: string) => new ApiError(INVALID_ARGUMENT, `Invalid JSON payload received. ${why}`);
  let request: { messages?: readonly { data?: unknown; attributes?: Record<string, string>; orderingKey?: string }[] };
  try {
    request = JSON.parse(body.toString());
  } catch (error) {
    throw refuse(String(error));
  }
  return (request.messages ?? []).map(({ data = '', attributes = {}, orderingKey = '' }) => {
    if (typeof data !== 'string' || !BASE64.test(data)) throw refuse('The data of a message must be in base64.');
    if (Object.values(attributes).some((value) => typeof value !== 'string')) throw refuse('The value of an attribute must be a text.');
    return { data: Buffer.from(data, 'base64'), attributes, orderingKey };
  });
}

function json(status: number, value: object): Answer {
  return { status, headers: { 'content-type': 'application/json' }, body: JSON.stringify(value) };
}
