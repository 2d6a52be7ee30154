import { readFileSync } from 'node:fs';
import path from 'node:path';
import { TerraformOutput, type TerraformStack, TerraformVariable } from 'cdktf';
import { Construct } from 'constructs';
import { StorageTableStore, type StorageTableStoreProps } from '../../../../azure/store/storage-table/storage-table-store';
import { ringsOnMetrics, type Series } from '../../../support/azure-monitor';
import { documentedDefaults } from '../../../support/defaults';
import { expectSnapshot } from '../../../support/snapshot';
import { onCall, Person, readable, site, synthesize, Target } from '../../stand-ins';

const accountId = '/subscriptions/s/resourceGroups/g/providers/Microsoft.Storage/storageAccounts/theirs';
const DEPLOYMENT = 'azurerm_resource_group_template_deployment';
const make = (props: Partial<StorageTableStoreProps> = {}, context = {}) =>
  synthesize((stack) => new StorageTableStore(stack, 'Store', { site, ...props }), context);
const ACCOUNT = '${azurerm_storage_account.rows.id}';
const TABLE = `\${${DEPLOYMENT}.rows.name}`;

test('the snapshot', () => {
  const { azurerm_monitor_scheduled_query_rules_alert_v2: _, azurerm_storage_management_policy: __, ...resources } = make().json.resource!;
  expectSnapshot(
    'azure/store/storage-table/storage-table-store.snapshot.yaml',
    'The account accepts no keys, so a template creates the table; Terraform refuses to destroy account, table and dead letter.',
    readable(resources),
  );
});

test('documents the defaults that it has', () => {
  const { one, json, built } = make();
  const account = one('azurerm_storage_account');
  expect(documentedDefaults('azure/store/storage-table/storage-table-store.ts', 'StorageTableStoreProps')).toEqual({
    name: account.name.slice('acme'.length, -'1a2b3c4d'.length),
    lookUpBy: built.lookUpBy,
    redundancy: account.account_replication_type,
    removal: account.lifecycle.prevent_destroy ? 'retain' : 'destroy',
    lock: String(Object.keys(json.resource!).includes('azurerm_management_lock')),
  });
});

test('takes every setting', () => {
  const { one, all, built } = make(
    { name: 'press', lookUpBy: 'subject', redundancy: 'GZRS', notify: [onCall], removal: 'destroy' },
    { destroyData: 'yes' },
  );
  expect(one('azurerm_storage_account')).toMatchObject({ name: 'acmepress1a2b3c4d', account_replication_type: 'GZRS' });
  expect(one(DEPLOYMENT).name).toBe('acmepress');
  expect(built.lookUpBy).toBe('subject');
  expect([one('azurerm_storage_account'), one(DEPLOYMENT)].map(({ lifecycle }) => lifecycle)).toEqual([undefined, undefined]);
  expect(all('azurerm_monitor_metric_alert').map(({ action }) => action)).toEqual(Array(2).fill([{ action_group_id: onCall }]));
});

describe('the table', () => {
  test('is deployed by a template that holds nothing else, and leaves all else in the resource group as it is', () => {
    const { one } = make();
    const deployment = one(DEPLOYMENT);
    expect(deployment).toMatchObject({
      name: 'acmerows',
      resource_group_name: site.resourceGroupName,
      deployment_mode: 'Incremental',
      lifecycle: { prevent_destroy: true },
    });
    expect(JSON.parse(deployment.template_content).resources).toEqual([
      {
        type: 'Microsoft.Storage/storageAccounts/tableServices/tables',
        apiVersion: '2023-05-01',
        name: '${azurerm_storage_account.rows.name}/default/acmerows',
        properties: {},
      },
    ]);
  });

  // From 4.77 on, `azurerm_storage_table` takes the id of the account, and reads nothing with its keys: use it instead of a template.
  test('cannot be azurerm_storage_table at this version of azurerm, which reads its access policies with a key of the account', () => {
    const types = require.resolve('@cdktf/provider-azurerm/lib/storage-table').replace(/\.js$/, '.d.ts');
    expect(path.basename(path.dirname(types))).toBe('storage-table');
    expect(readFileSync(types, 'utf8')).toContain('readonly storageAccountName: string;');
    expect(readFileSync(types, 'utf8')).not.toContain('storageAccountId');
  });
});

test('makes a table in an account that is there already, and leaves the account alone', () => {
  const { built, json, one, all } = make({ accountId });
  expect(built.accountName).toBe('theirs');
  expect(Object.keys(json.resource!).sort()).toEqual([DEPLOYMENT, 'azurerm_storage_container']);
  expect(one(DEPLOYMENT)).toMatchObject({ name: 'acmerows', resource_group_name: 'g' });
  expect(JSON.parse(one(DEPLOYMENT).template_content).resources[0].name).toBe('theirs/default/acmerows');
  expect(all('azurerm_storage_container').map(({ storage_account_id }) => storage_account_id)).toEqual([accountId]);
});

test('refuses at plan an account of another subscription, where the template would not find it', () => {
  const [deployer] = Object.values<any>(make({ accountId }).json.data.azurerm_client_config);
  expect(deployer.lifecycle.postcondition[0].error_message).toBe(
    'test/Store: accountId must be in the subscription that is deployed to (ARM_SUBSCRIPTION_ID), got another one. Deploy this stack to that subscription.',
  );
});

test('uses an account whose id is known only at deploy', () => {
  const { json } = synthesize((stack) => {
    const account = new TerraformVariable(stack, 'account', {}).stringValue;
    const store = new StorageTableStore(stack, 'Store', { site, accountId: account });
    new TerraformOutput(stack, 'settings', { value: store.bindReader(new Target(stack, 'Target'), 'STORE').settings });
  });
  expect(json.output.settings.value.STORE_ENDPOINT).toBe('https://${element(split("/", var.account), 8)}.table.core.windows.net/');
});

test('stands twice in one stack, and twice in one account', () => {
  const both = (more: object) =>
    synthesize((stack) => ['one', 'two'].map((name) => new StorageTableStore(stack, name, { site, name, ...more })));
  expect(
    both({})
      .all('azurerm_storage_account')
      .map(({ name }) => name),
  ).toEqual(['acmeone1a2b3c4d', 'acmetwo1a2b3c4d']);
  const names = both({ accountId }).all(DEPLOYMENT);
  expect(names.map(({ name }) => name)).toEqual(['acmeone', 'acmetwo']);
});

test('what holds data keeps its address in the state when its construct is renamed, moved or nested', () => {
  const build = (place: (stack: TerraformStack) => Construct, id: string) =>
    synthesize((stack) => new StorageTableStore(place(stack), id, { site })).json;
  const [before, after] = [build((stack) => stack, 'Store'), build((stack) => new Construct(stack, 'Nested'), 'Renamed')];
  for (const type of ['azurerm_storage_account', 'azurerm_storage_container', DEPLOYMENT]) {
    expect(Object.keys(after.resource![type]!)).toEqual(Object.keys(before.resource![type]!));
  }
});

test('a lock is made after all that stands on the account, and so goes before it', () => {
  const { one, json } = synthesize((stack) => {
    const store = new StorageTableStore(stack, 'Store', { site, lock: true });
    store.bindWriter(new Person(stack, 'Writer'), 'STORE');
    store.deadLetter.bindWriter(new Person(stack, 'Other'), 'DEAD_LETTER');
  });
  const lock = one('azurerm_management_lock');
  expect(lock).toMatchObject({ lock_level: 'CanNotDelete', scope: ACCOUNT });
  const kinds = ['storage_container', 'storage_management_policy', 'role_assignment', 'monitor_diagnostic_setting'];
  const addresses = [DEPLOYMENT, ...kinds.map((kind) => `azurerm_${kind}`)].flatMap((type) =>
    Object.keys(json.resource![type]!).map((id) => `${type}.${id}`),
  );
  expect(lock.depends_on.toSorted()).toEqual(addresses.toSorted());
});

test('nobody gets in with a key or without TLS', () =>
  expect(make().one('azurerm_storage_account')).toMatchObject({
    shared_access_key_enabled: false,
    https_traffic_only_enabled: true,
    min_tls_version: 'TLS1_2',
  }));

test('logs who deletes rows, and not each row that is written or read, which would cost more than the rows', () => {
  const [, tables] = make()
    .all('azurerm_monitor_diagnostic_setting')
    .map(({ target_resource_id, enabled_log }) => [target_resource_id, enabled_log]);
  expect(tables).toEqual([`${ACCOUNT}/tableServices/default`, [{ category: 'StorageDelete' }]]);
});

describe('who may do what, and where', () => {
  const bound = (bind: (store: StorageTableStore, who: Target) => { settings: Readonly<Record<string, string>> }) =>
    synthesize((stack) => {
      const store = new StorageTableStore(stack, 'Store', { site });
      new TerraformOutput(stack, 'settings', { value: bind(store, new Target(stack, 'Target')).settings });
    });
  const settings = { STORE_ENDPOINT: '${azurerm_storage_account.rows.primary_table_endpoint}', STORE_TABLE: TABLE };
  const scope = `${ACCOUNT}/tableServices/default/tables/${TABLE}`;

  test('a writer has the narrowest role there is, on the table alone', () => {
    const { one, json } = bound((store, who) => store.bindWriter(who, 'STORE'));
    expect(one('azurerm_role_assignment')).toMatchObject({
      role_definition_name: 'Storage Table Data Contributor',
      scope,
      principal_id: 'principal-of-target',
    });
    expect(json.output.settings.value).toEqual({ ...settings, STORE_LOOK_UP_BY: 'source' });
  });

  test('a reader looks rows up', () => {
    const { one, json } = bound((store, who) => store.bindReader(who, 'STORE'));
    expect(one('azurerm_role_assignment')).toMatchObject({ role_definition_name: 'Storage Table Data Reader', scope });
    expect(json.output.settings.value).toEqual(settings);
  });

  test('a person is shown rows by a command', () => {
    const { json } = synthesize((stack) => {
      new TerraformOutput(stack, 'show', { value: new StorageTableStore(stack, 'Store', { site }).showCommand });
    });
    expect(json.output.show.value).toBe(
      `az storage entity query --auth-mode login --account-name \${azurerm_storage_account.rows.name} --table-name ${TABLE} --num-results 10`,
    );
  });
});

describe('alerts', () => {
  const alerts = new Map(
    make()
      .all('azurerm_monitor_metric_alert')
      .map((alert) => [alert.name, alert]),
  );
  const rings = (name: string, series: Series) => ringsOnMetrics(alerts.get(name), series, 60);

  test.each([
    ['acme-rows-tables-throttled', 'ServerBusyError'],
    ['acme-rows-tables-throttled', 'ClientThrottlingError'],
    ['acme-rows-tables-errors', 'ServerOtherError'],
    ['acme-rows-tables-errors', 'ServerTimeoutError'],
  ])('%s rings at the fifth %s within a quarter of an hour', (name, type) => {
    expect(alerts.get(name).scopes).toEqual([`${ACCOUNT}/tableServices/default`]);
    const failed = `Transactions{${type}}`;
    expect(rings(name, { [failed]: { 3: 2, 7: 2, 11: 1 } })).toEqual([15]);
    expect(rings(name, { [failed]: { 7: 4 } })).toEqual([]);
    expect(rings(name, { 'Transactions{Success}': { 7: 400 } })).toEqual([]);
  });
});

describe('refuses', () => {
  test('a second store of one name, in a site and in an account', () => {
    const twice = (more: object) => () =>
      synthesize((stack) => ['First', 'Second'].map((id) => new StorageTableStore(stack, id, { site, ...more })));
    const message = (what: string) =>
      `test/Second: each ${what} must have its own name, got "rows", which test/First has. Set name on one of them.`;
    expect(twice({})).toThrow(new Error(message('storage account of a site')));
    expect(twice({ accountId })).toThrow(new Error(message('store in an account')));
  });

  test.each<[string, Partial<StorageTableStoreProps>, string]>([
    [
      'a name that does not fit into that of an account',
      { name: 'history' },
      'test/Store: name must be 1 to 5 lower-case letters and digits, got "history". The name of a storage account has no room for more.',
    ],
    [
      'a field that the store sets',
      { lookUpBy: 'RowKey' },
      'test/Store: lookUpBy must be the name of a field of a row, and none that the store sets, got "RowKey". Write it like subject: 1 to 100 letters, digits and underscores, no digit first.',
    ],
    [
      'copies that are not on offer',
      { redundancy: 'three' as 'LRS' },
      'test/Store: redundancy must be LRS, ZRS, GRS or GZRS, got "three". In a region without zones take LRS.',
    ],
    [
      'the name of an account for its id',
      { accountId: 'theirs' },
      'test/Store: accountId must be the id of a storage account, got "theirs". Find it with az storage account show.',
    ],
    [
      'settings for an account that is there',
      { accountId, redundancy: 'LRS', lock: true },
      'test/Store: accountId keeps its own settings, got redundancy and lock beside it. Leave redundancy and lock out.',
    ],
    [
      'one key to destroy',
      { removal: 'destroy' },
      `test/Store: removal 'destroy' needs the context destroyData to be "yes", got nothing. Set DESTROY_DATA=yes in the environment of this command, or leave removal out to keep the data.`,
    ],
  ])('%s', (_, props, message) => expect(() => make(props)).toThrow(new Error(message)));
});
