import { AppEngineEntry, type AppEngineEntryProps } from '../../../../gcp/connect/app-engine/app-engine-entry';
import { PubSubBuffer } from '../../../../gcp/connect/pub-sub/pub-sub-buffer';
import { CloudStorageStore } from '../../../../gcp/store/cloud-storage/cloud-storage-store';
import { FirestoreStore } from '../../../../gcp/store/firestore/firestore-store';
import { documentedDefaults } from '../../../support/defaults';
import { expectSnapshot } from '../../../support/snapshot';
import { onCall, readable, site, synthesize } from '../../stand-ins';
import { code } from './code';
import { make } from './entry';

const APPLICATION = 'google_app_engine_application';
const INGRESS = 'google_app_engine_service_network_settings';
const TRAFFIC = 'google_app_engine_service_split_traffic';

test('the snapshot', () => {
  const { json } = make();
  const own = Object.entries(json.resource!).map(([type, named]) => [
    type,
    Object.fromEntries(Object.entries(named).filter(([name]) => name.startsWith('Connect_') && !name.includes('Alert'))),
  ]);
  expectSnapshot(
    'gcp/connect/app-engine/app-engine-entry.snapshot.yaml',
    'Only VPC networks and load balancers are let in, and the code checks tokens. One account builds and runs it. Nothing here makes the application.',
    readable(Object.fromEntries(own.filter(([, named]) => Object.keys(named as object).length > 0))),
  );
});

test('documents the defaults that it has', () => {
  const { version, variables, alerts, one, all } = make();
  const { max_concurrent_requests, standard_scheduler_settings } = version.automatic_scaling;
  const silence = alerts.find(({ conditions }) => conditions[0].condition_absent);
  const ingress = one(INGRESS).network_settings.ingress_traffic_allowed;
  expect(documentedDefaults('gcp/connect/app-engine/app-engine-entry.ts', 'AppEngineEntryProps')).toEqual({
    application: all(APPLICATION).length === 0 ? 'existing' : 'create',
    ingress: ingress === 'INGRESS_TRAFFIC_ALLOWED_INTERNAL_AND_LB' ? 'internal-and-load-balancer' : ingress,
    tokenSeconds: variables.DEVICE_TOKEN_SECONDS,
    keySeconds: variables.DEVICE_KEY_SECONDS,
    concurrency: String(max_concurrent_requests),
    instanceClass: version.instance_class,
    maxInstances: String(standard_scheduler_settings.max_instances),
    silenceMinutes: String(Number.parseInt(silence.conditions[0].condition_absent.duration, 10) / 60),
  });
});

test('its application is there already: a project has one, and nobody can delete it', () => {
  expect(make().all(APPLICATION)).toEqual([]);
  expect(make().version.service).toBe('acme-entry');
});

test('makes the application if asked, which no plan deletes, and deploys its first service', () => {
  const { one, json, version } = make({ application: 'create' });
  expect(one(APPLICATION)).toMatchObject({
    location_id: '${lookup({"europe-west1" = "europe-west", "us-central1" = "us-central"}, "europe-west1", "europe-west1")}',
    lifecycle: { prevent_destroy: true },
  });
  expect(Object.keys(json.resource![APPLICATION]!)).toEqual(['app_engine']);
  expect(version).toMatchObject({ service: 'default', depends_on: expect.arrayContaining([`${APPLICATION}.app_engine`]) });
});

test('is reached from inside of the project, and from the internet only with a word', () => {
  const allowed = (ingress?: AppEngineEntryProps['ingress']) => make({ ingress }).one(INGRESS).network_settings.ingress_traffic_allowed;
  expect([allowed(), allowed('internal'), allowed('public')]).toEqual([
    'INGRESS_TRAFFIC_ALLOWED_INTERNAL_AND_LB',
    'INGRESS_TRAFFIC_ALLOWED_INTERNAL_ONLY',
    'INGRESS_TRAFFIC_ALLOWED_ALL',
  ]);
});

test('the code checks each caller, whatever is let in: tokens are for this service alone', () => {
  const { built, variables } = make({ ingress: 'public' });
  expect(built.audience).toBe('//appengine.googleapis.com/apps/acme-data/services/acme-entry');
  expect(variables).toMatchObject({ DEVICE_AUDIENCE: built.audience, DEVICE_SOURCE: 'acme-entry', REGISTRY_BUCKET: 'acme-devices' });
});

test('another code is another version, which gets all traffic, and no version is deleted', () => {
  const of = (hash: string) => {
    const { version, one } = make({ code: { ...code, hash } });
    expect(one(TRAFFIC)).toMatchObject({
      service: expect.stringContaining('google_app_engine_standard_app_version.'),
      migrate_traffic: false,
      split: { shard_by: 'IP', allocations: { [version.version_id]: '1' } },
    });
    expect(version.noop_on_destroy).toBe(true);
    return version.version_id;
  };
  expect([of('ab'.repeat(32)), of('cd'.repeat(32))]).toEqual(['vabababababababab', 'vcdcdcdcdcdcdcdcd']);
});

test('the doors are set before another version gets traffic', () => {
  const { one, json } = make();
  const [ingress] = Object.keys(json.resource![INGRESS]!);
  expect(one(TRAFFIC).depends_on).toEqual([`${INGRESS}.${ingress}`]);
});

test('the build finds the code by its hash, and is the only one that reads the bucket', () => {
  const { version, one, all, json } = make();
  const [bucket] = Object.keys(json.resource!.google_storage_bucket!);
  const [object] = Object.keys(json.resource!.google_storage_bucket_object!);
  expect(version.deployment.zip.source_url).toBe(
    `https://storage.googleapis.com/\${google_storage_bucket.${bucket}.name}/\${google_storage_bucket_object.${object}.name}`,
  );
  expect(one('google_storage_bucket_object').name).toBe(`app-${code.hash}.zip`);
  const readers = all('google_storage_bucket_iam_member').filter((grant) => grant.bucket.includes('google_storage_bucket.'));
  expect(readers.map(({ role }) => role)).toEqual(['roles/storage.objectViewer']);
});

test('it may publish, read keys and build, and is deployed two minutes after it may', () => {
  const { all, version, json } = make();
  const project = all('google_project_iam_member');
  expect(project.map(({ role }) => role).sort()).toEqual(['roles/artifactregistry.createOnPushWriter', 'roles/logging.logWriter']);
  expect(project.find(({ role }) => role.includes('createOnPush')).condition.expression).toBe(
    'resource.name.extract("/repositories/{rest}") == "" || resource.name.extract("/repositories/{rest}").startsWith("gae-standard")',
  );
  const [propagation] = Object.keys(json.resource!.time_sleep!).filter((name) => name.startsWith('Connect'));
  expect(version.depends_on).toEqual(['time_sleep.site', `time_sleep.${propagation}`]);
  expect(json.resource!.time_sleep![propagation!]!.depends_on).toHaveLength(5);
});

test('registrars may add callers, and cannot replace or delete a key', () => {
  const { all } = make({ registrars: ['user:me@example.com'] });
  const grants = all('google_storage_bucket_iam_member').filter(({ role }) => role !== 'roles/storage.objectViewer');
  expect(grants).toMatchObject([{ role: 'roles/storage.objectCreator', for_each: '${toset(["user:me@example.com"])}' }]);
});

test('open requests take a 128th of its memory', () => {
  const open = (instanceClass?: 'F2' | 'F4' | 'F4_1G') => Number(make({ instanceClass }).variables.DEVICE_OPEN_BYTES) / 2 ** 20;
  expect([open(), open('F4'), open('F4_1G')]).toEqual([6, 12, 24]);
});

test('takes every setting', () => {
  const { version, variables, alerts, all, built } = make({
    name: 'plants',
    tokenSeconds: 600,
    keySeconds: 10,
    concurrency: 10,
    instanceClass: 'F4',
    maxInstances: 3,
    silenceMinutes: 5,
    serviceAccount: 'mine@acme-data.iam.gserviceaccount.com',
    notify: [onCall],
  });
  expect(version).toMatchObject({
    service: 'acme-plants',
    instance_class: 'F4',
    service_account: 'mine@acme-data.iam.gserviceaccount.com',
    automatic_scaling: { max_concurrent_requests: 10, standard_scheduler_settings: { min_instances: 0, max_instances: 3 } },
  });
  expect(variables).toMatchObject({ DEVICE_SOURCE: 'acme-plants', DEVICE_TOKEN_SECONDS: '600', DEVICE_KEY_SECONDS: '10' });
  expect(alerts.map(({ notification_channels }) => notification_channels)).toEqual(Array(3).fill([onCall]));
  expect(all('google_service_account')).toEqual([]);
  expect(built.member).toBe('serviceAccount:mine@acme-data.iam.gserviceaccount.com');
  expect(built.addressCommand).toBe('gcloud app browse --no-launch-browser --project=acme-data --service=acme-plants');
});

test('each alert watches this service, and no other', () => {
  const filters = make().alerts.map(
    ({ conditions: [{ condition_threshold, condition_absent }] }) => (condition_threshold ?? condition_absent).filter,
  );
  expect(filters).toHaveLength(3);
  for (const filter of filters) expect(filter).toMatch(/module_id = "\$\{google_app_engine_standard_app_version\.\w+\.service\}"/);
});

test('the longest names still fit', () => {
  const { one } = make({ site: { ...site, prefix: 'p'.repeat(11) }, name: 'n'.repeat(10) });
  expect(one('google_service_account').account_id.length).toBeLessThanOrEqual(30);
});

describe('refuses', () => {
  test.each<[string, Partial<AppEngineEntryProps>, string]>([
    [
      'another first service of an application',
      { application: 'create', name: 'entry' },
      'name must be default for the first service of an application, got "entry". Leave name out, or set application to existing.',
    ],
    [
      'an application that is neither there nor made',
      { application: 'import' as never },
      'application must be existing or create, got "import". A project has one application.',
    ],
    [
      'another door',
      { ingress: 'all' as never },
      'ingress must be internal, internal-and-load-balancer or public, got "all". App Engine knows no other.',
    ],
    [
      'a small instance',
      { instanceClass: 'F1' as never },
      'instanceClass must be F2, F4 or F4_1G, got "F1". Others have too little memory, or no automatic scaling.',
    ],
    [
      'a public registrar',
      { registrars: ['allUsers'] },
      'registrars must be IAM members, got "allUsers". Write them like serviceAccount:press@project.iam.gserviceaccount.com. allUsers and allAuthenticatedUsers are not allowed.',
    ],
    [
      'a token for a week',
      { tokenSeconds: 604_800 },
      'tokenSeconds must be 60 to 86400 seconds, got 604800. Whoever reads a token can use it until it ends.',
    ],
    [
      'a silence of a day',
      { silenceMinutes: 1440 },
      'silenceMinutes must be 2 to 1410 minutes, got 1440. Cloud Monitoring looks back 23.5 hours.',
    ],
    ['no instance', { maxInstances: 0 }, 'maxInstances must be 1 to 1000 instances, got 0. It limits the cost.'],
    [
      'the handler of a processor',
      { code: { ...code, needs: { source: 'pub-sub-push', stores: { STORE: ['TABLE'] } } } },
      'code must read records of device-https, got a handler for pub-sub-push. Bundle one of the handlers whose names start with device-https.',
    ],
  ])('%s', (_, props, message) => expect(() => make(props)).toThrow(new Error(`test/Connect: ${message}`)));

  test('a registry that is no store of objects', () =>
    expect(() =>
      synthesize((stack) => {
        const sink = new PubSubBuffer(stack, 'Buffer', { site });
        const registry = new FirestoreStore(stack, 'Callers', { site });
        new AppEngineEntry(stack, 'Connect', { site, sink, registry, code });
      }),
    ).toThrow(/^test\/Connect: registry must be a store of objects, got the settings .* Use a CloudStorageStore\.$/));

  test.each([
    [
      { name: 'default' },
      'each service of an application must have its own name, got "default", which test/One has. Set name on one of them.',
    ],
    [{ name: 'entry' }, 'each function of a site must have its own name, got "entry", which test/One has. Set name on one of them.'],
  ])('a second entry with the same service: %j', (props, message) =>
    expect(() =>
      synthesize((stack) => {
        const sink = new PubSubBuffer(stack, 'Buffer', { site });
        const registry = new CloudStorageStore(stack, 'Callers', { site, name: 'callers', prefix: 'callers/' });
        new AppEngineEntry(stack, 'One', {
          site: { ...site, prefix: props.name === 'default' ? 'other' : 'acme' },
          sink,
          registry,
          code,
          ...props,
        });
        new AppEngineEntry(stack, 'Two', { site, sink, registry, code, ...props });
      }),
    ).toThrow(new Error(`test/Two: ${message}`)),
  );
});
