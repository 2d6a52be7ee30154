import fc from 'fast-check';
import { checked, isUsual } from '../../../shared/runtime/contract';
import { anEvent } from '../../support/events';

const usual = {
  specversion: '1.0',
  id: 'event-1',
  source: '/plants/7/press',
  type: 'com.example.press.heated',
  time: '2026-01-31T08:30:00.125Z',
  partitionkey: 'press-1',
  traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
  datacontenttype: 'application/json',
  data: { celsius: 180.5, note: null },
};

test('the quick way takes what most events look like', () => {
  expect(isUsual(usual)).toBe(true);
  for (const source of ['https://example.com/a', 'urn:uuid:6e8bc430-9c3a', 'my-app.service', '//host/a']) {
    expect(isUsual({ ...usual, source })).toBe(true);
  }
});

test('the quick way takes no event that the whole contract does not take just as it is', () => {
  const character = fc.oneof(
    fc.constantFrom('\n', '\u007f', '\u0000', '\ud800', '\uffff', 'é', '😀', ' ', ':', '[', '%', '?', '#', '@', '\\'),
    fc.string({ minLength: 1, maxLength: 1 }),
  );
  const text = fc.oneof(
    fc.constantFrom('', 'x', '1.0', 'application/json', 'a:b', 'a:', ':a', '1a:b', 'a/b:c', '//[x', 'A_b:c'),
    fc.string({ unit: character, maxLength: 6 }),
    fc.tuple(character, fc.constantFrom(255, 256, 257)).map(([unit, length]) => unit.repeat(length)),
    fc.stringMatching(/^[02][0-9]{3}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-6][0-9]:[0-6][0-9](\.[0-9]{1,10})?(Z|z|\+01:00)\n?$/),
  );
  const attribute = fc.oneof({ weight: 5, arbitrary: text }, fc.constantFrom(null, true, 1, 1.5, [], {}));
  const name = fc.oneof(
    fc.constantFrom(...Object.keys(usual), 'subject', 'dataschema', 'data_base64', 'toString', '__proto__', '0', 'ID', 'a_b', ''),
    text,
  );
  const verdicts = { taken: 0, left: 0 };
  const agrees = (value: unknown) => {
    if (!isUsual(value)) verdicts.left++;
    else {
      verdicts.taken++;
      const before = JSON.stringify(value);
      expect(checked(value)).toBe(value);
      expect(JSON.stringify(value)).toBe(before);
    }
  };
  fc.assert(
    fc.property(fc.array(fc.tuple(name, attribute), { maxLength: 2 }), fc.option(name), (members, without) => {
      const event: Record<string, unknown> = { ...usual };
      for (const [key, value] of members)
        Object.defineProperty(event, key, { value, enumerable: true, configurable: true, writable: true });
      if (without !== null) delete event[without];
      agrees(event);
    }),
    { numRuns: 3000 },
  );
  fc.assert(fc.property(fc.oneof(anEvent, fc.jsonValue({ maxDepth: 2 })), agrees));
  // A test that meets only one of the two proves little.
  expect(Math.min(verdicts.taken, verdicts.left)).toBeGreaterThan(200);
});

test('the quick way takes the moments that exist, and no others', () => {
  const number = (to: number, digits: number) => fc.nat(to).map((n) => String(n).padStart(digits, '0'));
  fc.assert(
    fc.property(number(9999, 4), number(13, 2), number(32, 2), number(25, 2), number(61, 2), (year, month, day, hour, minute) => {
      const event = { ...usual, time: `${year}-${month}-${day}T${hour}:${minute}:00Z` };
      if (isUsual(event)) expect(checked(event)).toBe(event);
    }),
    { numRuns: 2000 },
  );
});
