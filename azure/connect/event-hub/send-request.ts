import type { SendRequest } from '../../ports/records';

/**
 * How somebody outside sends one event to a hub.
 * @see https://learn.microsoft.com/rest/api/eventhub/send-event
 */
export function sendRequest(host: string, hub: string): SendRequest {
  return {
    url: `https://${host}/${hub}/messages?timeout=60&api-version=2014-01`,
    audience: 'https://eventhubs.azure.net',
    headers: { 'Content-Type': 'application/atom+xml;type=entry;charset=utf-8' },
    body: (event) => event,
  };
}
