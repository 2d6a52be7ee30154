import { TerraformOutput, type TerraformStack, TerraformVariable } from 'cdktf';
import { Construct } from 'constructs';
import { CosmosStore, type CosmosStoreProps } from '../../../../azure/store/cosmos/cosmos-store';
import { ringsOnMetrics, type Series } from '../../../support/azure-monitor';
import { documentedDefaults } from '../../../support/defaults';
import { expectSnapshot } from '../../../support/snapshot';
import { onCall, Person, readable, site, synthesize, Target } from '../../stand-ins';

const accountId = '/subscriptions/s/resourceGroups/g/providers/Microsoft.DocumentDB/databaseAccounts/theirs';
const make = (props: Partial<CosmosStoreProps> = {}, context = {}) =>
  synthesize((stack) => new CosmosStore(stack, 'Store', { site, ...props }), context);
const ACCOUNT = '${azurerm_cosmosdb_account.rows.id}';
const DATABASE = '${azurerm_cosmosdb_sql_database.rows.name}';
const ROWS = `${ACCOUNT}/dbs/${DATABASE}/colls/\${azurerm_cosmosdb_sql_container.rows_rows.name}`;

test('the snapshot', () => {
  expectSnapshot(
    'azure/store/cosmos/cosmos-store.snapshot.yaml',
    'There are no keys; the role of writers adds items and nothing else; Terraform refuses to destroy account, database and container.',
    readable(make().json.resource),
  );
});

test('documents the defaults that it has', () => {
  const { one, json } = make();
  const [account, container] = [one('azurerm_cosmosdb_account'), one('azurerm_cosmosdb_sql_container')];
  expect(documentedDefaults('azure/store/cosmos/cosmos-store.ts', 'CosmosStoreProps')).toEqual({
    name: account.name.slice('acme-'.length, -'-1a2b3c4d'.length),
    lookUpBy: container.partition_key_paths[0].slice(1),
    backupRetentionDays: /\d+/.exec(account.backup.tier)![0],
    zoneRedundant: String(account.geo_location[0].zone_redundant),
    removal: account.lifecycle.prevent_destroy ? 'retain' : 'destroy',
    lock: String(Object.keys(json.resource!).includes('azurerm_management_lock')),
  });
});

test('takes every setting', () => {
  const { one, all } = make(
    {
      name: 'press',
      lookUpBy: 'subject',
      retentionDays: 30,
      maxRequestUnits: 4000,
      backupRetentionDays: 30,
      zoneRedundant: true,
      notify: [onCall],
      removal: 'destroy',
    },
    { destroyData: 'yes' },
  );
  const account = one('azurerm_cosmosdb_account');
  expect(account).toMatchObject({
    name: 'acme-press-1a2b3c4d',
    backup: { tier: 'Continuous30Days' },
    geo_location: [{ zone_redundant: true }],
  });
  expect(account.capabilities).toBeUndefined();
  const container = one('azurerm_cosmosdb_sql_container');
  expect(container).toMatchObject({
    partition_key_paths: ['/subject', '/id'],
    default_ttl: 30 * 86_400,
    autoscale_settings: { max_throughput: 4000 },
  });
  expect([account, container, one('azurerm_cosmosdb_sql_database')].map(({ lifecycle }) => lifecycle)).toEqual([
    undefined,
    undefined,
    undefined,
  ]);
  expect(all('azurerm_monitor_metric_alert').map(({ action }) => action)).toEqual([
    [{ action_group_id: onCall }],
    [{ action_group_id: onCall }],
  ]);
});

test('makes a database in an account that is there already, and leaves the account alone', () => {
  const { built, json, one } = make({ accountId });
  expect(built.accountName).toBe('theirs');
  expect(Object.keys(json.resource!).sort()).toEqual([
    'azurerm_cosmosdb_sql_container',
    'azurerm_cosmosdb_sql_database',
    'azurerm_cosmosdb_sql_role_definition',
    'azurerm_monitor_metric_alert',
  ]);
  expect(one('azurerm_cosmosdb_sql_database')).toMatchObject({ name: 'rows', account_name: 'theirs', resource_group_name: 'g' });
});

test('refuses at plan an account of another subscription, which the provider would look for in its own', () => {
  const [deployer] = Object.values<any>(make({ accountId }).json.data.azurerm_client_config);
  expect(deployer.lifecycle.postcondition[0].error_message).toBe(
    'test/Store: accountId must be in the subscription that is deployed to (ARM_SUBSCRIPTION_ID), got another one. Deploy this stack to that subscription.',
  );
});

test('uses an account whose id is known only at deploy', () => {
  const { json } = synthesize((stack) => {
    const account = new TerraformVariable(stack, 'account', {}).stringValue;
    const store = new CosmosStore(stack, 'Store', { site, accountId: account });
    new TerraformOutput(stack, 'settings', { value: store.bindWriter(new Target(stack, 'Target'), 'STORE').settings });
  });
  expect(json.output.settings.value.STORE_ENDPOINT).toBe('https://${element(split("/", var.account), 8)}.documents.azure.com:443/');
});

test('an id in the letters that Azure hands out is written as the provider reads it', () => {
  const theirs = '/subscriptions/S/resourcegroups/g/providers/microsoft.documentdb/databaseaccounts/theirs';
  const [scope] = make({ accountId: theirs }).one('azurerm_cosmosdb_sql_role_definition').assignable_scopes;
  expect(scope).toMatch(new RegExp(`^${accountId}/dbs/`));
});

test('stands twice in one stack, and twice in one account', () => {
  const both = (more: object) => synthesize((stack) => ['one', 'two'].map((name) => new CosmosStore(stack, name, { site, name, ...more })));
  expect(
    both({})
      .all('azurerm_cosmosdb_account')
      .map(({ name }) => name),
  ).toEqual(['acme-one-1a2b3c4d', 'acme-two-1a2b3c4d']);
  expect(
    both({ accountId })
      .all('azurerm_cosmosdb_sql_database')
      .map(({ name }) => name),
  ).toEqual(['one', 'two']);
  expect(
    new Set(
      both({ accountId })
        .all('azurerm_cosmosdb_sql_role_definition')
        .map(({ name }) => name),
    ).size,
  ).toBe(2);
});

test('what holds data keeps its address in the state when its construct is renamed, moved or nested', () => {
  const build = (place: (stack: TerraformStack) => Construct, id: string) =>
    synthesize((stack) => new CosmosStore(place(stack), id, { site })).json;
  const [before, after] = [build((stack) => stack, 'Store'), build((stack) => new Construct(stack, 'Nested'), 'Renamed')];
  for (const type of ['account', 'sql_database', 'sql_container'].map((kind) => `azurerm_cosmosdb_${kind}`)) {
    expect(Object.keys(after.resource![type]!)).toEqual(Object.keys(before.resource![type]!));
  }
});

test('a lock is made after all that stands on the account, and so goes before it', () => {
  const { one, json } = synthesize((stack) => {
    const store = new CosmosStore(stack, 'Store', { site, lock: true });
    store.bindWriter(new Person(stack, 'Writer'), 'STORE');
    store.changes.deliverTo(new Target(stack, 'Target'));
  });
  const lock = one('azurerm_management_lock');
  expect(lock).toMatchObject({ lock_level: 'CanNotDelete', scope: ACCOUNT });
  const kinds = ['sql_database', 'sql_container', 'sql_role_definition', 'sql_role_assignment'].map((kind) => `azurerm_cosmosdb_${kind}`);
  const addresses = [...kinds, 'azurerm_monitor_diagnostic_setting'].flatMap((type) =>
    Object.keys(json.resource![type]!).map((id) => `${type}.${id}`),
  );
  expect(lock.depends_on.toSorted()).toEqual(addresses.toSorted());
});

test('nobody gets in with a key or without TLS, and a key of the account changes nothing', () => {
  expect(make().one('azurerm_cosmosdb_account')).toMatchObject({
    local_authentication_disabled: true,
    access_key_metadata_writes_enabled: false,
    minimal_tls_version: 'Tls12',
  });
});

test('costs nothing while it is idle, but for what is stored', () => {
  const { one } = make();
  expect(one('azurerm_cosmosdb_account').capabilities).toEqual([{ name: 'EnableServerless' }]);
  expect(one('azurerm_cosmosdb_sql_container').autoscale_settings).toBeUndefined();
});

describe('who may do what, and where', () => {
  const bound = (bind: (store: CosmosStore, who: Target) => { settings: Readonly<Record<string, string>> }) =>
    synthesize((stack) => {
      const store = new CosmosStore(stack, 'Store', { site });
      new TerraformOutput(stack, 'settings', { value: bind(store, new Target(stack, 'Target')).settings });
    });
  const settings = {
    STORE_ENDPOINT: '${azurerm_cosmosdb_account.rows.endpoint}',
    STORE_DATABASE: DATABASE,
    STORE_CONTAINER: expect.stringContaining('rows_rows'),
  };

  test('a writer adds items to the container of the rows, and neither reads, replaces nor deletes any', () => {
    const { one, json } = bound((store, who) => store.bindWriter(who, 'STORE'));
    const definition = one('azurerm_cosmosdb_sql_role_definition');
    expect(definition).toMatchObject({ name: 'acme-rows-writer', assignable_scopes: [ROWS] });
    expect(definition.permissions).toEqual([
      {
        data_actions: [
          'Microsoft.DocumentDB/databaseAccounts/readMetadata',
          'Microsoft.DocumentDB/databaseAccounts/sqlDatabases/containers/items/create',
        ],
      },
    ]);
    expect(one('azurerm_cosmosdb_sql_role_assignment')).toMatchObject({
      role_definition_id: expect.stringMatching(/^\$\{azurerm_cosmosdb_sql_role_definition\.\w+\.id\}$/),
      scope: ROWS,
      principal_id: 'principal-of-target',
    });
    expect(json.output.settings.value).toEqual({ ...settings, STORE_LOOK_UP_BY: 'source' });
  });

  test('a reader reads the rows', () => {
    const { one, json } = bound((store, who) => store.bindReader(who, 'STORE'));
    expect(one('azurerm_cosmosdb_sql_role_assignment')).toMatchObject({
      role_definition_id: `${ACCOUNT}/sqlRoleDefinitions/00000000-0000-0000-0000-000000000001`,
      scope: ROWS,
    });
    expect(json.output.settings.value).toEqual(settings);
  });

  test('whoever reads the changes itself reads as a reader', () => {
    expect(bound((store, who) => store.changes.bindReader(who, 'STORE')).json.output.settings.value).toEqual(settings);
  });

  test('a function reads the changes of the rows, and keeps its position in leases of its own', () => {
    const { all, json } = bound((store, who) => store.changes.deliverTo(who));
    const leases = '${azurerm_cosmosdb_sql_container.leases_target.name';
    expect(
      all('azurerm_cosmosdb_sql_role_assignment').map(({ role_definition_id, scope }) => [role_definition_id.slice(-1), scope]),
    ).toEqual([
      ['1', ROWS],
      ['2', expect.stringContaining(`/colls/${leases}`)],
    ]);
    expect(json.output.settings.value).toEqual({
      EVENTS__accountEndpoint: '${azurerm_cosmosdb_account.rows.endpoint}',
      EVENTS__credential: 'managedidentity',
      EVENTS__clientId: 'client-of-target',
      EVENTS_DATABASE: DATABASE,
      EVENTS_CONTAINER: expect.stringContaining('rows_rows'),
      EVENTS_LEASES: expect.stringContaining(leases),
      EVENTS_BATCH_SIZE: '1000',
      EVENTS_BATCH_WINDOW_SECONDS: '60',
      EVENTS_MAX_RETRIES: '5',
    });
  });
});

test('two functions read all changes, each with leases of its own, which are billed like the container', () => {
  const { all } = synthesize((stack) => {
    const store = new CosmosStore(stack, 'Store', { site, maxRequestUnits: 1000 });
    for (const id of ['First', 'Second'])
      store.changes.deliverTo(new Target(stack, id), { batchSize: 10, batchWindowSeconds: 1, maxRetries: 1 });
  });
  const leases = all('azurerm_cosmosdb_sql_container').filter(({ name }) => name.startsWith('leases-'));
  expect(leases.map(({ name, partition_key_paths, autoscale_settings }) => [name, partition_key_paths, autoscale_settings])).toEqual([
    ['leases-acme-first', ['/id'], { max_throughput: 1000 }],
    ['leases-acme-second', ['/id'], { max_throughput: 1000 }],
  ]);
});

test('a function that moves in the tree keeps its leases, which are its position', () => {
  const leasesOf = (scope: (stack: TerraformStack) => Construct) =>
    Object.keys(
      synthesize((stack) => {
        const store = new CosmosStore(stack, 'Store', { site });
        store.changes.deliverTo(new Target(scope(stack), 'Reader'));
      }).json.resource!.azurerm_cosmosdb_sql_container!,
    );
  expect(leasesOf((stack) => new Construct(stack, 'Nested'))).toEqual(leasesOf((stack) => stack));
  expect(leasesOf((stack) => stack)).toContain('leases_reader');
});

describe('alerts', () => {
  const alerts = new Map(
    make()
      .all('azurerm_monitor_metric_alert')
      .map((alert) => [alert.name, alert]),
  );
  const rings = (name: string, series: Series) => ringsOnMetrics(alerts.get(name), series, 60);

  test.each([
    ['acme-rows-throttled', '429'],
    ['acme-rows-errors', '503'],
  ])('%s rings at the fifth request with status %s within a quarter of an hour', (name, code) => {
    expect(alerts.get(name).criteria[0].dimension).toEqual([
      { name: 'DatabaseName', operator: 'Include', values: [DATABASE] },
      { name: 'StatusCode', operator: 'Include', values: expect.arrayContaining([code]) },
    ]);
    const failed = `TotalRequests{${code}}`;
    expect(rings(name, { [failed]: { 3: 2, 7: 2, 11: 1 } })).toEqual([15]);
    expect(rings(name, { [failed]: { 7: 4 } })).toEqual([]);
    expect(rings(name, { 'TotalRequests{201}': { 7: 400 } })).toEqual([]);
  });
});

describe('refuses', () => {
  test('a second store of one name, in a site and in an account', () => {
    const twice = (more: object) => () =>
      synthesize((stack) => ['First', 'Second'].map((id) => new CosmosStore(stack, id, { site, ...more })));
    const message = (what: string) =>
      `test/Second: each Cosmos DB store of ${what} must have its own name, got "rows", which test/First has. Set name on one of them.`;
    expect(twice({})).toThrow(new Error(message('a site')));
    expect(twice({ accountId })).toThrow(new Error(message('an account')));
  });

  test('one function that reads the changes twice', () =>
    expect(() =>
      synthesize((stack) => {
        const { changes } = new CosmosStore(stack, 'Store', { site });
        for (const id of ['a', 'b']) changes.deliverTo(new Target(new Construct(stack, id), 'Target'));
      }),
    ).toThrow(
      new Error(
        'test/b/Target: each reader of the changes of a container must have its own name, got "acme-target", which test/a/Target has. Its leases have the same name.',
      ),
    ));

  test.each<[string, Partial<CosmosStoreProps>, string]>([
    [
      'a name with a hyphen',
      { name: 'my-rows' },
      'test/Store: name must be 1 to 20 lower-case letters and digits, got "my-rows". Start with a letter.',
    ],
    [
      'to look up by what the store sets',
      { lookUpBy: 'id' },
      'test/Store: lookUpBy must be the name of a field of a row, and none that the store sets, got "id". Write it like subject: 1 to 100 letters, digits and underscores, a letter first.',
    ],
    [
      'to delete rows at once',
      { retentionDays: 0 },
      'test/Store: retentionDays must be 1 to 24855 days, got 0. Leave it out to keep rows forever.',
    ],
    [
      'less than autoscale has',
      { maxRequestUnits: 400 },
      'test/Store: maxRequestUnits must be 1000 to 1000000 request units a second, got 400. Leave it out for serverless.',
    ],
    [
      'a step that autoscale does not have',
      { maxRequestUnits: 1500 },
      'test/Store: maxRequestUnits must be a multiple of 1000, got 1500. Cosmos DB scales in steps of 1000.',
    ],
    [
      'backups that are not on offer',
      { backupRetentionDays: 14 as 7 },
      'test/Store: backupRetentionDays must be 7 or 30, got 14. Cosmos DB has no other continuous backups.',
    ],
    [
      'a word for zones',
      { zoneRedundant: 'yes' as unknown as boolean },
      'test/Store: zoneRedundant must be true or false, got "yes". Leave it out for one zone.',
    ],
    [
      'the name of an account for its id',
      { accountId: 'theirs' },
      'test/Store: accountId must be the id of a Cosmos DB account, got "theirs". Find it with az cosmosdb show.',
    ],
    [
      'settings for an account that is there',
      { accountId, backupRetentionDays: 30, zoneRedundant: true },
      'test/Store: accountId keeps its own settings, got backupRetentionDays and zoneRedundant beside it. Leave backupRetentionDays and zoneRedundant out.',
    ],
    [
      'one key to destroy',
      { removal: 'destroy' },
      `test/Store: removal 'destroy' needs the context destroyData to be "yes", got nothing. Set DESTROY_DATA=yes in the environment of this command, or leave removal out to keep the data.`,
    ],
  ])('%s', (_, props, message) => expect(() => make(props)).toThrow(new Error(message)));

  test.each([
    [{ batchSize: 1001 }, 'batchSize must be 1 to 1000 rows, got 1001. A larger batch may not fit into the memory of a function.'],
    [{ batchWindowSeconds: 0 }, 'batchWindowSeconds must be 1 to 3600 seconds, got 0. The next batch is read after this pause.'],
    [{ maxRetries: 0 }, 'maxRetries must be 1 to 20 retries, got 0. Without a limit, one bad batch blocks all later changes.'],
  ])('a delivery of changes with %j', (delivery, message) =>
    expect(() =>
      synthesize((stack) => new CosmosStore(stack, 'Store', { site }).changes.deliverTo(new Target(stack, 'Target'), delivery)),
    ).toThrow(new Error(`test/Store: ${message}`)),
  );
});
