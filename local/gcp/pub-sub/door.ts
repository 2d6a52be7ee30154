import type { Topic } from '@google-cloud/pubsub';
import { eventByHand } from '../../by-hand';
import { treeOf } from '../../contents';
import type { Door } from '../../parts';
import type { Receipt } from '../../platform';
import { INVALID_ARGUMENT, NOT_FOUND } from './broker';

/** Where and how events are sent. */
export interface DoorSettings {
  readonly topic: string;
  /** The address of the gRPC API. */
  readonly address: string;
  /** The address of the REST API. */
  readonly host: string;
  /** Whether a subscription keeps order, so that senders set an ordering key. */
  readonly isOrdered: boolean;
}

/** Sends events to a topic with the official client. It sends one message in each request, so that a refused message does not affect others. */
export function doorOf({ topic: name, address, host, isOrdered }: DoorSettings, keep: (end: () => unknown) => void): Door {
  const { PubSub } = require('@google-cloud/pubsub') as typeof import('@google-cloud/pubsub');
  const client = new PubSub({ projectId: name.split('/')[1], apiEndpoint: address, emulatorMode: true });
  keep(() => client.close());
  const topic = client.topic(name, { batching: { maxMessages: 1 }, messageOrdering: isOrdered });
  return { command: byHand(name, host), send: (body) => publish(topic, body, isOrdered ? keyIn(body) : undefined) };
}

async function publish(topic: Topic, data: Buffer, orderingKey?: string): Promise<Receipt> {
  try {
    return { accepted: true, position: await topic.publishMessage({ data, orderingKey }) };
  } catch (error) {
    const { code, details } = error as { code?: number; details?: string };
    if (code !== INVALID_ARGUMENT && code !== NOT_FOUND) throw error;
    // After an error, the client sends no more messages of the key.
    if (orderingKey !== undefined) topic.resumePublishing(orderingKey);
    return { accepted: false, reason: String(details) };
  }
}

/** The ordering key that a sender sets: the `partitionkey` of the event. */
function keyIn(data: Buffer): string | undefined {
  const { partitionkey } = Object(treeOf(data.toString())) as { readonly partitionkey?: unknown };
  return typeof partitionkey === 'string' && partitionkey !== '' ? partitionkey : undefined;
}

/** The command that sends one event. */
function byHand(topic: string, host: string): string {
  // Not every `base64` command has an option to write one line.
  const data = `'$(echo '${eventByHand()}' | base64 | tr -d '\\n')'`;
  return `curl -d '{"messages":[{"data":"${data}"}]}' http://${host}/v1/${topic}:publish`;
}
