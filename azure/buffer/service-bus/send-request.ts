import { sha256 } from '../../../shared/synth/sha256';
import type { SendRequest } from '../../ports/records';

/**
 * How a client sends one event to a queue. Two messages with the same `MessageId` within the window of duplicate detection are one
 * message. An event is identified by `source` and `id` together, and a `MessageId` has at most 128 characters, so it is their hash.
 * @see https://learn.microsoft.com/rest/api/servicebus/send-message-to-queue
 */
export function sendRequest(host: string, queue: string): SendRequest {
  return {
    url: `https://${host}/${queue}/messages?timeout=60&api-version=2015-01`,
    audience: 'https://servicebus.azure.net',
    headers: (event) => {
      const { source, id } = JSON.parse(event) as { source?: string; id?: string };
      const MessageId = sha256(JSON.stringify([source, id]));
      return { 'Content-Type': 'application/json', BrokerProperties: JSON.stringify({ MessageId }) };
    },
    body: (event) => event,
  };
}
