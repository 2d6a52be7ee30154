import { FeatureFlags, type IResource, Stack, Token, TokenComparison } from 'aws-cdk-lib';
import type { IRole } from 'aws-cdk-lib/aws-iam';
import type { IAlias, IKey } from 'aws-cdk-lib/aws-kms';
import { KMS_APPLY_IMPORTED_ALIAS_PERMISSIONS_TO_PRINCIPAL } from 'aws-cdk-lib/cx-api';
import type { IConstruct } from 'constructs';
import { requireResource, SettingError } from '../../shared/synth/settings';

/**
 * Refuse a resource that is known to live in another account or region than the stack: calls, permissions and alarms would
 * go to this one. Where the stack does not know its own, it passes. One that is left out passes.
 * @param settings each resource by the name of its setting
 * @param remedy what works instead, as a sentence
 * @throws SettingError
 */
export function requireHome(scope: IConstruct, settings: Readonly<Record<string, IResource | undefined>>, remedy: string) {
  requireResource(scope, settings);
  const { account, region } = Stack.of(scope);
  for (const [setting, resource] of Object.entries(settings)) {
    if (!resource || !(differs(resource.env.account, account) || differs(resource.env.region, region))) continue;
    const rule = `${setting} must be of account ${known(account)} and region ${known(region)}, as its stack is`;
    throw new SettingError(scope, rule, `one of ${known(resource.env.account)} in ${known(resource.env.region)}`, remedy);
  }
}

/**
 * Refuse a key of another region, and one that is known by an alias alone where grants on it would do nothing. A key of
 * another account passes: there its own policy must let the account of the stack use it.
 * @throws SettingError
 */
export function requireKey(scope: IConstruct, settings: Readonly<Record<string, IKey | undefined>>) {
  requireResource(scope, settings);
  const { region } = Stack.of(scope);
  for (const [setting, key] of Object.entries(settings)) {
    if (!key) continue;
    if (differs(key.env.region, region)) {
      const remedy = 'A key encrypts in its own region alone: bring one of this region.';
      throw new SettingError(scope, `${setting} must be of region ${region}, as its stack is`, `one of ${key.env.region}`, remedy);
    }
    if (!isBareAlias(key) || FeatureFlags.of(scope).isEnabled(KMS_APPLY_IMPORTED_ALIAS_PERMISSIONS_TO_PRINCIPAL)) continue;
    const remedy = `Bring it with Key.fromKeyArn, or set ${KMS_APPLY_IMPORTED_ALIAS_PERMISSIONS_TO_PRINCIPAL} in the context.`;
    throw new SettingError(scope, `${setting} must be a key that can be granted`, key.keyId, remedy);
  }
}

/**
 * Refuse a role that takes no permissions: one that was imported with `mutable: false`, or one of another account.
 * @throws SettingError
 */
export function requireMutableRole(scope: IConstruct, settings: Readonly<Record<string, IRole | undefined>>) {
  requireResource(scope, settings);
  for (const [setting, role] of Object.entries(settings)) {
    // The class is not exported, and says of each permission that it was added.
    if (!role?.constructor.name.startsWith('ImmutableRole')) continue;
    const remedy = 'Import one of the account of the stack, without mutable: false, or leave it out for a new one.';
    throw new SettingError(scope, `${setting} must be a role that takes permissions`, 'one that must not be changed', remedy);
  }
}

/** An alias that does not know its key: whoever asks for it gets an error. */
function isBareAlias(key: IKey & Partial<Pick<IAlias, 'aliasTargetKey'>>): boolean {
  if (!key.keyId.startsWith('alias/')) return false;
  try {
    return key.aliasTargetKey === undefined;
  } catch {
    return true;
  }
}

function differs(one: string, other: string): boolean {
  return Token.compareStrings(one, other) === TokenComparison.DIFFERENT;
}

function known(value: string): string {
  return Token.isUnresolved(value) ? 'its own' : value;
}
