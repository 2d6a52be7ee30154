import fc from 'fast-check';
import { type Column, fitRows, type Int64, type TableRow } from '../../../../../gcp/runtime/sinks/bigquery/table-row';
import { type Event, PermanentError, type Row } from '../../../../../shared/runtime/event';
import { parse, stringify } from '../../../../../shared/runtime/json';
import { isWellFormedJson } from '../../../../../shared/runtime/text';
import { judge } from '../../../../../shared/runtime/verdict';
import { anEvent } from '../../../../support/events';

const event: Event = { specversion: '1.0', id: '1', source: '/test', type: 'test', time: '2026-01-31T08:29:59Z' };
const origin = { messageId: '7', publishTime: '2026-01-31T08:30:00.25Z' };
const PLUMBING: readonly Column[] = [
  ...['event_id', 'event_source', 'event_type', 'message_id'].map((name) => ({ name, type: 'STRING' })),
  ...['event_time', 'publish_time'].map((name) => ({ name, type: 'TIMESTAMP' })),
  { name: 'row_index', type: 'INT64' },
  { name: 'rest', type: 'JSON' },
];

/** The columns beyond the plumbing, and what the row has for them. */
function fitted(row: Row, columns: readonly Column[] = [], of: Event = event, publishTime = origin.publishTime): TableRow {
  const [whole] = fitRows([{ row, event: of, index: 0 }], { ...origin, publishTime }, [...PLUMBING, ...columns]);
  return Object.fromEntries(Object.entries(whole!).filter(([name]) => name === 'rest' || !PLUMBING.some((column) => column.name === name)));
}

const int = ({ low, high }: Int64) => (BigInt(high) << 32n) | BigInt.asUintN(32, BigInt(low));
const utc = (...parts: [number, number, number, number, number, number]) =>
  BigInt(Date.UTC(parts[0], parts[1] - 1, ...(parts.slice(2) as [number]))) * 1000n;

describe('the columns of the event', () => {
  test('say what it is, which of its rows this is, and what it came in', () => {
    const row = fitRows([{ row: {}, event, index: 2 }], origin, PLUMBING)[0]!;
    expect({ ...row, event_time: int(row.event_time as Int64), publish_time: int(row.publish_time as Int64) }).toEqual({
      event_id: '1',
      event_source: '/test',
      event_type: 'test',
      event_time: utc(2026, 1, 31, 8, 29, 59),
      row_index: 2,
      message_id: '7',
      publish_time: utc(2026, 1, 31, 8, 30, 0) + 250_000n,
    });
  });

  test('cannot be overwritten by a row, and what it has by their names is kept', () => {
    const row = { event_id: 'mine', rest: 1, row_index: 9 };
    const whole = fitRows([{ row, event, index: 0 }], origin, PLUMBING)[0]!;
    expect(whole).toMatchObject({ event_id: '1', row_index: 0 });
    expect(JSON.parse(String(whole.rest))).toEqual(row);
  });

  test('refuse a day that does not exist', () =>
    expect(() => fitted({}, [], { ...event, time: '2026-02-31T00:00:00Z' })).toThrow(
      'column event_time of type TIMESTAMP cannot hold this string',
    ));
});

describe('an event', () => {
  test.each(['2021-02-01T00:00:00Z', '2021-02-01T01:00:00+01:00', '2027-02-01T23:59:59.999999Z', '1969-12-31T23:59:59Z'])(
    'of %s has a partition that BigQuery takes rows for',
    (time) => {
      const publishTime = time.startsWith('1969') ? '1970-01-01T00:00:00Z' : origin.publishTime;
      expect(() => fitted({}, [], { ...event, time }, publishTime)).not.toThrow();
    },
  );

  test.each([
    ['2021-01-31T23:59:59.999999Z', 'event_time is 1826 days before publish_time, and BigQuery accepts 1825'],
    ['0001-01-01T00:00:00Z', 'event_time is 739646 days before publish_time, and BigQuery accepts 1825'],
    ['2027-02-02T00:00:00Z', 'event_time is 367 days after publish_time, and BigQuery accepts 366'],
  ])('of %s has none, whatever the clock says', (time, reason) =>
    expect(() => fitted({}, [], { ...event, time })).toThrow(new PermanentError(reason)),
  );
});

test('an event of more rows than one request takes is refused, however small they are', () => {
  const rows = (count: number) => Array.from({ length: count }, (_, index) => ({ row: {}, event, index }));
  expect(fitRows(rows(10_000), origin, PLUMBING)).toHaveLength(10_000);
  expect(() => fitRows(rows(125_000), origin, PLUMBING)).toThrow(
    new PermanentError('the rows of the event have more than 9500000 bytes, the limit of one request'),
  );
});

describe('a column takes', () => {
  test.each<[string, unknown, unknown]>([
    ['STRING', 'text', 'text'],
    ['STRING', '', ''],
    ['BOOL', false, false],
    ['INT64', 0, 0n],
    ['INT64', -1, -1n],
    ['INT64', 2 ** 53 - 1, 9_007_199_254_740_991n],
    ['INT64', 9_223_372_036_854_775_807n, 9_223_372_036_854_775_807n],
    ['INT64', -9_223_372_036_854_775_808n, -9_223_372_036_854_775_808n],
    ['DOUBLE', 184.5, 184.5],
    ['DOUBLE', 12_345_678_901_234_567_890n, 12_345_678_901_234_567_000],
    ['NUMERIC', 12_345_678_901_234_567_890n, '12345678901234567890'],
    ['NUMERIC', '-1.50', '-1.50'],
    ['BIGNUMERIC', 1.5, '1.5'],
    ['TIMESTAMP', '2026-01-31T08:29:59Z', utc(2026, 1, 31, 8, 29, 59)],
    ['DATE', '1970-01-02', 1],
    ['DATE', '1969-12-31', -1],
    ['JSON', { a: [12_345_678_901_234_567_890n] }, '{"a":[12345678901234567890]}'],
    ['JSON', 'text', '"text"'],
    ['JSON', null, 'null'],
  ])('%s: %p', (type, value, expected) => {
    const { it } = fitted({ it: value }, [{ name: 'it', type }]);
    expect(typeof it === 'object' ? int(it as Int64) : it).toEqual(expected);
  });

  test('nothing at all where the row has null or undefined', () =>
    expect(
      fitted(
        { a: null, b: undefined },
        ['a', 'b'].map((name) => ({ name, type: 'STRING' })),
      ),
    ).toEqual({}));
});

describe('a column refuses', () => {
  test.each<[string, unknown, string]>([
    ['STRING', 1, 'number'],
    ['BOOL', 'true', 'string'],
    ['INT64', 1.5, 'number'],
    ['INT64', 2 ** 53, 'number'],
    ['INT64', 9_223_372_036_854_775_808n, 'bigint'],
    ['INT64', '1', 'string'],
    ['DOUBLE', '1', 'string'],
    ['NUMERIC', 'one', 'string'],
    ['TIMESTAMP', 'today', 'string'],
    ['TIMESTAMP', 0, 'number'],
    ['DATE', '2026-02-31', 'string'],
    ['GEOGRAPHY', 'POINT(1 2)', 'string'],
  ])('%s: %p', (type, value, kind) =>
    expect(() => fitted({ it: value }, [{ name: 'it', type }])).toThrow(`column it of type ${type} cannot hold this ${kind}`),
  );

  test.each<[string, unknown]>([
    ['STRING', 'order \ud83d'],
    ['JSON', { text: 'order \ud83e' }],
    ['JSON', { '\udc00': 1 }],
    ['JSON', '\\\ud83d'],
  ])('half of a surrogate pair, which would be stored as U+FFFD, in %s: %j', (type, value) =>
    expect(() => fitted({ it: value }, [{ name: 'it', type }])).toThrow(
      new PermanentError('column it cannot hold half of a surrogate pair'),
    ),
  );

  test.each<[string, unknown]>([
    ['STRING', 'order 😀'],
    ['JSON', ['😀', '\\ud83d', '\\\\ud83d']],
  ])('no whole pair, nor what looks like half of one, in %s: %j', (type, value) =>
    expect(fitted({ it: value }, [{ name: 'it', type }]).it).toBe(type === 'JSON' ? JSON.stringify(value) : value),
  );

  test.each(['99999999999999.999', '3.141592653589793238462643383279', '1e-400', '18446744073709551616', '-9223372036854775809'])(
    'a number of which JSON of BigQuery would lose digits: %s',
    (digits) => {
      const reason = `column it of type JSON cannot hold all digits of ${digits}: make it a text, or give it a column`;
      expect(() => fitted({ it: { a: [parse(digits)] } }, [{ name: 'it', type: 'JSON' }])).toThrow(new PermanentError(reason));
      const numeric = { name: 'it', type: 'BIGNUMERIC' };
      expect(fitted({ it: parse(digits) }, [numeric]).it).toBe(digits);
    },
  );

  test.each(['18446744073709551615', '-9223372036854775808', '0.1', '0.10000000000000001', '1e+300', '"12345678901234567890123"'])(
    'no number that it holds: %s',
    (text) => expect(fitted({ it: parse(text) }, [{ name: 'it', type: 'JSON' }])).toEqual({ it: text }),
  );

  test.each(['DOUBLE', 'NUMERIC', 'JSON'])('a number that is none, in %s', (type) => {
    expect(() => fitted({ it: 0 / 0 }, [{ name: 'it', type }])).toThrow(/NaN|cannot hold this number/);
  });

  test('everything, when the table lacks it', () => {
    const withoutRest = PLUMBING.filter(({ name }) => name !== 'rest');
    expect(() => fitRows([{ row: { a: 1 }, event, index: 0 }], origin, withoutRest)).toThrow('the table has no column rest');
    expect(() => fitRows([{ row: {}, event, index: 0 }], origin, PLUMBING.slice(1))).toThrow('the table has no column event_id');
  });
});

describe('what no column holds', () => {
  const columns = [
    { name: 'subject', type: 'STRING' },
    { name: 'data', type: 'JSON' },
  ];

  test('has its own column also if it is named like an attribute of the event', () => {
    const columns = ['id', 'source', 'type', 'specversion'].map((name) => ({ name, type: 'STRING' }));
    const row = fitted(event, [...columns, { name: 'time', type: 'TIMESTAMP' }]);
    expect(row).toMatchObject({ id: '1', source: '/test', type: 'test', specversion: '1.0' });
    expect(int(row.time as Int64)).toBe(utc(2026, 1, 31, 8, 29, 59));
  });

  test('goes into rest; what the columns of the event say already does not', () => {
    const full = { ...event, subject: 'press', traceid: 'abc', data: { celsius: 1 } };
    expect(fitted(full, columns, full)).toEqual({ subject: 'press', data: '{"celsius":1}', rest: '{"traceid":"abc"}' });
    expect(fitted(event, columns)).toEqual({});
  });

  test.each(['2026-01-31T08:29:59.1234567Z', '2026-01-31T09:29:59+01:00'])(
    'keeps the time %s, which a column cannot write like that',
    (time) => {
      expect(fitted({ ...event, time }, columns, { ...event, time })).toEqual({ rest: JSON.stringify({ time }) });
    },
  );

  test('keeps an id that the transform changed', () => expect(fitted({ ...event, id: '2' }, columns)).toEqual({ rest: '{"id":"2"}' }));

  test('keeps names that JavaScript keeps for itself', () => {
    const row: Row = JSON.parse('{"__proto__":"a","constructor":"b","toString":"c"}');
    expect(fitted(row).rest).toBe('{"__proto__":"a","constructor":"b","toString":"c"}');
  });

  test('nothing is lost of any event', () =>
    fc.assert(
      fc.property(anEvent, (any) => {
        const verdict = judge(
          Buffer.from(JSON.stringify(any)),
          (one) => one,
          (row, of, index) => ({ row, event: of, index }),
        );
        if ('reason' in verdict) throw new Error(verdict.reason);
        const { row, event: of } = verdict.rows[0]!;
        const fittedOrRounded = () => {
          try {
            return fitted(row, columns, of, of.time);
          } catch (error) {
            return (error as Error).message;
          }
        };
        if (!isWellFormedJson(stringify(of.data ?? null))) {
          expect(() => fitted(row, columns, of, of.time)).toThrow('column data cannot hold half of a surrogate pair');
          return;
        }
        const written = fittedOrRounded();
        if (typeof written === 'string') {
          // A column of JSON holds doubles and whole numbers of 64 bits: what it would round is refused.
          const [, digits] = /^column data of type JSON cannot hold all digits of (-?\d+): /.exec(written)!;
          expect(BigInt(digits!)).not.toBe(BigInt(Number(digits)));
          return;
        }
        const put = {
          ...(written.rest === undefined ? {} : (parse(String(written.rest)) as object)),
          ...(written.subject === undefined ? {} : { subject: written.subject }),
          ...(written.data === undefined ? {} : { data: parse(String(written.data)) }),
        };
        const { specversion, id, source, type, time } = of;
        expect({ specversion, id, source, type, time, ...put }).toEqual(of);
      }),
    ));
});

describe('a column with columns within it', () => {
  const fields: readonly Column[] = [
    { name: 'sku', type: 'STRING' },
    { name: 'count', type: 'INT64' },
    { name: 'note', type: 'JSON' },
    { name: 'tags', type: 'STRING', mode: 'REPEATED' },
  ];
  const columns: readonly Column[] = [
    { name: 'line', type: 'STRUCT', fields },
    { name: 'lines', type: 'STRUCT', mode: 'REPEATED', fields },
    { name: 'words', type: 'STRING', mode: 'REPEATED' },
    { name: 'documents', type: 'JSON', mode: 'REPEATED' },
  ];
  const made = (row: Row) => fitted(row, columns);

  test('takes an object, each field in its column', () => {
    const { line } = made({ line: { sku: 'a', count: 2, note: { b: [1] }, tags: ['x', 'y'] } }) as any;
    expect({ ...line, count: int(line.count) }).toEqual({ sku: 'a', count: 2n, note: '{"b":[1]}', tags: ['x', 'y'] });
  });

  test('takes a list of objects, and lists of values', () => {
    expect(made({ lines: [{ sku: 'a' }, {}], words: ['x', ''], documents: [null, { a: 1 }] })).toEqual({
      lines: [{ sku: 'a' }, {}],
      words: ['x', ''],
      documents: ['null', '{"a":1}'],
    });
  });

  test('is NULL where there is nothing, and a list is then empty', () => {
    expect(made({ line: null, lines: null, words: undefined })).toEqual({});
    expect(made({ line: { sku: null, count: undefined, note: null, tags: null } })).toEqual({ line: { note: 'null' } });
  });

  test('loses no field: what it has no column for is in rest, at the same place', () => {
    const row = { line: { sku: 'a', colour: 'red' }, lines: [{ sku: 'b' }, { size: 3 }], other: 1 };
    const { rest, ...others } = made(row);
    expect(others).toEqual({ line: { sku: 'a' }, lines: [{ sku: 'b' }, {}] });
    expect(JSON.parse(String(rest))).toEqual({ line: { colour: 'red' }, lines: [{}, { size: 3 }], other: 1 });
  });

  test('keeps a field named __proto__ as a field', () => {
    const row = parse('{"line":{"__proto__":{"a":1}}}') as Row;
    expect(String(made(row).rest)).toBe('{"line":{"__proto__":{"a":1}}}');
  });

  test.each<[Row, string]>([
    [{ line: 'a' }, 'column line of type STRUCT cannot hold this string'],
    [{ line: [{ sku: 'a' }] }, 'column line of type STRUCT cannot hold this object'],
    [{ line: { sku: 5 } }, 'column line.sku of type STRING cannot hold this number'],
    [{ line: { tags: 'x' } }, 'column line.tags of type list of STRING cannot hold this string'],
    [{ line: { tags: ['x', null] } }, 'column line.tags[1] of type STRING cannot hold this object'],
    [{ lines: { sku: 'a' } }, 'column lines of type list of STRUCT cannot hold this object'],
    [{ lines: [{ sku: 'a' }, 5] }, 'column lines[1] of type STRUCT cannot hold this number'],
    [{ lines: [{}, { count: 0.5 }] }, 'column lines[1].count of type INT64 cannot hold this number'],
    [{ lines: [{ note: { a: '\ud800' } }] }, 'column lines[0].note cannot hold half of a surrogate pair'],
    [{ line: new Date(0) as never }, 'column line of type STRUCT cannot hold this object'],
  ])('refuses %j with the path of the value', (row, reason) => expect(() => made(row)).toThrow(new PermanentError(reason)));

  test('counts what is within it towards the size of a request', () => {
    const words = Array.from({ length: 10 }, () => 'x'.repeat(1_000_000));
    for (const row of [{ words }, { line: { tags: words } }, { lines: words.map((sku) => ({ sku })) }])
      expect(() => made(row)).toThrow('the limit of one request');
  });
});
