import type { Construct } from 'constructs';
import { type NumberRule, SettingError, type TextRule } from '../../../shared/synth/settings';
import type { ContainerStore } from '../../ports/stores';

/** When the first window starts. */
export const START: TextRule = {
  pattern: /^20[0-9]{2}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])T([01][0-9]|2[0-3]):[0-5][0-9]:00Z$/,
  must: 'be a minute in UTC',
  remedy: 'Write it like 2026-01-01T00:00:00Z.',
};
export const EVERY: NumberRule = { from: 5, to: 44_640, unit: 'minutes', remedy: 'For events as they come, use a processor.' };
export const RETRIES: NumberRule = { from: 0, to: 10, unit: 'retries', remedy: 'After the last one, the alert fires.' };

/** Why findings of scanners are accepted. */
export const REASONS: Readonly<Record<string, string>> = {
  CKV_AZURE_103: 'Git is off: with it, somebody who saves in the portal and an apply of Terraform overwrite each other.',
  CKV_AZURE_104: 'The address is public, and callers need a Microsoft Entra token. For a virtual network, add a managed virtual network.',
  CKV2_AZURE_15: 'The factory holds no data and no secrets. For a key of your own, set customerManagedKeyId on the factory.',
};

/** A copy, and where it leads. */
interface Way {
  readonly from: ContainerStore;
  readonly to: ContainerStore;
}

/**
 * Refuse stores that have no container, and ways in a circle, on which each copy would be copied again, without end.
 * @param others the copies that there are already, by their paths
 * @throws SettingError
 */
export function requireStores(scope: Construct, { from, to }: Way, others: readonly (Way & { readonly path: string })[]) {
  for (const [setting, store] of Object.entries({ from, to })) {
    if (typeof store?.container?.storageAccountIdInput === 'string') continue;
    const remedy = 'Use a BlobStore, or a zone of a DataLakeStore.';
    throw new SettingError(scope, `${setting} must be a store with a container`, 'another one', remedy);
  }
  if (from === to) throw new SettingError(scope, 'from and to must be two stores', 'one', 'A copy would copy its own copies.');
  const next = others.find((other) => other.from === to && leads(other, from, others));
  if (!next) return;
  throw new SettingError(scope, 'to must not be copied back to from', next.path, 'Each copy would be copied again, without end.');
}

/** Whether a copy leads to a store, by itself or by others. */
function leads(way: Way, goal: ContainerStore, others: readonly Way[]): boolean {
  return way.to === goal || others.some((other) => other.from === way.to && leads(other, goal, others));
}
