import type { SendRequest } from '../../ports/records';

/**
 * How a client sends one event to a hub. Event Hubs does not read the body of an event: events with the same `partitionkey`
 * stay in order only if the sender also sets the key in `BrokerProperties`.
 * @see https://learn.microsoft.com/rest/api/eventhub/send-event
 */
export function sendRequest(host: string, hub: string): SendRequest {
  return {
    url: `https://${host}/${hub}/messages?timeout=60&api-version=2014-01`,
    audience: 'https://eventhubs.azure.net',
    headers: (event) => {
      const { partitionkey } = JSON.parse(event) as { partitionkey?: string };
      const order: Record<string, string> =
        partitionkey === undefined ? {} : { BrokerProperties: JSON.stringify({ PartitionKey: partitionkey }) };
      return { 'Content-Type': 'application/atom+xml;type=entry;charset=utf-8', ...order };
    },
    body: (event) => event,
  };
}
