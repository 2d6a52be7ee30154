import { money, readRate } from '../../bin/cost';

test.each([
  ['1000/s', 1000],
  ['0.5/s', 0.5],
  ['2/min', 1 / 30],
  ['36k/h', 10],
  ['5M/day', 57.87],
])('%s is %f events a second', (text, events) => expect(readRate(text).events).toBeCloseTo(events, 2));

test.each([
  ['200B', 200],
  ['1kB', 1000],
  ['1.5kB', 1500],
  ['256kB', 256_000],
])('%s is %i bytes', (text, size) => expect(readRate('1/s', text).size).toBe(size));

test('a rate that is not said is a thousand events of 1 kB a second', () => {
  expect(readRate()).toEqual({ events: 1000, size: 1000 });
});

test.each(['1000', '0/s', '-1/s', '1000/month', '1e3/s', '/s', ''])('%j is no rate', (text) => {
  expect(() => readRate(text)).toThrow(`--events must be a rate such as 1000/s, 2/min or 5M/day, got ${JSON.stringify(text)}`);
});

test.each(['1000', '0B', '1001kB', '1MB', '1KB', '-1B', ''])('%j is no size', (text) => {
  expect(() => readRate('1/s', text)).toThrow(
    `--size must be the size of an event such as 200B, 1kB or 256kB, up to 1000kB, got ${JSON.stringify(text)}`,
  );
});

test.each([
  [0, '-'],
  [0.001, '<0.01'],
  [2.628, '2.63'],
  [6907.74, '6,908'],
])('%f USD are shown as %s', (usd, shown) => expect(money(usd)).toBe(shown));
