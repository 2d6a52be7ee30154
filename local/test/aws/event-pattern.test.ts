import fc from 'fast-check';
import { matches } from '../../aws/event-pattern';

const EVENT = {
  source: '/plants/1',
  type: 'com.example.press.heated',
  time: '2026-01-31T08:30:00Z',
  data: {
    machine: 'Press-7',
    celsius: 91.5,
    samples: [80, 91.5],
    tags: [],
    ip: '10.0.0.7',
    note: null,
    parts: [
      { id: 1, ok: true },
      { id: 2, ok: false },
    ],
  },
};

/** Forms of https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html and of the pages on SNS. */
test.each<[string, unknown, boolean]>([
  ['a value', { type: ['com.example.press.heated'] }, true],
  ['one of several values', { type: ['other', 'com.example.press.heated'] }, true],
  ['another value', { type: ['com.example.press'] }, false],
  ['another case', { type: ['COM.example.press.heated'] }, false],
  ['two fields', { source: ['/plants/1'], type: [{ prefix: 'com.' }] }, true],
  ['two fields, one of which differs', { source: ['/plants/2'], type: [{ prefix: 'com.' }] }, false],
  ['a field that is not there', { subject: ['orders'] }, false],
  ['a nested field', { data: { machine: ['Press-7'] } }, true],
  ['a nested field of a field that is not there', { more: { machine: ['Press-7'] } }, false],
  ['an element of a list', { data: { samples: [80] } }, true],
  ['null', { data: { note: [null] } }, true],
  ['null, and there is a value', { data: { machine: [null] } }, false],
  ['a number', { data: { celsius: [91.5] } }, true],
  ['a number as text', { data: { celsius: ['91.5'] } }, false],
  ['a suffix', { type: [{ suffix: '.heated' }] }, true],
  ['a prefix in any case', { type: [{ prefix: { 'equals-ignore-case': 'COM.' } }] }, true],
  ['a text in any case', { data: { machine: [{ 'equals-ignore-case': 'pRESS-7' }] } }, true],
  ['a wildcard', { type: [{ wildcard: 'com.*.heated' }] }, true],
  ['a wildcard is the whole text', { type: [{ wildcard: 'com.*.heat' }] }, false],
  ['a star in a wildcard', { type: [{ wildcard: 'com\\*' }] }, false],
  ['all but a text', { type: [{ 'anything-but': 'other' }] }, true],
  ['all but a list', { type: [{ 'anything-but': ['other', 'com.example.press.heated'] }] }, false],
  ['all but a prefix', { type: [{ 'anything-but': { prefix: 'com.' } }] }, false],
  ['all but several suffixes', { type: [{ 'anything-but': { suffix: ['.opened', '.closed'] } }] }, true],
  ['all but a value, of a field that is not there', { subject: [{ 'anything-but': 'other' }] }, false],
  ['more than a number', { data: { celsius: [{ numeric: ['>', 91] }] } }, true],
  ['within two numbers', { data: { celsius: [{ numeric: ['>=', 80, '<', 91.5] }] } }, false],
  ['a number in another form', { data: { celsius: [{ numeric: ['=', 915e-1] }] } }, true],
  ['a number, of a text', { data: { machine: [{ numeric: ['>', 0] }] } }, false],
  ['a field that exists', { data: { machine: [{ exists: true }] } }, true],
  ['a field that does not exist', { data: { serial: [{ exists: false }] } }, true],
  ['a field that does not exist, and does', { data: { machine: [{ exists: false }] } }, false],
  ['an object has no value, only its fields have', { data: [{ exists: true }] }, false],
  ['an address within a block', { data: { ip: [{ cidr: '10.0.0.0/24' }] } }, true],
  ['an address outside of a block', { data: { ip: [{ cidr: '10.0.1.0/24' }] } }, false],
  ['a text that is no address', { data: { machine: [{ cidr: '10.0.0.0/24' }] } }, false],
  ['one of two patterns', { $or: [{ type: ['other'] }, { data: { machine: ['Press-7'] } }] }, true],
  [
    'one of two patterns, and another field',
    { source: ['/plants/2'], $or: [{ type: ['other'] }, { data: { machine: ['Press-7'] } }] },
    false,
  ],
  ['two fields of one element of a list', { data: { parts: { id: [2], ok: [false] } } }, true],
  ['two fields of different elements of a list', { data: { parts: { id: [1], ok: [false] } } }, false],
])('%s: %j is %p', (_, pattern, result) => expect(matches(pattern, EVENT)).toBe(result));

test('an operator that is not emulated is an error, not a mismatch', () => {
  expect(() => matches({ type: [{ like: 'x' }] }, EVENT)).toThrow('The operator like of a pattern is not emulated.');
});

const field = fc.constantFrom('a', 'b', 'c');
const text = fc.string({ unit: fc.constantFrom('a', 'b', '*', '.', '\\', '('), maxLength: 6 });
const leaf = fc.oneof(text, fc.integer({ min: -9, max: 9 }), fc.boolean(), fc.constant(null));
const event = fc.dictionary(field, fc.oneof(leaf, fc.dictionary(field, leaf)), { minKeys: 1 });

test('an event matches the pattern of all its values, and no pattern with one that it does not have', () =>
  fc.assert(
    fc.property(event, (given) => {
      const patternOf = (value: unknown): unknown =>
        typeof value === 'object' && value !== null
          ? Object.fromEntries(Object.entries(value).map(([k, v]) => [k, patternOf(v)]))
          : [value];
      const pattern = patternOf(given) as Record<string, unknown>;
      expect(matches(pattern, given)).toBe(true);
      expect(matches({ ...pattern, other: ['x'] }, given)).toBe(false);
    }),
  ));

test('a value matches anything but a list exactly if it is not in the list', () =>
  fc.assert(
    fc.property(leaf, fc.array(text, { minLength: 1 }), (value, list) => {
      expect(matches({ a: [{ 'anything-but': list }] }, { a: value })).toBe(!(list as unknown[]).includes(value));
      expect(matches({ a: list }, { a: value })).toBe((list as unknown[]).includes(value));
    }),
  ));

test('a wildcard whose stars are escaped matches itself only, and a prefix with a star matches each continuation', () =>
  fc.assert(
    fc.property(text, text, (one, other) => {
      const escaped = one.replace(/[\\*]/g, '\\$&');
      expect(matches({ a: [{ wildcard: escaped }] }, { a: one })).toBe(true);
      expect(matches({ a: [{ wildcard: escaped }] }, { a: other })).toBe(one === other);
      expect(matches({ a: [{ wildcard: `${escaped}*` }] }, { a: one + other })).toBe(true);
    }),
  ));

test('a number is within bounds exactly if it is', () => {
  const number = fc.integer({ min: -50, max: 50 });
  fc.assert(
    fc.property(number, number, number, (value, low, high) => {
      expect(matches({ a: [{ numeric: ['>', low, '<=', high] }] }, { a: value })).toBe(value > low && value <= high);
    }),
  );
});
