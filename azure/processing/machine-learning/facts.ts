import { BRINGS_NOTHING } from '../../../shared/read/facts/cost';
import { counted, promised, setTo } from '../../../shared/read/facts/promise';
import type { Needed, Promised, Seen, ServiceFacts } from '../../../shared/read/facts/types';
import { remove, replace, set } from '../../../shared/read/facts/weaken';
import type { Step } from '../../../shared/read/picture';
import { receiverOf } from '../../../shared/read/read';
import { type Asked, amount, is, names, only, type Stack } from '../../../shared/read/stack';
import { said } from '../../../shared/read/tell';
import { references, type TfStack } from '../../../shared/read/tf';
import { alertOn, alertsOf, armId, METRIC_ALERT, NAMED, ON_RECORD, RETAINED, referring } from '../../foundation/promises';

const CLUSTER = 'azurerm_machine_learning_compute_cluster';
const CONTAINER = 'azurerm_storage_container';
const IDENTITY = 'identity.identity_ids';
const BLOBS = 'data:Microsoft.Storage/storageAccounts/blobServices/containers/blobs';
const WORKSPACES = 'Microsoft.MachineLearningServices/workspaces';
const DEPLOYMENT = 'azurerm_resource_group_template_deployment';
const nothing = 'no effect here';

/** Everything that Contributor allows. */
const MANAGES = ['read', 'write', 'delete', 'action'].map((verb) => `Microsoft.*/${verb}`);

const QUOTA: Promised = promised(
  'rings',
  'have an alert that fires before jobs wait for cores',
  (workspace, stack) =>
    alertsOf(METRIC_ALERT, stack).some(
      (alert) =>
        is(alert, 'criteria.metric_name', 'Quota Utilization Percentage') &&
        amount(alert, 'criteria.threshold') < 100 &&
        names(alert, 'scopes', workspace),
    ),
  { 'there is no alert at all': remove(referring(METRIC_ALERT)) },
);

export const facts: ServiceFacts = {
  name: 'Machine Learning',
  local: { not: 'an Azure Machine Learning workspace exists only in Azure; its script is tested with Python' },
  unproven: [
    'That Azure accepts the template of the workspace, and that a second plan is empty.',
    'That an account without keys and the roles of its documentation are enough for a workspace whose datastores are opened with identities.',
    'That a job with a managed identity takes the only identity of its cluster.',
    'That `Failed Runs`, `Unusable Nodes` and `Quota Utilization Percentage` are reported each minute.',
  ],
  types: {
    [`${DEPLOYMENT} ${WORKSPACES}`]: {
      name: 'workspace',
      role: 'helps',
      replacedBy: ['name', 'resource_group_name'],
      tells: (workspace) => [
        'Machine Learning',
        says(workspace, '"systemDatastoresAuthMode":"Identity"') ? 'no keys' : undefined,
        said.kept(workspace),
      ],
      named: ['name', /^[a-zA-Z0-9][\w-]{2,32}$/],
      promises: [
        promised('no-keys', 'open its own datastores with identities', (one) => says(one, '"systemDatastoresAuthMode":"Identity"'), {
          'it opens its datastores with the key of the account': replace('AuthMode\\":\\"Identity', 'AuthMode\\":\\"AccessKey'),
        }),
        promised('no-keys', 'have no credentials in its datastores', hasNoCredentials, {
          'a datastore has a key': replace('credentialsType\\":\\"None', 'credentialsType\\":\\"AccountKey'),
        }),
        promised(
          'own-registry',
          'have a registry: Azure would create one with an admin user',
          (one) => says(one, '"containerRegistry":"'),
          {
            'Azure creates a registry with an admin user': replace('containerRegistry', 'description'),
          },
        ),
        promised('own-identity', 'run as an identity of its own', (one) => says(one, '"identity":{"type":"UserAssigned"'), {
          'it runs as an identity that Azure gives a role on the whole resource group': replace(
            'type\\":\\"UserAssigned',
            'type\\":\\"SystemAssigned',
          ),
        }),
        setTo({
          rule: 'only-its-workspace',
          must: 'leave everything else in the resource group as it is',
          at: 'deployment_mode',
          to: ['Incremental'],
          weak: 'Complete',
          worse: 'it deletes everything else in the resource group',
        }),
        RETAINED,
        ON_RECORD,
        alertOn('Failed Runs', 'have an alert that fires when a job fails'),
        alertOn('Unusable Nodes', 'have an alert that fires when a node cannot run jobs'),
        QUOTA,
      ],
      weakenings: { 'it is created before all of its role assignments': set('depends_on') },
      actsAs: ['template_content'],
      needs: workspaceNeeds,
      effective: /^(data:)?Microsoft\.(\*|MachineLearningServices)/i,
      costs: 'A workspace is not billed: its storage account, its registry and its nodes are.',
      computed: { id: armId('Microsoft.Resources/deployments/acme') },
      local: {
        ...NAMED,
        deployment_mode: nothing,
        template_content: { notRun: 'the local run has no workspaces of Azure Machine Learning.' },
      },
    },
    [CLUSTER]: {
      name: 'nodes',
      role: 'helps',
      replacedBy: [
        ...['name', 'machine_learning_workspace_id', 'location', 'vm_size', 'vm_priority', 'local_auth_enabled', 'node_public_ip_enabled'],
        ...['ssh', 'description', 'ssh_public_access_enabled', 'subnet_resource_id'],
      ],
      tells: (cluster) => [
        'Machine Learning',
        `${only(cluster, 'vm_size')}`,
        `${only(cluster, 'scale_settings.min_node_count')} to ${only(cluster, 'scale_settings.max_node_count')} nodes`,
      ],
      named: ['name', /^[a-zA-Z][a-zA-Z0-9-]{1,30}[a-zA-Z0-9]$/],
      flow: stepsOf,
      promises: [
        counted({
          rule: 'idles-free',
          must: 'have no nodes without a job',
          at: 'scale_settings.min_node_count',
          from: 0,
          to: 0,
          weak: 1,
          worse: 'a node runs all day',
        }),
        setTo({
          rule: 'no-keys',
          must: 'let nobody sign in with a key',
          at: 'local_auth_enabled',
          to: [false],
          weak: true,
          worse: 'its API takes keys',
        }),
        setTo({
          rule: 'private',
          must: 'have no open port for SSH',
          at: 'ssh_public_access_enabled',
          to: [false],
          weak: true,
          worse: 'its SSH port is open to the internet',
        }),
        promised('own-identity', 'run jobs as one identity of its own', hasOwnIdentity, {
          'jobs run as an identity without roles': set('identity', { type: 'SystemAssigned' }),
        }),
      ],
      weakenings: { 'it is created before all of its role assignments': set('depends_on') },
      actsAs: [IDENTITY],
      needs: nodeNeeds,
      costs: 'It has no nodes without a job. A job costs about 0.27 USD an hour for each node of the default size.',
      brings: BRINGS_NOTHING,
      computed: { id: armId(`${WORKSPACES}/acme/computes/nodes`) },
      local: { ...NAMED, machine_learning_workspace_id: { notRun: 'the local run has no workspaces of Azure Machine Learning.' } },
    },
    azurerm_key_vault: {
      name: 'key vault',
      role: 'holds data',
      replacedBy: ['name', 'resource_group_name', 'location'],
      tells: (vault) => ['Key Vault', said.kept(vault)],
      named: ['name', /^[a-zA-Z][a-zA-Z0-9-]{1,22}[a-zA-Z0-9]$/],
      promises: [
        setTo({
          rule: 'private',
          must: 'open with roles, and not with policies of its own',
          at: 'rbac_authorization_enabled',
          to: [true],
          weak: false,
          worse: 'whoever may change it may read its secrets',
        }),
        setTo({
          rule: 'undelete',
          must: 'not be purged before its retention ends',
          at: 'purge_protection_enabled',
          to: [true],
          weak: false,
          worse: 'its secrets can be purged at once',
        }),
        counted({
          rule: 'undelete',
          must: 'keep what was deleted for 90 days',
          at: 'soft_delete_retention_days',
          from: 90,
          weak: 7,
          worse: 'a deleted secret can be restored for a week only',
        }),
        RETAINED,
        ON_RECORD,
      ],
      answered: {
        encrypted: 'Azure always encrypts it, in hardware.',
        rings: 'It has no limit to reach here. Who reads a secret is in its logs.',
      },
      effective: /^(data:)?Microsoft\.(\*|KeyVault)/i,
      costs: 'Its operations cost cents: 0.03 USD for 10,000.',
      computed: { id: armId('Microsoft.KeyVault/vaults/acme') },
      local: { ...NAMED, sku_name: nothing },
    },
  },
  // https://learn.microsoft.com/azure/role-based-access-control/built-in-roles
  roles: {
    AcrPull: { permissions: ['Microsoft.ContainerRegistry/registries/pull/read'] },
    'AzureML Data Scientist': {
      permissions: ['read', 'write', 'delete', 'action'].map((verb) => `${WORKSPACES}/*/${verb}`),
      surplus: 'Azure has no narrower role to run a job: this one does everything in a workspace but changing it and its nodes.',
    },
    'Key Vault Administrator': { permissions: ['data:Microsoft.KeyVault/vaults/*'] },
  },
  forbidden: {
    azurerm_machine_learning_workspace:
      'Up to azurerm 4.76 its datastores are opened with the key of its account. Use a MachineLearningWorkspace.',
    azurerm_machine_learning_datastore_blobstorage: 'It needs a key or a SAS. Add the store to a MachineLearningWorkspace.',
    azurerm_machine_learning_datastore_fileshare: 'It needs a key or a SAS. Add the store to a MachineLearningWorkspace.',
  },
};

function isIdentity({ type }: Asked): boolean {
  return type === 'azurerm_user_assigned_identity';
}

/** Whether the template of a workspace has a text. */
function says(workspace: Asked, text: string): boolean {
  return contentOf(workspace).includes(text);
}

function contentOf(workspace: Asked): string {
  return String(only(workspace, 'template_content'));
}

function hasNoCredentials(workspace: Asked): boolean {
  return [...contentOf(workspace).matchAll(/"credentialsType":"(\w+)"/g)].every(([, type]) => type === 'None');
}

function hasOwnIdentity(cluster: Asked, stack: Stack): boolean {
  const [identity, ...others] = cluster.refers(IDENTITY);
  const users = stack.all.filter((other) => other.refers(IDENTITY).some(({ id }) => id === identity?.id));
  return is(cluster, 'identity.type', 'UserAssigned') && identity !== undefined && others.length === 0 && users.length === 1;
}

/** The containers of the datastores of a workspace, and whether jobs read or write them. */
function datastoresOf(workspace: Asked, stack: Stack): { readonly container: Asked; readonly writes: boolean }[] {
  const named = /"containerName":"\$\{(azurerm_storage_container\.[\w-]+)\.name\}","description":"(reads|writes) files"/g;
  return [...contentOf(workspace).matchAll(named)].flatMap(([, id, access]) => {
    const container = stack.get(id!);
    return container ? [{ container, writes: access === 'writes' }] : [];
  });
}

/** What a workspace does with what is beside it, and what somebody does who runs the job of the outputs. */
function workspaceNeeds(workspace: Asked, stack: Stack): Needed[] {
  const [identity] = workspace.refers('template_content').filter(isIdentity);
  const who = identity?.id ?? '';
  const because = 'Azure documents these roles for the identity of a workspace';
  const [, registry] = /"containerRegistry":"([^"]+)"/.exec(contentOf(workspace)) ?? [];
  const beside = ['storageAccount', 'keyVault', 'applicationInsights'].flatMap((part) => partOf(workspace, part, stack));
  const managed = [...beside.map(({ id }) => id), registry ?? ''].flatMap((on) => MANAGES.map((may) => ({ who, may, on, because })));
  const inside = beside.flatMap(({ id: on, type }): Needed[] => {
    if (type === 'azurerm_key_vault') return [{ who, may: 'data:Microsoft.KeyVault/vaults/*', on, because }];
    if (type !== 'azurerm_storage_account') return [];
    return ['read', 'write', 'delete'].map((verb) => ({ who, may: `${BLOBS}/${verb}`, on, because }));
  });
  return [...managed, ...inside, ...userNeeds(workspace, stack)];
}

function userNeeds(workspace: Asked, stack: Stack): Needed[] {
  const { output } = (stack as TfStack).json;
  if (!references(output?.job_command?.value).includes(workspace.id)) return [];
  const [who, because] = ['client', 'people run jobs'];
  const uploads = partOf(workspace, 'storageAccount', stack).map(({ id: on }) => ({
    who,
    may: `${BLOBS}/write`,
    on,
    because: 'the code of a job is uploaded',
  }));
  return [{ who, may: `${WORKSPACES}/jobs/write`, on: workspace.id, because }, ...uploads];
}

/** A resource that a property of the workspace is the id of. */
function partOf(workspace: Asked, property: string, stack: Stack): readonly Asked[] {
  const [, id] = new RegExp(`"${property}":"\\$\\{([a-z_]+\\.[\\w-]+)\\.id\\}"`).exec(contentOf(workspace)) ?? [];
  const found = stack.get(id ?? '');
  return found ? [found] : [];
}

/** What the nodes do while a job runs on them. */
function nodeNeeds(cluster: Asked, stack: Stack): Needed[] {
  const who = cluster.refers(IDENTITY)[0]?.id ?? '';
  return cluster.refers('machine_learning_workspace_id').flatMap((workspace): Needed[] => {
    if (workspace.type !== DEPLOYMENT) return [];
    const [, registry] = /"containerRegistry":"([^"]+)"/.exec(contentOf(workspace)) ?? [];
    const pulls: Needed[] = registry
      ? [{ who, may: 'Microsoft.ContainerRegistry/registries/pull/read', on: registry, because: 'the image of a job is pulled' }]
      : [];
    const own = partOf(workspace, 'storageAccount', stack).map(({ id: on }) => ({
      who,
      may: `${BLOBS}/write`,
      on,
      because: 'a job writes its logs',
    }));
    const files = datastoresOf(workspace, stack).map(({ container: { id: on }, writes }) =>
      writes
        ? { who, may: `${BLOBS}/write`, on, because: 'a job writes files' }
        : { who, may: `${BLOBS}/read`, on, because: 'a job reads files' },
    );
    return [...pulls, ...own, ...files];
  });
}

/** The files that jobs read and write. */
function stepsOf(cluster: Asked, seen: Seen): Step[] {
  return cluster
    .refers('machine_learning_workspace_id')
    .filter(({ type }) => type === DEPLOYMENT)
    .flatMap((workspace) => datastoresOf(workspace, seen))
    .filter(({ container }) => container.type === CONTAINER)
    .map(({ container, writes }): Step => {
      const how = 'a datastore of jobs, Entra ID';
      return writes
        ? { from: cluster.stage, how, to: receiverOf(container), notes: seen.tell(container), between: [cluster.id, container.id] }
        : { from: container.stage, how, to: cluster.stage, notes: seen.tell(cluster), between: [container.id, cluster.id] };
    });
}
