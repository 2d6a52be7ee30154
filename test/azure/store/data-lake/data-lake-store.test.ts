import { TerraformOutput, TerraformVariable } from 'cdktf';
import { EventHubBuffer } from '../../../../azure/connect/event-hub/event-hub-buffer';
import { DataLakeStore, type DataLakeStoreProps } from '../../../../azure/store/data-lake/data-lake-store';
import { ringsOnLogs } from '../../../support/azure-monitor';
import { documentedDefaults } from '../../../support/defaults';
import { expectSnapshot } from '../../../support/snapshot';
import { onCall, Person, readable, site, synthesize, Target } from '../../stand-ins';

const accountId = '/subscriptions/s/resourceGroups/g/providers/Microsoft.Storage/storageAccounts/theirs';
const make = (props: Partial<DataLakeStoreProps> = {}, context = {}) =>
  synthesize((stack) => new DataLakeStore(stack, 'Store', { site, ...props }), context);

test('the snapshot', () => {
  const { azurerm_monitor_diagnostic_setting: _, ...resources } = make().json.resource!;
  expectSnapshot(
    'azure/store/data-lake/data-lake-store.snapshot.yaml',
    'Each zone is a container. There are no keys and no versions; Terraform refuses to destroy the account and its containers.',
    readable(resources),
  );
});

test('documents the defaults that it has', () => {
  const { one } = make();
  const account = one('azurerm_storage_account');
  expect(documentedDefaults('azure/store/data-lake/data-lake-store.ts', 'DataLakeStoreProps')).toEqual({
    name: account.name.slice('acme'.length, -'1a2b3c4d'.length),
    redundancy: account.account_replication_type,
    undeleteWindowDays: String(account.blob_properties.delete_retention_policy.days),
    removal: account.lifecycle.prevent_destroy ? 'retain' : 'destroy',
    lock: String(Object.keys(make().json.resource!).includes('azurerm_management_lock')),
  });
});

test('has a hierarchical namespace and no versions, which Azure refuses for one', () => {
  const account = make().one('azurerm_storage_account');
  expect(account.is_hns_enabled).toBe(true);
  expect(account.blob_properties).toEqual({ container_delete_retention_policy: { days: 30 }, delete_retention_policy: { days: 30 } });
});

test('has raw, curated and served, and only old files of raw grow cold', () => {
  const { all, one } = make();
  expect(all('azurerm_storage_container').map(({ name }) => name)).toEqual(['curated', 'dead-letter', 'raw', 'served']);
  const [rule, ...others] = one('azurerm_storage_management_policy').rule;
  expect(others).toEqual([]);
  expect(rule).toMatchObject({ name: 'raw', filters: { prefix_match: ['${azurerm_storage_container.lake_raw.name}/'] } });
  expect(rule.actions.base_blob).toEqual({ tier_to_cold_after_days_since_modification_greater_than: 90 });
});

test('takes zones with ages of their own', () => {
  const { one } = make({ zones: { landing: { expireAfterDays: 7 }, gold: { coldAfterDays: 30, expireAfterDays: 400 }, lab: {} } });
  const rules = one('azurerm_storage_management_policy').rule;
  expect(rules.map(({ name, actions }: any) => [name, actions.base_blob])).toEqual([
    ['landing', { delete_after_days_since_modification_greater_than: 7 }],
    ['gold', { tier_to_cold_after_days_since_modification_greater_than: 30, delete_after_days_since_modification_greater_than: 400 }],
  ]);
});

test('a lake whose files neither grow cold nor expire has no rules: Azure takes no empty policy', () =>
  expect(Object.keys(make({ zones: { raw: {} } }).json.resource!)).not.toContain('azurerm_storage_management_policy'));

test('takes every setting', () => {
  const { one, all } = make(
    { name: 'sea', redundancy: 'GZRS', undeleteWindowDays: 90, notify: [onCall], removal: 'destroy', lock: true },
    { destroyData: 'yes' },
  );
  expect(one('azurerm_storage_account')).toMatchObject({
    name: 'acmesea1a2b3c4d',
    account_replication_type: 'GZRS',
    blob_properties: { delete_retention_policy: { days: 90 } },
  });
  expect([one('azurerm_storage_account'), ...all('azurerm_storage_container')].every(({ lifecycle }) => lifecycle === undefined)).toBe(
    true,
  );
  expect(one('azurerm_monitor_scheduled_query_rules_alert_v2').action).toEqual({ action_groups: [onCall] });
});

test('a lock is made after all that stands on the account, and so goes before it', () => {
  const { one, json } = synthesize((stack) =>
    new DataLakeStore(stack, 'Store', { site, lock: true }).zone('raw').bindWriter(new Person(stack, 'Writer'), 'STORE'),
  );
  const below = ['storage_container', 'monitor_diagnostic_setting', 'storage_management_policy', 'role_assignment'];
  const addresses = below.flatMap((type) => Object.keys(json.resource![`azurerm_${type}`]!).map((id) => `azurerm_${type}.${id}`));
  expect(one('azurerm_management_lock').depends_on.toSorted()).toEqual(addresses.toSorted());
});

test('makes its zones in an account that is there already, and leaves the account alone', () => {
  const { built, json, all } = make({ accountId, name: 'sales', zones: { raw: {}, served: {} } });
  expect(built.accountName).toBe('theirs');
  expect(Object.keys(json.resource!)).toEqual(['azurerm_storage_container']);
  expect(all('azurerm_storage_container').map(({ name }) => name)).toEqual(['sales-dead-letter', 'sales-raw', 'sales-served']);
});

test('what holds data keeps its address in the state', () =>
  expect(make().json.moved.map(({ to }: { to: string }) => to)).toEqual([
    'azurerm_storage_account.lake',
    'azurerm_storage_container.lake_raw',
    'azurerm_storage_container.lake_curated',
    'azurerm_storage_container.lake_served',
    'azurerm_storage_container.lake_dead_letter',
  ]));

describe('who may do what, and where', () => {
  const bound = (bind: (lake: DataLakeStore, who: Target) => { settings: Readonly<Record<string, string>> }, props: object = {}) => {
    const { one, json } = synthesize((stack) => {
      const lake = new DataLakeStore(stack, 'Store', { site, ...props });
      new TerraformOutput(stack, 'settings', { value: bind(lake, new Target(stack, 'Target')).settings });
    });
    const { role_definition_name: role, scope } = one('azurerm_role_assignment');
    return { role, scope, settings: json.output.settings.value };
  };

  test('a writer of one zone writes there, and sees nothing of the others', () => {
    expect(bound((lake, who) => lake.zone('raw').bindWriter(who, 'STORE'), { accountId })).toEqual({
      role: 'Storage Blob Data Contributor',
      scope: '${azurerm_storage_container.lake_raw.id}',
      settings: {
        STORE_ENDPOINT: 'https://theirs.blob.core.windows.net/',
        STORE_CONTAINER: '${azurerm_storage_container.lake_raw.name}',
      },
    });
  });

  test('a reader of one zone reads there', () =>
    expect(bound((lake, who) => lake.zone('served').bindReader(who, 'LAKE'))).toMatchObject({
      role: 'Storage Blob Data Reader',
      scope: '${azurerm_storage_container.lake_served.id}',
      settings: { LAKE_ENDPOINT: '${azurerm_storage_account.lake.primary_blob_endpoint}' },
    }));

  test('Spark reaches a zone at its address of the Data Lake API', () => {
    const urlOf = (props: object) =>
      synthesize((stack) => {
        const { url } = new DataLakeStore(stack, 'Store', { site, ...props }).zone('raw');
        new TerraformOutput(stack, 'url', { value: url });
      }).json.output.url.value;
    const name = '${azurerm_storage_container.lake_raw.name}';
    expect(urlOf({})).toBe(`\${azurerm_storage_account.lake.primary_dfs_endpoint}${name}`);
    expect(urlOf({ accountId })).toBe(`https://theirs.dfs.core.windows.net/${name}`);
  });

  test('a service without code writes into a zone', () => {
    const { built, one } = synthesize((stack) =>
      new DataLakeStore(stack, 'Store', { site }).zone('curated').bindDelivery(new Person(stack, 'Job')),
    );
    expect(built).toMatchObject({ prefix: '' });
    expect(one('azurerm_role_assignment').scope).toBe('${azurerm_storage_container.lake_curated.id}');
  });

  test('a writer of the dead letter writes there', () =>
    expect(bound((lake, who) => lake.deadLetter.bindWriter(who, 'DEAD_LETTER'))).toMatchObject({
      role: 'Storage Blob Data Contributor',
      scope: '${azurerm_storage_container.lake_dead_letter.id}',
    }));
});

describe('the alert on dead letters', () => {
  const alert = make().one('azurerm_monitor_scheduled_query_rules_alert_v2');
  const row = (more: object = {}) => ({
    minute: 20,
    AccountName: '${azurerm_storage_account.lake.name}',
    ObjectKey: '/acmelake/${azurerm_storage_container.lake_dead_letter.name}/year=2026/x.json',
    OperationName: 'PutBlob',
    Category: 'StorageWrite',
    StatusText: 'Success',
    ...more,
  });
  const rings = (...rows: ReturnType<typeof row>[]) => ringsOnLogs(alert, { StorageBlobLogs: rows }, 60);

  test('rings on a letter of a handler, which uses the Blob API', () => expect(rings(row())).toEqual([30, 45]));
  test.each(['CreatePathFile', 'AppendFile', 'FlushFile'])('rings on %s, a write by the Data Lake API', (OperationName) =>
    expect(rings(row({ OperationName }))).toEqual([30, 45]),
  );
  test('stays silent when somebody reads letters, or a write is refused, or a file is written to a zone', () =>
    expect(
      rings(
        row({ Category: 'StorageRead', OperationName: 'GetBlob' }),
        row({ StatusText: 'AuthorizationFailure' }),
        row({ ObjectKey: '/acmelake/${azurerm_storage_container.lake_raw.name}/x.ndjson.gz' }),
      ),
    ).toEqual([]));
});

test('two zones deliver the events of their files by one topic, each to its own buffer', () => {
  const { all, one } = synthesize((stack) => {
    const lake = new DataLakeStore(stack, 'Store', { site });
    for (const zone of ['raw', 'curated']) lake.zone(zone).deliverCreated(new EventHubBuffer(stack, zone, { site, name: zone }));
  });
  expect(one('azurerm_eventgrid_system_topic').source_resource_id).toBe('${azurerm_storage_account.lake.id}');
  expect(
    all('azurerm_eventgrid_system_topic_event_subscription').map((each) => [each.name, each.subject_filter.subject_begins_with]),
  ).toEqual([
    ['acme-lake-curated', '/blobServices/default/containers/${azurerm_storage_container.lake_curated.name}/blobs/'],
    ['acme-lake-raw', '/blobServices/default/containers/${azurerm_storage_container.lake_raw.name}/blobs/'],
  ]);
});

test('the Data Lake API creates a file empty: there is no event before it is closed', () => {
  const { one } = synthesize((stack) =>
    new DataLakeStore(stack, 'Store', { site }).zone('raw').deliverCreated(new EventHubBuffer(stack, 'Buffer', { site })),
  );
  expect(one('azurerm_eventgrid_system_topic_event_subscription').advanced_filter).toEqual({
    string_not_in: [{ key: 'data.api', values: ['CreateFile'] }],
  });
});

describe('refuses', () => {
  test('a zone that it does not have', () =>
    expect(() => make().built.zone('bronze')).toThrow(
      new Error('test/Store: zone must be one of raw, curated, served, got "bronze". Add it to zones.'),
    ));

  test('a second lake of one name', () =>
    expect(() => synthesize((stack) => ['First', 'Second'].map((id) => new DataLakeStore(stack, id, { site })))).toThrow(
      new Error(
        'test/Second: each storage account of a site must have its own name, got "lake", which test/First has. Set name on one of them.',
      ),
    ));

  test('a second delivery of the files of one zone', () =>
    expect(() =>
      synthesize((stack) => {
        const raw = new DataLakeStore(stack, 'Store', { site }).zone('raw');
        const sink = new EventHubBuffer(stack, 'Buffer', { site });
        raw.deliverCreated(sink);
        raw.deliverCreated(sink);
      }),
    ).toThrow(
      new Error(
        'test/Store: deliverCreated must be called once for raw, got a second call. An event hub has several readers, each with its own consumer group.',
      ),
    ));

  test.each<[string, Partial<DataLakeStoreProps>, string]>([
    [
      'no zones',
      { zones: {} },
      'test/Store: zones must have at least one zone, got none. Write them like { raw: { coldAfterDays: 90 }, served: {} }.',
    ],
    [
      'a zone that no container can be named after',
      { zones: { Raw: {} } },
      'test/Store: each of zones must be named in 3 to 40 lower-case letters, digits and single hyphens, got "Raw". A container is named after it.',
    ],
    [
      'a zone that is called like the dead letter',
      { zones: { 'dead-letter': {} } },
      'test/Store: each of zones must not be named dead-letter or created-dead-letter, got "dead-letter". The lake has containers of these names already.',
    ],
    [
      'a zone without settings',
      { zones: { raw: null as unknown as object } },
      'test/Store: zones.raw must be the settings of a zone, got null. Write {} for none.',
    ],
    [
      'to archive at once',
      { zones: { raw: { coldAfterDays: 0 } } },
      'test/Store: zones.raw.coldAfterDays must be 1 to 36500 days, got 0. Objects that are younger are still read.',
    ],
    [
      'to delete before it archives',
      { zones: { raw: { coldAfterDays: 90, expireAfterDays: 30 } } },
      'test/Store: zones.raw.expireAfterDays must be more than coldAfterDays, which is 90, got 30. Azure bills at least 90 days in the cold tier.',
    ],
    [
      'ages in an account that is there',
      { accountId, zones: { raw: { coldAfterDays: 30 } } },
      'test/Store: accountId keeps its own settings, got zones.raw.coldAfterDays beside it. Leave zones.raw.coldAfterDays out.',
    ],
    [
      'one key to destroy',
      { removal: 'destroy' },
      `test/Store: removal 'destroy' needs the context destroyData to be "yes", got nothing. Set DESTROY_DATA=yes in the environment of this command, or leave removal out to keep the data.`,
    ],
  ])('%s', (_, props, message) => expect(() => make(props)).toThrow(new Error(message)));
});

test('ages that are known only at deploy are accepted', () => {
  const { one } = synthesize((stack) => {
    const days = new TerraformVariable(stack, 'days', {}).numberValue;
    new DataLakeStore(stack, 'Store', { site, zones: { raw: { coldAfterDays: 30, expireAfterDays: days } } });
  });
  expect(one('azurerm_storage_management_policy').rule[0].actions.base_blob.delete_after_days_since_modification_greater_than).toBe(
    '${var.days}',
  );
});
