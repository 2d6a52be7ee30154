import { type Event, PermanentError, type Row, type Transform } from '../../../shared/runtime/event';
import { stringify } from '../../../shared/runtime/json';
import { transform as shipped } from '../../../shared/runtime/transform';
import { deadLetter, judge } from '../../../shared/runtime/verdict';

const event: Event = { specversion: '1.0', id: '1', source: '/test', type: 'test', time: '2026-01-31T08:30:00Z' };
const bytesOf = (value: unknown) => Buffer.from(JSON.stringify(value));
const judged = (bytes: Buffer, transform: Transform = shipped) => judge(bytes, transform, stringify);

describe('an event that can be processed', () => {
  test.each<[string, Transform, string[]]>([
    ['itself, as the transform stands', shipped, [JSON.stringify(event)]],
    ['one row', ({ id }) => ({ id }), ['{"id":"1"}']],
    ['several rows, in their order', () => [{ a: 1 }, { a: 2 }], ['{"a":1}', '{"a":2}']],
    ['no row', () => undefined, []],
    ['no row of several', () => [], []],
  ])('becomes %s', (_, transform, rows) => expect(judged(bytesOf(event), transform)).toEqual({ rows }));

  test('is encoded with its event and the place of each row', () => {
    const encode = (row: Row, { id }: Event, index: number) => `${id}.${index}: ${row.a}`;
    expect(judge(bytesOf(event), () => [{ a: 'x' }, { a: 'y' }], encode)).toEqual({ rows: ['1.0: x', '1.1: y'] });
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
    ['traceid must be string,boolean,integer', { ...event, traceid: {} }],
    ['traceid must be string,boolean,integer', { ...event, traceid: null }],
    ['traceid must be string,boolean,integer', { ...event, traceid: 0.5 }],
  ])('%s', (reason, value) => expect(judged(bytesOf(value))).toEqual({ reason: `InvalidEvent: ${reason}` }));

  test.each(['2026-01-31', '2026-13-01T00:00:00Z', '2026-01-31T24:00:00Z', '2026-01-31T08:30:00', '2026-01-31 08:30:00Z', '1769848200'])(
    'time %s',
    (time) =>
      expect(judged(bytesOf({ ...event, time }))).toEqual({ reason: expect.stringMatching(/^InvalidEvent: time must match pattern "/) }),
  );

  test.each(['2026-01-31T08:30:00Z', '2026-01-31T08:30:00.123456789Z', '2026-01-31T08:30:00+05:30', '2026-01-31T08:30:00-00:00'])(
    'but not time %s',
    (time) => expect(judged(bytesOf({ ...event, time }))).toHaveProperty('rows'),
  );

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
    ['transform threw an object that is no Error', throwing(Object.create(null))],
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

describe('a dead letter', () => {
  test.each<[string, Buffer, object]>([
    ['text as text', Buffer.from('né'), { encoding: 'text', payload: 'né' }],
    ['nothing as text', Buffer.alloc(0), { encoding: 'text', payload: '' }],
    ['bytes that are no text in base64', Buffer.from([0xff, 0x00]), { encoding: 'base64', payload: '/wA=' }],
  ])('holds %s', (_, bytes, payload) =>
    expect(deadLetter(bytes, 'why', { shard: 'a', offset: 7 })).toEqual({ reason: 'why', position: { shard: 'a', offset: 7 }, ...payload }),
  );
});
