import { readFileSync } from 'node:fs';
import path from 'node:path';
import Ajv from 'ajv-draft-04';
import fc from 'fast-check';
import { eventCheckSource } from '../../../scripts/event-check';
import schema from '../../../shared/runtime/event.schema.json';
import { check } from '../../../shared/runtime/event-check';

test('is what the contract compiles to', () => {
  const file = path.join(__dirname, '../../../shared/runtime/event-check.js');
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
  const attribute = (limit: number) =>
    fc.oneof({ weight: 30, arbitrary: fc.constant('x') }, { weight: 4, arbitrary: near(limit) }, anything);
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
          datacontenttype: attribute(256),
          dataschema: attribute(2048),
          partitionkey: attribute(256),
          data: anything,
          extension,
          'odd~/name': extension,
        },
        { requiredKeys: ['specversion', 'id', 'source', 'type'] },
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

test.each<[string, unknown]>([
  ['with data as text', sample],
  ['with data as JSON', { ...sample, datacontenttype: 'application/json', data: { appinfoA: 'abc', appinfoB: 123, appinfoC: true } }],
  ['with data in base64', { ...sample, data: undefined, datacontenttype: 'application/vnd.apache.thrift.binary', data_base64: 'AAECAw==' }],
  ['without data', { specversion: '1.0', id: '1', source: '/mycontext', type: 'com.example.someevent', time: '2018-04-05T03:56:24Z' }],
])('takes a CloudEvents sample %s', (_, value) => expect(check(value)).toBe(true));

test.each<[string, unknown]>([
  ['without its time, which CloudEvents leaves open', { ...sample, time: undefined }],
  ['with an extension that is null, which CloudEvents reads as unset', { ...sample, unsetextension: null }],
  ['in a batch', [sample]],
  ['of version 0.3', { ...sample, specversion: '0.3' }],
])('refuses a CloudEvents sample %s', (_, value) => expect(check(value)).toBe(false));
