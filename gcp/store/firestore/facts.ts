import { type Cost, GIB, type Load, MONTH } from '../../../shared/read/facts/cost';
import { promised, setTo } from '../../../shared/read/facts/promise';
import type { Ask, ServiceFacts } from '../../../shared/read/facts/types';
import { remove, set, type Which } from '../../../shared/read/facts/weaken';
import { type Asked, amount, is, names, type Stack } from '../../../shared/read/stack';
import { said } from '../../../shared/read/tell';
import { alertOn, keyNeeds, RETAINED, replacers } from '../../foundation/promises';

const DATABASE = 'google_firestore_database';
const FIELD = 'google_firestore_field';
const SCHEDULE = 'google_firestore_backup_schedule';
const DAY = 24 * 3600;

/** The resources of a type that belong to a database. */
const of =
  (type: string, fits: (body: Asked['body']) => boolean = () => true): Which =>
  ({ id }, draft) =>
    [...draft.resources]
      .filter(([, one]) => one.type === type && String(one.body.database).includes(`\${${id}.`) && fits(one.body))
      .map(([one]) => one);
const allFields = of(FIELD, ({ field }) => field === '*');

export const facts: ServiceFacts = {
  name: 'Firestore',
  local: { not: 'Google has its emulators only with the Google Cloud CLI, and not as a package. The tests of the sink have a stand-in' },
  unproven: [
    'Which name IAM compares in a condition on a Firestore database. Google documents the id of the database, and users report names of documents below it: the condition takes both.',
    'That Firestore takes the field `*` of one collection from Terraform, which ends all of its automatic indexes.',
    'That metrics of a database in Datastore mode have the resource `firestore.googleapis.com/Database` and the metric `firestore.googleapis.com/api/request_count`, as Google documents for both modes.',
  ],
  types: {
    [DATABASE]: {
      name: 'database',
      replacedBy: ['name', 'project', 'location_id', 'database_edition', 'cmek_config', 'tags'],
      role: 'holds data',
      tells: (database) => [
        'Firestore',
        isNative(database) ? 'native mode' : 'Datastore mode',
        isRecoverable(database) ? 'point-in-time recovery' : undefined,
        said.kept(database),
      ],
      named: ['name', /^[a-z][a-z0-9-]{2,61}[a-z0-9]$/],
      takes: ['roles/datastore.user', 'roles/datastore.owner'],
      promises: [
        RETAINED,
        setTo({
          rule: 'retained',
          must: 'be protected from deletion with any tool',
          at: 'delete_protection_state',
          to: ['DELETE_PROTECTION_ENABLED'],
          weak: 'DELETE_PROTECTION_DISABLED',
          worse: 'anybody who administers the project may delete it',
        }),
        setTo({
          rule: 'removable',
          must: 'be deleted when it is removed with both keys: by default, the provider forgets it and leaves it',
          at: 'deletion_policy',
          to: ['DELETE'],
          weak: 'ABANDON',
          worse: 'a removed database stays, and the next apply fails because it exists',
        }),
        promised('undelete', 'have point-in-time recovery', isRecoverable, {
          'it can be restored as it was within the last hour only': set(
            'point_in_time_recovery_enablement',
            'POINT_IN_TIME_RECOVERY_DISABLED',
          ),
        }),
        promised(
          'undelete',
          'be backed up each day, for at least a day',
          (database, stack) =>
            stack.of(SCHEDULE).some((one) => names(one, 'database', database) && isDaily(one) && amount(one, 'retention') >= DAY),
          { 'it has no backups': remove(of(SCHEDULE)), 'a backup is kept for an hour': set('retention', '3600s', of(SCHEDULE)) },
        ),
        {
          ...promised(
            'no-hot-index',
            'index no field of a row unless it is told to: an indexed time limits a collection to 500 writes a second',
            (database, stack) => stack.of(FIELD).some((field) => names(field, 'database', database) && indexesNothing(field)),
            {
              'every field is indexed': remove(allFields),
              'every field is indexed, and it says so': set('index_config', { indexes: [{ order: 'ASCENDING' }] }, allFields),
            },
          ),
          concerns: isNative,
        },
        alertOn({
          what: 'failed requests',
          must: 'have its own alert that fires when more than 10 requests fail',
          metric: 'firestore.googleapis.com/api/request_count"',
          label: 'database_id',
          atMost: 10,
        }),
      ],
      answered: {
        encrypted: 'Google encrypts every database with a Google-managed key. encryptionKey sets your own key.',
        private: 'Only members of roles can access a database, each under a condition. Without security rules, apps have no access.',
      },
      needs: (database, stack) =>
        keyNeeds(database, 'cmek_config.kms_key_name', agentOf(stack), 'Firestore encrypts and decrypts documents with it'),
      costs,
      apis: ['firestore', 'datastore'],
      effective: /^(\*|datastore\.(\*|entities))/,
      computed: { id: 'projects/acme-data/databases/acme' },
      local: {},
    },
    [FIELD]: { name: 'field', replacedBy: ['collection', 'field', 'database', 'project'], role: 'helps', apis: ['firestore'], local: {} },
    google_firestore_index: { name: 'index', replacedBy: ['*'], role: 'helps', apis: ['firestore'], local: {} },
    [SCHEDULE]: {
      name: 'backup schedule',
      replacedBy: ['database', 'project', 'daily_recurrence', 'weekly_recurrence'],
      role: 'helps',
      apis: ['firestore'],
      local: {},
    },
  },
  forbidden: {
    google_firestore_document: 'it keeps a document in the state of Terraform. Send an event instead.',
    ...replacers(DATABASE),
  },
  roles: {
    'roles/datastore.owner': { permissions: ['datastore.*'] },
    'roles/datastore.user': {
      permissions: [
        'appengine.applications.get',
        'datastore.databases.get',
        'datastore.databases.getMetadata',
        ...['allocateIds', 'create', 'delete', 'get', 'list', 'update'].map((verb) => `datastore.entities.${verb}`),
        ...['indexes.list', 'namespaces.get', 'namespaces.list', 'statistics.get', 'statistics.list'].map((one) => `datastore.${one}`),
        'resourcemanager.projects.get',
        'resourcemanager.projects.list',
      ],
    },
    'roles/datastore.viewer': {
      permissions: [
        'appengine.applications.get',
        'datastore.databases.get',
        'datastore.databases.getMetadata',
        'datastore.databases.list',
        'datastore.entities.get',
        'datastore.entities.list',
        ...['indexes.get', 'indexes.list', 'namespaces.get', 'namespaces.list', 'statistics.get', 'statistics.list'].map(
          (one) => `datastore.${one}`,
        ),
        'resourcemanager.projects.get',
        'resourcemanager.projects.list',
      ],
    },
  },
  calls: {
    'google-auth-library GoogleAuth.request': ({ arguments: [options] }) =>
      creation(said.part(options, 'method'), said.part(options, 'url')),
    '@types/node fetch.fetch': ({ arguments: [url, options] }) => creation(said.part(options, 'method'), said.whole(url)),
  },
};

function isNative(database: Asked): boolean {
  return is(database, 'type', 'FIRESTORE_NATIVE');
}

function isRecoverable(database: Asked): boolean {
  return is(database, 'point_in_time_recovery_enablement', 'POINT_IN_TIME_RECOVERY_ENABLED');
}

function isDaily({ body }: Asked): boolean {
  return body.daily_recurrence !== undefined;
}

function indexesNothing(field: Asked): boolean {
  return is(field, 'field', '*') && field.body.index_config !== undefined && field.get('index_config.indexes').length === 0;
}

function agentOf(stack: Stack): string {
  const agent = stack.of('google_project_service_identity').find((one) => is(one, 'service', 'firestore.googleapis.com'));
  return agent?.id ?? 'the Firestore service agent of the project';
}

/**
 * A request that a handler sends without a client library. In Datastore mode, the address has no database; the settings of a
 * binding start alike.
 * https://cloud.google.com/firestore/docs/security/iam
 */
function creation(method: string, address: string): readonly Ask[] | undefined {
  const [, project, inPath] =
    /^https?:\/\/[^/]+\/v1\/projects\/([^/:]+)(?:\/databases\/([^/]+)\/documents\/[^/?]+\?|:commit$)/.exec(address) ?? [];
  if (method !== 'POST' || !project) return undefined;
  const database = `projects/${project}/databases/${inPath ?? project.replace(/_PROJECT\}$/, '_DATABASE}')}`;
  const only = `resource.name == "${database}" || resource.name.startsWith("${database}/")`;
  return [{ may: 'datastore.entities.create', on: database, address, only }];
}

/** A document is as large as its event, and its two index entries take 0.3 kB. */
function costs(database: Asked, load: Load): Cost[] {
  const { count } = load.writes(database);
  const rows = count > 0 ? load.events * MONTH : 0;
  const gib = (rows * (load.size + 300)) / GIB;
  const lower = 'A transform that stores less of each event, or a `retentionDays` of the store.';
  return [
    { what: 'documents written', price: 'firestoreWrites', units: rows, lower: 'A transform that makes fewer rows of the events.' },
    { what: 'storage of the documents of one month, with their indexes', price: 'firestoreStorage', units: gib, lower },
    {
      what: 'versions of one week, for point-in-time recovery',
      price: 'firestoreStorage',
      units: isRecoverable(database) ? gib / 4 : 0,
      lower: '`pointInTimeRecovery: false`.',
    },
    {
      what: 'daily backups of the documents of one month',
      price: 'firestoreBackups',
      units: gib * backupDays(database, load.stack),
      lower: 'A lower `backupRetentionDays` of the store.',
    },
  ];
}

function backupDays(database: Asked, stack: Stack): number {
  const [schedule] = stack.of(SCHEDULE).filter((one) => names(one, 'database', database));
  return schedule ? amount(schedule, 'retention') / DAY : 0;
}
