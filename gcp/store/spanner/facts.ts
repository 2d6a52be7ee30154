import { type Cost, GIB, HOURS, type Load, MONTH } from '../../../shared/read/facts/cost';
import { promised, setTo } from '../../../shared/read/facts/promise';
import type { Ask, ServiceFacts } from '../../../shared/read/facts/types';
import { remove, replace, set, type Which } from '../../../shared/read/facts/weaken';
import { type Asked, amount, is, isList, names, only, type Stack, type Value } from '../../../shared/read/stack';
import { said } from '../../../shared/read/tell';
import { alertOn, iamMember, keyNeeds, RETAINED, replacers } from '../../foundation/promises';

const INSTANCE = 'google_spanner_instance';
const DATABASE = 'google_spanner_database';
const SCHEDULE = 'google_spanner_backup_schedule';
const DAY = 24 * 3600;
const METRIC = 'spanner.googleapis.com';

/** The backup schedules of a database. */
const schedules: Which = ({ id }, draft) =>
  [...draft.resources].filter(([, { type, body }]) => type === SCHEDULE && String(body.database).includes(`\${${id}.`)).map(([one]) => one);

export const facts: ServiceFacts = {
  name: 'Spanner',
  local: {
    not: 'Google has the emulator only with the Google Cloud CLI, and not as a package. It knows no roles of a database. The tests of the sink have a stand-in',
  },
  unproven: [
    'That a commit in a single-use transaction of a multiplexed session is accepted by REST, as the client libraries send it by gRPC.',
    'That `roles/spanner.fineGrainedAccessUser` and `roles/spanner.databaseRoleUser` under its condition are enough to open a session, as Google documents: neither lists `spanner.sessions.create`.',
    'Which values the label `status` of `api/api_request_count` has. The alert on failed requests takes them for the names of the codes of gRPC.',
    'That the autoscaler refuses a minimum of less than a tenth of the maximum.',
  ],
  types: {
    [INSTANCE]: {
      name: 'instance',
      replacedBy: ['name', 'project', 'config'],
      role: 'holds data',
      tells: (instance) => ['Spanner', String(only(instance, 'config')), capacityOf(instance), said.kept(instance)],
      named: ['name', /^(?=.{6,30}$)[a-z][a-z0-9-]*[a-z0-9]$/],
      promises: [
        RETAINED,
        setTo({
          rule: 'retained',
          must: 'not be deleted with its backups',
          at: 'force_destroy',
          to: [false],
          weak: true,
          worse: 'its backups are deleted with it',
        }),
        setTo({
          rule: 'removable',
          must: 'have no backup schedule that Google adds to each database: its backups would stop the deletion with both keys',
          at: 'default_backup_schedule_type',
          to: ['NONE'],
          weak: 'AUTOMATIC',
          worse: 'Google backs up each new database, and bills the backups',
        }),
        alertOn({
          what: 'the CPU',
          must: 'have its own alert that fires when high-priority work uses more than 65 % of the CPU',
          metric: `${METRIC}/instance/cpu/utilization_by_priority"`,
          label: 'instance_id',
          atMost: 0.65,
        }),
        alertOn({
          what: 'the CPU of a day',
          must: 'have its own alert that fires when all work of a day uses more than 90 % of the CPU',
          metric: `${METRIC}/instance/cpu/smoothed_utilization"`,
          label: 'instance_id',
          atMost: 0.9,
        }),
        alertOn({
          what: 'its storage',
          must: 'have its own alert that fires when more than 80 % of its storage is used',
          metric: `${METRIC}/instance/storage/utilization"`,
          label: 'instance_id',
          atMost: 0.8,
        }),
      ],
      answered: {
        encrypted: 'Its databases are encrypted: by default with a Google-managed key.',
        private: 'It has no address of its own. Only members of roles can access its databases.',
        undelete: 'Its databases have versions and backups.',
      },
      costs: instanceCosts,
      apis: ['spanner'],
      effective: /^(\*|spanner\.instances)/,
      local: {},
    },
    [DATABASE]: {
      name: 'database',
      replacedBy: ['name', 'instance', 'project', 'database_dialect', 'encryption_config', 'ddl?'],
      decides: { ddl: (before, after) => (isStart(before, after) ? 'in place' : 'may be replaced') },
      role: 'holds data',
      tells: (database) => ['Spanner', versionsOf(database), said.kept(database)],
      named: ['name', /^[a-z][a-z0-9_-]{0,28}[a-z0-9]$/],
      takes: ['roles/spanner.databaseRoleUser', 'roles/spanner.databaseUser', 'roles/spanner.databaseAdmin', 'roles/spanner.admin'],
      promises: [
        RETAINED,
        setTo({
          rule: 'retained',
          must: 'be protected from deletion by Terraform',
          at: 'deletion_protection',
          to: [true],
          weak: false,
          worse: 'Terraform may delete the database',
        }),
        setTo({
          rule: 'retained',
          must: 'be protected from deletion with any tool',
          at: 'enable_drop_protection',
          to: [true],
          weak: false,
          worse: 'anybody who administers the project may delete it, or its instance',
        }),
        promised('undelete', 'keep versions of its rows for at least a day', keepsVersions, {
          'it can be restored as it was within the last hour only': set('version_retention_period', '1h'),
        }),
        promised(
          'undelete',
          'be backed up each day, for at least a day',
          (database, stack) =>
            stack.of(SCHEDULE).some((one) => names(one, 'database', database) && isDaily(one) && amount(one, 'retention_duration') >= DAY),
          {
            'it has no backups': remove(schedules),
            'a backup is kept for an hour': set('retention_duration', '3600s', schedules),
            'it is backed up once a year': set('spec.cron_spec.text', '0 2 1 1 *', schedules),
          },
        ),
        promised('narrow-role', 'let the role of its writer insert rows, and nothing else', insertsOnly, {
          'the writer may change and delete rows': replace('GRANT INSERT ON TABLE', 'GRANT INSERT, UPDATE, DELETE ON TABLE'),
          'the writer may read rows': replace(
            'GRANT SELECT ON TABLE `events` TO ROLE events_reader',
            'GRANT SELECT ON TABLE `events` TO ROLE events_writer',
          ),
        }),
        alertOn({
          what: 'failed requests',
          must: 'have its own alert that fires when more than 10 requests fail',
          metric: `${METRIC}/api/api_request_count"`,
          label: 'instance_id',
          atMost: 10,
        }),
      ],
      answered: {
        encrypted: 'Google encrypts every database with a Google-managed key. encryptionKey sets your own key.',
        private: 'Only members of roles can access a database, each by a role in the database.',
      },
      needs: (database, stack) =>
        keyNeeds(database, 'encryption_config.kms_key_name', agentOf(stack), 'Spanner encrypts and decrypts rows with it'),
      costs: databaseCosts,
      apis: ['spanner'],
      effective: /^(\*|spanner\.(\*|databases|databaseRoles|sessions))/,
      local: {},
    },
    [SCHEDULE]: {
      name: 'backup schedule',
      replacedBy: ['name', 'database', 'instance', 'project', 'full_backup_spec', 'incremental_backup_spec'],
      role: 'helps',
      named: ['name', /^[a-z][a-z0-9_-]{0,58}[a-z0-9]$/],
      apis: ['spanner'],
      local: {},
    },
    google_spanner_database_iam_member: iamMember('a database', ['spanner']),
  },
  forbidden: replacers(INSTANCE, DATABASE),
  // https://cloud.google.com/spanner/docs/iam#roles
  roles: {
    'roles/spanner.admin': { permissions: ['spanner.*'] },
    'roles/spanner.databaseAdmin': { permissions: ['spanner.databases.*', 'spanner.databaseRoles.*', 'spanner.sessions.*'] },
    'roles/spanner.databaseUser': {
      permissions: [
        ...['beginOrRollbackReadWriteTransaction', 'beginPartitionedDmlTransaction', 'beginReadOnlyTransaction', 'changequorum', 'get'],
        ...['getDdl', 'partitionQuery', 'partitionRead', 'read', 'select', 'updateDdl', 'write'],
      ]
        .map((verb) => `spanner.databases.${verb}`)
        .concat(['create', 'delete', 'get', 'list'].map((verb) => `spanner.sessions.${verb}`)),
    },
    'roles/spanner.fineGrainedAccessUser': { permissions: ['spanner.databaseRoles.list', 'spanner.databases.useRoleBasedAccess'] },
    'roles/spanner.databaseRoleUser': { permissions: ['spanner.databaseRoles.use'] },
  },
  calls: {
    'google-auth-library GoogleAuth.request': ({ arguments: [options] }) =>
      sessionRequest(said.part(options, 'method'), said.part(options, 'url')),
    '@types/node fetch.fetch': ({ arguments: [url, options] }) => sessionRequest(said.part(options, 'method'), said.whole(url)),
  },
};

function capacityOf(instance: Asked): string {
  const limit = (end: string) => only(instance, `autoscaling_config.autoscaling_limits.${end}_processing_units`);
  return instance.get('autoscaling_config').length > 0
    ? `${limit('min')} to ${limit('max')} processing units`
    : `${only(instance, 'processing_units')} processing units`;
}

/** Terraform replaces a database unless statements are appended only. */
function isStart(before: Value, after: Value): boolean {
  return isList(before) && isList(after) && before.every((statement, index) => statement === after[index]);
}

function versionsOf(database: Asked): string {
  const days = Number.parseInt(String(only(database, 'version_retention_period')), 10);
  return `${days} day${days === 1 ? '' : 's'} of versions`;
}

function keepsVersions(database: Asked): boolean {
  return /^[1-7]d$/.test(String(only(database, 'version_retention_period')));
}

function isDaily(schedule: Asked): boolean {
  return /^\d+ \d+ \* \* \*$/.test(String(only(schedule, 'spec.cron_spec.text')));
}

/** Each grant to a role of writers is to insert, and there is one. */
function insertsOnly(database: Asked): boolean {
  const grants = database
    .get('ddl')
    .map(String)
    .filter((statement) => /^GRANT .* TO ROLE \w+_writer$/.test(statement));
  return grants.length > 0 && grants.every((statement) => /^GRANT INSERT ON TABLE /.test(statement));
}

function agentOf(stack: Stack): string {
  const agent = stack.of('google_project_service_identity').find((one) => is(one, 'service', 'spanner.googleapis.com'));
  return agent?.id ?? 'the Spanner service agent of the project';
}

/**
 * A request that a handler sends without a client library: it opens a session with a role of the database, or commits in it. What
 * the session may do to a table is granted in the database. The settings of a binding start alike.
 * https://cloud.google.com/spanner/docs/fgac-about
 */
function sessionRequest(method: string, address: string): readonly Ask[] | undefined {
  const path = /^https?:\/\/[^/]+\/v1\/projects\/[^/]+\/instances\/[^/]+\/databases\/([^/]+)\/sessions(\/[^/]+:commit)?$/;
  const [, on] = path.exec(address) ?? [];
  if (method !== 'POST' || !on) return undefined;
  const role = on.replace(/_DATABASE\}$/, '_ROLE}');
  const only = `resource.type == "spanner.googleapis.com/DatabaseRole" && resource.name.endsWith("/${role}")`;
  return [
    { may: 'spanner.databases.useRoleBasedAccess', on, address },
    { may: 'spanner.databaseRoles.use', on, address, only },
  ];
}

/** An instance is billed by the hour, also without events. With autoscaling, its minimum is counted. */
function instanceCosts(instance: Asked): Cost[] {
  const isRegional = String(only(instance, 'config')).startsWith('regional-');
  const prices = {
    STANDARD: 'spannerStandard',
    ENTERPRISE: 'spannerEnterprise',
    ENTERPRISE_PLUS: isRegional ? 'spannerEnterprisePlus' : 'spannerMultiRegion',
  } as const;
  const minimum = amount(instance, 'autoscaling_config.autoscaling_limits.min_processing_units');
  const units = Number.isNaN(minimum) ? amount(instance, 'processing_units') : minimum;
  return [
    {
      what: 'processing units, also without events: 100 take a few hundred rows a second',
      price: prices[String(only(instance, 'edition')) as keyof typeof prices],
      units: (units / 100) * HOURS,
      lower: 'Fewer `processingUnits`, down to 100, or an existing instance, by `instanceId`.',
    },
  ];
}

/** A row is as large as its event, with 200 bytes for its key and the overhead of its cells. */
function databaseCosts(database: Asked, load: Load): Cost[] {
  const { count } = load.writes(database);
  const gib = count > 0 ? (load.events * MONTH * (load.size + 200)) / GIB : 0;
  const [schedule] = load.stack.of(SCHEDULE).filter((one) => names(one, 'database', database));
  return [
    {
      what: 'storage of the rows of one month',
      price: 'spannerStorage',
      units: gib,
      lower: 'A transform that stores less of each event, or a `retentionDays` of the store.',
    },
    {
      what: 'daily backups of the rows of one month',
      price: 'spannerBackups',
      units: schedule ? (gib * amount(schedule, 'retention_duration')) / DAY : 0,
      lower: 'A lower `backupRetentionDays` of the store.',
    },
  ];
}
