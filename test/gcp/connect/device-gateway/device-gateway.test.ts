import { DeviceGateway, type DeviceGatewayProps } from '../../../../gcp/connect/device-gateway/device-gateway';
import { PubSubBuffer } from '../../../../gcp/connect/pub-sub/pub-sub-buffer';
import { CloudRunProcessor } from '../../../../gcp/processing/cloud-run/cloud-run-processor';
import { CloudStorageStore } from '../../../../gcp/store/cloud-storage/cloud-storage-store';
import { FirestoreStore } from '../../../../gcp/store/firestore/firestore-store';
import { documentedDefaults } from '../../../support/defaults';
import { expectSnapshot } from '../../../support/snapshot';
import { onCall, readable, site, synthesize } from '../../stand-ins';
import { code, image } from './code';
import { SETTINGS } from './gateway';

const SERVICE = 'google_cloud_run_v2_service';
/** Neighbours that bind, without resources of their own but the grants. */
function make(props: Partial<DeviceGatewayProps> = {}) {
  const made = synthesize((stack) => {
    const sink = new PubSubBuffer(stack, 'Buffer', { site, topicId: 'projects/acme-data/topics/acme-events' });
    const registry = new CloudStorageStore(stack, 'Devices', { site, bucketName: 'acme-devices', prefix: 'devices/' });
    return new DeviceGateway(stack, 'Connect', { site, sink, registry, code, image, ...props });
  });
  const service = made.one(SERVICE);
  const variables = Object.fromEntries(service.template.containers[0].env.map(({ name, value }: Record<string, string>) => [name, value]));
  const alerts = made.all('google_monitoring_alert_policy').filter(({ display_name }) => display_name.startsWith('acme-gateway'));
  return { ...made, service, variables, alerts };
}

test('the snapshot', () => {
  const { json } = make();
  const own = Object.entries(json.resource!).map(([type, named]) => [
    type,
    Object.fromEntries(Object.entries(named).filter(([name]) => name.startsWith('Connect_') && !name.includes('Alert'))),
  ]);
  expectSnapshot(
    'gcp/connect/device-gateway/device-gateway.snapshot.yaml',
    'The address is open to everyone, because the code checks tokens of devices. The account may publish to one topic and read keys, and nothing else.',
    readable(Object.fromEntries(own.filter(([, named]) => Object.keys(named as object).length > 0))),
  );
});

test('documents the defaults that it has', () => {
  const { service, variables, alerts } = make();
  const { scaling, max_instance_request_concurrency, containers } = service.template;
  const silence = alerts.find(({ conditions }) => conditions[0].condition_absent);
  expect(documentedDefaults('gcp/connect/device-gateway/device-gateway.ts', 'DeviceGatewayProps')).toEqual({
    name: service.name.slice('acme-'.length),
    tokenSeconds: variables.DEVICE_TOKEN_SECONDS,
    keySeconds: variables.DEVICE_KEY_SECONDS,
    concurrency: String(max_instance_request_concurrency),
    memoryMiB: containers[0].resources.limits.memory.replace('Mi', ''),
    maxInstances: String(scaling.max_instance_count),
    minInstances: String(scaling.min_instance_count),
    silenceMinutes: String(Number.parseInt(silence.conditions[0].condition_absent.duration, 10) / 60),
  });
});

test('tells the gateway what its code reads, and nothing else', () =>
  expect(Object.keys(make().variables).sort()).toEqual(Object.keys(SETTINGS).sort()));

test('tokens are for this gateway alone, and the source of events says which it is', () => {
  const { built, variables } = make();
  expect(built.audience).toBe('//run.googleapis.com/projects/acme-data/locations/europe-west1/services/acme-gateway');
  expect(variables).toMatchObject({ DEVICE_AUDIENCE: built.audience, DEVICE_SOURCE: 'acme-gateway' });
});

test('devices reach it without a Google account, and no grant is public', () => {
  const { service, json } = make();
  expect(service).toMatchObject({ ingress: 'INGRESS_TRAFFIC_ALL', invoker_iam_disabled: true });
  expect(JSON.stringify(json)).not.toMatch(/allUsers|allAuthenticatedUsers|run\.invoker/);
});

test('it may publish to its topic and read keys, and starts two minutes after it may', () => {
  const { one, service, json, all } = make();
  expect(all('google_pubsub_topic_iam_member').find(({ topic }) => topic.startsWith('projects/')).role).toBe('roles/pubsub.publisher');
  expect(one('google_storage_bucket_iam_member')).toMatchObject({
    bucket: 'acme-devices',
    role: 'roles/storage.objectViewer',
    condition: { expression: expect.stringContaining('/buckets/acme-devices/objects/devices/") ||') },
  });
  const [propagation] = Object.keys(json.resource!.time_sleep!).filter((name) => name.startsWith('Connect'));
  expect(service.depends_on).toEqual(['time_sleep.site', `time_sleep.${propagation}`]);
  expect(json.resource!.time_sleep![propagation!]!.depends_on).toHaveLength(2);
});

test('registrars may add devices, and cannot replace or delete a key', () => {
  const registrars = ['user:me@example.com', 'serviceAccount:plant@acme-data.iam.gserviceaccount.com'];
  const { all } = make({ registrars });
  const grants = all('google_storage_bucket_iam_member').filter(({ role }) => role !== 'roles/storage.objectViewer');
  expect(grants).toMatchObject([
    { role: 'roles/storage.objectCreator', for_each: `\${toset(["${registrars.join('", "')}"])}`, member: '${each.value}' },
  ]);
});

test('the command that registers a device replaces no key', () => {
  const { registerCommand } = make().built;
  expect(registerCommand).toContain(
    "--data-binary @public.pem 'https://storage.googleapis.com/upload/storage/v1/b/acme-devices/o?uploadType=media&ifGenerationMatch=0&name=devices/DEVICE.pem'",
  );
});

test('the command that registers a device is one argument also where the prefix has a quote', () => {
  const { built } = synthesize((stack) => {
    const sink = new PubSubBuffer(stack, 'Buffer', { site });
    const registry = new CloudStorageStore(stack, 'Devices', { site, name: 'devices', prefix: "press's/" });
    return new DeviceGateway(stack, 'Connect', { site, sink, registry, code, image });
  });
  expect(built.registerCommand).toMatch(/&name=press%27s\/DEVICE\.pem'$/);
});

test('its image is fixed by its digest, and built from the folder of the stack with a tag of its code, which no build moves', () => {
  const { service, built } = make();
  expect(service.template.containers[0].image).toBe(`${image.repository}@${image.digest}`);
  expect(service.annotations).toEqual({ 'handler-sha256': code.hash });
  expect(built.buildCommand).toMatch(
    /^gcloud builds submit assets\/Connect_Code_\w+\/\w+\/package\.json --pack image=\S+\/gateway:abababababababab$/,
  );
});

test('its image is checked if a policy is given, which is there before the first revision', () => {
  expect(make().service.binary_authorization).toBeUndefined();
  const fqn = 'google_binary_authorization_policy.signed';
  const { service } = make({ binaryAuthorization: { waitFor: [{ fqn }] } });
  expect(service).toMatchObject({ binary_authorization: { use_default: true }, depends_on: expect.arrayContaining([fqn]) });
});

test('open requests take a 128th of its memory: so four of the largest with the default', () => {
  const open = (memoryMiB?: number) => Number(make(memoryMiB ? { memoryMiB } : {}).variables.DEVICE_OPEN_BYTES);
  expect(Math.floor(open() / 1_000_000)).toBe(4);
  expect(open(1024)).toBe(Math.floor(2 ** 30 / 128));
});

test('takes every setting', () => {
  const { service, variables, alerts, all, built } = make({
    name: 'plants',
    tokenSeconds: 600,
    keySeconds: 10,
    concurrency: 10,
    memoryMiB: 1024,
    maxInstances: 3,
    minInstances: 1,
    silenceMinutes: 5,
    serviceAccount: 'mine@acme-data.iam.gserviceaccount.com',
    notify: [onCall],
  });
  expect(service).toMatchObject({
    name: 'acme-plants',
    template: {
      service_account: 'mine@acme-data.iam.gserviceaccount.com',
      max_instance_request_concurrency: 10,
      scaling: { min_instance_count: 1, max_instance_count: 3 },
    },
  });
  expect(variables).toMatchObject({ DEVICE_SOURCE: 'acme-plants', DEVICE_TOKEN_SECONDS: '600', DEVICE_KEY_SECONDS: '10' });
  expect(alerts).toEqual([]);
  const own = all('google_monitoring_alert_policy').filter(({ display_name }) => display_name.startsWith('acme-plants'));
  expect(own.map(({ notification_channels }) => notification_channels)).toEqual(Array(4).fill([onCall]));
  expect(all('google_service_account')).toEqual([]);
  expect(built.member).toBe('serviceAccount:mine@acme-data.iam.gserviceaccount.com');
});

test('each alert watches this gateway or its topic, and no other', () => {
  const filters = make().alerts.map(
    ({ conditions: [{ condition_threshold, condition_absent }] }) => (condition_threshold ?? condition_absent).filter,
  );
  expect(filters).toHaveLength(4);
  for (const filter of filters) {
    expect(filter).toMatch(
      /resource\.labels\.(service_name = "\$\{google_cloud_run_v2_service\.\w+\.name\}"|topic_id = "\$\{element\(split\("\/", "projects\/acme-data\/topics\/acme-events"\), 3\)\}")/,
    );
  }
});

test('the longest names still fit', () => {
  const { one } = make({ site: { ...site, prefix: 'p'.repeat(11) }, name: 'n'.repeat(10) });
  expect(one('google_service_account').account_id.length).toBeLessThanOrEqual(30);
});

describe('refuses', () => {
  test.each<[string, Partial<DeviceGatewayProps>, string]>([
    [
      'a public registrar',
      { registrars: ['allUsers'] },
      'registrars must be IAM members, got "allUsers". Write them like serviceAccount:press@project.iam.gserviceaccount.com. allUsers and allAuthenticatedUsers are not allowed.',
    ],
    [
      'an image by a tag',
      { image: { ...image, digest: 'latest' } },
      'image.digest must be the digest of an image, got "latest". A tag can be another image tomorrow. Find it with gcloud artifacts docker images list.',
    ],
    [
      'a token for a week',
      { tokenSeconds: 604_800 },
      'tokenSeconds must be 60 to 86400 seconds, got 604800. Whoever reads a token can use it until it ends.',
    ],
    [
      'keys that are kept for ever',
      { keySeconds: 86_400 },
      'keySeconds must be 1 to 3600 seconds, got 86400. So long is a device accepted after it was deleted.',
    ],
    [
      'a silence of a day',
      { silenceMinutes: 1440 },
      'silenceMinutes must be 2 to 1410 minutes, got 1440. Cloud Monitoring looks back 23.5 hours.',
    ],
    ['little memory', { memoryMiB: 256 }, 'memoryMiB must be 512 to 4096 MiB, got 256. Cloud Run allows no other with 1 vCPU.'],
    [
      'more instances kept than there are',
      { minInstances: 11 },
      'minInstances must be 0 to 10 instances, got 11. It must not be above maxInstances.',
    ],
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
        const registry = new FirestoreStore(stack, 'Devices', { site });
        new DeviceGateway(stack, 'Connect', { site, sink, registry, code, image });
      }),
    ).toThrow(
      new Error(
        'test/Connect: registry must be a store of objects, got the settings REGISTRY_PROJECT, REGISTRY_DATABASE, REGISTRY_MODE, REGISTRY_COLLECTION, REGISTRY_LOOK_UP_BY. Use a CloudStorageStore.',
      ),
    ));

  test('the name of a function or a service', () =>
    expect(() =>
      synthesize((stack) => {
        const sink = new PubSubBuffer(stack, 'Buffer', { site });
        const registry = new CloudStorageStore(stack, 'Devices', { site, name: 'devices', prefix: 'devices/' });
        new CloudRunProcessor(stack, 'Processing', { site, image, source: sink, stores: {}, name: 'gateway' });
        new DeviceGateway(stack, 'Connect', { site, sink, registry, code, image });
      }),
    ).toThrow(
      new Error(
        'test/Connect: each function of a site must have its own name, got "gateway", which test/Processing has. Set name on one of them.',
      ),
    ));
});
