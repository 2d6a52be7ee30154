import { PubsubTopicIamMember } from '@cdktf/provider-google/lib/pubsub-topic-iam-member';
import type { Binding, Workload } from '../../ports/identity';
import type { SendRequest } from '../../ports/records';

/**
 * How a client sends one event to a topic. Pub/Sub does not read the body of an event: events with the same `partitionkey` stay in
 * order only if the sender also sets the key as `orderingKey`, and sends all of them to the address of one region.
 * @param ordered whether the subscriptions of the topic keep order
 * @see https://cloud.google.com/pubsub/docs/reference/rest/v1/projects.topics/publish
 */
export function sendRequest(endpoint: string, topicId: string, ordered: boolean): SendRequest {
  return {
    url: `https://${endpoint}/v1/${topicId}:publish`,
    headers: { 'Content-Type': 'application/json' },
    body: (event) => {
      const { partitionkey } = JSON.parse(event) as { partitionkey?: string | null };
      const data = Buffer.from(event).toString('base64');
      return JSON.stringify({ messages: [{ data, ...(ordered && partitionkey ? { orderingKey: partitionkey } : {}) }] });
    },
  };
}

/** Let `writer` publish to a topic, and nothing else. It is told whether to set keys. */
export function bindPublisher(
  writer: Workload,
  name: string,
  { topicId, endpoint, ordered }: { readonly topicId: string; readonly endpoint: string; readonly ordered: boolean },
): Binding {
  const { member, forEach } = writer;
  const grant = { topic: topicId, role: 'roles/pubsub.publisher', member, forEach };
  return {
    settings: { [`${name}_TOPIC`]: topicId, [`${name}_ENDPOINT`]: endpoint, [`${name}_ORDERED`]: String(ordered) },
    waitFor: [new PubsubTopicIamMember(writer, `${name}Writer`, grant)],
  };
}
