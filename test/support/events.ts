import fc from 'fast-check';
import type { Event } from '../../shared/runtime/event';

/** Any text that JSON can hold, as data may be one, from one to this many characters: quotes, control characters, lone surrogates. */
const text = (maxLength: number) =>
  fc.string({
    unit: fc.oneof(
      fc.string({ minLength: 1, maxLength: 1, unit: 'binary' }),
      fc.constantFrom('"', '\\', '$', '#', '\u0000', '\n', '\u2028', '\ud800', '\udc00', '\uffff'),
    ),
    minLength: 1,
    maxLength,
  });

/** Any text that an attribute can hold: quotes, signs of other languages, no control character. */
const attribute = (maxLength: number) =>
  fc
    .string({
      unit: fc.oneof(fc.constantFrom('"', '\\', '$', '#', '😀', '\u2028', 'é'), fc.string({ minLength: 1, maxLength: 1 })),
      minLength: 1,
      maxLength,
    })
    .filter((value) => value.length <= maxLength);

/** Any URI reference. */
const reference = fc.stringMatching(/^[a-z]{1,5}(:|\/)[A-Za-z0-9._~!$&'()*+,;=@/-]{0,15}$/);

/** Any event that follows the contract. */
export const anEvent: fc.Arbitrary<Event> = fc.record(
  {
    specversion: fc.constant('1.0' as const),
    id: attribute(20),
    source: reference,
    type: attribute(20),
    time: fc
      .date({ min: new Date('0001-01-01T00:00:00Z'), max: new Date('9999-12-31T23:59:59Z'), noInvalidDate: true })
      .map((date) => date.toISOString()),
    subject: attribute(20),
    partitionkey: attribute(20),
    traceid: attribute(20),
    retries: fc.integer(),
    sampled: fc.boolean(),
    data: fc.oneof({ weight: 4, arbitrary: fc.jsonValue() }, text(20)),
  },
  { requiredKeys: ['specversion', 'id', 'source', 'type', 'time'] },
);

/** A value as JSON, in one of the many ways to write it: characters as their numbers, blanks between, a slash behind a backslash. */
export function spelled(value: fc.Arbitrary<unknown>): fc.Arbitrary<string> {
  return fc.tuple(value, fc.array(fc.nat(9), { minLength: 1, maxLength: 20 })).map(([what, choices]) => {
    let chosen = 0;
    return spell(what, () => choices[chosen++ % choices.length]!);
  });
}

function spell(value: unknown, choose: () => number): string {
  const blank = () => ['', '', '', '', '', '', ' ', '\n', '\t', '\r\n'][choose()]!;
  const list = (open: string, items: readonly string[], close: string) =>
    `${open}${blank()}${items.join(`${blank()},${blank()}`)}${blank()}${close}`;
  if (typeof value === 'string') return `"${[...Array(value.length).keys()].map((at) => spellUnit(value, at, choose())).join('')}"`;
  if (Array.isArray(value))
    return list(
      '[',
      value.map((item) => spell(item, choose)),
      ']',
    );
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const members = Object.entries(value).map(([key, inner]) => `${spell(key, choose)}${blank()}:${blank()}${spell(inner, choose)}`);
  return list('{', members, '}');
}

function spellUnit(text: string, at: number, choice: number): string {
  const unit = text[at]!;
  if (choice === 1) return `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
  if (choice === 2) return `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0').toUpperCase()}`;
  if (choice === 3 && unit === '/') return '\\/';
  // Half of a pair has no bytes of its own.
  const isHalf = /[\ud800-\udfff]/.test(unit);
  return isHalf ? `\\u${unit.charCodeAt(0).toString(16)}` : JSON.stringify(unit).slice(1, -1);
}
