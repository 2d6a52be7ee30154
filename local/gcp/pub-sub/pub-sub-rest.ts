import { type Answer, type Loopback, serve } from '../../loopback';
import type { Witness } from '../../platform';
import { ApiError, type Broker, INVALID_ARGUMENT, NOT_FOUND } from './broker';
import type { Message, PublishedMessage } from './message';
import type { Subscription } from './subscription';

const PUBLISH = /^\/v1\/(projects\/[^/]+\/topics\/[^/:]+):publish$/;
const READ = /^\/v1\/(projects\/[^/]+\/subscriptions\/[^/:]+):(pull|acknowledge|modifyAckDeadline)$/;
const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;
const STATUS: Readonly<Record<number, readonly [number, string]>> = {
  [INVALID_ARGUMENT]: [400, 'INVALID_ARGUMENT'],
  [NOT_FOUND]: [404, 'NOT_FOUND'],
};

/**
 * The REST API to publish and pull messages. A pull does not wait.
 * @param hasEvents whether a topic receives events
 * @param arrived called for each event that is published here
 */
export function servePubSubRest(broker: Broker, hasEvents = (_topic: string) => false, arrived?: Witness['arrived']): Promise<Loopback> {
  const publish = (topic: string, messages: readonly Message[]): string[] => {
    const reports = arrived && hasEvents(topic) ? messages.map(({ data }) => arrived(data)) : [];
    try {
      const ids = broker.publish(topic, messages);
      for (const [index, report] of reports.entries()) report({ accepted: true, position: ids[index]! });
      return ids;
    } catch (error) {
      for (const report of reports) report({ accepted: false, reason: (error as Error).message });
      throw error;
    }
  };

  return serve(({ method, url }, body) => {
    const { pathname } = new URL(url!, 'http://pubsub');
    const [, topic] = PUBLISH.exec(pathname) ?? [];
    const [, subscription, verb] = READ.exec(pathname) ?? [];
    if (method !== 'POST' || !(topic || subscription)) return { status: 404 };
    try {
      if (!topic) return json(200, read(broker.subscription(subscription!), verb!, JSON.parse(body.toString())));
      return json(200, { messageIds: publish(topic, readMessages(body)) });
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      const [code, status] = STATUS[error.code]!;
      return json(code, { error: { code, message: error.message, status } });
    }
  });
}

interface ReadRequest {
  readonly maxMessages?: number;
  readonly ackIds?: readonly string[];
  readonly ackDeadlineSeconds?: number;
}

function read(from: Subscription, verb: string, { maxMessages = 1, ackIds = [], ackDeadlineSeconds = 0 }: ReadRequest): object {
  if (verb === 'acknowledge') for (const ackId of ackIds) from.acknowledge(ackId);
  if (verb === 'modifyAckDeadline') for (const ackId of ackIds) from.modifyDeadline(ackId, ackDeadlineSeconds * 1000);
  if (verb !== 'pull') return {};
  const taken = from.take(maxMessages, from.settings.ackDeadline);
  return { receivedMessages: taken.map(({ ackId, message }) => ({ ackId, message: asJson(message) })) };
}

function asJson({ data, ...message }: PublishedMessage): object {
  return { ...message, data: data.toString('base64') };
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
