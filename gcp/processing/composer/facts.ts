import { amountOr, BRINGS_NOTHING, type Cost, HOURS, type Load } from '../../../shared/read/facts/cost';
import { promised, setTo } from '../../../shared/read/facts/promise';
import type { Needed, Seen, ServiceFacts } from '../../../shared/read/facts/types';
import { replace, set, type Which } from '../../../shared/read/facts/weaken';
import type { Step } from '../../../shared/read/picture';
import { receiverOf } from '../../../shared/read/read';
import { type Asked, amount, is, only, type Stack } from '../../../shared/read/stack';
import { said } from '../../../shared/read/tell';
import { type Called, costsOfJobs, flowOfJobs, needsOfJobs } from '../../foundation/orchestration/promises';
import { alertOn, idOf, keyNeeds, numberedAgent, RETAINED, readyBeforeWork } from '../../foundation/promises';
import { environmentOf, runnerOfDag, runsAMonth } from '../../foundation/schedule/promises';

const ENVIRONMENT = 'google_composer_environment';
const OBJECT = 'google_storage_bucket_object';
const RUNS_AS = 'config.node_config.service_account';
const BUCKET = 'storage_config.bucket';
const VERSION = 'config.software_config.image_version';
const RANGES = 'config.web_server_network_access_control.allowed_ip_range.value';
const SNAPSHOTS = 'config.recovery_config.scheduled_snapshots_config';
const WORKERS = 'config.workloads_config.worker';
/** The compute units that a size bills for all its parts with one worker, and what another worker adds. */
const UNITS: Readonly<Record<string, number>> = { SMALL: 9, MEDIUM: 18, LARGE: 36 };
const WORKER_UNITS = 1;

/** The bucket of an environment. */
const bucketOf: Which = ({ body }, draft) =>
  [...draft.resources].filter(([id]) => JSON.stringify(body.storage_config ?? '').includes(`\${${id}.`)).map(([id]) => id);

export const facts: ServiceFacts = {
  name: 'Managed Service for Apache Airflow',
  local: { not: 'the jobs that it starts do not run on this machine; the tests run its DAG with stand-ins of Airflow and of the APIs' },
  unproven: [
    'That Composer creates the environment: no API here checks its configuration.',
    'That the answers of Cloud Run, BigQuery and Workflows have their state where the DAG looks for it.',
    'That an environment without access to the internet reaches the APIs of Google through its network.',
    'That the page of Airflow can be opened by nobody if one address is allowed which nobody has.',
    'That metrics of DAGs have the name of the environment, a dot and the name of the DAG as their label.',
    'That Composer needs its key for no service agents but its own and that of Cloud Storage.',
    'That Composer takes a bucket with versions and soft delete.',
  ],
  kinds: { [OBJECT]: ({ name }) => (String(name).startsWith('dags/') ? 'dag' : undefined) },
  types: {
    [ENVIRONMENT]: {
      name: 'environment',
      role: 'moves data',
      apis: ['composer', 'compute'],
      // https://github.com/hashicorp/terraform-provider-google/blob/v6.50.0/google/services/composer/resource_composer_environment.go
      replacedBy: [
        ...['name', 'project', 'region', BUCKET],
        ...['composer_internal_ipv4_cidr_block', 'disk_size_gb', 'enable_ip_masq_agent', 'ip_allocation_policy', 'machine_type'].map(
          (setting) => `config.node_config.${setting}`,
        ),
        ...['oauth_scopes', 'service_account', 'tags', 'zone'].map((setting) => `config.node_config.${setting}`),
        ...['database_config.zone', 'encryption_config.kms_key_name', 'private_environment_config', 'software_config.python_version'].map(
          (setting) => `config.${setting}`,
        ),
      ],
      named: ['name', /^[a-z]([a-z0-9-]{0,62}[a-z0-9])?$/],
      tells: (environment) => [
        `Airflow ${/airflow-([\d.]+)/.exec(String(only(environment, VERSION)))?.[1]}`,
        sizeOf(environment).toLowerCase(),
        `${only(environment, `${WORKERS}.min_count`)} to ${only(environment, `${WORKERS}.max_count`)} workers`,
        said.kept(environment),
      ],
      actsAs: [RUNS_AS],
      needs: environmentNeeds,
      promises: [
        RETAINED,
        promised(
          'retained',
          'have a bucket of the stack that is not deleted with it: without one, Composer makes one that nobody manages',
          (environment) => environment.refers(BUCKET).some((bucket) => is(bucket, 'lifecycle.prevent_destroy', true)),
          { 'Composer makes its bucket': set(BUCKET), 'its bucket is deleted with the stack': set('lifecycle', undefined, bucketOf) },
        ),
        promised(
          'backed-up',
          'save snapshots into its bucket',
          (environment) =>
            is(environment, `${SNAPSHOTS}.enabled`, true) &&
            environment.refers(`${SNAPSHOTS}.snapshot_location`).some(({ id }) => id === idOf(environment, BUCKET)),
          { 'nothing brings its history back': set(`${SNAPSHOTS}.enabled`, false) },
        ),
        promised(
          'own-identity',
          'run as a service account that nothing else runs as',
          (environment, stack) => {
            const account = idOf(environment, RUNS_AS);
            return (
              account !== undefined &&
              stack.of(ENVIRONMENT).every((other) => other.id === environment.id || idOf(other, RUNS_AS) !== account)
            );
          },
          { 'it runs as the default service account of Compute Engine': set(RUNS_AS) },
        ),
        readyBeforeWork(RUNS_AS),
        promised(
          'fixed-version',
          'name a build of Composer 3, so that two environments of the same code are equal',
          (environment) => /^composer-3-airflow-[\d.]+-build\.\d+$/.test(String(only(environment, VERSION))),
          { 'its version is the latest at its creation': set(VERSION, 'composer-3-airflow-2') },
        ),
        setTo({
          rule: 'private',
          must: 'have no access to the internet',
          at: 'config.enable_private_environment',
          to: [true],
          weak: false,
          worse: 'its tasks can send data anywhere',
        }),
        promised(
          'private',
          'be in a network and a subnetwork that somebody chose',
          (environment) => ['network', 'subnetwork'].every((one) => environment.get(`config.node_config.${one}`).length === 1),
          { 'its tasks reach no private address': set('config.node_config.subnetwork') },
        ),
        promised(
          'closed-door',
          'say from where the page of Airflow can be opened, and not from everywhere',
          (environment) => environment.get(RANGES).length > 0 && !environment.get(RANGES).some((range) => /\/0$/.test(String(range))),
          {
            'everybody reaches the page of Airflow, because nothing is said': set('config.web_server_network_access_control'),
            'everybody reaches the page of Airflow': set('config.web_server_network_access_control.allowed_ip_range', [
              { value: '0.0.0.0/0' },
            ]),
          },
        ),
        promised(
          'bounded-cost',
          'have a maximum number of workers',
          (environment) => amount(environment, `${WORKERS}.max_count`) >= amount(environment, `${WORKERS}.min_count`),
          { 'its number of workers is that of its size': set(WORKERS) },
        ),
        alertOn({
          what: 'an environment that does not work',
          must: 'have its own alert that fires when it is unhealthy',
          metric: 'environment/healthy"',
          label: 'environment_name',
          atMost: 10,
        }),
        alertOn({
          what: 'runs that fail',
          must: 'have its own alert that fires when a run fails',
          metric: 'metric.labels.state = "failed"',
          label: 'workflow_name',
          atMost: 0,
        }),
      ],
      answered: {
        'bounded-retries': 'Its DAG says how often a start is tried again.',
        'nothing-lost': 'A run is no event: its jobs find what they missed, and an alert tells of each run that fails.',
      },
      effective: /^(\*|composer\.)/,
      costs: environmentCosts,
      brings: BRINGS_NOTHING,
      local: {},
    },
    [`${OBJECT} dag`]: {
      name: 'DAG',
      role: 'helps',
      apis: ['storage'],
      // Its text is overwritten in place, so there is no moment without a DAG.
      replacedBy: [
        ...['bucket', 'name', 'content_type', 'content_encoding', 'content_language', 'content_disposition'],
        ...['source', 'cache_control', 'storage_class', 'kms_key_name', 'customer_encryption', 'metadata'],
      ],
      named: ['name', /^dags\/[\w.-]{1,200}\.py$/],
      tells: (dag) => ['Airflow', counts(stepsIn(dag).flat().length, 'job'), `in ${counts(stepsIn(dag).length, 'step')}`, scheduleOf(dag)],
      flow: flowOf,
      needs: (dag, stack) => needsOfJobs(stepsIn(dag).flat(), runnerOfDag(dag, stack), stack),
      promises: [
        tells('in-order', 'start a job only after those before it have succeeded', [
          [/start\.set_upstream\(before\)/, 'start.set_upstream([])', 'it starts all jobs at once'],
          [/return state == run\["succeeded"\]/, 'return True', 'it starts the next job while one is running'],
          [/state in run\["failed"\]/, 'False', 'it waits for a job that has failed'],
        ]),
        tells('bounded-retries', 'start a job at most ten times more, and only if it was refused', [
          [/"maxRetries": \d,|"maxRetries": 10,/, '"maxRetries": 1000000,', 'a start that is refused is tried again without end'],
          [/REFUSED = \(429, 503\)/, 'REFUSED = (429, 500, 503)', 'a job that is running is started again'],
          [/super\(\).__init__\(retries=0,/, 'super().__init__(retries=3,', 'Airflow starts a job again that is running'],
        ]),
        tells('bounded-time', 'end if a job takes too long', [
          [/timeout=SETTINGS\["timeoutSeconds"\]/, 'timeout=1e9', 'it waits for a job without end'],
        ]),
        tells('no-overlap', 'start a run only when the one before it has ended', [
          [/max_active_runs=1,/, 'max_active_runs=16,', 'two runs start the same jobs at the same time'],
        ]),
        promised(
          'ready-before-work',
          'be there after its environment, which is there after its permissions',
          (dag, stack) => stack.of(ENVIRONMENT).some(({ id }) => dag.before().has(id)),
          { 'its tasks can start before their permissions': set('depends_on') },
        ),
      ],
      costs: (dag, load) => costsOfJobs(stepsIn(dag).flat(), runnerOfDag(dag, load.stack), runsAMonth(dag), load),
      local: 'no effect here',
    },
  },
  // https://cloud.google.com/iam/docs/roles-permissions/composer
  roles: {
    'roles/composer.admin': { permissions: ['composer.*'] },
    'roles/composer.worker': {
      permissions: [
        ...['aptartifacts.create', 'files.*', 'packages.*', 'repositories.*', 'tags.*', 'versions.*'].map(
          (one) => `artifactregistry.${one}`,
        ),
        ...['cloudbuild.builds.*', 'composer.environments.get', 'container.*', 'containeranalysis.occurrences.*', 'datalineage.*'],
        ...['logging.logEntries.create', 'logging.logEntries.list', 'logging.logEntries.route', 'logging.views.access'],
        ...['monitoring.metricDescriptors.*', 'monitoring.timeSeries.create', 'monitoring.timeSeries.list'],
        ...['schemas', 'snapshots', 'subscriptions', 'topics'].map((one) => `pubsub.${one}.*`),
        ...['buckets.create', 'buckets.get', 'buckets.list', 'multipartUploads.*', 'objects.*'].map((one) => `storage.${one}`),
      ],
      surplus:
        'Composer refuses an environment whose account does not have this role on the project, and Google has no smaller one. It reads and changes every object, every topic, every image and every cluster of the project.',
    },
  },
};

/** Each part of a text that a DAG must have, what it could be instead, and what that does. */
type Part = readonly [has: RegExp, instead: string, worse: string];

/** The DAG says so in its text. A quote is escaped in the template. */
function tells(rule: string, must: string, parts: readonly Part[]) {
  const escaped = (text: string) => JSON.stringify(text).slice(1, -1);
  const weakenings = parts.map(([has, instead, worse]): [string, ReturnType<typeof replace>] => [
    worse,
    replace(new RegExp(has.source.replaceAll('"', '\\\\"')), escaped(instead)),
  ]);
  return promised(
    rule,
    must,
    (dag: Asked) => parts.every(([has]) => has.test(String(only(dag, 'content')))),
    Object.fromEntries(weakenings),
  );
}

/** The jobs of each step, from the settings that a DAG is told. */
function stepsIn(dag: Asked): readonly (readonly Called[])[] {
  const content = String(only(dag, 'content')).replaceAll('$${', '${').replaceAll('%%{', '%{');
  const [, settings = '{}'] = /json\.loads\(r"""([\s\S]*?)"""\)/.exec(content) ?? [];
  return (JSON.parse(settings) as { readonly steps?: Called[][] }).steps ?? [];
}

function scheduleOf(dag: Asked): string | undefined {
  const [, cron, zone] = /"cron": "(.*)",\s+"timeZone": "(.*)"/.exec(String(only(dag, 'content'))) ?? [];
  return cron && `${cron} ${zone}`;
}

/** Its environment runs it. */
function flowOf(dag: Asked, seen: Seen): Step[] {
  const by = environmentOf(dag, seen);
  if (!by) return [];
  const how = scheduleOf(dag) ?? 'started by hand';
  return [
    { from: dag.name, how, to: receiverOf(by), notes: seen.tell(by), between: [dag.id, by.id] },
    ...flowOfJobs({ by, starter: runnerOfDag(dag, seen) }, stepsIn(dag), seen),
  ];
}

function sizeOf(environment: Asked): string {
  return String(only(environment, 'config.environment_size')).replace('ENVIRONMENT_SIZE_', '');
}

/** What Airflow itself does: https://cloud.google.com/composer/docs/composer-3/access-control. Its DAGs have facts of their own. */
function environmentNeeds(environment: Asked, stack: Stack): Needed[] {
  const who = idOf(environment, RUNS_AS) ?? `serviceAccount:${only(environment, RUNS_AS)}`;
  const bucket = idOf(environment, BUCKET);
  const need = (may: string, on: string, because: string): Needed => ({ who, may, on, because });
  return [
    need('composer.environments.get', 'project', 'Airflow reads its own configuration'),
    need('logging.logEntries.create', 'project', 'Airflow writes the logs of its tasks'),
    need('monitoring.timeSeries.create', 'project', 'Airflow writes the metrics of its alerts'),
    ...['create', 'delete', 'get', 'list', 'update'].map((verb) =>
      need(`storage.objects.${verb}`, `\${${bucket}}`, 'Airflow reads its DAGs there, and writes logs and snapshots'),
    ),
    ...keyNeeds(
      environment,
      'config.encryption_config.kms_key_name',
      numberedAgent(stack, 'cloudcomposer-accounts'),
      'its database and disks are encrypted with it',
    ),
  ];
}

function environmentCosts(environment: Asked, _load: Load): Cost[] {
  const units = (UNITS[sizeOf(environment)] ?? UNITS.SMALL!) + (amountOr(environment, `${WORKERS}.min_count`, 1) - 1) * WORKER_UNITS;
  return [
    {
      what: 'compute units of Airflow, whether jobs run or not',
      price: 'composerUnit',
      units: units * HOURS,
      lower: '`WorkflowsOrchestration`, which takes the same steps.',
    },
  ];
}

function counts(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}
