import { MachineLearningComputeCluster } from '@cdktf/provider-azurerm/lib/machine-learning-compute-cluster';
import { ResourceGroupTemplateDeployment } from '@cdktf/provider-azurerm/lib/resource-group-template-deployment';
import { RoleAssignment } from '@cdktf/provider-azurerm/lib/role-assignment';
import { UserAssignedIdentity } from '@cdktf/provider-azurerm/lib/user-assigned-identity';
import { Construct } from 'constructs';
import { acknowledge } from '../../../shared/synth/acknowledge';
import { keepAddress, takeName } from '../../../shared/synth/kept-name';
import { ACTION_GROUPS, mayDestroy, type Removal, requireNumber, requireText, requireTexts } from '../../../shared/synth/settings';
import { canonicalId, segment } from '../../foundation/arm-id';
import { needResourceProviders } from '../../foundation/resource-providers';
import { ACCOUNT_NAME } from '../../foundation/storage/account-rules';
import type { Binding, Workload } from '../../ports/identity';
import type { Site } from '../../ports/site';
import { watchWorkspace } from './workspace-alerts';
import { IN_ACCOUNT, WorkspaceCompanions } from './workspace-companions';
import { type Files, IDLE, NODES, REGISTRY, REGISTRY_ID, requireFiles, VM_SIZE, WORKSPACE } from './workspace-rules';
import { datastoreOf, workspaceTemplate } from './workspace-template';

/** Settings for {@link MachineLearningWorkspace}. */
export interface MachineLearningWorkspaceProps {
  /** The resource group, the region and the workspace for logs. */
  readonly site: Site;
  /**
   * The id of the registry of the images of jobs. The workspace builds images in it, and becomes Contributor of it: give it one of its
   * own. Without one, Azure would create one with an admin user at the first image.
   */
  readonly registryId: string;
  /**
   * The stores that jobs read, by name. `{ SOURCE: lake.zone('raw') }` is the datastore `source`.
   * @default - none
   */
  readonly inputs?: Files;
  /**
   * The stores that jobs write to, by name. A name that is left out later stays in the workspace, without a role.
   * @default - none
   */
  readonly outputs?: Files;
  /**
   * The middle of the names of the workspace and of what is beside it: 1 to 5 lower-case letters and digits. Each store and each
   * processor of a site needs its own name. Another name is another workspace.
   * @default ml
   */
  readonly name?: string;
  /**
   * The size of a node. Another size replaces the cluster: jobs that run on it end.
   * @default Standard_DS3_v2
   */
  readonly vmSize?: string;
  /**
   * The maximum number of nodes, from 1 to 100. Each job takes what it asks for, and others wait.
   * @default 2
   */
  readonly maxNodes?: number;
  /**
   * After how many idle minutes a node is removed, from 2 to 120. A start takes about 5 minutes.
   * @default 5
   */
  readonly idleMinutes?: number;
  /**
   * The ids of the action groups that every alert notifies.
   * @default - alerts fire without a notification
   */
  readonly notify?: readonly string[];
  /**
   * What happens to the workspace and its files when the stack is deleted. With `retain`, `terraform destroy` fails. `destroy` also
   * requires the context `destroyData`. The name stays taken for 14 days, that of the key vault for 90.
   * @default retain
   */
  readonly removal?: Removal;
}

/**
 * Processing stage: an Azure Machine Learning workspace, with a cluster of nodes that run jobs over the files of stores: a preparation
 * of data, the training of a model. Nobody has a key: the workspace, the nodes and people sign in with Microsoft Entra ID, its storage
 * account accepts no keys, and a datastore has no credentials. Azure calls workspaces without keys a preview.
 *
 * Do not use it for each event as it comes: use a `FunctionProcessor`. Do not use it for joins of a large lake: use Spark. It serves no
 * model: an online endpoint has no resource in Terraform, and is created with `az ml`.
 *
 * Idle it costs the storage and the registry: there are no nodes without a job. A job costs about 0.27 USD an hour for each node.
 *
 * The workspace and its datastores are a template of Azure Resource Manager, because azurerm has the access without keys only from
 * version 4.77 on: `terraform plan` shows a change as one of the template, and does not see what was changed elsewhere. Its tags are
 * those of the deployment. A deploy changes a registry and datastores in place; the nodes are replaced with `vmSize`. Whoever deploys
 * must be able to assign the roles Contributor and Key Vault Administrator: a `GithubDeployer` cannot.
 * @see https://learn.microsoft.com/azure/machine-learning/how-to-disable-local-auth-storage
 */
export class MachineLearningWorkspace extends Construct implements Workload {
  /** The name of the identity of the nodes. */
  readonly name: string;
  /** The object id that the nodes run as. */
  readonly principalId: string;
  readonly principalType = 'ServicePrincipal';
  /** The deployment of the workspace and its datastores. It has the name of the workspace. */
  readonly deployment: ResourceGroupTemplateDeployment;
  readonly workspaceId: string;
  /** The storage account, the key vault and Application Insights. */
  readonly companions: WorkspaceCompanions;
  readonly cluster: MachineLearningComputeCluster;

  constructor(scope: Construct, id: string, props: MachineLearningWorkspaceProps) {
    super(scope, id);
    const { site, inputs = {}, outputs = {}, name = 'ml', vmSize = 'Standard_DS3_v2', maxNodes = 2, idleMinutes = 5, notify } = props;
    const { resourceGroupName, location } = site;
    requireText(this, { registryId: props.registryId }, REGISTRY_ID);
    requireFiles(this, { inputs, outputs });
    requireText(this, { name }, ACCOUNT_NAME);
    requireText(this, { vmSize }, VM_SIZE);
    requireNumber(this, { maxNodes }, NODES);
    requireNumber(this, { idleMinutes }, IDLE, 'known');
    requireTexts(this, { notify }, ACTION_GROUPS);
    const lifecycle = mayDestroy(this, props.removal) ? undefined : { preventDestroy: true };
    takeName(this, 'storage account of a site', name, [site.prefix, site.suffix]);
    needResourceProviders(
      this,
      ...['ContainerRegistry', 'Insights', 'KeyVault', 'MachineLearningServices'].map((one) => `Microsoft.${one}`),
    );
    needResourceProviders(this, 'Microsoft.ManagedIdentity', 'Microsoft.Storage');

    const registryId = canonicalId(props.registryId, REGISTRY);
    this.companions = new WorkspaceCompanions(this, 'Companions', { site, name, registryId, notify, lifecycle });
    const { account, vault, insights, identity, waitFor } = this.companions;
    this.name = `${site.prefix}-${name}-nodes`;
    const nodes = new UserAssignedIdentity(this, 'Identity', { name: this.name, resourceGroupName, location });
    this.principalId = nodes.principalId;
    const { principalId, principalType } = this;
    const role = (one: string, scope: string, roleDefinitionName: string) =>
      new RoleAssignment(this, one, { scope, roleDefinitionName, principalId, principalType });
    const own = role('AccountWriter', account.resource.id, 'Storage Blob Data Contributor');
    acknowledge(own, { 'least-privilege': IN_ACCOUNT });
    const pull = role('RegistryPuller', registryId, 'AcrPull');
    const stores = [
      ...Object.entries(inputs).map(([store, one]) => datastoreOf(store, 'reads', one.bindReader(this, store))),
      ...Object.entries(outputs).map(([store, one]) => datastoreOf(store, 'writes', one.bindWriter(this, store))),
    ];

    const workspace = `${site.prefix}-${name}-${site.suffix}`;
    this.deployment = new ResourceGroupTemplateDeployment(this, 'Workspace', {
      name: workspace,
      resourceGroupName,
      // The other mode deletes everything else in the resource group.
      deploymentMode: 'Incremental',
      templateContent: workspaceTemplate({
        ...{ site, name: workspace, registryId, datastores: stores.map(({ datastore }) => datastore) },
        identityId: identity.id,
        storageAccountId: account.resource.id,
        keyVaultId: vault.id,
        insightsId: insights.id,
      }),
      dependsOn: [...waitFor],
      lifecycle,
    });
    keepAddress(this.deployment, name);
    // Not from the outputs of the deployment: they are unknown in each plan that changes the template, which would replace the cluster.
    const group = `/subscriptions/${segment(account.resource.id, 2)}/resourceGroups/${resourceGroupName}`;
    this.workspaceId = `${group}/providers/${WORKSPACE}/${this.deployment.name}`;
    this.cluster = new MachineLearningComputeCluster(this, 'Nodes', {
      name: 'nodes',
      machineLearningWorkspaceId: this.workspaceId,
      location,
      vmSize,
      vmPriority: 'Dedicated',
      localAuthEnabled: false,
      sshPublicAccessEnabled: false,
      identity: { type: 'UserAssigned', identityIds: [nodes.id] },
      scaleSettings: { minNodeCount: 0, maxNodeCount: maxNodes, scaleDownNodesAfterIdleDuration: `PT${idleMinutes}M` },
      dependsOn: [own, pull, ...stores.flatMap((one) => one.waitFor)],
    });
    keepAddress(this.cluster, name);
    watchWorkspace(this, { site, name: `${site.prefix}-${name}`, workspaceId: this.workspaceId, notify });
  }

  /** Let `user` run jobs and see their results. A person also needs Storage Blob Data Reader on a store to look at its files. */
  bindUser(user: Workload, name: string): Binding {
    const { principalId, principalType, forEach } = user;
    const grant = (scope: string, roleDefinitionName: string, id: string) =>
      new RoleAssignment(user, `${name}${id}`, { scope, roleDefinitionName, principalId, principalType, forEach });
    const scientist = grant(this.workspaceId, 'AzureML Data Scientist', 'Scientist');
    const uploads = grant(this.companions.account.resource.id, 'Storage Blob Data Contributor', 'Writer');
    acknowledge(uploads, { 'least-privilege': IN_ACCOUNT });
    return { settings: { [`${name}_WORKSPACE`]: this.deployment.name }, waitFor: [scientist, uploads] };
  }

  /**
   * A command that runs a job.
   * @param file the path of its definition, such as `azure/runtime/machine-learning/baseline/job.yml`
   */
  jobCommand(file: string): string {
    return `az ml job create --resource-group ${this.deployment.resourceGroupName} --workspace-name ${this.deployment.name} --file ${file}`;
  }
}
