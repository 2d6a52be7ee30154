import { findLicences, licences } from '../../scripts/judges/licences';
import { isAllowed } from '../../scripts/shipped/licences';
import { shipped } from '../../scripts/shipped/packages';

test.each([
  [true, 'MIT'],
  [true, '(MIT OR GPL-3.0-or-later)'],
  [true, 'MIT AND (BSD-3-Clause OR GPL-2.0)'],
  [false, 'GPL-3.0-or-later'],
  [false, 'MIT AND GPL-2.0'],
  [false, 'SEE LICENSE IN LICENSE.md'],
  [false, 'UNLICENSED'],
  [false, ''],
  [false, undefined],
])('it is %p that %p may ship', (right, licence) => expect(isAllowed(licence)).toBe(right));

test('whatever ships has a licence of the list, or an answer', async () => {
  const verdicts = await licences.run();
  expect(verdicts.flatMap(({ findings }) => findings).filter(({ reason }) => reason === undefined)).toEqual([]);
});

test('every handler is looked at, with what is in its bundle and what is installed beside it', () => {
  const [aws, azure, gcp, ...others] = shipped();
  expect(others).toEqual([]);
  const names = (packages: readonly { name: string }[]) => packages.map(({ name }) => name);
  expect(names(aws!.bundled)).toEqual(expect.arrayContaining(['@aws-sdk/client-s3', '@aws-sdk/client-sqs', 'lossless-json']));
  expect(names(azure!.bundled)).toEqual(expect.arrayContaining(['@azure/identity', '@azure/storage-blob']));
  expect(names(gcp!.bundled)).toContain('@google-cloud/bigquery-storage');
  expect([aws, azure, gcp].map((one) => one!.installed.length > 0)).toEqual([false, false, true]);
  expect(names(gcp!.installed)).toContain('@google-cloud/functions-framework');
  for (const { bytes, bundled } of [aws!, azure!, gcp!]) {
    const foreign = bundled.reduce((sum, found) => sum + found.bytes, 0);
    expect([foreign > 0.9 * bytes, foreign < bytes]).toEqual([true, true]);
  }
});

const one = (name: string, licence?: string) => ({ handler: 'h', bytes: 1, bundled: [], installed: [{ name, version: '1.0.0', licence }] });

test('a licence that is not on the list is found, and so is none at all', () => {
  expect(findLicences([one('a', 'MIT'), one('b', 'AGPL-3.0-only'), one('c')], [])).toEqual([
    [],
    [{ rule: 'licence', where: 'b 1.0.0', what: 'AGPL-3.0-only is not on the list' }],
    [{ rule: 'licence', where: 'c 1.0.0', what: 'its maker names no licence' }],
    [],
  ]);
});

test('an answer holds for one package and one licence, and is stale without them', () => {
  const [found, stale] = findLicences([one('spdx-exceptions', 'CC-BY-4.0')], ['spdx-exceptions CC-BY-3.0']);
  expect(found).toEqual([expect.objectContaining({ where: 'spdx-exceptions 1.0.0', reason: undefined })]);
  expect(stale).toEqual([expect.objectContaining({ rule: 'stale', where: 'spdx-exceptions CC-BY-3.0' })]);
});
