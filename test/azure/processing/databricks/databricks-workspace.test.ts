import { readFileSync } from 'node:fs';
import path from 'node:path';
import { parse } from '@cdktf/hcl2json';
import { App, TerraformOutput, type TerraformStack, Testing } from 'cdktf';
import { Construct } from 'constructs';
import { AzureModernDataWarehouse } from '../../../../azure/architectures/modern-data-warehouse';
import { EventHubBuffer } from '../../../../azure/connect/event-hub/event-hub-buffer';
import { DatabricksWorkspace, type DatabricksWorkspaceProps } from '../../../../azure/processing/databricks/databricks-workspace';
import { BlobStore } from '../../../../azure/store/blob/blob-store';
import { CosmosStore } from '../../../../azure/store/cosmos/cosmos-store';
import { DataLakeStore } from '../../../../azure/store/data-lake/data-lake-store';
import { ringsOnLogs } from '../../../support/azure-monitor';
import { documentedDefaults } from '../../../support/defaults';
import { temporaryFolder } from '../../../support/folder';
import { expectSnapshot } from '../../../support/snapshot';
import { onCall, readable, site, synthesize } from '../../stand-ins';

const workspaceId = '/subscriptions/s/resourceGroups/g/providers/Microsoft.Databricks/workspaces/theirs';
const lakeIn = (stack: TerraformStack) => new DataLakeStore(stack, 'Lake', { site });
const make = (props: Partial<DatabricksWorkspaceProps> = {}, context = {}) =>
  synthesize((stack) => new DatabricksWorkspace(stack, 'Spark', { site, ...props }), context);
/** A workspace that reads one zone and writes another. */
const overLake = (props: Partial<DatabricksWorkspaceProps> = {}) =>
  synthesize((stack) => {
    const lake = lakeIn(stack);
    return new DatabricksWorkspace(stack, 'Spark', {
      site,
      inputs: { RAW: lake.zone('raw') },
      outputs: { CURATED: lake.zone('curated') },
      ...props,
    });
  });

test('the snapshot', () => {
  const { resource } = overLake().json;
  const types = ['databricks_workspace', 'databricks_access_connector', 'user_assigned_identity', 'role_assignment'];
  expectSnapshot(
    'azure/processing/databricks/databricks-workspace.snapshot.yaml',
    'The connector has a role on each zone, and one to sign addresses on the account; machines have no public addresses.',
    readable(Object.fromEntries(types.map((type) => [`azurerm_${type}`, resource![`azurerm_${type}`]]))),
  );
});

test('documents the defaults that it has', () => {
  const workspace = make().one('azurerm_databricks_workspace');
  expect(documentedDefaults('azure/processing/databricks/databricks-workspace.ts', 'DatabricksWorkspaceProps')).toEqual({
    name: workspace.name.slice('acme-'.length),
    removal: workspace.lifecycle.prevent_destroy ? 'retain' : 'destroy',
  });
});

test('takes every setting', () => {
  const identity = {
    id: '/subscriptions/s/resourceGroups/g/providers/Microsoft.ManagedIdentity/userAssignedIdentities/theirs',
    principalId: '00000000-0000-0000-0000-00000000000A',
  };
  const { one, all, built } = make({ name: 'lab', identity, notify: [onCall], removal: 'destroy' }, { destroyData: 'yes' });
  const workspace = one('azurerm_databricks_workspace');
  expect(workspace).toMatchObject({ name: 'acme-lab', managed_resource_group_name: 'acme-lab-1a2b3c4d-managed' });
  expect(workspace.lifecycle).toBeUndefined();
  expect(one('azurerm_databricks_access_connector').identity).toEqual({ type: 'UserAssigned', identity_ids: [identity.id] });
  expect(all('azurerm_user_assigned_identity')).toEqual([]);
  expect([built.identityId, built.principalId]).toEqual([identity.id, identity.principalId.toLowerCase()]);
  expect(one('azurerm_monitor_scheduled_query_rules_alert_v2').action).toEqual({ action_groups: [onCall] });
});

test('jobs may read one zone, and write another, and the connector comes after its roles', () => {
  const { all, one, built } = overLake();
  expect(all('azurerm_role_assignment').map((role) => [role.role_definition_name, role.scope])).toEqual([
    ['Storage Blob Data Contributor', '${azurerm_storage_container.lake_curated.id}'],
    ['Storage Blob Data Reader', '${azurerm_storage_container.lake_raw.id}'],
    ['Storage Blob Delegator', '${azurerm_storage_account.lake.id}'],
  ]);
  expect(one('azurerm_databricks_access_connector').depends_on).toHaveLength(3 + 1);
  expect(Object.keys(built.settings).sort()).toEqual([
    'CURATED_CONTAINER',
    'CURATED_ENDPOINT',
    'CURATED_PATH',
    'RAW_CONTAINER',
    'RAW_ENDPOINT',
    'RAW_PATH',
  ]);
});

test('a zone of an existing account has the path that Spark takes', () => {
  const { json } = synthesize((stack) => {
    const accountId = '/subscriptions/s/resourceGroups/g/providers/Microsoft.Storage/storageAccounts/theirs';
    const lake = new DataLakeStore(stack, 'Lake', { site, accountId });
    const { settings } = new DatabricksWorkspace(stack, 'Spark', { site, inputs: { RAW: lake.zone('raw') } });
    new TerraformOutput(stack, 'raw', { value: settings.RAW_PATH });
  });
  expect(json.output.raw.value).toBe('abfss://${azurerm_storage_container.lake_raw.name}@theirs.dfs.core.windows.net/');
});

test('a lock of the account is created after the role on it', () => {
  const { one } = synthesize((stack) => {
    const lake = new DataLakeStore(stack, 'Lake', { site, lock: true });
    return new DatabricksWorkspace(stack, 'Spark', { site, inputs: { RAW: lake.zone('raw') } });
  });
  expect(one('azurerm_management_lock').depends_on).toContainEqual(expect.stringMatching(/^azurerm_role_assignment\.Spark_\w*Delegator_/));
});

test('jobs may read a hub, with a consumer group of their own', () => {
  const { one, built } = synthesize((stack) => {
    const hub = new EventHubBuffer(stack, 'Buffer', { site });
    return new DatabricksWorkspace(stack, 'Spark', { site, inputs: { EVENTS: hub } });
  });
  expect(one('azurerm_role_assignment').role_definition_name).toBe('Azure Event Hubs Data Receiver');
  expect(one('azurerm_eventhub_consumer_group').name).toBe('acme-spark-databricks');
  expect(Object.keys(built.settings)).toContain('EVENTS_HUB');
});

test('a cluster costs nothing until it runs, and no machine has a public address', () => {
  expect(make().one('azurerm_databricks_workspace')).toMatchObject({
    sku: 'premium',
    custom_parameters: { no_public_ip: true },
    infrastructure_encryption_enabled: true,
  });
});

test('registers what clusters need', () => {
  const { built } = synthesize((stack) => {
    new DatabricksWorkspace(stack, 'Spark', { site });
    return stack.node
      .findAll()
      .flatMap(({ node }) => node.metadata.flatMap(({ type, data }) => (type === 'resource-provider' ? [data] : [])));
  });
  expect(built).toEqual(expect.arrayContaining(['Microsoft.Compute', 'Microsoft.Databricks', 'Microsoft.Network']));
});

test('an existing workspace is left alone', () => {
  const { built, json } = overLake({ workspaceId: workspaceId.replace('resourceGroups', 'resourcegroups') });
  expect([built.workspaceId, built.workspace, built.workspaceUrl]).toEqual([workspaceId, undefined, undefined]);
  expect(json.resource!.azurerm_databricks_workspace).toBeUndefined();
  expect(Object.keys(json.resource!.azurerm_databricks_access_connector!)).toEqual(['spark']);
});

test('the workspace and its connector keep their addresses when the construct is renamed, moved or nested', () => {
  const build = (place: (stack: TerraformStack) => Construct, id: string) => {
    const { resource } = synthesize((stack) => new DatabricksWorkspace(place(stack), id, { site })).json;
    return ['workspace', 'access_connector'].map((type) => Object.keys(resource![`azurerm_databricks_${type}`]!));
  };
  const before = build((stack) => stack, 'Spark');
  expect(before).toEqual([['spark'], ['spark']]);
  expect(build((stack) => new Construct(stack, 'Nested'), 'Renamed')).toEqual(before);
});

describe('the alert on jobs', () => {
  const alert = make().one('azurerm_monitor_scheduled_query_rules_alert_v2');
  const [, _ResourceId] = /=~ "([^"]+)"/.exec(alert.criteria[0].query)!;
  const rings = (ActionName: string, more = {}) =>
    ringsOnLogs(alert, { DatabricksJobs: [{ minute: 20, _ResourceId, ActionName, ...more }] }, 60);

  test('one failed run rings, in any spelling of the id', () =>
    expect(rings('runFailed', { _ResourceId: _ResourceId!.toUpperCase() })).toEqual([30, 45]));
  test('a run that succeeds does not', () => expect(rings('runSucceeded')).toEqual([]));
  test('nor does one of another workspace', () => expect(rings('runFailed', { _ResourceId: workspaceId })).toEqual([]));
});

describe('the block for the provider databricks/databricks', () => {
  const file = 'databricks-unity-catalog.tf';
  const text = readFileSync(path.join(__dirname, '../../../../docs/examples', file), 'utf8');
  const given = Object.keys(
    JSON.parse(Testing.synth(new AzureModernDataWarehouse(new App({ outdir: temporaryFolder(), skipValidation: true }), 'platform')))
      .output,
  );

  test('is HCL, and declares each variable that it uses', async () => {
    const { variable, resource } = (await parse(file, text)) as Record<'variable' | 'resource', Record<string, object>>;
    const used = new Set([...text.matchAll(/\bvar\.(\w+)/g)].map(([, name]) => name));
    expect(Object.keys(variable).sort()).toEqual([...used].sort());
    expect(Object.keys(resource).sort()).toEqual([
      'databricks_catalog',
      'databricks_external_location',
      'databricks_grants',
      'databricks_job',
      'databricks_schema',
      'databricks_storage_credential',
    ]);
  });

  test('takes the outputs of the stack, and asks for nothing else but the notebook and who reads', async () => {
    const { variable } = (await parse(file, text)) as { variable: Record<string, object> };
    expect(
      Object.keys(variable)
        .filter((name) => !given.includes(name))
        .sort(),
    ).toEqual(['notebook', 'readers']);
    expect(given).toEqual(expect.arrayContaining(['workspace_url', 'connector_id', 'identity_id', 'raw_path', 'curated_path']));
  });

  test('names each resource that exists in it', async () => {
    const { resource } = (await parse(file, text)) as { resource: Record<string, Record<string, object>> };
    for (const [, type, name] of text.matchAll(/\b(databricks_\w+)\.(\w+)\./g)) expect(resource[type!]).toHaveProperty(name!);
  });

  test('lets nobody write to raw', async () => {
    const { resource } = (await parse(file, text)) as { resource: Record<string, Record<string, [{ read_only?: boolean }]>> };
    expect(resource.databricks_external_location!.raw![0].read_only).toBe(true);
  });
});

describe('refuses', () => {
  test.each<[string, (stack: TerraformStack) => Partial<DatabricksWorkspaceProps>, string]>([
    [
      'a name with a hyphen',
      () => ({ name: 'my-spark' }),
      'name must be 1 to 20 lower-case letters and digits, got "my-spark". Start with a letter.',
    ],
    [
      'a store without a Data Lake API',
      (stack) => ({ inputs: { RAW: new BlobStore(stack, 'Flat', { site }) as never } }),
      'inputs.RAW must be a zone of a DataLakeStore, or an EventHubBuffer, got something else. Copy files into a zone first.',
    ],
    [
      'rows of Cosmos DB',
      (stack) => ({ inputs: { ROWS: new CosmosStore(stack, 'Rows', { site }).changes } }),
      'inputs.ROWS must be a zone of a DataLakeStore, or an EventHubBuffer, got something else. Copy files into a zone first.',
    ],
    [
      'a hub to write to',
      (stack) => ({ outputs: { HUB: new EventHubBuffer(stack, 'Hub', { site }) as never } }),
      'outputs.HUB must be a zone of a DataLakeStore, got something else. Copy files into a zone first.',
    ],
    [
      'a name that is no name of a setting',
      (stack) => ({ inputs: { 'my-raw': lakeIn(stack).zone('raw') } }),
      'inputs must be named in letters, digits and underscores, a letter first, got "my-raw". Write them like { STORE: store }.',
    ],
    [
      'something that is no map',
      () => ({ outputs: 'lake' as never }),
      'outputs must be data by name, got string. Write them like { RAW: lake.zone("raw") }.',
    ],
    [
      'a zone twice',
      (stack) => {
        const raw = lakeIn(stack).zone('raw');
        return { inputs: { IN: raw }, outputs: { OUT: raw } };
      },
      'inputs and outputs must have each name and each zone once, got OUT. An output is read too.',
    ],
    [
      'a name twice',
      (stack) => {
        const lake = lakeIn(stack);
        return { inputs: { ZONE: lake.zone('raw') }, outputs: { ZONE: lake.zone('curated') } };
      },
      'inputs and outputs must have each name and each zone once, got ZONE. An output is read too.',
    ],
    [
      'the name of a workspace for its id',
      () => ({ workspaceId: 'theirs' }),
      'workspaceId must be the id of a Databricks workspace, got "theirs". Find it with az databricks workspace show --query id.',
    ],
    [
      'settings for a workspace that is there',
      () => ({ workspaceId, notify: [onCall] }),
      'workspaceId keeps its own settings, got notify beside it. Leave notify out.',
    ],
    [
      'an identity by its name',
      () => ({ identity: { id: 'spark', principalId: 'x' } }),
      'identity.id must be the id of a user-assigned identity, got "spark". Find it with az identity show.',
    ],
    [
      'something that is no action group',
      () => ({ notify: ['me'] }),
      'notify must be ids of action groups, got "me". See az monitor action-group list.',
    ],
    [
      'one key to destroy',
      () => ({ removal: 'destroy' }),
      `removal 'destroy' needs the context destroyData to be "yes", got nothing. Set DESTROY_DATA=yes in the environment of this command, or leave removal out to keep the data.`,
    ],
  ])('%s', (_, props, message) =>
    expect(() => synthesize((stack) => new DatabricksWorkspace(stack, 'Spark', { site, ...props(stack) }))).toThrow(
      new Error(`test/Spark: ${message}`),
    ),
  );

  test('a second workspace of one name', () =>
    expect(() => synthesize((stack) => ['First', 'Second'].map((id) => new DatabricksWorkspace(stack, id, { site })))).toThrow(
      new Error(
        'test/Second: each Databricks workspace of a site must have its own name, got "spark", which test/First has. Set name on one of them.',
      ),
    ));
});
