import type { IConstruct } from 'constructs';
import { requireText, SettingError, type TextRule } from '../../shared/synth/settings';

/** The middle of a name that is long enough: of a namespace, an account of rows, a job. */
export const NAME: TextRule = {
  pattern: /^[a-z][a-z0-9]{0,19}$/,
  must: 'be 1 to 20 lower-case letters and digits',
  remedy: 'Start with a letter.',
};

/** The id of a user, a group, a service principal or an identity in Microsoft Entra ID. */
export const OBJECT_ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

const IDENTITY_ID: TextRule = {
  pattern: /^\/subscriptions\/[^/]+\/resourceGroups\/[^/]+\/providers\/Microsoft\.ManagedIdentity\/userAssignedIdentities\/[^/]+$/i,
  must: 'be the id of a user-assigned identity',
  remedy: 'Find it with az identity show.',
};

/**
 * Refuse what is no user-assigned identity with its ids.
 * @param setting where it stands, such as `identity`
 * @throws SettingError
 */
export function requireIdentity(
  scope: IConstruct,
  setting: string,
  identity: { readonly id: string; readonly principalId: string; readonly clientId?: string },
  ...ids: readonly ('principalId' | 'clientId')[]
) {
  if (typeof identity !== 'object' || identity === null) {
    const remedy = `Write it like { id, ${ids.join(', ')} }.`;
    throw new SettingError(scope, `${setting} must be a user-assigned identity with its ids`, String(identity), remedy);
  }
  requireText(scope, { [`${setting}.id`]: identity.id }, IDENTITY_ID);
  for (const id of ids) {
    const rule = { pattern: OBJECT_ID, must: `be the ${id} of an identity`, remedy: `Find it with az identity show --query ${id}.` };
    requireText(scope, { [`${setting}.${id}`]: identity[id]! }, rule);
  }
}
