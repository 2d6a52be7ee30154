import { amountOr, type Cost, type Load } from '../../../shared/read/facts/cost';
import { onlyValues, within } from '../../../shared/read/facts/local';
import { promised, setTo } from '../../../shared/read/facts/promise';
import type { Needed, Running, ServiceFacts } from '../../../shared/read/facts/types';
import { replace, set } from '../../../shared/read/facts/weaken';
import { type Asked, amount, type Body, is, only, type Stack } from '../../../shared/read/stack';
import { alertOn, allOf, iamMember, idOf, readyBeforeWork, replacers } from '../../foundation/promises';
import { callCosts } from '../../foundation/run/promises';

const FUNCTION = 'google_cloudfunctions2_function';
const RUNS_AS = 'service_config.service_account_email';
const BUILT_AS = 'build_config.service_account';

export const facts: ServiceFacts = {
  name: 'Cloud Functions',
  local: 'runs',
  types: {
    google_storage_bucket_object: {
      name: 'code in a bucket',
      replacedBy: [
        'bucket',
        'name',
        'source',
        'content_type',
        'content_encoding',
        'content_language',
        'content_disposition',
        'cache_control',
        'storage_class',
        'kms_key_name',
        'customer_encryption',
        'metadata',
      ],
      role: 'helps',
      named: ['name', /^[^\r\n]{1,1024}$/],
      apis: ['storage'],
      local: { name: 'emulated', bucket: 'emulated', source: 'emulated', 'lifecycle.create_before_destroy': 'no effect here' },
    },
    [FUNCTION]: {
      name: 'function',
      replacedBy: ['name', 'location', 'project'],
      role: 'runs code',
      tells: tellsOf,
      costs: functionCosts,
      // Cloud Run, which runs it, allows 49 characters and no underscore.
      named: ['name', /^(?=.{1,49}$)[a-z](-?[a-z0-9])*$/],
      promises: [
        setTo({
          rule: 'closed-door',
          must: 'accept internal traffic only',
          at: 'service_config.ingress_settings',
          to: ['ALLOW_INTERNAL_ONLY'],
          weak: 'ALLOW_ALL',
          worse: 'it accepts calls from the internet',
        }),
        promised('own-identity', 'run as one service account that nothing else uses, and be built by another one', ownIdentity, {
          'it runs as the default service account': set(RUNS_AS),
          'it is built by the service account that it runs as': replace(
            /google_service_account\.[\w-]+\.name/,
            (draft) => `${draft.id('google_service_account', 'Processing_Runtime')}.name`,
          ),
        }),
        readyBeforeWork(RUNS_AS, BUILT_AS),
        promised(
          'bounded-instances',
          'set a maximum number of instances, and no minimum',
          (fn) => amount(fn, 'service_config.max_instance_count') >= 1 && is(fn, 'service_config.min_instance_count', 0),
          {
            'the number of instances has no limit': set('service_config.max_instance_count'),
            'an instance is billed without calls': set('service_config.min_instance_count', 1),
          },
        ),
        alertOn({
          what: 'failed calls',
          must: 'have its own alert that fires when a call fails',
          metric: 'response_code_class = "5xx"',
          label: 'service_name',
          atMost: 0,
        }),
      ],
      runs,
      needs: buildNeeds,
      apis: ['cloudfunctions', 'run', 'cloudbuild', 'artifactregistry', 'storage', 'logging'],
      actsAs: [RUNS_AS, BUILT_AS],
      effective: /^(\*|run\.(\*|routes|services))/,
      local: {
        name: 'emulated',
        project: 'no effect here',
        location: 'no effect here',
        labels: 'no effect here',
        'build_config.entry_point': 'emulated',
        'build_config.source.storage_source.bucket': 'emulated',
        'build_config.source.storage_source.object': 'emulated',
        'build_config.runtime': (value) =>
          /^nodejs\d+$/.test(String(value)) ? undefined : `only Node.js is emulated here, got ${JSON.stringify(value)}.`,
        'build_config.service_account': 'no effect here',
        'build_config.docker_repository': 'no effect here',
        'build_config.automatic_update_policy': 'no effect here',
        'service_config.available_memory': (value) =>
          /^\d+[KMG]i?$/.test(String(value)) ? undefined : `it must look like 512Mi, got ${JSON.stringify(value)}.`,
        'service_config.environment_variables': 'emulated',
        'service_config.max_instance_request_concurrency': within(1, 1000),
        'service_config.timeout_seconds': within(1, 3600),
        'service_config.available_cpu': 'no effect here',
        'service_config.all_traffic_on_latest_revision': 'no effect here',
        'service_config.ingress_settings': 'no effect here',
        'service_config.max_instance_count': 'no effect here',
        'service_config.min_instance_count': 'no effect here',
        'service_config.service_account_email': 'no effect here',
        'service_config.secret_environment_variables': { notRun: 'secrets of Secret Manager are not emulated here.' },
        'service_config.vpc_connector': 'no effect here',
      },
    },
    google_cloud_run_v2_service_iam_member: iamMember('a function', ['run'], {
      local: {
        name: 'emulated',
        member: 'emulated',
        role: onlyValues('roles/run.invoker'),
        project: 'no effect here',
        location: 'no effect here',
      },
    }),
    google_secret_manager_secret_iam_member: iamMember('a secret', ['secretmanager']),
  },
  forbidden: replacers('google_cloud_run_v2_service', FUNCTION),
  roles: {
    'roles/secretmanager.secretAccessor': {
      permissions: ['resourcemanager.projects.get', 'resourcemanager.projects.list', 'secretmanager.versions.access'],
      surplus: 'The role to read a secret also allows to read the name of the project: Google has no role without it.',
    },
    'roles/secretmanager.admin': { permissions: ['secretmanager.*'] },
    'roles/run.admin': { permissions: ['run.*'] },
    'roles/run.invoker': { permissions: ['run.jobs.run', 'run.routes.invoke'] },
  },
};

function tellsOf(fn: Asked): string[] {
  const of = (setting: string) => only(fn, setting);
  return [
    `Cloud Functions, ${of('build_config.runtime')} ${of('service_config.available_memory')} ${of('service_config.timeout_seconds')} s`,
    `${of('service_config.min_instance_count')} to ${of('service_config.max_instance_count')} instances`,
    String(of('service_config.ingress_settings')),
  ];
}

/** An existing service account has no reference, only its email. */
function ownIdentity(fn: Asked, stack: Stack): boolean {
  const identityOf = (one: Asked, setting: string) => idOf(one, setting) ?? only(one, setting);
  const [runsAs, builtBy] = [RUNS_AS, BUILT_AS].map((setting) => identityOf(fn, setting));
  const others = stack.of(FUNCTION).filter(({ id }) => id !== fn.id);
  return (
    runsAs !== undefined &&
    builtBy !== undefined &&
    runsAs !== builtBy &&
    others.every((other) => [RUNS_AS, BUILT_AS].every((setting) => identityOf(other, setting) !== runsAs))
  );
}

function runs(fn: Asked): Running {
  const [variables = {}] = fn.get('service_config.environment_variables');
  return {
    as: runsAs(fn),
    settings: Object.fromEntries(Object.entries(variables as Body).map(([name, value]) => [name, String(value)])),
    code: JSON.stringify(fn.refers('build_config.source').map(({ body }) => body)),
  };
}

function runsAs(fn: Asked): string {
  return idOf(fn, RUNS_AS) ?? `serviceAccount:${only(fn, RUNS_AS)}`;
}

/** https://cloud.google.com/functions/docs/securing/build-custom-sa lists the three roles of the build. */
function buildNeeds(fn: Asked): Needed[] {
  const who = idOf(fn, BUILT_AS) ?? '';
  const repository = idOf(fn, 'build_config.docker_repository');
  const isSourceBucket = 'resource.name.startsWith("projects/_/buckets/gcf-v2-sources-")';
  const needed = (role: string, on: string, because: string, condition?: string): Needed[] =>
    allOf(role).map((may) => ({ who, may, on, because, ...(condition ? { only: condition } : {}) }));
  const secrets = fn.get('service_config.secret_environment_variables') as readonly Body[];
  return [
    ...secrets.map(({ secret }) => ({
      who: runsAs(fn),
      may: 'secretmanager.versions.access',
      on: String(secret),
      because: 'an instance reads it when it starts',
    })),
    ...(repository ? needed('roles/artifactregistry.writer', `\${${repository}}`, 'Cloud Build stores the image') : []),
    ...needed('roles/storage.objectViewer', 'project', "Cloud Build reads the code from Google's own bucket", isSourceBucket),
    ...needed('roles/logging.logWriter', 'project', 'Cloud Build writes its logs'),
  ];
}

function functionCosts(fn: Asked, load: Load): Cost[] {
  const [, size = '256', unit = 'Mi'] = /^(\d+)(Mi|Gi|M|G)$/.exec(String(only(fn, 'service_config.available_memory'))) ?? [];
  return callCosts(load.calls(fn), {
    cpu: Number(only(fn, 'service_config.available_cpu') ?? 1),
    memoryGib: unit.startsWith('G') ? Number(size) : Number(size) / 1024,
    concurrency: amountOr(fn, 'service_config.max_instance_request_concurrency', 1),
    minInstances: amountOr(fn, 'service_config.min_instance_count', 0),
  });
}
