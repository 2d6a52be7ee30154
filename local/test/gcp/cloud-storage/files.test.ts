import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { synthesizeTerraform } from '../../../../bin/terraform';
import { corpus, type Sample, take } from '../../../corpus';
import { messagesIn } from '../../../gcp/pub-sub/avro';
import { temporaryFolder } from '../../folder';
import { changed, runOnce } from '../../support';
import { having } from '../edits';

const out = temporaryFolder();
const folder = path.join(out, 'stacks', 'gcp-pub-sub');
beforeAll(() => void synthesizeTerraform({ BLUEPRINT: 'pub-sub' }, out, ['gcp']));

/** What was synthesized, with a change. */
const edited = (edit: (resource: any) => void) => changed(folder, ({ resource }) => edit(resource));
const filing = (resource: any) => having(resource.google_pubsub_subscription, 'cloud_storage_config');
/** Only files: no function, and no table. */
const onlyFiles = (resource: any) => {
  for (const [id, one] of Object.entries<any>(resource.google_pubsub_subscription)) {
    if (one.push_config) delete resource.google_pubsub_subscription[id];
  }
  for (const type of Object.keys(resource)) if (/bigquery|cloudfunctions2|cloud_run|bucket_object/.test(type)) delete resource[type];
};
const filesIn = (data: string) => {
  const place = path.join(data, 'cloud-storage', 'local-project-local-archive');
  const names = readdirSync(place, { recursive: true, withFileTypes: true }).filter((one) => one.isFile());
  return names.map(({ parentPath, name }) => path.relative(place, path.join(parentPath, name)));
};
const contentsIn = (data: string) =>
  filesIn(data).map((name) => messagesIn(readFileSync(path.join(data, 'cloud-storage', 'local-project-local-archive', name))));
const event = (id: string, more: object = {}): Sample => ({
  kind: 'test',
  body: Buffer.from(JSON.stringify({ specversion: '1.0', id, source: '/s', type: 't', time: '2026-01-31T08:30:00Z', ...more })),
});

test('every event is in a row or in the dead letter of the function, and in a file as it was sent, whatever it is', async () => {
  const samples = [...take(corpus(), 160)];
  const { balance, data } = await runOnce({ cloud: 'gcp', folder, samples });
  expect(balance).toMatchObject({ sent: 160, accepted: 160, faults: [] });
  expect(balance.stored + Object.values(balance.deadLettered).reduce((sum, count) => sum + count, 0)).toBe(160);
  expect(balance.deadLettered).toMatchObject({ 'InvalidEvent: not UTF-8': 1 });
  const filed = contentsIn(data)
    .flat()
    .map((message) => message.data.toString('hex'));
  for (const { body } of samples) expect(filed).toContain(body.toString('hex'));
});

test('a file is named as Pub/Sub names it, and has the metadata of each message', async () => {
  const { data } = await runOnce({ cloud: 'gcp', folder, samples: [event('1', { partitionkey: 'press-7' })] });
  expect(filesIn(data)).toEqual([expect.stringMatching(/^raw\/\d{4}\/\d\d\/\d\d\/\d\d_\d\d_\d\dZ_[0-9a-f-]{36}\.avro$/)]);
  expect(contentsIn(data)).toEqual([
    [
      {
        subscription: 'projects/local-project/subscriptions/local-events-into-archive',
        messageId: expect.any(String),
        publishTime: expect.any(Date),
        attributes: { ordering_key: 'press-7' },
        data: event('1', { partitionkey: 'press-7' }).body,
      },
    ],
  ]);
});

test.each(['store-down', 'duplicate'] as const)('with the fault %s no reader loses an event', async (fault) => {
  const { balance } = await runOnce({ cloud: 'gcp', folder, fault, count: 40, pace: 1500 });
  expect(balance).toMatchObject({ accepted: 40, faults: [] });
});

describe('without a function', () => {
  test('every event is in a file, and none in the dead letter', async () => {
    const samples = [...take(corpus(), 100)];
    const { balance } = await runOnce({ cloud: 'gcp', folder: edited(onlyFiles), samples });
    expect(balance).toMatchObject({ accepted: 100, stored: 100, deadLettered: {}, faults: [] });
  });

  test.each(['burst', 'restart', 'slow-handler', 'poison', 'resplit'] as const)('with the fault %s nothing is lost', async (fault) => {
    // With ten tries, each of which waits for its file to be full or five minutes old, a bucket may be down for an hour.
    const { balance } = await runOnce({ cloud: 'gcp', folder: edited(onlyFiles), fault, count: 100, pace: 3000 });
    expect(balance).toMatchObject({ accepted: 100, stored: 100, deadLettered: {}, faults: [] });
  });

  test('files that cannot be written for all retries leave their events in the dead letter, with the reason', async () => {
    const few = edited((resource) => {
      onlyFiles(resource);
      filing(resource).dead_letter_policy.max_delivery_attempts = 5;
    });
    const { balance } = await runOnce({ cloud: 'gcp', folder: few, fault: 'burst', count: 20, pace: 6000 });
    expect(balance.faults).toEqual([]);
    expect(Object.keys(balance.deadLettered)).toEqual(['UNAVAILABLE: the bucket cannot be written']);
  });

  test.each(['roles/storage.objectCreator', 'roles/storage.legacyBucketReader'])(
    'without %s nothing is written, and the dead letter says so',
    async (role) => {
      const without = edited((resource) => {
        onlyFiles(resource);
        for (const [id, one] of Object.entries<any>(resource.google_storage_bucket_iam_member)) {
          if (one.role === role) delete resource.google_storage_bucket_iam_member[id];
        }
      });
      const { balance } = await runOnce({ cloud: 'gcp', folder: without, samples: [event('1')], pace: 10_000 });
      expect(Object.keys(balance.deadLettered)).toEqual([expect.stringMatching(`^PERMISSION_DENIED: .* needs ${role} on `)]);
    },
  );

  test('a file is closed at its size', async () => {
    const small = edited((resource) => {
      onlyFiles(resource);
      filing(resource).cloud_storage_config.max_bytes = 1000;
    });
    const samples = ['1', '2', '3', '4'].map((id) => event(id, { data: 'x'.repeat(600) }));
    const { balance, data } = await runOnce({ cloud: 'gcp', folder: small, samples });
    expect(balance).toMatchObject({ stored: 4, faults: [] });
    for (const messages of contentsIn(data)) expect(messages.length).toBeLessThanOrEqual(2);
  });

  test('a file of text has a line for each event', async () => {
    const text = edited((resource) => {
      onlyFiles(resource);
      delete filing(resource).cloud_storage_config.avro_config;
    });
    const { balance } = await runOnce({ cloud: 'gcp', folder: text, samples: ['1', '2', '3'].map((id) => event(id)) });
    expect(balance).toMatchObject({ stored: 3, faults: [] });
  });
});

test('a bucket of somebody else is not written', async () => {
  const other = edited((resource) => {
    filing(resource).cloud_storage_config.bucket = 'theirs';
  });
  await expect(runOnce({ cloud: 'gcp', folder: other, count: 1 })).rejects.toThrow(
    'cloud_storage_config.bucket: it must be a bucket of the template, got "theirs"',
  );
});
