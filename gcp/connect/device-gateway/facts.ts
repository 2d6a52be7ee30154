import { amountOr, type Cost, type Load } from '../../../shared/read/facts/cost';
import { counted, promised, setTo } from '../../../shared/read/facts/promise';
import type { Ask, Running, Seen, ServiceFacts } from '../../../shared/read/facts/types';
import { set } from '../../../shared/read/facts/weaken';
import type { Step } from '../../../shared/read/picture';
import { type Asked, type Body, is, only, type Stack } from '../../../shared/read/stack';
import { said } from '../../../shared/read/tell';
import { checksDevices, TOKEN } from '../../foundation/devices/promises';
import { alertOn, idOf, readyBeforeWork } from '../../foundation/promises';
import { callCosts } from '../../foundation/run/promises';

const SERVICE = 'google_cloud_run_v2_service';
const ACCOUNT = 'template.service_account';
const IMAGE = 'template.containers.image';
const LIMITS = 'template.containers.resources.limits';
const VARIABLES = 'template.containers.env';
const ALERT = 'google_monitoring_alert_policy';
/** The variable that tells a gateway from other services. */
const AUDIENCE = 'DEVICE_AUDIENCE';

export const facts: ServiceFacts = {
  name: 'Device gateway',
  local: {
    not: 'images run in a container engine, which the local run does not have. The tests run the gateway with a registry and a topic on this machine',
  },
  unproven: [
    'That the buildpacks of Google build the gateway, and that Cloud Run hands the header Authorization with the token of a device on.',
    'That Cloud Storage answers 403 or 404 for a device without a key, as its documentation says: the tests have both.',
    'The label `response_code` of the metric of publishes to a topic.',
    'Which status a device gets through Cloud Run for a request that arrives too slowly: Node.js answers 408.',
    'The words by which Cloud Storage says that it may not use the key of a bucket.',
  ],
  kinds: { [SERVICE]: (body) => (JSON.stringify(body).includes(`"${AUDIENCE}"`) ? 'gateway' : undefined) },
  types: {
    [`${SERVICE} gateway`]: {
      name: 'Device gateway',
      replacedBy: ['name', 'location', 'project'],
      role: 'runs code',
      tells: (gateway) => [
        `Cloud Run, ${only(gateway, `${LIMITS}.cpu`)} vCPU ${only(gateway, `${LIMITS}.memory`)}`,
        `${only(gateway, 'template.scaling.min_instance_count')} to ${only(gateway, 'template.scaling.max_instance_count')} instances`,
        `tokens for ${settingsOf(gateway).DEVICE_TOKEN_SECONDS} s`,
      ],
      flow: opening,
      // Google asks nobody who calls. The code does, before it reads anything.
      grants: (gateway) =>
        is(gateway, 'invoker_iam_disabled', true)
          ? [{ holder: 'everyone', may: 'roles/run.invoker', on: gateway.id, condition: { test: 'token of a device', value: TOKEN } }]
          : [],
      needs: (gateway) => [
        { who: 'everyone', may: 'run.routes.invoke', on: `\${${gateway.id}}`, only: TOKEN, because: 'devices have no Google account' },
      ],
      reads: (gateway) => registryOf(gateway),
      costs,
      named: ['name', /^(?=.{1,49}$)[a-z](-?[a-z0-9])*$/],
      promises: [
        ...checksDevices({ settingsOf, setVariable, audienceOf, mebibytes }),
        setTo({
          rule: 'open-door',
          must: 'be reached by devices, which have no Google account',
          at: 'invoker_iam_disabled',
          to: [true],
          weak: false,
          worse: 'Google refuses every device',
        }),
        setTo({
          rule: 'open-door',
          must: 'be reached from the internet',
          at: 'ingress',
          to: ['INGRESS_TRAFFIC_ALL'],
          weak: 'INGRESS_TRAFFIC_INTERNAL_ONLY',
          worse: 'no device reaches it',
        }),
        promised(
          'fixed-image',
          'name its image by a digest',
          (gateway) => /@(sha256:[0-9a-f]{64}|\$\{.+\})$/.test(String(only(gateway, IMAGE))),
          {
            'its image can change without a plan': set(
              'template.containers.0.image',
              'europe-west1-docker.pkg.dev/acme-data/images/gateway:latest',
            ),
          },
        ),
        promised('own-identity', 'run as a service account that nothing else runs as', ownIdentity, {
          'it runs as the default service account': set(ACCOUNT),
        }),
        readyBeforeWork(ACCOUNT),
        counted({
          rule: 'bounded-instances',
          must: 'set a maximum number of instances: anybody may send requests',
          at: 'template.scaling.max_instance_count',
          from: 1,
          to: 1000,
          worse: 'the number of instances has no limit',
        }),
        promised(
          'billed-by-call',
          'be billed for CPU during requests only, which is no default as soon as resources are set',
          (gateway) => is(gateway, 'template.containers.resources.cpu_idle', true),
          { 'the CPU of an instance is billed while it waits': set('template.containers.0.resources.cpu_idle') },
        ),
        counted({
          rule: 'bounded-time',
          must: 'end a request after a minute',
          at: 'template.timeout',
          from: 1,
          to: 60,
          weak: '3600s',
          worse: 'a request that hangs holds an instance for an hour',
        }),
        alertOn({
          what: 'failed requests',
          must: 'have its own alert that fires when more than 10 requests fail',
          metric: 'response_code_class = "5xx"',
          label: 'service_name',
          atMost: 10,
        }),
        alertOn({
          what: 'refused requests',
          must: 'have its own alert that fires when more than a tenth of the requests is refused',
          metric: 'response_code_class = "4xx"',
          label: 'service_name',
          atMost: 0.1,
        }),
        promised(
          'rings',
          'have its own alert that fires when no event is accepted',
          (gateway, stack) => silencesOf(gateway, stack).length > 0,
          {
            'there is no alert on silence': (draft, gateway) => {
              for (const [one, { type, body }] of draft.resources) {
                const text = JSON.stringify(body);
                if (type === ALERT && text.includes('condition_absent') && text.includes(`${gateway.id}.`)) draft.resources.delete(one);
              }
            },
          },
        ),
      ],
      runs,
      apis: ['run', 'logging'],
      actsAs: [ACCOUNT],
      effective: /^(\*|run\.(\*|routes|services))/,
      computed: { uri: 'https://acme-abcdefghij-ew.a.run.app' },
      local: { name: 'emulated' },
    },
  },
  calls: {
    'google-auth-library GoogleAuth.request': ({ arguments: [options] }) =>
      reading(said.part(options, 'method'), said.part(options, 'url')),
    '@types/node fetch.fetch': ({ arguments: [url, options] }) => reading(said.part(options, 'method'), said.whole(url)),
  },
  // It answers requests, and checks tokens with keys that it has.
  harmless: [
    ...['http.RequestListener', 'http.createServer', 'OutgoingMessage.setHeader'].map((call) => `@types/node ${call}`),
    ...['close', 'closeIdleConnections', 'listen'].map((call) => `@types/node Server.${call}`),
    'jose decode_protected_header.decodeProtectedHeader',
    'jose verify.jwtVerify',
  ],
};

/** The registry is a store of objects: the condition of its role is the same. */
function reading(method: string, address: string): readonly Ask[] | undefined {
  const [, bucket, rest] = /^https?:\/\/[^/]+\/storage\/v1\/b\/([^/]+)\/o([/?].*)$/.exec(address) ?? [];
  const [, prefix] = /(\{\w+\})/.exec(rest ?? '') ?? [];
  if (method !== 'GET' || !bucket || !prefix) return undefined;
  const below = `resource.name.startsWith("projects/_/buckets/${bucket}/objects/${prefix}")`;
  const listed = `api.getAttribute("storage.googleapis.com/objectListPrefix", "").startsWith("${prefix}")`;
  const may = rest!.startsWith('?') ? 'storage.objects.list' : 'storage.objects.get';
  return [{ may, on: bucket, address, only: `${below} || ${listed}` }];
}

function audienceOf(gateway: Asked): string {
  return `//run.googleapis.com/projects/${only(gateway, 'project')}/locations/${only(gateway, 'location')}/services/${only(gateway, 'name')}`;
}

/** Set a variable of the container to another value. */
function setVariable(variable: string, value: string) {
  return set('template.containers.0.env', [{ name: variable, value }]);
}

function settingsOf(gateway: Asked): Readonly<Record<string, string>> {
  const variables = (gateway.get(VARIABLES) as readonly Body[]).filter(({ value }) => value !== undefined);
  return Object.fromEntries(variables.map(({ name, value }) => [String(name), String(value)]));
}

/** An existing service account has no reference, only its email. */
function runsAs(gateway: Asked): string {
  return idOf(gateway, ACCOUNT) ?? `serviceAccount:${only(gateway, ACCOUNT)}`;
}

function runs(gateway: Asked): Running {
  return { as: runsAs(gateway), settings: settingsOf(gateway), code: JSON.stringify(gateway.get('annotations')) };
}

function ownIdentity(gateway: Asked, stack: Stack): boolean {
  const others = stack.of(SERVICE).filter((other) => other.id !== gateway.id && other.get(ACCOUNT).length > 0);
  return gateway.get(ACCOUNT).length === 1 && others.every((other) => runsAs(other) !== runsAs(gateway));
}

function registryOf(gateway: Asked): Asked[] {
  const bucket = settingsOf(gateway).REGISTRY_BUCKET;
  return gateway.refers(VARIABLES).filter(({ id }) => bucket?.includes(`\${${id}.`));
}

function silencesOf(gateway: Asked, stack: Stack): readonly Asked[] {
  const filter = 'conditions.condition_absent.filter';
  return stack.of(ALERT).filter((alert) => !is(alert, 'enabled', false) && String(only(alert, filter) ?? '').includes(`${gateway.id}.`));
}

function opening(gateway: Asked, seen: Seen): Step[] {
  const how = 'POST /events, JWT by the key of the device';
  const to = gateway.stage;
  const first = { from: 'client', how, to, notes: seen.tell(gateway), between: ['client', gateway.id] as const };
  const keys = registryOf(gateway).map(
    ({ id, stage }): Step => ({ from: stage, how: 'public keys', to, notes: seen.tell(gateway), between: [id, gateway.id] }),
  );
  return [first, ...keys];
}

function mebibytes(gateway: Asked): number {
  return Number.parseInt(String(only(gateway, `${LIMITS}.memory`)), 10);
}

/** A request has one event. The registry is read once a minute for each device, which depends on their number and is left out. */
function costs(gateway: Asked, { events }: Load): Cost[] {
  const lines = callCosts(events, {
    cpu: Number(only(gateway, `${LIMITS}.cpu`) ?? 1),
    memoryGib: mebibytes(gateway) / 1024,
    concurrency: amountOr(gateway, 'template.max_instance_request_concurrency', 1),
    minInstances: amountOr(gateway, 'template.scaling.min_instance_count', 0),
  });
  const lower = 'Devices that send several events in one request, up to 1000.';
  return lines.map((line) =>
    line.price === 'cloudRunReady' ? { ...line, lower: '`minInstances: 0` of the gateway.' } : { ...line, lower },
  );
}
