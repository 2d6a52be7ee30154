import fc from 'fast-check';
import { ExactNumber, parse, stringify } from '../../../shared/runtime/json';

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
  ['0.12345678901234566', 0.12345678901234566],
  ['10000000000000000', 10000000000000000n],
  ['9007199254740993.0', 9007199254740993n],
  ['-900719925474099.3e1', -9007199254740993n],
  ['100.00', 100],
  ['1.5E3', 1500],
  ['5e-324', 5e-324],
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

describe('a fraction that a double cannot hold', () => {
  const texts = [
    '99999999999999.999',
    '1234567890123456.78',
    '1e-400',
    '-0.12345678901234567',
    '3.141592653589793238462643383279',
    '7.5e-330',
  ];

  test.each(texts)('is written with every digit: %s', (text) => {
    expect(parse(text)).toBeInstanceOf(ExactNumber);
    expect(stringify(parse(text))).toBe(text);
    const within = `{"a":[{"b":${text}},${text}],"c":"${text}"}`;
    expect(stringify(parse(within))).toBe(within);
  });

  test('counts as the number that it is near to, in whatever a transform does', () => {
    const price = parse('99999999999999.999') as number;
    expect(price * 2).toBe(200000000000000);
    expect(price > 5).toBe(true);
    expect(`${price}`).toBe('99999999999999.999');
    expect(JSON.stringify({ price })).toBe('{"price":100000000000000}');
  });

  test('whatever its digits, and whatever stands beside it', () => {
    const digits = fc.tuple(fc.bigInt(), fc.bigInt({ min: 0n }), fc.integer({ min: -400, max: 200 }));
    const beside = fc.oneof(
      fc.jsonValue({ maxDepth: 1 }),
      fc.constantFrom('\u0000n1', '\u0000n', { '\u0000n1': 1 }, 12345678901234567890n),
    );
    const worth = (text: string) => {
      const [, sign, whole, fraction = '', exponent = '0'] = /^(-?)(\d+)(?:\.(\d+))?(?:e([+-]?\d+))?$/i.exec(text)!;
      const all = BigInt(whole + fraction);
      return [
        all === 0n ? '' : sign,
        all === 0n ? '' : String(all).replace(/0+$/, ''),
        all === 0n ? 0 : Number(exponent) - fraction.length + (String(all).length - String(all).replace(/0+$/, '').length),
      ];
    };
    fc.assert(
      fc.property(digits, beside, ([whole, fraction, exponent], other) => {
        const number = `${whole}.${fraction}e${exponent}`;
        const text = `[${stringify(other)},${number}]`;
        const written = stringify(parse(text));
        const start = `[${stringify(other)},`;
        expect(written.startsWith(start)).toBe(true);
        expect(worth(written.slice(start.length, -1))).toEqual(worth(number));
      }),
    );
  });
});

test.each([
  [{ celsius: Number.NaN }, 'celsius is NaN, which JSON cannot represent'],
  [{ a: [{ b: Number.POSITIVE_INFINITY }] }, 'a.0.b is Infinity, which JSON cannot represent'],
  [{ nothing: null, text: 'null', at: new Date('today') }, 'at is an invalid date'],
  [{ big: 1n, ratio: 0 / 0 }, 'ratio is NaN, which JSON cannot represent'],
])('refuses what would become null without a word: %p', (value, reason) => expect(() => stringify(value)).toThrow(new RangeError(reason)));

test('writes null where null is meant', () => expect(stringify({ a: null, b: [null, 'null'] })).toBe('{"a":null,"b":[null,"null"]}'));

test('asks nothing of what writes itself', () => {
  const own: Record<string, unknown> = { ratio: 0 / 0, toJSON: () => null };
  own.self = own;
  expect(stringify({ own })).toBe('{"own":null}');
});

test('numbers that are put back where they lost digits are those that the exact parser reads, whatever stands beside them', () => {
  const near = fc.tuple(fc.constantFrom(2n ** 53n, 10n ** 17n, 10n ** 21n, -(10n ** 21n)), fc.bigInt({ min: -3n, max: 3n }));
  const number = fc.oneof(
    near.map(([whole, more]) => `${whole + more}`),
    fc.constantFrom('1e20', '1e+21', '-1e+21', '9007199254740993.0', '100000000000000000', '1E17', '0.1', '1e-400', '-0'),
    fc.double({ noNaN: true, noDefaultInfinity: true }).map(String),
  );
  const name = fc.constantFrom('a', 'b', '2', '1', '__proto__', '"\\u0000n1"');
  const object = fc
    .uniqueArray(fc.tuple(name, number), { selector: ([key]) => key })
    .map((members) => `{${members.map(([key, digits]) => `${JSON.stringify(key)}:${digits}`).join()}}`);
  fc.assert(
    fc.property(fc.array(fc.oneof(number, object, fc.constant('"9007199254740993"'))), (items) => {
      const text = `[${items.join()}]`;
      // Beside a fraction that a double cannot hold, nothing is put back.
      const [, exactly] = parse(`[0.12345678901234567,${text}]`) as unknown[];
      expect(parse(text)).toEqual(exactly);
    }),
    { numRuns: 1000 },
  );
});

test('leaves it to others how they write a bigint', () => {
  expect(stringify({ big: 12345678901234567890n })).toBe('{"big":12345678901234567890}');
  expect(() => JSON.stringify(1n)).toThrow(TypeError);
});

test('a name that stands twice in one object is refused, whatever the name and wherever it stands', () => {
  const name = fc.constantFrom('a', 'b', '1', '', '__proto__', 'constructor', 'hasOwnProperty', 'toJSON');
  const member = fc.tuple(name, fc.oneof(fc.jsonValue({ maxDepth: 2 }), fc.constant(1234567890123456789n)));
  fc.assert(
    fc.property(fc.array(member, { maxLength: 6 }), (members) => {
      const inner = `{${members.map(([key, value]) => `${JSON.stringify(key)} : ${stringify(value)}`).join(', ')}}`;
      const names = members.map(([key]) => key);
      for (const text of [inner, `[1, ${inner}]`, `{"x": ${inner}}`]) {
        if (new Set(names).size < names.length) expect(() => parse(text)).toThrow(new SyntaxError('a name occurs twice in an object'));
        else expect(JSON.parse(stringify(parse(text)))).toEqual(JSON.parse(text));
      }
    }),
  );
});

test('names that JavaScript keeps for itself are names like others', () => {
  const text = '{"__proto__":1234567890123456789,"constructor":1,"a":{"__proto__":{"b":0.12345678901234567}}}';
  const value = parse(text);
  expect(stringify(value)).toBe(text);
  expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
});

test('writes one line', () => expect(stringify({ text: 'a\nb\r', big: 1n })).toBe('{"text":"a\\nb\\r","big":1}'));

test.each([[{}], [{ big: 1n }]])('refuses a value that contains itself: %p', (value: Record<string, unknown>) => {
  value.self = value;
  expect(() => stringify(value)).toThrow();
});
