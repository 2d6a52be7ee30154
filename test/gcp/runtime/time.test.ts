import fc from 'fast-check';
import { momentOf } from '../../../gcp/runtime/time';

const utc = (...parts: [number, number, number, number, number, number]) =>
  BigInt(Date.UTC(parts[0], parts[1] - 1, ...(parts.slice(2) as [number]))) * 1000n;

/** Microseconds since 1970. */
function microseconds(text: string): bigint | undefined {
  const moment = momentOf(text);
  return moment && BigInt(moment.milliseconds) * 1000n + BigInt(moment.micros);
}

describe('microseconds of', () => {
  test.each<[string, bigint]>([
    ['1970-01-01T00:00:00Z', 0n],
    ['2026-01-31T08:29:59Z', utc(2026, 1, 31, 8, 29, 59)],
    ['2026-01-31T08:29:59.1Z', utc(2026, 1, 31, 8, 29, 59) + 100_000n],
    ['2026-01-31T08:29:59.123456Z', utc(2026, 1, 31, 8, 29, 59) + 123_456n],
    ['2026-01-31T08:29:59.999999999Z', utc(2026, 1, 31, 8, 29, 59) + 999_999n],
    ['2026-01-31T08:29:59.000000001Z', utc(2026, 1, 31, 8, 29, 59)],
    ['2026-01-31T09:59:59.5+01:30', utc(2026, 1, 31, 8, 29, 59) + 500_000n],
    ['2026-01-31T23:29:59-09:00', utc(2026, 2, 1, 8, 29, 59)],
    ['2026-02-01T08:28:59+23:59', utc(2026, 1, 31, 8, 29, 59)],
    ['1969-12-31T23:59:59.999999Z', -1n],
    ['2024-02-29T00:00:00Z', utc(2024, 2, 29, 0, 0, 0)],
    ['0001-01-01T00:00:00Z', -62_135_596_800_000_000n],
    ['9999-12-31T23:59:59.999999999Z', 253_402_300_799_999_999n],
  ])('%s', (text, expected) => expect(microseconds(text)).toBe(expected));

  test.each([
    'today',
    '2026-02-31T00:00:00Z',
    '2026-02-29T00:00:00Z',
    '2026-04-31T00:00:00Z',
    '2026-13-01T00:00:00Z',
    '2026-01-31T24:00:00Z',
    '2026-01-31T08:60:00Z',
    '2026-01-31T08:29:60Z',
    '2026-01-31T08:29:59',
    '2026-01-31T08:29:59.1234567890Z',
    '2026-01-31T08:29:59+24:00',
    '2026-01-31T08:29:59-01:60',
    '0000-12-31T00:00:00Z',
    '0001-01-01T00:00:00+00:01',
    '9999-12-31T23:59:59-00:01',
  ])('%s: there are none', (text) => expect(microseconds(text)).toBeUndefined());

  test('any moment that a Date can hold', () =>
    fc.assert(
      fc.property(
        fc.date({ min: new Date('0001-01-01T00:00:00Z'), max: new Date('9999-12-31T23:59:59.999Z'), noInvalidDate: true }),
        (date) => {
          expect(microseconds(date.toISOString())).toBe(BigInt(date.getTime()) * 1000n);
        },
      ),
    ));
});
