import { DatabricksAccessConnector } from '@cdktf/provider-azurerm/lib/databricks-access-connector';
import { DatabricksWorkspace as Workspace } from '@cdktf/provider-azurerm/lib/databricks-workspace';
import { MonitorDiagnosticSetting } from '@cdktf/provider-azurerm/lib/monitor-diagnostic-setting';
import { UserAssignedIdentity } from '@cdktf/provider-azurerm/lib/user-assigned-identity';
import { Construct } from 'constructs';
import { acknowledge } from '../../../shared/synth/acknowledge';
import { keepAddress, takeName } from '../../../shared/synth/kept-name';
import { ACTION_GROUPS, mayDestroy, type Removal, requireAbsent, requireText, requireTexts } from '../../../shared/synth/settings';
import { alertOnLogs } from '../../foundation/alerts';
import { canonicalGuid, canonicalId } from '../../foundation/arm-id';
import { needResourceProviders } from '../../foundation/resource-providers';
import { NAME, requireIdentity } from '../../foundation/rules';
import type { Workload } from '../../ports/identity';
import type { RecordSource } from '../../ports/records';
import type { Site } from '../../ports/site';
import type { LakeStore } from '../../ports/stores';
import { isLake, REASONS, requireData, WORKSPACE, WORKSPACE_ID } from './workspace-rules';

/** Settings for {@link DatabricksWorkspace}. */
export interface DatabricksWorkspaceProps {
  /** The resource group, the region and the Log Analytics workspace. */
  readonly site: Site;
  /**
   * The middle of the names of the workspace, its connector and its identity: 1 to 20 lower-case letters and digits, a letter first. A
   * change replaces all three: notebooks, jobs and the history of their runs are lost.
   * @default spark
   */
  readonly name?: string;
  /**
   * The zones and hubs that jobs read, by name: `{ RAW: lake.zone('raw') }` returns the setting `RAW_PATH`. A hub has a consumer
   * group for Databricks.
   * @default - none
   */
  readonly inputs?: Readonly<Record<string, LakeStore | RecordSource>>;
  /**
   * The zones that jobs write, by name. They may read, replace and delete their files too.
   * @default - none
   */
  readonly outputs?: Readonly<Record<string, LakeStore>>;
  /**
   * An existing user-assigned identity for the access connector. The roles are assigned to it.
   * @default - a new identity, for this connector only
   */
  readonly identity?: { readonly id: string; readonly principalId: string };
  /**
   * The id of an existing workspace. Its settings stay unchanged, and it gets no logs and no alert: only the connector is created.
   * @default - a new workspace
   */
  readonly workspaceId?: string;
  /**
   * The ids of the action groups that the alert notifies.
   * @default - the alert fires without a notification
   */
  readonly notify?: readonly string[];
  /**
   * What happens to the workspace when the stack is deleted. With `retain`, `terraform destroy` fails. `destroy` also requires the
   * context `destroyData`.
   * @default retain
   */
  readonly removal?: Removal;
}

/**
 * Processing stage: a workspace of Azure Databricks, where notebooks and jobs run Spark over a lake. An idle workspace costs about
 * 36 USD a month, because Azure creates a NAT gateway for it; a cluster costs its machines and its DBUs for each second on top.
 *
 * Clusters hold no key and no identity of their own. Unity Catalog reaches the lake with the identity of an access connector, and
 * hands out access to single tables and folders. Roles are assigned for each zone. What is in the workspace comes from the provider
 * `databricks/databricks`, in a stack of its own: the storage credential, the external locations, the catalog and the jobs. The page
 * `docs/databricks-unity-catalog.md` has them.
 *
 * Do not use it for less than about 100 GB, or for events one by one: use a processor. Do not keep files in the workspace: its root
 * storage is deleted with it. It is in the Premium tier, because Azure ended the Standard tier on 2026-10-01.
 *
 * A deploy changes tags and the tier in place. The name replaces the workspace, as do the encryption and the network: decide for a
 * network of your own before the first deploy.
 * @see https://learn.microsoft.com/azure/databricks/data-governance/unity-catalog/azure-managed-identities
 */
export class DatabricksWorkspace extends Construct implements Workload {
  readonly name: string;
  readonly principalId: string;
  readonly principalType = 'ServicePrincipal';
  /** The workspace, if this construct created it. */
  readonly workspace?: Workspace;
  readonly workspaceId: string;
  /** The address of the workspace, if this construct created it. */
  readonly workspaceUrl?: string;
  /** The access connector. A storage credential of Unity Catalog names it. */
  readonly connector: DatabricksAccessConnector;
  /** The id of the identity of the connector. A storage credential names it too. */
  readonly identityId: string;
  /** Where the inputs and outputs are: `RAW_PATH` for a zone, the host and the consumer group for a hub. */
  readonly settings: Readonly<Record<string, string>>;

  constructor(scope: Construct, id: string, props: DatabricksWorkspaceProps) {
    super(scope, id);
    const { site, name = 'spark', inputs = {}, outputs = {}, workspaceId, notify } = props;
    requireText(this, { name }, NAME);
    requireData(this, inputs, outputs);
    requireTexts(this, { notify }, ACTION_GROUPS);
    if (props.identity !== undefined) requireIdentity(this, 'identity', props.identity, 'principalId');
    if (workspaceId !== undefined) {
      requireText(this, { workspaceId }, WORKSPACE_ID);
      requireAbsent(this, 'workspaceId', { notify });
    }
    const lifecycle = mayDestroy(this, props.removal) ? undefined : { preventDestroy: true };
    takeName(this, 'Databricks workspace of a site', name, [site.prefix, site.suffix]);
    needResourceProviders(this, 'Microsoft.Databricks', 'Microsoft.Insights', 'Microsoft.ManagedIdentity');
    // The machines and the network of clusters are in the subscription, in a group of the workspace.
    if (workspaceId === undefined) needResourceProviders(this, 'Microsoft.Compute', 'Microsoft.Network', 'Microsoft.Storage');
    this.name = `${site.prefix}-${name}-databricks`;
    const { resourceGroupName, location } = site;

    const identity = props.identity ?? new UserAssignedIdentity(this, 'Identity', { name: this.name, resourceGroupName, location });
    this.identityId = canonicalId(identity.id, 'Microsoft.ManagedIdentity/userAssignedIdentities');
    this.principalId = canonicalGuid(identity.principalId);
    const bindings = [
      ...Object.entries(inputs).map(([key, from]) => (isLake(from) ? from.bindCatalog(this, key, 'read') : from.bindReader(this, key))),
      ...Object.entries(outputs).map(([key, to]) => to.bindCatalog(this, key, 'write')),
    ];
    this.settings = Object.assign({}, ...bindings.map(({ settings }) => settings));
    this.connector = new DatabricksAccessConnector(this, 'Connector', {
      name: this.name,
      resourceGroupName,
      location,
      identity: { type: 'UserAssigned', identityIds: [this.identityId] },
      dependsOn: bindings.flatMap(({ waitFor }) => waitFor),
    });
    keepAddress(this.connector, name);

    if (workspaceId === undefined) {
      this.workspace = new Workspace(this, 'Resource', {
        name: `${site.prefix}-${name}`,
        resourceGroupName,
        location,
        sku: 'premium',
        managedResourceGroupName: `${site.prefix}-${name}-${site.suffix}-managed`,
        infrastructureEncryptionEnabled: true,
        publicNetworkAccessEnabled: true,
        customParameters: { noPublicIp: true },
        lifecycle,
      });
      keepAddress(this.workspace, name);
      acknowledge(this.workspace, REASONS);
      this.workspaceUrl = `https://${this.workspace.workspaceUrl}`;
      this.observe(this.workspace, site, name, notify);
    }
    this.workspaceId = this.workspace?.id ?? canonicalId(workspaceId!, WORKSPACE);
  }

  /** A workspace has no metrics in Azure Monitor. */
  private observe({ id }: Workspace, site: Site, name: string, notify?: readonly string[]) {
    new MonitorDiagnosticSetting(this, 'Logs', {
      name: 'log-analytics',
      targetResourceId: id,
      logAnalyticsWorkspaceId: site.workspaceId,
      enabledLog: [{ categoryGroup: 'allLogs' }],
    });
    alertOnLogs(this, 'JobsAlert', {
      name: `${site.prefix}-${name}-jobs-failed`,
      description: 'A run of a job failed. Job runs of the workspace shows why.',
      site,
      notify,
      query: `DatabricksJobs | where _ResourceId =~ "${id}" and ActionName == "runFailed"`,
    });
  }
}
