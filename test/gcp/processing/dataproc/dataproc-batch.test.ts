import { readFileSync } from 'node:fs';
import type { TerraformStack } from 'cdktf';
import { DataprocBatch, type DataprocBatchProps } from '../../../../gcp/processing/dataproc/dataproc-batch';
import { WorkflowsOrchestration } from '../../../../gcp/processing/workflows/workflows-orchestration';
import { BigQueryStore } from '../../../../gcp/store/bigquery/bigquery-store';
import { CloudStorageStore } from '../../../../gcp/store/cloud-storage/cloud-storage-store';
import { terraformPrivileges } from '../../../../scripts/judges/privileges/findings';
import { unbase64 } from '../../../../shared/read/base64';
import { factsFor } from '../../../../shared/read/terraform';
import { TfStack } from '../../../../shared/read/tf';
import { objectName } from '../../../../shared/runtime/ndjson';
import { packageScript } from '../../../../shared/synth/script-package';
import { documentedDefaults } from '../../../support/defaults';
import { expectSnapshot } from '../../../support/snapshot';
import { key, onCall, readable, Somebody, site, synthesize } from '../../stand-ins';
import { type Behaviour, googleApis } from '../workflows/google-apis';
import { runSource } from '../workflows/run-source';

type Props = Partial<DataprocBatchProps>;
const NIGHTLY = { cron: '0 2 * * *' };
const network = { subnetwork: 'projects/acme-net/regions/europe-west1/subnetworks/workers' };
const script = packageScript('shared/runtime/spark/compact');

const batchIn = (stack: TerraformStack, props: Props = {}, id = 'Compact') =>
  new DataprocBatch(stack, id, { site, script, network, ...props });
const lakeIn = (stack: TerraformStack, name: string) => new CloudStorageStore(stack, name, { site, name, prefix: `${name}/` });

/** A batch with a schedule, and the body of its request as Cloud Scheduler sends it. */
function make(props: (stack: TerraformStack) => Props = () => ({})) {
  const made = synthesize((stack) => batchIn(stack, { schedule: NIGHTLY, ...props(stack) }));
  const schedule = made.one('google_cloud_scheduler_job');
  const rolesOf = (member: string) =>
    ['project', 'storage_bucket', 'service_account']
      .flatMap((on) => made.all(`google_${on}_iam_member`))
      .filter((grant) => grant.member.includes(member))
      .map(({ role }) => role)
      .sort();
  return { ...made, schedule, rolesOf, body: JSON.parse(unbase64(schedule.http_target.body)) };
}

/** A batch that reads one bucket and writes another. */
const withStores = (more: Props = {}) =>
  make((stack) => ({ inputs: { SOURCE: lakeIn(stack, 'events') }, outputs: { TARGET: lakeIn(stack, 'parquet') }, ...more }));

test('the snapshot', () => {
  const { json } = synthesize((stack) => batchIn(stack));
  expectSnapshot(
    'gcp/processing/dataproc/dataproc-batch.snapshot.yaml',
    'There is no batch: a run is started by a request. The account that runs the script has its bucket, and one role on the project, without storage.',
    readable(json.resource),
  );
});

test('the snapshot of a request', () => {
  expectSnapshot(
    'gcp/processing/dataproc/request.snapshot.yaml',
    'The whole batch is the body, and it has no id. The arguments name the stores; what is known only at deploy is a reference.',
    { url: make().schedule.http_target.uri, body: withStores({ arguments: { SCHEME: 'gs' } }).body },
  );
});

test('documents the defaults that it has', () => {
  const { body } = make();
  expect(documentedDefaults('gcp/processing/dataproc/dataproc-batch.ts', 'DataprocBatchProps')).toEqual({
    name: body.labels.job.slice('acme-'.length),
    maxExecutors: body.runtimeConfig.properties['spark.dynamicAllocation.maxExecutors'],
    ttlHours: String(Number.parseInt(body.environmentConfig.executionConfig.ttl, 10) / 3600),
    runtimeVersion: body.runtimeConfig.version,
  });
});

test('takes every setting', () => {
  const { body, schedule, all, built } = make(() => ({
    name: 'compact',
    arguments: { HOURS: '0', NOTE: '"a" \\ ${b}' },
    spark: { 'spark.executor.cores': '8', 'spark.app.name': 'the nightly run' },
    maxExecutors: 50,
    ttlHours: 24,
    runtimeVersion: '3.1',
    serviceAccount: 'mine@acme-data.iam.gserviceaccount.com',
    encryptionKey: key,
    schedule: { ...NIGHTLY, timeZone: 'Europe/Berlin' },
    notify: [onCall],
  }));
  expect(body).toMatchObject({
    labels: { job: 'acme-compact' },
    pysparkBatch: { args: ['--HOURS', '0', '--NOTE', '"a" \\ ${b}'] },
    runtimeConfig: {
      version: '3.1',
      properties: { 'spark.executor.cores': '8', 'spark.app.name': 'the nightly run', 'spark.dynamicAllocation.maxExecutors': '50' },
    },
    environmentConfig: {
      executionConfig: { serviceAccount: 'mine@acme-data.iam.gserviceaccount.com', subnetworkUri: network.subnetwork, ttl: '86400s' },
    },
  });
  expect(schedule).toMatchObject({ schedule: '0 2 * * *', time_zone: 'Europe/Berlin' });
  expect(all('google_service_account_iam_member')).toEqual([
    expect.objectContaining({ service_account_id: 'projects/acme-data/serviceAccounts/mine@acme-data.iam.gserviceaccount.com' }),
  ]);
  expect(built.subnetwork).toBe(network.subnetwork);
  for (const alert of all('google_monitoring_alert_policy')) expect(alert.notification_channels).toEqual([onCall]);
});

describe('the script', () => {
  test('is an object that is named after its content, so a changed one is another object', () => {
    const { one, body } = make();
    const { name, bucket } = one('google_storage_bucket_object');
    expect(name).toMatch(/^scripts\/[0-9a-f]{64}\.py$/);
    expect(body.pysparkBatch.mainPythonFileUri).toMatch(
      /^gs:\/\/\$\{google_storage_bucket\.\w+\.name\}\/\$\{google_storage_bucket_object\.\w+\.name\}$/,
    );
    expect(bucket).toMatch(/^\$\{google_storage_bucket\.\w+\.name\}$/);
  });

  test('is in a bucket whose files of runs are deleted after a month, and whose scripts are not', () => {
    const { lifecycle_rule, soft_delete_policy } = make().one('google_storage_bucket');
    expect(lifecycle_rule).toContainEqual({
      action: { type: 'Delete' },
      condition: { age: 30, matches_prefix: ['google-cloud-dataproc-metainfo/'] },
    });
    expect(soft_delete_policy).toEqual({ retention_duration_seconds: 0 });
  });

  test('of the compaction reads the folders that handlers write', () => {
    const [, levels] = /^LEVELS = \((.*)\)$/m.exec(readFileSync(script, 'utf8'))!;
    const [name, ...folders] = objectName(new Date('2026-01-31T08:59:59Z'), 'a').split('/').reverse();
    expect(folders.reverse().map((folder) => `"${folder.split('=')[0]}"`)).toEqual(levels!.split(', '));
    expect([name, folders.join('/')]).toEqual(['a.ndjson.gz', 'year=2026/month=01/day=31/hour=08']);
  });
});

describe('with stores', () => {
  test('the arguments of each start with its name, and what fails has a folder that readers leave out', () => {
    const { args } = withStores().body.pysparkBatch;
    expect(args.filter((_: string, index: number) => index % 2 === 0)).toEqual([
      '--SOURCE_BUCKET',
      '--SOURCE_PREFIX',
      '--TARGET_BUCKET',
      '--TARGET_PREFIX',
      '--TARGET_FAILED_PREFIX',
    ]);
    expect([args[3], args[7], args[9]]).toEqual(['events/', 'parquet/', 'parquet/_failed/']);
  });

  test('the script may read its inputs and replace its outputs, and nothing above their prefixes', () => {
    const grants = withStores()
      .all('google_storage_bucket_iam_member')
      .filter(({ condition }) => condition !== undefined);
    expect(grants.map(({ role }) => role).sort()).toEqual(['roles/storage.objectUser', 'roles/storage.objectViewer']);
    for (const { condition } of grants) {
      expect(condition.expression).toMatch(
        /^resource\.type == "storage\.googleapis\.com\/Bucket" \|\| resource\.name\.startsWith\("[^"]+\/objects\/(events|parquet)\/"\) \|\| resource\.name == "[^"]+\/objects\/\1"$/,
      );
    }
  });

  test('it has no storage on the project, which the role of earlier runtimes would give it', () => {
    expect(withStores().rolesOf('Compact_Account')).toEqual([
      'roles/dataproc.serverlessNode',
      'roles/storage.objectUser',
      'roles/storage.objectUser',
      'roles/storage.objectViewer',
    ]);
  });

  test('nothing starts before its permissions are effective', () => {
    const { json, schedule } = withStores();
    const [[wait, { depends_on }]] = Object.entries<any>(json.resource!.time_sleep!) as [[string, any]];
    expect(schedule.depends_on).toEqual([`time_sleep.${wait}`]);
    expect(depends_on).toHaveLength(6);
  });
});

describe('with a key', () => {
  const withKey = () => withStores({ encryptionKey: key });

  test('it encrypts the disks of each run, and the bucket', () => {
    const { body, all } = withKey();
    expect(body.environmentConfig.executionConfig.kmsKey).toBe(key);
    const { encryption } = all('google_storage_bucket').find(({ name }) => name === 'acme-data-acme-batch-spark');
    expect(encryption).toEqual({ default_kms_key_name: key });
  });

  test('the script is another object with another key, because Cloud Storage may no longer decrypt the old one', () => {
    const objectOf = (encryptionKey?: string) => make(() => ({ encryptionKey })).one('google_storage_bucket_object').name;
    const names = [objectOf(), objectOf(key), objectOf(`${key}2`)];
    expect(new Set(names).size).toBe(3);
    for (const name of names) expect(name).toMatch(/^scripts\/[0-9a-f]{64}\.py$/);
  });

  test('the agents of Compute Engine, Dataproc and Cloud Storage may use it, before the bucket and the first run', () => {
    const { json, schedule } = withKey();
    const grants = json.resource!.google_kms_crypto_key_iam_member as Record<string, any>;
    expect(Object.values(grants).map(({ member }) => member)).toEqual([
      expect.stringMatching(/^serviceAccount:service-\$\{data\.google_project\.\w+\.number\}@compute-system\./),
      expect.stringMatching(/^serviceAccount:service-\$\{data\.google_project\.\w+\.number\}@dataproc-accounts\./),
      expect.stringMatching(/^\$\{data\.google_storage_project_service_account\.\w+\.member\}$/),
    ]);
    const waits = json.resource!.time_sleep as Record<string, any>;
    const waitsFor = (dependsOn: readonly string[]): string[] =>
      dependsOn.flatMap((id) => [id, ...waitsFor(waits[id.replace('time_sleep.', '')]?.depends_on ?? [])]);
    const [compute, dataproc, storage] = Object.keys(grants).map((id) => `google_kms_crypto_key_iam_member.${id}`);
    expect(waitsFor((json.resource!.google_storage_bucket as any).Compact_Bucket_AED7801C.depends_on)).toContain(storage);
    expect(waitsFor(schedule.depends_on)).toEqual(expect.arrayContaining([compute, dataproc]));
  });

  test('no agent has more of the key, or less of it, than its work takes', () => {
    const { json } = withKey();
    const found = terraformPrivileges(new TfStack(json as never), factsFor(json as never)).flatMap(({ findings }) => findings);
    expect(found.filter(({ where, reason }) => reason === undefined && JSON.stringify(where).includes('cryptoKey'))).toEqual([]);
    expect(found.filter(({ where }) => JSON.stringify(where).includes('cryptoKeyEncrypterDecrypter'))).toHaveLength(3);
  });
});

describe('who starts it', () => {
  test('is Cloud Scheduler, which sends the whole batch and no id: the id of the last night would be refused', () => {
    const { schedule, body } = make();
    expect(schedule.http_target).toMatchObject({
      uri: 'https://dataproc.googleapis.com/v1/projects/acme-data/locations/europe-west1/batches',
      http_method: 'POST',
      oauth_token: { service_account_email: expect.stringContaining('Schedule_Account') },
    });
    expect(Object.keys(body)).toEqual(['labels', 'pysparkBatch', 'runtimeConfig', 'environmentConfig']);
  });

  test('may start batches, and let them run as this account alone', () => {
    const { rolesOf, one } = make();
    expect(rolesOf('Schedule_Account')).toEqual(['roles/dataproc.serverlessEditor', 'roles/iam.serviceAccountUser']);
    expect(one('google_service_account_iam_member').service_account_id).toMatch(/^\$\{google_service_account\.Compact_Account\w*\.name\}$/);
  });

  test('has one role on the project for all batches that it starts, so that one of them can be removed', () => {
    const { all } = synthesize((stack) => {
      const starter = new Somebody(stack, 'Starter');
      for (const name of ['one', 'two']) batchIn(stack, { name }, name).bindStart(starter);
    });
    expect(all('google_project_iam_member').filter(({ role }) => role === 'roles/dataproc.serverlessEditor')).toHaveLength(1);
    expect(all('google_service_account_iam_member')).toHaveLength(2);
  });

  test('is nobody without a schedule, and then nobody is told: who starts it sees whether it fails', () => {
    const { built, all } = synthesize((stack) => batchIn(stack));
    expect(built.schedule).toBeUndefined();
    expect(all('google_monitoring_alert_policy')).toEqual([]);
  });
});

describe('as a step of a workflow', () => {
  const inWorkflow = (props: Props = {}) =>
    synthesize(
      (stack) => new WorkflowsOrchestration(stack, 'Jobs', { site, steps: [{ Compact: batchIn(stack, { ...props, name: 'compact' }) }] }),
    );

  async function execute(behaviour: Behaviour) {
    const source = inWorkflow()
      .one('google_workflows_workflow')
      .source_contents.replace(/(?<!\$)\$\{google_\w+?\.(\w+?)\.\w+\}/g, '$1')
      .replace(/\$\$\{/g, () => '${');
    const apis = await googleApis({ 'acme-compact': behaviour });
    try {
      return { ...(await runSource(source, apis.address)), came: apis.came };
    } finally {
      await apis.close();
    }
  }

  test('it is waited for until it has succeeded, by the name in the answer to its start', async () => {
    const { came, failed } = await execute({ looks: 2 });
    expect(failed).toBeUndefined();
    expect(came.map(({ what }) => what)).toEqual(['start', 'look', 'look', 'look']);
    expect(came[0]).toMatchObject({
      path: '/v1/projects/acme-data/locations/europe-west1/batches',
      body: { labels: { job: 'acme-compact' }, runtimeConfig: { version: '3.0' } },
    });
    expect(came[1]!.path).toBe('/v1/projects/p/locations/l/runs/acme-compact-1');
  });

  test('the execution fails if it fails', async () => {
    const { failed } = await execute({ looks: 0, fails: true });
    expect(failed).toMatchObject({ job: 'Compact', cause: { state: 'FAILED' } });
  });

  test('a start that is refused is tried again, and one that may be running is not', async () => {
    expect((await execute({ refused: [429], looks: 0 })).came.map(({ what }) => what)).toEqual(['start', 'start', 'look']);
    expect((await execute({ refused: [500], looks: 0 })).came.map(({ what }) => what)).toEqual(['start']);
  });
});

describe('refuses', () => {
  test('two batches with one name', () =>
    expect(() => synthesize((stack) => ['a', 'b'].map((id) => batchIn(stack, {}, id)))).toThrow(
      new Error('test/b: each batch of a site must have its own name, got "batch", which test/a has. Set name on one of them.'),
    ));

  test('a store of rows, and names what reads and writes rows', () =>
    expect(() => make((stack) => ({ inputs: { ROWS: new BigQueryStore(stack, 'Rows', { site }) as never } }))).toThrow(
      new Error(
        'test/Compact: inputs must be a CloudStorageStore each, got ROWS. Spark reads and writes files. For rows in BigQuery, use ScheduledQuery or QueryJob.',
      ),
    ));

  test('one store under two names: without either of them, its only grant would be gone', () =>
    expect(() =>
      make((stack) => {
        const store = lakeIn(stack, 'files');
        return { outputs: { FILES: store, SAME: store } };
      }),
    ).toThrow(new Error('test/Compact: outputs must have each store once, got the same for FILES and SAME. Leave SAME out.')));

  test('one name for an input and an output', () =>
    expect(() => make((stack) => ({ inputs: { FILES: lakeIn(stack, 'a') }, outputs: { FILES: lakeIn(stack, 'b') } }))).toThrow(
      new Error(
        'test/Compact: inputs and outputs must have different names, got "FILES". For a store that is read and written, an output is enough.',
      ),
    ));

  test('an output that nobody can write', () =>
    expect(() => make(() => ({ outputs: { FILES: { node: {}, bindFileReader: () => ({}) } as never } }))).toThrow(
      /^test\/Compact: outputs must be a CloudStorageStore each, got FILES\./,
    ));

  test.each<[string, Props, string]>([
    [
      'no subnetwork',
      { network: undefined as never },
      'network must have the ids of a network and a subnetwork, got undefined. Google would take the network default, which has no rules of yours, or does not exist. Find them with gcloud compute networks subnets describe.',
    ],
    [
      'a runtime whose account must have a role on all buckets',
      { runtimeVersion: '2.3' },
      'runtimeVersion must be a runtime from 3.0 on, got "2.3". Earlier runtimes need the role Dataproc Worker on the project, which may delete the objects of every bucket.',
    ],
    [
      'a script that is not there',
      { script: 'nowhere.py' },
      'script must be the path of a Python file, got "nowhere.py". Write it like packageScript("shared/runtime/spark/compact").',
    ],
    [
      'an argument of a store',
      {
        outputs: { TARGET: { node: {}, bindFileReader: () => ({}), bindFileWriter: () => ({}) } as never },
        arguments: { TARGET_PREFIX: 'x/' },
      },
      'arguments must not set what the job sets itself, got TARGET_PREFIX. The job sets the arguments that start with TARGET.',
    ],
    [
      'a setting of Spark that it sets itself',
      { spark: { 'spark.dynamicAllocation.maxExecutors': '5' } },
      'spark must not set what the batch sets itself, got spark.dynamicAllocation.maxExecutors. Set maxExecutors instead.',
    ],
    [
      'one executor',
      { maxExecutors: 1 },
      'maxExecutors must be 2 to 2000 executors, got 1. Dataproc needs 2 and allows no more than 2000.',
    ],
    ['a run of three weeks', { ttlHours: 500 }, 'ttlHours must be 1 to 336 hours, got 500. Dataproc stops a run after 14 days.'],
    [
      'settings of something else',
      { spark: { cores: '8' } },
      'spark must be named like settings of Spark, got "cores". Write them like { "spark.executor.memory": "8g" }.',
    ],
  ])('%s', (_, props, message) => expect(() => make(() => props)).toThrow(new Error(`test/Compact: ${message}`)));
});
