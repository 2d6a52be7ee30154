import { Fn, Token } from 'cdktf';
import type { Binding } from '../../ports/identity';
import type { Site } from '../../ports/site';
import { WORKSPACE } from './workspace-rules';

/** The first version of the API with the access mode of the datastores that is no preview. */
const API = '2025-06-01';

/** A store of files, as a datastore of the workspace. */
export interface Datastore {
  /** In lower case. */
  readonly name: string;
  /** The address of the blobs of its account. */
  readonly endpoint: string;
  readonly container: string;
  readonly access: 'reads' | 'writes';
}

/** A store of a binding, as a datastore. */
export function datastoreOf(
  store: string,
  access: Datastore['access'],
  { settings, waitFor }: Binding,
): Pick<Binding, 'waitFor'> & { readonly datastore: Datastore } {
  const [endpoint, container] = [settings[`${store}_ENDPOINT`]!, settings[`${store}_CONTAINER`]!];
  return { datastore: { name: store.toLowerCase(), endpoint, container, access }, waitFor };
}

/** What a workspace is made of. */
export interface WorkspaceParts {
  readonly site: Site;
  readonly name: string;
  /** The id of the identity that the workspace runs as. */
  readonly identityId: string;
  readonly storageAccountId: string;
  readonly keyVaultId: string;
  readonly insightsId: string;
  readonly registryId: string;
  readonly datastores: readonly Datastore[];
}

/**
 * The template of Azure Resource Manager of a workspace. Its own datastores, where code and results of jobs go, are opened with
 * identities, and not with the key of the account.
 * @see https://learn.microsoft.com/azure/templates/microsoft.machinelearningservices/workspaces
 */
export function workspaceTemplate({ site, name, identityId, registryId, datastores, ...parts }: WorkspaceParts): string {
  const workspace = {
    type: WORKSPACE,
    apiVersion: API,
    name,
    location: site.location,
    kind: 'Default',
    sku: { name: 'Basic', tier: 'Basic' },
    identity: { type: 'UserAssigned', userAssignedIdentities: { [identityId]: {} } },
    properties: {
      primaryUserAssignedIdentity: identityId,
      systemDatastoresAuthMode: 'Identity',
      storageAccount: parts.storageAccountId,
      keyVault: parts.keyVaultId,
      applicationInsights: parts.insightsId,
      containerRegistry: registryId,
      publicNetworkAccess: 'Enabled',
      hbiWorkspace: false,
      v1LegacyMode: false,
    },
  };
  return JSON.stringify({
    $schema: 'https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#',
    contentVersion: '1.0.0.0',
    resources: [workspace, ...datastores.map((one) => resourceOf(name, one))],
  });
}

/** A datastore without credentials: whoever runs a job reads and writes as the nodes, or as a person. */
function resourceOf(workspace: string, { name, endpoint, container, access }: Datastore) {
  return {
    type: `${WORKSPACE}/datastores`,
    apiVersion: API,
    name: `${workspace}/${name}`,
    dependsOn: [`[resourceId('${WORKSPACE}', '${workspace}')]`],
    properties: {
      datastoreType: 'AzureBlob',
      accountName: accountOf(endpoint),
      containerName: container,
      description: `${access} files`,
      endpoint: 'core.windows.net',
      protocol: 'https',
      credentials: { credentialsType: 'None' },
      serviceDataAccessAuthIdentity: 'None',
    },
  };
}

/** The name of the account of an address such as `https://acme.blob.core.windows.net/`. */
function accountOf(endpoint: string): string {
  if (!Token.isUnresolved(endpoint)) return new URL(endpoint).hostname.split('.')[0]!;
  return Fn.element(Fn.split('.', Fn.element(Fn.split('/', endpoint), 2)), 0);
}
