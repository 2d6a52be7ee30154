import fc from 'fast-check';
import { type Event, PermanentError, type Row, type Transform } from '../../../shared/runtime/event';
import { parse, stringify } from '../../../shared/runtime/json';
import { deadLetter, judge } from '../../../shared/runtime/verdict';
import { anEvent, spelled } from '../../support/events';

const event: Event = { specversion: '1.0', id: '1', source: '/test', type: 'test', time: '2026-01-31T08:30:00Z' };
const bytesOf = (value: unknown) => Buffer.from(JSON.stringify(value));
const asItCame: Transform = (event) => event;
const judged = (bytes: Buffer, transform: Transform = asItCame) => judge(bytes, transform, stringify);

describe('an event that can be processed', () => {
  test.each<[string, Transform, string[]]>([
    ['itself, where the transform returns it', asItCame, [JSON.stringify(event)]],
    ['one row', ({ id }) => ({ id }), ['{"id":"1"}']],
    ['several rows, in their order', () => [{ a: 1 }, { a: 2 }], ['{"a":1}', '{"a":2}']],
    ['no row', () => undefined, []],
    ['no row of several', () => [], []],
  ])('becomes %s', (_, transform, rows) => expect(judged(bytesOf(event), transform)).toEqual({ rows }));

  test('is encoded with its event and the place of each row', () => {
    const encode = (row: Row, { id }: Event, index: number) => `${id}.${index}: ${row.a}`;
    expect(judge(bytesOf(event), () => [{ a: 'x' }, { a: 'y' }], encode)).toEqual({ rows: ['1.0: x', '1.1: y'] });
  });

  const withData = (data: string) => Buffer.from(`${JSON.stringify(event).slice(0, -1)},"data":${data}}`);

  test.each([
    '{"price":99999999999999.999,"saldo":1234567890123456.78,"whole":9007199254740993.0,"wholeE":900719925474099.3e1,"tiny":1e-400,"minus":-0}',
    '[100.00,1E5,0.1e1,-0.0,12345678901234567890]',
    '3.141592653589793238462643383279',
  ])('is stored as it came where it is stored as it is: %s', (data) => {
    const bytes = withData(data);
    expect(judged(bytes)).toEqual({ rows: [bytes.toString()] });
    const spread = (verdict: unknown) => JSON.parse((verdict as { rows: string[] }).rows[0]!).data;
    expect(spread(judged(bytes, ({ id, data: inner }) => ({ id, data: inner })))).toEqual(JSON.parse(data.replaceAll('-0', '0')));
  });

  test('is stored as it came, on one line', () => {
    const pretty = JSON.stringify(event, null, 2).replace('"1.0"', '"1.0",\r\n "data": 100.00');
    expect(judged(Buffer.from(`${pretty}\n`))).toEqual({ rows: [pretty.replace(/[\r\n]+/g, ' ')] });
  });

  test.each([
    '{"a":1,"secret":2}',
    '{"a":100.00,"secret":2}',
    '{"a":12345678901234567890,"secret":2}',
    '{"a": 0.10, "secret": 0.12345678901234567}',
  ])('is stored as the transform left it, though it hands back the event itself: %s', (data) => {
    const redact: Transform = (one) => {
      delete (one.data as { secret?: unknown }).secret;
      return one;
    };
    const verdict = judged(withData(data), redact) as { rows: string[] };
    expect(verdict.rows[0]).not.toContain('secret');
    expect(parse(verdict.rows[0]!)).toHaveProperty('data.a', (parse(data) as { a: unknown }).a);
  });

  test('gives a transform every digit, and calls it as for any event', () => {
    const transform: Transform = ({ data }) => ({ type: typeof data, digits: String(data) });
    expect(judged(withData('12345678901234567890'), transform)).toEqual({ rows: ['{"type":"bigint","digits":"12345678901234567890"}'] });
    expect(judged(withData('99999999999999.999'), transform)).toEqual({ rows: ['{"type":"object","digits":"99999999999999.999"}'] });
    expect(judged(withData('0.1'), transform)).toEqual({ rows: ['{"type":"number","digits":"0.1"}'] });
  });

  test('a number that the transform made and JSON has no word for is an event that can never be processed', () => {
    expect(judged(bytesOf(event), () => ({ mean: 0 / 0 }))).toEqual({ reason: 'RangeError: mean is NaN, which JSON cannot represent' });
  });

  test('may hold the character that stands for bytes that are no text', () => {
    const odd = { ...event, data: '\ufffd' };
    expect(judged(bytesOf(odd))).toEqual({ rows: [JSON.stringify(odd)] });
  });
});

describe('an event that breaks the contract says how', () => {
  const { id: _, ...withoutId } = event;
  const long = (length: number) => 'x'.repeat(length);

  test.each<[string, unknown]>([
    ['event must be object', null],
    ['event must be object', []],
    ['event must be object', 'event'],
    [`event must have required property 'id'`, withoutId],
    [`event must have required property 'specversion'`, {}],
    ['specversion must be equal to one of the allowed values: 1.0', { ...event, specversion: '0.3' }],
    ['id must be string', { ...event, id: 1 }],
    ['id must NOT have fewer than 1 characters', { ...event, id: '' }],
    ['id must NOT have more than 256 characters', { ...event, id: long(257) }],
    ['source must NOT have more than 1024 characters', { ...event, source: long(1025) }],
    ['dataschema must NOT have more than 2048 characters', { ...event, dataschema: long(2049) }],
    ['partitionkey must NOT have more than 256 characters', { ...event, partitionkey: '😀'.repeat(257) }],
    [
      'partitionkey must have 256 characters at most, or 128 where one of them is beyond U+FFFF',
      { ...event, partitionkey: '😀'.repeat(129) },
    ],
    ['source must be a URI reference', { ...event, source: 'two words' }],
    ['datacontenttype must be a media type', { ...event, datacontenttype: 'json' }],
    ['dataschema must be a URI', { ...event, dataschema: '/relative' }],
    ['traceid must be string,boolean,integer,null', { ...event, traceid: {} }],
    ['traceid must be string,boolean,integer,null', { ...event, traceid: 0.5 }],
    ['id must be string', { ...event, id: null }],
    ['data and data_base64 exclude each other', { ...event, data: 1, data_base64: 'AAEC' }],
    ['data_base64 must be base64', { ...event, data_base64: 'AAE' }],
    ['"partitionKey" is not a valid attribute name: use only a to z and 0 to 9', { ...event, partitionKey: 'a' }],
    ['"event_source" is not a valid attribute name: use only a to z and 0 to 9', { ...event, event_source: 'a' }],
    ['"ID" is not a valid attribute name: use only a to z and 0 to 9', { ...event, ID: 'a' }],
    ['"" is not a valid attribute name: use only a to z and 0 to 9', { ...event, '': 'a' }],
    ...['\u0000', '\n', '\u007f', '\u0085', '\ud83d', '\ufdd0', '\uffff', '\u{1fffe}'].flatMap((bad): [string, unknown][] =>
      ['id', 'type', 'subject', 'partitionkey', 'traceid'].map((name) => [
        `${name} must not contain control characters, unpaired surrogates or noncharacters`,
        { ...event, [name]: `x${bad}` },
      ]),
    ),
  ])('%s', (reason, value) => expect(judged(bytesOf(value))).toEqual({ reason: `InvalidEvent: ${reason}` }));

  test.each(['2026-01-31', '2026-13-01T00:00:00Z', '2026-02-30T00:00:00Z', '2026-01-31T08:30:00', '2026-01-31T08:30:60Z', '1769848200'])(
    'time %s',
    (time) =>
      expect(judged(bytesOf({ ...event, time }))).toEqual({
        reason: 'InvalidEvent: time must be a valid time, such as 2026-01-31T08:30:00.125Z',
      }),
  );

  test.each(['2026-01-31T08:30:00Z', '2026-01-31T08:30:00.123456789Z', '2026-01-31T08:30:00+05:30', '2026-01-31T08:30:00-00:00'])(
    'but not time %s',
    (time) => expect(judged(bytesOf({ ...event, time }))).toHaveProperty('rows'),
  );

  test.each(['"id":"2"', '"data":{"a":1,"b":{},"a":1}', '"data":[{"\\u0061":1,"a":12345678901234567890}]'])('%s stands twice', (member) => {
    const text = `${JSON.stringify(event).slice(0, -1)},${member}}`;
    expect(judged(Buffer.from(text))).toEqual({ reason: 'SyntaxError: a name occurs twice in an object' });
  });

  test.each<[string, Transform]>([
    ['makes a row of its own', ({ id }) => ({ id })],
    [
      'changes the event',
      (one) => {
        delete (one as { data?: unknown }).data;
        return { id: one.id };
      },
    ],
    ['makes nothing', () => undefined],
  ])('a name that stands twice is refused where the transform %s', (_, transform) => {
    const text = `${JSON.stringify(event).slice(0, -1)},"data":{"a":1,"a":1}}`;
    expect(judged(Buffer.from(text), transform)).toEqual({ reason: 'SyntaxError: a name occurs twice in an object' });
  });

  test('an attribute that is null is unset, for the transform and for the store', () => {
    const seen: Event[] = [];
    const nulls = { ...event, subject: null, partitionkey: null, traceid: null };
    const verdict = judged(bytesOf({ ...nulls, data: { a: null } }), (one) => {
      seen.push(one);
      return one;
    });
    expect(verdict).toEqual({ rows: [JSON.stringify({ ...event, data: { a: null } })] });
    expect(seen).toEqual([{ ...event, data: { a: null } }]);
  });

  test('not UTF-8', () => expect(judged(Buffer.from([0x22, 0xff, 0x22]))).toEqual({ reason: 'InvalidEvent: not UTF-8' }));

  test.each(['', '{', 'hello', '\ufeff{}'])('not JSON: %j', (text) =>
    expect(judged(Buffer.from(text))).toEqual({ reason: expect.stringMatching(/^SyntaxError: /) }),
  );
});

describe('a transform that fails says why', () => {
  const throwing =
    (error: unknown): Transform =>
    () => {
      throw error;
    };
  const returning =
    (value: unknown): Transform =>
    () =>
      value as Row;

  test.each<[string, Transform]>([
    ['PermanentError: no such plant', throwing(new PermanentError('no such plant'))],
    ['TypeError: x is not a function', throwing(new TypeError('x is not a function'))],
    ['a plain text', throwing('a plain text')],
    ['undefined', throwing(undefined)],
    ['transform threw an object that is not an Error', throwing(Object.create(null))],
    ['Error: several lines in one', throwing(new Error('several\r\n  lines\u2028in one\n'))],
    ['TypeError: transform must return objects, got number', returning(42)],
    ['TypeError: transform must return objects, got string', returning('row')],
    ['TypeError: transform must return objects, got null', returning(null)],
    ['TypeError: transform must return objects, got an array of arrays', returning([[{}]])],
    ['TypeError: transform must return objects, got undefined', returning([{}, undefined])],
    ['TypeError: transform must return objects, got a promise', returning(Promise.resolve({}))],
  ])('%s', (reason, transform) => expect(judged(bytesOf(event), transform)).toEqual({ reason }));

  test('a row that contains itself', () => {
    const circle: Record<string, unknown> = {};
    circle.self = circle;
    expect(judged(bytesOf(event), () => circle)).toEqual({
      reason: expect.stringMatching(/^TypeError: Converting circular structure to JSON/),
    });
  });

  test('in a thousand characters at most', () => {
    const verdict = judged(bytesOf(event), throwing(new Error('x'.repeat(5000))));
    expect(verdict).toEqual({ reason: `Error: ${'x'.repeat(992)}…` });
  });
});

describe('whatever comes in', () => {
  const piece = fc.oneof(
    fc.constantFrom(
      '"',
      '\\',
      '\\u',
      '\\ud800',
      '{',
      '}',
      '[',
      ']',
      ',',
      ':',
      '\u0000',
      '\n',
      '\u2028',
      '\ufeff',
      '-',
      '1e999',
      '__proto__',
    ),
    fc.constantFrom('"data":', '"id":1', '"__proto__":{}', '"time":null', '12345678901234567890', 'NaN', '[[[[', '{"a":{"a":'),
    fc.string({ unit: 'binary', maxLength: 3 }),
  );
  /** An event with a piece of something else in it, or without a piece of its own. */
  const broken = fc
    .tuple(spelled(anEvent), fc.double({ min: 0, max: 1, noNaN: true }), fc.nat(4), piece)
    .map(([text, where, taken, put]) => {
      const at = Math.floor(where * text.length);
      return Buffer.from(text.slice(0, at) + put + text.slice(at + taken));
    });
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 64 }).map((array) => Buffer.from(array)),
    fc.array(piece, { maxLength: 12 }).map((pieces) => Buffer.from(pieces.join(''))),
    fc.tuple(broken, fc.nat(300), fc.nat(255)).map(([text, at, byte]) => {
      if (at < text.length) text[at] = byte;
      return text;
    }),
    broken,
    spelled(fc.jsonValue()).map((text) => Buffer.from(text)),
    spelled(anEvent).map((text) => Buffer.from(text)),
  );

  test('there is a verdict: rows that say the same as the event to the last digit, or a reason in one line', () => {
    const verdicts = { rows: 0, reason: 0 };
    fc.assert(
      fc.property(bytes, (input) => {
        const verdict = judged(Buffer.from(input));
        if ('reason' in verdict) {
          verdicts.reason++;
          expect(verdict.reason).toMatch(/^\w+: \S(.*\S)?$/u);
          expect(verdict.reason.length).toBeLessThanOrEqual(1000);
        } else {
          verdicts.rows++;
          expect(verdict.rows).toHaveLength(1);
          expect(verdict.rows[0]).not.toMatch(/[\r\n]/);
          expect(parse(verdict.rows[0]!)).toEqual(parse(input.toString()));
        }
        expect(judged(Buffer.from(input))).toEqual(verdict);
      }),
      { numRuns: 1000 },
    );
    // A test that meets only one of the two proves little.
    expect(Math.min(verdicts.rows, verdicts.reason)).toBeGreaterThan(100);
  });

  test('the dead letter gives back the very bytes', () =>
    fc.assert(
      fc.property(bytes, (input) => {
        const { payload, encoding } = JSON.parse(JSON.stringify(deadLetter(input, 'why', {})));
        expect(Buffer.from(payload, encoding === 'text' ? 'utf8' : 'base64')).toEqual(input);
      }),
    ));

  test.each([501, 10_000, 400_000])('an event of %i levels is refused at every try alike', (levels) => {
    const deep = (inner: string) =>
      Buffer.from(`${JSON.stringify(event).slice(0, -1)},"data":${'['.repeat(levels - 1)}${inner}${']'.repeat(levels - 1)}}`);
    for (const inner of ['1', '12345678901234567890']) {
      expect(judged(deep(inner))).toEqual({ reason: 'RangeError: nested more than 500 levels deep' });
    }
  });

  test('a number of a hundred thousand digits is stored to the last of them', () => {
    const digits = '7'.repeat(100_000);
    const text = `${JSON.stringify(event).slice(0, -1)},"data":${digits}}`;
    expect(judged(Buffer.from(text))).toEqual({ rows: [text] });
  });

  test.each(['"__proto__":{"specversion":"1.0"}', '"__proto__":{"id":"1"},"data":12345678901234567890'])(
    'an event takes none of its attributes from %s',
    (member) => {
      const { id: _, ...without } = event;
      const text = `{${member},${JSON.stringify(without).slice(1)}`;
      expect(judged(Buffer.from(text))).toEqual({ reason: expect.stringMatching(/^InvalidEvent: /) });
    },
  );
});

describe('a dead letter', () => {
  test.each<[string, Buffer, object]>([
    ['text as text', Buffer.from('né'), { encoding: 'text', payload: 'né' }],
    ['nothing as text', Buffer.alloc(0), { encoding: 'text', payload: '' }],
    ['bytes that are no text in base64', Buffer.from([0xff, 0x00]), { encoding: 'base64', payload: '/wA=' }],
  ])('holds %s', (_, bytes, payload) =>
    expect(deadLetter(bytes, 'why', { shard: 'a', offset: 7 })).toEqual({ reason: 'why', position: { shard: 'a', offset: 7 }, ...payload }),
  );
});
