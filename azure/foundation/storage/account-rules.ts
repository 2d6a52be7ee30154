import type { TextRule } from '../../../shared/synth/settings';

/** The type of a storage account, as in its id. */
export const ACCOUNT = 'Microsoft.Storage/storageAccounts';
/** The middle of the name of a storage account: the prefix and the suffix of the site take 19 of its 24 characters. */
export const ACCOUNT_NAME: TextRule = {
  pattern: /^[a-z0-9]{1,5}$/,
  must: 'be 1 to 5 lower-case letters and digits',
  remedy: 'The name of a storage account has no room for more.',
};
/** The id of an existing storage account, in any spelling of Azure. */
export const ACCOUNT_ID: TextRule = {
  pattern: /^\/subscriptions\/[^/]+\/resourceGroups\/[^/]+\/providers\/Microsoft\.Storage\/storageAccounts\/[^/]+$/i,
  must: 'be the id of a storage account',
  remedy: 'Find it with az storage account show.',
};
