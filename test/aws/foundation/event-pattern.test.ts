import { Stack, Token } from 'aws-cdk-lib';
import { requirePattern } from '../../../aws/foundation/event-pattern';

const check = (pattern: unknown) => requirePattern(new Stack(undefined, 'Test'), { pattern });

test.each<[string, unknown]>([
  ['values of each kind', { a: ['text', 5, true, null] }],
  ['nested fields', { data: { deeper: { a: ['x'] } } }],
  [
    'texts',
    { a: [{ prefix: 'x' }, { suffix: 'x' }, { 'equals-ignore-case': 'x' }, { wildcard: 'x*' }, { prefix: { 'equals-ignore-case': 'x' } }] },
  ],
  ['anything but', { a: [{ 'anything-but': 'x' }, { 'anything-but': [1, 2] }, { 'anything-but': { prefix: ['x', 'y'] } }] }],
  ['numbers', { a: [{ numeric: ['=', 5] }, { numeric: ['>', -5, '<=', 5.5] }] }],
  ['whether it exists', { a: [{ exists: false }] }],
  ['addresses', { a: [{ cidr: '10.0.0.0/8' }, { cidr: '2001:db8::/32' }] }],
  ['one of two patterns', { $or: [{ a: ['x'] }, { b: ['y'] }] }],
  ['values that are known only at deploy', { a: [Token.asString({ Ref: 'A' })], b: [{ numeric: ['>', Token.asNumber({ Ref: 'B' })] }] }],
])('accepts %s', (_, pattern) => expect(() => check(pattern)).not.toThrow());

test('hands back the values of each field', () => {
  expect(check({ a: [1, 2], data: { b: [3] }, $or: [{ c: [4] }, { d: [5] }] })).toEqual([[1, 2], [3], [4], [5]]);
  expect(check(undefined)).toEqual([]);
});

test.each<[string, unknown, string]>([
  ['no pattern', 'alert', '"alert"'],
  ['a list', [{ a: [1] }], 'a list'],
  ['an empty pattern, which matches nothing on purpose', {}, 'an empty object'],
  ['a value that is not in a list', { type: 'alert' }, '"alert" at type'],
  ['an empty list, which never matches', { data: { type: [] } }, 'an empty list at data.type'],
  ['an empty object', { data: {} }, 'an empty object at data'],
  ['a list in a list', { type: [['alert']] }, '["alert"] at type'],
  ['a misspelled operator', { type: [{ prefx: 'a' }] }, '{"prefx":"a"} at type'],
  ['two operators', { type: [{ prefix: 'a', suffix: 'b' }] }, '{"prefix":"a","suffix":"b"} at type'],
  ['an empty prefix', { type: [{ prefix: '' }] }, '{"prefix":""} at type'],
  ['a prefix that is a number', { type: [{ prefix: 5 }] }, '{"prefix":5} at type'],
  ['anything but nothing', { type: [{ 'anything-but': [] }] }, '{"anything-but":[]} at type'],
  ['a comparison that does not exist', { n: [{ numeric: ['=>', 5] }] }, '{"numeric":["=>",5]} at n'],
  ['a range that is empty', { n: [{ numeric: ['>', 5, '<', 5] }] }, '{"numeric":[">",5,"<",5]} at n'],
  ['a range from above', { n: [{ numeric: ['<', 5, '>', 1] }] }, '{"numeric":["<",5,">",1]} at n'],
  ['a number that is too large to compare', { n: [2e9] }, '2000000000 at n'],
  ['an address without a length', { ip: [{ cidr: '10.0.0.1' }] }, '{"cidr":"10.0.0.1"} at ip'],
  ['whether it exists, as text', { a: [{ exists: 'true' }] }, '{"exists":"true"} at a'],
  ['one of one pattern', { $or: [{ a: ['x'] }] }, 'fewer than two patterns at $or'],
  ['a fault in one of two patterns', { $or: [{ a: ['x'] }, { b: 'x' }] }, '"x" at $or.b'],
])('refuses %s', (_, pattern, got) =>
  expect(() => check(pattern)).toThrow(
    new Error(
      `Test: pattern must be a pattern of events, got ${got}. Write it like { type: ['alert'], data: { celsius: [{ numeric: ['>', 90] }] } }.`,
    ),
  ),
);
