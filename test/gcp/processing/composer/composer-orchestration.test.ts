import fc from 'fast-check';
import { CloudRunJob } from '../../../../gcp/processing/cloud-run/cloud-run-job';
import { ComposerOrchestration, type ComposerOrchestrationProps } from '../../../../gcp/processing/composer/composer-orchestration';
import { dagOf } from '../../../../gcp/processing/composer/dag';
import { QueryJob } from '../../../../gcp/processing/scheduled-query/query-job';
import { WorkflowsOrchestration } from '../../../../gcp/processing/workflows/workflows-orchestration';
import { BigQueryStore } from '../../../../gcp/store/bigquery/bigquery-store';
import { literal } from '../../../../shared/synth/literal';
import { documentedDefaults } from '../../../support/defaults';
import { expectSnapshot } from '../../../support/snapshot';
import { key, onCall, readable, site, synthesize } from '../../stand-ins';
import { image } from '../cloud-run/image';
import { AJob } from '../workflows/a-job';
import type { Behaviour } from '../workflows/google-apis';
import { Python, runDag } from './run-dag';

const ENVIRONMENT = 'google_composer_environment';
const OBJECT = 'google_storage_bucket_object';
type Props = Omit<Partial<ComposerOrchestrationProps>, 'steps' | 'site'>;
type Steps = readonly (readonly string[])[];

const network = {
  network: 'projects/acme-data/global/networks/inner',
  subnetwork: 'projects/acme-data/regions/europe-west1/subnetworks/inner',
};

function make(props: Props = {}, steps: Steps = [['Pull']], context: Record<string, unknown> = {}) {
  const made = synthesize((stack) => {
    const jobs = steps.map((step) => Object.fromEntries(step.map((name) => [name, new AJob(stack, name)])));
    return new ComposerOrchestration(stack, 'Jobs', { site, steps: jobs, network, ...props });
  }, context);
  const alerts = Object.fromEntries(made.all('google_monitoring_alert_policy').map((alert) => [alert.conditions[0].display_name, alert]));
  const environment = made.one(ENVIRONMENT);
  return { ...made, environment, config: environment.config, alerts, bucket: made.one('google_storage_bucket') };
}

/** A text as Terraform hands it over: references have a value, and what was escaped is as it was written. */
function applied(text: string): string {
  return text
    .replace(/(?<!\$)\$\{google_\w+?\.(\w+?)\.\w+\}/g, '$1')
    .replace(/\$\$\{/g, () => '${')
    .replaceAll('%%{', '%{');
}

const dagIn = ({ one }: Pick<ReturnType<typeof make>, 'one'>) => applied(one(OBJECT).content);
const settingsIn = (dag: string) => JSON.parse(/json\.loads\(r"""([\s\S]*?)"""\)/.exec(dag)![1]!);
const runner = new Python('run-dag.py');
afterAll(() => runner.stop());
const run = (steps: Steps, behaviours: Readonly<Record<string, Behaviour>>, props?: Props, lost?: Parameters<typeof runDag>[3]) =>
  runDag(runner, dagIn(make(props, steps)), behaviours, lost);

test('the snapshot', () => {
  const { google_pubsub_topic_iam_member: _, google_monitoring_alert_policy: _alerts, ...others } = make().json.resource! as any;
  for (const dag of Object.values<any>(others[OBJECT])) dag.content = 'in dag.snapshot.yaml';
  expectSnapshot(
    'gcp/processing/composer/composer-orchestration.snapshot.yaml',
    'The environment has a bucket and an account of its own, reaches no internet, and its page can be opened from an address that nobody has.',
    readable(others),
  );
});

test('the snapshot of what a DAG is told', () => {
  const dag = dagIn(make({ schedule: { cron: '0 3 * * *' } }, [['Pull', 'Load'], ['Report']]));
  expectSnapshot(
    'gcp/processing/composer/dag.snapshot.yaml',
    'Pull and Load run in parallel, and Report when both have succeeded. Each job says how it is started and how its end is seen.',
    settingsIn(dag),
  );
});

test('the snapshot of alerts', () => {
  expectSnapshot(
    'gcp/processing/composer/alerts.snapshot.yaml',
    'One alert fires when Airflow does not run the test of Composer, and one when a run of this very DAG fails.',
    readable(make().json.resource!.google_monitoring_alert_policy),
  );
});

test('documents the defaults that it has', () => {
  const made = make();
  const { config } = made;
  const { maxRetries, timeoutSeconds } = settingsIn(dagIn(made));
  const [start, end] = [config.maintenance_window.start_time, config.maintenance_window.end_time].map((time) =>
    new Date(time).getUTCHours(),
  );
  expect(end! - start!).toBe(6);
  expect(documentedDefaults('gcp/processing/composer/composer-orchestration.ts', 'ComposerOrchestrationProps')).toEqual({
    name: made.environment.name.slice('acme-'.length),
    maxRetries: String(maxRetries),
    timeoutSeconds: String(timeoutSeconds),
    size: config.environment_size.replace('ENVIRONMENT_SIZE_', '').toLowerCase(),
    imageVersion: config.software_config.image_version,
    snapshots: config.recovery_config.scheduled_snapshots_config.snapshot_creation_schedule,
    historyDays: String(config.data_retention_config.airflow_metadata_retention_config[0].retention_days),
    maintenanceHour: String(start),
    removal: made.environment.lifecycle.prevent_destroy ? 'retain' : 'destroy',
  });
  expect(config.workloads_config.worker).toEqual({ min_count: 1, max_count: 3 });
});

test('takes every setting', () => {
  const made = make({
    name: 'nightly',
    schedule: { cron: '0 3 * * *', timeZone: 'Europe/Berlin' },
    maxRetries: 0,
    timeoutSeconds: 600,
    size: 'large',
    workers: { min: 2, max: 10 },
    imageVersion: 'composer-3-airflow-3.1.7-build.12',
    packages: { 'dbt-bigquery': '==1.9.0', requests: '[socks]==2.32.3' },
    snapshots: '30 2 * * 0',
    webServerRanges: ['203.0.113.0/24', '2001:db8::/32'],
    historyDays: 365,
    maintenanceHour: 17,
    serviceAccount: 'mine@acme-data.iam.gserviceaccount.com',
    notify: [onCall],
  });
  const { config } = made;
  expect(made.environment.name).toBe('acme-nightly');
  expect(made.bucket.name).toBe('acme-data-acme-nightly-airflow');
  expect(config).toMatchObject({
    environment_size: 'ENVIRONMENT_SIZE_LARGE',
    workloads_config: { worker: { min_count: 2, max_count: 10 } },
    node_config: { ...network, service_account: 'mine@acme-data.iam.gserviceaccount.com' },
    software_config: {
      image_version: 'composer-3-airflow-3.1.7-build.12',
      pypi_packages: { 'dbt-bigquery': '==1.9.0', requests: '[socks]==2.32.3' },
    },
    web_server_network_access_control: { allowed_ip_range: [{ value: '203.0.113.0/24' }, { value: '2001:db8::/32' }] },
    recovery_config: { scheduled_snapshots_config: { snapshot_creation_schedule: '30 2 * * 0' } },
    maintenance_window: { start_time: '2026-01-03T17:00:00Z', end_time: '2026-01-03T23:00:00Z' },
  });
  expect(new Date(config.maintenance_window.start_time).getUTCDay()).toBe(6);
  expect(settingsIn(dagIn(made))).toMatchObject({ name: 'acme-nightly', cron: '0 3 * * *', timeZone: 'Europe/Berlin', maxRetries: 0 });
  for (const alert of Object.values<any>(made.alerts)) expect(alert.notification_channels).toEqual([onCall]);
});

describe('an environment', () => {
  test('and its bucket are retained, and deleted with two keys only', () => {
    const kept = make();
    expect([kept.environment, kept.bucket].map(({ lifecycle }) => lifecycle)).toEqual(Array(2).fill({ prevent_destroy: true }));
    expect(kept.bucket.force_destroy).toBe(false);
    const { environment, bucket } = make({ removal: 'destroy' }, [['Pull']], { destroyData: 'yes' });
    expect([environment.lifecycle, bucket.lifecycle, bucket.force_destroy]).toEqual([undefined, undefined, true]);
    expect(() => make({ removal: 'destroy' })).toThrow(/^test\/Jobs: removal 'destroy' needs the context destroyData/);
  });

  test('has an address in the state that no move of the construct changes', () => {
    expect(Object.keys(make().json.resource![ENVIRONMENT]!)).toEqual(['jobs']);
    expect(Object.keys(make().json.resource!.google_storage_bucket!)).toEqual(['jobs-airflow'.replace('-', '_')]);
  });

  test('has a bucket that Composer takes: in its region, of the class Standard, without a retention policy', () => {
    const { bucket, environment } = make();
    expect(bucket).toMatchObject({ location: environment.region, storage_class: 'STANDARD', versioning: { enabled: true } });
    expect([bucket.retention_policy, bucket.autoclass]).toEqual([undefined, undefined]);
    expect(bucket.lifecycle_rule).toContainEqual({
      action: { type: 'Delete' },
      condition: { age: 90, matches_prefix: ['logs/', 'snapshots/'] },
    });
  });

  test('reaches no internet; with packages, their installation does', () => {
    expect(make().config).toMatchObject({ enable_private_environment: true, enable_private_builds_only: true });
    const { config } = make({ packages: { pandas: '==2.2.3' } });
    expect(config).toMatchObject({ enable_private_environment: true, enable_private_builds_only: false });
  });

  test('has a page that nobody reaches who was not named', () => {
    expect(make().config.web_server_network_access_control.allowed_ip_range).toEqual([{ value: '192.0.2.1/32' }]);
  });

  test('and its bucket are encrypted with a key, by the agents of Composer and of Cloud Storage, who may use it before', () => {
    const { environment, config, bucket, all, json } = make({ encryptionKey: key });
    expect(config.encryption_config).toEqual({ kms_key_name: key });
    expect(bucket.encryption).toEqual({ default_kms_key_name: key });
    const members = all('google_kms_crypto_key_iam_member').map(({ member }) => member);
    expect(members).toEqual([
      expect.stringMatching(
        /^serviceAccount:service-\$\{data\.google_project\..*\.number\}@cloudcomposer-accounts\.iam\.gserviceaccount\.com$/,
      ),
      expect.stringContaining('google_storage_project_service_account'),
    ]);
    const waits = Object.keys(json.resource!.time_sleep!).map((id) => `time_sleep.${id}`);
    expect(environment.depends_on).toEqual(expect.arrayContaining(waits.filter((id) => !id.includes('Bucket'))));
    expect(bucket.depends_on).toEqual(expect.arrayContaining(waits.filter((id) => id.includes('Bucket'))));
  });

  test('and its DAG are created after all permissions of its account are effective', () => {
    const { json, environment, one, all } = make();
    const [[id, wait]] = Object.entries<any>(json.resource!.time_sleep!) as [[string, any]];
    expect(wait.depends_on).toHaveLength(3);
    expect(environment.depends_on).toContain(`time_sleep.${id}`);
    expect(one(OBJECT).depends_on).toEqual([`${ENVIRONMENT}.jobs`, `time_sleep.${id}`]);
    expect(all('google_project_iam_member').map(({ role }) => role)).toEqual(['roles/composer.worker']);
  });
});

describe('a DAG', () => {
  test('has the schedule and the time zone, one run at a time, and catches up with nothing', async () => {
    const { dag } = await run(
      [['Pull']],
      { Pull: { looks: 0 } },
      { schedule: { cron: '*/15 6-20 * * MON-FRI', timeZone: 'Europe/Berlin' } },
    );
    expect(dag).toEqual({
      dag_id: 'acme-jobs',
      schedule: ['*/15 6-20 * * MON-FRI', 'Europe/Berlin'],
      start_date: [2026, 1, 1, 'UTC'],
      catchup: false,
      max_active_runs: 1,
      is_paused_upon_creation: false,
    });
  });

  test.each([undefined, { cron: '0 3 * * *', paused: true }])('is started by people alone with the schedule %j', async (schedule) => {
    const { dag } = await run([['Pull']], { Pull: { looks: 0 } }, { schedule });
    expect(dag.schedule).toBeNull();
  });

  test('starts the second job only after the first has ended', async () => {
    const { order, states } = await run([['Pull'], ['Publish']], { Pull: { looks: 2 }, Publish: { looks: 0 } });
    expect(order).toEqual(['start Pull', 'look Pull', 'look Pull', 'look Pull', 'start Publish', 'look Publish']);
    expect(new Set(Object.values(states))).toEqual(new Set(['success']));
  });

  test('fails if the first job fails, never starts the second, and says why', async () => {
    const { order, states, failed } = await run([['Pull'], ['Publish']], { Pull: { looks: 1, fails: true }, Publish: { looks: 0 } });
    expect(order).toEqual(['start Pull', 'look Pull', 'look Pull']);
    expect(failed).toEqual({
      'Pull.wait': 'The run https://run.googleapis.com/v2/projects/p/locations/l/runs/Pull-1 has failed. CONDITION_FAILED: Task 0 failed.',
    });
    expect(states).toEqual({
      'Pull.start': 'success',
      'Pull.wait': 'failed',
      'Publish.start': 'upstream_failed',
      'Publish.wait': 'upstream_failed',
    });
  });

  test.each([429, 503])('starts a job again that is refused with %s', async (code) => {
    const { order, states, seconds } = await run([['Pull']], { Pull: { refused: [code, code], looks: 0 } });
    expect(order).toEqual(['start Pull', 'start Pull', 'start Pull', 'look Pull']);
    expect([states['Pull.wait'], seconds]).toEqual(['success', 10 + 20]);
  });

  test.each([0, 3])('gives up a start that is refused after %s retries', async (maxRetries) => {
    const { order, failed } = await run([['Pull'], ['Publish']], { Pull: { refused: Array(50).fill(429) }, Publish: {} }, { maxRetries });
    expect(order).toEqual(Array(maxRetries + 1).fill('start Pull'));
    expect(failed).toEqual({ 'Pull.start': 'The job was not started: 429 {"error":{"message":"busy"}}' });
  });

  test.each([400, 403, 404, 500, 502])('does not start a job a second time after %s: it could be running', async (code) => {
    const { order, failed } = await run([['Pull']], { Pull: { refused: [code], looks: 0 } });
    expect(order).toEqual(['start Pull']);
    expect(failed['Pull.start']).toContain(`The job was not started: ${code}`);
  });

  test('does not start a job a second time if the answer to its start is lost', async () => {
    const { order, failed } = await run([['Pull']], { Pull: { looks: 0 } }, {}, { loses: 1 });
    expect(order).toEqual(['start Pull']);
    expect(failed).toEqual({ 'Pull.start': 'Read timed out' });
  });

  test('looks again while an API is busy, or does not answer at all', async () => {
    const { order, states } = await run([['Pull']], { Pull: { hidden: [503, 502, 500, 429], looks: 0 } }, {}, { drops: 3 });
    expect(order).toEqual(['start Pull', ...Array(5).fill('look Pull')]);
    expect(states['Pull.wait']).toBe('success');
  });

  test('gives up a run that it may not see', async () => {
    const { order, failed } = await run([['Pull']], { Pull: { hidden: Array(50).fill(403) } });
    expect(order).toEqual(['start Pull', 'look Pull']);
    expect(failed['Pull.wait']).toContain('cannot be read: 403');
  });

  test('gives up a job that never ends, and says so', async () => {
    const { failed, seconds, order } = await run([['Pull'], ['Publish']], { Pull: {}, Publish: {} }, { timeoutSeconds: 3600 });
    expect(failed).toEqual({ 'Pull.wait': 'The run takes too long. It has not been stopped.' });
    expect(order).not.toContain('start Publish');
    expect(seconds).toBeGreaterThan(3600);
    expect(seconds).toBeLessThanOrEqual(3600 + 60);
  });

  test('runs the jobs of one step in parallel, and the next step when all have ended', async () => {
    const { order } = await run([['A', 'B'], ['C']], { A: { looks: 2 }, B: { looks: 0 }, C: { looks: 0 } });
    expect(order.indexOf('start B')).toBeLessThan(order.lastIndexOf('look A'));
    expect(order.slice(-2)).toEqual(['start C', 'look C']);
  });

  test('if one of them fails, the others go on to their end, and the next step is not started', async () => {
    const { order, states } = await run([['A', 'B'], ['C']], { A: { looks: 0, fails: true }, B: { looks: 3 }, C: {} });
    expect(order.filter((one) => one === 'look B')).toHaveLength(4);
    expect(order).not.toContain('start C');
    expect(states).toMatchObject({ 'A.wait': 'failed', 'B.wait': 'success', 'C.start': 'upstream_failed' });
  });

  test('runs jobs of Cloud Run, BigQuery and Workflows, each by its own API, and tells the reason of each', async () => {
    const made = synthesize((stack) => {
      const [raw, clean] = ['raw', 'clean'].map((name) => new BigQueryStore(stack, name, { site, name })) as [BigQueryStore, BigQueryStore];
      const query = ({ RAW, CLEAN }: Readonly<Record<string, string>>) =>
        `MERGE ${CLEAN} USING ${RAW}\nON '\${x}' = """%{y}""" > @run_time`;
      const pull = new CloudRunJob(stack, 'Pull', { site, name: 'pull', image });
      const publish = new QueryJob(stack, 'Publish', { site, reads: { RAW: raw }, writes: { CLEAN: clean }, query });
      const inner = new WorkflowsOrchestration(stack, 'Inner', { site, name: 'inner', steps: [{ Pull: pull }] });
      return new ComposerOrchestration(stack, 'Outer', { site, network, steps: [{ Pull: pull }, { Inner: inner }, { Publish: publish }] });
    });
    const dag = applied(made.one(OBJECT).content);
    const good = await runDag(runner, dag, { Pull: { looks: 0 }, Inner: { looks: 1 }, MERGE: { looks: 0 } });
    expect(good.order).toEqual(['start Pull', 'look Pull', 'start Inner', 'look Inner', 'look Inner', 'start MERGE', 'look MERGE']);
    expect(good.came[5]!.path).toBe('/bigquery/v2/projects/acme-data/jobs');
    expect((good.came[5]!.body as any).configuration.query.query).toContain('\nON \'${x}\' = """%{y}""" > CURRENT_TIMESTAMP()');
    expect(good.failed).toEqual({});
    const inner = await runDag(runner, dag, { Pull: { looks: 0 }, Inner: { looks: 0, fails: true }, MERGE: {} });
    expect(inner.failed['Inner.wait']).toMatch(/has failed\. FAILED: \{'payload': 'x'\}$/);
    const query = await runDag(runner, dag, { Pull: { looks: 0 }, Inner: { looks: 0 }, MERGE: { looks: 0, fails: true } });
    expect(query.failed['Publish.wait']).toMatch(/has failed\. DONE: \{.*'No such column'\}$/);
  });

  test('is told any text as it is: none can end the string that it is in', async () => {
    const texts = fc.sample(fc.string({ unit: 'binary', maxLength: 200 }), 200);
    const nasty = [
      '"""',
      "'''",
      '\\"""',
      '\\',
      '\\\\"',
      '"""\nimport os\n"""',
      '\\N{BULLET}',
      '\u2028',
      '${x}',
      '$${x}',
      '%{x}',
      '{{ ds }}',
      '@SETTINGS@',
      '\ud800',
    ];
    const requests = [...nasty, ...texts].map((query) => ({
      url: 'https://bigquery.googleapis.com/x',
      body: JSON.stringify({ query }),
      token: 'oauth' as const,
      waitFor: [],
      run: { name: ['id'], url: 'https://x/{run}', state: ['state'], succeeded: 'DONE', failed: [] },
    }));
    const dags = synthesize((stack) =>
      requests.map((request) =>
        applied(literal(dagOf(stack, { name: 'acme-jobs', maxRetries: 5, timeoutSeconds: 60, steps: [{ Query: request }] }))),
      ),
    ).built;
    const reader = new Python('read-dag.py');
    const { told } = await reader.ask(dags);
    await reader.stop();
    expect(told.map(({ steps }: any) => steps[0][0].body.query)).toEqual([...nasty, ...texts]);
  });

  test('is the same in every synthesis', () => expect(dagIn(make())).toBe(dagIn(make())));
});

describe('alerts', () => {
  test('one fires when a run of this very DAG fails, and says how to go on', () => {
    const { conditions, documentation } = make().alerts['run_count failed'];
    expect(conditions[0].condition_threshold.filter).toContain(
      `resource.labels.workflow_name = "\${${ENVIRONMENT}.jobs.name}.acme-jobs" AND metric.type = "composer.googleapis.com/workflow/run_count"`,
    );
    expect(documentation.content).toContain('Clear the task when the cause is gone');
  });

  const silenceFor = (props: Props, steps?: Steps) =>
    make(props, steps).alerts['run_count success is absent']?.conditions[0].condition_absent.duration;

  test('one fires when nothing succeeds: after a pause, the longest run, and five minutes', () =>
    expect(silenceFor({ schedule: { cron: '0 * * * *' }, timeoutSeconds: 600 }, [['A', 'B'], ['C']])).toBe(`${3600 + 2 * 600 + 300}s`));

  test.each([{ cron: '0 3 * * *' }, { cron: '0 * * * *', paused: true }])('there is none on silence for %j', (schedule) =>
    expect(silenceFor({ schedule })).toBeUndefined(),
  );
});

describe('refuses', () => {
  const cases: [string, Props, string][] = [
    [
      'no network',
      { network: undefined },
      'network must have the ids of a network and a subnetwork, got undefined. Google would take the network default, which has no rules of yours, or does not exist. Find them with gcloud compute networks subnets describe.',
    ],
    [
      'retries of starts that nothing refuses',
      { schedule: { cron: '0 3 * * *', maxRetries: 3 } as never },
      'schedule must have no maxRetries, got 3. Airflow starts its DAG itself. Set maxRetries of the orchestration for the starts of jobs.',
    ],
    [
      'a version without a build',
      { imageVersion: 'composer-3-airflow-2' },
      'imageVersion must be a build of Composer 3, got "composer-3-airflow-2". Write it like composer-3-airflow-2.11.1-build.19. Without a build, two environments of the same code differ.',
    ],
    [
      'Composer 2',
      { imageVersion: 'composer-2.16.11-airflow-2.11.1' },
      'imageVersion must be a build of Composer 3, got "composer-2.16.11-airflow-2.11.1". Write it like composer-3-airflow-2.11.1-build.19. Without a build, two environments of the same code differ.',
    ],
    [
      'a package of any version',
      { packages: { pandas: '>=2' } },
      "packages must have one version of each package, got \">=2\". Write it like '==1.9.0', or '[extra]==1.9.0'. Another version could break Airflow at the next build.",
    ],
    [
      'a package in capitals',
      { packages: { Pandas: '==2.2.3' } },
      "packages must have names of PyPI packages in lower case, got \"Pandas\". Write them like { 'dbt-bigquery': '==1.9.0' }.",
    ],
    [
      'a size',
      { size: 'tiny' as never },
      'size must be small, medium or large, got "tiny". A small environment runs hundreds of jobs a day.',
    ],
    [
      'fewer workers at most',
      { workers: { min: 5, max: 2 } },
      'workers.max must be 5 to 100 workers, got 2. Each worker is billed while it runs.',
    ],
    [
      'an address',
      { webServerRanges: ['office'] },
      'webServerRanges must be ranges of addresses, got "office". Write them like 203.0.113.0/24.',
    ],
    [
      'a macro of cron',
      { snapshots: '@daily' },
      'snapshots must be five fields of cron, got "@daily". Write it like 0 3 * * *: minute, hour, day of the month, month, day of the week.',
    ],
    [
      'a time that does not exist',
      { snapshots: '61 1 * * *' },
      'snapshots must have times that exist, got "61 1 * * *". Minutes are 0 to 59, hours 0 to 23, days 1 to 31, months 1 to 12 and weekdays 0 to 7. Only the last two have names.',
    ],
    ['a short history', { historyDays: 7 }, 'historyDays must be 30 to 730 days, got 7. Composer keeps it for no other time.'],
    [
      'a window over midnight',
      { maintenanceHour: 20 },
      "maintenanceHour must be 0 to 17 o'clock, got 20. The window takes six hours, and ends on the same day.",
    ],
    [
      'many retries',
      { maxRetries: 11 },
      'maxRetries must be 0 to 10 retries, got 11. A service that is busy for longer needs another time.',
    ],
    [
      'a job of two days',
      { timeoutSeconds: 172_800 },
      'timeoutSeconds must be 60 to 86400 seconds, got 172800. Divide a job that takes longer.',
    ],
  ];
  test.each(cases)('%s', (_, props, message) => expect(() => make(props)).toThrow(new Error(`test/Jobs: ${message}`)));

  test('a DAG that is too long', () =>
    expect(() =>
      synthesize((stack) => {
        const job = new AJob(stack, 'Pull', JSON.stringify({ query: 'x'.repeat(1_100_000) }));
        new ComposerOrchestration(stack, 'Jobs', { site, network, steps: [{ Pull: job }] });
      }),
    ).toThrow(/^test\/Jobs: steps must make a DAG of at most 1048576 bytes, got 1\d{6}\. Divide the steps, or write shorter queries\.$/));

  test('two environments with one name', () =>
    expect(() =>
      synthesize((stack) => {
        for (const id of ['A', 'B']) new ComposerOrchestration(stack, id, { site, network, steps: [{ Pull: new AJob(stack, `Of${id}`) }] });
      }),
    ).toThrow(
      new Error('test/B: each environment of a site must have its own name, got "jobs", which test/A has. Set name on one of them.'),
    ));
});
