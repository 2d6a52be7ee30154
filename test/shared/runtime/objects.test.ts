import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { each, hourFolder, objectName, objectOf } from '../../../shared/runtime/objects';

const arrived = new Date('2026-01-31T08:30:00Z');
const lotOf = (...rows: readonly string[]) => ({
  name: 'lot',
  arrived,
  made: rows.map((stored) => ({ stored, record: { bytes: Buffer.alloc(0), arrived, position: {} } })),
});

test('an object says by its name how it is read, and lies in the folder of its hour', () =>
  expect(objectName(arrived, 'lot-1')).toBe('year=2026/month=01/day=31/hour=08/lot-1.ndjson.gz'));

test('an object holds a line for each row, and whoever unpacks it finds what was put in', () =>
  fc.assert(
    fc.asyncProperty(fc.array(fc.string({ unit: 'grapheme' }), { minLength: 1, maxLength: 20 }), async (rows) => {
      expect(gunzipSync(await objectOf(lotOf(...rows))).toString()).toBe(rows.map((row) => `${row}\n`).join(''));
    }),
  ));

test('an object is one file of gzip, because not every reader looks for a second one', async () => {
  const rows = Array.from({ length: 5 }, (_, row) => String(row).repeat(1_000_000));
  const object = await objectOf(lotOf(...rows));
  expect(gunzipSync(object).length).toBe(5_000_005);
  expect([...object.subarray(0, 3)]).toEqual([0x1f, 0x8b, 8]);
  expect(object.indexOf(Buffer.from([0x1f, 0x8b, 8]), 3)).toBe(-1);
});

test('an object may hold more than one text can', async () => {
  const row = 'x'.repeat(30_000_000);
  const object = await objectOf(lotOf(...Array<string>(18).fill(row)));
  expect(object.readUInt32LE(object.length - 4)).toBe(18 * 30_000_001);
});

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
