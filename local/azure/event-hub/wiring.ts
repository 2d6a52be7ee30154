import { RefusedError } from '../../platform';
import type { HubSettings } from './hub-settings';
import type { EventHubTrigger } from './hub-trigger';

/** @throws RefusedError if the hub of the trigger is not the hub of the template */
export function requireHub({ host, hub, consumerGroup, clientId }: EventHubTrigger, own: HubSettings, clientIds: readonly string[]) {
  const groups = ['$Default', ...own.consumerGroups];
  const refuse = (what: string, why: string) => new RefusedError(`the trigger, ${what}`, why);
  if (host !== own.host) throw refuse('namespace', `${host} is not ${own.host}, the namespace of this template`);
  if (hub !== own.name) throw refuse('hub', `${hub} is not ${own.name}, the hub of this template`);
  if (!groups.includes(consumerGroup)) throw refuse('consumer group', `the hub has no ${consumerGroup}, only ${groups.join(', ')}`);
  if (!clientIds.includes(clientId)) throw refuse('identity', `the app has no identity with the client id ${clientId}`);
}
