import type { NumberRule, TextRule } from '../../../shared/synth/settings';

export const NAME: TextRule = {
  pattern: /^[a-z][a-z0-9]{0,19}$/,
  must: 'be 1 to 20 lower-case letters and digits',
  remedy: 'Start with a letter.',
};
export const START: TextRule = {
  pattern: /^20\d\d-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])T([01]\d|2[0-3]):[0-5]\d:00Z$/,
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
