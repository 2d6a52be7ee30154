import path from 'node:path';
import type { PubsubSubscription } from '@cdktf/provider-google/lib/pubsub-subscription';
import type { TerraformResource } from 'cdktf';
import type { Delivery } from '../../../../gcp/ports/delivery';
import type { Binding, FunctionWorkload, Workload } from '../../../../gcp/ports/identity';
import type { RecordSource } from '../../../../gcp/ports/records';
import type { TableStore } from '../../../../gcp/ports/stores';
import { CloudFunctionProcessor } from '../../../../gcp/processing/cloud-functions/cloud-function-processor';
import { CloudRunProcessor, type CloudRunProcessorProps } from '../../../../gcp/processing/cloud-run/cloud-run-processor';
import packageJson from '../../../../package.json';
import { documentedDefaults } from '../../../support/defaults';
import { expectSnapshot } from '../../../support/snapshot';
import { onCall, readable, site, synthesize } from '../../stand-ins';
import { image } from './image';

const SERVICE = 'google_cloud_run_v2_service';
const hash = 'ab'.repeat(32);
const code = {
  zip: path.join(__dirname, '../../../../package.json'),
  hash,
  needs: { source: 'pub-sub-push', stores: { STORE: ['TABLE'] } },
};
const network = {
  network: 'projects/acme-data/global/networks/inner',
  subnetwork: 'projects/acme-data/regions/europe-west1/subnetworks/inner',
};

/** What a source hands back. */
const TRIGGER = {} as PubsubSubscription;

/** A source and a store that remember who was let in, and when. */
class Neighbour implements RecordSource, TableStore {
  readonly format = 'pub-sub-push';
  readonly delivered: [FunctionWorkload, Delivery | undefined][] = [];
  readonly deadLetter = { bindWriter: (writer: Workload, name: string) => this.bind(writer, `${name}_TOPIC`) };

  deliverTo(target: FunctionWorkload, delivery?: Delivery) {
    this.delivered.push([target, delivery]);
    return TRIGGER;
  }
  bindWriter(writer: Workload, name: string) {
    return this.bind(writer, `${name}_TABLE`);
  }
  bindReader(reader: Workload, name: string) {
    return this.bind(reader, name);
  }
  private bind({ member }: Workload, name: string): Binding {
    return { settings: { [name]: member.slice(0, 14) }, waitFor: [{ fqn: `grant.${name}` }] };
  }
}

function make(props: Partial<CloudRunProcessorProps> = {}) {
  const neighbour = new Neighbour();
  const made = synthesize(
    (stack) => new CloudRunProcessor(stack, 'Processing', { site, image, source: neighbour, stores: { STORE: neighbour }, ...props }),
  );
  const service = made.one(SERVICE);
  return { neighbour, ...made, service, container: service.template.containers[0] };
}

test('the snapshot', () => {
  expectSnapshot(
    'gcp/processing/cloud-run/cloud-run-processor.snapshot.yaml',
    'Two accounts: one runs, one calls. The image is fixed by its digest, CPU is billed during calls, calls come from inside the project alone.',
    readable(make().json.resource),
  );
});

test('documents the defaults that it has', () => {
  const { service, container } = make();
  const { scaling, timeout, max_instance_request_concurrency } = service.template;
  expect(documentedDefaults('gcp/processing/cloud-run/cloud-run-processor.ts', 'CloudRunProcessorProps')).toEqual({
    name: service.name.slice('acme-'.length),
    cpu: container.resources.limits.cpu,
    memoryMiB: container.resources.limits.memory.replace('Mi', ''),
    timeoutSeconds: timeout.replace('s', ''),
    concurrency: String(max_instance_request_concurrency),
    maxInstances: String(scaling.max_instance_count),
    minInstances: String(scaling.min_instance_count),
  });
});

test('takes every setting', () => {
  const delivery = { maxRetries: 9 };
  const { service, container, one, neighbour, built } = make({
    name: 'orders',
    cpu: 4,
    memoryMiB: 8192,
    timeoutSeconds: 540,
    concurrency: 1,
    maxInstances: 100,
    minInstances: 2,
    environmentVariables: { LEVEL: 'debug' },
    serviceAccount: 'mine@acme-data.iam.gserviceaccount.com',
    network,
    notify: [onCall],
    delivery,
  });
  expect(service).toMatchObject({
    name: 'acme-orders',
    template: {
      service_account: 'mine@acme-data.iam.gserviceaccount.com',
      timeout: '540s',
      max_instance_request_concurrency: 1,
      scaling: { min_instance_count: 2, max_instance_count: 100 },
      vpc_access: { egress: 'PRIVATE_RANGES_ONLY', network_interfaces: [network] },
    },
  });
  expect(container.resources.limits).toEqual({ cpu: '4', memory: '8192Mi' });
  expect(container.env).toContainEqual({ name: 'LEVEL', value: 'debug' });
  expect(one('google_monitoring_alert_policy').notification_channels).toEqual([onCall]);
  expect(neighbour.delivered).toEqual([[built, delivery]]);
  expect([built.timeoutSeconds, built.subnetwork, built.trigger]).toEqual([540, network.subnetwork, TRIGGER]);
  expect(built.member).toBe('serviceAccount:mine@acme-data.iam.gserviceaccount.com');
});

test('the image is named by its digest, so that a plan shows each change of it', () =>
  expect(make().container.image).toBe(`${image.repository}@${image.digest}`));

test('starts with the settings of its store and of the dead letter', () =>
  expect(make().container.env.map(({ name }: { name: string }) => name)).toEqual(['STORE_TABLE', 'DEAD_LETTER_TOPIC']));

test('CPU is billed during calls only: the provider has another default as soon as resources are set', () =>
  expect(make().container.resources).toMatchObject({ cpu_idle: true, startup_cpu_boost: true }));

test('can be deleted with its stack, because it holds no data', () => expect(make().service.deletion_protection).toBe(false));

test('a deploy by the Google Cloud CLI leaves no difference but in what it deployed', () =>
  expect(make().service.lifecycle.ignore_changes).toEqual(['client', 'client_version']));

test('the largest events that an instance gets at once fit into half of its memory, at six times their size', () => {
  const { service, container } = make();
  const memory = Number.parseInt(container.resources.limits.memory, 10) * 2 ** 20;
  expect(service.template.max_instance_request_concurrency * 6 * 10e6).toBeLessThan(memory / 2);
});

describe('a handler of this project', () => {
  test('has its hash in an annotation, and a command that builds its image from the folder of the stack', () => {
    const { service, built } = make({ code });
    expect(service.annotations).toEqual({ 'handler-sha256': hash });
    expect(built.buildCommand).toMatch(
      new RegExp(
        `^gcloud builds submit assets/Processing_Code_\\w+/${hash}/package\\.json --pack image=${image.repository}:${hash.slice(0, 16)},env=GOOGLE_FUNCTION_TARGET=handler$`,
      ),
    );
  });

  test('is not asked for: an image can have code of its own', () => {
    const { service, built } = make();
    expect(service.annotations).toBeUndefined();
    expect(built.buildCommand).toBeUndefined();
  });

  test('is not built by Terraform, which cannot: hashicorp/terraform-provider-google#22263', () => {
    expect(packageJson.dependencies['@cdktf/provider-google']).toBe('16.12.1');
    expect(make({ code }).service.build_config).toBeUndefined();
  });
});

describe('health', () => {
  test('without a path, Cloud Run waits until the container listens', () => {
    const { container } = make();
    expect([container.startup_probe, container.liveness_probe]).toEqual([undefined, undefined]);
  });

  test('with a path, a container has four minutes to start, and is replaced after three failures', () => {
    const { startup_probe, liveness_probe } = make({ healthPath: '/healthz' }).container;
    expect(startup_probe.failure_threshold * startup_probe.period_seconds).toBe(240);
    expect(liveness_probe).toEqual({ http_get: { path: '/healthz' }, period_seconds: 10, timeout_seconds: 5, failure_threshold: 3 });
  });
});

test('secrets become variables, and the service may read each of them before it starts, and no other', () => {
  const theirs = 'projects/theirs/secrets/key';
  const { container, all, one, json } = make({
    secretEnvironmentVariables: { PASSWORD: { secret: 'password', version: '3' }, KEY: { secret: theirs } },
  });
  const secrets = container.env.filter(({ value_source }: { value_source?: object }) => value_source);
  expect(secrets).toEqual([
    { name: 'PASSWORD', value_source: { secret_key_ref: { secret: 'password', version: '3' } } },
    { name: 'KEY', value_source: { secret_key_ref: { secret: theirs, version: 'latest' } } },
  ]);
  const grants = all('google_secret_manager_secret_iam_member');
  expect(grants.map(({ project, secret_id }) => [project, secret_id]).sort()).toEqual([
    ['acme-data', 'password'],
    ['theirs', 'key'],
  ]);
  for (const id of Object.keys(json.resource!.google_secret_manager_secret_iam_member!)) {
    expect(one('time_sleep').depends_on).toContain(`google_secret_manager_secret_iam_member.${id}`);
  }
});

test('a secret that two variables read is granted once, at an address without their names: of two equal grants, one takes the other away', () => {
  const grantsOf = (secretEnvironmentVariables: CloudRunProcessorProps['secretEnvironmentVariables']) =>
    make({ secretEnvironmentVariables }).json.resource!.google_secret_manager_secret_iam_member!;
  const two = grantsOf({ OLD: { secret: 'password', version: '3' }, NEW: { secret: 'projects/acme-data/secrets/password' } });
  expect(Object.keys(two)).toEqual(['handler-service-password'.replaceAll('-', '_')]);
  expect(Object.keys(grantsOf({ NEW: { secret: 'password' } }))).toEqual(Object.keys(two));
});

test('every role exists for two minutes before the service does', () => {
  const { service, one, json } = make();
  const [propagation] = Object.keys(json.resource!.time_sleep!);
  expect(service.depends_on).toEqual(['time_sleep.site', `time_sleep.${propagation}`]);
  expect(one('time_sleep')).toMatchObject({ create_duration: '120s', depends_on: ['grant.STORE_TABLE', 'grant.DEAD_LETTER_TOPIC'] });
});

test('images are not checked unless a policy is given; then each revision is, and the policy is there before the first one', () => {
  expect(make().service.binary_authorization).toBeUndefined();
  const { service } = make({ binaryAuthorization: { waitFor: [{ fqn: 'google_binary_authorization_policy.signed' }] } });
  expect(service.binary_authorization).toEqual({ use_default: true });
  expect(service.depends_on).toContain('google_binary_authorization_policy.signed');
});

test('a policy that is there already is asked without a wait for it', () => {
  const [with_, without] = [make({ binaryAuthorization: { waitFor: [] } }).service, make().service];
  expect(with_).toEqual({ ...without, binary_authorization: { use_default: true } });
});

test('only the invoker may call, only from inside the project, and Pub/Sub may sign in as it before the first call', () => {
  const { service, one, built } = make();
  expect(service.ingress).toBe('INGRESS_TRAFFIC_INTERNAL_ONLY');
  expect(one('google_cloud_run_v2_service_iam_member')).toMatchObject({
    role: 'roles/run.invoker',
    member: expect.stringContaining('Processing_Invoker'),
    lifecycle: { replace_triggered_by: [expect.stringMatching(/^google_cloud_run_v2_service\.Processing_Service_\w+\.id$/)] },
  });
  expect(one('google_service_account_iam_member')).toMatchObject({
    role: 'roles/iam.serviceAccountOpenIdTokenCreator',
    member: site.pubSubAgent,
  });
  expect(built.invocable.map((each) => (each as TerraformResource).node.path)).toEqual([
    'test/Processing/InvokerGrant',
    'test/Processing/TokenCreator',
  ]);
});

test('an alert fires when a call of this very service fails', () => {
  const { filter } = make().one('google_monitoring_alert_policy').conditions[0].condition_threshold;
  expect(filter).toMatch(/resource\.labels\.service_name = "\$\{google_cloud_run_v2_service\.\w+\.name\}" AND .* = "5xx"$/);
});

test('the longest names still fit', () => {
  const { all } = make({ site: { ...site, prefix: 'p'.repeat(11) }, name: 'n'.repeat(10) });
  for (const { account_id } of all('google_service_account')) expect(account_id.length).toBeLessThanOrEqual(30);
});

describe('refuses', () => {
  test('one store under two names: without either of them, its only grant would be gone', () => {
    const store = new Neighbour();
    expect(() => make({ stores: { ROWS: store, SAME: store } })).toThrow(
      'stores must have each store once, got the same for ROWS and SAME.',
    );
  });

  test('the name of a function, because a function is a service too', () =>
    expect(() =>
      synthesize((stack) => {
        const shared = { site, source: new Neighbour(), stores: {}, name: 'orders' };
        new CloudFunctionProcessor(stack, 'a', { ...shared, code: { zip: code.zip, hash } });
        new CloudRunProcessor(stack, 'b', { ...shared, image });
      }),
    ).toThrow(
      new Error('test/b: each function of a site must have its own name, got "orders", which test/a has. Set name on one of them.'),
    ));

  test.each<[string, Partial<CloudRunProcessorProps>, string]>([
    [
      'an image by a tag',
      { image: { ...image, digest: 'latest' } },
      'image.digest must be the digest of an image, got "latest". A tag can be another image tomorrow. Find it with gcloud artifacts docker images list.',
    ],
    [
      'a repository with a tag',
      { image: { ...image, repository: 'europe-west1-docker.pkg.dev/acme-data/images/orders:v1' } },
      'image.repository must be a registry and the name of an image, without a tag, got "europe-west1-docker.pkg.dev/acme-data/images/orders:v1". Write it like europe-west1-docker.pkg.dev/acme-data/images/orders.',
    ],
    [
      'an image as a text',
      { image: 'orders:v1' as never },
      'image must be an object, got string. Write it like { repository: ..., digest: "sha256:..." }.',
    ],
    [
      'a long name',
      { name: 'processing1' },
      'name must be 1 to 10 lower-case letters and digits, got "processing1". The name of a service account has no room for more.',
    ],
    [
      'the name of the dead letter for a store',
      { stores: { DEAD_LETTER: new Neighbour() } },
      'stores must not be named DEAD_LETTER, got DEAD_LETTER. Its variables start with its name, and those of the dead letter do already.',
    ],
    ['half a vCPU', { cpu: 0.5 }, 'cpu must be 1, 2, 4, 6 or 8, got 0.5. Cloud Run has no other number of vCPUs with concurrent calls.'],
    ['little memory', { memoryMiB: 256 }, 'memoryMiB must be 512 to 4096 MiB, got 256. Cloud Run allows no other value with cpu 1.'],
    [
      'little memory for many vCPUs',
      { cpu: 8, memoryMiB: 2048 },
      'memoryMiB must be 4096 to 32768 MiB, got 2048. Cloud Run allows no other value with cpu 8.',
    ],
    ['a long timeout', { timeoutSeconds: 601 }, 'timeoutSeconds must be 10 to 600 seconds, got 601. Start a job for longer work.'],
    ['no concurrency', { concurrency: 0 }, 'concurrency must be 1 to 1000 calls, got 0. Cloud Run allows no more.'],
    [
      'too many instances',
      { maxInstances: 1001 },
      'maxInstances must be 1 to 1000 instances, got 1001. Google allows more only with a higher quota.',
    ],
    [
      'more instances kept than there are',
      { minInstances: 11 },
      'minInstances must be 0 to 10 instances, got 11. It must not be above maxInstances.',
    ],
    ['a health path without a slash', { healthPath: 'healthz' }, 'healthPath must be a path, got "healthz". Write it like /healthz.'],
    [
      'a network and a subnetwork that are exchanged',
      { network: { network: network.subnetwork, subnetwork: network.network } },
      `network must have the ids of a network and a subnetwork, got "${network.network}". Find them with gcloud compute networks subnets describe.`,
    ],
    [
      'a subnetwork elsewhere',
      { network: { ...network, subnetwork: network.subnetwork.replace('europe-west1', 'us-east1') } },
      'network must have a subnetwork in europe-west1, got us-east1. What runs in it is in the region of the site.',
    ],
    [
      'a network by its name',
      { network: { ...network, network: 'default' } },
      'network must have the ids of a network and a subnetwork, got "default". Find them with gcloud compute networks subnets describe.',
    ],
    [
      'a member where an e-mail is asked for',
      { serviceAccount: 'serviceAccount:mine@acme-data.iam.gserviceaccount.com' },
      'serviceAccount must be the email of a service account, got "serviceAccount:mine@acme-data.iam.gserviceaccount.com". Find it with gcloud iam service-accounts list.',
    ],
    [
      'a policy by its word',
      { binaryAuthorization: 'default' as never },
      'binaryAuthorization must be a policy of images, got "default". Give the construct with the policy, or { waitFor: [] } for a policy that is there already.',
    ],
    [
      'a variable of Google',
      { environmentVariables: { CLOUD_RUN_JOB: 'x' } },
      'environmentVariables must have names of letters, digits and underscores that are not reserved, got "CLOUD_RUN_JOB". Google reserves PORT, K_SERVICE and some others.',
    ],
    [
      'a handler of another source',
      { code: { ...code, needs: { ...code.needs, source: 'eventarc' } } },
      'code must read records of pub-sub-push, got a handler for eventarc. Bundle one of the handlers whose names start with pub-sub-push.',
    ],
    [
      'a store that the handler does not know',
      { code, stores: { LAKE: new Neighbour() } },
      'stores must be { STORE: store } for this handler, got LAKE. Its code reads the settings of these stores.',
    ],
    [
      'a store of another kind',
      { code: { ...code, needs: { ...code.needs, stores: { STORE: ['BUCKET'] } } } },
      'stores.STORE must return STORE_BUCKET, got STORE_TABLE. Give a store of the kind that the handler writes to.',
    ],
  ])('%s', (_, props, message) => expect(() => make(props)).toThrow(new Error(`test/Processing: ${message}`)));
});
