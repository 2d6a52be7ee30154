import { type TerraformStack, TerraformVariable } from 'cdktf';
import { Construct } from 'constructs';
import { DataFactoryCopy, type DataFactoryCopyProps } from '../../../../azure/buffer/data-factory/data-factory-copy';
import { EventHubBuffer } from '../../../../azure/connect/event-hub/event-hub-buffer';
import type { ContainerStore } from '../../../../azure/ports/stores';
import { BlobStore } from '../../../../azure/store/blob/blob-store';
import { DataLakeStore } from '../../../../azure/store/data-lake/data-lake-store';
import { ringsOnLogs } from '../../../support/azure-monitor';
import { documentedDefaults } from '../../../support/defaults';
import { expectSnapshot } from '../../../support/snapshot';
import { onCall, readable, site, synthesize } from '../../stand-ins';

const account = (name: string) => `/subscriptions/s/resourceGroups/g/providers/Microsoft.Storage/storageAccounts/${name}`;
const startTime = '2026-01-01T00:00:00Z';
const build = (stack: TerraformStack, props: Partial<DataFactoryCopyProps> = {}, scope: Construct = stack, id = 'Copy') => {
  const [from, to] = ['theirs', 'ours'].map(
    (name) => new BlobStore(stack, name, { site, name: name.slice(0, 5), accountId: account(name) }),
  );
  return new DataFactoryCopy(scope, id, { site, from: from!, to: to!, startTime, ...props });
};
const make = (props: Partial<DataFactoryCopyProps> = {}) => synthesize((stack) => build(stack, props));
/** A copy of each new file. */
const created = { on: 'created', startTime: undefined } as const;
const activityOf = (props?: Partial<DataFactoryCopyProps>) =>
  JSON.parse(make(props).one('azurerm_data_factory_pipeline').activities_json)[0];
const parts = ['', '_linked_service_azure_blob_storage', '_dataset_binary', '_pipeline', '_trigger_tumbling_window'];

test('the snapshot', () => {
  const resources = make().json.resource!;
  expectSnapshot(
    'azure/buffer/data-factory/data-factory-copy.snapshot.yaml',
    'The factory signs in with its identity; its trigger waits for both roles, and copies one window at a time.',
    readable(
      Object.fromEntries(
        [...parts.map((part) => `azurerm_data_factory${part}`), 'azurerm_role_assignment'].map((type) => [type, resources[type]]),
      ),
    ),
  );
});

test('documents the defaults that it has', () => {
  const { one } = make();
  const trigger = one('azurerm_data_factory_trigger_tumbling_window');
  expect(documentedDefaults('azure/buffer/data-factory/data-factory-copy.ts', 'DataFactoryCopyProps')).toEqual({
    name: trigger.name,
    everyMinutes: String(trigger.interval),
    maxRetries: String(activityOf().policy.retry),
    on: 'windows',
  });
  expect(Object.keys(make().json.resource!)).not.toContain('azurerm_data_factory_trigger_blob_event');
});

test('takes every setting', () => {
  const { one, all } = make({ name: 'nightly', everyMinutes: 1440, maxRetries: 0, notify: [onCall] });
  expect(one('azurerm_data_factory').name).toBe('acme-nightly-1a2b3c4d');
  expect(one('azurerm_data_factory_trigger_tumbling_window')).toMatchObject({ interval: 1440, start_time: startTime });
  expect(JSON.parse(one('azurerm_data_factory_pipeline').activities_json)[0].policy.retry).toBe(0);
  expect(all('azurerm_monitor_metric_alert').map(({ action }) => action)).toEqual([
    [{ action_group_id: onCall }],
    [{ action_group_id: onCall }],
  ]);
});

test('a window has the files that were written in it, and writes the same names when it runs again', () => {
  const { typeProperties, inputs, outputs } = activityOf({ prefix: 'events/raw/' });
  expect(typeProperties.source.storeSettings).toMatchObject({
    wildcardFileName: '*',
    modifiedDatetimeStart: { value: '@pipeline().parameters.windowStart', type: 'Expression' },
    modifiedDatetimeEnd: { value: '@pipeline().parameters.windowEnd', type: 'Expression' },
    deleteFilesAfterCompletion: false,
  });
  expect(inputs[0].parameters).toEqual({ folder: 'events/raw' });
  expect(outputs[0].parameters.folder.value).toBe(
    "@concat('window=', formatDateTime(pipeline().parameters.windowStart, 'yyyy-MM-ddTHH-mm'))",
  );
});

test('parts name each other by reference, so that Terraform makes them in order', () => {
  const { one, all } = make();
  expect(one('azurerm_data_factory_trigger_tumbling_window').pipeline.name).toMatch(/^\$\{azurerm_data_factory_pipeline\./);
  for (const { linked_service_name } of all('azurerm_data_factory_dataset_binary')) expect(linked_service_name).toMatch(/^\$\{azurerm_/);
  expect(activityOf().inputs[0].referenceName).toMatch(/^\$\{azurerm_data_factory_dataset_binary\./);
});

test('it reads one store and writes the other, as its own identity, before the first window', () => {
  const { all, one } = make();
  const roles = all('azurerm_role_assignment');
  expect(roles.map(({ role_definition_name, principal_id }) => [role_definition_name, principal_id])).toEqual([
    ['Storage Blob Data Reader', '${azurerm_data_factory.copy.identity[0].principal_id}'],
    ['Storage Blob Data Contributor', '${azurerm_data_factory.copy.identity[0].principal_id}'],
  ]);
  expect(one('azurerm_data_factory_trigger_tumbling_window').depends_on).toHaveLength(2);
});

test('a new file keeps its folder and its name, and Event Grid names its container first', () => {
  const { typeProperties, inputs, outputs } = activityOf(created);
  expect(typeProperties.source.storeSettings).toEqual({
    type: 'AzureBlobStorageReadSettings',
    recursive: true,
    deleteFilesAfterCompletion: false,
  });
  const folder = { value: "@join(skip(split(pipeline().parameters.folder, '/'), 1), '/')", type: 'Expression' };
  expect(inputs[0].parameters).toEqual({ folder, file: { value: '@pipeline().parameters.file', type: 'Expression' } });
  expect(outputs[0].parameters).toEqual({ folder });
});

test('each new file of the folders starts a copy, once its roles exist and it is filled', () => {
  const { one, all, json } = make({ ...created, prefix: 'exports/' });
  expect(one('azurerm_data_factory_trigger_blob_event')).toMatchObject({
    storage_account_id: account('theirs'),
    events: ['Microsoft.Storage.BlobCreated'],
    blob_path_begins_with: '/${azurerm_storage_container.their_events.name}/blobs/exports/',
    ignore_empty_blobs: true,
    pipeline: [{ parameters: { folder: '@triggerBody().folderPath', file: '@triggerBody().fileName' } }],
    depends_on: [expect.stringContaining('Reader'), expect.stringContaining('Writer')],
  });
  // Several files at once are copied side by side, and silence is no fault.
  expect(one('azurerm_data_factory_pipeline').concurrency).toBeUndefined();
  expect(all('azurerm_monitor_scheduled_query_rules_alert_v2')).toEqual([]);
  expect(json.resource!.azurerm_data_factory_trigger_tumbling_window).toBeUndefined();
});

test('a trigger for new files comes after the system topic of its account', () => {
  const { one } = synthesize((stack) => {
    const [store, other] = ['from', 'to'].map((name) => new BlobStore(stack, name, { site, name }));
    const copy = new DataFactoryCopy(stack, 'Copy', { site, from: store!, to: other!, on: 'created' });
    for (const buffered of [store!, other!])
      buffered.deliverCreated(new EventHubBuffer(stack, `${buffered.node.id}Events`, { site, name: buffered.node.id }));
    return copy;
  });
  const { depends_on } = one('azurerm_data_factory_trigger_blob_event');
  expect(depends_on.filter((id: string) => id.includes('topic'))).toEqual(['azurerm_eventgrid_system_topic.from_created']);
});

test('zones of a data lake are copied from and to, each with a role of its own', () => {
  const { all } = synthesize((stack) => {
    const lake = new DataLakeStore(stack, 'Lake', { site });
    return new DataFactoryCopy(stack, 'Copy', { site, from: lake.zone('raw'), to: lake.zone('curated'), on: 'created' });
  });
  const ofFactory = all('azurerm_role_assignment').map(({ role_definition_name, scope }) => [role_definition_name, scope]);
  expect(ofFactory).toEqual([
    ['Storage Blob Data Reader', '${azurerm_storage_container.lake_raw.id}'],
    ['Storage Blob Data Contributor', '${azurerm_storage_container.lake_curated.id}'],
  ]);
  // A dataset of files has no form for the Data Lake API, and a lake answers the Blob API as well.
  for (const { service_endpoint } of all('azurerm_data_factory_linked_service_azure_blob_storage'))
    expect(service_endpoint).toBe('${azurerm_storage_account.lake.primary_blob_endpoint}');
});

test.each([
  [5, 'PT1H'],
  [60, 'PT3H'],
  [180, 'P1D'],
  [1440, 'P2D'],
  [1441, undefined],
])('windows of %d minutes: absence is looked for within %s', (everyMinutes, window) => {
  expect(
    make({ everyMinutes })
      .all('azurerm_monitor_scheduled_query_rules_alert_v2')
      .map((alert) => alert.window_duration),
  ).toEqual(window ? [window] : []);
});

describe('the alert on windows that are not copied', () => {
  const alert = make().one('azurerm_monitor_scheduled_query_rules_alert_v2');
  const run = (minute: number, Status = 'Succeeded', more = {}) => {
    const [, _ResourceId, PipelineName] = /=~ "([^"]+)" and PipelineName == "([^"]+)"/.exec(alert.criteria[0].query)!;
    return { minute, _ResourceId, PipelineName, Status, ...more };
  };
  const rings = (...ADFPipelineRun: ReturnType<typeof run>[]) => ringsOnLogs(alert, { ADFPipelineRun }, 360);

  const minutes = (from: number) => Array.from({ length: (360 - from) / 15 + 1 }, (_, index) => from + 15 * index);

  test('says what to look at', () =>
    expect(alert.description).toBe(
      'No window was copied for 3 hours. The trigger is stopped, or a copy hangs or fails: see Monitor in the portal.',
    ));
  test('fires without a single log, once the first windows have ended', () => expect(rings()).toEqual(minutes(195)));
  test('is silent before the first window starts', () => {
    const later = make({ startTime: '2026-01-01T03:00:00Z' }).one('azurerm_monitor_scheduled_query_rules_alert_v2');
    expect(ringsOnLogs(later, { ADFPipelineRun: [] }, 360)).toEqual([]);
    expect(ringsOnLogs(later, { ADFPipelineRun: [] }, 720)).toContain(375);
  });
  test('is silent as long as each hour is copied, also if one takes half an hour longer', () =>
    expect(rings(run(-50), run(10), run(100), run(130), run(190), run(250), run(310))).toEqual([]));
  test('fires when copies only fail', () => expect(rings(run(10), run(70, 'Failed'), run(130, 'Failed'))).toContain(195));
  test('does not take another pipeline for its own', () =>
    expect(rings(run(190, 'Succeeded', { PipelineName: 'theirs' }))).toEqual(minutes(195)));
});

test('windows that were copied keep their address in the state when the construct is renamed, moved or nested', () => {
  const places = [
    (stack: TerraformStack) => build(stack),
    (stack: TerraformStack) => build(stack, {}, new Construct(stack, 'Nested'), 'Renamed'),
  ];
  for (const type of ['azurerm_data_factory', 'azurerm_data_factory_trigger_tumbling_window']) {
    expect(places.map((place) => Object.keys(synthesize(place).json.resource![type]!))).toEqual([['copy'], ['copy']]);
  }
});

test('a start that is known only at deploy is accepted', () => {
  const { one } = synthesize((stack) => build(stack, { startTime: new TerraformVariable(stack, 'start', {}).stringValue }));
  expect(one('azurerm_data_factory_trigger_tumbling_window').start_time).toBe('${var.start}');
});

describe('refuses', () => {
  const bind = () => ({ settings: {}, waitFor: [] });
  const rows = { bindReader: bind, bindWriter: bind, container: { name: 'rows' } } satisfies ContainerStore;

  test.each<[string, Partial<DataFactoryCopyProps>, string]>([
    [
      'a name with a hyphen',
      { name: 'my-copy' },
      'name must be 1 to 20 lower-case letters and digits, got "my-copy". Start with a letter.',
    ],
    [
      'a start without a zone',
      { startTime: '2026-01-01' },
      'startTime must be a minute in UTC, got "2026-01-01". Write it like 2026-01-01T00:00:00Z.',
    ],
    [
      'windows of a minute',
      { everyMinutes: 1 },
      'everyMinutes must be 5 to 44640 minutes, got 1. For events as they come, use a processor.',
    ],
    ['retries without end', { maxRetries: 11 }, 'maxRetries must be 0 to 10 retries, got 11. After the last one, the alert fires.'],
    [
      'a file for folders',
      { prefix: 'events' },
      'prefix must be folders that end in a slash, got "events". Write it like events/ or raw/events/.',
    ],
    [
      'something that is no action group',
      { notify: ['me'] },
      'notify must be ids of action groups, got "me". See az monitor action-group list.',
    ],
    ['no start', { startTime: undefined }, 'startTime must be a minute in UTC, got "". Write it like 2026-01-01T00:00:00Z.'],
    ['another trigger', { on: 'deleted' as 'created' }, 'on must be windows or created, got "deleted". Leave it out for windows.'],
    [
      'windows of new files',
      { on: 'created', everyMinutes: 60 },
      "on 'created' has no windows, got startTime and everyMinutes beside it. Leave startTime and everyMinutes out.",
    ],
    [
      'a store of rows',
      { to: rows },
      'to must be a store with a container, got another one. Use a BlobStore, or a zone of a DataLakeStore.',
    ],
  ])('%s', (_, props, message) => expect(() => make(props)).toThrow(new Error(`test/Copy: ${message}`)));

  test('a copy of a store into itself', () =>
    expect(() =>
      synthesize((stack) => {
        const store = new BlobStore(stack, 'Store', { site });
        new DataFactoryCopy(stack, 'Copy', { site, from: store, to: store, startTime });
      }),
    ).toThrow(new Error('test/Copy: from and to must be two stores, got one. A copy would copy its own copies.')));

  test('a way back, by itself or over a third store', () =>
    expect(() =>
      synthesize((stack) => {
        const stores = ['a', 'b', 'c'].map((name) => new BlobStore(stack, name, { site, name }));
        const copy = (from: number, to: number) => {
          const name = `copy${from}${to}`;
          return new DataFactoryCopy(stack, name, { site, name, from: stores[from]!, to: stores[to]!, on: 'created' });
        };
        copy(0, 1);
        copy(1, 2);
        copy(0, 2);
        copy(2, 0);
      }),
    ).toThrow(
      new Error('test/copy20: to must not be copied back to from, got test/copy01. Each copy would be copied again, without end.'),
    ));

  test('a second factory of one name', () =>
    expect(() =>
      synthesize((stack) => {
        const first = build(stack);
        const store = new BlobStore(stack, 'Third', { site });
        const other = new BlobStore(stack, 'Fourth', { site, name: 'x' });
        return [first, new DataFactoryCopy(stack, 'Second', { site, from: store, to: other, startTime })];
      }),
    ).toThrow('test/Second: each factory of a site must have its own name, got "copy", which test/Copy has.'));
});
