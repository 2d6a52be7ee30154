import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { objectName, objectOf, piecesOf } from '../../../shared/runtime/ndjson';

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

test('an object may hold more than one text can, because it is put together in pieces', () => {
  const { made } = lotOf(...Array<string>(20).fill('x'.repeat(30_000_000)));
  const lengths = Array.from(piecesOf(made), (piece) => piece.length);
  expect(lengths).toEqual(Array(20).fill(30_000_001));
  expect(Array.from(piecesOf(lotOf(...Array<string>(5_000).fill('x'.repeat(1_000))).made), (piece) => piece.length)).toEqual([
    1_049_048, 1_049_048, 1_049_048, 1_049_048, 808_808,
  ]);
});
