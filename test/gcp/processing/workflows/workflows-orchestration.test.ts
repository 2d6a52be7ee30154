import fc from 'fast-check';
import { CloudRunJob } from '../../../../gcp/processing/cloud-run/cloud-run-job';
import { DataprocBatch } from '../../../../gcp/processing/dataproc/dataproc-batch';
import { QueryJob } from '../../../../gcp/processing/scheduled-query/query-job';
import { ScheduledQuery } from '../../../../gcp/processing/scheduled-query/scheduled-query';
import { longestExecution } from '../../../../gcp/processing/workflows/source';
import { WorkflowsOrchestration, type WorkflowsOrchestrationProps } from '../../../../gcp/processing/workflows/workflows-orchestration';
import { BigQueryStore } from '../../../../gcp/store/bigquery/bigquery-store';
import { packageScript } from '../../../../shared/synth/script-package';
import { documentedDefaults } from '../../../support/defaults';
import { expectSnapshot } from '../../../support/snapshot';
import { onCall, readable, Somebody, site, synthesize } from '../../stand-ins';
import { image } from '../cloud-run/image';
import { AJob } from './a-job';
import { type Behaviour, googleApis } from './google-apis';
import { runSource } from './run-source';

const WORKFLOW = 'google_workflows_workflow';
type Props = Omit<WorkflowsOrchestrationProps, 'steps' | 'site'>;
type Steps = readonly (readonly string[])[];

function make(props: Props = {}, steps: Steps = [['Pull']], body?: string) {
  const made = synthesize((stack) => {
    const jobs = steps.map((step) => Object.fromEntries(step.map((name) => [name, new AJob(stack, name, body)])));
    return new WorkflowsOrchestration(stack, 'Jobs', { site, steps: jobs, ...props });
  });
  const alerts = Object.fromEntries(made.all('google_monitoring_alert_policy').map((alert) => [alert.conditions[0].display_name, alert]));
  return { ...made, workflow: made.one(WORKFLOW), alerts };
}

/** A text as Terraform hands it over: references have a value, and what was escaped is as it was written. */
function applied(text: string): string {
  return text
    .replace(/(?<!\$)\$\{google_\w+?\.(\w+?)\.\w+\}/g, '$1')
    .replace(/\$\$\{/g, () => '${')
    .replaceAll('%%{', '%{');
}

const sourceIn = ({ one }: Pick<ReturnType<typeof make>, 'one'>) => applied(one(WORKFLOW).source_contents);

async function execute(source: string, behaviours: Readonly<Record<string, Behaviour>>) {
  const apis = await googleApis(behaviours);
  try {
    const execution = await runSource(source, apis.address);
    return { ...execution, came: apis.came, order: apis.came.map(({ what, job }) => `${what} ${job}`) };
  } finally {
    await apis.close();
  }
}

const run = (steps: Steps, behaviours: Readonly<Record<string, Behaviour>>, props?: Props) =>
  execute(sourceIn(make(props, steps)), behaviours);

test('the snapshot', () => {
  const { google_pubsub_topic_iam_member: _, google_workflows_workflow, ...others } = make().json.resource! as any;
  for (const workflow of Object.values<any>(google_workflows_workflow)) workflow.source_contents = 'in source.snapshot.yaml';
  expectSnapshot(
    'gcp/processing/workflows/workflows-orchestration.snapshot.yaml',
    'The workflow runs as an account of its own, which may write logs and what its jobs allow it. An alert fires when an execution fails.',
    readable({ google_workflows_workflow, ...others }),
  );
});

test('the snapshot of a source', () => {
  expectSnapshot(
    'gcp/processing/workflows/source.snapshot.yaml',
    'Each job is one call of run_job, which starts it, waits for its end, and raises with its name if it fails. Pull and Load run in parallel.',
    JSON.parse(sourceIn(make({}, [['Pull', 'Load'], ['Report']]))),
  );
});

test('documents the defaults that it has', () => {
  const made = make();
  const { main, run_job } = JSON.parse(sourceIn(made));
  expect(documentedDefaults('gcp/processing/workflows/workflows-orchestration.ts', 'WorkflowsOrchestrationProps')).toEqual({
    name: made.workflow.name.slice('acme-'.length),
    maxRetries: String(run_job.steps[0].attempt.try.steps[0].start.retry.max_retries),
    timeoutSeconds: String(main.steps[0].Pull.args.seconds),
  });
});

test('takes every setting', () => {
  const made = make({
    name: 'nightly',
    schedule: { cron: '0 3 * * *', timeZone: 'Europe/Berlin' },
    maxRetries: 0,
    timeoutSeconds: 600,
    serviceAccount: 'mine@acme-data.iam.gserviceaccount.com',
    notify: [onCall],
  });
  expect(made.workflow).toMatchObject({ name: 'acme-nightly', service_account: 'mine@acme-data.iam.gserviceaccount.com' });
  expect(made.one('google_cloud_scheduler_job')).toMatchObject({ schedule: '0 3 * * *', time_zone: 'Europe/Berlin' });
  for (const alert of made.all('google_monitoring_alert_policy')) expect(alert.notification_channels).toEqual([onCall]);
});

test('can be deleted with its stack, because it holds no data', () => expect(make().workflow.deletion_protection).toBe(false));

test('its log has no bodies of calls that succeed', () => expect(make().workflow.call_log_level).toBe('LOG_ERRORS_ONLY'));

test('it starts nothing before its permissions are effective', () => {
  const { json, workflow, all } = make();
  const [wait] = Object.entries<any>(json.resource!.time_sleep!);
  expect(wait![1].depends_on).toHaveLength(3);
  expect(workflow.depends_on).toContain(`time_sleep.${wait![0]}`);
  expect(all('google_project_iam_member').map(({ role }) => role)).toEqual(['roles/logging.logWriter']);
});

describe('an execution', () => {
  test('starts the second job only after the first has ended', async () => {
    const { order, failed, log } = await run([['Pull'], ['Publish']], { Pull: { looks: 2 }, Publish: { looks: 0 } });
    expect(order).toEqual(['start Pull', 'look Pull', 'look Pull', 'look Pull', 'start Publish', 'look Publish']);
    expect([failed, log]).toEqual([undefined, []]);
  });

  test('fails if the first job fails, never starts the second, and says in its log which job it was', async () => {
    const { order, failed, log } = await run([['Pull'], ['Publish']], { Pull: { looks: 1, fails: true }, Publish: { looks: 0 } });
    expect(order).toEqual(['start Pull', 'look Pull', 'look Pull']);
    expect(failed).toMatchObject({
      message: 'The job Pull has failed. No step after it was started.',
      job: 'Pull',
      cause: { message: 'The run has failed.', state: 'CONDITION_FAILED', reason: 'Task 0 failed.' },
    });
    expect(log).toEqual([{ severity: 'ERROR', ...failed }]);
  });

  test.each([429, 503])('starts a job again that is refused with %s', async (code) => {
    const { order, failed } = await run([['Pull']], { Pull: { refused: [code, code], looks: 0 } });
    expect(order).toEqual(['start Pull', 'start Pull', 'start Pull', 'look Pull']);
    expect(failed).toBeUndefined();
  });

  test.each([0, 3])('gives up a start that is refused after %s retries', async (maxRetries) => {
    const { order, failed } = await run([['Pull'], ['Publish']], { Pull: { refused: Array(50).fill(429) }, Publish: {} }, { maxRetries });
    expect(order).toEqual(Array(maxRetries + 1).fill('start Pull'));
    expect(failed).toMatchObject({ job: 'Pull', cause: { code: 429 } });
  });

  test.each([400, 403, 404, 500, 502])('does not start a job a second time after %s: it could be running', async (code) => {
    const { order, failed } = await run([['Pull']], { Pull: { refused: [code], looks: 0 } });
    expect(order).toEqual(['start Pull']);
    expect(failed).toMatchObject({ job: 'Pull', cause: { code } });
  });

  test('looks again while an API does not answer', async () => {
    const { order, failed } = await run([['Pull']], { Pull: { hidden: [503, 502, 500, 504, 429], looks: 0 } });
    expect(order).toEqual(['start Pull', ...Array(6).fill('look Pull')]);
    expect(failed).toBeUndefined();
  });

  test('gives up a run that it may not see', async () => {
    const { order, failed } = await run([['Pull']], { Pull: { hidden: Array(50).fill(403) } });
    expect(order).toEqual(['start Pull', 'look Pull']);
    expect(failed).toMatchObject({ job: 'Pull', cause: { code: 403 } });
  });

  test('looks again if there is no answer to a look', async () => {
    const { failed, order } = await run([['Pull']], { Pull: { dropped: 2, looks: 0 } });
    expect(order).toEqual(['start Pull', ...Array(3).fill('look Pull')]);
    expect(failed).toBeUndefined();
  });

  test('gives up a job that never ends, and says so', async () => {
    const { failed, seconds, order } = await run([['Pull'], ['Publish']], { Pull: {}, Publish: {} }, { timeoutSeconds: 3600 });
    expect(failed).toMatchObject({ job: 'Pull', cause: { message: 'The run takes too long. It has not been stopped.' } });
    expect(order).not.toContain('start Publish');
    expect(seconds).toBeGreaterThan(3600);
    expect(seconds).toBeLessThanOrEqual(3600 + 2 * 120);
  });

  test('runs the jobs of one step in parallel, and the next step when all have ended', async () => {
    const { order } = await run([['A', 'B'], ['C']], { A: { looks: 2 }, B: { looks: 0 }, C: { looks: 0 } });
    expect(order.slice(0, 2).sort()).toEqual(['start A', 'start B']);
    expect(order.slice(-2)).toEqual(['start C', 'look C']);
  });

  test('if one of them fails, the others go on to their end, and the next step is not started', async () => {
    const { order, log, failed } = await run([['A', 'B'], ['C']], { A: { looks: 0, fails: true }, B: { looks: 3 }, C: {} });
    expect(order.filter((one) => one === 'look B')).toHaveLength(4);
    expect(order).not.toContain('start C');
    expect(log).toMatchObject([{ severity: 'ERROR', job: 'A' }]);
    expect(failed).toMatchObject({ branches: [{ job: 'A' }] });
  });

  test('takes no more steps of Workflows than it was checked for', async () => {
    const { steps } = await run([['Pull']], { Pull: {} }, { timeoutSeconds: 7200 });
    expect(steps).toBeLessThanOrEqual(longestExecution(1, 7200));
    expect(steps).toBeGreaterThan(longestExecution(1, 7200) / 2);
  });

  test('does each step once and in order, whatever the jobs are', async () => {
    const names = fc.uniqueArray(fc.stringMatching(/^[A-Z][a-z]{3}$/), { minLength: 1, maxLength: 5 });
    await fc.assert(
      fc.asyncProperty(names, fc.nat(4), async (jobs, broken) => {
        const behaviours = Object.fromEntries(jobs.map((job, index) => [job, { looks: index, fails: index === broken }]));
        const { order } = await run(
          jobs.map((job) => [job]),
          behaviours,
        );
        expect(order.filter((one) => one.startsWith('start'))).toEqual(jobs.slice(0, broken + 1).map((job) => `start ${job}`));
      }),
      { numRuns: 5 },
    );
  });
});

describe('jobs of Cloud Run, BigQuery and Workflows', () => {
  const made = synthesize((stack) => {
    const [raw, clean] = ['raw', 'clean'].map((name) => new BigQueryStore(stack, name, { site, name })) as [BigQueryStore, BigQueryStore];
    const tables = { site, reads: { RAW: raw }, writes: { CLEAN: clean } };
    const merge = ({ RAW, CLEAN }: Readonly<Record<string, string>>) => `MERGE ${CLEAN} USING ${RAW}\nON kept.at > @run_time`;
    const pull = new CloudRunJob(stack, 'Pull', { site, name: 'pull', image });
    const publish = new QueryJob(stack, 'Publish', { ...tables, name: 'publish', query: merge });
    const count = new QueryJob(stack, 'Count', { ...tables, name: 'count', query: merge });
    const inner = new WorkflowsOrchestration(stack, 'Inner', { site, name: 'inner', steps: [{ Pull: pull }] });
    return new WorkflowsOrchestration(stack, 'Outer', {
      site,
      name: 'outer',
      steps: [{ Inner: inner }, { Publish: publish }, { Count: count }],
    });
  });
  const outer = made.all(WORKFLOW).find(({ name }) => name === 'acme-outer');
  const source = applied(outer.source_contents);

  test('are started and waited for, each by its own API', async () => {
    const { came, order, failed } = await execute(source, { Inner: { looks: 1 }, MERGE: { looks: 1 } });
    expect(failed).toBeUndefined();
    expect(order.slice(0, 4)).toEqual(['start Inner', 'look Inner', 'look Inner', 'start MERGE']);
    expect(came[3]!.path).toBe('/bigquery/v2/projects/acme-data/jobs');
    expect(came[3]!.body).toMatchObject({
      jobReference: { projectId: 'acme-data', location: 'europe-west1' },
      configuration: {
        jobTimeoutMs: '3600000',
        query: { useLegacySql: false, query: expect.stringContaining('\nON kept.at > CURRENT_TIMESTAMP()') },
      },
    });
    expect(came[4]!.path).toBe('/bigquery/v2/projects/acme-data/jobs/MERGE-1?location=europe-west1&fields=status');
  });

  test('that fail are told by their name and their own reason', async () => {
    const inner = await execute(source, { Inner: { looks: 0, fails: true }, MERGE: {} });
    expect(inner.failed).toMatchObject({ job: 'Inner', cause: { state: 'FAILED', reason: { payload: 'x' } } });
    const query = await execute(source, { Inner: { looks: 0 }, MERGE: { looks: 0, fails: true } });
    expect(query.failed).toMatchObject({ job: 'Publish', cause: { state: 'DONE', reason: { reason: 'invalidQuery' } } });
  });

  test('share the roles on a table that several of them use', () => {
    const ofOuter = made.all('google_bigquery_table_iam_member').filter(({ member }) => member.includes('Outer'));
    expect(ofOuter.map(({ role }) => role).sort()).toEqual([
      'roles/bigquery.dataEditor',
      'roles/bigquery.dataViewer',
      'roles/bigquery.dataViewer',
    ]);
    expect(made.all('google_project_iam_member').filter(({ role }) => role === 'roles/bigquery.jobUser')).toHaveLength(1);
  });
});

describe('who starts it', () => {
  test('may start workflows, and asks with an access token', () => {
    const { all, built } = synthesize((stack) => {
      const jobs = new WorkflowsOrchestration(stack, 'Jobs', { site, steps: [{ Pull: new AJob(stack, 'Pull') }] });
      return jobs.bindStart(new Somebody(stack, 'Starter'));
    });
    expect(built.token).toBe('oauth');
    expect(all('google_project_iam_member').filter(({ member }) => member.includes('starter'))).toMatchObject([
      { role: 'roles/workflows.invoker' },
    ]);
  });

  test('has the role once for all workflows that it starts, at an address that stays when one of them is removed', () => {
    const addresses = (names: readonly string[]) => {
      const { json } = synthesize((stack) => {
        const pull = new AJob(stack, 'Pull');
        const starter = new Somebody(stack, 'Starter');
        for (const name of names) new WorkflowsOrchestration(stack, name, { site, name, steps: [{ Pull: pull }] }).bindRun(starter);
      });
      const grants = Object.entries<any>(json.resource!.google_project_iam_member!);
      return grants.filter(([, { role }]) => role === 'roles/workflows.invoker').map(([address]) => address);
    };
    expect(addresses(['one', 'two'])).toEqual(['Starter_starts_workflows']);
    expect(addresses(['two'])).toEqual(['Starter_starts_workflows']);
  });

  test('can start one job in two steps', () => {
    const { all } = synthesize((stack) => {
      const pull = new CloudRunJob(stack, 'Pull', { site, name: 'pull', image });
      const inner = new WorkflowsOrchestration(stack, 'Inner', { site, name: 'inner', steps: [{ Pull: pull }] });
      const network = { subnetwork: 'projects/acme-net/regions/europe-west1/subnetworks/workers' };
      const spark = new DataprocBatch(stack, 'Spark', { site, network, script: packageScript('shared/runtime/spark/compact') });
      const again: WorkflowsOrchestrationProps['steps'] = [
        { A: pull, B: inner, C: spark },
        { D: pull, E: inner, F: spark },
      ];
      return new WorkflowsOrchestration(stack, 'Outer', { site, name: 'outer', steps: again });
    });
    const ofOuter = ['cloud_run_v2_job', 'project', 'service_account']
      .flatMap((on) => all(`google_${on}_iam_member`))
      .filter(({ member }) => member.includes('Outer'));
    expect(ofOuter.map(({ role }) => role).sort()).toEqual([
      'roles/dataproc.serverlessEditor',
      'roles/iam.serviceAccountUser',
      'roles/logging.logWriter',
      'roles/run.invoker',
      'roles/run.viewer',
      'roles/workflows.invoker',
    ]);
  });

  test('is Cloud Scheduler with a schedule, by the address of its executions', () => {
    const { one } = make({ schedule: { cron: '0 * * * *' } });
    const { uri, body } = one('google_cloud_scheduler_job').http_target;
    expect(uri).toMatch(/^https:\/\/workflowexecutions\.googleapis\.com\/v1\/\$\{google_workflows_workflow\.\w+\.id\}\/executions$/);
    expect(Buffer.from(body, 'base64').toString()).toBe('{}');
  });
});

describe('alerts', () => {
  const SILENT = 'finished_execution_count SUCCEEDED is absent';
  const silenceFor = (props: Props, steps?: Steps) => make(props, steps).alerts[SILENT]?.conditions[0].condition_absent.duration;

  test('one fires when an execution of this very workflow fails, and says where its log names the job', () => {
    const { conditions, documentation } = make().alerts['finished_execution_count FAILED'];
    const { filter, threshold_value } = conditions[0].condition_threshold;
    expect(filter).toMatch(
      /resource\.labels\.workflow_id = "\$\{google_workflows_workflow\.\w+\.name\}" AND .* AND metric\.labels\.status = "FAILED"$/,
    );
    expect(threshold_value).toBe(0);
    expect(documentation.content).toContain('resource.labels.workflow_id="acme-jobs" severity>=ERROR');
  });

  test('one fires when nothing succeeds: after a pause, the longest execution, and five minutes', () =>
    expect(silenceFor({ schedule: { cron: '0 * * * *' }, timeoutSeconds: 600 }, [['A', 'B'], ['C']])).toBe(`${3600 + 2 * 600 + 300}s`));

  test('there is none on silence once a day, because Cloud Monitoring looks back 23.5 hours', () =>
    expect(silenceFor({ schedule: { cron: '0 3 * * *' } })).toBeUndefined());
});

describe('refuses', () => {
  const job = { bindStart: () => ({}), bindRun: () => ({}) } as never;
  const step = { Pull: job };
  const jobs = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, index) => [`J${index}`, job]));
  test.each<[string, Partial<WorkflowsOrchestrationProps>, string]>([
    [
      'no steps',
      { steps: [] },
      'steps must have at least one step, got a list of 0. Write steps like [{ Pull: job }, { Report: report, Export: exporter }].',
    ],
    [
      'a step without a job',
      { steps: [{}] },
      'each step must have at least one job, got an object of 0. Write steps like [{ Pull: job }, { Report: report, Export: exporter }].',
    ],
    [
      'eleven jobs in parallel',
      { steps: [jobs(11)] },
      'each step must have at most 10 jobs, got 11. Workflows runs no more in parallel. Make two steps of it.',
    ],
    [
      'a name that is that of a step',
      { steps: [{ Step1: job }] },
      'steps must name each job in 1 to 40 letters, digits and underscores, a letter first, got "Step1". The names Step1, Step2 and so on are those of steps. Write steps like [{ Pull: job }].',
    ],
    [
      'two jobs with one name',
      { steps: [step, step] },
      'steps must name each job differently, got "Pull" twice. Give one of them another name.',
    ],
    [
      'what is no job',
      { steps: [{ Pull: { bindReader: () => ({}) } as never }] },
      'steps must have a job as "Pull", got an object of 1. Give a construct that implements Job, such as CloudRunJob or QueryJob.',
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
    [
      'more waiting than Workflows allows',
      { steps: [jobs(10)], timeoutSeconds: 86_400 },
      'jobs and timeoutSeconds must leave an execution below the 100000 steps that Workflows allows, got 10 jobs of up to 86400 seconds. Lower timeoutSeconds, or divide the steps.',
    ],
  ])('%s', (_, props, message) =>
    expect(() => synthesize((stack) => new WorkflowsOrchestration(stack, 'Jobs', { site, steps: [step], ...props }))).toThrow(
      new Error(`test/Jobs: ${message}`),
    ),
  );

  test('a query with a schedule of its own, which only BigQuery Admin may start', () =>
    expect(() =>
      synthesize((stack) => {
        const [raw, clean] = ['events', 'clean'].map((name) => new BigQueryStore(stack, name, { site, name }));
        const query = new ScheduledQuery(stack, 'Query', { site, reads: { RAW: raw! }, writes: { CLEAN: clean! }, query: () => 'MERGE' });
        new WorkflowsOrchestration(stack, 'Jobs', { site, steps: [{ Clean: query as never }] });
      }),
    ).toThrow(
      new Error(
        'test/Jobs: steps must have a job as "Clean", got ScheduledQuery. Give a construct that implements Job, such as CloudRunJob or QueryJob.',
      ),
    ));

  test('a request that Workflows would read as an expression', () =>
    expect(() => make({}, [['Pull']], JSON.stringify({ query: 'SELECT "${x}"' }))).toThrow(
      new Error('test/Jobs: the request of Pull must not contain ${, got one that does. Workflows reads it as an expression.'),
    ));

  test('a source that is too long', () =>
    expect(() => make({}, [['Pull']], JSON.stringify({ query: 'x'.repeat(200_000) }))).toThrow(
      /a source of at most 131072 bytes, got 2\d{5}/,
    ));

  test('two workflows with one name', () =>
    expect(() =>
      synthesize((stack) => {
        for (const id of ['A', 'B']) new WorkflowsOrchestration(stack, id, { site, steps: [{ Pull: new AJob(stack, `Of${id}`) }] });
      }),
    ).toThrow(new Error('test/B: each workflow of a site must have its own name, got "jobs", which test/A has. Set name on one of them.')));
});
