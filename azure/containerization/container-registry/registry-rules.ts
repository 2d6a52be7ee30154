import type { NumberRule, TextRule } from '../../../shared/synth/settings';

export const REGISTRY = 'Microsoft.ContainerRegistry/registries';
/** The images that each tier includes, in GB. */
export const INCLUDED_GB = { Basic: 10, Standard: 100, Premium: 500 } as const;
export type Sku = keyof typeof INCLUDED_GB;

export const NAME: TextRule = {
  pattern: /^[a-z0-9]{1,20}$/,
  must: 'be 1 to 20 lower-case letters and digits',
  remedy: 'The name of a registry has no hyphens.',
};
export const REGISTRY_ID: TextRule = {
  pattern: /^\/subscriptions\/[^/]+\/resourceGroups\/[^/]+\/providers\/Microsoft\.ContainerRegistry\/registries\/[^/]+$/i,
  must: 'be the id of a registry',
  remedy: 'Find it with az acr show --query id.',
};
export const UNTAGGED: NumberRule = { from: 1, to: 365, unit: 'days', remedy: 'Images without a tag are those that a push replaced.' };
export const REPOSITORY: TextRule = {
  pattern: /^(?=.{1,255}$)[a-z0-9]+([._/-][a-z0-9]+)*$/,
  must: 'be the name of a repository in lower case',
  remedy: 'Write it like press/renderer.',
};
export const REFERENCE: TextRule = {
  pattern: /^(sha256:[0-9a-f]{64}|(?!latest$)[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127})$/,
  must: 'be a digest, or a tag other than latest',
  remedy: 'Use the digest that was pushed: a tag is another image after its next push.',
};

/** Why findings of scanners are accepted. */
export function reasons(sku: Sku, keepUntaggedDays?: number): Record<string, string> {
  const premium = sku === 'Premium' ? '' : ' It needs the sku Premium.';
  const untagged = 'Images without a tag are kept: something may run one by its digest. To delete them, set keepUntaggedDays.';
  return {
    CKV_AZURE_139: `The address is public, and callers need a Microsoft Entra token. For a virtual network, add a PrivateEndpoint.${premium}`,
    CKV_AZURE_164: 'Azure retires content trust: images that are pulled by digest cannot be replaced. Sign images with Notation.',
    CKV_AZURE_165: `Other regions are billed by the month. Add georeplications to the registry.${premium}`,
    CKV_AZURE_166: `Quarantine blocks every pull until a scanner of yours releases the image.${premium}`,
    ...(keepUntaggedDays === undefined ? { CKV_AZURE_167: `${untagged}${premium}` } : {}),
    CKV_AZURE_233:
      'Azure keeps every registry in several zones where the region has zones. The setting has no effect, and replaces the registry.',
    CKV_AZURE_237: `Dedicated data endpoints serve firewalls on the side of clients. Set dataEndpointEnabled on the registry.${premium}`,
  };
}
