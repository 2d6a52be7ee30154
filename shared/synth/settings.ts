import type { IConstruct } from 'constructs';

/** What happens to data when its stack is deleted: it is retained or deleted. */
export type Removal = 'retain' | 'destroy';

/** The context key that must be `yes` before data can be deleted. */
export const DESTROY_DATA = 'destroyData';

/** A wrong setting. The message has the path of the construct, the rule, the value that was given, and what to do. */
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

/** Which strings a setting accepts. */
export interface TextRule {
  readonly pattern: RegExp;
  /** What the text must be, after "must": `be the id of a topic`. */
  readonly must: string;
  /** What to do instead, as a sentence. */
  readonly remedy: string;
}

/** Which whole numbers a setting accepts, both ends included. */
export interface NumberRule {
  readonly from: number;
  readonly to: number;
  /** The unit of the number, such as `days`. */
  readonly unit: string;
  /** What to do instead, as a sentence. */
  readonly remedy: string;
}

/** The start of every name on Azure and GCP. Names of storage accounts have at most 24 characters and no hyphen, those of service accounts at most 30. */
export const PREFIX: TextRule = {
  pattern: /^[a-z][a-z0-9]{1,10}$/,
  must: 'be 2 to 11 lower-case letters and digits, a letter first',
  remedy: 'Names of storage accounts and service accounts take no more.',
};

/** The ids of action groups on Azure. */
export const ACTION_GROUPS: TextRule = {
  pattern: /^(\/[^/]+){5}\/Microsoft\.Insights\/actionGroups\/[^/]+$/i,
  must: 'be ids of action groups',
  remedy: 'See az monitor action-group list.',
};

/** The ids of notification channels on GCP. */
export const CHANNELS: TextRule = {
  pattern: /^projects\/[^/]+\/notificationChannels\/[^/]+$/,
  must: 'be ids of notification channels',
  remedy: 'See gcloud beta monitoring channels list.',
};

/** The id of a key in Cloud KMS on GCP. */
export const KMS_KEY: TextRule = {
  pattern: /^projects\/[^/]+\/locations\/[^/]+\/keyRings\/[^/]+\/cryptoKeys\/[^/]+$/,
  must: 'be the id of a key',
  remedy: 'See gcloud kms keys list.',
};

/** The prefix of the names of objects, on every cloud. */
export const FOLDERS: TextRule = {
  pattern: /^([A-Za-z0-9!_=*'()-][A-Za-z0-9!_.=*'()-]*\/)+$/,
  must: 'be folders that end in a slash',
  remedy: 'Write it like events/ or raw/events/.',
};

/** The names of stores. Each is the prefix of the names of environment variables. */
export const STORE_NAME: TextRule = {
  pattern: /^[A-Za-z][A-Za-z0-9_]*$/,
  must: 'be named in letters, digits and underscores, a letter first',
  remedy: 'Write them like { STORE: store }.',
};

/**
 * Refuse strings that break a rule. Values that are known only at deploy are accepted.
 * @param settings each string by the name of its setting
 * @throws SettingError
 */
export function requireText(scope: IConstruct, settings: Readonly<Record<string, string>>, { pattern, must, remedy }: TextRule) {
  for (const [setting, value] of Object.entries(settings)) {
    if (isToken(scope, value) || (typeof value === 'string' && pattern.test(value))) continue;
    throw new SettingError(scope, `${setting} must ${must}`, shown(value), remedy);
  }
}

/**
 * Refuse lists that contain a string that breaks a rule. A list that is left out is accepted.
 * @param settings each list by the name of its setting
 * @throws SettingError
 */
export function requireTexts(scope: IConstruct, settings: Readonly<Record<string, readonly string[] | undefined>>, rule: TextRule) {
  for (const [setting, values] of Object.entries(settings)) {
    if (values === undefined) continue;
    if (!Array.isArray(values)) throw new SettingError(scope, `${setting} must be a list`, shown(values), rule.remedy);
    for (const value of values) requireText(scope, { [setting]: value }, rule);
  }
}

/**
 * Refuse a value that is not in the list of allowed values.
 * @param settings each value by the name of its setting
 * @param remedy what to do instead, as a sentence
 * @throws SettingError
 */
export function requireOneOf(scope: IConstruct, settings: Readonly<Record<string, unknown>>, values: readonly unknown[], remedy: string) {
  for (const [setting, value] of Object.entries(settings)) {
    if (values.includes(value)) continue;
    throw new SettingError(scope, `${setting} must be ${values.slice(0, -1).join(', ')} or ${values.at(-1)}`, shown(value), remedy);
  }
}

/**
 * Refuse numbers that break a rule. Values that are known only at deploy are accepted.
 * @param settings each number by the name of its setting
 * @param when `known` if the construct calculates with the numbers: values that are known only at deploy are then refused
 * @throws SettingError
 */
export function requireNumber(scope: IConstruct, settings: Readonly<Record<string, number>>, rule: NumberRule, when?: 'known') {
  const { from, to, unit, remedy } = rule;
  for (const [setting, value] of Object.entries(settings)) {
    if (isToken(scope, value) || isToken(scope, to)) {
      if (when !== 'known') continue;
      const got = 'a value that is known only at deploy';
      throw new SettingError(
        scope,
        `${setting} must be known while synthesizing`,
        got,
        'Give the number itself, because the construct calculates with it.',
      );
    }
    if (Number.isInteger(value) && value >= from && value <= to) continue;
    throw new SettingError(scope, `${setting} must be ${from} to ${to} ${unit}`, shown(value), remedy);
  }
}

/** Which durations a setting accepts, both ends included, in whole units. */
export interface TimeRule extends NumberRule {
  readonly unit: 'seconds' | 'hours' | 'days';
}

/** A `Duration` of the AWS CDK. */
type Time = Readonly<Record<'toSeconds' | 'toHours' | 'toDays', (options: { readonly integral: false }) => number>>;

/**
 * Refuse durations that break a rule.
 * @param settings each duration by the name of its setting
 * @throws SettingError
 */
export function requireTime(scope: IConstruct, settings: Readonly<Record<string, Time>>, rule: TimeRule) {
  const method = ({ seconds: 'toSeconds', hours: 'toHours', days: 'toDays' } as const)[rule.unit];
  for (const [setting, value] of Object.entries(settings)) {
    if (typeof value?.[method] !== 'function') {
      throw new SettingError(
        scope,
        `${setting} must be a length of time`,
        shown(value),
        `Write it like Duration.${rule.unit}(${rule.from}).`,
      );
    }
    requireNumber(scope, { [setting]: lengthOf(scope, setting, () => value[method]({ integral: false }), rule) }, rule);
  }
}

/** The AWS CDK cannot convert a duration that is known only at deploy to another unit. */
function lengthOf(scope: IConstruct, setting: string, length: () => number, { unit }: TimeRule): number {
  try {
    return length();
  } catch {
    const got = 'a length of time in another unit, known only at deploy';
    throw new SettingError(scope, `${setting} must be counted in ${unit}`, got, `Write it like Duration.${unit}(parameter.valueAsNumber).`);
  }
}

/**
 * Refuse a value that is not a construct, such as the name or the ARN of a resource. A setting that is left out is accepted.
 * @param settings each construct by the name of its setting
 * @throws SettingError
 */
export function requireResource(scope: IConstruct, settings: Readonly<Record<string, unknown>>) {
  for (const [setting, value] of Object.entries(settings)) {
    if (value === undefined || (typeof value === 'object' && value !== null && 'node' in value)) continue;
    throw new SettingError(
      scope,
      `${setting} must be a construct`,
      shown(value),
      'Import an existing resource with a from method, such as fromBucketName.',
    );
  }
}

/**
 * Refuse settings for a new resource if an existing resource is given, because the existing one keeps its own settings.
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
 * Whether data may be deleted with its stack. That takes two settings: `removal: 'destroy'`, and the context `destroyData` with
 * the value `yes`, so that one copied line or one forgotten variable cannot delete data.
 * @throws SettingError when `removal` is `destroy` and the context is not set
 */
export function mayDestroy(scope: IConstruct, removal: Removal = 'retain'): boolean {
  requireOneOf(scope, { removal }, ['retain', 'destroy'], 'Leave it out to keep the data.');
  if (removal !== 'destroy') return false;
  const second = scope.node.tryGetContext(DESTROY_DATA);
  if (second === 'yes') return true;
  throw new SettingError(
    scope,
    `removal 'destroy' needs the context ${DESTROY_DATA} to be "yes"`,
    second === undefined ? 'nothing' : JSON.stringify(String(second)),
    'Set DESTROY_DATA=yes in the environment of this command, or leave removal out to keep the data.',
  );
}

/**
 * Set the context that {@link mayDestroy} requires, for everything in a stack. Call it before the first resource.
 * @throws SettingError on anything but `yes`
 */
export function allowToDestroy(stack: IConstruct, destroyData?: 'yes') {
  if (destroyData === undefined) return;
  if (destroyData !== 'yes') {
    throw new SettingError(stack, 'destroyData must be "yes"', shown(destroyData), 'Leave it out to keep the data.');
  }
  stack.node.setContext(DESTROY_DATA, destroyData);
}

/**
 * Whether a value is known only at deploy: a token of the AWS CDK or CDKTF, or, in a Terraform stack, an expression.
 */
function isToken(scope: IConstruct, value: unknown): boolean {
  if (typeof value === 'number') return value < -1e288 && value > -Infinity;
  if (typeof value !== 'string') return false;
  const isTerraform = () => scope.node.scopes.some((parent) => TERRAFORM_STACK in parent);
  return /[$#]\{(Tf)?Token\[/.test(value) || (value.includes('${') && isTerraform());
}

/** CDKTF sets this symbol on its stacks. */
const TERRAFORM_STACK = Symbol.for('cdktf/TerraformStack');

/** A value as text for a message. */
function shown(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.length > 100 ? `${value.slice(0, 99)}…` : value);
  if (typeof value === 'function') return 'a function';
  return typeof value === 'object' && value !== null ? (Array.isArray(value) ? 'a list' : 'an object') : String(value);
}
