import {
  amountOr,
  BRINGS_NOTHING,
  type Brought,
  batches,
  type Cost,
  GB,
  HOURS,
  type Load,
  MONTH,
  PACKED,
} from '../../../shared/read/facts/cost';
import { factsOf } from '../../../shared/read/facts/find';
import { promised, setTo } from '../../../shared/read/facts/promise';
import type { Door, Needed, Seen, ServiceFacts } from '../../../shared/read/facts/types';
import { type Edit, type Holder, remove, set, type Which } from '../../../shared/read/facts/weaken';
import { duration, facts as joined, type Step } from '../../../shared/read/picture';
import { type Asked, amount, is, names, only, type Stack } from '../../../shared/read/stack';
import { said } from '../../../shared/read/tell';
import { alertsOf, armId, deadLettersOf, METRIC_ALERT, RETAINED, referring, settingsOf, textOf } from '../../foundation/promises';

const ACCOUNT = 'azurerm_cosmosdb_account';
const CONTAINER = 'azurerm_cosmosdb_sql_container';
const DEFINITION = 'azurerm_cosmosdb_sql_role_definition';
const PLACE = ['name', 'account_name', 'resource_group_name'];
const DATA = 'data:Microsoft.DocumentDB/databaseAccounts';
const METADATA = `${DATA}/readMetadata`;
const CONTAINERS = `${DATA}/sqlDatabases/containers`;
const READER = 'Cosmos DB Built-in Data Reader';
const CONTRIBUTOR = 'Cosmos DB Built-in Data Contributor';
const BUILT_IN: Readonly<Record<string, string>> = {
  '00000000-0000-0000-0000-000000000001': READER,
  '00000000-0000-0000-0000-000000000002': CONTRIBUTOR,
};
const accountId = armId('Microsoft.DocumentDB/databaseAccounts/acme');

/** The alerts of an account on requests with a status. */
const onStatus =
  (status: string): Which =>
  (account, draft) =>
    referring(METRIC_ALERT)(account, draft).filter((id) => JSON.stringify(draft.resources.get(id)?.body).includes(`"${status}"`));

/** An alert fires if requests end with a status. */
const ringsOn = (status: string, must: string) =>
  promised('rings', must, (account, stack) => hasAlert(account, status, stack), {
    [`there is no alert on requests with status ${status}`]: remove(onStatus(status)),
    [`the alert on requests with status ${status} has a threshold of a million`]: set('criteria.0.threshold', 1e6, onStatus(status)),
    [`the alert on requests with status ${status} is disabled`]: set('enabled', false, onStatus(status)),
  });

export const facts: ServiceFacts = {
  name: 'Cosmos DB',
  local: {
    not: 'Cosmos DB has no emulator that is a package. `@vercel/cosmosdb-server` listens on all addresses of the machine, and its change feed is empty',
  },
  unproven: [
    'That Cosmos DB takes a scope of one container for a role definition and for a role assignment, in the form `ACCOUNT/dbs/DATABASE/colls/CONTAINER`.',
    'That the trigger of Functions starts with the reader role on the container and the contributor role on its leases alone: Microsoft names the contributor role for both.',
    'That the Functions host passes the field `_lsn` of a changed row. Without it, positions in dead letters have 0.',
    'That an existing account without `maxRequestUnits` is serverless: a container of any other gets 400 request units a second, which are billed.',
  ],
  types: {
    [ACCOUNT]: {
      name: 'account',
      replacedBy: [
        'name',
        'resource_group_name',
        'location',
        'kind',
        'create_mode',
        'free_tier_enabled',
        'key_vault_key_id',
        'managed_hsm_key_id',
        'restore',
        'capabilities?',
        'backup.type?',
        'analytical_storage_enabled?',
      ],
      role: 'holds data',
      named: ['name', /^[a-z0-9-]{3,44}$/],
      promises: [
        setTo({
          rule: 'no-keys',
          must: 'accept no keys',
          at: 'local_authentication_disabled',
          to: [true],
          weak: false,
          worse: 'anyone with a key may do everything',
        }),
        setTo({
          rule: 'no-keys',
          must: 'be changed by Azure Resource Manager only, and not with keys',
          at: 'access_key_metadata_writes_enabled',
          to: [false],
          weak: true,
          worse: 'whoever has a key may delete its containers',
        }),
        setTo({
          rule: 'tls',
          must: 'refuse TLS below 1.2',
          at: 'minimal_tls_version',
          to: ['Tls12'],
          weak: 'Tls',
          worse: 'data is sent with an old TLS version',
        }),
        promised(
          'undelete',
          'be backed up continuously',
          (account) => is(account, 'backup.type', 'Continuous') && is(account, 'backup.tier', 'Continuous7Days', 'Continuous30Days'),
          {
            'it has a backup every four hours, which only Microsoft can restore': set('backup', { type: 'Periodic' }),
            'it has the default backup': set('backup'),
          },
        ),
        ringsOn('429', 'have an alert that fires when it throttles requests'),
        ringsOn('503', 'have an alert that fires when it returns server errors'),
        promised('on-record', 'log who changes its keys, its network and its roles', isOnRecord, {
          'changes of the account are not logged': remove(referring('azurerm_monitor_diagnostic_setting')),
        }),
        RETAINED,
      ],
      answered: {
        encrypted: 'Cosmos DB always encrypts its data. This cannot be disabled.',
        private: 'It accepts no keys: callers need a Microsoft Entra token, and the check of least privilege reads their roles.',
      },
      costs: 'Its containers are billed.',
      computed: { id: accountId, endpoint: 'https://acme.documents.azure.com:443/' },
      local: {},
    },
    azurerm_cosmosdb_sql_database: {
      name: 'database',
      replacedBy: PLACE,
      role: 'helps',
      named: ['name', /^[^/\\#?]{1,255}$/],
      promises: [RETAINED],
      computed: { id: `${accountId}/sqlDatabases/rows` },
      local: {},
    },
    [CONTAINER]: {
      name: 'container',
      replacedBy: [
        ...PLACE,
        'database_name',
        'partition_key_paths',
        'partition_key_kind',
        'partition_key_version?',
        'unique_key',
        'analytical_storage_ttl?',
      ],
      role: (container, stack) => (isLeases(container, stack) ? 'moves data' : 'holds data'),
      tells: (container, stack) => [
        'Cosmos DB',
        isLeases(container, stack) ? 'leases' : textOf(container, 'partition_key_paths.0', (path) => `looked up by ${path.slice(1)}`),
        textOf(container, 'autoscale_settings.max_throughput', (units) => `up to ${units} request units a second`) ?? 'serverless',
        amount(container, 'default_ttl') > 0 ? `rows of ${duration(amount(container, 'default_ttl'))}` : undefined,
        isLeases(container, stack) ? undefined : said.kept(container),
      ],
      named: ['name', /^[^/\\#?]{1,255}$/],
      flow: (container, seen) => readBy(container, seen),
      takes: [`${CONTAINERS}/items/create`],
      needs: triggerNeeds,
      promises: [
        { ...RETAINED, concerns: holdsRows },
        {
          ...promised(
            'no-hot-partition',
            'have the id at the end of its partition key, so that a value can have more than 20 GB of rows',
            (container) => container.get('partition_key_paths').at(-1) === '/id' && is(container, 'partition_key_kind', 'MultiHash'),
            { 'a value of its partition key is full at 20 GB': set('partition_key_paths', ['/source']) },
          ),
          concerns: holdsRows,
        },
        {
          ...promised(
            'bounded-retries',
            'have a reader with a limited number of retries: without a limit, a failing batch blocks all later changes',
            (leases, stack) =>
              readersOf(leases, stack).every((app) => {
                const retries = amount(app, 'app_settings.EVENTS_MAX_RETRIES');
                return retries >= 1 && retries <= 20;
              }),
            {
              'a batch of changes is retried without limit': inReaders((settings) => {
                settings.EVENTS_MAX_RETRIES = '-1';
              }),
            },
          ),
          concerns: isLeases,
        },
        {
          ...promised(
            'nothing-lost',
            'have a reader with a dead letter that nothing else is written to',
            (leases, stack) => readersOf(leases, stack).every((app) => deadLettersOf(app).length > 0),
            {
              'changes are lost after the last retry': inReaders((settings) => {
                delete settings.DEAD_LETTER_CONTAINER;
              }),
            },
          ),
          concerns: isLeases,
        },
        {
          ...promised(
            'own-leases',
            'have one reader: two would each get a part of the changes',
            (leases, stack) => readersOf(leases, stack).length === 1,
            {
              'its reader keeps its position elsewhere': inReaders((settings) => {
                settings.EVENTS_LEASES = 'leases';
              }),
            },
          ),
          concerns: isLeases,
        },
      ],
      answered: {
        encrypted: 'Its account encrypts it.',
        private: 'Its account accepts no keys.',
        undelete: 'Its account is backed up.',
        rings:
          'Its account has the alerts on throttled and failed requests. No metric shows how far a reader of changes is behind: the alert on failed calls of the function fires.',
      },
      costs,
      brings,
      effective: /^(data:)?Microsoft\.(\*|DocumentDB)/i,
      computed: { id: `${accountId}/sqlDatabases/rows/containers/rows` },
      local: {},
    },
    [DEFINITION]: {
      name: 'role',
      named: ['name', /^[^\r\n]{1,128}$/],
      replacedBy: ['role_definition_id', 'account_name', 'resource_group_name', 'type'],
      role: 'helps',
      weakenings: {
        'writers may do everything with items': set('permissions.0.data_actions', [CONTAINERS.replace('data:', '').concat('/*')]),
        'writers may also delete items': set('permissions.0.data_actions', [
          ...[METADATA, `${CONTAINERS}/items/create`, `${CONTAINERS}/items/delete`].map((action) => action.replace('data:', '')),
        ]),
        'writers may not add items': set('permissions.0.data_actions', [METADATA.replace('data:', '')]),
      },
      computed: { id: `${accountId}/sqlRoleDefinitions/00000000-0000-0000-0000-0000000000aa` },
      local: {},
    },
    azurerm_cosmosdb_sql_role_assignment: {
      name: 'role assignment',
      replacedBy: ['name', 'account_name', 'resource_group_name', 'principal_id', 'scope'],
      role: 'grants',
      grants: granted,
      weakenings: {
        'it is for everybody': set('principal_id', '00000000-0000-0000-0000-000000000000'),
        'it is not given': remove(),
        'it is a role that nobody knows': set('role_definition_id', 'custom'),
        'it is for the whole account': set('scope', (draft) => draft.reference(draft.id(ACCOUNT))),
      },
      computed: { id: `${accountId}/sqlRoleAssignments/00000000-0000-0000-0000-0000000000aa` },
      local: {},
    },
  },
  calls: {
    // https://learn.microsoft.com/azure/cosmos-db/nosql/security/reference-data-plane-actions
    '@azure/cosmos Items.create': ({ receiver }) => {
      // The client has the address of the account. The settings of a binding start alike.
      const on = said.part(receiver, 'endpoint').replace(/_ENDPOINT\}$/, '_CONTAINER}');
      return [METADATA, `${CONTAINERS}/items/create`].map((may) => ({ may, on }));
    },
    // The extension of Functions reads with a role that the facts of its leases know.
    '@azure/functions trigger.cosmosDB': () => [],
  },
  harmless: ['@azure/cosmos CosmosClient', '@azure/cosmos CosmosClient.database', '@azure/cosmos Database.container'],
  roles: {
    [READER]: {
      permissions: [METADATA, `${CONTAINERS}/executeQuery`, `${CONTAINERS}/readChangeFeed`, `${CONTAINERS}/items/read`],
    },
    [CONTRIBUTOR]: { permissions: [METADATA, `${CONTAINERS}/*`, `${CONTAINERS}/items/*`] },
  },
  forbidden: {
    'data.azurerm_cosmosdb_account': 'It reads the keys of the account into the state. Give the id of the account instead.',
  },
};

function hasAlert(account: Asked, status: string, stack: Stack): boolean {
  return alertsOf(METRIC_ALERT, stack).some(
    (alert) =>
      names(alert, 'scopes', account) &&
      is(alert, 'criteria.metric_name', 'TotalRequests') &&
      is(alert, 'criteria.operator', 'GreaterThan') &&
      amount(alert, 'criteria.threshold') <= 10 &&
      alert.get('criteria.dimension.values').includes(status),
  );
}

function isOnRecord(account: Asked, stack: Stack): boolean {
  return stack
    .of('azurerm_monitor_diagnostic_setting')
    .some(
      (setting) =>
        names(setting, 'target_resource_id', account) &&
        is(setting, 'enabled_log.category', 'ControlPlaneRequests') &&
        setting.get('log_analytics_workspace_id').length === 1,
    );
}

/** Whether an app keeps its position in the changes there. */
function isLeases(container: Asked, stack: Stack): boolean {
  return readersOf(container, stack).length > 0 || String(only(container, 'name')).startsWith('leases-');
}

function holdsRows(container: Asked, stack: Stack): boolean {
  return !isLeases(container, stack);
}

/** The apps that keep their position in a container. */
function readersOf(leases: Asked, stack: Stack): Asked[] {
  return stack.all.filter((app) => names(app, 'app_settings.EVENTS_LEASES', leases));
}

/** Change the app settings of every app that reads changes. */
function inReaders(change: (settings: Holder) => void): Edit {
  return (draft) => {
    const settings = [...draft.resources.values()].map(({ body }) => body.app_settings as Holder | undefined);
    const readers = settings.filter((one) => one?.EVENTS_LEASES !== undefined);
    if (readers.length === 0) throw new Error('No app reads changes.');
    for (const one of readers) change(one!);
  };
}

/** The step from a container to the app that reads its changes. */
function readBy(leases: Asked, seen: Seen): Step[] {
  return readersOf(leases, seen).map((app) => {
    const [container] = app.refers('app_settings.EVENTS_CONTAINER');
    const settings = settingsOf(app);
    return {
      from: container?.stage ?? 'an existing container',
      how: joined(
        `changes, ${settings.EVENTS_BATCH_SIZE} records or ${duration(Number(settings.EVENTS_BATCH_WINDOW_SECONDS))}`,
        'own leases',
        `${settings.EVENTS_MAX_RETRIES} retries`,
      ),
      to: app.stage,
      notes: seen.tell(app),
      between: [container?.id ?? 'an existing container', app.id],
    };
  });
}

/** What the extension of Functions does with the identity of the app: it requires these roles, and documents no single permissions. */
function triggerNeeds(leases: Asked, stack: Stack): Needed[] {
  return readersOf(leases, stack).flatMap((app) => {
    const who = app.refers('identity.identity_ids')[0]?.id ?? '';
    const [container] = app.refers('app_settings.EVENTS_CONTAINER').filter(({ type }) => type === CONTAINER);
    const all = (role: string, on: string) =>
      permissionsOf(role).map((may) => ({ who, may, on, because: 'the trigger of Functions reads the changes, and keeps its position' }));
    return [...all(READER, container?.id ?? 'a container'), ...all(CONTRIBUTOR, leases.id)];
  });
}

/** All permissions of a role, for a vendor that requires the role and does not document the single permissions. */
function permissionsOf(role: string): readonly string[] {
  return [...factsOf('azure').services.values()].flatMap(({ roles }) => roles?.[role]?.permissions ?? []);
}

/** The actions of a role of the stack, or the name of a built-in role. A scope names account, database and container: the last one counts. */
function granted(assignment: Asked): Door[] {
  const holder = assignment.refers('principal_id')[0]?.id ?? String(only(assignment, 'principal_id'));
  const on = assignment.refers('scope').at(-1)?.id ?? String(only(assignment, 'scope'));
  const [definition] = assignment.refers('role_definition_id').filter(({ type }) => type === DEFINITION);
  const id = String(only(assignment, 'role_definition_id')).split('/').at(-1)!;
  const all = definition ? definition.get('permissions.data_actions').map((action) => `data:${action}`) : [BUILT_IN[id] ?? id];
  return all.map((may) => ({ holder, may, on }));
}

/** A row of 1 kB takes 6 request units to write, and a read of changes one for each kB. Each read of nothing takes one. */
function costs(container: Asked, load: Load): Cost[] {
  const { stack, size, events } = load;
  const leases = isLeases(container, stack);
  const rows = load.writes(container).count > 0 && !leases ? events : 0;
  const kb = Math.ceil(size / 1024);
  const readers = leases ? readersOf(container, stack) : [];
  const polls = readers.reduce((sum, app) => sum + 1 / amountOr(app, 'app_settings.EVENTS_BATCH_WINDOW_SECONDS', 60), 0);
  const units = leases ? 10 * polls + readers.length * (events * kb + 2 * load.calls(readers[0]!)) : rows * 6 * kb;
  const most = amount(container, 'autoscale_settings.max_throughput');
  const autoscale = !Number.isNaN(most);
  const account = container.refers('account_name').find(({ type }) => type === ACCOUNT);
  const stored = (rows * size * MONTH) / GB;
  const lower = 'A transform that stores less of each event.';
  return [
    {
      what: 'request units: 6 for each 1 kB that is written, 1 for each that is read as a change',
      price: 'cosmosRequests',
      units: autoscale ? 0 : units * MONTH,
      lower,
    },
    {
      what: 'autoscale, by the hour, at least a tenth of the maximum',
      price: 'cosmosAutoscale',
      units: autoscale ? Math.min(most, Math.max(most / 10, units)) * HOURS : 0,
      lower: 'A lower `maxRequestUnits`, or serverless.',
    },
    { what: 'rows of one month, as large as their events', price: 'cosmosStorage', units: stored, lower: `${lower} A \`retentionDays\`.` },
    {
      what: 'backups of 30 days',
      price: 'cosmosBackups',
      units: account && is(account, 'backup.tier', 'Continuous30Days') ? stored : 0,
      lower: '`backupRetentionDays: 7`, which is free of charge.',
    },
  ];
}

/** Each read brings the rows since the last one, up to the size of a batch. */
function brings(container: Asked, load: Load): Brought {
  const [app] = readersOf(container, load.stack);
  if (!app) return BRINGS_NOTHING();
  const records = amountOr(app, 'app_settings.EVENTS_BATCH_SIZE', 1000);
  const window = amountOr(app, 'app_settings.EVENTS_BATCH_WINDOW_SECONDS', 60);
  const calls = batches(load.events, { records, window, parts: 1 });
  return { calls, writes: calls, packed: PACKED.together };
}
