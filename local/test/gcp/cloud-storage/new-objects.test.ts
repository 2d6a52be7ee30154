import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { localRunOf } from '../../../../bin/list';
import { synthesizeTerraform } from '../../../../bin/terraform';
import { blueprintsNamed } from '../../../../shared/synth/blueprints';
import { corpus, type Sample, take } from '../../../corpus';
import { PART } from '../../../gcp/cloud-storage/part';
import { Site } from '../../../gcp/site';
import { openTerraform } from '../../../template/open-terraform';
import { temporaryFolder } from '../../folder';
import { changed, runOnce } from '../../support';
import { idle } from '../edits';

const out = temporaryFolder();
const folder = path.join(out, 'stacks', 'gcp-cloud-storage');
beforeAll(() => void synthesizeTerraform({ BLUEPRINT: 'cloud-storage' }, out, ['gcp']));

/** What was synthesized, with a change. */
const edited = (edit: (resource: any) => void) => changed(folder, ({ resource }) => edit(resource));
const notification = (resource: any): any => Object.values(resource.google_storage_notification)[0];
/** The events in the log of objects. */
const logged = (data: string): any[] => {
  const place = path.join(data, 'cloud-storage', 'local-project-local-log');
  const files = readdirSync(place, { recursive: true, withFileTypes: true }).filter((one) => one.isFile());
  const lines = files.flatMap(({ parentPath, name }) =>
    gunzipSync(readFileSync(path.join(parentPath, name)))
      .toString()
      .split('\n'),
  );
  return lines.filter(Boolean).map((line) => JSON.parse(line));
};
const event = (id: string): Sample => ({
  kind: 'test',
  body: Buffer.from(JSON.stringify({ specversion: '1.0', id, source: '/s', type: 't', time: '2026-01-31T08:30:00Z' })),
});

test.each(['cloud-storage', 'cloud-storage-best-practices'])('%s is listed as one that runs', (name) => {
  expect(blueprintsNamed(name, ['gcp']).map((one) => localRunOf(one))).toEqual(['runs']);
});

test('each new object below the prefix is an event, and a function stores it elsewhere', async () => {
  const { balance, data, messages } = await runOnce({ cloud: 'gcp', folder, samples: [event('1'), event('2')] });
  expect(balance).toMatchObject({ sent: 4, made: 2, accepted: 4, stored: 4, deadLettered: {}, faults: [] });
  const subjects = logged(data).map(({ subject }) => subject);
  expect(subjects).toEqual([expect.stringMatching(/^objects\/events\/.+[.]gz$/), expect.stringMatching(/^objects\/events\/.+[.]gz$/)]);
  const [first] = logged(data);
  expect(first).toMatchObject({
    id: `${first.data.name}#${first.data.generation}`,
    source: '//storage.googleapis.com/projects/_/buckets/local-project-local-events',
    type: 'google.cloud.storage.object.v1.finalized',
    data: { kind: 'storage#object', bucket: 'local-project-local-events', size: expect.stringMatching(/^\d+$/) },
  });
  const ways = messages.flatMap((one) => (one.kind === 'way' && one.event === 'new object' ? [one.way] : []));
  expect(ways).toHaveLength(2);
  for (const way of ways) expect(way[1]).toBe('1 event of local-created-to-index');
});

test('an object that is called like a folder above is a file in the folder of the run', async () => {
  const site = new Site(await openTerraform('gcp', folder, { project_id: 'local-project', prefix: 'local' }), folder);
  const data = temporaryFolder();
  const ends: (() => unknown)[] = [];
  const { brought } = await PART.open(site, { ...idle(data), keep: (end) => ends.push(end) });
  const upload = `${site.clients.STORAGE_EMULATOR_HOST}/upload/storage/v1/b/local-project-local-events/o?uploadType=media&name=..%2F..%2F..%2Fout`;
  expect((await fetch(upload, { method: 'POST', body: '{"id":"1"}' })).status).toBe(200);
  const rows = [];
  for await (const { place } of brought!.store!.rows()) rows.push(place);
  for (const end of ends) await end();
  expect(rows).toEqual(['local-project-local-events/../../../out']);
  expect(readFileSync(path.join(data, 'cloud-storage/local-project-local-events/..%/..%/..%/out'), 'utf8')).toBe('{"id":"1"}');
});

test.each(['restart', 'duplicate', 'store-down'] as const)('with the fault %s, no object and no event of one is lost', async (fault) => {
  const { balance } = await runOnce({ cloud: 'gcp', folder, fault, samples: [...take(corpus(), 25)], pace: 1500 });
  expect(balance).toMatchObject({ sent: 25 + balance.made, faults: [] });
  expect(balance.made).toBeGreaterThan(15);
});

test('objects of another prefix and events of another type are not told', async () => {
  for (const edit of [{ object_name_prefix: 'other/' }, { event_types: ['OBJECT_DELETE'] }]) {
    const quiet = edited((resource) => void Object.assign(notification(resource), edit));
    const { balance } = await runOnce({ cloud: 'gcp', folder: quiet, samples: [event('1')] });
    expect(balance).toMatchObject({ sent: 1, made: 0, stored: 1, faults: [] });
  }
});

test('without the transform, a notification is no event: it is in the dead letter of its own buffer', async () => {
  const bare = edited((resource) => {
    for (const topic of Object.values<any>(resource.google_pubsub_topic)) delete topic.message_transforms;
    notification(resource).custom_attributes = { plant: 'A' };
  });
  const { balance, data } = await runOnce({ cloud: 'gcp', folder: bare, samples: [event('1')] });
  expect(balance).toMatchObject({ made: 1, stored: 1, faults: [] });
  expect(Object.keys(balance.deadLettered)).toEqual(["InvalidEvent: event must have required property 'specversion'"]);
  const letters = readdirSync(path.join(data, 'dead-letter')).filter((name) => name.endsWith('.json'));
  const [letter] = letters.map((name) => JSON.parse(readFileSync(path.join(data, 'dead-letter', name), 'utf8')));
  expect(letter.attributes).toMatchObject({
    deadLetterSubscription: 'projects/local-project/subscriptions/local-created-to-index',
  });
});

test('a notification that the transform refuses ends the run', async () => {
  const failing = edited((resource) => {
    const topic = Object.values<any>(resource.google_pubsub_topic).find((one) => one.message_transforms);
    topic.message_transforms[0].javascript_udf.code = "function eventOfObject() { throw new Error('no size'); }";
  });
  await expect(runOnce({ cloud: 'gcp', folder: failing, samples: [event('1')] })).rejects.toThrow(
    /^The notification of local-project-local-events\/events\/.* is refused: A message transform of the topic failed: eventOfObject: Error: no size\. Cloud Storage retries it for 7 days, and then drops it\.$/,
  );
});

test.each<[string, (resource: any) => void, string]>([
  [
    'Cloud Storage may not publish',
    ({ google_pubsub_topic_iam_member: grants }) => {
      for (const grant of Object.values<any>(grants)) {
        if (/google_storage_project_service_account/.test(grant.member)) grant.role = 'roles/pubsub.viewer';
      }
    },
    'the Cloud Storage service agent needs roles/pubsub.publisher on projects/local-project/topics/local-created',
  ],
  [
    'the topic is of somebody else',
    (resource) => {
      resource.google_storage_notification.other = { ...notification(resource), topic: 'projects/p/topics/theirs' };
    },
    'topic: it must be a topic of the template, got "projects/p/topics/theirs"',
  ],
  [
    'the topic has a transform that is not JavaScript',
    (resource) => {
      const topic = Object.values<any>(resource.google_pubsub_topic).find((one) => one.message_transforms);
      topic.message_transforms = [{ ai_inference: { endpoint: 'x' } }];
    },
    'message_transforms: only javascript_udf is emulated here, got ai_inference.',
  ],
])('if %s, nothing is started', async (_, edit, why) => {
  await expect(runOnce({ cloud: 'gcp', folder: edited(edit), samples: [event('1')] })).rejects.toThrow(why);
});

test('an inventory in BigQuery has a row for each object of a bucket, and the archive of audit logs has no effect', async () => {
  const place = temporaryFolder();
  synthesizeTerraform({ BLUEPRINT: 'cloud-storage-best-practices' }, place, ['gcp']);
  const stack = path.join(place, 'stacks', 'gcp-cloud-storage-best-practices');
  const { balance, messages } = await runOnce({ cloud: 'gcp', folder: stack, samples: [...take(corpus(), 40)] });
  expect(balance).toMatchObject({ sent: 40 + balance.made, faults: [] });
  expect(balance.stored).toBe(2 * balance.made);
  const [coverage] = messages.flatMap((one) => (one.kind === 'coverage' ? [one.coverage] : []));
  const sinks = coverage!.filter(({ type }) => type === 'google_logging_project_sink');
  expect([...new Set(sinks.map(({ treatment }) => treatment))]).toEqual(['no effect here']);
});

test('log entries that are events do not run here', async () => {
  const place = temporaryFolder();
  synthesizeTerraform({ BLUEPRINT: 'large-scale-ingestion' }, place, ['gcp']);
  const running = runOnce({ cloud: 'gcp', folder: path.join(place, 'stacks', 'gcp-large-scale-ingestion'), count: 1 });
  await expect(running).rejects.toThrow('google_logging_project_sink: Google has no emulator of it.');
});
