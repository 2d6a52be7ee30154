import { Propagation } from '../../../../gcp/foundation/propagation';
import { statementsOf } from '../../../../gcp/store/spanner/row-table';
import { SpannerStore, type SpannerStoreProps } from '../../../../gcp/store/spanner/spanner-store';
import { documentedDefaults } from '../../../support/defaults';
import { expectSnapshot } from '../../../support/snapshot';
import { key, onCall, readable, Somebody, site, synthesize } from '../../stand-ins';

const make = (props: Partial<SpannerStoreProps> = {}, context = {}) =>
  synthesize((stack) => new SpannerStore(stack, 'Store', { site, ...props }), context);
const bind = (act: 'bindWriter' | 'bindReader', props: Partial<SpannerStoreProps> = {}) =>
  synthesize((stack) => new SpannerStore(stack, 'Store', { site, ...props })[act](new Somebody(stack, 'Somebody'), 'STORE'));
const PLUS = { edition: 'ENTERPRISE_PLUS' } as const;

test('the snapshot', () => {
  const { google_monitoring_alert_policy: _, ...resources } = make().json.resource!;
  expectSnapshot(
    'gcp/store/spanner/spanner-store.snapshot.yaml',
    'Google and Terraform refuse to delete the database; it is backed up each day; the writer may insert and the reader may read, by roles of the database.',
    readable(resources),
  );
});

test('documents the defaults that it has', () => {
  const { one } = make();
  const [instance, database] = [one('google_spanner_instance'), one('google_spanner_database')];
  expect(documentedDefaults('gcp/store/spanner/spanner-store.ts', 'SpannerStoreProps')).toEqual({
    name: database.name,
    edition: instance.edition,
    processingUnits: String(instance.processing_units),
    table: bind('bindReader').built.settings.STORE_TABLE,
    versionRetentionDays: String(Number.parseInt(database.version_retention_period, 10)),
    backupRetentionDays: String(Number.parseInt(one('google_spanner_backup_schedule').retention_duration, 10) / 86_400),
    removal: database.lifecycle.prevent_destroy ? 'retain' : 'destroy',
  });
  expect(instance).toMatchObject({ name: 'acme-events', config: `regional-${site.region}` });
  expect(instance).not.toHaveProperty('autoscaling_config');
  expect(database).not.toHaveProperty('encryption_config');
  expect(bind('bindWriter').built.settings).toMatchObject({
    STORE_COLUMNS: 'rest JSON,subject STRING,data JSON,data_base64 STRING',
    STORE_RETENTION_SECONDS: '0',
  });
});

test('the statements never change, because the database would be replaced: a column is one more at the end', () => {
  const before = [
    'CREATE TABLE `events` (event_source STRING(MAX) NOT NULL, event_id STRING(MAX) NOT NULL, row_index INT64 NOT NULL, event_type STRING(MAX) NOT NULL, event_time TIMESTAMP NOT NULL, expires_at TIMESTAMP, rest JSON) PRIMARY KEY (event_source, event_id, row_index), ROW DELETION POLICY (OLDER_THAN(expires_at, INTERVAL 0 DAY))',
    'CREATE ROLE events_writer',
    'GRANT INSERT ON TABLE `events` TO ROLE events_writer',
    'CREATE ROLE events_reader',
    'GRANT SELECT ON TABLE `events` TO ROLE events_reader',
    'ALTER TABLE `events` ADD COLUMN `subject` STRING(MAX)',
    'ALTER TABLE `events` ADD COLUMN `data` JSON',
    'ALTER TABLE `events` ADD COLUMN `data_base64` STRING(MAX)',
  ];
  const { built, one } = make({ retentionDays: 30 });
  expect(one('google_spanner_database').ddl).toEqual(before);
  expect(built.statements).toEqual(before);
  const schema = [
    { name: 'subject', type: 'STRING' },
    { name: 'data', type: 'JSON' },
    { name: 'data_base64', type: 'STRING' },
    'CREATE INDEX by_subject ON events(subject)',
    { name: 'price', type: 'NUMERIC' },
  ] as const;
  expect(statementsOf('events', schema)).toEqual([...before, schema[3], 'ALTER TABLE `events` ADD COLUMN `price` NUMERIC']);
  expect(bind('bindWriter', { schema }).built.settings.STORE_COLUMNS).toBe(
    'rest JSON,subject STRING,data JSON,data_base64 STRING,price NUMERIC',
  );
});

test('Terraform reads a statement as it is', () => {
  const { one } = make({ schema: ["CREATE VIEW texts SQL SECURITY INVOKER AS SELECT '${a}' AS a FROM events"] });
  expect(one('google_spanner_database').ddl.at(-1)).toContain("'$${a}'");
});

test('takes every setting', () => {
  const synth = make(
    {
      ...{ name: 'presses', location: 'eur3', edition: 'ENTERPRISE_PLUS', processingUnits: 1000, maxProcessingUnits: 10_000 },
      ...{ table: 'rows', schema: [{ name: 'price', type: 'NUMERIC' }], retentionDays: 30, versionRetentionDays: 1 },
      ...{ backupRetentionDays: 366, encryptionKey: key, notify: [onCall], removal: 'destroy' },
    },
    { destroyData: 'yes' },
  );
  expect(synth.one('google_spanner_instance')).toMatchObject({
    name: 'acme-presses',
    display_name: 'acme-presses',
    config: 'eur3',
    edition: 'ENTERPRISE_PLUS',
    autoscaling_config: {
      autoscaling_limits: { min_processing_units: 1000, max_processing_units: 10_000 },
      autoscaling_targets: { high_priority_cpu_utilization_percent: 40, storage_utilization_percent: 75 },
    },
    force_destroy: true,
  });
  expect(synth.one('google_spanner_instance')).not.toHaveProperty('processing_units');
  expect(synth.one('google_spanner_database')).toMatchObject({
    name: 'presses',
    version_retention_period: '1d',
    encryption_config: { kms_key_name: key },
    enable_drop_protection: false,
    deletion_protection: false,
  });
  expect(synth.one('google_spanner_backup_schedule').retention_duration).toBe('31622400s');
  expect(JSON.stringify(synth.json)).not.toContain('prevent_destroy');
  for (const alert of synth.all('google_monitoring_alert_policy')) expect(alert.notification_channels).toEqual([onCall]);
});

test('without both keys neither Terraform nor Google deletes the database, nor its instance with the backups', () => {
  const { one } = make({}, { destroyData: 'yes' });
  expect(one('google_spanner_database')).toMatchObject({
    lifecycle: { prevent_destroy: true },
    enable_drop_protection: true,
    deletion_protection: true,
  });
  expect(one('google_spanner_instance')).toMatchObject({ lifecycle: { prevent_destroy: true }, force_destroy: false });
});

test('the autoscaler acts before the alert on the CPU rings, whose share is lower in several regions', () => {
  const [region, regions] = [
    make({ edition: 'ENTERPRISE', processingUnits: 1000, maxProcessingUnits: 2000 }),
    make({ ...PLUS, location: 'nam3', processingUnits: 1000, maxProcessingUnits: 2000 }),
  ].map(({ one, all }) => {
    const alert = all('google_monitoring_alert_policy').find((policy) => policy.display_name.endsWith(': CPU'))!;
    const target = one('google_spanner_instance').autoscaling_config.autoscaling_targets.high_priority_cpu_utilization_percent;
    return [target, alert.conditions[0].condition_threshold.threshold_value];
  });
  expect([region, regions]).toEqual([
    [60, 0.65],
    [40, 0.45],
  ]);
});

test('the Spanner agent may use the key, and has had two minutes to learn so, before the database is encrypted with it', () => {
  const { one, json } = make({ encryptionKey: key });
  const [pause] = Object.keys(json.resource!.time_sleep!);
  expect(one('google_kms_crypto_key_iam_member')).toMatchObject({
    crypto_key_id: key,
    role: 'roles/cloudkms.cryptoKeyEncrypterDecrypter',
    member: site.agentOf('spanner'),
  });
  expect(one('google_spanner_database').depends_on).toEqual(['time_sleep.site', `time_sleep.${pause}`]);
});

test('uses an instance that is there already, and leaves its capacity and its alerts alone', () => {
  const { json, one } = make({ instanceId: 'plants' });
  expect(json.resource).not.toHaveProperty('google_spanner_instance');
  expect(one('google_spanner_database')).toMatchObject({ instance: 'plants', name: 'events' });
  expect(one('google_monitoring_alert_policy').display_name).toContain('failed requests');
});

test('uses a database that is there already, and says which statements it needs', () => {
  const { built, json } = make({ instanceId: 'plants', databaseId: 'presses', table: 'rows' });
  expect(Object.keys(json.resource!)).toEqual(['google_monitoring_alert_policy']);
  expect(built.statements[2]).toBe('GRANT INSERT ON TABLE `rows` TO ROLE rows_writer');
  const { settings } = bind('bindReader', { instanceId: 'plants', databaseId: 'presses', table: 'rows' }).built;
  expect(settings).toMatchObject({ STORE_INSTANCE: 'plants', STORE_DATABASE: 'presses', STORE_TABLE: 'rows', STORE_ROLE: 'rows_reader' });
});

test('a construct that is moved has the same addresses', () => {
  const addresses = (id: string) => {
    const { resource } = synthesize((stack) => new SpannerStore(stack, id, { site })).json;
    const { google_monitoring_alert_policy: _, ...kept } = resource!;
    return Object.entries(kept).flatMap(([type, named]) => Object.keys(named as object).map((name) => `${type}.${name}`));
  };
  expect(addresses('Here')).toEqual(addresses('There'));
  expect(addresses('Here')).toEqual([
    'google_spanner_backup_schedule.events',
    'google_spanner_database.events',
    'google_spanner_instance.events',
  ]);
});

describe('may do', () => {
  test.each([
    ['bindWriter', 'events_writer'],
    ['bindReader', 'events_reader'],
  ] as const)('what %s says by one role of the database, which is granted again if the database is replaced', (act, role) => {
    const { built, all } = bind(act);
    expect(built.waitFor).toHaveLength(2);
    const member = 'serviceAccount:somebody@acme-data.iam.gserviceaccount.com';
    const on = { member, lifecycle: { replace_triggered_by: ['google_spanner_database.events.id'] } };
    expect(all('google_spanner_database_iam_member')).toEqual([
      expect.objectContaining({ ...on, role: 'roles/spanner.fineGrainedAccessUser' }),
      expect.objectContaining({
        ...on,
        role: 'roles/spanner.databaseRoleUser',
        condition: {
          title: `database role ${role}`,
          expression: `resource.type == "spanner.googleapis.com/DatabaseRole" && resource.name.endsWith("/${role}")`,
        },
      }),
    ]);
  });

  test('both, with one right to use roles of the database, because Google would take away both of two equal ones', () => {
    const { built, all, one } = synthesize((stack) => {
      const store = new SpannerStore(stack, 'Store', { site });
      const other = new SpannerStore(stack, 'Other', { site, instanceId: store.instanceId, name: 'others' });
      const somebody = new Somebody(stack, 'Somebody');
      const bindings = [store.bindWriter(somebody, 'STORE'), store.bindReader(somebody, 'STORE'), other.bindReader(somebody, 'OTHER')];
      new Propagation(
        stack,
        'Propagation',
        bindings.flatMap(({ waitFor }) => waitFor),
      );
      return bindings;
    });
    expect(one('time_sleep').depends_on).toHaveLength(5);
    const roles = all('google_spanner_database_iam_member').map(({ role }) => role);
    expect(roles.filter((role) => role === 'roles/spanner.fineGrainedAccessUser')).toHaveLength(2);
    expect(roles.filter((role) => role === 'roles/spanner.databaseRoleUser')).toHaveLength(3);
    expect(built.map(({ waitFor }) => waitFor.length)).toEqual([2, 2, 2]);
    expect(built[1]!.waitFor[0]).toBe(built[0]!.waitFor[0]);
    expect(built[2]!.waitFor[0]).not.toBe(built[0]!.waitFor[0]);
  });

  test('and is told where the rows are', () => {
    expect(bind('bindWriter', { retentionDays: 1 }).built.settings).toEqual({
      STORE_PROJECT: 'acme-data',
      STORE_INSTANCE: expect.any(String),
      STORE_DATABASE: expect.any(String),
      STORE_TABLE: 'events',
      STORE_ROLE: 'events_writer',
      STORE_COLUMNS: 'rest JSON,subject STRING,data JSON,data_base64 STRING',
      STORE_RETENTION_SECONDS: '86400',
    });
    expect(Object.keys(bind('bindReader').built.settings)).toEqual(
      ['PROJECT', 'INSTANCE', 'DATABASE', 'TABLE', 'ROLE'].map((one) => `STORE_${one}`),
    );
  });
});

describe('refuses', () => {
  const statement = 'a statement of schema must be one statement that creates, alters or grants, without a semicolon, got';
  const noUnique = 'It must not add a unique index, nor delete a table or a column.';
  test.each<[string, Partial<SpannerStoreProps>, string]>([
    [
      'a name that leaves no room for the prefix',
      { name: 'my-events' },
      'test/Store: name must be 3 to 18 lower-case letters and digits, a letter first, got "my-events". The id of an instance starts with the prefix of the site, and has at most 30 characters.',
    ],
    [
      'a zone',
      { location: 'europe-west1-b' },
      'test/Store: location must be the name of a region or of a multi-region, got "europe-west1-b". Write it like europe-west1 or eur3.',
    ],
    [
      'an edition that Spanner does not have',
      { edition: 'FREE' as 'STANDARD' },
      'test/Store: edition must be STANDARD, ENTERPRISE or ENTERPRISE_PLUS, got "FREE". STANDARD is enough in a region without autoscaling.',
    ],
    [
      'several regions without the edition that has them',
      { location: 'eur3', edition: 'ENTERPRISE' },
      "test/Store: a location of several regions must have the edition ENTERPRISE_PLUS, got ENTERPRISE. Set edition: 'ENTERPRISE_PLUS', or take a region.",
    ],
    [
      'less capacity than Spanner has',
      { processingUnits: 50 },
      'test/Store: processingUnits must be 100 to 1000000 processing units, got 50. 1000 processing units are one node.',
    ],
    [
      'a capacity between two steps',
      { processingUnits: 1500 },
      'test/Store: processingUnits must be a multiple of 100 up to 1000, and of 1000 above, got 1500. Below 1000 there are hundreds, and from there on thousands.',
    ],
    [
      'autoscaling without an edition that has it',
      { processingUnits: 1000, maxProcessingUnits: 2000 },
      "test/Store: maxProcessingUnits must have an edition with autoscaling, got STANDARD. Set edition: 'ENTERPRISE', or leave maxProcessingUnits out.",
    ],
    [
      'autoscaling of less than a node',
      { edition: 'ENTERPRISE', maxProcessingUnits: 2000 },
      'test/Store: processingUnits must be 1000 or more, less than maxProcessingUnits, and at least a tenth of it, got 100 and 2000. Autoscaling needs a whole node at least.',
    ],
    [
      'a table in a schema',
      { table: 'plants.events' },
      'test/Store: table must be 1 to 100 letters, digits and underscores, starting with a letter, got "plants.events". The roles of the database start with it.',
    ],
    [
      'a schema that is no list',
      { schema: 'subject' as unknown as [] },
      'test/Store: schema must be a list, got string. Write it like [{ name, type }].',
    ],
    [
      'a column without a name',
      { schema: [{ name: '', type: 'STRING' }] },
      'test/Store: the name of a column must be 1 to 100 letters, digits and underscores, starting with a letter, got "". Spanner refuses or reserves other names.',
    ],
    [
      'a column of the event',
      { schema: [{ name: 'Event_ID', type: 'STRING' }] },
      'test/Store: each column must have its own name, got "Event_ID" again. These names are used: event_source, event_id, row_index, event_type, event_time, expires_at, rest.',
    ],
    [
      'a type of another dialect',
      { schema: [{ name: 'price', type: 'DECIMAL' as 'NUMERIC' }] },
      'test/Store: the type of column price must be one of STRING, INT64, FLOAT64, NUMERIC, BOOL, TIMESTAMP, DATE, JSON, got "DECIMAL". Use JSON for other values.',
    ],
    [
      'more columns than a setting holds',
      { schema: Array.from({ length: 101 }, (_, index) => ({ name: `c${index}`, type: 'STRING' as const })) },
      'test/Store: schema must have at most 100 columns, got 101. Other fields go into the column rest.',
    ],
    [
      'a statement that deletes a column',
      { schema: ['ALTER TABLE events DROP COLUMN rest'] },
      `test/Store: ${statement} "ALTER TABLE events DROP COLUMN rest". ${noUnique}`,
    ],
    [
      'a unique index',
      { schema: ['create unique index a on events(subject)'] },
      `test/Store: ${statement} "create unique index a on events(subject)". ${noUnique}`,
    ],
    [
      'no retention at all',
      { retentionDays: 0 },
      'test/Store: retentionDays must be 1 to 36500 days, got 0. Leave it out to keep rows forever.',
    ],
    [
      'versions that are kept for longer than Spanner does',
      { versionRetentionDays: 8 },
      'test/Store: versionRetentionDays must be 1 to 7 days, got 8. Spanner keeps no version for longer.',
    ],
    [
      'a backup that is kept for longer than Spanner does',
      { backupRetentionDays: 367 },
      'test/Store: backupRetentionDays must be 1 to 366 days, got 367. Spanner keeps no backup for longer.',
    ],
    [
      'a key that is none',
      { encryptionKey: 'key' },
      'test/Store: encryptionKey must be the id of a key, got "key". See gcloud kms keys list.',
    ],
    [
      'an instance with its project',
      { instanceId: 'projects/acme-data/instances/plants' },
      'test/Store: instanceId must be the id of an instance, got "projects/acme-data/instances/plants". Find it with gcloud spanner instances list.',
    ],
    [
      'settings for an instance that is there',
      { instanceId: 'plants', edition: 'STANDARD', processingUnits: 100 },
      'test/Store: instanceId keeps its own settings, got edition and processingUnits beside it. Leave edition and processingUnits out.',
    ],
    [
      'a database without its instance',
      { databaseId: 'presses' },
      'test/Store: databaseId must come with instanceId, got databaseId alone. Set instanceId to the instance of the database.',
    ],
    [
      'a database with its instance in one text',
      { instanceId: 'plants', databaseId: 'plants/presses' },
      'test/Store: databaseId must be the id of a database, got "plants/presses". Find it with gcloud spanner databases list.',
    ],
    [
      'settings for a database that is there',
      { instanceId: 'plants', databaseId: 'presses', name: 'events', backupRetentionDays: 7 },
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

  test('two stores in one instance of a site, one database, or one table', () => {
    const twice = (props: Partial<SpannerStoreProps>) => () =>
      synthesize((stack) => ['First', 'Second'].map((id) => new SpannerStore(stack, id, { site, ...props })));
    expect(twice({})).toThrow(
      'test/Second: each Spanner instance of a site must have its own name, got "events", which test/First has. Set name on one of them.',
    );
    expect(twice({ instanceId: 'plants' })).toThrow(
      'test/Second: each database of an instance must have its own name, got "events", which test/First has. Set name on one of them.',
    );
    expect(twice({ instanceId: 'plants', databaseId: 'presses' })).toThrow(
      'test/Second: each table of a database must have its own name, got "events", which test/First has. Set table on one of them.',
    );
  });
});
