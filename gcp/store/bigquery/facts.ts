import { type Cost, GIB, type Load, MONTH, TIB } from '../../../shared/read/facts/cost';
import { onlyValues } from '../../../shared/read/facts/local';
import { promised, setTo } from '../../../shared/read/facts/promise';
import type { Door, Promised, ServiceFacts } from '../../../shared/read/facts/types';
import { type Draft, remove, replace, set, type Which } from '../../../shared/read/facts/weaken';
import { type Asked, amount, type Body, is, names, only, type Stack, type Value } from '../../../shared/read/stack';
import { said } from '../../../shared/read/tell';
import type { SchemaColumn as Column } from '../../foundation/columns/promises';
import { iamMember, keyNeeds, RETAINED, replacers } from '../../foundation/promises';

const DATASET = 'google_bigquery_dataset';
const TABLE = 'google_bigquery_table';
const LIBRARY = '@google-cloud/bigquery-storage';
/** The columns that the handler always fills. All others must be NULLABLE. */
const ALWAYS_FILLED = ['event_id', 'event_source', 'event_type', 'event_time', 'row_index', 'message_id', 'publish_time'];
/** The columns that Pub/Sub fills, in the order of the table. https://cloud.google.com/pubsub/docs/bigquery#write_metadata */
const OF_PUB_SUB = ['subscription_name', 'message_id', 'publish_time', 'data', 'attributes'];
/** The types of columns that the local run emulates. */
const COLUMN_TYPES = ['STRING', 'JSON', 'NUMERIC', 'INTEGER', 'FLOAT', 'BOOLEAN', 'TIMESTAMP', 'DATE'];

/** The views on a table. */
const viewsOf: Which = ({ id }, draft) =>
  [...draft.resources].filter(([, { type, body }]) => type === TABLE && queryOf(body).includes(`\${${id}.`)).map(([view]) => view);
const uniqueViewsOf: Which = (table, draft) => viewsOf(table, draft).filter((view) => isUnique(draft.resources.get(view)!.body));
const rejectedViewsOf: Which = (table, draft) => viewsOf(table, draft).filter((view) => isRejected(draft.resources.get(view)!.body));

export const facts: ServiceFacts = {
  name: 'BigQuery',
  local: 'runs',
  unproven: [
    'That BigQuery applies a filter on `publish_day` of a view of a raw table to the partitions of the table.',
    'That a message that is not UTF-8 goes to the dead letter, because `data` of a raw table is a STRING.',
    'That BigQuery accepts the same texts as JSON as the local run: both refuse a number that would lose digits.',
    'That BigQuery applies changes by `_CHANGE_SEQUENCE_NUMBER` as the local run does, remembers deleted keys for two days, and what it bills for it.',
  ],
  types: {
    [DATASET]: {
      name: 'dataset',
      replacedBy: ['dataset_id', 'project', 'location', 'external_dataset_reference'],
      role: 'holds data',
      tells: (dataset) => ['BigQuery', said.kept(dataset)],
      costs: 'Its tables are billed.',
      named: ['dataset_id', /^\w{1,1024}$/],
      grants: (dataset) => dataset.get('access').map((entry) => doorOf(entry as Body, dataset.id)),
      promises: [
        promised('private', 'have no access entries of its own', (dataset) => dataset.get('access').length === 0, {
          'everyone may read the dataset': set('access', [{ role: 'READER', special_group: 'allAuthenticatedUsers' }]),
        }),
        RETAINED,
        setTo({
          rule: 'retained',
          must: 'not delete its tables when it is deleted',
          at: 'delete_contents_on_destroy',
          to: [false],
          weak: true,
          worse: 'the rows are deleted with their stack',
        }),
        promised('undelete', 'have time travel for at least two days', (dataset) => amount(dataset, 'max_time_travel_hours') >= 48, {
          'a changed row cannot be restored': set('max_time_travel_hours', '0'),
        }),
      ],
      answered: {
        encrypted: 'Google encrypts every dataset with a Google-managed key. encryptionKey sets your own key.',
        rings: 'A dataset has no limit to reach and no delay. The alert of the writer fires when a write fails.',
      },
      needs: (dataset) =>
        keyNeeds(dataset, 'default_encryption_configuration.kms_key_name', agentOf(dataset), 'BigQuery encrypts and decrypts rows with it'),
      apis: ['bigquery', 'bigquerystorage'],
      local: {
        dataset_id: 'emulated',
        project: 'emulated',
        location: 'no effect here',
        max_time_travel_hours: 'no effect here',
        delete_contents_on_destroy: 'no effect here',
        default_encryption_configuration: 'no effect here',
        labels: 'no effect here',
      },
    },
    [TABLE]: {
      name: 'table',
      replacedBy: [
        'table_id',
        'dataset_id',
        'project',
        'time_partitioning.field',
        'range_partitioning.field',
        'encryption_configuration',
        'schema?',
        'schema_foreign_type_info',
        'materialized_view.query',
        'materialized_view.allow_non_incremental_definition',
        'biglake_configuration',
        'table_replication_info',
      ],
      decides: { schema: onSchema },
      role: (table) => (isView(table) ? 'helps' : 'holds data'),
      tells: (table) => [
        'BigQuery',
        table.get('time_partitioning.field').length === 1
          ? `by ${String(only(table, 'time_partitioning.type')).toLowerCase()} of ${only(table, 'time_partitioning.field')}`
          : undefined,
        is(table, 'require_partition_filter', true) ? 'filter required' : undefined,
        String(only(table, 'schema')).includes('"policyTags"') ? 'protected columns' : undefined,
        keyOf(table).length > 0 ? `latest row by ${keyOf(table).join(', ')}` : undefined,
        said.kept(table),
      ],
      named: ['table_id', /^\w{1,1024}$/],
      costs: tableCosts,
      takes: ['roles/bigquery.dataEditor', 'roles/bigquery.dataOwner', 'roles/bigquery.admin'],
      promises: [
        {
          ...setTo({
            rule: 'retained',
            must: 'be protected from deletion',
            at: 'deletion_protection',
            to: [true],
            weak: false,
            worse: 'the table may be deleted',
          }),
          concerns: (table, stack) => !isOpenView(table, stack),
        },
        ofRows(RETAINED),
        ofRows(
          setTo({
            rule: 'retained',
            must: 'keep a column that is removed from the schema: the provider drops it with any update',
            at: 'ignore_auto_generated_schema',
            to: [true],
            weak: false,
            worse: 'a column that is removed from the schema is deleted with its data',
          }),
        ),
        ofEvents(
          promised(
            'every-row-fits',
            'require only the columns that the handler always fills, and have a column for all other fields',
            everyRowFits,
            {
              'a row may have no event time': replace(/(?<=\\"name\\":\\"event_time\\".*?\\"mode\\":\\")REQUIRED/, 'NULLABLE'),
              'a column that the handler may leave empty is required': replace(
                /(?<=\\"name\\":\\"subject\\".*?\\"mode\\":\\")NULLABLE/,
                'REQUIRED',
              ),
              'fields without a column are lost': replace('\\"name\\":\\"rest\\"', '\\"name\\":\\"other\\"'),
            },
          ),
        ),
        ofLatest(
          promised(
            'every-row-fits',
            'require only its key and the columns that the handler always fills, and have a column for all other fields',
            everyRowFits,
            {
              'a column that the handler may leave empty is required': replace(
                /(?<=\\"name\\":\\"data\\".*?\\"mode\\":\\")NULLABLE/,
                'REQUIRED',
              ),
              'fields without a column are lost': replace('\\"name\\":\\"rest\\"', '\\"name\\":\\"other\\"'),
            },
          ),
        ),
        ofLatest(
          promised(
            'each-row-once',
            'have a primary key of required columns, because a later row replaces the one with the same key',
            hasKey,
            {
              'rows with the same key are stored beside each other': set('table_constraints'),
              'a row may have no value for its key': replace(/(?<=\\"name\\":\\"subject\\".*?\\"mode\\":\\")REQUIRED/, 'NULLABLE'),
            },
          ),
        ),
        ofLatest(
          promised('bounded-scan', 'let a query read rows that are 15 minutes to a day old, and be clustered by its key', isBounded, {
            'each query applies all changes itself': set('max_staleness', '0-0 0 0:0:0'),
            'a change of one row reads the whole table': set('clustering'),
          }),
        ),
        ofMessages(
          promised(
            'every-row-fits',
            'have the columns that Pub/Sub requires, with data as text, and no other required column',
            everyMessageFits,
            {
              'the creation of the subscription fails without a column': replace('\\"name\\":\\"attributes\\"', '\\"name\\":\\"other\\"'),
              'numbers lose digits, and events that are not JSON are refused': replace(
                /(?<=\\"name\\":\\"data\\",\\"type\\":\\")STRING/,
                'JSON',
              ),
              'a message may have no value for a column': replace(/NULLABLE/, 'REQUIRED'),
            },
          ),
        ),
        ofMessages(
          promised('nothing-lost', 'have a view of the rows that are no events, with the reason for each', hasRejected, {
            'rows that are no events are in no view': remove(rejectedViewsOf),
            'the view shows no reason': replace('reason, ', '', rejectedViewsOf),
            'the view leaves rows out': replace(
              /WHERE reason IS NOT NULL/,
              "WHERE reason = 'not JSON that BigQuery can read'",
              rejectedViewsOf,
            ),
          }),
        ),
        ofStored(
          promised(
            'partitioned',
            'have a partition for each day of its events, and require a filter on it in queries',
            (table) =>
              is(table, 'time_partitioning.type', 'DAY') &&
              is(table, 'time_partitioning.field', isOfMessages(table) ? 'publish_time' : 'event_time') &&
              is(table, 'require_partition_filter', true),
            {
              'a query may read all partitions': set('require_partition_filter', false),
              'it has no partitions': set('time_partitioning'),
            },
          ),
        ),
        ofStored(
          promised('each-row-once', 'have a view that shows each row once, because a retry can add it twice', hasView, {
            'duplicates are not removed': remove(uniqueViewsOf),
            'the view shows duplicates': replace(/QUALIFY[^"]*/, '', uniqueViewsOf),
          }),
        ),
      ],
      answered: {
        encrypted: 'Google encrypts every table with a Google-managed key. encryptionKey sets your own key.',
        private: 'Only members of roles and access entries of its dataset can access a table. Both are checked.',
        undelete: 'Its dataset sets the time travel window for changed and deleted rows.',
        rings:
          'A table has no limit to reach and no delay: a query applies the changes that BigQuery has not applied in time. The alert of the ' +
          'writer fires when a write fails.',
      },
      needs: (table) =>
        keyNeeds(table, 'encryption_configuration.kms_key_name', agentOf(table), 'BigQuery encrypts and decrypts rows with it'),
      apis: ['bigquery', 'bigquerystorage'],
      effective: /^(\*|bigquery\.(\*|tables))/,
      local: {
        project: 'emulated',
        dataset_id: 'emulated',
        table_id: 'emulated',
        schema: schemaRefusal,
        'time_partitioning.type': onlyValues('DAY'),
        'time_partitioning.field': 'emulated',
        'time_partitioning.expiration_ms': 'no effect here',
        'view.query': 'emulated',
        'view.use_legacy_sql': onlyValues(false),
        clustering: 'no effect here',
        'table_constraints.primary_key.columns': 'emulated',
        // The local run applies each change at once.
        max_staleness: 'no effect here',
        deletion_protection: 'no effect here',
        description: 'no effect here',
        ignore_auto_generated_schema: 'no effect here',
        encryption_configuration: 'no effect here',
        labels: 'no effect here',
        require_partition_filter: 'no effect here',
      },
    },
    google_bigquery_table_iam_member: iamMember('a table', ['bigquery'], {
      weakenings: { 'it is for every table of the dataset': onDataset },
    }),
    google_bigquery_dataset_iam_member: iamMember('a dataset', ['bigquery']),
  },
  forbidden: replacers(DATASET, TABLE),
  roles: {
    'roles/bigquery.dataOwner': { permissions: ['bigquery.*'] },
    'roles/bigquery.dataEditor': {
      permissions: [
        ...['create', 'createIndex', 'createSnapshot', 'delete', 'deleteIndex', 'export', 'get', 'getData', 'getIamPolicy', 'list'],
        ...['replicateData', 'restoreSnapshot', 'update', 'updateData', 'updateIndex', 'updateTag'],
      ].map((verb) => `bigquery.tables.${verb}`),
    },
    'roles/bigquery.dataViewer': {
      permissions: ['createSnapshot', 'export', 'get', 'getData', 'getIamPolicy', 'list', 'replicateData'].map(
        (verb) => `bigquery.tables.${verb}`,
      ),
      surplus: 'Google has no role that reads rows and does nothing else. It is granted on a table or a view only.',
    },
  },
  // https://cloud.google.com/bigquery/docs/write-api-streaming#required_permissions
  calls: {
    [`${LIBRARY} WriterClient.getWriteStream`]: ({ arguments: [request] }) => [
      { may: 'bigquery.tables.get', on: said.part(request, 'streamId') },
    ],
    [`${LIBRARY} WriterClient.createStreamConnection`]: ({ arguments: [request] }) => [
      { may: 'bigquery.tables.updateData', on: said.part(request, 'streamId') },
    ],
  },
  harmless: [
    `${LIBRARY} options.withChangeSequenceNumber`,
    `${LIBRARY} options.withChangeType`,
    `${LIBRARY} proto.convertStorageSchemaToProto2Descriptor`,
    `${LIBRARY} JSONWriter`,
    // Rows are sent over the connection, which needs the permission.
    `${LIBRARY} JSONWriter.appendRows`,
    `${LIBRARY} PendingWrite.getResult`,
    `${LIBRARY} StreamConnection.onConnectionError`,
    `${LIBRARY} StreamConnection.onSchemaUpdated`,
    `${LIBRARY} WriterClient`,
    `${LIBRARY} WriterClient.close`,
    `${LIBRARY} WriterClient.getClient`,
    `${LIBRARY} WriterClient.setClient`,
    '@grpc/grpc-js ChannelCredentials.createInsecure',
  ],
};

function isView(table: Asked): boolean {
  return table.get('view').length > 0;
}

function ofRows(promise: Promised): Promised {
  return { ...promise, concerns: (table) => !isView(table) };
}

/** A promise of tables that a handler writes into. */
function ofEvents(promise: Promised): Promised {
  return {
    ...promise,
    concerns: (table, stack) => !isView(table) && ![isOfMessages, isDelivered, isDeadLetter, isOfLatest].some((is) => is(table, stack)),
  };
}

/** A promise of tables with the latest row of each key. */
function ofLatest(promise: Promised): Promised {
  return { ...promise, concerns: isOfLatest };
}

function isOfLatest(table: Asked): boolean {
  return !isView(table) && (keyOf(table).length > 0 || table.get('max_staleness').length > 0);
}

function keyOf(table: Asked): readonly string[] {
  return table.get('table_constraints.primary_key.columns').flat().map(String);
}

function hasKey(table: Asked): boolean {
  const required = columnsOf(only(table, 'schema')).filter(({ mode }) => mode === 'REQUIRED');
  return keyOf(table).length > 0 && keyOf(table).every((column) => required.some(({ name }) => name === column));
}

function isBounded(table: Asked): boolean {
  const minutes = stalenessOf(table);
  const [first] = table.get('clustering').flat();
  return minutes >= 15 && minutes <= 1440 && (keyOf(table).length === 0 || first === keyOf(table)[0]);
}

/** In minutes. */
function stalenessOf(table: Asked): number {
  const [, hours = 0, minutes = 0] = /^0-0 0 (\d+):(\d+):0$/.exec(String(only(table, 'max_staleness'))) ?? [];
  return Number(hours) * 60 + Number(minutes);
}

/** A promise of tables that Pub/Sub writes into. */
function ofMessages(promise: Promised): Promised {
  return { ...promise, concerns: (table, stack) => !isView(table) && (isOfMessages(table) || isDelivered(table, stack)) };
}

function isOfMessages(table: Asked): boolean {
  return !isView(table) && columnsOf(only(table, 'schema')).some(({ name }) => name === 'subscription_name');
}

function isDelivered(table: Asked, stack: Stack): boolean {
  return stack.of('google_pubsub_subscription').some((one) => names(one, 'bigquery_config.table', table));
}

/** A promise of tables of events. A table of what Dataflow could not store has the columns that its template writes. */
function ofStored(promise: Promised): Promised {
  return { ...promise, concerns: (table) => !isView(table) && !isDeadLetter(table) && !isOfLatest(table) };
}

function isDeadLetter(table: Asked): boolean {
  return !isView(table) && columnsOf(only(table, 'schema')).some(({ name }) => name === 'payloadString');
}

function columnsOf(schema: unknown): readonly Column[] {
  return JSON.parse(String(schema));
}

function everyRowFits(table: Asked): boolean {
  const columns = columnsOf(only(table, 'schema'));
  if (columns.flatMap(({ fields = [] }) => fields.flatMap(withinOf)).some(({ mode }) => mode === 'REQUIRED')) return false;
  const required = columns.filter(({ mode }) => mode === 'REQUIRED').map(({ name }) => name);
  const key = keyOf(table).filter((column) => !ALWAYS_FILLED.includes(column));
  return (
    String([...required].sort()) === String([...ALWAYS_FILLED, ...key].sort()) &&
    columns.find(({ name }) => name === 'rest')?.type === 'JSON'
  );
}

/** A column, and all columns within it. */
function withinOf(column: Column): readonly Column[] {
  return [column, ...(column.fields ?? []).flatMap(withinOf)];
}

function everyMessageFits(table: Asked): boolean {
  const columns = columnsOf(only(table, 'schema'));
  const own = columns.filter(({ name }) => OF_PUB_SUB.includes(name));
  const isText = own.find(({ name }) => name === 'data')?.type === 'STRING';
  return own.length === OF_PUB_SUB.length && isText && columns.every(({ mode }) => mode !== 'REQUIRED');
}

function hasView(table: Asked, stack: Stack): boolean {
  return viewsIn(table, stack).some(isUnique);
}

function hasRejected(table: Asked, stack: Stack): boolean {
  return viewsIn(table, stack).some(isRejected);
}

function viewsIn(table: Asked, stack: Stack): readonly Body[] {
  return stack
    .of(TABLE)
    .map(({ body }) => body)
    .filter((body) => queryOf(body).includes(`\${${table.id}.`));
}

function isUnique(view: { readonly view?: unknown }): boolean {
  return queryOf(view).includes('QUALIFY ROW_NUMBER()');
}

function isRejected(view: { readonly view?: unknown }): boolean {
  return /message_id, reason, .*WHERE reason IS NOT NULL$/s.test(queryOf(view));
}

/** Whether another view of its dataset shows the same rows with more columns: it ends with the last column that only the other one has. */
function isOpenView(view: Asked, stack: Stack): boolean {
  const [table] = view.refers('view.query').filter(({ type }) => type === TABLE);
  if (!table || !isUnique(view.body)) return false;
  const columns = (one: Body) => queryOf(one).split('\nFROM')[0]!.split(',').length;
  const twins = viewsIn(table, stack).filter((one) => isUnique(one) && one.dataset_id === view.body.dataset_id);
  return twins.some((one) => columns(one) > columns(view.body));
}

function queryOf({ view }: { readonly view?: unknown }): string {
  return String((view as Body | undefined)?.query ?? '');
}

/** The service agent that encrypts, from the data source of the stack. */
function agentOf(holder: Asked): string {
  const agent = [...holder.before()].find((id) => id.startsWith('data.google_bigquery_default_service_account.'));
  return agent ?? 'the BigQuery service agent of the project';
}

/** An access entry of a dataset. */
function doorOf(entry: Body, on: string): Door {
  const who = ['special_group', 'iam_member', 'user_by_email', 'group_by_email', 'domain'].map((key) => entry[key]).find(Boolean);
  const holder = String(who ?? 'a view or a routine');
  const isPublic = /^(allUsers|allAuthenticatedUsers)$/.test(holder);
  return { holder: isPublic ? 'everyone' : holder, may: String(entry.role ?? 'an authorized view or routine'), on };
}

/** Grant the same role on the dataset of the table. */
function onDataset(draft: Draft, { id, body }: Asked) {
  const { table_id: _, ...grant } = draft.resources.get(id)!.body;
  draft.resources.delete(id);
  draft.resources.set(`${DATASET}_iam_member.Extra`, {
    type: `${DATASET}_iam_member`,
    body: { ...grant, dataset_id: body.dataset_id as string },
  });
}

/** Why the local run does not support a schema, which is a text of JSON. */
function schemaRefusal(value: unknown): string | undefined {
  let columns: readonly Column[];
  try {
    columns = columnsOf(value);
  } catch {
    return 'it must be the JSON of a schema.';
  }
  for (const column of columns) {
    const refusal = columnRefusal(column);
    if (refusal !== undefined) return refusal;
  }
  return undefined;
}

function columnRefusal({ name, type, mode = 'NULLABLE', ...others }: Column): string | undefined {
  // A policy tag has no effect here: every reader sees each column.
  const other = Object.keys(others).find((key) => !['description', 'fields', 'policyTags'].includes(key));
  if (other) return `column ${name}: ${other} is not emulated here.`;
  const types = [...COLUMN_TYPES, 'RECORD'];
  if (!types.includes(type)) return `column ${name}: only ${types.join(', ')} are emulated here, got ${type}.`;
  const modes = ['NULLABLE', 'REQUIRED', 'REPEATED'];
  if (!modes.includes(mode)) return `column ${name}: only ${modes.join(', ')} are emulated here, got ${mode}.`;
  return (others.fields ?? []).map(columnRefusal).find((refusal) => refusal !== undefined);
}

/** The number of keys that a table of latest rows is assumed to have, and what BigQuery bills at least for a table that a query reads. */
const [KEYS, LEAST_BYTES] = [100_000, 10_000_000];

/** A table of latest rows has one row for each key. BigQuery applies changes at least once in each interval that has some. */
function latestCosts(table: Asked, load: Load): Cost[] {
  const { count } = load.writes(table);
  const events = count * MONTH;
  const rows = Math.min(events, KEYS) * load.size;
  const applies = Math.min(events, MONTH / (60 * Math.max(stalenessOf(table), 1)));
  const read = applies * Math.max(rows, LEAST_BYTES) + events * load.size;
  return [
    {
      what: 'changes written',
      price: 'bigQueryWrite',
      units: (events * load.size) / GIB,
      lower: 'A transform that stores less of each event.',
    },
    {
      what: 'bytes that BigQuery reads to apply changes, with up to 100,000 keys',
      price: 'bigQueryScan',
      units: read / TIB,
      lower: 'A higher `maxStalenessMinutes` of the store.',
    },
    { what: 'storage of up to 100,000 rows', price: 'bigQueryStorage', units: rows / GIB, lower: 'A `key` with fewer values.' },
  ];
}

/** A row is as large as its event. */
function tableCosts(table: Asked, load: Load): Cost[] {
  if (isOfLatest(table)) return latestCosts(table, load);
  const gib = (load.writes(table).count * load.size * MONTH) / GIB;
  const lower = 'A transform that stores less of each event.';
  // What Pub/Sub writes is billed by its subscription.
  const written: Cost[] = isDelivered(table, load.stack) ? [] : [{ what: 'rows written', price: 'bigQueryWrite', units: gib, lower }];
  return [
    ...written,
    {
      what: 'storage of the rows of one month',
      price: 'bigQueryStorage',
      units: gib,
      lower: 'A lower `retentionDays` of the store, if rows are kept for longer.',
    },
  ];
}

/**
 * What the provider does with another schema: it appends columns in place, also within a RECORD, and it drops those at the top in place,
 * with what is in them. A policy tag that is missing is taken off its column.
 * @see https://github.com/hashicorp/terraform-provider-google/blob/v6.50.0/google/services/bigquery/resource_bigquery_table.go
 */
function onSchema(before: Value, after: Value) {
  const [old, made] = [columnsIn(before), columnsIn(after)];
  if (!old || !made) return 'may be replaced';
  const dropped = [...old.keys()].filter((name) => !made.has(name));
  const added = [...made.keys()].filter((name) => !old.has(name));
  if (!isInPlace(old, made) || (dropped.length > 0 && added.length > 0)) return 'may be replaced';
  const open = [...old.values()].flatMap((column) => exposed(column, made.get(column.name)));
  const lost = [
    ...(dropped.length > 0 ? [`${dropped.join(', ')} dropped`] : []),
    ...(open.length > 0 ? [`policy tag of ${open.join(', ')} taken off`] : []),
  ];
  return lost.length > 0 ? { loses: `schema: ${lost.join('; ')}` } : 'in place';
}

/** Whether each column is changed in place. Which columns are dropped is not looked at. */
function isInPlace(old: ReadonlyMap<string, Column>, made: ReadonlyMap<string, Column>): boolean {
  return [...made.values()].every((column) => {
    const was = old.get(column.name);
    if (was === undefined) return column.mode !== 'REQUIRED';
    const isKept = column.type === was.type && (column.mode === was.mode || (was.mode === 'REQUIRED' && column.mode !== 'REPEATED'));
    const [fields, wereFields] = [byName(column.fields), byName(was.fields)];
    return isKept && [...wereFields.keys()].every((name) => fields.has(name)) && isInPlace(wereFields, fields);
  });
}

/** The columns that have a policy tag no more. */
function exposed(was: Column, column: Column | undefined, path = was.name): string[] {
  if (column === undefined) return [];
  const isOpen = (was.policyTags?.names ?? []).length > 0 && (column.policyTags?.names ?? []).length === 0;
  const fields = byName(column.fields);
  return [
    ...(isOpen ? [path] : []),
    ...(was.fields ?? []).flatMap((field) => exposed(field, fields.get(field.name), `${path}.${field.name}`)),
  ];
}

/** The columns of a schema. Nothing where it is known only at deploy: policy tags alone may be. */
function columnsIn(schema: Value): ReadonlyMap<string, Column> | undefined {
  if (typeof schema !== 'string') return undefined;
  try {
    const columns = byName(JSON.parse(schema) as readonly Column[]);
    return JSON.stringify([...columns.values()], (key, value) => (key === 'policyTags' ? undefined : value)).includes('${')
      ? undefined
      : columns;
  } catch {
    return undefined;
  }
}

function byName(columns: readonly Column[] = []): ReadonlyMap<string, Column> {
  return new Map(columns.map((column) => [column.name, column]));
}
