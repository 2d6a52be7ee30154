import { readFileSync } from 'node:fs';
import path from 'node:path';
import Ajv from 'ajv-draft-04';
import fc from 'fast-check';
import { eventCheckSource } from '../../../scripts/event-check';
import schema from '../../../shared/runtime/event.schema.json';
import { check } from '../../../shared/runtime/event-check';

test('is what the contract compiles to', () => {
  const file = path.join(__dirname, '../../../shared/runtime/event-check.ts');
  expect(readFileSync(file, 'utf8')).toBe(eventCheckSource());
});

test('agrees with the contract on any value, and on the reason', () => {
  const compiled = new Ajv({ allowUnionTypes: true }).compile(schema);
  const letter = fc.oneof(fc.constant('x'), fc.constant('😀'), fc.constant('\ud800'));
  /** Texts about the length where they become too long, in characters and in UTF-16 units. */
  const near = (limit: number) =>
    fc
      .tuple(letter, fc.integer({ min: -1, max: 1 }), fc.constantFrom(1, 2))
      .map(([unit, more, part]) => unit.repeat(Math.ceil(limit / part) + more));
  const anything = fc.oneof(fc.constantFrom('', 'x', 0, 1, -0.5, 1e300, true, null, [], {}), fc.jsonValue({ maxDepth: 1 }));
  const attribute = (limit: number, right = 'x') =>
    fc.oneof({ weight: 30, arbitrary: fc.constant(right) }, { weight: 4, arbitrary: near(limit) }, anything);
  const time = fc.oneof(
    { weight: 12, arbitrary: fc.constant('2026-01-31T08:30:00Z') },
    fc.stringMatching(/^20[0-9]{2}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-6][0-9]:[0-6][0-9](\.[0-9]{1,10})?(Z|[+-][0-2][0-9]:[0-6][0-9])$/),
    anything,
  );
  const extension = fc.oneof({ weight: 6, arbitrary: fc.constantFrom('', 'x', 1, -7, true) }, anything);
  const value = fc.oneof(
    {
      weight: 9,
      arbitrary: fc.record(
        {
          specversion: fc.oneof({ weight: 30, arbitrary: fc.constant('1.0') }, anything),
          id: attribute(256),
          source: attribute(1024),
          type: attribute(256),
          time,
          subject: attribute(1024),
          datacontenttype: attribute(256, 'application/json; charset="utf-8"'),
          dataschema: attribute(2048, 'https://example.com/#1'),
          partitionkey: attribute(256),
          data: anything,
          data_base64: fc.oneof(
            { weight: 1, arbitrary: fc.constantFrom('', 'AAEC', 'AAE', 1) },
            { weight: 30, arbitrary: fc.constant(undefined) },
          ),
          extension,
          'odd~/name': extension,
        },
        { requiredKeys: ['specversion', 'id', 'source', 'type', 'time'] },
      ),
    },
    anything,
  );
  const verdicts = { right: 0, wrong: 0 };
  fc.assert(
    fc.property(value, (candidate) => {
      const right = compiled(candidate);
      verdicts[right ? 'right' : 'wrong']++;
      expect(check(candidate)).toBe(right);
      if (!right) expect(check.errors).toEqual(compiled.errors);
    }),
    { numRuns: 1000 },
  );
  // A test that meets only one of the two proves little.
  expect(Math.min(verdicts.right, verdicts.wrong)).toBeGreaterThan(200);
});

/** From the CloudEvents specification and its JSON format, version 1.0.2. */
const sample = {
  specversion: '1.0',
  type: 'com.github.pull_request.opened',
  source: 'https://github.com/cloudevents/spec/pull',
  subject: '123',
  id: 'A234-1234-1234',
  time: '2018-04-05T17:31:00Z',
  comexampleextension1: 'value',
  comexampleothervalue: 5,
  datacontenttype: 'text/xml',
  data: '<much wow="xml"/>',
};

const { data: _, ...withoutData } = sample;

test.each<[string, unknown]>([
  ['with data as text', sample],
  [
    'with attributes that are null, and so unset',
    { ...sample, subject: null, datacontenttype: null, dataschema: null, partitionkey: null, ext: null },
  ],
  ['with data as JSON', { ...sample, datacontenttype: 'application/json', data: { appinfoA: 'abc', appinfoB: 123, appinfoC: true } }],
  ['with data in base64', { ...withoutData, datacontenttype: 'application/vnd.apache.thrift.binary', data_base64: 'AAECAw==' }],
  ['without data', { specversion: '1.0', id: '1', source: '/mycontext', type: 'com.example.someevent', time: '2018-04-05T03:56:24Z' }],
])('takes a CloudEvents sample %s', (_, value) => expect(check(value)).toBe(true));

test.each<[string, unknown]>([
  ['without its time, which CloudEvents leaves open', { ...sample, time: undefined }],
  ['with an id that is null', { ...sample, id: null }],
  ['with data twice', { ...sample, data_base64: 'AAECAw==' }],
  ['in a batch', [sample]],
  ['of version 0.3', { ...sample, specversion: '0.3' }],
])('refuses a CloudEvents sample %s', (_, value) => expect(check(value)).toBe(false));

describe('a moment', () => {
  const withTime = (time: string) => check({ ...sample, time });

  test('is taken exactly where its day exists', () => {
    const number = (from: number, to: number, digits: number) =>
      fc.integer({ min: from, max: to }).map((n) => String(n).padStart(digits, '0'));
    fc.assert(
      fc.property(number(0, 9999, 4), number(0, 13, 2), number(0, 32, 2), (year, month, day) => {
        const time = `${year}-${month}-${day}T08:30:00Z`;
        const date = new Date(time);
        const exists = !Number.isNaN(date.getTime()) && date.toISOString().startsWith(time.slice(0, 10)) && year !== '0000';
        expect(withTime(time)).toBe(exists);
      }),
      {
        numRuns: 2000,
        examples: [
          ['1900', '02', '29'],
          ['2000', '02', '29'],
          ['2024', '02', '29'],
          ['0000', '02', '29'],
          ['2025', '02', '29'],
        ],
      },
    );
  });

  test.each([
    '2016-12-31T23:59:60Z',
    '2026-01-31t08:30:00Z',
    '2026-01-31T08:30:00z',
    '2026-01-31T08:30:00.1234567890Z',
    '2026-01-31T08:30:00Z\n',
  ])('is not taken as %j, which not every store holds', (time) => expect(withTime(time)).toBe(false));
});

const SOURCES = [
  'https://github.com/cloudevents',
  'mailto:cncf-wg-serverless@lists.cncf.io',
  'urn:uuid:6e8bc430-9c3a-11d9-9669-0800200c9a66',
  '/cloudevents/spec/pull/123',
  '/sensors/tn-1234567/alerts',
  '1-555-123-4567',
  'http://[::1]:80/a?b=c#d',
  'a%20b',
  '?',
  '//host',
];
test.each(SOURCES)('takes the source %s', (source) => expect(check({ ...sample, source })).toBe(true));
test.each(['two words', 'a%2', 'ümlaut', '<x>', 'a\\b', '1a:b', '[x]', 'a#b#c', 'a\n'])('refuses the source %j', (source) =>
  expect(check({ ...sample, source })).toBe(false),
);
test.each(['application/json', 'text/xml; charset=utf-8', 'application/vnd.x+json;a="b;\\"c"', 'a/b ; c=d'])(
  'takes the media type %s',
  (datacontenttype) => expect(check({ ...sample, datacontenttype })).toBe(true),
);
test.each(['json', 'a/', '/b', 'a/b/c', 'a/b;', 'a/b; c', 'a b/c'])('refuses the media type %s', (datacontenttype) =>
  expect(check({ ...sample, datacontenttype })).toBe(false),
);
test.each<[string, boolean]>([
  ['https://example.com/schema', true],
  ['urn:a:b', true],
  ['/schema', false],
  ['schema', false],
])('a schema is named by a URI: %s', (dataschema, right) => expect(check({ ...sample, dataschema })).toBe(right));

test.each(['id', 'partitionkey'])('%s fits a partition key of every buffer, whatever counts its characters', (name) => {
  const takes = (value: string) => check({ ...sample, [name]: value });
  expect(['x', 'ü', '\ud7ff', '\uffff'].map((unit) => [takes(unit.repeat(256)), takes(unit.repeat(257))])).toEqual(
    Array(4).fill([true, false]),
  );
  expect([takes('😀'.repeat(128)), takes('😀'.repeat(129)), takes(`${'x'.repeat(128)}😀`)]).toEqual([true, false, false]);
});
