import path from 'node:path';
import { CloudRunJob, type CloudRunJobProps } from '../../../../gcp/processing/cloud-run/cloud-run-job';
import { BigQueryStore } from '../../../../gcp/store/bigquery/bigquery-store';
import { CloudStorageStore } from '../../../../gcp/store/cloud-storage/cloud-storage-store';
import { documentedDefaults } from '../../../support/defaults';
import { expectSnapshot } from '../../../support/snapshot';
import { onCall, readable, Somebody, site, synthesize } from '../../stand-ins';
import { image } from './image';

const JOB = 'google_cloud_run_v2_job';
const subnetwork = 'projects/acme-data/regions/europe-west1/subnetworks/inner';
const network = { network: 'projects/acme-data/global/networks/inner', subnetwork };

function make(props: Partial<CloudRunJobProps> = {}) {
  const made = synthesize((stack) => new CloudRunJob(stack, 'Report', { site, image, ...props }));
  const job = made.one(JOB);
  const alerts = Object.fromEntries(made.all('google_monitoring_alert_policy').map((alert) => [alert.conditions[0].display_name, alert]));
  return { ...made, job, task: job.template.template, container: job.template.template.containers[0], alerts };
}

/** A job that reads one bucket and writes another. */
function withStores() {
  return synthesize((stack) => {
    const [source, target] = ['events', 'reports'].map((name) => new CloudStorageStore(stack, name, { site, name, prefix: `${name}/` }));
    return new CloudRunJob(stack, 'Report', { site, image, inputs: { SOURCE: source! }, outputs: { TARGET: target! } });
  });
}

test('the snapshot', () => {
  expectSnapshot(
    'gcp/processing/cloud-run/cloud-run-job.snapshot.yaml',
    'The image is fixed by its digest. The job runs as an account of its own, and an alert fires when an execution fails.',
    readable(make().json.resource),
  );
});

test('documents the defaults that it has', () => {
  const { job, task, container } = make();
  expect(documentedDefaults('gcp/processing/cloud-run/cloud-run-job.ts', 'CloudRunJobProps')).toEqual({
    name: job.name.slice('acme-'.length),
    tasks: String(job.template.task_count),
    maxRetries: String(task.max_retries),
    timeoutSeconds: task.timeout.replace('s', ''),
    cpu: container.resources.limits.cpu,
    memoryMiB: container.resources.limits.memory.replace('Mi', ''),
  });
});

test('takes every setting', () => {
  const { job, task, container, all, built } = make({
    name: 'report',
    args: ['--day', 'yesterday'],
    tasks: 200,
    maxRetries: 0,
    timeoutSeconds: 86_400,
    cpu: 4,
    memoryMiB: 8192,
    environmentVariables: { LEVEL: 'debug' },
    secretEnvironmentVariables: { PASSWORD: { secret: 'password' } },
    network,
    serviceAccount: 'mine@acme-data.iam.gserviceaccount.com',
    notify: [onCall],
  });
  expect(job).toMatchObject({ name: 'acme-report', template: { task_count: 200, parallelism: 100 } });
  expect(task).toMatchObject({
    max_retries: 0,
    timeout: '86400s',
    service_account: 'mine@acme-data.iam.gserviceaccount.com',
    vpc_access: { egress: 'PRIVATE_RANGES_ONLY', network_interfaces: [network] },
  });
  expect(container).toMatchObject({
    args: ['--day', 'yesterday'],
    resources: { limits: { cpu: '4', memory: '8192Mi' } },
    env: [
      { name: 'LEVEL', value: 'debug' },
      { name: 'PASSWORD', value_source: { secret_key_ref: { secret: 'password', version: 'latest' } } },
    ],
  });
  expect(built.subnetwork).toBe(subnetwork);
  for (const alert of all('google_monitoring_alert_policy')) expect(alert.notification_channels).toEqual([onCall]);
});

test('the image is named by its digest, so that a plan shows each change of it', () =>
  expect(make().container.image).toBe(`${image.repository}@${image.digest}`));

test('can be deleted with its stack, because it holds no data', () => expect(make().job.deletion_protection).toBe(false));

test('images are not checked unless a policy is given; then each execution is', () => {
  expect(make().job.binary_authorization).toBeUndefined();
  const { job } = make({ binaryAuthorization: { waitFor: [{ fqn: 'google_binary_authorization_policy.signed' }] } });
  expect(job.binary_authorization).toEqual({ use_default: true });
  expect(job.depends_on).toContain('google_binary_authorization_policy.signed');
});

describe('with stores', () => {
  test('the settings of each start with its name, and an annotation says which it reads and which it writes', () => {
    const { one } = withStores();
    const { annotations, template } = one(JOB);
    expect(annotations).toEqual({ inputs: 'SOURCE', outputs: 'TARGET' });
    const [{ env }] = template.template.containers;
    expect(env.map(({ name }: { name: string }) => name)).toEqual(['SOURCE_BUCKET', 'SOURCE_PREFIX', 'TARGET_BUCKET', 'TARGET_PREFIX']);
  });

  test('the job may read its inputs and add to its outputs, two minutes before it exists', () => {
    const { one, all, json } = withStores();
    expect(
      all('google_storage_bucket_iam_member')
        .map(({ role }) => role)
        .sort(),
    ).toEqual(['roles/storage.objectCreator', 'roles/storage.objectViewer']);
    const grants = Object.keys(json.resource!.google_storage_bucket_iam_member!).map((id) => `google_storage_bucket_iam_member.${id}`);
    expect([...one('time_sleep').depends_on].sort()).toEqual(grants.sort());
    expect(one(JOB).depends_on).toContain(`time_sleep.${Object.keys(json.resource!.time_sleep!)[0]}`);
  });
});

describe('with a handler of this project', () => {
  const code = {
    zip: path.join(__dirname, 'image.ts'),
    hash: 'ab'.repeat(32),
    needs: { source: 'pull', stores: { STAGING: ['PROJECT', 'DATASET', 'TABLE'] } },
  };
  const withCode = (props: Partial<CloudRunJobProps> = {}) =>
    synthesize((stack) => {
      const store = new BigQueryStore(stack, 'Store', { site });
      return new CloudRunJob(stack, 'Pull', { site, image, code, outputs: { STAGING: store }, ...props });
    });

  test('it is told its stores, and an annotation has the hash of the code', () => {
    const { annotations, template } = withCode().one(JOB);
    expect(annotations).toEqual({ outputs: 'STAGING', 'handler-sha256': code.hash });
    const names = template.template.containers[0].env.map(({ name }: { name: string }) => name);
    expect(names).toEqual(['STAGING_PROJECT', 'STAGING_DATASET', 'STAGING_TABLE']);
  });

  test('a command builds the image from the folder of the stack', () => {
    expect(withCode().built.buildCommand).toMatch(
      /^gcloud builds submit assets\/Pull_Code_\w+\/\w+\/\S+ --pack image=\S+\/orders:[0-9a-f]{16}$/,
    );
    expect(make().built.buildCommand).toBeUndefined();
  });

  test.each<[string, Partial<CloudRunJobProps>, string]>([
    [
      'a handler that waits for events',
      { code: { ...code, needs: { ...code.needs, source: 'pub-sub-push' } } },
      'code must pull its records and end, got a handler for pub-sub-push. Bundle a handler whose name starts with pull, or use a CloudRunProcessor.',
    ],
    ['several tasks', { tasks: 2 }, 'tasks must be 1 with a handler that pulls, got 2. Each task would pull everything.'],
    [
      'no store',
      { outputs: {} },
      'outputs must be { STAGING: store } for this handler, got none. Its code reads the settings of these stores.',
    ],
    [
      'a store that the handler cannot write to',
      { outputs: { STAGING: { bindWriter: () => ({ settings: { STAGING_BUCKET: 'b' }, waitFor: [] }) } as never } },
      'outputs.STAGING must return STAGING_PROJECT and STAGING_DATASET and STAGING_TABLE, got STAGING_BUCKET. Give a store of the kind that the handler writes to.',
    ],
  ])('it refuses %s', (_, props, message) => expect(() => withCode(props)).toThrow(new Error(`test/Pull: ${message}`)));
});

describe('who starts it', () => {
  test('may run this job and nothing else, and asks with an access token', () => {
    const { all, built } = synthesize((stack) => {
      const job = new CloudRunJob(stack, 'Report', { site, image });
      return Object.assign(job, { request: job.bindStart(new Somebody(stack, 'Starter')) });
    });
    expect(built.request.token).toBe('oauth');
    expect(all('google_cloud_run_v2_job_iam_member')).toEqual([
      expect.objectContaining({
        role: 'roles/run.invoker',
        member: 'serviceAccount:starter@acme-data.iam.gserviceaccount.com',
        name: expect.stringMatching(/^\$\{google_cloud_run_v2_job\.\w+\.name\}$/),
        lifecycle: { replace_triggered_by: [expect.stringMatching(/^google_cloud_run_v2_job\.\w+\.id$/)] },
      }),
    ]);
  });

  test('may also see its executions if it waits for them, on this job only', () => {
    const { all, built } = synthesize((stack) => {
      const job = new CloudRunJob(stack, 'Report', { site, image });
      return job.bindRun(new Somebody(stack, 'Starter'));
    });
    const roles = all('google_cloud_run_v2_job_iam_member').map(({ role }) => role);
    expect(roles.sort()).toEqual(['roles/run.invoker', 'roles/run.viewer']);
    expect(built.waitFor).toHaveLength(2);
    expect(built.run.url).toBe('https://run.googleapis.com/v2/{run}');
  });

  test('is nobody without a schedule', () => {
    const { built, all } = make();
    expect(built.schedule).toBeUndefined();
    expect(all('google_cloud_run_v2_job_iam_member')).toEqual([]);
  });

  test('is Cloud Scheduler with one, by the address of the job', () => {
    const { one, built } = make({ schedule: { cron: '0 * * * *', timeZone: 'Europe/Berlin' } });
    expect(one('google_cloud_scheduler_job')).toMatchObject({
      schedule: '0 * * * *',
      time_zone: 'Europe/Berlin',
      http_target: {
        uri: expect.stringMatching(/^https:\/\/run\.googleapis\.com\/v2\/\$\{google_cloud_run_v2_job\.\w+\.id\}:run$/),
        oauth_token: { service_account_email: expect.stringContaining('Schedule_Account') },
      },
    });
    expect(built.schedule!.name).toBe('job');
  });
});

describe('alerts', () => {
  const SILENT = 'completed_execution_count succeeded is absent';
  const silenceOf = (props: Partial<CloudRunJobProps>) => make(props).alerts[SILENT]?.conditions[0].condition_absent.duration;

  test('one fires when an execution of this very job fails', () => {
    const { filter, threshold_value } = make().alerts['completed_execution_count failed'].conditions[0].condition_threshold;
    expect(filter).toMatch(
      /resource\.labels\.job_name = "\$\{google_cloud_run_v2_job\.\w+\.name\}" AND .* AND metric\.labels\.result = "failed"$/,
    );
    expect(threshold_value).toBe(0);
  });

  test('one fires when nothing succeeds: after a pause, the longest execution, and five minutes', () =>
    expect(silenceOf({ schedule: { cron: '0 * * * *' }, maxRetries: 1, timeoutSeconds: 600, tasks: 4, parallelism: 2 })).toBe(
      `${3600 + 4 * 600 + 300}s`,
    ));

  test('where clocks change, it waits an hour more', () =>
    expect(silenceOf({ schedule: { cron: '0 * * * *', timeZone: 'Europe/Berlin' }, maxRetries: 0, timeoutSeconds: 600 })).toBe(
      `${2 * 3600 + 600 + 300}s`,
    ));

  test.each<[string, Partial<CloudRunJobProps>]>([
    ['without a schedule', {}],
    ['while the schedule is paused', { schedule: { cron: '0 * * * *', paused: true } }],
    ['once a day, because Cloud Monitoring looks back 23.5 hours', { schedule: { cron: '0 3 * * *' } }],
    ['on some days', { schedule: { cron: '0 * * * 1-5' } }],
  ])('there is none on silence %s', (_, props) => expect(silenceOf(props)).toBeUndefined());
});

describe('refuses', () => {
  const stored = (stack: Parameters<Parameters<typeof synthesize>[0]>[0]) => new CloudStorageStore(stack, 'Store', { site });

  test('two jobs with one name', () =>
    expect(() => synthesize((stack) => ['a', 'b'].map((id) => new CloudRunJob(stack, id, { site, image })))).toThrow(
      new Error('test/b: each job of a site must have its own name, got "job", which test/a has. Set name on one of them.'),
    ));

  test('one store under two names: without either of them, its only grant would be gone', () =>
    expect(() =>
      synthesize((stack) => {
        const store = stored(stack);
        new CloudRunJob(stack, 'Report', { site, image, outputs: { FILES: store, SAME: store } });
      }),
    ).toThrow(new Error('test/Report: outputs must have each store once, got the same for FILES and SAME. Leave SAME out.')));

  test('one name for an input and an output', () =>
    expect(() =>
      synthesize((stack) => {
        const store = stored(stack);
        new CloudRunJob(stack, 'Report', { site, image, inputs: { FILES: store }, outputs: { FILES: store } });
      }),
    ).toThrow(
      new Error('test/Report: each store must have its own name, got "FILES" in inputs and outputs. Its variables start with its name.'),
    ));

  test.each<[string, Partial<CloudRunJobProps>, string]>([
    ['no task', { tasks: 0 }, 'tasks must be 1 to 10000 tasks, got 0. Cloud Run allows no more.'],
    [
      'more tasks at a time than there are',
      { tasks: 2, parallelism: 3 },
      'parallelism must be 1 to 2 tasks, got 3. It must not be above tasks, nor above 100.',
    ],
    ['many retries', { maxRetries: 11 }, 'maxRetries must be 0 to 10 retries, got 11. Cloud Run allows no more.'],
    [
      'a task of eight days',
      { timeoutSeconds: 691_200 },
      'timeoutSeconds must be 10 to 604800 seconds, got 691200. Divide a task that takes longer.',
    ],
    ['arguments as a text', { args: '--day' as never }, `args must be a list, got "--day". Write them like ['--day', 'yesterday'].`],
    [
      'an argument that no process can have',
      { args: ['a\0'] },
      `args must be arguments of a process, got "a\\u0000". Write them like ['--day', 'yesterday'].`,
    ],
    [
      'a macro for a schedule',
      { schedule: { cron: '@daily' } },
      'cron must be five fields of cron, got "@daily". Write it like 0 3 * * *: minute, hour, day of the month, month, day of the week.',
    ],
    [
      'an image by a tag',
      { image: { ...image, digest: 'v1' } },
      'image.digest must be the digest of an image, got "v1". A tag can be another image tomorrow. Find it with gcloud artifacts docker images list.',
    ],
    [
      'a variable of a store',
      { outputs: { TARGET: {} as never }, environmentVariables: { TARGET_BUCKET: 'x' } },
      'environmentVariables must not set variables of the job, got "TARGET_BUCKET". The job sets the variables that start with TARGET_.',
    ],
  ])('%s', (_, props, message) => expect(() => make(props)).toThrow(new Error(`test/Report: ${message}`)));
});
