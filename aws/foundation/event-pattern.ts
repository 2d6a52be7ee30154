import { Token } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { SettingError } from '../../shared/synth/settings';

/**
 * What an event must contain, in the language of EventBridge and SNS: a field is an object of fields, or the list of the values
 * that it may have. All fields must match. Such as `{ type: ['alert'], data: { celsius: [{ numeric: ['>', 90] }] } }`.
 * @see https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html
 */
export interface EventPattern {
  readonly [field: string]: unknown;
}

const REMEDY = "Write it like { type: ['alert'], data: { celsius: [{ numeric: ['>', 90] }] } }.";
const TEXTS = ['prefix', 'suffix', 'equals-ignore-case', 'wildcard'];
/** The largest number that both services compare. */
const LARGEST = 1e9;

/**
 * Refuse a pattern that the service refuses, or that can never match, such as one with a misspelled operator. A pattern that is
 * left out passes, and so do values that are known only at deploy.
 * @param settings each pattern by the name of its setting
 * @returns the list of values of each field
 * @throws SettingError
 */
export function requirePattern(scope: Construct, settings: Readonly<Record<string, unknown>>): unknown[][] {
  return Object.entries(settings).flatMap(([setting, pattern]) => {
    if (pattern === undefined) return [];
    const lists: unknown[][] = [];
    const fault = faultOf(pattern, lists);
    if (fault !== undefined) throw new SettingError(scope, `${setting} must be a pattern of events`, fault, REMEDY);
    return lists;
  });
}

/** What is wrong with a pattern. The lists of its fields are added to `lists`. */
function faultOf(pattern: unknown, lists: unknown[][], at = ''): string | undefined {
  if (!isObject(pattern)) return at === '' ? kindOf(pattern) : `${kindOf(pattern)} at ${at}`;
  if (Object.keys(pattern).length === 0) return at === '' ? 'an empty object' : `an empty object at ${at}`;
  return first(Object.entries(pattern), ([field, wanted]) => {
    const place = at === '' ? field : `${at}.${field}`;
    if (!Array.isArray(wanted)) return faultOf(wanted, lists, place);
    if (field === '$or') {
      return wanted.length < 2 ? `fewer than two patterns at ${place}` : first(wanted, (one) => faultOf(one, lists, place));
    }
    lists.push(wanted);
    if (wanted.length === 0) return `an empty list at ${place}`;
    return first(wanted, (value) => (isValue(value) || isMatch(value) ? undefined : `${JSON.stringify(value)} at ${place}`));
  });
}

function isValue(value: unknown): boolean {
  return value === null || typeof value === 'boolean' || isText(value) || isNumber(value);
}

/** Whether it is an object with one operator, and with what this operator compares to. */
function isMatch(match: unknown): boolean {
  if (!isObject(match)) return false;
  const [[operator, to] = ['', undefined], ...others] = Object.entries(match);
  if (others.length > 0) return false;
  if (TEXTS.includes(operator)) return (isText(to) && to !== '') || (/fix$/.test(operator) && isIgnoringCase(to));
  switch (operator) {
    case 'anything-but':
      return isObject(to)
        ? Object.keys(to).length === 1 && Object.entries(to).every(isUnlike)
        : isOneOrMore(to, isText) || isOneOrMore(to, isNumber);
    case 'numeric':
      return isRange(to);
    case 'exists':
      return typeof to === 'boolean';
    case 'cidr':
      return isText(to) && (Token.isUnresolved(to) || /^[0-9a-fA-F.:]+\/\d{1,3}$/.test(to));
    default:
      return false;
  }
}

function isUnlike([operator, to]: [string, unknown]): boolean {
  return TEXTS.includes(operator) && isOneOrMore(to, (text) => isText(text) && text !== '');
}

function isIgnoringCase(to: unknown): boolean {
  return isObject(to) && Object.keys(to).join() === 'equals-ignore-case' && isText(to['equals-ignore-case']);
}

/** `['=', 5]`, `['>', 5]`, or from a lower to an upper bound: `['>', 5, '<=', 9]`. */
function isRange(to: unknown): boolean {
  if (!Array.isArray(to) || !to.every((part, index) => (index % 2 === 0 ? typeof part === 'string' : isNumber(part)))) return false;
  if (to.length === 2) return ['=', '<', '<=', '>', '>='].includes(to[0]);
  return to.length === 4 && ['>', '>='].includes(to[0]) && ['<', '<='].includes(to[2]) && (to[1] < to[3] || Token.isUnresolved(to));
}

function isOneOrMore(to: unknown, fits: (one: unknown) => boolean): boolean {
  return Array.isArray(to) ? to.length > 0 && to.every(fits) : fits(to);
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}

function isNumber(value: unknown): value is number {
  return typeof value === 'number' && (Token.isUnresolved(value) || Math.abs(value) <= LARGEST);
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function kindOf(value: unknown): string {
  return value === null ? 'null' : Array.isArray(value) ? 'a list' : typeof value === 'string' ? JSON.stringify(value) : String(value);
}

/** The first fault of a list. */
function first<Item>(items: readonly Item[], check: (item: Item) => string | undefined): string | undefined {
  for (const item of items) {
    const fault = check(item);
    if (fault !== undefined) return fault;
  }
  return undefined;
}
