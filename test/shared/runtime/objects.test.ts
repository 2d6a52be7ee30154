import { each, hourFolder } from '../../../shared/runtime/objects';

test.each([
  ['2026-01-31T08:59:59.999Z', 'year=2026/month=01/day=31/hour=08'],
  ['2026-02-01T00:00:00.000Z', 'year=2026/month=02/day=01/hour=00'],
  ['2026-01-31T23:30:00.000-01:00', 'year=2026/month=02/day=01/hour=00'],
])('%s belongs into %s', (arrival, folder) => expect(hourFolder(new Date(arrival))).toBe(folder));

test('acts on every item once, in their order, ten at a time', async () => {
  const items = Array.from({ length: 25 }, (_, index) => index);
  const begun: number[] = [];
  const underway = { now: 0, most: 0 };
  await each(items, async (item) => {
    begun.push(item);
    underway.most = Math.max(underway.most, ++underway.now);
    await new Promise(setImmediate);
    underway.now--;
  });
  expect([begun, underway]).toEqual([items, { now: 0, most: 10 }]);
});

test('a fault stops what has not begun', async () => {
  const begun: number[] = [];
  const items = Array.from({ length: 25 }, (_, index) => index);
  const act = async (item: number) => {
    begun.push(item);
    if (item === 3) throw new Error('the service is down');
  };
  await expect(each(items, act)).rejects.toThrow('the service is down');
  expect(begun).toEqual(items.slice(0, 10));
});
