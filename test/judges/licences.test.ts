import { readdirSync } from 'node:fs';
import path from 'node:path';
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
  const all = shipped();
  const names = (packages: readonly { name: string }[]) => packages.map(({ name }) => name);
  const ofHandler = new Map(all.map((one) => [one.handler, { bundled: names(one.bundled), installed: names(one.installed) }]));
  expect([...ofHandler.keys()]).toEqual(handlersOf('aws', 'azure', 'gcp'));
  const holds = (handler: string, ...packages: string[]) =>
    expect(ofHandler.get(handler)?.bundled).toEqual(expect.arrayContaining(packages));
  holds('aws/handlers/kinesis-to-s3', '@aws-sdk/client-s3', '@aws-sdk/client-sqs', 'lossless-json');
  holds('aws/handlers/sqs-to-aurora', '@aws-sdk/client-rds-data', 'lossless-json');
  holds('azure/handlers/event-hubs-to-blob', '@azure/identity', '@azure/storage-blob');
  holds('gcp/handlers/pub-sub-to-bigquery', '@google-cloud/bigquery-storage');
  for (const [handler, { installed }] of ofHandler) {
    const isCalled = /^gcp\/handlers\/pub-sub-(?!pull-)/.test(handler);
    expect([handler, installed.includes('@google-cloud/functions-framework')]).toEqual([handler, isCalled]);
  }
  // What is neither ours nor of a package is what the bundler adds around it.
  for (const { handler, bytes, own, bundled } of all) {
    const foreign = bundled.reduce((sum, found) => sum + found.bytes, 0);
    const rest = bytes - own - foreign;
    expect([handler, own > 0, foreign > own, rest >= 0, rest < 0.02 * bytes]).toEqual([handler, true, true, true, true]);
  }
});

const handlersOf = (...clouds: string[]) =>
  clouds.flatMap((cloud) => {
    const handlers = readdirSync(path.join(__dirname, '../..', cloud, 'handlers'));
    return handlers.sort().map((name) => `${cloud}/handlers/${name}`);
  });

const one = (name: string, licence?: string) => ({
  handler: 'h',
  bytes: 1,
  own: 1,
  bundled: [],
  installed: [{ name, version: '1.0.0', licence }],
});

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
