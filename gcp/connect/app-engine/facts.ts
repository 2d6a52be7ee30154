import { amountOr, type Cost, GIB, HOURS, type Load, MONTH } from '../../../shared/read/facts/cost';
import { counted, promised, setTo } from '../../../shared/read/facts/promise';
import type { Needed, Running, Seen, ServiceFacts } from '../../../shared/read/facts/types';
import { set } from '../../../shared/read/facts/weaken';
import type { Step } from '../../../shared/read/picture';
import { type Asked, type Body, is, only, type Stack } from '../../../shared/read/stack';
import { checksDevices, TOKEN } from '../../foundation/devices/promises';
import { alertOn, allOf, idOf, readyBeforeWork } from '../../foundation/promises';

const VERSION = 'google_app_engine_standard_app_version';
const INGRESS = 'google_app_engine_service_network_settings';
const TRAFFIC = 'google_app_engine_service_split_traffic';
const ALERT = 'google_monitoring_alert_policy';
const ACCOUNT = 'service_account';
const ALL = 'conditions.condition_threshold.denominator_filter';
const SCALING = 'automatic_scaling';
const LETS_IN = 'network_settings.ingress_traffic_allowed';
const INSIDE = ['INGRESS_TRAFFIC_ALLOWED_INTERNAL_AND_LB', 'INGRESS_TRAFFIC_ALLOWED_INTERNAL_ONLY'];
/** No permission of Google's, because App Engine has none for callers: it stands for a request. */
const REQUEST = 'appengine.requests.send';
const IMAGES = 'roles/artifactregistry.createOnPushWriter';
const REPOSITORY = 'resource.name.extract("/repositories/{rest}")';
/** MiB of each class of instances, and how many of an F1 it is billed as. */
const CLASSES: Readonly<Record<string, readonly [memory: number, billed: number]>> = { F2: [768, 2], F4: [1536, 4], F4_1G: [3072, 6] };

export const facts: ServiceFacts = {
  name: 'App Engine',
  local: { not: 'App Engine has no emulator. The tests run the code with a registry and a topic on this machine' },
  unproven: [
    'That App Engine builds the code with the roles of its service account, and that the condition on the repository `gae-standard` holds.',
    'That App Engine hands the header Authorization on as it came.',
    'The numbers in the label `response_code` of the metric of requests.',
  ],
  types: {
    google_app_engine_application: {
      name: 'application',
      role: 'helps',
      replacedBy: ['project'],
      promises: [
        promised(
          'retained',
          'not be planned to be deleted: Google cannot',
          (application) => is(application, 'lifecycle.prevent_destroy', true),
          { 'a plan deletes it, and Google does not': set('lifecycle') },
        ),
      ],
      apis: ['appengine'],
      local: 'no effect here',
    },
    [VERSION]: {
      name: 'service',
      role: 'runs code',
      replacedBy: ['version_id', 'project'],
      named: ['version_id', /^(?!default$|latest$|ah-)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/],
      tells: (entry, stack) => [
        `App Engine, ${only(entry, 'runtime')} ${only(entry, 'instance_class')}`,
        `0 to ${only(entry, `${SCALING}.standard_scheduler_settings.max_instances`)} instances`,
        isPublic(entry, stack) ? 'public' : 'internal',
      ],
      flow: opening,
      // App Engine asks nobody who calls. The code does, before it reads anything.
      grants: (entry) => [
        { holder: 'everyone', may: 'HTTPS requests', on: entry.id, condition: { test: 'token of a device', value: TOKEN } },
      ],
      needs: (entry) => [
        { who: 'everyone', may: REQUEST, on: `\${${entry.id}}`, only: TOKEN, because: 'App Engine has no IAM for callers' },
        ...buildNeeds(entry),
      ],
      reads: registryOf,
      costs,
      promises: [
        ...checksDevices({ settingsOf, setVariable, audienceOf, mebibytes }),
        promised('own-identity', 'run as a service account that nothing else runs as', ownIdentity, {
          'it runs as the default service account of App Engine': set(ACCOUNT),
        }),
        readyBeforeWork(ACCOUNT),
        counted({
          rule: 'bounded-instances',
          must: 'set a maximum number of instances: App Engine takes 20, or none in older projects',
          at: `${SCALING}.standard_scheduler_settings.max_instances`,
          from: 1,
          to: 1000,
          weak: 2_147_483_647,
          worse: 'the number of instances has no limit',
        }),
        setTo({
          rule: 'bounded-instances',
          must: 'set no minimum of instances: old versions would keep theirs, and pay for them',
          at: `${SCALING}.standard_scheduler_settings.min_instances`,
          to: [0],
          weak: 1,
          worse: 'each version that was ever deployed keeps an instance',
        }),
        setTo({
          rule: 'deletable',
          must: 'be left alone by a plan that deletes it: Google does not delete the version that has the traffic',
          at: 'noop_on_destroy',
          to: [true],
          weak: false,
          worse: 'the next deploy of code fails',
        }),
        promised(
          'takes-traffic',
          'have all traffic of its service, which a new version of App Engine does not get by itself',
          (entry, stack) =>
            stack.of(TRAFFIC).some((traffic) => refersTo(traffic, entry) && allTraffic(traffic) === only(entry, 'version_id')),
          {
            'new code gets no traffic': (draft) => {
              for (const [one, { type }] of draft.resources) if (type === TRAFFIC) draft.resources.delete(one);
            },
          },
        ),
        promised(
          'closed-door',
          'say from where requests are let in: App Engine lets the whole internet in otherwise',
          (entry, stack) => ingressOf(entry, stack) !== undefined,
          {
            'the whole internet is let in': (draft) => {
              for (const [one, { type }] of draft.resources) if (type === INGRESS) draft.resources.delete(one);
            },
          },
        ),
        alertOn({
          what: 'failed requests',
          must: 'have its own alert that fires when more than 10 requests fail',
          metric: 'response_code >= 500',
          label: 'module_id',
          atMost: 10,
        }),
        alertOn({
          what: 'refused requests',
          must: 'have its own alert that fires when more than a tenth of the requests is refused',
          metric: 'response_code >= 400',
          label: 'module_id',
          atMost: 0.1,
        }),
        promised(
          'rings',
          'count the share of refused requests among its own requests',
          (entry, stack) => {
            const shares = stack.of(ALERT).filter((alert) => JSON.stringify(alert.body).includes(`${entry.id}.`));
            const all = shares.map((alert) => only(alert, ALL)).filter((filter) => filter !== undefined);
            return all.length > 0 && all.every((filter) => String(filter).includes(`${entry.id}.`));
          },
          {
            'the share is one of the requests of all services': (draft, entry) => {
              for (const { type, body } of draft.resources.values()) {
                const text = JSON.stringify(body);
                if (type !== ALERT || !text.includes('denominator_filter') || !text.includes(`${entry.id}.`)) continue;
                Object.assign(body, JSON.parse(text.replace(/("denominator_filter":".*?) AND resource\.labels\.\w+ = [^}]*}\\"/, '$1')));
              }
            },
          },
        ),
        promised(
          'rings',
          'have its own alert that fires when no event is accepted',
          (entry, stack) => stack.of(ALERT).some((alert) => !is(alert, 'enabled', false) && silence(alert).includes(`${entry.id}.`)),
          {
            'there is no alert on silence': (draft, entry) => {
              for (const [one, { type, body }] of draft.resources) {
                const text = JSON.stringify(body);
                if (type === ALERT && text.includes('condition_absent') && text.includes(`${entry.id}.`)) draft.resources.delete(one);
              }
            },
          },
        ),
      ],
      runs,
      apis: ['appengine', 'artifactregistry', 'cloudbuild', 'storage', 'logging'],
      actsAs: [ACCOUNT],
      effective: /^(\*|appengine\.)/,
      local: {},
    },
    [INGRESS]: {
      name: 'ingress of a service',
      role: 'helps',
      replacedBy: ['project'],
      promises: [
        {
          ...setTo({
            rule: 'closed-door',
            must: 'let in VPC networks and load balancers only',
            at: LETS_IN,
            to: INSIDE,
            weak: 'INGRESS_TRAFFIC_ALLOWED_UNSPECIFIED',
            worse: 'the whole internet is let in, and nobody said so',
          }),
          // A word of its own says it, and the code checks who calls.
          concerns: (ingress) => !is(ingress, LETS_IN, 'INGRESS_TRAFFIC_ALLOWED_ALL'),
        },
      ],
      apis: ['appengine'],
      local: 'no effect here',
    },
    [TRAFFIC]: { name: 'traffic of a service', role: 'helps', replacedBy: ['project'], apis: ['appengine'], local: 'no effect here' },
  },
  // https://cloud.google.com/iam/docs/roles-permissions
  roles: {
    'HTTPS requests': { permissions: [REQUEST] },
    'roles/appengine.appAdmin': { permissions: ['appengine.*'] },
    'roles/cloudbuild.builds.editor': { permissions: ['cloudbuild.builds.*'] },
    [IMAGES]: {
      permissions: [
        ...['createOnPush', 'downloadArtifacts', 'get', 'list', 'uploadArtifacts'].map((verb) => `artifactregistry.repositories.${verb}`),
        ...['tags', 'versions', 'packages', 'files', 'dockerimages'].flatMap((kind) =>
          ['get', 'list'].map((verb) => `artifactregistry.${kind}.${verb}`),
        ),
        'artifactregistry.tags.create',
        'artifactregistry.tags.update',
      ],
    },
  },
};

function settingsOf(entry: Asked): Readonly<Record<string, string>> {
  const [variables = {}] = entry.get('env_variables');
  return Object.fromEntries(Object.entries(variables as Body).map(([name, value]) => [name, String(value)]));
}

function setVariable(variable: string, value: string) {
  return set(`env_variables.${variable}`, value);
}

function audienceOf(entry: Asked): string {
  return `//appengine.googleapis.com/apps/${only(entry, 'project')}/services/${only(entry, 'service')}`;
}

function mebibytes(entry: Asked): number {
  return CLASSES[String(only(entry, 'instance_class'))]?.[0] ?? 0;
}

/** An existing service account has no reference, only its email. */
function runsAs(entry: Asked): string {
  return idOf(entry, ACCOUNT) ?? `serviceAccount:${only(entry, ACCOUNT)}`;
}

function runs(entry: Asked): Running {
  return { as: runsAs(entry), settings: settingsOf(entry), code: JSON.stringify(entry.refers('deployment').map(({ body }) => body)) };
}

function ownIdentity(entry: Asked, stack: Stack): boolean {
  const others = stack.of(VERSION).filter((other) => other.id !== entry.id && other.get(ACCOUNT).length > 0);
  return entry.get(ACCOUNT).length === 1 && others.every((other) => runsAs(other) !== runsAs(entry));
}

function refersTo(one: Asked, entry: Asked): boolean {
  return one.refers('service').some(({ id }) => id === entry.id);
}

function ingressOf(entry: Asked, stack: Stack): Asked | undefined {
  return stack.of(INGRESS).find((ingress) => refersTo(ingress, entry));
}

function isPublic(entry: Asked, stack: Stack): boolean {
  const ingress = ingressOf(entry, stack);
  return ingress === undefined || !is(ingress, LETS_IN, ...INSIDE);
}

/** The version that has all traffic, if one has. */
function allTraffic(traffic: Asked): string | undefined {
  const [allocations = {}] = traffic.get('split.allocations');
  const [[version, share] = [], ...others] = Object.entries(allocations as Body);
  return others.length === 0 && Number(share) === 1 ? version : undefined;
}

function silence(alert: Asked): string {
  return String(only(alert, 'conditions.condition_absent.filter') ?? '');
}

function registryOf(entry: Asked): Asked[] {
  const bucket = settingsOf(entry).REGISTRY_BUCKET;
  return entry.refers('env_variables').filter(({ id }) => bucket?.includes(`\${${id}.`));
}

/** https://cloud.google.com/appengine/docs/standard/roles: the version is built as the service account that it runs as. */
function buildNeeds(entry: Asked): Needed[] {
  const who = runsAs(entry);
  const needed = (role: string, on: string, because: string, condition?: string): Needed[] =>
    allOf(role).map((may) => ({ who, may, on, because, ...(condition ? { only: condition } : {}) }));
  const [object] = entry.refers('deployment').filter(({ type }) => type === 'google_storage_bucket_object');
  const bucket = object && idOf(object, 'bucket');
  return [
    ...(bucket ? [{ who, may: 'storage.objects.get', on: `\${${bucket}.id}`, because: 'the build reads the code' }] : []),
    ...needed(IMAGES, 'project', 'the build stores the image', `${REPOSITORY} == "" || ${REPOSITORY}.startsWith("gae-standard")`),
    ...needed('roles/logging.logWriter', 'project', 'the build writes its logs'),
  ];
}

function opening(entry: Asked, seen: Seen): Step[] {
  const how = 'POST /events, JWT by the key of the caller';
  const to = entry.stage;
  const first = { from: 'client', how, to, notes: seen.tell(entry), between: ['client', entry.id] as const };
  const keys = registryOf(entry).map(
    ({ id, stage }): Step => ({ from: stage, how: 'public keys', to, notes: seen.tell(entry), between: [id, entry.id] }),
  );
  return [first, ...keys];
}

/** A request has one event and takes 50 ms. An instance is billed for 15 minutes after its last request. */
function costs(entry: Asked, { events }: Load): Cost[] {
  const [, billed] = CLASSES[String(only(entry, 'instance_class'))] ?? [0, 1];
  const concurrency = amountOr(entry, `${SCALING}.max_concurrent_requests`, 10);
  const running = Math.max((events * 0.05) / concurrency, Math.min(events * 900, 1));
  return [
    {
      what: 'hours of instances, counted in F1',
      price: 'appEngineF1',
      units: HOURS * billed * running,
      lower: '`DeviceGateway` on Cloud Run, which is billed for the time of requests only.',
    },
    {
      what: 'request log, 1 kB for each request',
      price: 'cloudLogging',
      units: (events * MONTH * 1000) / GIB,
      lower: 'An exclusion of `appengine.googleapis.com%2Frequest_log` in the log sink `_Default` of the project.',
    },
  ];
}
