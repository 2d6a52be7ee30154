import path from 'node:path';
import type { TerraformResource } from 'cdktf';
import { PubSubBuffer } from '../../../../gcp/connect/pub-sub/pub-sub-buffer';
import { CloudRunProcessor } from '../../../../gcp/processing/cloud-run/cloud-run-processor';
import { CloudRunWorkerPool, type CloudRunWorkerPoolProps } from '../../../../gcp/processing/cloud-run/cloud-run-worker-pool';
import { CloudStorageStore } from '../../../../gcp/store/cloud-storage/cloud-storage-store';
import { packageHandler } from '../../../../shared/synth/handler-package';
import { documentedDefaults } from '../../../support/defaults';
import { expectSnapshot } from '../../../support/snapshot';
import { onCall, readable, site, synthesize } from '../../stand-ins';
import { image } from './image';

const POOL = 'google_cloud_run_v2_worker_pool';
const SERVICE = 'google_cloud_run_v2_service';
const ALERT = 'google_monitoring_alert_policy';
const code = {
  zip: path.join(__dirname, '../../../../package.json'),
  hash: 'ab'.repeat(32),
  needs: { source: 'pub-sub-pull', stores: { STORE: ['BUCKET', 'PREFIX'] } },
};
const network = {
  network: 'projects/acme-data/global/networks/inner',
  subnetwork: 'projects/acme-data/regions/europe-west1/subnetworks/inner',
};
const autoscaler = { repository: 'europe-west1-docker.pkg.dev/acme-data/images/crema', digest: `sha256:${'cd'.repeat(32)}` };
const scaling = { image: autoscaler };

function make(props: Partial<CloudRunWorkerPoolProps> = {}) {
  const made = synthesize((stack) => {
    const source = new PubSubBuffer(stack, 'Buffer', { site });
    const store = new CloudStorageStore(stack, 'Store', { site });
    return new CloudRunWorkerPool(stack, 'Processing', { site, image, source, stores: { STORE: store }, ...props });
  });
  const pool = made.one(POOL);
  const [container] = pool.template.containers;
  const env: Record<string, string> = Object.fromEntries(
    container.env.map(({ name, value }: { name: string; value: string }) => [name, value]),
  );
  const gone = made.all(ALERT).find(({ conditions }) => conditions[0].condition_absent);
  return { ...made, pool, container, env, gone };
}

/** The configuration that the autoscaler reads. */
const configOf = ({ one }: ReturnType<typeof make>) =>
  JSON.parse(one('google_parameter_manager_parameter_version').parameter_data).spec.scaledObjects[0].spec;

test('the snapshot', () => {
  const { json } = make();
  // The subscription with its alerts is in the tests of the buffer, and grants on the store are in those of the store.
  const isOwn = (type: string, id: string) => !/pubsub|storage/.test(type) && /^Processing_/.test(id) && !/Subscription/.test(id);
  const own = Object.entries(json.resource!).map(([type, all]) => [type, Object.entries(all).filter(([id]) => isOwn(type, id))] as const);
  expectSnapshot(
    'gcp/processing/cloud-run/cloud-run-worker-pool.snapshot.yaml',
    'One instance around the clock, as an account of its own, pulls from its subscription and is told of its last attempt.',
    readable(Object.fromEntries(own.filter(([, all]) => all.length > 0).map(([type, all]) => [type, Object.fromEntries(all)]))),
  );
});

test('documents the defaults that it has', () => {
  const { pool, container, env } = make();
  const file = 'gcp/processing/cloud-run/cloud-run-worker-pool.ts';
  expect(documentedDefaults(file, 'CloudRunWorkerPoolProps')).toEqual({
    name: pool.name.slice('acme-'.length),
    instances: String(pool.scaling.manual_instance_count),
    concurrency: env.EVENTS_CONCURRENCY,
    cpu: container.resources.limits.cpu,
    memoryMiB: container.resources.limits.memory.replace('Mi', ''),
  });
  const { minReplicaCount, maxReplicaCount, triggers } = configOf(make({ scaling }));
  expect(documentedDefaults('gcp/processing/cloud-run/pool-settings.ts', 'WorkerScaling')).toEqual({
    perInstance: triggers[0].metadata.value,
    min: String(minReplicaCount),
    max: String(maxReplicaCount),
  });
});

test('takes every setting', () => {
  const { pool, container, env, all, built } = make({
    name: 'orders',
    instances: 3,
    concurrency: 50,
    cpu: 4,
    memoryMiB: 8192,
    environmentVariables: { LEVEL: 'debug' },
    secretEnvironmentVariables: { PASSWORD: { secret: 'password' } },
    serviceAccount: 'mine@acme-data.iam.gserviceaccount.com',
    network,
    notify: [onCall],
    delivery: { maxRetries: 49 },
  });
  expect(pool).toMatchObject({
    name: 'acme-orders',
    scaling: { manual_instance_count: 3 },
    template: {
      service_account: 'mine@acme-data.iam.gserviceaccount.com',
      vpc_access: { egress: 'PRIVATE_RANGES_ONLY', network_interfaces: [network] },
    },
  });
  expect(container.resources.limits).toEqual({ cpu: '4', memory: '8192Mi' });
  expect(env).toMatchObject({ LEVEL: 'debug', EVENTS_CONCURRENCY: '50', EVENTS_ATTEMPTS: '50' });
  expect(container.env).toContainEqual({ name: 'PASSWORD', value_source: { secret_key_ref: { secret: 'password', version: 'latest' } } });
  const gone = all(ALERT).find(({ display_name }) => display_name === 'acme-orders: no instances');
  expect(gone.notification_channels).toEqual([onCall]);
  expect([built.subnetwork, built.member]).toEqual([network.subnetwork, 'serviceAccount:mine@acme-data.iam.gserviceaccount.com']);
});

test('the image is named by its digest, so that a plan shows each change of it', () =>
  expect(make().container.image).toBe(`${image.repository}@${image.digest}`));

test('it is told where its events, its store and its dead letter are', () =>
  expect(Object.keys(make().env)).toEqual([
    'EVENTS_SUBSCRIPTION',
    'EVENTS_ENDPOINT',
    'EVENTS_ATTEMPTS',
    'STORE_BUCKET',
    'STORE_PREFIX',
    'DEAD_LETTER_TOPIC',
    'DEAD_LETTER_ENDPOINT',
    'EVENTS_CONCURRENCY',
  ]));

test('an event is retried a limited number of times, and its last attempt is the one that the worker is told of', () => {
  const { all, env } = make();
  const own = all('google_pubsub_subscription').find(({ name }) => name === 'acme-events-to-worker');
  expect(own.dead_letter_policy.max_delivery_attempts).toBe(Number(env.EVENTS_ATTEMPTS));
  expect(own.push_config).toBeUndefined();
});

test('it starts two minutes after it may read its events, and write its store and its dead letter', () => {
  const { json, pool } = make();
  const sleep = Object.keys(json.resource!.time_sleep!).find((id) => id.startsWith('Processing_'))!;
  expect(pool.depends_on).toContain(`time_sleep.${sleep}`);
  const waits = json.resource!.time_sleep![sleep]!.depends_on.map((grant: string) => grant.split('.')[0]);
  expect(waits.sort()).toEqual([
    'google_pubsub_subscription_iam_member',
    'google_pubsub_topic_iam_member',
    'google_storage_bucket_iam_member',
  ]);
});

test('can be deleted with its stack, because its events wait in the subscription, which cannot', () => {
  const { pool, all } = make();
  expect(pool.deletion_protection).toBe(false);
  for (const one of all('google_pubsub_subscription')) expect(one.lifecycle).toEqual({ prevent_destroy: true });
});

test('neither the launch stage that Google answers with nor a deploy by its CLI is a difference', () => {
  const { pool } = make();
  expect(pool.launch_stage).toBe('BETA');
  expect(pool.lifecycle.ignore_changes).toEqual(['client', 'client_version', 'launch_stage']);
  // The API has no such setting: hashicorp/terraform-provider-google#26525.
  expect(pool.scaling).toEqual({ manual_instance_count: 1 });
});

test('the largest events that an instance has open at once fit into half of its memory, at six times their size', () => {
  const { container, env } = make();
  const memory = Number.parseInt(container.resources.limits.memory, 10) * 2 ** 20;
  expect(Number(env.EVENTS_CONCURRENCY) * 6 * 10e6).toBeLessThan(memory / 2);
});

test('images are not checked unless a policy is given, and then that of the autoscaler is checked too', () => {
  expect(make().pool.binary_authorization).toBeUndefined();
  const { pool, one } = make({ scaling, binaryAuthorization: { waitFor: [{ fqn: 'google_binary_authorization_policy.signed' }] } });
  for (const checked of [pool, one(SERVICE)]) {
    expect(checked.binary_authorization).toEqual({ use_default: true });
    expect(checked.depends_on).toContain('google_binary_authorization_policy.signed');
  }
});

describe('a handler of this project', () => {
  test('has its hash in an annotation, and a command that builds its image from the folder of the stack', () => {
    const { pool, built } = make({ code });
    expect(pool.annotations).toEqual({ 'handler-sha256': code.hash });
    expect(built.buildCommand).toMatch(
      /^gcloud builds submit assets\/\S+ --pack image=europe-west1-docker\.pkg\.dev\/acme-data\/images\/orders:[0-9a-f]{16}$/,
    );
    expect(make().built.buildCommand).toBeUndefined();
  });

  test('fits the settings that its store gives', () => {
    const { pool } = make({ code: packageHandler('gcp/handlers/pub-sub-pull-to-cloud-storage') });
    expect(pool.annotations['handler-sha256']).toMatch(/^[0-9a-f]{64}$/);
  });
});

describe('alerts', () => {
  test('one fires when this very worker pool has had no instance for a quarter of an hour', () => {
    const { filter, duration } = make().gone.conditions[0].condition_absent;
    expect(filter).toMatch(
      /resource\.type = "cloud_run_worker_pool" AND resource\.labels\.worker_pool_name = "\$\{google_cloud_run_v2_worker_pool\.\w+\.name\}"/,
    );
    expect(duration).toBe('900s');
  });

  test.each<[string, Partial<CloudRunWorkerPoolProps>]>([
    ['without instances', { instances: 0 }],
    ['with an autoscaler that may take all of them', { scaling: { ...scaling, min: 0 } }],
  ])('it is not there %s', (_, props) => expect(make(props).gone).toBeUndefined());

  test('others fire when events wait, and when they are not acknowledged in time', () =>
    expect(
      make()
        .all(ALERT)
        .map(({ display_name }) => display_name),
    ).toEqual(
      expect.arrayContaining([
        expect.stringContaining(': oldest_unacked_message_age'),
        expect.stringContaining(': expired_ack_deadlines_count'),
      ]),
    ));
});

describe('with an autoscaler', () => {
  test('the number of instances is that of the autoscaler, which a deploy does not set back', () => {
    const { pool, built } = make({ scaling: { ...scaling, min: 2 } });
    expect(pool.scaling).toEqual({ manual_instance_count: 2 });
    expect(pool.lifecycle.ignore_changes).toContain('scaling[0].manual_instance_count');
    expect(built.scaler).toBeDefined();
  });

  test('without one, a deploy sets the number of instances, and nothing of it is there', () => {
    const { pool, built, json } = make({ instances: 4 });
    expect(pool.scaling).toEqual({ manual_instance_count: 4 });
    expect(built.scaler).toBeUndefined();
    expect(Object.keys(json.resource!).filter((type) => /parameter|scheduler|v2_service|project_iam/.test(type))).toEqual([]);
  });

  test('it counts the events that wait in this subscription, and counts none if there are no data', () => {
    const { scaleTargetRef, minReplicaCount, maxReplicaCount, triggers } = configOf(
      make({ scaling: { ...scaling, perInstance: 250, min: 0, max: 20 } }),
    );
    expect(scaleTargetRef.name).toMatch(/^\$\{google_cloud_run_v2_worker_pool\.\w+\.id\}$/);
    expect([minReplicaCount, maxReplicaCount]).toEqual([0, 20]);
    expect(triggers).toEqual([
      {
        type: 'gcp-pubsub',
        metadata: {
          subscriptionName: '${google_pubsub_subscription.events_to_worker.id}',
          mode: 'SubscriptionSize',
          value: '250',
          valueIfNull: '0',
        },
        authenticationRef: { name: 'own-account' },
      },
    ]);
  });

  test('another configuration is another version, which is there before the old one is deleted', () => {
    const versionOf = (max: number) => make({ scaling: { ...scaling, max } }).one('google_parameter_manager_parameter_version');
    const [five, again, six] = [versionOf(5), versionOf(5), versionOf(6)];
    expect(five.parameter_version_id).toBe(again.parameter_version_id);
    expect(five.parameter_version_id).not.toBe(six.parameter_version_id);
    expect(five.lifecycle).toEqual({ create_before_destroy: true });
    // The worker pool and the subscription are a part of it, and known only at deploy.
    for (const part of [/google_cloud_run_v2_worker_pool\.\w+\.id/, /google_pubsub_subscription\.events_to_worker\.id/])
      expect(five.parameter_version_id).toMatch(part);
  });

  test('it gets its first call ten seconds after its start: its process that answers is ready before the one that sets instances', () => {
    const { startup_probe } = make({ scaling }).one(SERVICE).template.containers[0];
    expect(startup_probe).toEqual({ http_get: { path: '/healthz' }, initial_delay_seconds: 10 });
  });

  test('an alert fires when it cannot read how many events wait, or may not touch the worker pool: it answers 200 then', () => {
    const alert = make({ scaling, notify: [onCall] })
      .all(ALERT)
      .find(({ display_name }) => display_name === 'acme-worker-scaler: does not scale');
    expect(alert.notification_channels).toEqual([onCall]);
    expect(alert.conditions[0].condition_matched_log.filter).toMatch(
      /^resource\.type = "cloud_run_revision" AND resource\.labels\.service_name = "\$\{google_cloud_run_v2_service\.\w+\.name\}" AND \(textPayload : /,
    );
  });

  test('it may set instances of this worker pool, act as its account, read parameters and metrics, and nothing else', () => {
    const { all, built } = make({ scaling });
    const ofScaler = (type: string) => all(type).filter(({ member }) => String(member).includes('Scaler_Account'));
    expect(ofScaler('google_cloud_run_v2_worker_pool_iam_member').map(({ role, name }) => [role, name])).toEqual([
      ['roles/run.developer', expect.stringMatching(/^\$\{google_cloud_run_v2_worker_pool\.\w+\.name\}$/)],
    ]);
    expect(ofScaler('google_service_account_iam_member').map(({ role, service_account_id }) => [role, service_account_id])).toEqual([
      ['roles/iam.serviceAccountUser', expect.stringContaining('Processing_Account')],
    ]);
    expect(
      ofScaler('google_project_iam_member')
        .map(({ role }) => role)
        .sort(),
    ).toEqual(['roles/monitoring.viewer', 'roles/parametermanager.parameterViewer']);
    expect(built.scaler!.service.friendlyUniqueId).toContain('Scaler');
  });

  test('an account of yours, also of another project, is the one that it may act as', () => {
    const { all } = make({ scaling, serviceAccount: 'mine@other-data.iam.gserviceaccount.com' });
    expect(all('google_service_account_iam_member').map(({ service_account_id }) => service_account_id)).toContain(
      'projects/other-data/serviceAccounts/mine@other-data.iam.gserviceaccount.com',
    );
  });

  test('a schedule calls it once a minute, so that it is billed only while it works', () => {
    const { one } = make({ scaling });
    const service = one(SERVICE);
    expect(one('google_cloud_scheduler_job')).toMatchObject({
      schedule: '* * * * *',
      http_target: { http_method: 'POST', oidc_token: { audience: expect.stringMatching(/\.uri\}$/) } },
    });
    expect(service.template).toMatchObject({ timeout: '170s', scaling: { min_instance_count: 0, max_instance_count: 1 } });
    expect(service.template.containers[0]).toMatchObject({
      image: `${autoscaler.repository}@${autoscaler.digest}`,
      base_image_uri: 'europe-west1-docker.pkg.dev/serverless-runtimes/google-24/runtimes/java25',
      resources: { cpu_idle: true },
    });
    expect(service.ingress).toBe('INGRESS_TRAFFIC_INTERNAL_ONLY');
  });
});

describe('refuses', () => {
  test('the name of a service of the site', () =>
    expect(() =>
      synthesize((stack) => {
        const source = new PubSubBuffer(stack, 'Buffer', { site });
        new CloudRunProcessor(stack, 'Service', { site, image, source, stores: {}, name: 'worker' });
        new CloudRunWorkerPool(stack, 'Pool', { site, image, source, stores: {} });
      }),
    ).toThrow(
      new Error(
        'test/Pool: each function of a site must have its own name, got "worker", which test/Service has. Set name on one of them.',
      ),
    ));

  test('one store under two names: without either of them, its only grant would be gone', () =>
    expect(() =>
      synthesize((stack) => {
        const source = new PubSubBuffer(stack, 'Buffer', { site });
        const store = new CloudStorageStore(stack, 'Store', { site });
        new CloudRunWorkerPool(stack, 'Pool', { site, image, source, stores: { FILES: store, SAME: store } });
      }),
    ).toThrow(new Error('test/Pool: stores must have each store once, got the same for FILES and SAME. Leave SAME out.')));

  test.each<[string, Partial<CloudRunWorkerPoolProps>, string]>([
    [
      'a handler that is pushed to',
      { code: { ...code, needs: { ...code.needs, source: 'pub-sub-push' } } },
      'code must read records of pub-sub-pull, got a handler for pub-sub-push. Bundle one of the handlers whose names start with pub-sub-pull.',
    ],
    [
      'a store whose variables are those of the subscription',
      { stores: { EVENTS: {} as never } },
      'stores must not be named EVENTS or DEAD_LETTER, got EVENTS. Its variables start with its name, and those of the subscription do already.',
    ],
    [
      'a store whose variables are those of the dead letter',
      { stores: { DEAD_LETTER: {} as never } },
      'stores must not be named EVENTS or DEAD_LETTER, got DEAD_LETTER. Its variables start with its name, and those of the dead letter do already.',
    ],
    [
      'a variable of the subscription',
      { environmentVariables: { EVENTS_ENDPOINT: 'x' } },
      'environmentVariables must not set variables of the handler, got "EVENTS_ENDPOINT". The processor sets the variables that start with EVENTS_ or DEAD_LETTER_ or STORE_.',
    ],
    ['many instances', { instances: 101 }, 'instances must be 0 to 100 instances, got 101. Google allows more only with a higher quota.'],
    ['no open event', { concurrency: 0 }, 'concurrency must be 1 to 1000 events, got 0. Use more instances.'],
    [
      'a fixed number of instances beside an autoscaler',
      { instances: 2, scaling },
      'scaling keeps its own settings, got instances beside it. Leave instances out.',
    ],
    [
      'scaling as a word',
      { scaling: 'auto' as never },
      'scaling must be an object, got string. Write it like { image: { ... }, max: 10 }.',
    ],
    [
      'an autoscaler without an image',
      { scaling: {} as never },
      'scaling.image must be an object, got undefined. Write it like { repository: ..., digest: "sha256:..." }.',
    ],
    [
      'an autoscaler by a tag',
      { scaling: { image: { ...autoscaler, digest: '1.2' } } },
      'scaling.image.digest must be the digest of an image, got "1.2". A tag can be another image tomorrow. Find it with gcloud artifacts docker images list.',
    ],
    [
      'no event for an instance',
      { scaling: { ...scaling, perInstance: 0 } },
      'scaling.perInstance must be 1 to 1000000 events, got 0. It is the backlog of one instance.',
    ],
    [
      'no instance at all',
      { scaling: { ...scaling, max: 0 } },
      'scaling.max must be 1 to 100 instances, got 0. Google allows more only with a higher quota.',
    ],
    [
      'a minimum above the maximum',
      { scaling: { ...scaling, min: 6, max: 5 } },
      'scaling.min must be 0 to 5 instances, got 6. It must not be above scaling.max.',
    ],
    [
      'an image by a tag',
      { image: { ...image, digest: 'v1' } },
      'image.digest must be the digest of an image, got "v1". A tag can be another image tomorrow. Find it with gcloud artifacts docker images list.',
    ],
  ])('%s', (_, props, message) => expect(() => make(props)).toThrow(new Error(`test/Processing: ${message}`)));
});

/** The resource that somebody reaches for what the construct does not cover. */
test('its resources are public', () => {
  const { built } = make({ scaling });
  const resources: TerraformResource[] = [built.pool, built.scaler!.service];
  expect(resources.every(({ terraformResourceType }) => terraformResourceType.startsWith('google_cloud_run'))).toBe(true);
});
