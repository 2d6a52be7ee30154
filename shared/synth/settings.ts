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

/** Which texts a setting takes. */
export interface TextRule {
  readonly pattern: RegExp;
  /** What the text must be, after "must": `be the id of a topic`. */
  readonly must: string;
  /** What to do instead, as a sentence. */
  readonly remedy: string;
}

/** Which whole numbers a setting takes, both ends included. */
export interface NumberRule {
  readonly from: number;
  readonly to: number;
  /** What is counted, such as `days`. */
  readonly unit: string;
  /** What to do instead, as a sentence. */
  readonly remedy: string;
}

/** The start of every name on Azure and GCP. Storage accounts take 24 characters and no hyphen, service accounts take 30. */
export const PREFIX: TextRule = {
  pattern: /^[a-z][a-z0-9]{1,10}$/,
  must: 'be 2 to 11 lower-case letters and digits, a letter first',
  remedy: 'Names of storage accounts and service accounts take no more.',
};

/**
 * Refuse texts that break a rule. Values that are known only at deploy pass.
 * @param settings each text by the name of its setting
 * @throws SettingError
 */
export function requireText(scope: IConstruct, settings: Readonly<Record<string, string>>, { pattern, must, remedy }: TextRule) {
  for (const [setting, value] of Object.entries(settings)) {
    if (isToken(value) || pattern.test(String(value))) continue;
    throw new SettingError(scope, `${setting} must ${must}`, `"${value}"`, remedy);
  }
}

/**
 * Refuse numbers that break a rule. Values that are known only at deploy pass.
 * @param settings each number by the name of its setting
 * @throws SettingError
 */
export function requireNumber(scope: IConstruct, settings: Readonly<Record<string, number>>, { from, to, unit, remedy }: NumberRule) {
  for (const [setting, value] of Object.entries(settings)) {
    if (isToken(value) || isToken(to) || (Number.isInteger(value) && value >= from && value <= to)) continue;
    throw new SettingError(scope, `${setting} must be ${from} to ${to} ${unit}`, value, remedy);
  }
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
function isToken(value: unknown): boolean {
  return typeof value === 'number' ? value < -1e288 && value > -Infinity : typeof value === 'string' && value.includes('${');
}
