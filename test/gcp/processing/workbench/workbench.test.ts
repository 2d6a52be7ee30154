import { Workbench, type WorkbenchProps } from '../../../../gcp/processing/workbench/workbench';
import { BigQueryStore } from '../../../../gcp/store/bigquery/bigquery-store';
import { CloudStorageStore } from '../../../../gcp/store/cloud-storage/cloud-storage-store';
import { documentedDefaults } from '../../../support/defaults';
import { expectSnapshot } from '../../../support/snapshot';
import { key, readable, site, synthesize } from '../../stand-ins';

const INSTANCE = 'google_workbench_instance';
const subnetwork = 'projects/acme-data/regions/europe-west1/subnetworks/inner';
const network = { network: 'projects/acme-data/global/networks/inner', subnetwork };
const needed = { site, owner: 'ada@example.com', network };

const make = (props: Partial<WorkbenchProps> = {}, context = {}) =>
  synthesize((stack) => new Workbench(stack, 'Bench', { ...needed, ...props }), context);
const over = (...kinds: readonly ('table' | 'bucket')[]) =>
  synthesize((stack) => {
    const table = () => new BigQueryStore(stack, 'Table', { site });
    const bucket = () => new CloudStorageStore(stack, 'Bucket', { site });
    const inputs = Object.fromEntries(kinds.map((kind) => [kind === 'table' ? 'EVENTS' : 'FILES', kind === 'table' ? table() : bucket()]));
    return new Workbench(stack, 'Bench', { ...needed, inputs });
  });
const rolesOf = ({ all }: Pick<ReturnType<typeof make>, 'all'>) => all('google_project_iam_member').map(({ role }) => role);

test('the snapshot', () => {
  expectSnapshot(
    'gcp/processing/workbench/workbench.snapshot.yaml',
    'One person opens it, in a subnetwork and without a public address. It is shut down when idle, and Terraform refuses to delete it.',
    readable(make().json.resource),
  );
});

test('documents the defaults that it has', () => {
  const { name, location, gce_setup: setup, lifecycle } = make().one(INSTANCE);
  expect(documentedDefaults('gcp/processing/workbench/workbench.ts', 'WorkbenchProps')).toEqual({
    name: name.slice('acme-'.length),
    machineType: setup.machine_type,
    dataDiskGb: setup.data_disks.disk_size_gb,
    idleShutdownMinutes: String(setup.metadata['idle-timeout-seconds'] / 60),
    removal: lifecycle.prevent_destroy ? 'retain' : 'destroy',
  });
  expect(location).toBe('europe-west1-b');
  expect(setup.boot_disk.kms_key).toBeUndefined();
});

test('takes every setting', () => {
  const made = make(
    {
      ...{ name: 'ada', machineType: 'n2-highmem-8', dataDiskGb: 500, idleShutdownMinutes: 30, zone: 'europe-west1-d' },
      ...{ encryptionKey: key, removal: 'destroy' },
    },
    { destroyData: 'yes' },
  );
  const disk = { disk_type: 'PD_BALANCED', disk_encryption: 'CMEK', kms_key: key };
  expect(made.one(INSTANCE)).toMatchObject({
    name: 'acme-ada',
    location: 'europe-west1-d',
    gce_setup: {
      machine_type: 'n2-highmem-8',
      boot_disk: { disk_size_gb: '150', ...disk },
      data_disks: { disk_size_gb: '500', ...disk },
      metadata: { 'idle-timeout-seconds': '1800' },
    },
  });
  expect(JSON.stringify(made.json)).not.toContain('prevent_destroy');
});

test('the disks are encrypted with a key only after the agent of Compute Engine may use it', () => {
  const { one, all } = make({ encryptionKey: key });
  expect(one('google_kms_crypto_key_iam_member').member).toMatch(/^serviceAccount:service-\$\{.*number\}@compute-system\./);
  expect(all('time_sleep')).toHaveLength(1);
  expect(one(INSTANCE).depends_on.some((name: string) => name.startsWith('time_sleep.Bench_Propagation'))).toBe(true);
});

test('without both keys, Terraform does not delete the disks with the notebooks', () => {
  expect(make({}, { destroyData: 'yes' }).one(INSTANCE).lifecycle.prevent_destroy).toBe(true);
});

test('a notebook finds the view to query in the metadata of its machine', () => {
  const { one, built } = over('table');
  expect(built.settings).toEqual(['EVENTS_PROJECT', 'EVENTS_DATASET', 'EVENTS_TABLE']);
  expect(one(INSTANCE).gce_setup.metadata.EVENTS_TABLE).toMatch(/unique_events\.table_id\}$/);
  expect(built.readSetting('EVENTS_TABLE')).toBe(
    "curl -sH 'Metadata-Flavor: Google' http://metadata.google.internal/computeMetadata/v1/instance/attributes/EVENTS_TABLE",
  );
});

test('it reads stores and changes none, and may run queries only if it has tables', () => {
  expect(rolesOf(over('table')).sort()).toEqual(['roles/bigquery.jobUser', 'roles/bigquery.readSessionUser']);
  expect(rolesOf(over('bucket')).filter((role) => role.includes('bigquery'))).toEqual([]);
  const { all } = over('table', 'bucket');
  const onTables = all('google_bigquery_table_iam_member').map(({ role }) => role);
  expect([...new Set(onTables)]).toEqual(['roles/bigquery.dataViewer']);
  expect(all('google_storage_bucket_iam_member').map(({ role }) => role)).not.toContain('roles/storage.objectCreator');
});

test('it starts only when its permissions are effective', () => {
  const { all, one } = over('table');
  const [wait] = all('time_sleep');
  expect(Object.keys(wait.triggers)).toHaveLength(4);
  expect(one(INSTANCE).depends_on.some((name: string) => name.includes('Granted'))).toBe(true);
});

test('a deploy does not ask for another state than that in which idle shutdown and the owner left it', () => {
  const { desired_state: asked, lifecycle, gce_setup: setup } = make().one(INSTANCE);
  expect([asked, lifecycle.ignore_changes]).toEqual([undefined, ['desired_state']]);
  // Terraform would remove these in each plan, and each change in place starts the instance.
  expect(setup.metadata).toMatchObject({ 'enable-jupyterlab4': 'true', 'new-proxy-agent-enabled': 'true' });
});

test('only the owner opens it, and may start it again', () => {
  const { one } = make();
  expect(one(INSTANCE).instance_owners).toEqual(['ada@example.com']);
  const { role, member, lifecycle } = one('google_workbench_instance_iam_member');
  expect([role, member]).toEqual(['roles/notebooks.editor', 'user:ada@example.com']);
  expect(lifecycle.replace_triggered_by).toHaveLength(1);
});

describe('refuses', () => {
  test.each<[string, Partial<WorkbenchProps>, string]>([
    [
      'no network',
      { network: undefined as never },
      'network must have the ids of a network and a subnetwork, got undefined. Google would take the network default, which has no rules of yours, or does not exist. Find them with gcloud compute networks subnets describe.',
    ],
    [
      'a network without a subnetwork',
      { network: { network: network.network } as never },
      'network must have the ids of a network and a subnetwork, got undefined. Find them with gcloud compute networks subnets describe.',
    ],
    [
      'a subnetwork in another region',
      { network: { ...network, subnetwork: subnetwork.replace('west1', 'west4') } },
      'network must have a subnetwork in europe-west1, got europe-west4. What runs in it is in the region of the site.',
    ],
    [
      'a group',
      { owner: 'group:all@example.com' },
      'owner must be the email of one person, got "group:all@example.com". Write it like ada@example.com. Workbench accepts neither a group nor two people.',
    ],
    [
      'a long name',
      { name: 'exploration' },
      'name must be 1 to 10 lower-case letters and digits, got "exploration". The name of a service account has no room for more.',
    ],
    ['no machine type', { machineType: 'large' }, 'machineType must be a machine type, got "large". Write it like e2-standard-4.'],
    ['a small disk', { dataDiskGb: 5 }, 'dataDiskGb must be 10 to 64000 GB, got 5. Workbench allows no other size.'],
    [
      'no idle shutdown',
      { idleShutdownMinutes: 0 },
      'idleShutdownMinutes must be 10 to 1440 minutes, got 0. Workbench allows no other time.',
    ],
    ['a region as zone', { zone: 'europe-west1' }, 'zone must be the name of a zone, got "europe-west1". Write it like europe-west1-b.'],
    ['a zone elsewhere', { zone: 'europe-west4-b' }, 'zone must be in europe-west1, got "europe-west4-b". Write it like europe-west1-b.'],
    ['a list of stores', { inputs: [] as never }, 'inputs must be stores by name, got object. Write them like { EVENTS: store }.'],
    [
      'what is no store',
      { inputs: { EVENTS: 'events' as never } },
      'inputs must be stores, got another EVENTS. Give a BigQueryStore or a CloudStorageStore.',
    ],
  ])('%s', (_, props, message) => expect(() => make(props)).toThrow(new Error(`test/Bench: ${message}`)));

  test('a key of another form', () => expect(() => make({ encryptionKey: 'key' })).toThrow('test/Bench: encryptionKey must be'));

  test('to delete with one key alone', () =>
    expect(() => make({ removal: 'destroy' })).toThrow("test/Bench: removal 'destroy' needs the context destroyData"));

  test('one store by two names', () =>
    expect(() =>
      synthesize((stack) => {
        const store = new BigQueryStore(stack, 'Store', { site });
        return new Workbench(stack, 'Bench', { ...needed, inputs: { A: store, B: store } });
      }),
    ).toThrow(new Error('test/Bench: inputs must have each store once, got the same for A and B. Leave B out.')));

  test('two instances with one name', () =>
    expect(() =>
      synthesize((stack) => {
        for (const id of ['A', 'B']) new Workbench(stack, id, needed);
      }),
    ).toThrow(
      new Error('test/B: each workbench of a site must have its own name, got "workbench", which test/A has. Set name on one of them.'),
    ));
});
