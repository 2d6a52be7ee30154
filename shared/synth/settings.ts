import type { IConstruct } from 'constructs';

/** What happens to data when its stack is deleted: it stays, or it goes too. */
export type Removal = 'retain' | 'destroy';

/** The context key that is the second key to deleting data. */
export const DESTROY_DATA = 'destroyData';

/** A wrong setting: where it stands, the rule, what it got, and what to do. */
export class SettingError extends Error {
  override readonly name = 'SettingError';

  /**
   * @param scope the construct that was given the setting
   * @param rule the setting and its rule, such as `retention must be 24 to 8760 hours`
   * @param got the value that was given
   * @param remedy what to do instead, as a sentence
   */
  constructor(scope: IConstruct, rule: string, got: unknown, remedy: string) {
    super(`${scope.node.path}: ${rule}, got ${got}. ${remedy}`);
  }
}

/**
 * Refuse a number outside of a range, or with a fraction. Values that are known only at deploy pass.
 * @throws SettingError
 */
export function requireRange(
  scope: IConstruct,
  setting: string,
  value: number,
  [min, max]: readonly [number, number],
  unit: string,
  remedy: string,
) {
  if (isToken(value) || (Number.isInteger(value) && value >= min && value <= max)) return;
  throw new SettingError(scope, `${setting} must be ${min} to ${max} ${unit}`, value, remedy);
}

/**
 * Refuse a text that does not match. Values that are known only at deploy pass.
 * @throws SettingError
 */
export function requireMatch(scope: IConstruct, setting: string, value: string, pattern: RegExp, rule: string, remedy: string) {
  if (isToken(value) || pattern.test(value)) return;
  throw new SettingError(scope, `${setting} must ${rule}`, `"${value}"`, remedy);
}

/**
 * Refuse settings of a new resource beside an existing one, which keeps its own.
 * @param existing the setting that holds the existing resource
 * @throws SettingError
 */
export function requireAbsent(scope: IConstruct, existing: string, settings: Readonly<Record<string, unknown>>) {
  const given = Object.keys(settings).filter((name) => settings[name] !== undefined);
  if (given.length === 0) return;
  throw new SettingError(
    scope,
    `${existing} keeps its own settings`,
    `${given.join(' and ')} beside it`,
    `Leave ${given.join(' and ')} out.`,
  );
}

/**
 * Whether data may be deleted with its stack. That takes two keys: the setting `removal: 'destroy'`, and the context
 * `destroyData` with the value `yes`. One key alone is refused, so that neither a copied line nor a forgotten switch
 * deletes anything.
 * @throws SettingError when only `removal` says so
 */
export function mayDestroy(scope: IConstruct, removal: Removal = 'retain'): boolean {
  if (removal === 'retain') return false;
  const second = scope.node.tryGetContext(DESTROY_DATA);
  if (second === 'yes') return true;
  throw new SettingError(
    scope,
    `removal 'destroy' needs the context ${DESTROY_DATA} to be "yes"`,
    second === undefined ? 'nothing' : `"${second}"`,
    'Set DESTROY_DATA=yes in the environment of this command, or leave removal out to keep the data.',
  );
}

/** Whether a value stands for one that is known only at deploy: a token of the AWS CDK or CDKTF, or an expression of Terraform. */
function isToken(value: string | number): boolean {
  return typeof value === 'number' ? value < -1e288 && value > -Infinity : value.includes('${');
}
