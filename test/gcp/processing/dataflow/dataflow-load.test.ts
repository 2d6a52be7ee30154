import { TerraformOutput, TerraformVariable } from 'cdktf';
import { DataflowLoad, type DataflowLoadProps } from '../../../../gcp/processing/dataflow/dataflow-load';
import { WorkflowsOrchestration } from '../../../../gcp/processing/workflows/workflows-orchestration';
import { BigQueryStore } from '../../../../gcp/store/bigquery/bigquery-store';
import { CloudStorageStore } from '../../../../gcp/store/cloud-storage/cloud-storage-store';
import { FirestoreStore } from '../../../../gcp/store/firestore/firestore-store';
import { unbase64 } from '../../../../shared/read/base64';
import eventSchema from '../../../../shared/runtime/event.schema.json';
import { documentedDefaults } from '../../../support/defaults';
import { expectSnapshot } from '../../../support/snapshot';
import { key, onCall, readable, Somebody, site, synthesize } from '../../stand-ins';
import { type Behaviour, googleApis } from '../workflows/google-apis';
import { runSource } from '../workflows/run-source';
import { expectEncrypted } from './encrypted';

const network = { subnetwork: 'projects/acme-net/regions/europe-west1/subnetworks/workers' };
const schedule = { cron: '0 3 * * *' };
const needed = { site, eventSchema, network };

const make = (props: Partial<DataflowLoadProps> = {}) =>
  synthesize((stack) => {
    const source = new CloudStorageStore(stack, 'Files', { site });
    const store = new BigQueryStore(stack, 'Store', { site });
    const load = new DataflowLoad(stack, 'Load', { ...needed, source, store, ...props });
    const starter = new Somebody(stack, 'Starter');
    const [rows, refused] = [load.bindRun(starter), load.refused.bindRun(starter)];
    // An output has the values of tokens.
    new TerraformOutput(stack, 'Rows', { value: rows.body });
    new TerraformOutput(stack, 'Refused', { value: refused.body });
    return { load, rows, refused };
  });
type Made = ReturnType<typeof make>;
const bodyOf = ({ json }: Made, run: 'Rows' | 'Refused' = 'Rows') => JSON.parse((json.output as any)[run].value);

test('the snapshot', () => {
  const made = make();
  const roles = ['google_project_iam_member', 'google_storage_bucket_iam_member', 'google_bigquery_table_iam_member'];
  expectSnapshot(
    'gcp/processing/dataflow/dataflow-load.snapshot.yaml',
    'Nothing runs at an apply: a run is a request. Its workers may read the files below the prefix, and add to two tables.',
    readable({
      request: { url: made.built.rows.url, body: bodyOf(made), run: made.built.rows.run },
      refused: bodyOf(made, 'Refused').parameters,
      roles: [...roles, 'google_service_account_iam_member'].flatMap((type) =>
        made.all(type).map(({ role, member, condition }) => ({ role, member, ...(condition && { only: condition.expression }) })),
      ),
    } as never),
  );
});

test('documents the defaults that it has', () => {
  const documented = documentedDefaults('gcp/processing/dataflow/dataflow-load.ts', 'DataflowLoadProps');
  const { name, files, maxWorkers, machineType, templateVersion } = documented as Record<string, string>;
  const explicit = {
    name: name!,
    files: files!,
    maxWorkers: Number(maxWorkers),
    machineType: machineType!,
    templateVersion: templateVersion!,
  };
  expect(make(explicit).json).toEqual(make().json);
});

test('takes every setting', () => {
  const made = make({
    ...{ name: 'nightly', files: 'year=2026/**/*.json', maxWorkers: 20, machineType: 'n2-highmem-4', schedule, notify: [onCall] },
    templateVersion: '2026-08-18-00_RC00',
  });
  const { jobName, parameters, environment } = bodyOf(made);
  expect(jobName).toBe('acme-nightly');
  expect(parameters.inputFilePattern).toMatch(/\/events\/year=2026\/\*\*\/\*\.json$/);
  expect(environment).toMatchObject({ maxWorkers: 20, machineType: 'n2-highmem-4' });
  expect(made.built.rows.url).toMatch(/\?gcsPath=gs:\/\/dataflow-templates-europe-west1\/2026-08-18-00_RC00\/GCS_Text_to_BigQuery$/);
  for (const alert of made.all('google_monitoring_alert_policy')) expect(alert.notification_channels).toEqual([onCall]);
});

test('no resource is a batch, which Terraform would start again at each apply', () => {
  const { all } = make({ schedule });
  expect([...all('google_dataflow_job'), ...all('google_dataflow_flex_template_job')]).toEqual([]);
});

test('the file of the schema has the columns of the table, and which of them are required', () => {
  const { all } = make();
  const [table] = all('google_bigquery_table').filter(({ table_id }) => table_id === 'events');
  const files = all('google_storage_bucket_object').filter(({ content_type }) => content_type === 'application/json');
  const inTable = JSON.parse(table.schema).map(({ name, type, mode }: any) => ({ name, type, mode }));
  const schemas = files.map(({ content }) => JSON.parse(content)['BigQuery Schema']);
  expect(schemas).toContainEqual(inTable);
  expect(schemas.flat().map(({ name }) => name)).toContain('errorMessage');
});

test('both runs read the same files with functions of one text', () => {
  const made = make();
  const [rows, refused] = [bodyOf(made).parameters, bodyOf(made, 'Refused').parameters];
  const same = ({ inputFilePattern, javascriptTextTransformGcsPath }: any) => [inputFilePattern, javascriptTextTransformGcsPath];
  expect(same(rows)).toEqual(same(refused));
  expect([rows, refused].map(({ javascriptTextTransformFunctionName }) => javascriptTextTransformFunctionName)).toEqual([
    'lineToRow',
    'lineToRefusal',
  ]);
  expect([rows, refused].map(({ outputTable }) => /\.google_bigquery_table|table\.(\w+)\.table_id/.exec(outputTable)![1])).toEqual([
    'events_events',
    'load_dead_letter',
  ]);
  expect(bodyOf(made, 'Refused').jobName).not.toBe(bodyOf(made).jobName);
});

test('workers have private addresses and an account of their own', () =>
  expect(bodyOf(make()).environment).toMatchObject({
    ipConfiguration: 'WORKER_IP_PRIVATE',
    subnetwork: `https://www.googleapis.com/compute/v1/${network.subnetwork}`,
    serviceAccountEmail: expect.stringContaining('Load_Account'),
  }));

test('a key encrypts what is in both runs, which are started after it may be used', () => {
  const made = make({ encryptionKey: key, schedule });
  for (const run of ['Rows', 'Refused'] as const) expect(bodyOf(made, run).environment.kmsKeyName).toBe(key);
  for (const [name, { depends_on }] of Object.entries<any>(made.json.resource!.time_sleep!)) {
    if (name.includes('Schedule')) expectEncrypted(made, depends_on);
  }
  expect(bodyOf(make()).environment).not.toHaveProperty('kmsKeyName');
  expect(make().all('google_kms_crypto_key_iam_member')).toEqual([]);
});

test('who starts both runs may start jobs, and act as their account, by one grant each', () => {
  const { all, built } = make();
  const starts = [...all('google_project_iam_member'), ...all('google_service_account_iam_member')].filter(({ member }) =>
    member.includes(':starter@'),
  );
  expect(starts.map(({ role }) => role)).toEqual(['roles/dataflow.developer', 'roles/iam.serviceAccountUser']);
  expect(built.rows.waitFor).toEqual(built.refused.waitFor);
});

describe('with a schedule', () => {
  const made = make({ schedule });
  const schedules = made.all('google_cloud_scheduler_job');

  test('both runs start at its times, each with an account of its own', () => {
    expect(schedules.map(({ name, schedule: at }) => [name, at]).sort()).toEqual([
      ['acme-load-starter', '0 3 * * *'],
      ['acme-loadr-starter', '0 3 * * *'],
    ]);
    expect(new Set(schedules.map(({ http_target }) => http_target.oauth_token.service_account_email)).size).toBe(2);
  });

  test('Terraform encodes the request, because it has names that are known only at deploy', () => {
    for (const { http_target } of schedules) expect(http_target.body).toMatch(/^\$\{base64encode\(/);
    const sent = schedules.map(({ http_target }) => JSON.parse(unbase64(http_target.body)));
    expect(sent.sort((one, other) => one.jobName.length - other.jobName.length)).toEqual([bodyOf(made), bodyOf(made, 'Refused')]);
  });

  test('a subnetwork that is known only at deploy is an expression in the request', () => {
    const late = synthesize((stack) => {
      const [source, store] = [new CloudStorageStore(stack, 'Files', { site }), new BigQueryStore(stack, 'Store', { site })];
      const asked = { subnetwork: new TerraformVariable(stack, 'subnetwork', { type: 'string' }).stringValue };
      return new DataflowLoad(stack, 'Load', { ...needed, source, store, network: asked, schedule });
    });
    expect(unbase64(late.all('google_cloud_scheduler_job')[0].http_target.body)).toContain(
      `"subnetwork":"https://www.googleapis.com/compute/v1/\${replace(var.subnetwork, "/^https:.*[/]projects[/]/", "projects/")}"`,
    );
  });

  test('a start waits for the permissions of the workers', () => {
    const waits = Object.entries<any>(made.json.resource!.time_sleep!).filter(([name]) => name.includes('Schedule'));
    expect(waits).toHaveLength(2);
    for (const [, { depends_on }] of waits) {
      expect(depends_on.filter((one: string) => /Load_(STOREWriter|SOURCEReader|JobUser|Worker|Temporary)/.test(one))).toHaveLength(5);
    }
  });

  test('an alert on rows that are missing needs a schedule that starts more than once a day', () => {
    const alertsOf = (cron: string) =>
      make({ schedule: { cron } })
        .all('google_monitoring_alert_policy')
        .map(({ display_name }) => display_name);
    expect(alertsOf('0 3 * * *')).not.toContain('acme-load: nothing loaded');
    expect(alertsOf('0 */6 * * *')).toContain('acme-load: nothing loaded');
  });

  test('rows are missed when a run could have ended, and BigQuery has shown them: that takes up to 21,720 seconds', () => {
    const [alert] = make({ schedule: { cron: '0 */6 * * *' } })
      .all('google_monitoring_alert_policy')
      .filter(({ display_name }) => display_name === 'acme-load: nothing loaded');
    expect(Number.parseInt(alert.conditions[0].condition_absent.duration, 10)).toBeGreaterThanOrEqual(6 * 3600 + 3600 + 21_720);
  });
});

describe('started by a workflow', () => {
  /** A text as Terraform hands it over. */
  const applied = (text: string) =>
    text
      .replace(/(?<!\$)\$\{google_\w+?\.(\w+?)\.\w+\}/g, '$1')
      .replace(/\$\$\{/g, () => '${')
      .replaceAll('%%{', '%{');
  const { all } = synthesize((stack) => {
    const [source, store] = [new CloudStorageStore(stack, 'Files', { site }), new BigQueryStore(stack, 'Store', { site })];
    const load = new DataflowLoad(stack, 'Load', { ...needed, source, store });
    return new WorkflowsOrchestration(stack, 'Jobs', { site, steps: [{ Load: load, Refused: load.refused }] });
  });
  const execute = async (behaviours: Readonly<Record<string, Behaviour>>) => {
    const apis = await googleApis(behaviours);
    try {
      const execution = await runSource(applied(all('google_workflows_workflow')[0].source_contents), apis.address);
      return { ...execution, came: apis.came };
    } finally {
      await apis.close();
    }
  };

  test('both runs start, and are looked at until they have ended', async () => {
    const { came, failed } = await execute({
      lineToRefusal: { looks: 1 },
      'Refusal-1': { looks: 1 },
      lineToRow: { looks: 2 },
      'Row-1': { looks: 2 },
    });
    expect(failed).toBeUndefined();
    const starts = came.filter(({ what }) => what === 'start');
    expect(new Set(starts.map(({ path }) => path))).toEqual(
      new Set([
        '/v1b3/projects/acme-data/locations/europe-west1/templates:launch?gcsPath=gs://dataflow-templates-europe-west1/latest/GCS_Text_to_BigQuery',
      ]),
    );
    expect(came.filter(({ what }) => what === 'look').map(({ path }) => path)).toContain(
      '/v1b3/projects/acme-data/locations/europe-west1/jobs/lineToRow-1',
    );
  });

  test('the workflow fails if a run fails, or is refused because one is still going', async () => {
    const { failed } = await execute({ lineToRefusal: { looks: 0 }, lineToRow: { looks: 0, fails: true } });
    expect(JSON.stringify(failed)).toContain('Load');
    const busy = await execute({ lineToRefusal: { looks: 0 }, lineToRow: { refused: [409], looks: 0 } });
    expect(JSON.stringify(busy.failed)).toContain('Load');
    expect(busy.came.filter(({ what, job }) => what === 'start' && job === 'lineToRow')).toHaveLength(1);
  });
});

describe('refuses', () => {
  test.each<[string, Partial<DataflowLoadProps>, string]>([
    [
      'a long name',
      { name: 'tenletters' },
      'name must be 1 to 9 lower-case letters and digits, got "tenletters". The account of its second schedule has one letter more.',
    ],
    [
      'a whole address of files',
      { files: 'gs://acme/**' },
      'files must be a pattern of names below the prefix of the source, got "gs://acme/**". Write it like ** for all, or year=2026/**/*.json: a star stands for anything but a slash, and two stars for anything.',
    ],
    [
      'a time that is none',
      { schedule: { cron: '@daily' } },
      'cron must be five fields of cron, got "@daily". Write it like 0 3 * * *: minute, hour, day of the month, month, day of the week.',
    ],
  ])('%s', (_, props, message) => expect(() => make(props)).toThrow(new Error(`test/Load: ${message}`)));

  test('files and rows elsewhere, and names the stores that work', () => {
    const using = (give: (stack: any) => object) => () =>
      synthesize((stack) => {
        const [source, store] = [new CloudStorageStore(stack, 'Files', { site }), new BigQueryStore(stack, 'Store', { site })];
        return new DataflowLoad(stack, 'Load', { ...needed, source, store, ...give(stack) });
      });
    const none = "got another one. Google's template takes no other.";
    expect(using((stack) => ({ store: new FirestoreStore(stack, 'Other', { site }) }))).toThrow(
      new Error(`test/Load: store must be a BigQueryStore, ${none}`),
    );
    expect(using((stack) => ({ source: new BigQueryStore(stack, 'Other', { site, name: 'other' }) }))).toThrow(
      new Error(`test/Load: source must be a CloudStorageStore, ${none}`),
    );
    expect(using((stack) => ({ store: new BigQueryStore(stack, 'Other', { site, name: 'other', columns: [] }) }))).toThrow(
      /store must be a BigQueryStore with its default columns, got none named subject, data, data_base64\./,
    );
  });
});
