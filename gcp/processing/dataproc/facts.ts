import type { JobFacts, Needed, ServiceFacts, StartedJob } from '../../../shared/read/facts/types';
import type { Step } from '../../../shared/read/picture';
import type { Asked, Body, Stack } from '../../../shared/read/stack';
import { allOf, encrypting, numberedAgent } from '../../foundation/promises';

const NODE = 'roles/dataproc.serverlessNode';
/** What is assumed of a run: the smallest size, a driver and 2 executors of 4 vCPUs with 13 GB of memory and 100 GB of disk, for ten minutes. */
const RUN = { hours: 1 / 6, machines: 3, vcpus: 4, memory: 13, disk: 100 } as const;

export const facts: ServiceFacts = {
  name: 'Dataproc',
  local: { not: 'Spark needs 400 MB of packages; the script of the compaction is tested with it' },
  unproven: [
    'That the account of a batch needs no role on the project but Dataproc Serverless Node: Google documents that its own agent does the rest from runtime 3.0 on.',
    'That the connector of Cloud Storage works with the conditions of the roles on buckets: its source asks for nothing else.',
    'That the audit log has a line with an error for a run that fails, from which its alert is made.',
    'That a runtime from 3.0 on needs its key for no service agents but those of Dataproc, Compute Engine and Cloud Storage.',
    'That Dataproc stages files in the folder whose files are deleted after a month.',
  ],
  types: {},
  jobs: { 'dataproc.googleapis.com': batch() },
  // https://cloud.google.com/dataproc/docs/concepts/iam/iam#roles, as far as it has an effect on batches.
  roles: {
    [NODE]: {
      permissions: [
        ...[
          'batches.computeTuningConfig',
          'batches.sparkApplicationWrite',
          'sessions.sparkApplicationRead',
          'sessions.sparkApplicationWrite',
        ].map((one) => `dataproc.${one}`),
        ...['create', 'delete', 'deleteNodes', 'get', 'list', 'resize'].map((verb) => `dataprocrm.nodePools.${verb}`),
        ...['dataprocrm.nodes.list', 'dataprocrm.operations.get'],
      ],
    },
    'roles/dataproc.serverlessEditor': {
      permissions: [
        ...['analyze', 'cancel', 'create', 'delete', 'get', 'list', 'sparkApplicationRead', 'sparkApplicationWrite'].map(
          (verb) => `dataproc.batches.${verb}`,
        ),
        ...['cancel', 'delete', 'get', 'list'].map((verb) => `dataproc.operations.${verb}`),
        ...['create', 'delete', 'get', 'list', 'update'].map((verb) => `dataproc.sessionTemplates.${verb}`),
        ...['create', 'delete', 'get', 'list', 'sparkApplicationRead', 'sparkApplicationWrite', 'terminate'].map(
          (verb) => `dataproc.sessions.${verb}`,
        ),
        ...['create', 'delete', 'deleteNodes', 'get', 'list', 'resize'].map((verb) => `dataprocrm.nodePools.${verb}`),
        ...['get', 'heartbeat', 'list', 'update'].map((verb) => `dataprocrm.nodes.${verb}`),
        ...['get', 'list'].map((verb) => `dataprocrm.operations.${verb}`),
        ...['cancel', 'create', 'delete', 'get', 'list'].map((verb) => `dataprocrm.workloads.${verb}`),
      ],
      surplus:
        'Google has no smaller role that starts a batch, and none on less than the project. A batch runs only as an account that its starter may act as.',
    },
  },
};

/** A store of a run, as its arguments say. */
interface Store {
  readonly bucket: string;
  readonly prefix: string;
  readonly isWritten: boolean;
}

/** The parts of the body of a request that are read here. */
interface Batch extends Body {
  readonly pysparkBatch: { readonly mainPythonFileUri: string; readonly args: readonly string[] };
  readonly runtimeConfig: { readonly version: string; readonly properties: Readonly<Record<string, string>> };
  readonly environmentConfig: { readonly executionConfig: Readonly<Record<string, string>> };
}

const bodyOf = ({ parameters }: StartedJob) => parameters as Batch;
const executionOf = (job: StartedJob) => bodyOf(job).environmentConfig.executionConfig;

/** Who the script runs as. An existing service account has no reference, only its email. */
function runnerOf(job: StartedJob): string {
  const { serviceAccount = '' } = executionOf(job);
  return /^\$\{(google_service_account\.[\w-]+)\.email\}$/.exec(serviceAccount)?.[1] ?? `serviceAccount:${serviceAccount}`;
}

function storesOf(job: StartedJob): Store[] {
  const { args } = bodyOf(job).pysparkBatch;
  const given = new Map(args.flatMap((one, index) => (index % 2 === 0 ? [[one.replace(/^--/, ''), args[index + 1] ?? ''] as const] : [])));
  return [...given].flatMap(([argument, bucket]): Store[] => {
    const [, name] = /^(\w+)_BUCKET$/.exec(argument) ?? [];
    return name ? [{ bucket, prefix: given.get(`${name}_PREFIX`) ?? '', isWritten: given.has(`${name}_FAILED_PREFIX`) }] : [];
  });
}

/** The bucket that a text refers to. */
function bucketOf(text: string, stack: Stack): Asked | undefined {
  return stack.get(/\$\{(google_storage_bucket\.[\w-]+)\./.exec(text)?.[1] ?? '');
}

/** A batch of serverless Spark. It runs as its own account, which stands for it. */
function batch(): JobFacts {
  return {
    role: runnerOf,
    tells: (job) => {
      const { version, properties } = bodyOf(job).runtimeConfig;
      const hours = Number.parseInt(executionOf(job).ttl ?? '', 10) / 3600;
      return [`Dataproc, Spark runtime ${version}`, `up to ${properties['spark.dynamicAllocation.maxExecutors']} executors`, `${hours} h`];
    },
    flow: (job, seen, label) => {
      const runner = runnerOf(job);
      return storesOf(job).flatMap((store): Step[] => {
        const bucket = bucketOf(store.bucket, seen);
        if (!bucket) return [];
        if (!store.isWritten)
          return [{ from: bucket.stage, how: `reads ${store.prefix}*`, to: label, notes: '', between: [bucket.id, runner] }];
        const how = `replaces ${store.prefix}*`;
        return [{ from: label, how, to: bucket.stage, notes: seen.tell(bucket), between: [runner, bucket.id] }];
      });
    },
    needs: needsOf,
    costs: (_, runs) => {
      const lower = 'A `schedule` that starts it less often, or a `CloudRunJob` for what fits into one machine.';
      const hours = runs * RUN.hours * RUN.machines;
      const dcu = RUN.vcpus * 0.6 + RUN.memory * 0.1;
      return [
        { what: 'DCUs of a driver and 2 executors, 10 minutes for each run', price: 'dataprocDcu', units: hours * dcu, lower },
        { what: 'disks of a driver and 2 executors, 10 minutes for each run', price: 'dataprocShuffle', units: hours * RUN.disk, lower },
      ];
    },
  };
}

/** The script is the user's. It reads its inputs, and replaces what is in its outputs. */
function needsOf(job: StartedJob, stack: Stack): Needed[] {
  const who = runnerOf(job);
  const files = (verbs: readonly string[], { bucket, prefix }: Store, because: string): Needed[] =>
    verbs.map((verb) => ({ who, may: `storage.objects.${verb}`, on: bucket, only: filesBelow(bucket, prefix), because }));
  const { kmsKey } = executionOf(job);
  const encrypters = kmsKey === undefined ? [] : ['compute-system', 'dataproc-accounts'];
  const staging = bucketOf(bodyOf(job).pysparkBatch.mainPythonFileUri, stack);
  return [
    ...storesOf(job).flatMap((store) =>
      store.isWritten
        ? files(['create', 'delete', 'get', 'list'], store, 'it is an output of the batch')
        : files(['get', 'list'], store, 'it is an input of the batch'),
    ),
    ...['create', 'delete', 'get', 'list'].map((verb) => ({
      who,
      may: `storage.objects.${verb}`,
      on: staging ? `\${${staging.id}}` : '',
      because: 'its script and its staged files are there',
    })),
    ...allOf(NODE).map((may) => ({ who, may, on: 'project', because: 'Google requires the role for the nodes of a batch' })),
    // https://cloud.google.com/dataproc-serverless/docs/guides/cmek-serverless
    ...encrypters.flatMap((domain) => encrypting(kmsKey!, numberedAgent(stack, domain), 'the disks of a batch are encrypted with it')),
    { who: job.starter, may: 'dataproc.batches.create', on: 'project', because: 'it starts the batch' },
    { who: job.starter, may: 'iam.serviceAccounts.actAs', on: who, because: 'the batch runs as this account' },
  ];
}

/** The condition of a role for an engine that treats a bucket as a file system. */
function filesBelow(bucket: string, prefix: string): string {
  const folders = [...prefix.matchAll(/\//g)].map(({ index }) => prefix.slice(0, index));
  return [
    'resource.type == "storage.googleapis.com/Bucket"',
    `resource.name.startsWith("projects/_/buckets/${bucket}/objects/${prefix}")`,
    ...folders.map((folder) => `resource.name == "projects/_/buckets/${bucket}/objects/${folder}"`),
  ].join(' || ');
}
