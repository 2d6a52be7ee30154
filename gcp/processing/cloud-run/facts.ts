import { amountOr, type Cost, type Load, MONTH } from '../../../shared/read/facts/cost';
import { counted, promised, setTo } from '../../../shared/read/facts/promise';
import type { Needed, Promised, Running, Seen, ServiceFacts } from '../../../shared/read/facts/types';
import { remove, replace, set, type Which } from '../../../shared/read/facts/weaken';
import type { Step } from '../../../shared/read/picture';
import { receiverOf } from '../../../shared/read/read';
import { type Asked, amount, type Body, is, only, type Stack } from '../../../shared/read/stack';
import { said } from '../../../shared/read/tell';
import { alertOn, iamMember, idOf, readyBeforeWork, replacers, wayOf } from '../../foundation/promises';
import { callCosts } from '../../foundation/run/promises';
import { startersOf, startsAMonth } from '../../foundation/schedule/promises';

const SERVICE = 'google_cloud_run_v2_service';
const JOB = 'google_cloud_run_v2_job';
const POOL = 'google_cloud_run_v2_worker_pool';
const ALERT = 'google_monitoring_alert_policy';
const VERSION = 'google_parameter_manager_parameter_version';
const SERVICE_ACCOUNT = 'template.service_account';
const JOB_ACCOUNT = 'template.template.service_account';
const IMAGE = 'template.containers.image';
const VARIABLES = 'template.containers.env';
const LIMITS = 'template.containers.resources.limits';
const JOB_IMAGE = 'template.template.containers.image';
const JOB_VARIABLES = 'template.template.containers.env';
const JOB_LIMITS = 'template.template.containers.resources.limits';
const TAGGED = 'europe-west1-docker.pkg.dev/acme-data/images/orders:latest';

/** The alert on instances of a worker pool that are gone. */
const GONE = 'conditions.condition_absent.filter';
/** What an alert looks for in a log. */
const LINE = 'conditions.condition_matched_log.filter';
const watches = (pool: Asked) => (alert: Asked) => {
  const filter = String(only(alert, GONE));
  return !is(alert, 'enabled', false) && filter.includes(`resource.labels.worker_pool_name = "\${${pool.id}.`);
};
const watching: Which = ({ id }, draft) =>
  [...draft.resources]
    .filter(([, { type, body }]) => type === ALERT && JSON.stringify(body).includes(`\${${id}.name}`))
    .map(([alert]) => alert);

export const facts: ServiceFacts = {
  name: 'Cloud Run',
  local: { not: 'images run in a container engine, which the local run does not have' },
  unproven: [
    'That an image which is built from a bundled handler by the buildpacks of Google answers on Cloud Run.',
    'That a service or a job in a network reaches what is in it.',
    'The metric of failed and succeeded executions of a job, from which its alerts are made.',
    'That an image which is built from a bundled handler by the buildpacks of Google pulls in a worker pool, and ends within ten seconds of SIGTERM there.',
    'That Google has the launch stage BETA of worker pools, and the metric of their instances, from which an alert is made.',
    "That Google's autoscaler starts with the base image of the region, and sets the instances of a worker pool with the roles that it has here. By its source, it also reads the operation that sets them, which only a role on the project allows: it may then log that it failed to scale, although it did.",
    "What Google's autoscaler writes into its log when it scales nothing, on which its alert looks, is from the source of release 1.2.",
  ],
  types: {
    [SERVICE]: {
      name: 'service',
      replacedBy: ['name', 'location', 'project'],
      role: 'runs code',
      tells: (service) => [
        `Cloud Run, ${only(service, `${LIMITS}.cpu`)} vCPU ${only(service, `${LIMITS}.memory`)} ${amount(service, 'template.timeout')} s`,
        `${only(service, 'template.scaling.min_instance_count')} to ${only(service, 'template.scaling.max_instance_count')} instances`,
        String(only(service, 'ingress')),
        ...checked(service),
      ],
      costs: serviceCosts,
      named: ['name', /^(?=.{1,49}$)[a-z](-?[a-z0-9])*$/],
      promises: [
        setTo({
          rule: 'closed-door',
          must: 'accept internal traffic only',
          at: 'ingress',
          to: ['INGRESS_TRAFFIC_INTERNAL_ONLY'],
          weak: 'INGRESS_TRAFFIC_ALL',
          worse: 'it accepts calls from the internet',
        }),
        promised('closed-door', 'check the permission of each caller', (service) => !is(service, 'invoker_iam_disabled', true), {
          'everyone inside may call it': set('invoker_iam_disabled', true),
        }),
        fixedImage(IMAGE, 'template.containers.0.image'),
        ownIdentity(SERVICE_ACCOUNT),
        readyBeforeWork(SERVICE_ACCOUNT),
        promised(
          'bounded-instances',
          'set a maximum number of instances, and no minimum',
          (service) => amount(service, 'template.scaling.max_instance_count') >= 1 && is(service, 'template.scaling.min_instance_count', 0),
          {
            'the number of instances has no limit': set('template.scaling.max_instance_count'),
            'an instance is billed without calls': set('template.scaling.min_instance_count', 1),
          },
        ),
        promised(
          'billed-by-call',
          'be billed for CPU during calls only, which is no default as soon as resources are set',
          (service) => is(service, 'template.containers.resources.cpu_idle', true),
          { 'the CPU of an instance is billed while it waits': set('template.containers.0.resources.cpu_idle') },
        ),
        counted({
          rule: 'bounded-time',
          must: 'end a call before Pub/Sub stops to wait for it',
          at: 'template.timeout',
          from: 1,
          to: 600,
          weak: '3600s',
          worse: 'a call goes on while its event is delivered again',
        }),
        alertOn({
          what: 'failed calls',
          must: 'have its own alert that fires when a call fails',
          metric: 'response_code_class = "5xx"',
          label: 'service_name',
          atMost: 0,
        }),
        {
          ...promised(
            'rings',
            'have its own alert on what it logs while it scales nothing, because it answers 200',
            (service, stack) => stack.of(ALERT).some((alert) => String(only(alert, LINE)).includes(`service_name = "\${${service.id}.`)),
            { 'nothing is scaled, and nobody is told': remove(watching) },
          ),
          concerns: (service) => scaledBy(service).length > 0,
        },
      ],
      runs,
      needs: serviceNeeds,
      apis: ['run', 'logging'],
      actsAs: [SERVICE_ACCOUNT],
      effective: /^(\*|run\.(\*|routes|services))/,
      computed: { uri: 'https://acme-abcdefghij-ew.a.run.app' },
      local: { name: 'emulated' },
    },
    [JOB]: {
      name: 'job',
      replacedBy: ['name', 'location', 'project'],
      role: 'runs code',
      tells: (job) => [
        `Cloud Run, ${only(job, `${JOB_LIMITS}.cpu`)} vCPU ${only(job, `${JOB_LIMITS}.memory`)}`,
        `${only(job, 'template.task_count')} ${is(job, 'template.task_count', 1) ? 'task' : 'tasks'}`,
        `${only(job, 'template.template.max_retries')} ${is(job, 'template.template.max_retries', 1) ? 'retry' : 'retries'}`,
        ...checked(job),
      ],
      flow: readsFrom,
      costs: jobCosts,
      reads: (job) => storesOf(job, 'inputs').map(({ store }) => store),
      named: ['name', /^(?=.{1,49}$)[a-z](-?[a-z0-9])*$/],
      promises: [
        fixedImage(JOB_IMAGE, 'template.template.containers.0.image'),
        ownIdentity(JOB_ACCOUNT),
        readyBeforeWork(JOB_ACCOUNT),
        counted({
          rule: 'bounded-retries',
          must: 'retry a task at most ten times',
          at: 'template.template.max_retries',
          from: 0,
          to: 10,
          weak: 1000,
          worse: 'a task that cannot work is started a thousand times',
        }),
        counted({
          rule: 'bounded-time',
          must: 'set how long a task may take, because Cloud Run ends it after ten minutes otherwise',
          at: 'template.template.timeout',
          from: 1,
          to: 7 * 24 * 3600,
          worse: 'a task ends after ten minutes',
        }),
        alertOn({
          what: 'failed executions',
          must: 'have its own alert that fires when an execution fails',
          metric: 'metric.labels.result = "failed"',
          label: 'job_name',
          atMost: 0,
        }),
      ],
      runs: runsJob,
      needs: jobNeeds,
      apis: ['run', 'logging'],
      actsAs: [JOB_ACCOUNT],
      effective: /^(\*|run\.(\*|jobs|executions|tasks))/,
      computed: { id: 'projects/acme-data/locations/europe-west1/jobs/acme' },
      local: { name: 'emulated' },
    },
    google_cloud_run_v2_job_iam_member: iamMember('a job', ['run']),
    [POOL]: {
      name: 'worker pool',
      replacedBy: ['name', 'location', 'project'],
      role: 'runs code',
      tells: (pool) => [
        `Cloud Run, ${only(pool, `${LIMITS}.cpu`)} vCPU ${only(pool, `${LIMITS}.memory`)}`,
        instancesOf(pool),
        ...checked(pool),
      ],
      flow: pulled,
      costs: poolCosts,
      named: ['name', /^(?=.{1,49}$)[a-z](-?[a-z0-9])*$/],
      promises: [
        fixedImage(IMAGE, 'template.containers.0.image'),
        ownIdentity(SERVICE_ACCOUNT),
        readyBeforeWork(SERVICE_ACCOUNT),
        counted({
          rule: 'bounded-instances',
          must: 'set its number of instances, all of which are billed around the clock',
          at: 'scaling.manual_instance_count',
          from: 0,
          to: 100,
          weak: 1000,
          worse: 'a thousand instances are billed',
        }),
        promised(
          'nothing-lost',
          'pull from a subscription with a limited number of retries and a dead letter',
          (pool) => subscriptionsOf(pool).some((one) => one.get('dead_letter_policy.dead_letter_topic').length === 1),
          { 'it has no subscription': set('template.containers.0.env', []) },
        ),
        {
          ...promised(
            'rings',
            'have its own alert that fires when it has no instances',
            (pool, stack) => stack.of(ALERT).some(watches(pool)),
            {
              'there is no alert on instances that are gone': remove(watching),
              'the alert on instances that are gone watches all worker pools': replace(
                / AND resource\.labels\.\w+ = [^}]*}\\"/g,
                '',
                watching,
              ),
            },
          ),
          concerns: (pool) => amount(pool, 'scaling.manual_instance_count') > 0,
        },
      ],
      runs,
      needs: (pool) => secretNeeds(pool, VARIABLES, runsAs(pool, SERVICE_ACCOUNT)),
      apis: ['run', 'logging'],
      actsAs: [SERVICE_ACCOUNT],
      effective: /^(\*|run\.(\*|workerpools))/,
      computed: { id: 'projects/acme-data/locations/europe-west1/workerPools/acme' },
      local: { name: 'emulated' },
    },
    google_cloud_run_v2_worker_pool_iam_member: iamMember('a worker pool', ['run']),
    google_parameter_manager_parameter: {
      name: 'parameter',
      replacedBy: ['parameter_id', 'format', 'project'],
      role: 'helps',
      apis: ['parametermanager'],
      named: ['parameter_id', /^[\w-]{1,63}$/],
      computed: { id: 'projects/acme-data/locations/global/parameters/acme' },
      local: 'no effect here',
    },
    [VERSION]: {
      name: 'version of a parameter',
      replacedBy: ['parameter', 'parameter_version_id', 'parameter_data'],
      role: 'helps',
      apis: ['parametermanager'],
      promises: [
        promised(
          'read-while-replaced',
          'have an id of its own for each content, and be there before the version that it replaces is gone',
          (version) =>
            is(version, 'lifecycle.create_before_destroy', true) && /sha256\(/.test(String(only(version, 'parameter_version_id'))),
          {
            'there is no version for a moment, and nothing is scaled': set('lifecycle'),
            'another content has the same id, and Google refuses it': set('parameter_version_id', '1'),
          },
        ),
      ],
      computed: { name: 'projects/123456789012/locations/global/parameters/acme/versions/0123456789abcdef' },
      local: 'no effect here',
    },
  },
  forbidden: replacers(SERVICE, JOB, POOL),
  calls: {
    // The handler that pulls asks the API of the user's tool, and nobody at Google.
    '@types/node fetch.fetch': ({ where, arguments: [, options] }) =>
      where.startsWith('gcp/runtime/sources/pull/') && said.part(options, 'method') === 'GET' ? [] : undefined,
  },
  // It reads the answer of that API.
  harmless: ['undici-types Headers.get'],
  // https://cloud.google.com/run/docs/reference/iam/roles, as far as it has an effect on a job.
  roles: {
    'roles/run.developer': {
      permissions: ['create', 'delete', 'get', 'getIamPolicy', 'list', 'update'].map((verb) => `run.workerpools.${verb}`),
      surplus: 'Google has no smaller role that sets the number of instances. It is granted on one worker pool only.',
    },
    // https://cloud.google.com/iam/docs/roles-permissions/parametermanager
    'roles/parametermanager.admin': { permissions: ['parametermanager.*'] },
    'roles/parametermanager.parameterViewer': {
      permissions: [
        ...['locations.get', 'locations.list', 'parameterVersions.get', 'parameterVersions.list', 'parameterVersions.render'],
        ...['parameters.get', 'parameters.list'],
      ].map((one) => `parametermanager.${one}`),
      surplus: 'Terraform cannot grant a role on one parameter, so it is granted on the project. Secrets are not parameters.',
    },
    // https://cloud.google.com/iam/docs/roles-permissions/monitoring
    'roles/monitoring.viewer': {
      permissions: [
        ...['alertPolicies', 'dashboards', 'groups', 'metricDescriptors', 'metricsScopes', 'monitoredResourceDescriptors'],
        ...['notificationChannelDescriptors', 'notificationChannels', 'services', 'slos', 'snoozes', 'timeSeries', 'uptimeCheckConfigs'],
      ].flatMap((kind) => ['get', 'list'].map((verb) => `monitoring.${kind}.${verb}`)),
      surplus: 'Google has no role that reads one metric, and none on less than the project. It changes nothing.',
    },
    'roles/run.viewer': {
      permissions: [
        ...['executions.get', 'executions.list', 'jobs.get', 'jobs.getIamPolicy', 'jobs.list', 'jobs.listEffectiveTags'],
        ...['jobs.listTagBindings', 'tasks.get', 'tasks.list'],
      ].map((one) => `run.${one}`),
      surplus: 'Google has no smaller role that sees whether an execution has ended. It is granted on that job only, and changes nothing.',
    },
  },
};

/** The image is named by its digest, so that a plan shows each change of it. */
function fixedImage(at: string, first: string): Promised {
  return promised('fixed-image', 'name its image by a digest', (code) => /@(sha256:[0-9a-f]{64}|\$\{.+\})$/.test(String(only(code, at))), {
    'its image can change without a plan': set(first, TAGGED),
  });
}

/** Whether the policy of the project says which images start. */
function checked(code: Asked): string[] {
  return is(code, 'binary_authorization.use_default', true) ? ['images checked'] : [];
}

function ownIdentity(at: string): Promised {
  return promised(
    'own-identity',
    'run as a service account that nothing else runs as',
    (code, stack: Stack) => {
      const own = runsAs(code, at);
      const others = [SERVICE_ACCOUNT, JOB_ACCOUNT].flatMap((account) =>
        stack
          .of(SERVICE, JOB, POOL)
          .filter((other) => other.id !== code.id && other.get(account).length > 0 && runsAs(other, account) === own),
      );
      return code.get(at).length === 1 && others.length === 0;
    },
    { 'it runs as the default service account': set(at) },
  );
}

/** An existing service account has no reference, only its email. */
function runsAs(code: Asked, at: string): string {
  return idOf(code, at) ?? `serviceAccount:${only(code, at)}`;
}

/** The subscriptions that a worker pool is told of. */
function subscriptionsOf(pool: Asked): readonly Asked[] {
  return pool.refers(VARIABLES).filter(({ type }) => type === 'google_pubsub_subscription');
}

/** From the topic of each subscription. */
function pulled(pool: Asked, seen: Seen): Step[] {
  return subscriptionsOf(pool).flatMap((subscription): Step[] => {
    const [topic] = subscription.refers('topic');
    const how = wayOf(subscription, 'pull');
    const from = topic?.stage ?? 'an existing topic';
    return [{ from, how, to: receiverOf(pool), notes: seen.tell(pool), between: [topic?.id ?? from, pool.id] }];
  });
}

function isScaled(pool: Asked): boolean {
  return pool.get('lifecycle.ignore_changes').some((setting) => String(setting).includes('manual_instance_count'));
}

function instancesOf(pool: Asked): string {
  const count = amount(pool, 'scaling.manual_instance_count');
  return `${isScaled(pool) ? 'scaled, at least ' : ''}${count} ${count === 1 ? 'instance' : 'instances'}`;
}

/** What the autoscaler scales: its configuration refers to it. */
function scaledBy(service: Asked): readonly Asked[] {
  const versions = service.refers(VARIABLES).filter(({ type }) => type === VERSION);
  return versions.flatMap((version) => version.refers('parameter_data')).filter(({ type }) => type === POOL);
}

/** https://github.com/GoogleCloudPlatform/cloud-run-external-metrics-autoscaling: what its code calls. */
function serviceNeeds(service: Asked, stack: Stack): Needed[] {
  const who = runsAs(service, SERVICE_ACCOUNT);
  return [
    ...secretNeeds(service, VARIABLES, who),
    ...startersOf(service, stack).map((starter) => need(starter.who, 'run.routes.invoke', service, 'it calls the service')),
    ...scaledBy(service).flatMap((pool) => [
      need(who, 'parametermanager.parameterVersions.get', 'project', 'it reads its configuration'),
      need(who, 'monitoring.timeSeries.list', 'project', 'it reads how many events wait'),
      ...['get', 'update'].map((verb) => need(who, `run.workerpools.${verb}`, pool, 'it sets the number of instances')),
      ...pool.refers(SERVICE_ACCOUNT).map((account) => need(who, 'iam.serviceAccounts.actAs', account, 'instances run as this account')),
    ]),
  ];
}

function runs(service: Asked): Running {
  const annotations = service.get('annotations');
  return {
    as: runsAs(service, SERVICE_ACCOUNT),
    settings: settingsOf(service, VARIABLES),
    code: annotations.length > 0 ? JSON.stringify(annotations) : undefined,
  };
}

/** A job with a handler of this project has its hash. The code of every other job is the user's. */
function runsJob(job: Asked): Running {
  const hash = only(job, 'annotations.handler-sha256');
  return {
    as: runsAs(job, JOB_ACCOUNT),
    settings: settingsOf(job, JOB_VARIABLES),
    code: hash === undefined ? undefined : String(hash),
  };
}

/** The variables of a container, without those that are secrets. */
function settingsOf(code: Asked, at: string): Record<string, string> {
  const variables = (code.get(at) as readonly Body[]).filter(({ value }) => value !== undefined);
  return Object.fromEntries(variables.map(({ name, value }) => [String(name), String(value)]));
}

/** A bucket that a job reads or writes, as its annotations and variables say. */
interface JobStore {
  readonly store: Asked;
  readonly bucket: string;
  readonly prefix: string;
}

/** The tables that a job reads or writes, as its annotations and variables say. A view is read with the table below it. */
function tablesOf(job: Asked, side: 'inputs' | 'outputs'): Asked[] {
  const settings = settingsOf(job, JOB_VARIABLES);
  const names = String(only(job, `annotations.${side}`) ?? '').split(' ');
  const tables = names.flatMap((name) => job.refers(JOB_VARIABLES).filter(({ id }) => settings[`${name}_TABLE`]?.includes(`\${${id}.`)));
  return tables.flatMap((table) => [table, ...table.refers('view.query').filter(({ type }) => type === table.type)]);
}

function need(who: string, may: string, on: Asked | 'project', because: string): Needed {
  return { who, may, on: on === 'project' ? on : on.id, because };
}

/** The buckets of a job. BigQuery bills the rows of tables. */
function storesOf(job: Asked, side: 'inputs' | 'outputs'): JobStore[] {
  const settings = settingsOf(job, JOB_VARIABLES);
  const names = String(only(job, `annotations.${side}`) ?? '').split(' ');
  return names.flatMap((name): JobStore[] => {
    const bucket = settings[`${name}_BUCKET`];
    const store = job.refers(JOB_VARIABLES).find(({ id }) => bucket?.includes(`\${${id}.`));
    return bucket !== undefined && store ? [{ store, bucket, prefix: settings[`${name}_PREFIX`] ?? '' }] : [];
  });
}

/** From the API that its handler pulls from, and from each bucket. */
function readsFrom(job: Asked, seen: Seen): Step[] {
  const pulls: Step = { from: 'tool', how: 'GET, page by page', to: receiverOf(job), notes: seen.tell(job), between: ['tool', job.id] };
  const read = storesOf(job, 'inputs').map(({ store, prefix }) => ({
    from: store.stage,
    how: `reads ${prefix}*`,
    to: receiverOf(job),
    notes: seen.tell(job),
    between: [store.id, job.id] as const,
  }));
  return [...(settingsOf(job, JOB_VARIABLES).PULL_URL === undefined ? [] : [pulls]), ...read];
}

const WAITING = { may: 'run.executions.get', because: 'it waits for the end of the job' };

/** What a job needs, whatever its code is. It reads what is below the prefix of its inputs, and adds to its outputs. */
function jobNeeds(job: Asked, stack: Stack): Needed[] {
  const who = runsAs(job, JOB_ACCOUNT);
  const below = ({ bucket, prefix }: JobStore) => `resource.name.startsWith("projects/_/buckets/${bucket}/objects/${prefix}")`;
  const listed = ({ prefix }: JobStore) => `api.getAttribute("storage.googleapis.com/objectListPrefix", "").startsWith("${prefix}")`;
  return [
    ...secretNeeds(job, JOB_VARIABLES, who),
    ...storesOf(job, 'inputs').flatMap((input) =>
      ['storage.objects.get', 'storage.objects.list'].map((may) => ({
        who,
        may,
        on: input.bucket,
        only: `${below(input)} || ${listed(input)}`,
        because: 'it is an input of the job',
      })),
    ),
    ...tablesOf(job, 'inputs').map((table) => need(who, 'bigquery.tables.getData', table, 'it is an input of the job')),
    ...tablesOf(job, 'outputs').map((table) => need(who, 'bigquery.tables.updateData', table, 'it is an output of the job')),
    ...storesOf(job, 'outputs').map((output) => ({
      who,
      may: 'storage.objects.create',
      on: output.bucket,
      only: below(output),
      because: 'it is an output of the job',
    })),
    ...startersOf(job, stack).flatMap(({ who, waits }) =>
      [{ may: 'run.jobs.run', because: 'it starts the job' }, ...(waits ? [WAITING] : [])].map((need) => ({
        who,
        on: `\${${job.id}}`,
        ...need,
      })),
    ),
  ];
}

function secretNeeds(code: Asked, variables: string, who: string): Needed[] {
  return (code.get(`${variables}.value_source.secret_key_ref`) as readonly Body[]).map(({ secret }) => ({
    who,
    may: 'secretmanager.versions.access',
    on: String(secret),
    because: 'an instance reads it when it starts',
  }));
}

/** Its instances, around the clock. With an autoscaler, the minimum. */
function poolCosts(pool: Asked): Cost[] {
  const seconds = MONTH * amount(pool, 'scaling.manual_instance_count');
  const memory = Number.parseInt(String(only(pool, `${LIMITS}.memory`)), 10) / 1024;
  const lower = 'A `CloudRunProcessor`, which is billed by the call, for less than about 20 million events a month.';
  return [
    {
      what: 'vCPUs of its instances, around the clock',
      price: 'cloudRunWorkerCpu',
      units: seconds * Number(only(pool, `${LIMITS}.cpu`) ?? 1),
      lower,
    },
    { what: 'memory of its instances, around the clock', price: 'cloudRunWorkerMemory', units: seconds * memory, lower },
  ];
}

/** The autoscaler works for five seconds of each minute. */
function scalerCosts(service: Asked, { stack }: Load): Cost[] {
  const seconds = startsAMonth(service, stack) * 5;
  const memory = Number.parseInt(String(only(service, `${LIMITS}.memory`)), 10) / 1024;
  const lower = 'No `scaling` of the worker pool: a fixed number of `instances`.';
  return [
    { what: 'vCPU time of the autoscaler, 5 seconds a minute', price: 'cloudRunCpu', units: seconds, lower },
    { what: 'memory of the autoscaler, 5 seconds a minute', price: 'cloudRunMemory', units: seconds * memory, lower },
  ];
}

function serviceCosts(service: Asked, load: Load): Cost[] {
  if (scaledBy(service).length > 0) return scalerCosts(service, load);
  return callCosts(load.calls(service), {
    cpu: Number(only(service, `${LIMITS}.cpu`) ?? 1),
    memoryGib: Number.parseInt(String(only(service, `${LIMITS}.memory`)), 10) / 1024,
    concurrency: amountOr(service, 'template.max_instance_request_concurrency', 1),
    minInstances: amountOr(service, 'template.scaling.min_instance_count', 0),
  });
}

/** A task takes ten minutes. */
function jobCosts(job: Asked, { stack }: Load): Cost[] {
  const seconds = startsAMonth(job, stack) * amountOr(job, 'template.task_count', 1) * 600;
  const cpu = Number(only(job, `${JOB_LIMITS}.cpu`) ?? 1);
  const memory = Number.parseInt(String(only(job, `${JOB_LIMITS}.memory`)), 10) / 1024;
  const lower = 'A `schedule` that starts it less often.';
  return [
    { what: 'vCPU time, 10 minutes for each task', price: 'cloudRunJobCpu', units: seconds * cpu, lower },
    { what: 'memory, 10 minutes for each task', price: 'cloudRunJobMemory', units: seconds * memory, lower },
  ];
}
