import { readFileSync } from 'node:fs';
import path from 'node:path';
import { TerraformVariable } from 'cdktf';
import { EventHubBuffer } from '../../../../azure/connect/event-hub/event-hub-buffer';
import {
  MachineLearningWorkspace,
  type MachineLearningWorkspaceProps,
} from '../../../../azure/processing/machine-learning/machine-learning-workspace';
import { BlobStore } from '../../../../azure/store/blob/blob-store';
import { CosmosStore } from '../../../../azure/store/cosmos/cosmos-store';
import { DataLakeStore } from '../../../../azure/store/data-lake/data-lake-store';
import packageJson from '../../../../package.json';
import { documentedDefaults } from '../../../support/defaults';
import { expectSnapshot } from '../../../support/snapshot';
import { onCall, Person, readable, site, synthesize } from '../../stand-ins';
import { registryId } from './refusals';

const CLUSTER = 'azurerm_machine_learning_compute_cluster';
const DEPLOYMENT = 'azurerm_resource_group_template_deployment';
const make = (props: Partial<MachineLearningWorkspaceProps> = {}, context = {}) =>
  synthesize((stack) => new MachineLearningWorkspace(stack, 'Jobs', { site, registryId, ...props }), context);
/** With a zone of a lake to read, and an existing account to write to. */
const withStores = () =>
  synthesize((stack) => {
    const lake = new DataLakeStore(stack, 'Lake', { site });
    const accountId = '/subscriptions/s/resourceGroups/g/providers/Microsoft.Storage/storageAccounts/theirs';
    const outputs = { TARGET: new BlobStore(stack, 'Results', { site, accountId }) };
    return new MachineLearningWorkspace(stack, 'Jobs', { site, registryId, inputs: { SOURCE: lake.zone('raw') }, outputs });
  });
const templateOf = ({ one }: Pick<ReturnType<typeof make>, 'one'>) =>
  // A reference with quotes would be no JSON before Terraform reads it.
  JSON.parse(one(DEPLOYMENT).template_content.replace(/\$\{element\([^}]*\)\}/g, 'CALCULATED'));
const rolesOf = ({ all }: Pick<ReturnType<typeof make>, 'all'>, who: RegExp) =>
  all('azurerm_role_assignment')
    .filter(({ principal_id }) => who.test(principal_id))
    .map(({ role_definition_name, scope }) => `${role_definition_name} on ${/azurerm_(\w+)/.exec(scope)?.[1] ?? scope.split('/').at(-1)}`)
    .sort();

describe('the snapshot of', () => {
  const {
    azurerm_storage_account: _,
    azurerm_monitor_diagnostic_setting: _1,
    azurerm_monitor_metric_alert: _2,
    ...resources
  } = make().json.resource!;
  const { [DEPLOYMENT]: deployment, ...others } = resources as Record<string, any>;

  test('the resources', () =>
    expectSnapshot(
      'azure/processing/machine-learning/machine-learning-workspace.snapshot.yaml',
      'There are no nodes without a job, and no keys. The workspace manages what is beside it; the nodes write files, and pull images.',
      readable(others),
    ));
  test('the template of the workspace', () =>
    expectSnapshot(
      'azure/processing/machine-learning/workspace-template.snapshot.yaml',
      'The workspace opens its own datastores with identities. Those of stores have no credentials.',
      templateOf(withStores()),
    ));
  test('and Terraform refuses to destroy it', () => {
    const [one] = Object.values<any>(deployment);
    expect(one).toMatchObject({ deployment_mode: 'Incremental', lifecycle: { prevent_destroy: true } });
  });
});

test('documents the defaults that it has', () => {
  const { one } = make();
  const cluster = one(CLUSTER);
  expect(documentedDefaults('azure/processing/machine-learning/machine-learning-workspace.ts', 'MachineLearningWorkspaceProps')).toEqual({
    name: one(DEPLOYMENT).name.split('-')[1],
    vmSize: cluster.vm_size,
    maxNodes: String(cluster.scale_settings.max_node_count),
    idleMinutes: /PT(\d+)M/.exec(cluster.scale_settings.scale_down_nodes_after_idle_duration)![1],
    removal: one(DEPLOYMENT).lifecycle.prevent_destroy ? 'retain' : 'destroy',
  });
});

test('takes every setting', () => {
  const { one, all } = make(
    { name: 'lab', vmSize: 'Standard_NC4as_T4_v3', maxNodes: 10, idleMinutes: 30, notify: [onCall], removal: 'destroy' },
    { destroyData: 'yes' },
  );
  expect(one(CLUSTER)).toMatchObject({
    vm_size: 'Standard_NC4as_T4_v3',
    scale_settings: { min_node_count: 0, max_node_count: 10, scale_down_nodes_after_idle_duration: 'PT30M' },
  });
  expect([one(DEPLOYMENT).name, one('azurerm_storage_account').name, one('azurerm_key_vault').name]).toEqual([
    'acme-lab-1a2b3c4d',
    ...['acmelab1a2b3c4d', 'acmelab1a2b3c4d'],
  ]);
  expect([DEPLOYMENT, 'azurerm_storage_account', 'azurerm_key_vault'].flatMap(all).map(({ lifecycle }) => lifecycle)).toEqual([
    ...[undefined, undefined, undefined],
  ]);
  expect(all('azurerm_monitor_metric_alert').map(({ action }) => action[0].action_group_id)).toEqual([onCall, onCall, onCall]);
});

test('a registry that is known only at deploy is taken', () => {
  const { one } = synthesize((stack) => {
    const given = new TerraformVariable(stack, 'registry', {}).stringValue;
    return new MachineLearningWorkspace(stack, 'Jobs', { site, registryId: given });
  });
  expect(templateOf({ one } as never).resources[0].properties.containerRegistry).toBe('${var.registry}');
});

describe('nobody has a key', () => {
  test('the account accepts none, keeps old versions, and is no data lake, which a workspace does not take', () => {
    const account = make().one('azurerm_storage_account');
    expect(account).toMatchObject({ shared_access_key_enabled: false, blob_properties: { versioning_enabled: true } });
    expect(account.is_hns_enabled).toBeUndefined();
  });
  test('the workspace opens its own datastores with identities', () =>
    expect(templateOf(make()).resources[0].properties.systemDatastoresAuthMode).toBe('Identity'));
  test('a datastore has no credentials', () =>
    expect(
      templateOf(withStores())
        .resources.slice(1)
        .map(({ properties }: any) => properties.credentials),
    ).toEqual([{ credentialsType: 'None' }, { credentialsType: 'None' }]));
  test('the pin of the provider: from 4.77 on, azurerm has a setting for it', () => {
    const [major, minor] = packageJson.dependencies['@cdktf/provider-azurerm'].split('.').map(Number);
    // 14.23.1 has azurerm 4.55. From 4.77 on, replace the template by azurerm_machine_learning_workspace.
    expect([major, minor]).toEqual([14, 23]);
  });
});

describe('who may do what', () => {
  const made = withStores();

  test('the nodes read one store and write to another, write to the account, and pull images', () =>
    expect(rolesOf(made, /Jobs_Identity/)).toEqual([
      'AcrPull on theirs',
      'Storage Blob Data Contributor on storage_account',
      'Storage Blob Data Contributor on storage_container',
      'Storage Blob Data Reader on storage_container',
    ]));
  test('the workspace manages what is beside it, and no store', () =>
    expect(rolesOf(made, /Companions/)).toEqual([
      'Contributor on application_insights',
      'Contributor on key_vault',
      'Contributor on storage_account',
      'Contributor on theirs',
      'Key Vault Administrator on key_vault',
      'Storage Blob Data Contributor on storage_account',
    ]));
  test('who runs jobs does not change the workspace', () => {
    const { all } = synthesize((stack) =>
      new MachineLearningWorkspace(stack, 'Jobs', { site, registryId }).bindUser(new Person(stack, 'Jane'), 'JOBS'),
    );
    const given = all('azurerm_role_assignment').filter(({ principal_id }) => principal_id === 'principal-of-person');
    expect(given.map(({ role_definition_name }) => role_definition_name)).toEqual([
      'AzureML Data Scientist',
      'Storage Blob Data Contributor',
    ]);
  });
});

describe('the order', () => {
  const { one } = withStores();

  test('the workspace is created after each of its roles: Azure refuses it without them', () =>
    expect(one(DEPLOYMENT).depends_on).toHaveLength(6));
  test('the nodes start after each of theirs', () => expect(one(CLUSTER).depends_on).toHaveLength(4));
  test('a changed template replaces no nodes: their workspace is named by what is known in each plan', () => {
    expect(one(CLUSTER).machine_learning_workspace_id).toMatch(/\$\{azurerm_resource_group_template_deployment\.ml\.name\}$/);
    expect(one(CLUSTER).machine_learning_workspace_id).not.toContain('output_content');
  });
});

describe('the job of the repository', () => {
  const job = readFileSync(path.join(__dirname, '../../../../azure/runtime/machine-learning/baseline/job.yml'), 'utf8');

  test('runs on the nodes, with the datastores of SOURCE and TARGET', () => {
    const made = withStores();
    const stores = templateOf(made)
      .resources.slice(1)
      .map(({ name }: any) => name.split('/')[1]);
    expect([...job.matchAll(/azureml:\/\/datastores\/(\w+)\//g)].map(([, name]) => name)).toEqual(stores);
    expect(/compute: azureml:(\S+)/.exec(job)![1]).toBe(made.one(CLUSTER).name);
  });
  test('signs in as the nodes', () => expect(job).toMatch(/identity:\n {2}type: managed\n/));
  test('is run by a command without keys', () =>
    expect(make().built.jobCommand('job.yml')).toMatch(/^az ml job create --resource-group \S+ --workspace-name \S+ --file job\.yml$/));
});

describe('refuses', () => {
  test('a second workspace of one name', () =>
    expect(() => synthesize((stack) => ['One', 'Two'].map((id) => new MachineLearningWorkspace(stack, id, { site, registryId })))).toThrow(
      new Error('test/Two: each storage account of a site must have its own name, got "ml", which test/One has. Set name on one of them.'),
    ));

  const WORKS =
    'Give a BlobStore or a zone of a DataLakeStore. For a hub, let a processor write to one of them; rows of a table are not files.';

  test.each([
    ['a hub', EventHubBuffer],
    ['a store of rows', CosmosStore],
  ])('%s', (_, Neighbour) =>
    expect(() =>
      synthesize((stack) => {
        const inputs = { SOURCE: new Neighbour(stack, 'Neighbour', { site }) };
        return new MachineLearningWorkspace(stack, 'Jobs', { site, registryId, inputs });
      }),
    ).toThrow(new Error(`test/Jobs: inputs must be stores of objects, got another SOURCE. ${WORKS}`)),
  );

  test('one store under two names: Azure would refuse the second role assignment', () =>
    expect(() =>
      synthesize((stack) => {
        const store = new BlobStore(stack, 'Store', { site });
        return new MachineLearningWorkspace(stack, 'Jobs', { site, registryId, inputs: { FILES: store, SAME: store } });
      }),
    ).toThrow(new Error('test/Jobs: inputs must have each store once, got the same for FILES and SAME. Leave SAME out.')));

  test('one name for what is read and what is written', () =>
    expect(() =>
      synthesize((stack) => {
        const store = new BlobStore(stack, 'Store', { site });
        return new MachineLearningWorkspace(stack, 'Jobs', { site, registryId, inputs: { FILES: store }, outputs: { files: store } });
      }),
    ).toThrow(
      new Error('test/Jobs: inputs and outputs must have different names, got files. A datastore is named after each, in lower case.'),
    ));

  test.each<[string, Partial<MachineLearningWorkspaceProps>, string]>([
    [
      'the name of a registry for its id',
      { registryId: 'theirs' },
      'registryId must be the id of a registry, got "theirs". Find it with az acr show --query id. Without one, Azure creates one with an admin user, whose password is in the key vault.',
    ],
    [
      'stores in a list',
      { outputs: [] as never },
      'outputs must be stores by name, got something else. Write them like { SOURCE: lake.zone("raw") }.',
    ],
    [
      'a store without a name for settings',
      { inputs: { 'a-b': {} as never } },
      'each of inputs must be named in letters, digits and underscores, a letter first, got "a-b". Write them like { STORE: store }.',
    ],
    [
      'a name that a storage account has no room for',
      { name: 'machine' },
      'name must be 1 to 5 lower-case letters and digits, got "machine". The name of a storage account has no room for more.',
    ],
    [
      'a size of AWS',
      { vmSize: 'ml.m5.large' },
      'vmSize must be the size of a virtual machine, got "ml.m5.large". Write it like Standard_DS3_v2. See az ml compute list-sizes.',
    ],
    ['no node', { maxNodes: 0 }, 'maxNodes must be 1 to 100 nodes, got 0. The quota of the subscription may be lower.'],
    ['nodes that never idle', { idleMinutes: 1 }, 'idleMinutes must be 2 to 120 minutes, got 1. A node costs the same when it is idle.'],
    [
      'something that is no action group',
      { notify: ['me@example.com'] },
      'notify must be ids of action groups, got "me@example.com". See az monitor action-group list.',
    ],
    [
      'one key to destroy',
      { removal: 'destroy' },
      `removal 'destroy' needs the context destroyData to be "yes", got nothing. Set DESTROY_DATA=yes in the environment of this command, or leave removal out to keep the data.`,
    ],
  ])('%s', (_, props, message) => expect(() => make(props)).toThrow(new Error(`test/Jobs: ${message}`)));
});
