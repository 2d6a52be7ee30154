import { amountOr, type Cost, GIB, type Load, MONTH } from '../../../shared/read/facts/cost';
import { counted, promised, setTo } from '../../../shared/read/facts/promise';
import type { Needed, Promised, Running, ServiceFacts } from '../../../shared/read/facts/types';
import { set } from '../../../shared/read/facts/weaken';
import { type Asked, amount, type Body, is, only, type Stack } from '../../../shared/read/stack';
import { alertOn, idOf, readyBeforeWork, replacers } from '../../foundation/promises';

const SERVICE = 'google_cloud_run_v2_service';
const SERVICE_ACCOUNT = 'template.service_account';
const IMAGE = 'template.containers.image';
const LIMITS = 'template.containers.resources.limits';
const TAGGED = 'europe-west1-docker.pkg.dev/acme-data/images/orders:latest';

export const facts: ServiceFacts = {
  name: 'Cloud Run',
  local: { not: 'images run in a container engine, which the local run does not have' },
  unproven: [
    'That an image which is built from a bundled handler by the buildpacks of Google answers on Cloud Run.',
    'That a service in a network reaches what is in it.',
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
      ],
      runs,
      needs: (service) => secretNeeds(service, 'template.containers.env', runsAs(service, SERVICE_ACCOUNT)),
      apis: ['run', 'logging'],
      actsAs: [SERVICE_ACCOUNT],
      effective: /^(\*|run\.(\*|routes|services))/,
      computed: { uri: 'https://acme-abcdefghij-ew.a.run.app' },
      local: { name: 'emulated' },
    },
  },
  forbidden: replacers(SERVICE),
};

/** The image is named by its digest, so that a plan shows each change of it. */
function fixedImage(at: string, first: string): Promised {
  return promised('fixed-image', 'name its image by a digest', (code) => /@(sha256:[0-9a-f]{64}|\$\{.+\})$/.test(String(only(code, at))), {
    'its image can change without a plan': set(first, TAGGED),
  });
}

function ownIdentity(at: string): Promised {
  return promised(
    'own-identity',
    'run as a service account that nothing else runs as',
    (code, stack: Stack) => {
      const own = runsAs(code, at);
      const others = stack.of(SERVICE).filter(({ id }) => id !== code.id);
      return code.get(at).length === 1 && others.every((other) => runsAs(other, SERVICE_ACCOUNT) !== own);
    },
    { 'it runs as the default service account': set(at) },
  );
}

/** An existing service account has no reference, only its email. */
function runsAs(code: Asked, at: string): string {
  return idOf(code, at) ?? `serviceAccount:${only(code, at)}`;
}

function runs(service: Asked): Running {
  const variables = service.get('template.containers.env') as readonly Body[];
  const annotations = service.get('annotations');
  return {
    as: runsAs(service, SERVICE_ACCOUNT),
    settings: Object.fromEntries(variables.filter(({ value }) => value !== undefined).map(({ name, value }) => [name, value])),
    code: annotations.length > 0 ? JSON.stringify(annotations) : undefined,
  };
}

function secretNeeds(code: Asked, variables: string, who: string): Needed[] {
  return (code.get(`${variables}.value_source.secret_key_ref`) as readonly Body[]).map(({ secret }) => ({
    who,
    may: 'secretmanager.versions.access',
    on: String(secret),
    because: 'an instance reads it when it starts',
  }));
}

/** A call takes 50 ms. Concurrent calls share an instance, up to its concurrency. */
function serviceCosts(service: Asked, load: Load): Cost[] {
  const calls = load.calls(service);
  const cpu = Number(only(service, `${LIMITS}.cpu`) ?? 1);
  const memory = Number.parseInt(String(only(service, `${LIMITS}.memory`)), 10) / 1024;
  const concurrent = calls * 0.05;
  const seconds = MONTH * Math.max(concurrent / amountOr(service, 'template.max_instance_request_concurrency', 1), Math.min(concurrent, 1));
  const ready = MONTH * amountOr(service, 'template.scaling.min_instance_count', 0);
  const busy = 'A higher `concurrency` of the processor, with more `memoryMiB`: more calls share an instance.';
  return [
    {
      what: 'requests, one for each event',
      price: 'cloudRunRequests',
      units: calls * MONTH,
      lower: 'Delivery without code, by `deliverInto` of the buffer, has no calls: for events that are stored unchanged.',
    },
    { what: 'vCPU time, 50 ms for each call', price: 'cloudRunCpu', units: seconds * cpu, lower: busy },
    { what: 'memory, 50 ms for each call', price: 'cloudRunMemory', units: seconds * memory, lower: busy },
    {
      what: 'request log, 1 kB for each call',
      price: 'cloudLogging',
      units: (calls * MONTH * 1000) / GIB,
      lower: 'An exclusion of `run.googleapis.com%2Frequests` in the log sink `_Default` of the project.',
    },
    {
      what: 'minimum instances',
      price: 'cloudRunReady',
      units: ready * (cpu + memory),
      lower: '`minInstances: 0` of the processor: the first event after a pause then waits for a cold start.',
    },
  ];
}
