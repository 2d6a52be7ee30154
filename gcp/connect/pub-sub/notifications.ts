import type { PubsubTopic } from '@cdktf/provider-google/lib/pubsub-topic';
import { PubsubTopicIamMember } from '@cdktf/provider-google/lib/pubsub-topic-iam-member';
import { TerraformStack } from 'cdktf';
import type { IConstruct } from 'constructs';
import { keepAddress } from '../../../shared/synth/kept-name';
import { literal } from '../../../shared/synth/literal';
import { SettingError } from '../../../shared/synth/settings';
import { Propagation } from '../../foundation/propagation';
import type { MessageTransform, NotificationSink, NotificationTarget } from '../../ports/delivery';

/** A buffer, and its topic if the stack creates it. */
interface Buffer extends IConstruct {
  readonly topic?: PubsubTopic;
  readonly topicId: string;
  readonly ordered: boolean;
}

/** The service agent that publishes, and its project. */
type Sender = Parameters<NotificationSink['bindNotifications']>[0];

/** The transforms of each topic, in the order in which they run. */
const transforms = new WeakMap<PubsubTopic, readonly MessageTransform[]>();

/** The grants of each topic, by their stack and address: what must exist before the first notification. */
const granted = new WeakMap<PubsubTopic, Map<string, Propagation>>();

/**
 * Let a Google service publish notifications to the topic of a buffer, and turn them into events when they are published: so every
 * reader of the topic gets events, and a replay too. Several senders of one service share the transform, and those of one project the
 * grant: with either of two equal grants, Google takes both away.
 * @throws SettingError if the topic is not of this stack, because its transforms would replace those that it has; if the buffer is
 * ordered, because Google services set no key; if it has a schema, which notifications do not follow
 * @see https://cloud.google.com/pubsub/docs/smts/udfs-overview
 */
export function acceptNotifications(
  { topic, topicId, ordered, node }: Buffer,
  sender: Sender,
  transform: MessageTransform,
): NotificationTarget {
  if (!topic) {
    const remedy = 'Leave topicId out: the topic must turn notifications into events.';
    throw new SettingError(sender, 'a buffer of notifications must create its topic', `${node.path} with topicId ${topicId}`, remedy);
  }
  if (ordered) {
    const remedy = 'Take a buffer without ordered: a Google service sets no key, and a transform cannot.';
    throw new SettingError(sender, 'a buffer of notifications must not be ordered', `${node.path} with ordered`, remedy);
  }
  if (topic.schemaSettingsInput) {
    const remedy = 'Take a buffer without schema: a notification has the data of its service.';
    throw new SettingError(sender, 'a buffer of notifications must have no schema', `${node.path} with schema`, remedy);
  }
  const before = transforms.get(topic) ?? [];
  if (before.every(({ functionName }) => functionName !== transform.functionName)) {
    const all = [...before, transform];
    transforms.set(topic, all);
    topic.putMessageTransforms(all.map(({ functionName, code }) => ({ javascriptUdf: { functionName, code: literal(code) } })));
  }
  const grants = granted.get(topic) ?? new Map<string, Propagation>();
  granted.set(topic, grants);
  const address = [topic.friendlyUniqueId, transform.functionName, sender.project].join('-');
  // A stack cannot wait for a resource of another one.
  const key = `${TerraformStack.of(sender).node.path} ${address}`;
  const effective = grants.get(key) ?? allow(topic, sender, address);
  grants.set(key, effective);
  return { topic: topic.id, waitFor: [effective] };
}

function allow(topic: PubsubTopic, sender: Sender, address: string): Propagation {
  const grant = new PubsubTopicIamMember(sender, 'NotificationWriter', {
    topic: topic.id,
    role: 'roles/pubsub.publisher',
    member: sender.member,
    // A service agent never changes. Terraform reads it again when an API is added, and would replace the grant.
    lifecycle: { ignoreChanges: ['member'] },
  });
  keepAddress(grant, address);
  return new Propagation(sender, 'Propagation', [grant]);
}
