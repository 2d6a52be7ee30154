import { FirestoreStore, type FirestoreStoreProps } from '../../../../gcp/store/firestore/firestore-store';
import { documentedDefaults } from '../../../support/defaults';
import { expectSnapshot } from '../../../support/snapshot';
import { key, onCall, readable, Somebody, site, synthesize } from '../../stand-ins';

const make = (props: Partial<FirestoreStoreProps> = {}, context = {}) =>
  synthesize((stack) => new FirestoreStore(stack, 'Store', { site, ...props }), context);
const bind = (act: 'bindWriter' | 'bindReader', props: Partial<FirestoreStoreProps> = {}) =>
  synthesize((stack) => new FirestoreStore(stack, 'Store', { site, ...props })[act](new Somebody(stack, 'Somebody'), 'STORE'));
const fieldsOf = ({ all }: Pick<ReturnType<typeof make>, 'all'>): Record<string, any> =>
  Object.fromEntries(all('google_firestore_field').map((one) => [one.field, one]));

test('the snapshot', () => {
  expectSnapshot(
    'gcp/store/firestore/firestore-store.snapshot.yaml',
    'Google and Terraform refuse to delete the database; it is backed up each day; a row is found by its source, and nothing else is indexed.',
    readable(make({ notify: [onCall] }).json.resource),
  );
});

test('documents the defaults that it has', () => {
  const { one, built } = make();
  const database = one('google_firestore_database');
  const { settings } = bind('bindReader').built;
  expect(documentedDefaults('gcp/store/firestore/firestore-store.ts', 'FirestoreStoreProps')).toEqual({
    name: database.name.slice('acme-'.length),
    mode: database.type === 'FIRESTORE_NATIVE' ? 'native' : 'datastore',
    collection: settings.STORE_COLLECTION,
    lookUpBy: settings.STORE_LOOK_UP_BY,
    pointInTimeRecovery: String(database.point_in_time_recovery_enablement.endsWith('_ENABLED')),
    backupRetentionDays: String(Number.parseInt(one('google_firestore_backup_schedule').retention, 10) / 86_400),
    removal: database.lifecycle.prevent_destroy ? 'retain' : 'destroy',
  });
  expect(database.location_id).toBe(site.region);
  expect(database.cmek_config).toBeUndefined();
  expect(fieldsOf(make())).not.toHaveProperty('expiresAt');
  expect(built.databaseId).toEqual(expect.stringContaining('TfToken'));
});

test('takes every setting', () => {
  const synth = make(
    {
      ...{ name: 'presses', mode: 'native', collection: 'rows', lookUpBy: 'subject', retentionDays: 30, location: 'eur3' },
      ...{ pointInTimeRecovery: false, backupRetentionDays: 98, encryptionKey: key, notify: [onCall], removal: 'destroy' },
    },
    { destroyData: 'yes' },
  );
  expect(synth.one('google_firestore_database')).toMatchObject({
    name: 'acme-presses',
    location_id: 'eur3',
    point_in_time_recovery_enablement: 'POINT_IN_TIME_RECOVERY_DISABLED',
    delete_protection_state: 'DELETE_PROTECTION_DISABLED',
    deletion_policy: 'DELETE',
    cmek_config: { kms_key_name: key },
  });
  expect(synth.one('google_firestore_backup_schedule').retention).toBe('8467200s');
  expect(fieldsOf(synth).expiresAt).toMatchObject({ collection: 'rows', ttl_config: {}, index_config: {} });
  expect(synth.one('google_firestore_index')).toMatchObject({
    collection: 'rows',
    fields: [
      { field_path: 'subject', order: 'ASCENDING' },
      { field_path: 'eventTime', order: 'DESCENDING' },
    ],
  });
  expect(JSON.stringify(synth.json)).not.toContain('prevent_destroy');
});

test('without both keys neither Terraform nor Google deletes the database', () => {
  expect(make({}, { destroyData: 'yes' }).one('google_firestore_database')).toMatchObject({
    lifecycle: { prevent_destroy: true },
    delete_protection_state: 'DELETE_PROTECTION_ENABLED',
  });
});

test('in Datastore mode the writer says what is indexed, so that only the time at which a row expires is declared', () => {
  const synth = make({ mode: 'datastore', retentionDays: 7 });
  expect(synth.one('google_firestore_database').type).toBe('DATASTORE_MODE');
  expect(synth.all('google_firestore_index')).toEqual([]);
  expect(Object.keys(fieldsOf(synth))).toEqual(['expiresAt']);
  expect(fieldsOf(synth).expiresAt.index_config).toBeUndefined();
});

test('in native mode no field is indexed by itself, since one that always grows would limit the writes', () => {
  const { '*': all, source } = fieldsOf(make());
  expect(all.index_config).toEqual({});
  expect(source.index_config.indexes).toEqual([{ order: 'ASCENDING', query_scope: 'COLLECTION' }]);
});

test('the Firestore agent may use the key, and has had two minutes to learn so, before the database is encrypted with it', () => {
  const { one, json } = make({ encryptionKey: key });
  const [pause] = Object.keys(json.resource!.time_sleep!);
  expect(one('google_kms_crypto_key_iam_member')).toMatchObject({
    crypto_key_id: key,
    role: 'roles/cloudkms.cryptoKeyEncrypterDecrypter',
    member: site.agentOf('firestore'),
  });
  expect(one('google_firestore_database').depends_on).toEqual(['time_sleep.site', `time_sleep.${pause}`]);
});

test('uses a database that is there already, and leaves its recovery and its backups alone', () => {
  const { built, json } = bind('bindReader', { databaseId: '(default)', collection: 'presses' });
  expect(json.resource).not.toHaveProperty('google_firestore_database');
  expect(json.resource).not.toHaveProperty('google_firestore_backup_schedule');
  expect(built.settings).toMatchObject({ STORE_DATABASE: '(default)', STORE_COLLECTION: 'presses' });
});

test('a construct that is moved has the same addresses: Firestore has one schedule and one index of each kind', () => {
  const addresses = (id: string) => {
    const { resource } = synthesize((stack) => new FirestoreStore(stack, id, { site, retentionDays: 7 })).json;
    const { google_monitoring_alert_policy: _, ...kept } = resource!;
    return Object.entries(kept).flatMap(([type, named]) => Object.keys(named as object).map((name) => `${type}.${name}`));
  };
  expect(addresses('Here')).toEqual(addresses('There'));
  expect(addresses('Here')).toContain('google_firestore_database.events');
});

describe('may do', () => {
  const only =
    'resource.name == "projects/acme-data/databases/${google_firestore_database.events.name}" || resource.name.startsWith("projects/acme-data/databases/${google_firestore_database.events.name}/")';

  test.each([
    ['bindWriter', 'roles/datastore.user'],
    ['bindReader', 'roles/datastore.viewer'],
  ] as const)('what %s says in this database, and in none whose id only starts like it', (act, role) => {
    const { built, one } = bind(act);
    expect(built.waitFor).toHaveLength(1);
    expect(one('google_project_iam_member')).toMatchObject({
      role,
      member: 'serviceAccount:somebody@acme-data.iam.gserviceaccount.com',
      condition: { title: 'database', expression: only },
    });
  });

  test('it once, also to two collections of a database, because Google would take away both of two equal grants', () => {
    const { built, all } = synthesize((stack) => {
      const store = new FirestoreStore(stack, 'Store', { site });
      const other = new FirestoreStore(stack, 'Other', { site, databaseId: store.databaseId, collection: 'others' });
      const third = new FirestoreStore(stack, 'Third', { site, name: 'third' });
      const somebody = new Somebody(stack, 'Somebody');
      return [...[store, other, third].map((one, index) => one.bindWriter(somebody, `STORE${index}`)), other.bindReader(somebody, 'OTHER')];
    });
    const roles = all('google_project_iam_member').map(({ role }) => role);
    expect(roles.sort()).toEqual(['roles/datastore.user', 'roles/datastore.user', 'roles/datastore.viewer']);
    expect(built[1]!.waitFor[0]).toBe(built[0]!.waitFor[0]);
    expect(built[2]!.waitFor[0]).not.toBe(built[0]!.waitFor[0]);
  });

  test('and is told where the rows are', () => {
    expect(bind('bindWriter', { retentionDays: 1, mode: 'datastore' }).built.settings).toEqual({
      STORE_PROJECT: 'acme-data',
      STORE_DATABASE: expect.any(String),
      STORE_MODE: 'datastore',
      STORE_COLLECTION: 'events',
      STORE_LOOK_UP_BY: 'source',
      STORE_RETENTION_SECONDS: '86400',
    });
    expect(bind('bindReader').built.settings).not.toHaveProperty('STORE_RETENTION_SECONDS');
  });
});

describe('refuses', () => {
  test.each<[string, Partial<FirestoreStoreProps>, string]>([
    [
      'a name that leaves no room for the prefix',
      { name: 'my-events' },
      'test/Store: name must be 1 to 20 lower-case letters and digits, got "my-events". The id of a database starts with the prefix of the site.',
    ],
    [
      'a mode that Firestore does not have',
      { mode: 'mongo' as 'native' },
      'test/Store: mode must be native or datastore, got "mongo". Datastore mode is for programs that use the API of Cloud Datastore.',
    ],
    [
      'a collection in a document',
      { collection: 'plants/7/presses' },
      'test/Store: collection must be 1 to 100 letters, digits, underscores and hyphens, got "plants/7/presses". Start with a letter.',
    ],
    [
      'a field of the store',
      { lookUpBy: 'eventTime' },
      'test/Store: lookUpBy must be the name of a field of a row, and none that the store sets, got "eventTime". Write it like subject: 1 to 100 letters, digits and underscores, a letter first.',
    ],
    [
      'no retention at all',
      { retentionDays: 0 },
      'test/Store: retentionDays must be 1 to 36500 days, got 0. Leave it out to keep rows forever.',
    ],
    [
      'a zone',
      { location: 'europe-west1-b' },
      'test/Store: location must be the name of a region or of a multi-region, got "europe-west1-b". Write it like europe-west1 or eur3.',
    ],
    [
      'recovery in words',
      { pointInTimeRecovery: 'yes' as unknown as boolean },
      'test/Store: pointInTimeRecovery must be true or false, got "yes". Leave it out to restore any minute of 7 days.',
    ],
    [
      'a backup that is kept for longer than Firestore does',
      { backupRetentionDays: 99 },
      'test/Store: backupRetentionDays must be 1 to 98 days, got 99. Firestore keeps no backup for longer.',
    ],
    [
      'a key that is none',
      { encryptionKey: 'key' },
      'test/Store: encryptionKey must be the id of a key, got "key". See gcloud kms keys list.',
    ],
    [
      'a database with its project',
      { databaseId: 'projects/acme-data/databases/plants' },
      'test/Store: databaseId must be the id of a database, got "projects/acme-data/databases/plants". Find it with gcloud firestore databases list.',
    ],
    [
      'settings for a database that is there',
      { databaseId: 'plants', name: 'events', backupRetentionDays: 7 },
      'test/Store: databaseId keeps its own settings, got name and backupRetentionDays beside it. Leave name and backupRetentionDays out.',
    ],
    [
      'a channel that is none',
      { notify: ['me'] },
      'test/Store: notify must be ids of notification channels, got "me". See gcloud beta monitoring channels list.',
    ],
    [
      'one key to destroy',
      { removal: 'destroy' },
      `test/Store: removal 'destroy' needs the context destroyData to be "yes", got nothing. Set DESTROY_DATA=yes in the environment of this command, or leave removal out to keep the data.`,
    ],
  ])('%s', (_, props, message) => expect(() => make(props)).toThrow(new Error(message)));

  test('two stores in one database, or one collection', () => {
    const twice = (props: Partial<FirestoreStoreProps>) => () =>
      synthesize((stack) => ['First', 'Second'].map((id) => new FirestoreStore(stack, id, { site, ...props })));
    expect(twice({})).toThrow(
      'test/Second: each Firestore database of a site must have its own name, got "events", which test/First has. Set name on one of them.',
    );
    expect(twice({ databaseId: 'plants' })).toThrow(
      'test/Second: each collection of a database must have its own name, got "events", which test/First has. Set collection on one of them.',
    );
  });
});
