import type { SendRequest } from '../../ports/records';

/**
 * How a client sends one event to a queue. The service reads XML. Without `messagettl`, it deletes the message after seven days.
 * @param endpoint the address of the queues of the account, with a slash at the end
 * @see https://learn.microsoft.com/rest/api/storageservices/put-message
 */
export function sendRequest(endpoint: string, queue: string): SendRequest {
  return {
    url: `${endpoint}${queue}/messages?messagettl=-1`,
    audience: 'https://storage.azure.com',
    headers: () => ({ 'Content-Type': 'application/xml', 'x-ms-version': '2021-12-02' }),
    body: (event) => `<QueueMessage><MessageText>${escaped(event)}</MessageText></QueueMessage>`,
  };
}

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '\r': '&#13;' };

/** A text in XML. A parser of XML would turn a carriage return into a line feed. */
function escaped(text: string): string {
  return text.replace(/[&<>\r]/g, (character) => ENTITIES[character]!);
}
