import path from 'node:path';
import { ProjectIamMember } from '@cdktf/provider-google/lib/project-iam-member';
import type { PubsubSubscription } from '@cdktf/provider-google/lib/pubsub-subscription';
import { TerraformIterator, type TerraformResource } from 'cdktf';
import { Propagation } from '../../../../gcp/foundation/propagation';
import type { Delivery } from '../../../../gcp/ports/delivery';
import type { Binding, FunctionWorkload, Workload } from '../../../../gcp/ports/identity';
import type { RecordSource } from '../../../../gcp/ports/records';
import type { TableStore } from '../../../../gcp/ports/stores';
import {
  CloudFunctionProcessor,
  type CloudFunctionProcessorProps,
} from '../../../../gcp/processing/cloud-functions/cloud-function-processor';
import packageJson from '../../../../package.json';
import { documentedDefaults } from '../../../support/defaults';
import { expectSnapshot } from '../../../support/snapshot';
import { onCall, readable, site, synthesize } from '../../stand-ins';

const hash = 'ab'.repeat(32);
const code = { zip: path.join(__dirname, '../../../../package.json'), hash };

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

function make(props: Partial<CloudFunctionProcessorProps> = {}) {
  const neighbour = new Neighbour();
  const synth = synthesize(
    (stack) => new CloudFunctionProcessor(stack, 'Processing', { site, code, source: neighbour, stores: { STORE: neighbour }, ...props }),
  );
  return { neighbour, ...synth };
}

test('the snapshot', () => {
  expectSnapshot(
    'gcp/processing/cloud-functions/cloud-function-processor.snapshot.yaml',
    'Three accounts: one runs, one calls, one builds. The function takes calls from inside the project alone.',
    readable(make().json.resource),
  );
});

test('documents the defaults that it has', () => {
  const { name, service_config } = make().one('google_cloudfunctions2_function');
  expect(documentedDefaults('gcp/processing/cloud-functions/cloud-function-processor.ts', 'CloudFunctionProcessorProps')).toEqual({
    name: name.slice('acme-'.length),
    memoryMiB: service_config.available_memory.replace('Mi', ''),
    timeoutSeconds: String(service_config.timeout_seconds),
    concurrency: String(service_config.max_instance_request_concurrency),
    maxInstances: String(service_config.max_instance_count),
    minInstances: String(service_config.min_instance_count),
  });
});

test('takes every setting', () => {
  const delivery = { maxRetries: 9 };
  const { one, neighbour, built } = make({
    name: 'orders',
    memoryMiB: 1024,
    timeoutSeconds: 540,
    concurrency: 1,
    maxInstances: 100,
    notify: [onCall],
    delivery,
  });
  expect(one('google_cloudfunctions2_function')).toMatchObject({
    name: 'acme-orders',
    service_config: { available_memory: '1024Mi', timeout_seconds: 540, max_instance_request_concurrency: 1, max_instance_count: 100 },
  });
  expect(one('google_monitoring_alert_policy').notification_channels).toEqual([onCall]);
  expect(neighbour.delivered).toEqual([[built, delivery]]);
  expect(built.timeoutSeconds).toBe(540);
});

test('hands back the subscription that its source made', () => expect(make().built.trigger).toBe(TRIGGER));

describe('in the words of Google', () => {
  test('variables of the user stand beside those of the handler, and cannot take their place', () => {
    const { one } = make({ environmentVariables: { LEVEL: 'debug', STORED: 'yes' } });
    expect(one('google_cloudfunctions2_function').service_config.environment_variables).toEqual({
      LEVEL: 'debug',
      STORED: 'yes',
      STORE_TABLE: expect.any(String),
      DEAD_LETTER_TOPIC: expect.any(String),
    });
  });

  test('secrets become variables, and the function may read each of them before it starts, and no other', () => {
    const theirs = 'projects/theirs/secrets/key';
    const { one, all, json } = make({
      secretEnvironmentVariables: { PASSWORD: { secret: 'password', version: '3' }, KEY: { secret: theirs } },
    });
    expect(one('google_cloudfunctions2_function').service_config.secret_environment_variables).toEqual([
      { key: 'PASSWORD', project_id: 'acme-data', secret: 'password', version: '3' },
      { key: 'KEY', project_id: 'theirs', secret: 'key', version: 'latest' },
    ]);
    const grants = all('google_secret_manager_secret_iam_member');
    expect(grants.map(({ project, secret_id, role }) => [project, secret_id, role]).sort()).toEqual([
      ['acme-data', 'password', 'roles/secretmanager.secretAccessor'],
      ['theirs', 'key', 'roles/secretmanager.secretAccessor'],
    ]);
    for (const { member } of grants) expect(member).toContain('Processing_Runtime');
    for (const id of Object.keys(json.resource!.google_secret_manager_secret_iam_member!)) {
      expect(one('time_sleep').depends_on).toContain(`google_secret_manager_secret_iam_member.${id}`);
    }
  });

  test('instances are kept ready, and a connector leads into a network', () => {
    const vpcConnector = 'projects/acme-data/locations/europe-west1/connectors/inner';
    expect(make({ minInstances: 2, vpcConnector }).one('google_cloudfunctions2_function').service_config).toMatchObject({
      min_instance_count: 2,
      vpc_connector: vpcConnector,
    });
  });
});

test('Pub/Sub may sign in as the invoker, and as nobody else, before the first call', () => {
  const { one, built } = make();
  expect(one('google_service_account_iam_member')).toEqual(
    expect.objectContaining({
      service_account_id: expect.stringMatching(/^\$\{google_service_account\.Processing_Invoker_\w+\.name\}$/),
      role: 'roles/iam.serviceAccountOpenIdTokenCreator',
      member: site.pubSubAgent,
    }),
  );
  expect(built.invocable.map((each) => (each as TerraformResource).terraformResourceType)).toContain('google_service_account_iam_member');
});

test('runs as a service account that is there already', () => {
  const { built, one, all } = make({ serviceAccount: 'mine@acme-data.iam.gserviceaccount.com' });
  expect(built.member).toBe('serviceAccount:mine@acme-data.iam.gserviceaccount.com');
  expect(one('google_cloudfunctions2_function').service_config.service_account_email).toBe('mine@acme-data.iam.gserviceaccount.com');
  expect(all('google_service_account').map(({ account_id }) => account_id)).toEqual(['acme-func-builder', 'acme-func-invoker']);
});

test('stands twice in one stack', () => {
  const { all } = synthesize((stack) =>
    ['a', 'b'].map((name) => new CloudFunctionProcessor(stack, name, { site, code, source: new Neighbour(), stores: {}, name })),
  );
  expect(all('google_storage_bucket').map(({ name }) => name)).toEqual(['acme-data-acme-a-source', 'acme-data-acme-b-source']);
});

test('the longest names still fit', () => {
  const { all } = synthesize(
    (stack) =>
      new CloudFunctionProcessor(stack, 'Processing', {
        site: { ...site, prefix: 'p'.repeat(11), project: 'p'.repeat(30) },
        code,
        source: new Neighbour(),
        stores: {},
        name: 'n'.repeat(10),
      }),
  );
  for (const { account_id } of all('google_service_account')) expect(account_id).toMatch(/^[a-z]([-a-z0-9]*[a-z0-9])$/);
  expect(Math.max(...all('google_service_account').map(({ account_id }) => account_id.length))).toBe(30);
  for (const { name } of all('google_storage_bucket')) expect(name.length).toBeLessThanOrEqual(63);
});

test('the function starts with the settings of its store and of the dead letter', () => {
  expect(Object.keys(make().one('google_cloudfunctions2_function').service_config.environment_variables)).toEqual([
    'DEAD_LETTER_TOPIC',
    'STORE_TABLE',
  ]);
});

test('every role exists for two minutes before the function does', () => {
  const { one, json } = make();
  const addresses = (type: string) => Object.keys(json.resource![type]!).map((id) => `${type}.${id}`);
  const [propagation] = addresses('time_sleep');
  expect(one('google_cloudfunctions2_function').depends_on).toEqual(['time_sleep.site', propagation]);
  expect(one('time_sleep')).toMatchObject({ create_duration: '120s' });
  expect([...one('time_sleep').depends_on].sort()).toEqual(
    [
      ...addresses('google_artifact_registry_repository_iam_member'),
      ...addresses('google_project_iam_member'),
      'grant.STORE_TABLE',
      'grant.DEAD_LETTER_TOPIC',
    ].sort(),
  );
});

test('a grant that is added or replaced makes the function wait again', () => {
  const { one } = make();
  const { depends_on, triggers } = one('time_sleep');
  expect(Object.keys(triggers).sort()).toEqual([...depends_on].sort());
  for (const [address, identity] of Object.entries(triggers)) {
    expect(identity).toBe(address.startsWith('grant.') ? address : `\${${address}.id}`);
  }
});

test('a grant to several is known by its address: it has no id', () => {
  const { one } = synthesize((stack) => {
    const forEach = TerraformIterator.fromList(['a', 'b']);
    const several = new ProjectIamMember(stack, 'Several', { project: 'p', role: 'r', member: forEach.value, forEach });
    new Propagation(stack, 'Propagation', [several]);
  });
  expect(one('time_sleep').triggers).toEqual({ 'google_project_iam_member.Several': 'google_project_iam_member.Several' });
});

test('the largest events that an instance gets at once fit into half of its memory, at six times their size', () => {
  const { available_memory, max_instance_request_concurrency } = make().one('google_cloudfunctions2_function').service_config;
  expect(max_instance_request_concurrency * 6 * 10e6).toBeLessThan((Number.parseInt(available_memory, 10) * 2 ** 20) / 2);
});

test('only the invoker may call, and only from inside the project', () => {
  const { one, built } = make();
  expect(one('google_cloud_run_v2_service_iam_member')).toMatchObject({
    role: 'roles/run.invoker',
    name: expect.stringMatching(/google_cloudfunctions2_function\.\w+\.name/),
    member: expect.stringContaining('Processing_Invoker'),
  });
  expect(one('google_cloudfunctions2_function').service_config.ingress_settings).toBe('ALLOW_INTERNAL_ONLY');
  expect(built.invocable.map((each) => (each as TerraformResource).node.path)).toEqual([
    'test/Processing/InvokerGrant',
    'test/Processing/TokenCreator',
  ]);
});

test('the right to call is replaced with the function, by a plain address: hashicorp/terraform-cdk#3532', () => {
  const { one } = make();
  expect(one('google_cloud_run_v2_service_iam_member').lifecycle.replace_triggered_by).toEqual([
    expect.stringMatching(/^google_cloudfunctions2_function\.Processing_Function_\w+\.id$/),
  ]);
  expect(packageJson.dependencies.cdktf).toBe('0.21.0');
});

test('the right to call is a grant on Cloud Run: hashicorp/terraform-provider-google#20320, #18308', () => {
  expect(packageJson.dependencies['@cdktf/provider-google']).toBe('16.12.1');
  expect(make().all('google_cloudfunctions2_function_iam_member')).toEqual([]);
});

test('the builder reads sources and writes images and logs, and may do no more in the project', () => {
  const { all, one } = make();
  expect(all('google_project_iam_member').map(({ role, condition }) => [role, condition?.expression])).toEqual([
    ['roles/logging.logWriter', undefined],
    ['roles/storage.objectViewer', 'resource.name.startsWith("projects/_/buckets/gcf-v2-sources-")'],
  ]);
  expect(one('google_artifact_registry_repository_iam_member')).toMatchObject({
    role: 'roles/artifactregistry.writer',
    repository: expect.stringContaining('google_artifact_registry_repository'),
  });
  for (const { member } of [...all('google_project_iam_member'), one('google_artifact_registry_repository_iam_member')])
    expect(member).toContain('Processing_Builder_Account');
});

test('the build runs as the builder, and its image lies in a repository that is cleaned up', () => {
  const { one } = make();
  expect(one('google_cloudfunctions2_function').build_config).toMatchObject({
    runtime: 'nodejs24',
    entry_point: 'handler',
    service_account: expect.stringMatching(/Processing_Builder_Account_\w+\.name/),
    docker_repository: expect.stringMatching(/Processing_Builder_Repository_\w+\.id/),
  });
  expect(one('google_artifact_registry_repository').cleanup_policies).toHaveLength(2);
});

test('other code makes another build, and the same code none', () => {
  const { one } = make();
  expect(one('google_storage_bucket_object')).toMatchObject({
    name: `function-${hash}.zip`,
    source: expect.stringMatching(new RegExp(`^assets/Processing_Source_Zip_\\w+/${hash}/package.json$`)),
  });
  expect(one('google_cloudfunctions2_function').build_config.source.storage_source).toEqual({
    bucket: expect.stringContaining('google_storage_bucket.'),
    object: expect.stringContaining('google_storage_bucket_object.'),
  });
});

test('the bucket of the code is private, and keeps replaced code for 30 days', () => {
  expect(make().one('google_storage_bucket')).toMatchObject({
    uniform_bucket_level_access: true,
    public_access_prevention: 'enforced',
    versioning: { enabled: true },
    lifecycle_rule: [{ action: { type: 'Delete' }, condition: { days_since_noncurrent_time: 30 } }],
  });
});

test('an alert fires when a call of this very function fails', () => {
  const { filter } = make().one('google_monitoring_alert_policy').conditions[0].condition_threshold;
  expect(filter).toMatch(
    /^resource\.type = "cloud_run_revision" AND resource\.labels\.service_name = "\$\{google_cloudfunctions2_function\.\w+\.name\}" AND metric\.type = "run\.googleapis\.com\/request_count" AND metric\.labels\.response_code_class = "5xx"$/,
  );
});

test('takes the stores that the handler needs', () => {
  const needs = { source: 'pub-sub-push', stores: { STORE: ['TABLE'] } };
  expect(make({ code: { ...code, needs } }).json).toEqual(make().json);
});

describe('refuses', () => {
  const needs = { source: 'pub-sub-push', stores: { STORE: ['TABLE'] } };

  test('a handler of another source', () =>
    expect(() => make({ code: { ...code, needs: { ...needs, source: 'eventarc' } } })).toThrow(
      new Error(
        'test/Processing: code must read records of pub-sub-push, got a handler for eventarc. Bundle one of the handlers whose names start with pub-sub-push.',
      ),
    ));

  test('a function of a name that another one has', () =>
    expect(() =>
      synthesize((stack) =>
        ['a', 'b'].map((id) => new CloudFunctionProcessor(stack, id, { site, code, source: new Neighbour(), stores: {} })),
      ),
    ).toThrow(new Error('test/b: each function of a site must have its own name, got "func", which test/a has. Set name on one of them.')));

  test('a store by a name that the handler does not know', () =>
    expect(() => make({ code: { ...code, needs }, stores: { LAKE: new Neighbour() } })).toThrow(
      new Error(
        'test/Processing: stores must be { STORE: store } for this handler, got LAKE. Its code reads the settings of these stores.',
      ),
    ));

  test('one store under two names: without either of them, its only grant would be gone', () => {
    const store = new Neighbour();
    expect(() => make({ stores: { ROWS: store, SAME: store } })).toThrow(
      'stores must have each store once, got the same for ROWS and SAME.',
    );
  });

  test('a store of another kind', () =>
    expect(() => make({ code: { ...code, needs: { ...needs, stores: { STORE: ['BUCKET', 'PREFIX'] } } } })).toThrow(
      new Error(
        'test/Processing: stores.STORE must return STORE_BUCKET and STORE_PREFIX, got STORE_TABLE. Give a store of the kind that the handler writes to.',
      ),
    ));

  test.each<[string, Partial<CloudFunctionProcessorProps>, string]>([
    [
      'a long name',
      { name: 'processing1' },
      'test/Processing: name must be 1 to 10 lower-case letters and digits, got "processing1". The name of a service account has no room for more.',
    ],
    [
      'the name of the dead letter for a store',
      { stores: { DEAD_LETTER: new Neighbour() } },
      'test/Processing: stores must not be named DEAD_LETTER, got DEAD_LETTER. Its variables start with its name, and those of the dead letter do already.',
    ],
    ['little memory', { memoryMiB: 128 }, 'test/Processing: memoryMiB must be 256 to 4096 MiB, got 128. One vCPU allows no other value.'],
    [
      'a long timeout',
      { timeoutSeconds: 601 },
      'test/Processing: timeoutSeconds must be 10 to 600 seconds, got 601. For longer work use a container that pulls.',
    ],
    [
      'a member where an e-mail is asked for',
      { serviceAccount: 'serviceAccount:mine@acme-data.iam.gserviceaccount.com' },
      'test/Processing: serviceAccount must be the email of a service account, got "serviceAccount:mine@acme-data.iam.gserviceaccount.com". Find it with gcloud iam service-accounts list.',
    ],
    ['no concurrency', { concurrency: 0 }, 'test/Processing: concurrency must be 1 to 1000 calls, got 0. Cloud Run allows no more.'],
    [
      'more instances kept than there are',
      { minInstances: 11 },
      'test/Processing: minInstances must be 0 to 10 instances, got 11. It must not be above maxInstances.',
    ],
    [
      'a variable of Google',
      { environmentVariables: { K_SERVICE: 'x' } },
      'test/Processing: environmentVariables must have names of letters, digits and underscores that are not reserved, got "K_SERVICE". Google reserves PORT, K_SERVICE and some others.',
    ],
    [
      'a variable of the handler',
      { environmentVariables: { STORE_TABLE: 'x' } },
      'test/Processing: environmentVariables must not set variables of the handler, got "STORE_TABLE". The processor sets the variables that start with DEAD_LETTER_ or STORE_.',
    ],
    [
      'a variable that is no text',
      { environmentVariables: { LEVEL: 5 as never } },
      'test/Processing: environmentVariables must have texts as values, got number for LEVEL. Write it as a text.',
    ],
    [
      'variables that are no object',
      { environmentVariables: ['LEVEL'] as never },
      'test/Processing: environmentVariables must be an object, got object. Write it like { LEVEL: ... }.',
    ],
    [
      'a variable twice',
      { environmentVariables: { KEY: 'x' }, secretEnvironmentVariables: { KEY: { secret: 'key' } } },
      'test/Processing: each variable must be set once, got "KEY" again. Leave one of them out.',
    ],
    [
      'a secret by another address',
      { secretEnvironmentVariables: { KEY: { secret: 'secrets/key' } } },
      'test/Processing: secretEnvironmentVariables must have names or ids of secrets, got "secrets/key". Write them like { secret: "password" } or { secret: "projects/example/secrets/password" }.',
    ],
    [
      'a version that is none',
      { secretEnvironmentVariables: { KEY: { secret: 'key', version: 'v1' } } },
      'test/Processing: secretEnvironmentVariables must have versions of secrets, got "v1". Write it like "3", or leave it out for the latest.',
    ],
    [
      'a network where a connector is asked for',
      { vpcConnector: 'projects/acme-data/global/networks/default' },
      'test/Processing: vpcConnector must be the id of a connector, got "projects/acme-data/global/networks/default". Find it with gcloud compute networks vpc-access connectors describe.',
    ],
    [
      'too many instances',
      { maxInstances: 1001 },
      'test/Processing: maxInstances must be 1 to 1000 instances, got 1001. Google allows more only with a higher quota.',
    ],
  ])('%s', (_, props, message) => expect(() => make(props)).toThrow(new Error(message)));
});
