import { TerraformOutput, type TerraformStack, TerraformVariable } from 'cdktf';
import { Construct } from 'constructs';
import { EventHubBuffer } from '../../../../azure/connect/event-hub/event-hub-buffer';
import { BlobStore, type BlobStoreProps } from '../../../../azure/store/blob/blob-store';
import { documentedDefaults } from '../../../support/defaults';
import { expectSnapshot } from '../../../support/snapshot';
import { onCall, Person, readable, site, synthesize, Target } from '../../stand-ins';

const accountId = '/subscriptions/s/resourceGroups/g/providers/Microsoft.Storage/storageAccounts/theirs';
const make = (props: Partial<BlobStoreProps> = {}, context = {}) =>
  synthesize((stack) => new BlobStore(stack, 'Store', { site, ...props }), context);

test('the snapshot', () => {
  expectSnapshot(
    'azure/store/blob/blob-store.snapshot.yaml',
    'There are no keys and no anonymous access; Terraform refuses to destroy the account and its containers.',
    readable(make().json.resource),
  );
});

test('documents the defaults that it has', () => {
  const { one } = make();
  const account = one('azurerm_storage_account');
  const [archive] = one('azurerm_storage_management_policy').rule;
  expect(documentedDefaults('azure/store/blob/blob-store.ts', 'BlobStoreProps')).toEqual({
    name: account.name.slice('acme'.length, -'1a2b3c4d'.length),
    redundancy: account.account_replication_type,
    coldAfterDays: String(archive.actions.base_blob.tier_to_cold_after_days_since_modification_greater_than),
    undeleteWindowDays: String(account.blob_properties.delete_retention_policy.days),
    removal: account.lifecycle.prevent_destroy ? 'retain' : 'destroy',
    lock: String(Object.keys(make().json.resource!).includes('azurerm_management_lock')),
  });
});

test('takes every setting', () => {
  const { one, all } = make(
    { name: 'raw', redundancy: 'LRS', coldAfterDays: 30, undeleteWindowDays: 365, notify: [onCall], removal: 'destroy' },
    { destroyData: 'yes' },
  );
  const account = one('azurerm_storage_account');
  expect(account).toMatchObject({
    name: 'acmeraw1a2b3c4d',
    account_replication_type: 'LRS',
    blob_properties: { container_delete_retention_policy: { days: 365 }, delete_retention_policy: { days: 365 } },
  });
  expect([account, ...all('azurerm_storage_container')].map(({ lifecycle }) => lifecycle)).toEqual([undefined, undefined, undefined]);
  expect(one('azurerm_storage_management_policy').rule[0].actions.base_blob).toEqual({
    tier_to_cold_after_days_since_modification_greater_than: 30,
  });
  expect(one('azurerm_monitor_scheduled_query_rules_alert_v2').action).toEqual({ action_groups: [onCall] });
});

test('makes its containers in an account that is there already, and leaves the account alone', () => {
  const { built, json } = make({ accountId });
  expect(built.accountName).toBe('theirs');
  expect(Object.keys(json.resource!)).toEqual(['azurerm_storage_container']);
});

test('uses an account whose id is known only at deploy', () => {
  const { json } = synthesize((stack) => {
    const account = new TerraformVariable(stack, 'account', {}).stringValue;
    const store = new BlobStore(stack, 'Store', { site, accountId: account });
    new TerraformOutput(stack, 'settings', { value: store.bindWriter(new Target(stack, 'Target'), 'STORE').settings });
  });
  expect(json.output.settings.value.STORE_ENDPOINT).toBe('https://${element(split("/", var.account), 8)}.blob.core.windows.net/');
});

test('stands twice in one stack', () => {
  const { all } = synthesize((stack) => ['one', 'two'].map((name) => new BlobStore(stack, name, { site, name })));
  expect(all('azurerm_storage_account').map(({ name }) => name)).toEqual(['acmeone1a2b3c4d', 'acmetwo1a2b3c4d']);
});

test('stands twice in one account, under names of its own', () => {
  const { all } = synthesize((stack) => ['one', 'two'].map((name) => new BlobStore(stack, name, { site, name, accountId })));
  expect(all('azurerm_storage_container').map(({ name }) => name)).toEqual([
    'one-dead-letter',
    'one-events',
    'two-dead-letter',
    'two-events',
  ]);
});

test('what holds data keeps its address in the state when its construct is renamed, moved or nested', () => {
  const build = (place: (stack: TerraformStack) => Construct, id: string) =>
    synthesize((stack) => new BlobStore(place(stack), id, { site })).json;
  const [before, after] = [build((stack) => stack, 'Store'), build((stack) => new Construct(stack, 'Nested'), 'Renamed')];
  for (const type of ['azurerm_storage_account', 'azurerm_storage_container']) {
    expect(Object.keys(after.resource![type]!)).toEqual(Object.keys(before.resource![type]!));
  }
  // A state from before is told that it is the same.
  expect(before.moved).toEqual([
    { from: 'azurerm_storage_account.Store_Account_9B4392F6', to: 'azurerm_storage_account.data' },
    { from: 'azurerm_storage_container.Store_Events_33007636', to: 'azurerm_storage_container.data_events' },
    { from: 'azurerm_storage_container.Store_DeadLetter_F9720AD8', to: 'azurerm_storage_container.data_dead_letter' },
  ]);
});

test('a lock is made after all that stands on the account, and so goes before it', () => {
  const { one, json } = synthesize((stack) =>
    new BlobStore(stack, 'Store', { site, lock: true }).bindWriter(new Person(stack, 'Writer'), 'STORE'),
  );
  const lock = one('azurerm_management_lock');
  expect(lock).toMatchObject({ lock_level: 'CanNotDelete', scope: '${azurerm_storage_account.data.id}' });
  const below = [
    'azurerm_storage_container',
    'azurerm_monitor_diagnostic_setting',
    'azurerm_storage_management_policy',
    'azurerm_role_assignment',
  ];
  const addresses = below.flatMap((type) => Object.keys(json.resource![type]!).map((id) => `${type}.${id}`));
  expect(lock.depends_on.toSorted()).toEqual(addresses.toSorted());
});

test('an id in the letters that Azure hands out is written as the provider reads it', () => {
  const theirs = '/subscriptions/S/resourcegroups/g/providers/microsoft.storage/storageaccounts/theirs';
  expect(
    new Set(
      make({ accountId: theirs })
        .all('azurerm_storage_container')
        .map((one) => one.storage_account_id),
    ),
  ).toEqual(new Set([accountId]));
});

test('a binding hands back the role that it made', () => {
  const { built } = synthesize((stack) => new BlobStore(stack, 'Store', { site }).bindReader(new Person(stack, 'Person'), 'STORE'));
  expect(built.role.roleDefinitionNameInput).toBe('Storage Blob Data Reader');
});

test('nobody gets in with a key, without a name, or without TLS', () => {
  const { one, all } = make();
  expect(one('azurerm_storage_account')).toMatchObject({
    shared_access_key_enabled: false,
    local_user_enabled: false,
    allow_nested_items_to_be_public: false,
    https_traffic_only_enabled: true,
    min_tls_version: 'TLS1_2',
  });
  expect(all('azurerm_storage_container').map((container) => container.container_access_type)).toEqual(['private', 'private']);
});

test('old versions do not pile up, and can be brought back all the same', () => {
  const { one } = make();
  expect(one('azurerm_storage_management_policy').rule).toContainEqual({
    name: 'old-versions',
    enabled: true,
    filters: { blob_types: ['blockBlob'] },
    actions: { version: { delete_after_days_since_creation: 1 } },
  });
  expect(one('azurerm_storage_account').blob_properties).toMatchObject({ versioning_enabled: true, delete_retention_policy: { days: 30 } });
});

test('only events grow cold: the dead letter stays as it is', () => {
  const [archive] = make().one('azurerm_storage_management_policy').rule;
  expect(archive.filters.prefix_match).toEqual(['${azurerm_storage_container.data_events.name}/']);
});

describe('objects are archived', () => {
  const actionsOf = (props: Partial<BlobStoreProps>) =>
    make({ redundancy: 'GRS', ...props }).one('azurerm_storage_management_policy').rule[0].actions.base_blob;
  const archived = {
    tier_to_archive_after_days_since_modification_greater_than: 30,
    tier_to_archive_after_days_since_last_tier_change_greater_than: 7,
  };

  test('without a stop in the cold tier, and what is brought back stays for a week', () =>
    expect(actionsOf({ archiveAfterDays: 30 })).toEqual(archived));

  test('after the cold tier, and before they expire', () =>
    expect(actionsOf({ coldAfterDays: 7, archiveAfterDays: 30, expireAfterDays: 365 })).toEqual({
      ...archived,
      tier_to_cold_after_days_since_modification_greater_than: 7,
      delete_after_days_since_modification_greater_than: 365,
    }));
});

describe('objects expire', () => {
  const rulesOf = (props: Partial<BlobStoreProps>) => make(props).one('azurerm_storage_management_policy').rule;

  test('only if they are told to, and dead letters never', () => {
    expect(JSON.stringify(rulesOf({}))).not.toContain('delete_after_days_since_modification');
    const [archive] = rulesOf({ expireAfterDays: 365 });
    expect(archive.filters.prefix_match).toEqual(['${azurerm_storage_container.data_events.name}/']);
    expect(archive.actions.base_blob).toEqual({
      delete_after_days_since_modification_greater_than: 365,
      tier_to_cold_after_days_since_modification_greater_than: 90,
    });
  });

  test('without a move to the cold tier, if they expire before', () =>
    expect(rulesOf({ expireAfterDays: 90 })[0].actions.base_blob).toEqual({ delete_after_days_since_modification_greater_than: 90 }));
});

test('events of new objects are delivered once', () => {
  const twice = () =>
    synthesize((stack) => {
      const store = new BlobStore(stack, 'Store', { site });
      for (const name of ['one', 'two']) store.deliverCreated(new EventHubBuffer(stack, name, { site, name }));
    });
  expect(twice).toThrow(
    new Error(
      'test/Store: deliverCreated must be called once for events, got a second call. An event hub has several readers, each with its own consumer group.',
    ),
  );
});

test('an alert rings when something is written to the dead letter, and to nothing else', () => {
  const { query } = make().one('azurerm_monitor_scheduled_query_rules_alert_v2').criteria[0];
  expect(query).toMatch(/^StorageBlobLogs \| where AccountName == "\$\{azurerm_storage_account\.\w+\.name}" /);
  expect(query).toMatch(/ObjectKey contains "\/\$\{azurerm_storage_container\.data_dead_letter\.name}\/"/);
});

test('each log is seen by two looks of the alert, since it may come late', () => {
  expect(make().one('azurerm_monitor_scheduled_query_rules_alert_v2')).toMatchObject({
    evaluation_frequency: 'PT15M',
    window_duration: 'PT30M',
  });
});

describe('who may do what, and where', () => {
  const roles = (bind: (store: BlobStore, who: Target) => { settings: Readonly<Record<string, string>> }) => {
    const { one, json } = synthesize((stack) => {
      const store = new BlobStore(stack, 'Store', { site, accountId });
      new TerraformOutput(stack, 'settings', { value: bind(store, new Target(stack, 'Target')).settings });
    });
    const { role_definition_name, scope } = one('azurerm_role_assignment');
    return { role: role_definition_name, scope, settings: json.output.settings.value };
  };
  const endpoint = 'https://theirs.blob.core.windows.net/';

  test('a writer writes events', () => {
    expect(roles((store, who) => store.bindWriter(who, 'STORE'))).toEqual({
      role: 'Storage Blob Data Contributor',
      scope: '${azurerm_storage_container.data_events.id}',
      settings: { STORE_ENDPOINT: endpoint, STORE_CONTAINER: expect.stringContaining('data_events') },
    });
  });

  test('a reader reads events', () => {
    expect(roles((store, who) => store.bindReader(who, 'STORE'))).toMatchObject({
      role: 'Storage Blob Data Reader',
      scope: expect.stringContaining('data_events'),
    });
  });

  test('a writer of the dead letter writes there', () => {
    expect(roles((store, who) => store.deadLetter.bindWriter(who, 'DEAD_LETTER'))).toEqual({
      role: 'Storage Blob Data Contributor',
      scope: '${azurerm_storage_container.data_dead_letter.id}',
      settings: { DEAD_LETTER_ENDPOINT: endpoint, DEAD_LETTER_CONTAINER: expect.stringContaining('data_dead_letter') },
    });
  });

  test('a person reads as the person', () => {
    const { one } = synthesize((stack) => new BlobStore(stack, 'Store', { site }).bindReader(new Person(stack, 'Person'), 'STORE'));
    expect(one('azurerm_role_assignment')).toMatchObject({ principal_id: 'principal-of-person', principal_type: 'User' });
  });
});

describe('refuses', () => {
  test('a second store of one name', () =>
    expect(() => synthesize((stack) => ['First', 'Second'].map((id) => new BlobStore(stack, id, { site })))).toThrow(
      new Error(
        'test/Second: each storage account of a site must have its own name, got "data", which test/First has. Set name on one of them.',
      ),
    ));

  test.each<[string, Partial<BlobStoreProps>, string]>([
    [
      'a long name',
      { name: 'events' },
      'test/Store: name must be 1 to 5 lower-case letters and digits, got "events". The name of a storage account has no room for more.',
    ],
    [
      'copies that are not on offer',
      { redundancy: 'RAGRS' as 'GRS' },
      'test/Store: redundancy must be LRS, ZRS, GRS or GZRS, got "RAGRS". In a region without zones take LRS.',
    ],
    [
      'to archive at once',
      { coldAfterDays: 0 },
      'test/Store: coldAfterDays must be 1 to 36500 days, got 0. Objects that are younger are still read.',
    ],
    [
      'to delete at once',
      { expireAfterDays: 0 },
      'test/Store: expireAfterDays must be 1 to 36500 days, got 0. Leave it out to keep objects.',
    ],
    [
      'to delete before it archives',
      { coldAfterDays: 30, expireAfterDays: 30 },
      'test/Store: expireAfterDays must be more than coldAfterDays, which is 30, got 30. Azure bills at least 90 days in the cold tier.',
    ],
    [
      'the archive tier in zones, which are the default',
      { archiveAfterDays: 30 },
      'test/Store: redundancy must be LRS or GRS, got "ZRS". With copies in zones there is no archive tier: leave archiveAfterDays out.',
    ],
    [
      'to send to the archive tier at once',
      { archiveAfterDays: 0 },
      'test/Store: archiveAfterDays must be 1 to 36500 days, got 0. Objects that are younger are still read.',
    ],
    [
      'the archive tier before the cold tier',
      { redundancy: 'GRS', coldAfterDays: 30, archiveAfterDays: 30 },
      'test/Store: archiveAfterDays must be more than coldAfterDays, which is 30, got 30. Azure bills at least 90 days in the cold tier.',
    ],
    [
      'to delete before the archive tier',
      { redundancy: 'GRS', archiveAfterDays: 30, expireAfterDays: 30 },
      'test/Store: expireAfterDays must be more than archiveAfterDays, which is 30, got 30. Azure bills at least 180 days in the archive tier.',
    ],
    [
      'an age of the archive tier for an account that is there',
      { accountId, archiveAfterDays: 30 },
      'test/Store: accountId keeps its own settings, got archiveAfterDays beside it. Leave archiveAfterDays out.',
    ],
    [
      'a long way back',
      { undeleteWindowDays: 366 },
      'test/Store: undeleteWindowDays must be 1 to 365 days, got 366. Azure does not keep deleted objects for longer.',
    ],
    [
      'the name of an account for its id',
      { accountId: 'theirs' },
      'test/Store: accountId must be the id of a storage account, got "theirs". Find it with az storage account show.',
    ],
    [
      'settings for an account that is there',
      { accountId, redundancy: 'LRS', undeleteWindowDays: 7 },
      'test/Store: accountId keeps its own settings, got redundancy and undeleteWindowDays beside it. Leave redundancy and undeleteWindowDays out.',
    ],
    [
      'one key to destroy',
      { removal: 'destroy' },
      `test/Store: removal 'destroy' needs the context destroyData to be "yes", got nothing. Set DESTROY_DATA=yes in the environment of this command, or leave removal out to keep the data.`,
    ],
  ])('%s', (_, props, message) => expect(() => make(props)).toThrow(new Error(message)));
});
