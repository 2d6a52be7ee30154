import { FeatureFlags, type IResource, Stack, Token, TokenComparison } from 'aws-cdk-lib';
import type { IRole } from 'aws-cdk-lib/aws-iam';
import type { IAlias, IKey } from 'aws-cdk-lib/aws-kms';
import { KMS_APPLY_IMPORTED_ALIAS_PERMISSIONS_TO_PRINCIPAL } from 'aws-cdk-lib/cx-api';
import type { IConstruct } from 'constructs';
import { requireResource, SettingError } from '../../shared/synth/settings';

/**
 * Refuse a resource of another account or region than the stack, because calls, permissions and alarms would use those of the
 * stack. If the account and region of the stack are not known, it passes. One that is left out passes.
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
 * Refuse a key of another region, and an imported alias if the CDK would ignore grants on it. A key of another account passes:
 * its key policy must allow the account of the stack to use it.
 * @throws SettingError
 */
export function requireKey(scope: IConstruct, settings: Readonly<Record<string, IKey | undefined>>) {
  requireResource(scope, settings);
  const { region } = Stack.of(scope);
  for (const [setting, key] of Object.entries(settings)) {
    if (!key) continue;
    if (differs(key.env.region, region)) {
      const remedy = 'A key works in its own region only: use a key of this region.';
      throw new SettingError(scope, `${setting} must be of region ${region}, as its stack is`, `one of ${key.env.region}`, remedy);
    }
    if (!isBareAlias(key) || FeatureFlags.of(scope).isEnabled(KMS_APPLY_IMPORTED_ALIAS_PERMISSIONS_TO_PRINCIPAL)) continue;
    const remedy = `Import it with Key.fromKeyArn, or set ${KMS_APPLY_IMPORTED_ALIAS_PERMISSIONS_TO_PRINCIPAL} in the context.`;
    throw new SettingError(scope, `${setting} must be a key whose use can be granted`, key.keyId, remedy);
  }
}

/**
 * Refuse a role that no permissions can be added to: one that was imported with `mutable: false`, or one of another account.
 * @throws SettingError
 */
export function requireMutableRole(scope: IConstruct, settings: Readonly<Record<string, IRole | undefined>>) {
  requireResource(scope, settings);
  for (const [setting, role] of Object.entries(settings)) {
    // The class is not exported, and its grants report success without adding anything.
    if (!role?.constructor.name.startsWith('ImmutableRole')) continue;
    const remedy = 'Import a role of the account of the stack, without mutable: false, or leave it out for a new role.';
    throw new SettingError(scope, `${setting} must be a role that permissions can be added to`, 'an immutable role', remedy);
  }
}

/** Whether a key is an imported alias without its key. Reading `aliasTargetKey` of such an alias throws. */
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
