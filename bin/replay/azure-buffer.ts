import { createHash } from 'node:crypto';
import { partitionKeyOf, type Written } from './letter';

/** What is posted to a buffer for one event. */
export interface Posting {
  /** The scope of the token. */
  readonly scope: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Buffer;
}

/** Where an event came from: the address of its hub or queue, in the form in which the outputs of a stack have it. */
export function bufferOf({ position }: Written): string | undefined {
  const { namespace, hub, account, queue } = position;
  if (namespace && hub) return `https://${namespace}/${hub}/messages`;
  if (namespace && queue) return `https://${namespace}/${queue}/messages?api-version=2015-01`;
  return account && queue ? `https://${account}.queue.core.windows.net/${queue}/messages?messagettl=-1` : undefined;
}

/** @param id of the dead letter: the same at each try to send it */
export function postingTo(buffer: string, id: string, bytes: Buffer): Posting {
  if (/\.queue\.core\.|[?&]messagettl=/.test(buffer)) return toStorageQueue(bytes);
  return /[?&]api-version=2015-01\b/.test(buffer) ? toServiceBus(id, bytes) : toHub(bytes);
}

/** @see https://learn.microsoft.com/rest/api/eventhub/send-event */
function toHub(bytes: Buffer): Posting {
  const { partitionkey } = partitionKeyOf(bytes);
  const order = partitionkey !== undefined && {
    brokerproperties: JSON.stringify({ PartitionKey: partitionkey }).replace(NOT_ASCII, escaped),
  };
  return { scope: 'https://eventhubs.azure.net/.default', headers: { 'content-type': 'application/json', ...order }, body: bytes };
}

/**
 * The queue drops a message with the `MessageId` of an earlier one. A replayed event must not have that of its first message: it
 * would be dropped, and its dead letter deleted.
 * @see https://learn.microsoft.com/rest/api/servicebus/send-message-to-queue
 */
function toServiceBus(id: string, bytes: Buffer): Posting {
  const MessageId = createHash('sha256').update(`replay of ${id}`).digest('hex');
  return {
    scope: 'https://servicebus.azure.net/.default',
    headers: { 'content-type': 'application/json', brokerproperties: JSON.stringify({ MessageId }) },
    body: bytes,
  };
}

/** @see https://learn.microsoft.com/rest/api/storageservices/put-message */
function toStorageQueue(bytes: Buffer): Posting {
  const text = bytes.toString().replace(/[&<>\r]/g, (character) => `&#${character.charCodeAt(0)};`);
  return {
    scope: 'https://storage.azure.com/.default',
    headers: { 'content-type': 'application/xml', 'x-ms-version': '2021-12-02', 'x-ms-date': new Date().toUTCString() },
    body: `<QueueMessage><MessageText>${text}</MessageText></QueueMessage>`,
  };
}

/** HTTP headers may contain only ASCII. */
const NOT_ASCII = /[^ -~]/g;

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
