import { type Cost, GIB, HOURS, type Load, MONTH } from '../../../shared/read/facts/cost';
import { promised, setTo } from '../../../shared/read/facts/promise';
import type { Ask, ServiceFacts } from '../../../shared/read/facts/types';
import { remove, replace, set, type Which } from '../../../shared/read/facts/weaken';
import { type Asked, type Body, is, names, type Stack, type Value } from '../../../shared/read/stack';
import { said } from '../../../shared/read/tell';
import { alertOn, iamMember, keyNeeds, RETAINED, replacers } from '../../foundation/promises';

const INSTANCE = 'google_bigtable_instance';
const TABLE = 'google_bigtable_table';
const POLICY = 'google_bigtable_gc_policy';
const SCALING = 'cluster.autoscaling_config';
/** The rows that a node writes in a second, of 1 kB each: https://cloud.google.com/bigtable/docs/performance. */
const NODE_ROWS = 10_000;

/** What Bigtable deletes in a table. */
const policiesOf: Which = ({ id }, draft) =>
  [...draft.resources]
    .filter(([, { type, body }]) => type === POLICY && String(body.table).includes(`\${${id}.`))
    .map(([policy]) => policy);

export const facts: ServiceFacts = {
  name: 'Bigtable',
  local: {
    not: 'Google has its emulator with the Google Cloud CLI and as a Go module, and not as a package of npm or PyPI. The tests of the sink have a stand-in',
  },
  unproven: [
    'That a row which is in several daily backups is billed once. Google documents that they share storage.',
    'That a cluster is deleted although its backups have not expired, as when `secondZone` is left out again.',
    'Which error codes the metric `bigtable.googleapis.com/server/error_count` counts.',
  ],
  types: {
    [INSTANCE]: {
      name: 'instance',
      replacedBy: ['name', 'project', 'cluster.zone', 'cluster.storage_type', 'cluster.kms_key_name', 'cluster.node_scaling_factor'],
      role: 'holds data',
      tells: (instance) => ['Bigtable', nodesOf(instance), said.kept(instance)],
      named: ['name', /^[a-z][a-z0-9-]{4,31}[a-z0-9]$/],
      promises: [
        RETAINED,
        setTo({
          rule: 'retained',
          must: 'be protected from deletion',
          at: 'deletion_protection',
          to: [true],
          weak: false,
          worse: 'the instance may be deleted',
        }),
        setTo({
          rule: 'retained',
          must: 'not delete its backups when it is deleted',
          at: 'force_destroy',
          to: [false],
          weak: true,
          worse: 'its backups are deleted with it',
        }),
        promised('bounded-instances', 'scale, up to a limit of its nodes', isScaling, {
          'the number of nodes is not limited': set('cluster.0.autoscaling_config.max_nodes', 10_000),
          'the number of nodes is fixed, and does not follow the load': set('cluster.0.autoscaling_config'),
        }),
        ...[
          { what: 'the CPU of a cluster', metric: 'cpu_load', atMost: 0.9 },
          { what: 'the busiest node', metric: 'cpu_load_hottest_node', atMost: 0.9 },
          { what: 'the storage of a cluster', metric: 'storage_utilization', atMost: 0.7 },
        ].map(({ what, metric, atMost }) =>
          alertOn({
            what,
            must: `have its own alert on ${what}, before it slows down or refuses writes`,
            metric: `bigtable.googleapis.com/cluster/${metric}"`,
            label: 'instance',
            atMost,
          }),
        ),
        {
          ...alertOn({
            what: 'the number of nodes',
            must: 'have its own alert while it has as many nodes as it may have',
            metric: 'bigtable.googleapis.com/cluster/node_count"',
            label: 'instance',
            atMost: 1000,
          }),
          concerns: (instance) => nodes(instance, 'max_nodes') > nodes(instance, 'min_nodes'),
        },
      ],
      answered: {
        encrypted: 'Google encrypts every cluster with a Google-managed key. encryptionKey sets your own key.',
        private: 'Only members of roles can access it, and it has no address of its own.',
        undelete: 'Its tables are backed up.',
      },
      needs: (instance, stack) => keyNeeds(instance, 'cluster.kms_key_name', agentOf(stack), 'Bigtable encrypts and decrypts rows with it'),
      costs: nodeCosts,
      apis: ['bigtableadmin'],
      effective: /^(\*|bigtable\.(\*|instances))/,
      local: {},
    },
    [TABLE]: {
      name: 'table',
      replacedBy: ['name', 'instance_name', 'project', 'split_keys', 'column_family?'],
      decides: { column_family: onFamilies },
      role: 'holds data',
      tells: (table, stack) => [
        'Bigtable',
        nodesOf(instanceOf(table, stack)),
        isBackedUp(table) ? 'backed up daily' : undefined,
        said.kept(table),
      ],
      named: ['name', /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,49}$/],
      takes: ['roles/bigtable.user', 'roles/bigtable.admin'],
      promises: [
        RETAINED,
        setTo({
          rule: 'retained',
          must: 'be protected from deletion with any tool, and its column family too',
          at: 'deletion_protection',
          to: ['PROTECTED'],
          weak: 'UNPROTECTED',
          worse: 'a column family that is removed is deleted with its cells',
        }),
        promised('undelete', 'be backed up each day, for at least three days', isBackedUp, {
          'it has no backups': set('automated_backup_policy'),
          'a backup is kept for a day': set('automated_backup_policy.retention_period', '24h0m0s'),
        }),
        promised(
          'bounded-versions',
          'keep one version of a cell: without a policy, Bigtable keeps each version forever',
          (table, stack) => stack.of(POLICY).some((policy) => names(policy, 'table', table) && keepsOne(policy)),
          {
            'nothing is ever deleted': remove(policiesOf),
            'a cell keeps a hundred versions': replace(/(?<=max_version\\":)1/, '100', policiesOf),
          },
        ),
        alertOn({
          what: 'failed requests',
          must: 'have its own alert that fires when more than 10 requests fail',
          metric: 'bigtable.googleapis.com/server/error_count"',
          label: 'table',
          atMost: 10,
        }),
      ],
      answered: {
        encrypted: 'Its instance sets the encryption of the rows.',
        private: 'Only members of roles can access a table.',
      },
      costs: tableCosts,
      apis: ['bigtable', 'bigtableadmin'],
      effective: /^(\*|bigtable\.(\*|tables))/,
      local: {},
    },
    [POLICY]: {
      name: 'garbage collection policy',
      replacedBy: ['instance_name', 'table', 'column_family', 'project', 'mode', 'max_age', 'max_version'],
      role: 'helps',
      apis: ['bigtableadmin'],
      promises: [
        setTo({
          rule: 'removable',
          must: 'be left when it is removed: Google does not delete it if the table is in two clusters',
          at: 'deletion_policy',
          to: ['ABANDON'],
          worse: 'a destroy fails, or first sets that nothing is deleted',
        }),
      ],
      local: {},
    },
    google_bigtable_app_profile: {
      name: 'app profile',
      replacedBy: ['app_profile_id', 'instance', 'project'],
      role: 'helps',
      apis: ['bigtableadmin'],
      local: {},
    },
    google_bigtable_table_iam_member: iamMember('a table', ['bigtableadmin']),
  },
  forbidden: replacers(INSTANCE, TABLE),
  // https://cloud.google.com/bigtable/docs/access-control
  roles: {
    'roles/bigtable.admin': { permissions: ['bigtable.*'] },
    'roles/bigtable.user': { permissions: [...reads(), 'bigtable.authorizedViews.mutateRows', 'bigtable.tables.mutateRows'] },
    'roles/bigtable.reader': { permissions: reads() },
  },
  calls: {
    '@grpc/grpc-js Client.makeServerStreamRequest': ({ arguments: [method, , , request] }) => mutation(method, request),
  },
  harmless: [
    '@grpc/grpc-js CallCredentials.createFromMetadataGenerator',
    '@grpc/grpc-js ChannelCredentials.createSsl',
    '@grpc/grpc-js Client',
    '@grpc/grpc-js Metadata',
    '@grpc/grpc-js Metadata.set',
    '@grpc/grpc-js call-credentials.cb',
    '@grpc/grpc-js index.combineChannelCredentials',
    'google-auth-library GoogleAuth.getRequestHeaders',
    'protobufjs NamespaceBase.lookupType',
    'protobufjs Root.fromJSON',
    'protobufjs Type.decode',
    'protobufjs Type.encode',
    'protobufjs Type.toObject',
    'protobufjs Writer.finish',
    'undici-types Headers.forEach',
  ],
};

/** What a reader may: https://cloud.google.com/bigtable/docs/access-control#roles. */
function reads(): string[] {
  const both = ['get', 'list'];
  const may: Readonly<Record<string, readonly string[]>> = {
    appProfiles: both,
    authorizedViews: [...both, 'readRows', 'sampleRowKeys'],
    backups: both,
    clusters: both,
    hotTablets: ['list'],
    instances: [...both, 'executeQuery', 'ping'],
    keyvisualizer: both,
    locations: ['list'],
    logicalViews: [...both, 'readRows'],
    materializedViews: [...both, 'readRows', 'sampleRowKeys'],
    memoryLayers: both,
    schemaBundles: both,
    tables: [...both, 'checkConsistency', 'generateConsistencyToken', 'readRows', 'sampleRowKeys'],
  };
  return [
    ...Object.entries(may).flatMap(([what, verbs]) => verbs.map((verb) => `bigtable.${what}.${verb}`)),
    'monitoring.metricDescriptors.get',
    'monitoring.metricDescriptors.list',
    'monitoring.timeSeries.create',
    'monitoring.timeSeries.list',
    'resourcemanager.projects.get',
  ];
}

function mutation(method: unknown, request: Parameters<typeof said.part>[0]): readonly Ask[] | undefined {
  if (method !== '/google.bigtable.v2.Bigtable/MutateRows') return undefined;
  return [{ may: 'bigtable.tables.mutateRows', on: said.part(request, 'tableName') }];
}

function instanceOf(table: Asked, stack: Stack): Asked | undefined {
  return stack.of(INSTANCE).find((one) => names(table, 'instance_name', one));
}

/** How the clusters of an instance scale. All of them scale alike. */
function nodes(instance: Asked, setting: 'min_nodes' | 'max_nodes' | 'cpu_target'): number {
  return Number(instance.get(`${SCALING}.${setting}`)[0]);
}

function isScaling(instance: Asked): boolean {
  const limits = instance.get(`${SCALING}.max_nodes`);
  return limits.length === instance.get('cluster.zone').length && limits.every((limit) => Number(limit) <= 1000);
}

function nodesOf(instance: Asked | undefined): string | undefined {
  if (!instance) return undefined;
  const clusters = instance.get('cluster.zone').length > 1 ? 'two clusters of ' : '';
  return `${clusters}${nodes(instance, 'min_nodes')} to ${nodes(instance, 'max_nodes')} nodes`;
}

/** A time such as `168h0m0s`, in hours. */
function hours(table: Asked, setting: string): number {
  const [text] = table.get(`automated_backup_policy.${setting}`);
  return Number.parseInt(String(text ?? '0'), 10);
}

function isBackedUp(table: Asked): boolean {
  return hours(table, 'frequency') === 24 && hours(table, 'retention_period') >= 72;
}

function keepsOne(policy: Asked): boolean {
  const rules = JSON.parse(String(policy.get('gc_rules')[0] ?? '{}')) as { readonly rules?: readonly { readonly max_version?: number }[] };
  return rules.rules?.some(({ max_version }) => max_version === 1) ?? false;
}

function agentOf(stack: Stack): string {
  const agent = stack.of('google_project_service_identity').find((one) => is(one, 'service', 'bigtableadmin.googleapis.com'));
  return agent?.id ?? 'the Bigtable service agent of the project';
}

/** The provider deletes a family that is no longer listed, in place: `resourceBigtableTableUpdate` of v6.50.0. */
function onFamilies(before: Value, after: Value) {
  const familiesOf = (value: Value) => (Array.isArray(value) ? value.map((one) => String((one as Body).family)) : []);
  const kept = familiesOf(after);
  const gone = familiesOf(before).filter((family) => !kept.includes(family));
  return gone.length > 0 ? { loses: `column_family: ${gone.join(', ')} deleted` } : ('in place' as const);
}

/** Nodes are billed as long as they exist. Above the least, there are as many as the writes need at the load that is scaled to. */
function nodeCosts(instance: Asked, load: Load): Cost[] {
  const tables = load.stack.of(TABLE).filter((table) => names(table, 'instance_name', instance));
  const rows = tables.reduce((sum, table) => sum + (load.writes(table).count > 0 ? load.events : 0), 0);
  const needed = (rows * Math.max(1, load.size / 1000)) / (NODE_ROWS * (nodes(instance, 'cpu_target') / 100));
  const scaled = Math.min(nodes(instance, 'max_nodes'), Math.max(nodes(instance, 'min_nodes'), Math.ceil(needed)));
  return [
    {
      what: `nodes, each of which writes ${NODE_ROWS} rows of 1 kB a second`,
      price: 'bigtableNode',
      units: scaled * instance.get('cluster.zone').length * HOURS,
      lower: 'Several stores in one instance: `instanceId`. Below some terabytes, another store.',
    },
  ];
}

/** A row is as large as its event, and is stored in each cluster. In the backups of a cluster it is stored once: they share storage. */
function tableCosts(table: Asked, load: Load): Cost[] {
  const clusters = instanceOf(table, load.stack)?.get('cluster.zone').length ?? 1;
  const gib = ((load.writes(table).count > 0 ? load.events * MONTH : 0) * load.size) / GIB;
  const lower = 'A transform that stores less of each event, or a `retentionDays` of the store.';
  return [
    { what: 'storage of the rows of one month', price: 'bigtableStorage', units: gib * clusters, lower },
    { what: 'backups of the rows of one month', price: 'bigtableBackups', units: isBackedUp(table) ? gib * clusters : 0, lower },
  ];
}
