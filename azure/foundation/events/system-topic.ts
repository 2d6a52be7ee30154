import type { Construct } from 'constructs';
import { requireText, SettingError, type TextRule } from '../../../shared/synth/settings';
import { requireIdentity } from '../rules';

export const TOPIC = 'Microsoft.EventGrid/systemTopics';
export const IDENTITY = 'Microsoft.ManagedIdentity/userAssignedIdentities';
const TOPIC_ID: TextRule = {
  pattern: /^\/subscriptions\/[^/]+\/resourceGroups\/[^/]+\/providers\/Microsoft\.EventGrid\/systemTopics\/[^/]+$/i,
  must: 'be the id of a system topic',
  remedy: 'Find it with az eventgrid system-topic list.',
};

/** An existing system topic of a storage account, and one of its user-assigned identities. */
export interface SystemTopic {
  readonly id: string;
  /** Gets a role on each buffer that events are delivered to, and on the dead letter. */
  readonly identity: { readonly id: string; readonly principalId: string };
}

/** @throws SettingError on anything but a system topic with an identity */
export function requireSystemTopic(store: Construct, topic: SystemTopic) {
  if (typeof topic !== 'object' || typeof topic?.identity !== 'object' || topic.identity === null) {
    const remedy = 'Write it like { id, identity: { id, principalId } }.';
    throw new SettingError(store, 'systemTopic must be a system topic with its identity', typeof topic, remedy);
  }
  requireText(store, { 'systemTopic.id': topic.id }, TOPIC_ID);
  requireIdentity(store, 'systemTopic.identity', topic.identity, 'principalId');
}
