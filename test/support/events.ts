import fc from 'fast-check';
import type { Event } from '../../shared/runtime/event';

/** Any text that JSON can hold, from one to this many characters: quotes, control characters, lone surrogates. */
const text = (maxLength: number) =>
  fc.string({
    unit: fc.oneof(
      fc.string({ minLength: 1, maxLength: 1, unit: 'binary' }),
      fc.constantFrom('"', '\\', '$', '#', '\u0000', '\n', '\u2028', '\ud800', '\udc00', '\uffff'),
    ),
    minLength: 1,
    maxLength,
  });

/** Any event that follows the contract. */
export const anEvent: fc.Arbitrary<Event> = fc.record(
  {
    specversion: fc.constant('1.0' as const),
    id: text(20),
    source: text(20),
    type: text(20),
    time: fc
      .date({ min: new Date('0001-01-01T00:00:00Z'), max: new Date('9999-12-31T23:59:59Z'), noInvalidDate: true })
      .map((date) => date.toISOString()),
    subject: text(20),
    partitionkey: text(20),
    traceid: text(20),
    retries: fc.integer(),
    sampled: fc.boolean(),
    data: fc.jsonValue(),
  },
  { requiredKeys: ['specversion', 'id', 'source', 'type', 'time'] },
);
