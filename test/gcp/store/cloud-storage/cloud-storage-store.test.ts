import fc from 'fast-check';
import { PubSubBuffer } from '../../../../gcp/connect/pub-sub/pub-sub-buffer';
import type { Site } from '../../../../gcp/ports/site';
import { CloudStorageStore, type CloudStorageStoreProps } from '../../../../gcp/store/cloud-storage/cloud-storage-store';
import { documentedDefaults } from '../../../support/defaults';
import { expectSnapshot } from '../../../support/snapshot';
import { key, readable, Somebody, site, synthesize } from '../../stand-ins';

const DAY_SECONDS = 24 * 60 * 60;
const make = (props: Partial<CloudStorageStoreProps> = {}, context = {}) =>
  synthesize((stack) => new CloudStorageStore(stack, 'Store', { site, ...props }), context);

type Bind = (store: CloudStorageStore, somebody: Somebody) => unknown;
const bind = <Bound>(act: (store: CloudStorageStore, somebody: Somebody) => Bound, props: Partial<CloudStorageStoreProps> = {}) =>
  synthesize((stack) => act(new CloudStorageStore(stack, 'Store', { site, ...props }), new Somebody(stack, 'Somebody')));

const rulesOf = ({ one }: Pick<ReturnType<typeof make>, 'one'>): { action: { type: string }; condition: object }[] =>
  one('google_storage_bucket').lifecycle_rule;
const ruleOf = (synth: Pick<ReturnType<typeof make>, 'one'>, type: string) => rulesOf(synth).filter(({ action }) => action.type === type);

test('the snapshot', () => {
  expectSnapshot(
    'gcp/store/cloud-storage/cloud-storage-store.snapshot.yaml',
    'Nobody outside gets in; Terraform refuses to destroy the bucket; what was overwritten or deleted comes back for a week.',
    readable(make().json.resource),
  );
});

test('the snapshot of what may be done', () => {
  const { json } = bind((store, somebody) => {
    store.bindWriter(somebody, 'STORE');
    store.bindReader(somebody, 'STORE');
    store.bindFileWriter(somebody, 'STORE');
    store.bindDelivery(somebody);
  });
  expectSnapshot(
    'gcp/store/cloud-storage/cloud-storage-grants.snapshot.yaml',
    'Writers and readers reach what is below the prefix, and Spark also sees all names; who delivers adds objects anywhere, and reads and overwrites none.',
    readable(json.resource!.google_storage_bucket_iam_member),
  );
});

test('documents the defaults that it has', () => {
  const { built, one } = make();
  const bucket = one('google_storage_bucket');
  expect(documentedDefaults('gcp/store/cloud-storage/cloud-storage-store.ts', 'CloudStorageStoreProps')).toEqual({
    name: bucket.name.slice('acme-data-acme-'.length),
    prefix: built.prefix,
    undeleteWindowDays: String(bucket.soft_delete_policy.retention_duration_seconds / DAY_SECONDS),
    removal: bucket.lifecycle.prevent_destroy ? 'retain' : 'destroy',
  });
  expect(bucket.autoclass).toEqual({ enabled: true, terminal_storage_class: 'ARCHIVE' });
  expect(rulesOf(make()).map(({ condition }) => condition)).toEqual([{ age: 7 }, { days_since_noncurrent_time: 1 }]);
  expect(bucket.encryption).toBeUndefined();
});

test('takes every setting', () => {
  const synth = make(
    {
      name: 'raw',
      prefix: 'raw/events/',
      coldAfterDays: 30,
      retentionDays: 400,
      undeleteWindowDays: 90,
      encryptionKey: key,
      removal: 'destroy',
    },
    { destroyData: 'yes' },
  );
  expect(synth.one('google_storage_bucket')).toMatchObject({
    name: 'acme-data-acme-raw',
    autoclass: { enabled: false },
    soft_delete_policy: { retention_duration_seconds: 90 * DAY_SECONDS },
    encryption: { default_kms_key_name: key },
    force_destroy: true,
  });
  expect(ruleOf(synth, 'SetStorageClass')).toEqual([
    { action: { type: 'SetStorageClass', storage_class: 'COLDLINE' }, condition: { age: 30 } },
  ]);
  expect(ruleOf(synth, 'Delete').map(({ condition }) => condition)).toEqual([{ days_since_noncurrent_time: 1 }, { age: 400 }]);
  expect(synth.built.prefix).toBe('raw/events/');
  expect(JSON.stringify(synth.json)).not.toContain('prevent_destroy');
});

test('without both keys neither Terraform nor the provider deletes an object', () => {
  const { lifecycle, force_destroy } = make({}, { destroyData: 'yes' }).one('google_storage_bucket');
  expect([lifecycle, force_destroy]).toEqual([{ prevent_destroy: true }, false]);
});

test('the undelete window can be closed, and old versions still stay for a day', () => {
  const synth = make({ undeleteWindowDays: 0 });
  expect(synth.one('google_storage_bucket')).toMatchObject({
    versioning: { enabled: true },
    soft_delete_policy: { retention_duration_seconds: 0 },
  });
  expect(ruleOf(synth, 'Delete')).toEqual([{ action: { type: 'Delete' }, condition: { days_since_noncurrent_time: 1 } }]);
});

test('nobody is let in from outside, or to a single object', () =>
  expect(make().one('google_storage_bucket')).toMatchObject({ uniform_bucket_level_access: true, public_access_prevention: 'enforced' }));

test('uploads that were given up go after 7 days', () =>
  expect(ruleOf(make(), 'AbortIncompleteMultipartUpload').map(({ condition }) => condition)).toEqual([{ age: 7 }]));

test('the Storage agent may use the key, and has had two minutes to learn so, before the bucket is encrypted with it', () => {
  const { one, json } = make({ encryptionKey: key });
  const [grant] = Object.keys(json.resource!.google_kms_crypto_key_iam_member!);
  const [sleep] = Object.keys(json.resource!.time_sleep!);
  expect(one('google_kms_crypto_key_iam_member')).toMatchObject({
    crypto_key_id: key,
    role: 'roles/cloudkms.cryptoKeyEncrypterDecrypter',
    member: expect.stringContaining('data.google_storage_project_service_account'),
  });
  expect(one('time_sleep').depends_on).toEqual([`google_kms_crypto_key_iam_member.${grant}`]);
  expect(one('google_storage_bucket').depends_on).toEqual(['time_sleep.site', `time_sleep.${sleep}`]);
});

test('the right to the key stays where it is while an API is added', () => {
  const { one, json } = make({ encryptionKey: key });
  const agents: { depends_on: string[] }[] = Object.values(json.data.google_storage_project_service_account);
  expect(agents.map(({ depends_on }) => depends_on)).toEqual([['time_sleep.site']]);
  expect(one('google_kms_crypto_key_iam_member').lifecycle).toEqual({ ignore_changes: ['member'] });
});

test('uses a bucket that is there already, makes nothing in it, and waits for the site', () => {
  const { built, one, json } = bind((store, somebody) => store.bindWriter(somebody, 'STORE'), { bucketName: 'plants' });
  expect(Object.keys(json.resource!)).toEqual(['google_storage_bucket_iam_member']);
  expect(built.settings).toEqual({ STORE_BUCKET: 'plants', STORE_PREFIX: 'events/' });
  expect(one('google_storage_bucket_iam_member')).toMatchObject({ bucket: 'plants', depends_on: ['time_sleep.site'] });
});

test('objects are not immutable for more seconds than the provider takes', () => {
  const { retention_period: seconds } = make({ immutableDays: 24_855 }).one('google_storage_bucket').retention_policy;
  expect(seconds).toBeLessThanOrEqual(2 ** 31 - 1);
  expect(() => make({ immutableDays: 24_856 })).toThrow('immutableDays must be');
});

test('stands twice in one stack', () => {
  const { all } = synthesize((stack) => ['a', 'b'].map((name) => new CloudStorageStore(stack, name, { site, name })));
  expect(all('google_storage_bucket').map(({ name }) => name)).toEqual(['acme-data-acme-a', 'acme-data-acme-b']);
});

test('the longest names make a name that a bucket takes', () => {
  const longest: Site = { ...site, project: 'p'.repeat(30), prefix: 'a'.repeat(11) };
  expect(make({ site: longest, name: 'n'.repeat(20) }).one('google_storage_bucket').name).toMatch(/^[a-z0-9](-*[a-z0-9]){0,62}$/);
});

describe('a writer', () => {
  test('may add objects below the prefix; it can neither read, overwrite nor delete them', () => {
    const { built, one } = bind((store, somebody) => store.bindWriter(somebody, 'EVENTS'), { bucketName: 'plants', prefix: 'raw/press/' });
    expect([Object.keys(built.settings), built.waitFor.length]).toEqual([['EVENTS_BUCKET', 'EVENTS_PREFIX'], 1]);
    expect(one('google_storage_bucket_iam_member')).toMatchObject({
      role: 'roles/storage.objectCreator',
      member: 'serviceAccount:somebody@acme-data.iam.gserviceaccount.com',
      condition: { expression: 'resource.name.startsWith("projects/_/buckets/plants/objects/raw/press/")' },
    });
  });
});

describe('a reader', () => {
  test('may read and list what is below the prefix, and nothing else', () => {
    const { built, one } = bind((store, somebody) => store.bindReader(somebody, 'EVENTS'), { bucketName: 'plants' });
    expect([Object.keys(built.settings), built.waitFor.length]).toEqual([['EVENTS_BUCKET', 'EVENTS_PREFIX'], 1]);
    expect(one('google_storage_bucket_iam_member')).toMatchObject({
      role: 'roles/storage.objectViewer',
      condition: {
        expression:
          'resource.name.startsWith("projects/_/buckets/plants/objects/events/") || api.getAttribute("storage.googleapis.com/objectListPrefix", "").startsWith("events/")',
      },
    });
  });

  test('of what Pub/Sub delivered has a store of its own over the same bucket', () => {
    const { built } = synthesize((stack) => {
      const { bucketName } = new CloudStorageStore(stack, 'Store', { site });
      const raw = new CloudStorageStore(stack, 'Raw', { site, bucketName, prefix: 'raw/' });
      return raw.bindReader(new Somebody(stack, 'Spark'), 'RAW');
    });
    expect(built.settings).toMatchObject({ RAW_PREFIX: 'raw/' });
  });
});

describe('an engine that treats the bucket as a file system', () => {
  const isFile = [
    'resource.type == "storage.googleapis.com/Bucket"',
    'resource.name.startsWith("projects/_/buckets/plants/objects/raw/events/")',
    'resource.name == "projects/_/buckets/plants/objects/raw"',
    'resource.name == "projects/_/buckets/plants/objects/raw/events"',
  ].join(' || ');

  test.each<[string, string, Bind]>([
    ['reads files', 'roles/storage.objectViewer', (store, somebody) => store.bindFileReader(somebody, 'FILES')],
    ['replaces files', 'roles/storage.objectUser', (store, somebody) => store.bindFileWriter(somebody, 'FILES')],
  ])('%s below the prefix, sees all names, and asks for the folders above as objects', (_, role, grants) => {
    const { built, one } = bind(grants, { bucketName: 'plants', prefix: 'raw/events/' });
    expect(built).toMatchObject({ settings: { FILES_BUCKET: 'plants', FILES_PREFIX: 'raw/events/' } });
    expect(one('google_storage_bucket_iam_member')).toMatchObject({ role, condition: { expression: isFile } });
  });
});

test('an engine gets no condition with more operators than IAM takes', () => {
  const nested = (folders: number): Partial<CloudStorageStoreProps> => ({ bucketName: 'plants', prefix: 'a/'.repeat(folders) });
  const grants: Bind = (store, somebody) => store.bindFileWriter(somebody, 'FILES');
  const { condition } = bind(grants, nested(11)).one('google_storage_bucket_iam_member');
  expect(condition.expression.match(/[|]{2}/g)).toHaveLength(12);
  expect(() => bind(grants, nested(12))).toThrow('prefix must have at most 11 folders for an engine that reads or writes files');
});

test('whatever folders a prefix has, no condition can be led out of its quotes', () => {
  const part = fc.string({ unit: fc.constantFrom(...'aZ9!_-*.()\'"\\$%\n'), minLength: 1, maxLength: 4 });
  fc.assert(
    fc.property(fc.array(part, { minLength: 1, maxLength: 3 }), (parts) => {
      const prefix = `${parts.join('/')}/`;
      const grants: Bind = (store, somebody) => store.bindReader(somebody, 'EVENTS');
      let made: ReturnType<typeof bind>;
      try {
        made = bind(grants, { bucketName: 'plants', prefix });
      } catch (error) {
        return expect((error as Error).message).toContain('prefix must be folders that end in a slash');
      }
      const { expression } = made.one('google_storage_bucket_iam_member').condition;
      expect(expression.match(/"/g)).toHaveLength(8);
      expect(expression).not.toMatch(/[\\\n$%{}]/);
    }),
    { numRuns: 60 },
  );
});

describe('a delivery', () => {
  const deliver = (props: Partial<CloudStorageStoreProps> = {}) =>
    synthesize((stack) => {
      const store = new CloudStorageStore(stack, 'Store', { site, ...props });
      new PubSubBuffer(stack, 'Buffer', { site }).deliverInto(store, 'archive');
      return store;
    });
  const configOf = ({ all }: ReturnType<typeof deliver>) =>
    all('google_pubsub_subscription').find(({ cloud_storage_config }) => cloud_storage_config).cloud_storage_config;

  test('lies apart from what a handler writes, so that a reader of the one does not see the other', () => {
    const synth = deliver();
    expect(configOf(synth).filename_prefix).toBe('raw/');
    expect(synth.built.prefix.startsWith('raw/')).toBe(false);
  });

  test('keeps any payload, with the id, the time and the attributes of its message', () =>
    expect(configOf(deliver())).toMatchObject({ avro_config: { write_metadata: true }, filename_suffix: '.avro' }));

  test('takes other files: text is what Pub/Sub writes without a format, and a file may be smaller or older', () => {
    const config = configOf(deliver({ rawFiles: { format: 'text', maxSeconds: 600, maxMiB: 1 } }));
    expect(config).toMatchObject({ filename_suffix: '.jsonl', max_duration: '600s', max_bytes: 1024 ** 2 });
    expect(config.avro_config).toBeUndefined();
  });

  test('documents the defaults of its files', () =>
    expect(documentedDefaults('gcp/store/cloud-storage/raw-files.ts', 'RawFiles')).toEqual({
      format: 'avro',
      maxSeconds: String(Number.parseInt(configOf(deliver()).max_duration, 10)),
      maxMiB: String(configOf(deliver()).max_bytes / 1024 ** 2),
    }));

  test('closes a file after 5 minutes or at 100 MiB, before Pub/Sub delivers its events again', () => {
    const synth = deliver();
    const { ack_deadline_seconds } = synth.all('google_pubsub_subscription').find(({ cloud_storage_config }) => cloud_storage_config);
    expect(configOf(synth)).toMatchObject({ max_duration: '300s', max_bytes: 104_857_600 });
    expect(ack_deadline_seconds).toBeGreaterThanOrEqual(300);
  });

  test('may add objects and look the bucket up, and starts after both rights', () => {
    const { all, one } = deliver({ bucketName: 'plants' });
    expect(all('google_storage_bucket_iam_member').map(({ role, bucket, condition }) => [role, bucket, condition])).toEqual([
      ['roles/storage.legacyBucketReader', 'plants', undefined],
      ['roles/storage.objectCreator', 'plants', undefined],
    ]);
    const awaited = one('time_sleep').depends_on.filter((address: string) => address.startsWith('google_storage_bucket_iam_member.'));
    expect(awaited).toHaveLength(2);
  });

  test.each(['raw/', 'raw/events/'])('refuses to mix with what a handler writes below %s', (prefix) =>
    expect(() => deliver({ prefix })).toThrow(
      new Error(
        `test/Store: prefix must not start with raw/, the folder of deliveries, got "${prefix}". Take another prefix, or deliver into another store.`,
      ),
    ),
  );
});

describe('new objects', () => {
  const deliver = (props: Partial<CloudStorageStoreProps> = {}, times = 1) =>
    synthesize((stack) => {
      const store = new CloudStorageStore(stack, 'Store', { site, ...props });
      const buffer = new PubSubBuffer(stack, 'Buffer', { site, name: 'created' });
      for (let time = 0; time < times; time++) store.deliverCreated(buffer);
      return store;
    });

  test('below the prefix are told to the buffer, once Cloud Storage may publish there', () => {
    const { one, json } = deliver();
    const [pause] = Object.keys(json.resource!.time_sleep!);
    expect(one('google_storage_notification')).toMatchObject({
      bucket: '${google_storage_bucket.events.id}',
      topic: '${google_pubsub_topic.created.id}',
      event_types: ['OBJECT_FINALIZE'],
      object_name_prefix: 'events/',
      payload_format: 'JSON_API_V1',
      depends_on: [`time_sleep.${pause}`],
    });
    expect(one('time_sleep').depends_on).toEqual(['google_pubsub_topic_iam_member.created_eventOfObject_acme_data']);
    expect(Object.keys(json.resource!.google_storage_notification!)).toEqual(['events_events_']);
  });

  test('of a bucket that is there already are told too', () => {
    expect(deliver({ bucketName: 'plants' }).one('google_storage_notification').bucket).toBe('plants');
  });

  test('of two stores are turned into events by one transform of their topic', () => {
    const { all } = synthesize((stack) => {
      const buffer = new PubSubBuffer(stack, 'Buffer', { site, name: 'created' });
      for (const name of ['a', 'b']) new CloudStorageStore(stack, name, { site, name }).deliverCreated(buffer);
    });
    const [topic] = all('google_pubsub_topic').filter((one) => one.message_transforms);
    expect(topic.message_transforms).toHaveLength(1);
    expect(all('google_storage_notification')).toHaveLength(2);
  });

  test('of two stores are published with one grant, whose address no store has: of two equal grants, one takes the other away', () => {
    const grantsOf = (...names: readonly string[]) => {
      const { all, json } = synthesize((stack) => {
        const buffer = new PubSubBuffer(stack, 'Buffer', { site, name: 'created' });
        for (const name of names) new CloudStorageStore(stack, name, { site, name }).deliverCreated(buffer);
      });
      const waits = all('google_storage_notification').map(({ depends_on }) => depends_on);
      const ids = Object.keys(json.resource!.google_pubsub_topic_iam_member!).filter((id) => !id.includes('dead_letter'));
      return { ids, waits };
    };
    const { ids, waits } = grantsOf('a', 'b');
    expect(ids).toEqual(['created_eventOfObject_acme_data']);
    expect(waits[0]).toEqual(waits[1]);
    expect(grantsOf('b').ids).toEqual(ids);
  });

  test('of stores in two projects are published by two service agents', () => {
    const { all } = synthesize((stack) => {
      const buffer = new PubSubBuffer(stack, 'Buffer', { site, name: 'created' });
      for (const project of ['acme-data', 'other-data'])
        new CloudStorageStore(stack, project, { site: { ...site, project }, name: project.replace('-', '') }).deliverCreated(buffer);
    });
    expect(all('google_pubsub_topic_iam_member').filter(({ member }) => member.includes('storage_project_service_account'))).toHaveLength(
      2,
    );
  });

  test('are not delivered twice', () =>
    expect(() => deliver({}, 2)).toThrow(
      new Error(
        'test/Store: deliverCreated must be called once, got a second call. A buffer has several readers, and each gets every event.',
      ),
    ));

  test('are not delivered to a topic that is there already, whose transforms they would replace', () =>
    expect(() =>
      synthesize((stack) => {
        const buffer = new PubSubBuffer(stack, 'Buffer', { site, topicId: 'projects/acme-data/topics/orders' });
        new CloudStorageStore(stack, 'Store', { site }).deliverCreated(buffer);
      }),
    ).toThrow(
      new Error(
        'test/Store/Created: a buffer of notifications must create its topic, got test/Buffer with topicId projects/acme-data/topics/orders. Leave topicId out: the topic must turn notifications into events.',
      ),
    ));
});

test('an object that nobody may delete for a while has no versions, and an administrator can still shorten the time', () => {
  const bucket = make({ immutableDays: 30, retentionDays: 30 }).one('google_storage_bucket');
  expect(bucket).toMatchObject({
    retention_policy: { retention_period: 30 * DAY_SECONDS, is_locked: false },
    versioning: { enabled: false },
  });
});

describe('refuses', () => {
  const name = (got: string) =>
    `test/Store: name must be 1 to 20 lower-case letters and digits, got "${got}". The name of a bucket has no room for more.`;
  const folders = (got: string) =>
    `test/Store: prefix must be folders that end in a slash, got "${got}". Write it like events/ or raw/events/.`;
  const undelete = (got: number) => `test/Store: undeleteWindowDays must be 7 to 90 days, got ${got}. Or set 0 to disable soft delete.`;
  const bucketName = (got: string) =>
    `test/Store: bucketName must be the name of a bucket, got "${got}". Write it without gs://, like plants-archive.`;

  test.each<[string, Partial<CloudStorageStoreProps>, string]>([
    ['a name with a hyphen', { name: 'func-source' }, name('func-source')],
    ['a long name', { name: 'n'.repeat(21) }, name('n'.repeat(21))],
    ['a prefix without its slash', { prefix: 'events' }, folders('events')],
    ['a prefix that starts with a slash', { prefix: '/events/' }, folders('/events/')],
    ['no prefix', { prefix: '' }, folders('')],
    ['a quote in the prefix', { prefix: 'a"/' }, folders('a\\"/')],
    ['a move at once', { coldAfterDays: 0 }, 'test/Store: coldAfterDays must be 1 to 36500 days, got 0. Leave it out to use Autoclass.'],
    [
      'no retention at all',
      { retentionDays: 0 },
      'test/Store: retentionDays must be 1 to 36500 days, got 0. Leave it out to keep objects forever.',
    ],
    ['a short undelete window', { undeleteWindowDays: 6 }, undelete(6)],
    ['a long undelete window', { undeleteWindowDays: 91 }, undelete(91)],
    [
      'a key that is none',
      { encryptionKey: 'key' },
      'test/Store: encryptionKey must be the id of a key, got "key". See gcloud kms keys list.',
    ],
    ['a bucket by its address', { bucketName: 'gs://plants' }, bucketName('gs://plants')],
    ['a bucket that cannot be', { bucketName: 'Plants' }, bucketName('Plants')],
    [
      'settings for a bucket that is there',
      { bucketName: 'plants', name: 'raw', coldAfterDays: 30, retentionDays: 30, undeleteWindowDays: 7, encryptionKey: key },
      'test/Store: bucketName keeps its own settings, got name and coldAfterDays and retentionDays and undeleteWindowDays and encryptionKey beside it. Leave name and coldAfterDays and retentionDays and undeleteWindowDays and encryptionKey out.',
    ],
    [
      'one key to destroy',
      { removal: 'destroy' },
      `test/Store: removal 'destroy' needs the context destroyData to be "yes", got nothing. Set DESTROY_DATA=yes in the environment of this command, or leave removal out to keep the data.`,
    ],
    [
      'no time in which an object is immutable',
      { immutableDays: 0 },
      'test/Store: immutableDays must be 1 to 24855 days, got 0. Leave it out to restore objects instead.',
    ],
    [
      'a deletion of objects that nobody may delete',
      { immutableDays: 30, retentionDays: 29 },
      'test/Store: retentionDays must not be below immutableDays, which is 30, got 29. No object can be deleted before.',
    ],
    [
      'files that Pub/Sub does not write',
      { rawFiles: { format: 'parquet' as never } },
      'test/Store: rawFiles.format must be avro or text, got "parquet". Pub/Sub writes no other format.',
    ],
    [
      'files that are closed too early',
      { rawFiles: { maxSeconds: 59 } },
      'test/Store: rawFiles.maxSeconds must be 60 to 600 seconds, got 59. It is the limit of Pub/Sub.',
    ],
    [
      'files that are too large',
      { rawFiles: { maxMiB: 10_241 } },
      'test/Store: rawFiles.maxMiB must be 1 to 10240 MiB, got 10241. It is the limit of Pub/Sub.',
    ],
    [
      'files that are a text',
      { rawFiles: 'text' as never },
      `test/Store: rawFiles must be an object, got "text". Write it like { format: 'text' }.`,
    ],
  ])('%s', (_, props, message) => expect(() => make(props)).toThrow(new Error(message)));
});
