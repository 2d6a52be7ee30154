import fc from 'fast-check';
import { parse, stringify } from '../../../shared/runtime/json';

/** A text that holds a long number, and so takes the way of the exact parser. */
const beside = (text: string) => `[12345678901234567890,${text}]`;

test('what JSON.stringify writes comes back to the letter, on both ways', () =>
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const text = JSON.stringify(value);
      expect(stringify(parse(text))).toBe(text);
      expect(stringify(parse(beside(text)))).toBe(beside(text));
    }),
  ));

test('reads what JSON.parse reads, where a double can hold every number', () => {
  const ordinary = fc.object({
    values: [
      fc.string({ unit: 'binary' }),
      fc.boolean(),
      fc.constant(null),
      fc.maxSafeInteger(),
      fc.double({ noNaN: true, noDefaultInfinity: true, max: 1, min: -1 }),
    ],
  });
  fc.assert(
    fc.property(ordinary, (value) => {
      const text = JSON.stringify(value);
      expect(parse(text)).toEqual(JSON.parse(text));
      expect(parse(beside(text))).toEqual([12345678901234567890n, JSON.parse(text)]);
    }),
  );
});

test('every digit of a whole number survives, however many there are', () =>
  fc.assert(
    fc.property(fc.bigInt(), (number) => {
      const text = `{"id":${number}}`;
      expect(stringify(parse(text))).toBe(text);
    }),
  ));

test.each([
  ['9007199254740991', 9007199254740991],
  ['9007199254740993', 9007199254740993n],
  ['-9007199254740993', -9007199254740993n],
  ['0.12345678901234567', 0.12345678901234566],
  ['1e20', 1e20],
  ['"12345678901234567890"', '12345678901234567890'],
])('%s is read as it stands', (text, value) => expect(parse(text)).toBe(value));

test.each(['', '{', '[1,]', '{"a":1,}', '01', "'a'", 'NaN', '"\t"', '\u00a01', '1 2'])('refuses %j, on both ways', (text) => {
  expect(() => parse(text)).toThrow(SyntaxError);
  expect(() => parse(beside(text))).toThrow(SyntaxError);
});

test.each(['{"a":1e999}', '{"a":-1E+400}', '[ 12.5e308]', '{"a":1,"b":[0,9e9999]}'])('refuses %s, which would be stored as null', (text) =>
  expect(() => parse(text)).toThrow(new RangeError(`the number ${text.match(/[-0-9.eE+]{4,}/)} is too large`)),
);

describe.each([
  ['objects', '{"a":', '}'],
  ['lists', '[', ']'],
  ['lists with all that stands between', ' [ "[{", ', ' ] '],
])('%s within each other', (_, open, close) => {
  const nested = (levels: number, inner: string) => `${open.repeat(levels)}${inner}${close.repeat(levels)}`;

  test.each(['1', '12345678901234567890'])('are read to a depth of 500, with %s in them', (inner) => {
    const text = nested(500, inner);
    expect(stringify(parse(text))).toBe(text.replaceAll(' ', ''));
  });

  test.each([501, 3000, 10_000, 1_000_000])('are refused at a depth of %i', (levels) => {
    expect(() => parse(nested(levels, '1'))).toThrow(new RangeError('nested more than 500 levels deep'));
    expect(() => parse(open.repeat(levels))).toThrow();
  });
});

test('brackets in a text are no levels', () => {
  const text = JSON.stringify({ text: `${'['.repeat(1000)}"\\${'{'.repeat(1000)}` });
  expect(stringify(parse(text))).toBe(text);
});

test('of a name that stands twice the last one counts, on both ways, whatever the name', () => {
  const name = fc.constantFrom('a', 'b', '', '__proto__', 'constructor', 'hasOwnProperty', 'toJSON');
  const member = fc.tuple(name, fc.jsonValue({ maxDepth: 2 })).map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`);
  fc.assert(
    fc.property(fc.array(member), (members) => {
      const text = `{${members.join(',')}}`;
      const plain = JSON.stringify(JSON.parse(text));
      expect(stringify(parse(text))).toBe(plain);
      expect(stringify(parse(beside(text)))).toBe(beside(plain));
      expect(Object.getPrototypeOf((parse(beside(text)) as object[])[1])).toBe(Object.prototype);
    }),
  );
});

test('writes one line', () => expect(stringify({ text: 'a\nb\r', big: 1n })).toBe('{"text":"a\\nb\\r","big":1}'));

test.each([[{}], [{ big: 1n }]])('refuses a value that contains itself: %p', (value: Record<string, unknown>) => {
  value.self = value;
  expect(() => stringify(value)).toThrow();
});
