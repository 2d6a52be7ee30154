import { BigtableStore, type BigtableStoreProps } from '../../../../gcp/store/bigtable/bigtable-store';
import { documentedDefaults } from '../../../support/defaults';
import { expectSnapshot } from '../../../support/snapshot';
import { key, onCall, readable, Somebody, site, synthesize } from '../../stand-ins';

const make = (props: Partial<BigtableStoreProps> = {}, context = {}) =>
  synthesize((stack) => new BigtableStore(stack, 'Store', { site, ...props }), context);
const bind = (act: 'bindWriter' | 'bindReader', props: Partial<BigtableStoreProps> = {}) =>
  synthesize((stack) => new BigtableStore(stack, 'Store', { site, ...props })[act](new Somebody(stack, 'Somebody'), 'STORE'));
const conditionsOf = ({ all }: Pick<ReturnType<typeof make>, 'all'>) =>
  all('google_monitoring_alert_policy').flatMap(({ conditions }) => conditions.map((one: any) => one.display_name));

test('the snapshot', () => {
  const { google_monitoring_alert_policy: _, ...others } = make({ notify: [onCall] }).json.resource!;
  expectSnapshot(
    'gcp/store/bigtable/bigtable-store.snapshot.yaml',
    'Google and Terraform refuse to delete the instance and the table; one to three nodes; backed up each day; of each cell one version is kept.',
    readable(others),
  );
});

test('the snapshot of the alerts', () => {
  const conditions = make()
    .all('google_monitoring_alert_policy')
    .map(({ conditions: [{ condition_threshold: threshold }] }) => [
      threshold.filter,
      `above ${threshold.threshold_value} for ${threshold.duration}`,
    ]);
  expectSnapshot(
    'gcp/store/bigtable/alerts.snapshot.yaml',
    'Each watches the clusters of one instance, or one table; nobody is told of a row that can never be stored, which the dead letter tells.',
    Object.fromEntries(conditions),
  );
});

test('documents the defaults that it has', () => {
  const { one } = make();
  const instance = one('google_bigtable_instance');
  const { autoscaling_config: scaling } = instance.cluster[0];
  const table = one('google_bigtable_table');
  expect(documentedDefaults('gcp/store/bigtable/bigtable-store.ts', 'BigtableStoreProps')).toEqual({
    name: instance.name.slice('acme-'.length),
    tableId: table.name,
    family: table.column_family[0].family,
    minNodes: String(scaling.min_nodes),
    maxNodes: String(scaling.max_nodes),
    cpuTargetPercent: String(scaling.cpu_target),
    backupRetentionDays: String(Number.parseInt(table.automated_backup_policy.retention_period, 10) / 24),
    removal: table.lifecycle.prevent_destroy ? 'retain' : 'destroy',
  });
  expect(instance.cluster).toHaveLength(1);
  expect(instance.cluster[0]).toMatchObject({ zone: `${site.region}-b` });
  expect(instance.cluster[0]).not.toHaveProperty('kms_key_name');
  expect(one('google_bigtable_gc_policy').gc_rules).not.toContain('max_age');
});

test('takes every setting', () => {
  const synth = make(
    {
      ...{ name: 'presses', tableId: 'Rows', family: 'e', zone: 'europe-west1-c', secondZone: 'europe-west1-d', minNodes: 2, maxNodes: 20 },
      ...{ cpuTargetPercent: 40, retentionDays: 30, backupRetentionDays: 90, encryptionKey: key, notify: [onCall], removal: 'destroy' },
    },
    { destroyData: 'yes' },
  );
  const cluster = {
    storage_type: 'SSD',
    kms_key_name: key,
    autoscaling_config: { min_nodes: 2, max_nodes: 20, cpu_target: 40 },
  };
  expect(synth.one('google_bigtable_instance')).toMatchObject({
    name: 'acme-presses',
    deletion_protection: false,
    force_destroy: true,
    cluster: [
      { cluster_id: 'acme-presses-1', zone: 'europe-west1-c', ...cluster },
      { cluster_id: 'acme-presses-2', zone: 'europe-west1-d', ...cluster },
    ],
  });
  expect(synth.one('google_bigtable_table')).toMatchObject({
    name: 'Rows',
    column_family: [{ family: 'e' }],
    deletion_protection: 'UNPROTECTED',
    automated_backup_policy: { frequency: '24h0m0s', retention_period: '2160h0m0s' },
  });
  expect(JSON.parse(synth.one('google_bigtable_gc_policy').gc_rules)).toEqual({
    mode: 'union',
    rules: [{ max_age: '720h' }, { max_version: 1 }],
  });
  for (const { notification_channels } of synth.all('google_monitoring_alert_policy')) expect(notification_channels).toEqual([onCall]);
  expect(JSON.stringify(synth.json)).not.toContain('prevent_destroy');
});

test('without both keys neither Terraform nor Google deletes the instance, the table or its column family', () => {
  const { one } = make({}, { destroyData: 'yes' });
  const lifecycle = { prevent_destroy: true };
  expect(one('google_bigtable_instance')).toMatchObject({ lifecycle, deletion_protection: true, force_destroy: false });
  expect(one('google_bigtable_table')).toMatchObject({ lifecycle, deletion_protection: 'PROTECTED' });
});

test('a change of what is deleted is made in place, and a destroy leaves it, because a table in two clusters keeps its policy', () => {
  const policy = make({ retentionDays: 1 }).one('google_bigtable_gc_policy');
  expect(policy).toMatchObject({ deletion_policy: 'ABANDON', ignore_warnings: true });
  for (const replacing of ['mode', 'max_age', 'max_version']) expect(policy).not.toHaveProperty(replacing);
});

test('with one cluster requests go there, and with two to the nearest one that answers', () => {
  const profile = (props = {}) => make(props).one('google_bigtable_app_profile');
  expect(profile()).toMatchObject({ app_profile_id: 'acme-events', single_cluster_routing: { cluster_id: 'acme-events-1' } });
  expect(profile()).not.toHaveProperty('multi_cluster_routing_use_any');
  expect(profile({ secondZone: 'europe-west4-a' })).toMatchObject({ multi_cluster_routing_use_any: true });
  expect(profile({ secondZone: 'europe-west4-a' })).not.toHaveProperty('single_cluster_routing');
});

test('a cluster keeps its name when its zone changes, so that Terraform does not delete it before its rows are copied', () => {
  const idOf = (zone: string) => make({ zone }).one('google_bigtable_instance').cluster[0].cluster_id;
  expect(idOf('europe-west1-b')).toBe(idOf('europe-west1-c'));
});

test('the Bigtable agent may use the key, and has had two minutes to learn so, before the instance is encrypted with it', () => {
  const { one, json } = make({ encryptionKey: key });
  const [pause] = Object.keys(json.resource!.time_sleep!);
  expect(one('google_kms_crypto_key_iam_member')).toMatchObject({
    crypto_key_id: key,
    role: 'roles/cloudkms.cryptoKeyEncrypterDecrypter',
    member: site.agentOf('bigtableadmin'),
  });
  expect(one('google_bigtable_instance').depends_on).toEqual(['time_sleep.site', `time_sleep.${pause}`]);
});

test('creates its table in an instance that is there already, and leaves its clusters and its app profile alone', () => {
  const { built, json, all } = bind('bindWriter', { instanceId: 'plants', tableId: 'presses' });
  for (const type of ['google_bigtable_instance', 'google_bigtable_app_profile']) expect(json.resource).not.toHaveProperty(type);
  expect(built.settings).toMatchObject({ STORE_INSTANCE: 'plants', STORE_TABLE: expect.any(String), STORE_APP_PROFILE: 'default' });
  expect(conditionsOf({ all })).toEqual(['bigtable error_count']);
});

test('two stores may share an instance', () => {
  const { all } = synthesize((stack) => {
    const first = new BigtableStore(stack, 'First', { site });
    new BigtableStore(stack, 'Second', { site, instanceId: first.instanceId, tableId: 'others' });
  });
  expect(all('google_bigtable_instance')).toHaveLength(1);
  expect(all('google_bigtable_table').map(({ name }) => name)).toEqual(['events', 'others']);
});

test('nobody is told that a cluster has as many nodes as it may have if it always has', () => {
  expect(conditionsOf(make())).toContain('bigtable node_count');
  expect(conditionsOf(make({ minNodes: 3 }))).not.toContain('bigtable node_count');
});

test('nobody is told of the load that Bigtable scales to', () => {
  const cpu = (cpuTargetPercent?: number) =>
    make({ cpuTargetPercent })
      .all('google_monitoring_alert_policy')
      .map(({ conditions: [one] }) => one)
      .find(({ display_name }) => display_name === 'bigtable cpu_load')!.condition_threshold.threshold_value;
  expect([cpu(), cpu(70), cpu(75), cpu(80)]).toEqual([0.8, 0.8, 0.85, 0.9]);
});

test('a construct that is moved has the same addresses', () => {
  const addresses = (id: string) => {
    const { resource } = synthesize((stack) => new BigtableStore(stack, id, { site })).json;
    const { google_monitoring_alert_policy: _, ...kept } = resource!;
    return Object.entries(kept).flatMap(([type, named]) => Object.keys(named as object).map((name) => `${type}.${name}`));
  };
  expect(addresses('Here')).toEqual(addresses('There'));
  expect(addresses('Here')).toContain('google_bigtable_table.events');
});

describe('may do', () => {
  test.each([
    ['bindWriter', 'roles/bigtable.user'],
    ['bindReader', 'roles/bigtable.reader'],
  ] as const)('what %s says on this table, and is granted it again when the table is replaced', (act, role) => {
    const { built, one } = bind(act);
    // The grant, what is deleted of the rows, and how requests find a cluster.
    expect(built.waitFor).toHaveLength(3);
    expect(one('google_bigtable_table_iam_member')).toMatchObject({
      instance_name: '${google_bigtable_instance.events.name}',
      table: '${google_bigtable_table.events.name}',
      role,
      member: 'serviceAccount:somebody@acme-data.iam.gserviceaccount.com',
      lifecycle: { replace_triggered_by: ['google_bigtable_table.events.id'] },
    });
  });

  test('and is told where the rows are', () => {
    const { built } = bind('bindWriter', { family: 'e' });
    expect(Object.keys(built.settings)).toEqual(['STORE_PROJECT', 'STORE_INSTANCE', 'STORE_TABLE', 'STORE_FAMILY', 'STORE_APP_PROFILE']);
    expect(built.settings).toMatchObject({ STORE_PROJECT: 'acme-data', STORE_FAMILY: 'e' });
  });
});

describe('refuses', () => {
  test.each<[string, Partial<BigtableStoreProps>, string]>([
    [
      'a name that leaves no room for the prefix',
      { name: 'events-of-presses' },
      'test/Store: name must be 3 to 16 lower-case letters and digits, got "events-of-presses". The id of an instance starts with the prefix of the site, and ids of clusters have at most 30 characters.',
    ],
    [
      'a table with a space',
      { tableId: 'my events' },
      'test/Store: tableId must be 1 to 50 letters, digits, underscores, periods and hyphens, got "my events". Start with a letter, a digit or an underscore.',
    ],
    [
      'a family with a column',
      { family: 'event:id' },
      'test/Store: family must be 1 to 64 letters, digits, underscores, periods and hyphens, got "event:id". Keep it short, because Bigtable sends it with each cell.',
    ],
    [
      'a region',
      { zone: 'europe-west1' },
      'test/Store: zone must be the name of a zone, got "europe-west1". Write it like europe-west1-b.',
    ],
    [
      'the same zone twice',
      { secondZone: 'europe-west1-b' },
      'test/Store: secondZone must be another zone than zone, got "europe-west1-b". A zone takes one cluster of an instance.',
    ],
    [
      'a second zone where the key is not',
      { secondZone: 'europe-west4-a', encryptionKey: key },
      'test/Store: secondZone must be in europe-west1, the region of encryptionKey, got "europe-west4-a". Choose a zone of that region, or leave encryptionKey out.',
    ],
    [
      'a zone where the key is not',
      { zone: 'europe-west4-a', encryptionKey: key },
      'test/Store: zone must be in europe-west1, the region of encryptionKey, got "europe-west4-a". Choose a zone of that region, or leave encryptionKey out.',
    ],
    ['no node', { minNodes: 0 }, 'test/Store: minNodes must be 1 to 100 nodes, got 0. Each node is billed around the clock.'],
    [
      'more than ten times as many nodes',
      { maxNodes: 11 },
      'test/Store: maxNodes must be 1 to 10 nodes, got 11. Bigtable takes from minNodes to ten times as many.',
    ],
    [
      'fewer nodes than at least',
      { minNodes: 5 },
      'test/Store: maxNodes must be 5 to 50 nodes, got 3. Bigtable takes from minNodes to ten times as many.',
    ],
    [
      'a load that is too high',
      { cpuTargetPercent: 90 },
      'test/Store: cpuTargetPercent must be 10 to 80 percent, got 90. Bigtable scales to no other load.',
    ],
    [
      'no retention at all',
      { retentionDays: 0 },
      'test/Store: retentionDays must be 1 to 36500 days, got 0. Leave it out to keep rows forever.',
    ],
    [
      'backups for a day',
      { backupRetentionDays: 1 },
      'test/Store: backupRetentionDays must be 3 to 90 days, got 1. Bigtable keeps automated backups for no other time.',
    ],
    [
      'the name of a key',
      { encryptionKey: 'key' },
      'test/Store: encryptionKey must be the id of a key, got "key". See gcloud kms keys list.',
    ],
    [
      'the name of an instance as Terraform has it',
      { instanceId: 'projects/acme-data/instances/plants' },
      'test/Store: instanceId must be the id of an instance, got "projects/acme-data/instances/plants". Find it with gcloud bigtable instances list.',
    ],
    [
      'clusters of an instance that is there already',
      { instanceId: 'plants', secondZone: 'europe-west1-c', maxNodes: 5 },
      'test/Store: instanceId keeps its own settings, got secondZone and maxNodes beside it. Leave secondZone and maxNodes out.',
    ],
    [
      'an address as a channel',
      { notify: ['me@example.com'] },
      'test/Store: notify must be ids of notification channels, got "me@example.com". See gcloud beta monitoring channels list.',
    ],
    [
      'to delete without the second key',
      { removal: 'destroy' },
      `test/Store: removal 'destroy' needs the context destroyData to be "yes", got nothing. Set DESTROY_DATA=yes in the environment of this command, or leave removal out to keep the data.`,
    ],
  ])('%s', (_, props, message) => {
    expect(() => make(props)).toThrow(message);
  });

  test('a second instance of the same name, and a second table of the same name in an instance', () => {
    const twice = (props: Partial<BigtableStoreProps>) => () =>
      synthesize((stack) => {
        for (const id of ['First', 'Second']) new BigtableStore(stack, id, { site, ...props });
      });
    expect(twice({})).toThrow(
      'test/Second: each Bigtable instance of a site must have its own name, got "events", which test/First has. Set name on one of them.',
    );
    expect(twice({ instanceId: 'plants' })).toThrow(
      'test/Second: each table of an instance must have its own name, got "events", which test/First has. Set tableId on one of them.',
    );
  });
});
