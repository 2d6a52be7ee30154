import { type GenericFunctionOptions, trigger } from '@azure/functions';
import { setting } from '../../../shared/runtime/setting';
import { eventProcessor, type Message, type MessagesProps, messageHandler, type Processor } from '../messages';
import { bytesOf, integerOf, timeOf } from '../metadata';

/** Separates the parts of a name. The names of accounts and queues cannot contain it. */
const SEPARATOR = '~';

/** Storage queues: each message is an event. */
export function storageQueueSource<Stored>(props: MessagesProps<Stored>): GenericFunctionOptions {
  return storageQueueMessages(eventProcessor(props));
}

/** The trigger of a queue, with the app settings of its binding, and the handler of its messages. */
export function storageQueueMessages(processor: Processor): GenericFunctionOptions {
  const place = { account: setting('EVENTS_ACCOUNT'), queue: setting('EVENTS_QUEUE') };
  return {
    trigger: trigger.generic({ type: 'queueTrigger', connection: 'EVENTS', queueName: '%EVENTS_QUEUE%', dataType: 'binary' }),
    handler: messageHandler(processor, {
      messageOf: (body, metadata) => readMessage(body, metadata, place),
      maxRetries: Number(setting('EVENTS_MAX_RETRIES')),
    }),
  };
}

/**
 * Read what the Functions host passes to the handler. The id is the same at each delivery, and unique in the queue.
 * @see https://learn.microsoft.com/azure/azure-functions/functions-bindings-storage-queue-trigger#message-metadata
 */
export function readMessage(
  body: unknown,
  metadata: Readonly<Record<string, unknown>>,
  { account, queue }: { readonly account: string; readonly queue: string },
): Message | undefined {
  const [id, deliveries, arrived] = [metadata.id, integerOf(metadata.dequeueCount), timeOf(metadata.insertionTime)];
  if (typeof id !== 'string' || id === '' || deliveries === undefined || arrived === undefined) return undefined;
  return {
    record: { bytes: decoded(bytesOf(body)), arrived, position: { account, queue, messageId: id } },
    name: [account, queue, id].join(SEPARATOR),
    deliveries: Number(deliveries),
  };
}

/**
 * Event Grid encodes what it puts into a storage queue as base64 (MicrosoftDocs/azure-docs#102923), and other senders may send an
 * event as it is. An event starts with a brace, which is no character of base64.
 */
function decoded(bytes: Buffer): Buffer {
  const text = bytes.toString().trim();
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(text)) return bytes;
  const content = Buffer.from(text, 'base64');
  return content.toString().trimStart().startsWith('{') ? content : bytes;
}
