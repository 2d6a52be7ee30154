import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { unzipSync } from 'fflate';
import { RefusedError } from '../platform';
import { type Computed, Terraform, type TerraformResource } from '../template/terraform';
import type { ContainerName } from './blob/blob-storage';

/** What is said for the template's variables. */
const VARIABLES = { prefix: 'local' };
const SUBSCRIPTION = '00000000-0000-0000-0000-000000000001';

/** The values of a template that a run needs. */
export interface Pipeline {
  readonly hub: {
    readonly host: string;
    readonly name: string;
    readonly partitionCount: number;
    readonly consumerGroups: readonly string[];
  };
  /** Each storage account, by its name. */
  readonly accounts: readonly string[];
  readonly containers: readonly ContainerName[];
  readonly store: ContainerName;
  readonly deadLetter: ContainerName;
  readonly app: {
    readonly name: string;
    readonly settings: Readonly<Record<string, string>>;
    readonly memoryMiB: number;
    /** The client ids of its identities. */
    readonly clientIds: readonly string[];
  };
}

/** Read a template. `blobs` is where Blob Storage is, once that is known. */
export function readTemplate(folder: string, blobs?: string): Promise<Terraform> {
  const computed: Computed = (resource, attribute) => computedBy(terraform!, resource, attribute, blobs);
  let terraform: Terraform | undefined;
  return Terraform.read(folder, VARIABLES, computed).then((read) => {
    terraform = read;
    return read;
  });
}

/**
 * What Azure would compute. Ids are in the form that Azure gives them.
 * @see https://learn.microsoft.com/azure/azure-resource-manager/management/resource-name-rules
 */
async function computedBy(terraform: Terraform, { type, path: at, properties }: TerraformResource, attribute: string, blobs?: string) {
  const get = async (property: string) => String(await terraform.evaluate(properties[property], `${at}.${property}`));
  if (type === 'data.azurerm_client_config' && attribute === 'subscription_id') return SUBSCRIPTION;
  if (type === 'azurerm_storage_account' && attribute === 'primary_blob_endpoint' && blobs) return `${blobs}${await get('name')}/`;
  if (type === 'azurerm_user_assigned_identity' && attribute === 'client_id') return guidOf(at);
  if (attribute !== 'id') return refuse(at, attribute);
  const parent = Object.entries(PARENTS[type] ?? {})[0];
  if (parent) return `${await get(parent[0])}${parent[1]}${await get('name')}`;
  const provider = PROVIDERS[type];
  if (!provider) return refuse(at, attribute);
  return `/subscriptions/${SUBSCRIPTION}/resourceGroups/${await get('resource_group_name')}/providers/${provider}/${await get('name')}`;
}

function refuse(at: string, attribute: string): never {
  throw new RefusedError(at, `nothing here knows the value of ${attribute}`);
}

/** Where the id of a resource starts with the id of another. */
const PARENTS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  azurerm_eventhub: { namespace_id: '/eventhubs/' },
  azurerm_storage_container: { storage_account_id: '/blobServices/default/containers/' },
};

const PROVIDERS: Readonly<Record<string, string>> = {
  azurerm_eventhub_namespace: 'Microsoft.EventHub/namespaces',
  azurerm_function_app_flex_consumption: 'Microsoft.Web/sites',
  azurerm_storage_account: 'Microsoft.Storage/storageAccounts',
  azurerm_user_assigned_identity: 'Microsoft.ManagedIdentity/userAssignedIdentities',
};

/** Read what a run needs. */
export async function readPipeline(terraform: Terraform): Promise<Pipeline> {
  const value = async (resource: TerraformResource, property: string) =>
    terraform.evaluate(resource.properties[property], `${resource.path}.${property}`);
  const text = async (resource: TerraformResource, property: string) => String(await value(resource, property));
  const idOf = ({ path: at }: TerraformResource) => terraform.evaluate(`\${${at}.id}`, at);

  const namespace = one(terraform, 'azurerm_eventhub_namespace');
  const hub = one(terraform, 'azurerm_eventhub');
  if ((await text(hub, 'namespace_id')) !== (await idOf(namespace)))
    throw new RefusedError(`${hub.path}.namespace_id`, 'it is not the namespace of this template');
  const [host, name] = [`${await text(namespace, 'name')}.servicebus.windows.net`, await text(hub, 'name')];
  const groups = terraform.resources('azurerm_eventhub_consumer_group');
  for (const group of groups)
    if ((await text(group, 'eventhub_name')) !== name || (await text(group, 'namespace_name')) !== (await text(namespace, 'name')))
      throw new RefusedError(group.path, 'it is not a consumer group of the hub of this template');

  const accounts = await Promise.all(
    terraform.resources('azurerm_storage_account').map(async (one) => ({ id: await idOf(one), name: await text(one, 'name') })),
  );
  const containers = await Promise.all(
    terraform.resources('azurerm_storage_container').map(async (one) => {
      const id = await value(one, 'storage_account_id');
      const account = accounts.find((account) => account.id === id);
      if (!account) throw new RefusedError(`${one.path}.storage_account_id`, 'it is not an account of this template');
      return { account: account.name, container: await text(one, 'name') };
    }),
  );

  const app = one(terraform, 'azurerm_function_app_flex_consumption');
  const settings = (await value(app, 'app_settings')) as Record<string, unknown>;
  const { identity_ids } = (await value(app, 'identity')) as { identity_ids?: string[] };
  const identities = await Promise.all(
    terraform.resources('azurerm_user_assigned_identity').map(async (one) => ({ id: await idOf(one), clientId: guidOf(one.path) })),
  );
  return {
    hub: {
      host,
      name,
      partitionCount: Number(await value(hub, 'partition_count')),
      consumerGroups: await Promise.all(groups.map((group) => text(group, 'name'))),
    },
    accounts: accounts.map((account) => account.name),
    containers,
    store: await shownBy(terraform, 'show_command', containers),
    deadLetter: await shownBy(terraform, 'dead_letters_command', containers),
    app: {
      name: await text(app, 'name'),
      settings: Object.fromEntries(Object.entries(settings).map(([key, setting]) => [key, String(setting)])),
      memoryMiB: Number(await value(app, 'instance_memory_in_mb')),
      clientIds: identities.filter(({ id }) => identity_ids?.includes(String(id))).map(({ clientId }) => clientId),
    },
  };
}

/** The files of the package that the template publishes. */
export async function readPackage(terraform: Terraform, folder: string): Promise<Record<string, Uint8Array>> {
  const app = one(terraform, 'azurerm_function_app_flex_consumption');
  if (terraform.resources('terraform_data').length === 0)
    throw new RefusedError(app.path, 'nothing in the template publishes its code. Let the processor publish with az.');
  const publish = one(terraform, 'terraform_data');
  const at = `${publish.path}.provisioner`;
  const [provisioner] = [publish.meta.provisioner].flat() as { 'local-exec'?: { command: string; environment: unknown } }[];
  const { command = '', environment } = provisioner?.['local-exec'] ?? {};
  const places = (await terraform.evaluate(environment ?? {}, `${at}.environment`)) as Record<string, string>;
  const argument = (flag: string) => places[new RegExp(`${flag} "\\$(\\w+)"`).exec(command)?.[1] ?? ''];
  const zip = argument('--src');
  if (!zip) throw new RefusedError(at, 'its command names no package');
  if (argument('--name') !== (await terraform.evaluate(app.properties.name, app.path)))
    throw new RefusedError(at, 'it publishes to another app');
  return unzipSync(readFileSync(path.join(folder, zip)));
}

/** The container that an output shows to a person. */
async function shownBy(terraform: Terraform, output: string, containers: readonly ContainerName[]): Promise<ContainerName> {
  const outputs = (terraform.json.output ?? {}) as Record<string, { value: unknown }>;
  const command = String(await terraform.evaluate(outputs[output]?.value ?? '', `output.${output}`));
  const [, account] = /--account-name (\S+)/.exec(command) ?? [];
  const [, container] = /--container-name (\S+)/.exec(command) ?? [];
  const found = containers.find((one) => one.account === account && one.container === container);
  if (!found) throw new RefusedError(`output.${output}`, 'it shows no container of this template');
  return found;
}

function one(terraform: Terraform, type: string): TerraformResource {
  const [found, ...others] = terraform.resources(type);
  if (!found || others.length > 0) throw new RefusedError(type, `one is emulated, and the template has ${others.length + (found ? 1 : 0)}`);
  return found;
}

/** The same GUID for the same resource. */
function guidOf(at: string): string {
  const hex = createHash('sha256').update(at).digest('hex');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12}).*$/, '$1-$2-$3-$4-$5');
}
