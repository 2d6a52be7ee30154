import { BlockList, isIPv4, isIPv6 } from 'node:net';

/** A value of JSON. */
type Json = null | boolean | number | string | readonly Json[] | { readonly [field: string]: Json };
type Fields = Readonly<Record<string, Json>>;

/**
 * Whether an event matches a pattern of EventBridge, or a filter policy of SNS for the body of a message: each field must have one of
 * the listed values. Of a list in the event, one element must match.
 * @see https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html
 * @see https://docs.aws.amazon.com/sns/latest/dg/string-value-matching.html
 */
export function matches(pattern: unknown, event: unknown): boolean {
  return matchesAll(pattern as Fields, event as Json);
}

function matchesAll(pattern: Fields, event: Json): boolean {
  if (Array.isArray(event)) return event.some((one) => matchesAll(pattern, one));
  const fields: Fields = isFields(event) ? event : {};
  return Object.entries(pattern).every(([field, wanted]) => {
    if (field === '$or' && Array.isArray(wanted)) return wanted.some((one) => matchesAll(one as Fields, event));
    const value = Object.hasOwn(fields, field) ? fields[field] : undefined;
    if (!Array.isArray(wanted)) return matchesAll(wanted as Fields, value ?? null);
    return wanted.some((one) => matchesOne(one, valuesOf(value)));
  });
}

/** The values of a field: its own, or those in its list. An object has none, because only its fields have values. */
function valuesOf(value: Json | undefined): readonly Json[] {
  if (value === undefined || isFields(value)) return [];
  return Array.isArray(value) ? value.flatMap(valuesOf) : [value];
}

function matchesOne(wanted: Json, values: readonly Json[]): boolean {
  if (!isFields(wanted)) return values.includes(wanted);
  const [[operator, to] = ['', null]] = Object.entries(wanted);
  if (operator === 'exists') return values.length > 0 === to;
  return values.some((value) => holds(operator, to, value));
}

function holds(operator: string, to: Json, value: Json): boolean {
  if (operator === 'anything-but') return isBut(to, value);
  if (operator === 'numeric') return typeof value === 'number' && isWithin(to as readonly Json[], value);
  if (typeof value !== 'string') return false;
  // `{ prefix: { 'equals-ignore-case': 'a' } }`
  if (isFields(to)) return holds(operator, lower(String(to['equals-ignore-case'])), lower(value));
  const text = String(to);
  switch (operator) {
    case 'prefix':
      return value.startsWith(text);
    case 'suffix':
      return value.endsWith(text);
    case 'equals-ignore-case':
      return lower(value) === lower(text);
    case 'wildcard':
      return patternOf(text).test(value);
    case 'cidr':
      return isInBlock(text, value);
    default:
      throw new Error(`The operator ${operator} of a pattern is not emulated.`);
  }
}

/** `['a', 'b']`, `'a'`, or `{ prefix: ['a', 'b'] }`. */
function isBut(to: Json, value: Json): boolean {
  if (!isFields(to)) return ![to].flat().includes(value);
  const [[operator, texts] = ['', null]] = Object.entries(to);
  return ![texts].flat().some((text) => holds(operator, text!, value));
}

function isWithin(to: readonly Json[], value: number): boolean {
  const [operator, bound, ...more] = to;
  const limit = Number(bound);
  const fits = { '=': value === limit, '<': value < limit, '<=': value <= limit, '>': value > limit, '>=': value >= limit }[
    String(operator)
  ];
  return fits === true && (more.length === 0 || isWithin(more, value));
}

/** A wildcard: `*` is any text, and `\*` is a star. */
function patternOf(wildcard: string): RegExp {
  const parts = wildcard.match(/\\[\\*]|\*|[^\\*]+|\\/g) ?? [];
  const escaped = parts.map((part) => (part === '*' ? '.*' : part.replace(/^\\(?=[\\*]$)/, '').replace(/[.*+?^${}()|[\]\\]/g, '\\$&')));
  return new RegExp(`^${escaped.join('')}$`, 's');
}

function isInBlock(block: string, value: string): boolean {
  const family = isIPv4(value) ? 'ipv4' : isIPv6(value) ? 'ipv6' : undefined;
  const [address = '', bits] = block.split('/');
  if (family === undefined || (family === 'ipv4') !== isIPv4(address)) return false;
  const list = new BlockList();
  list.addSubnet(address, Number(bits), family);
  return list.check(value, family);
}

function lower(text: string): string {
  return text.toLowerCase();
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
