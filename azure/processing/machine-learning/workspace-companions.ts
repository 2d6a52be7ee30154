import { ApplicationInsights } from '@cdktf/provider-azurerm/lib/application-insights';
import { DataAzurermClientConfig } from '@cdktf/provider-azurerm/lib/data-azurerm-client-config';
import { KeyVault } from '@cdktf/provider-azurerm/lib/key-vault';
import { MonitorDiagnosticSetting } from '@cdktf/provider-azurerm/lib/monitor-diagnostic-setting';
import { RoleAssignment } from '@cdktf/provider-azurerm/lib/role-assignment';
import { UserAssignedIdentity } from '@cdktf/provider-azurerm/lib/user-assigned-identity';
import type { ITerraformDependable, TerraformResourceLifecycle } from 'cdktf';
import { Construct } from 'constructs';
import { acknowledge } from '../../../shared/synth/acknowledge';
import { keepAddress } from '../../../shared/synth/kept-name';
import { DataAccount } from '../../foundation/storage/data-account';
import type { Site } from '../../ports/site';

/** Why a role on the whole account is needed, and not on a container. */
export const IN_ACCOUNT =
  'The code of jobs, their logs and their results are in containers of this account that Azure creates. It has no role for less.';

/** Settings for {@link WorkspaceCompanions}. */
export interface WorkspaceCompanionsProps {
  readonly site: Site;
  /** The middle of their names. */
  readonly name: string;
  readonly registryId: string;
  /**
   * The ids of the action groups that alerts notify.
   * @default - alerts fire without a notification
   */
  readonly notify?: readonly string[];
  /**
   * What protects them from deletion.
   * @default - nothing
   */
  readonly lifecycle?: TerraformResourceLifecycle;
}

/** What a workspace needs beside it: a storage account, a key vault, Application Insights, and an identity with its roles on them. */
export class WorkspaceCompanions extends Construct {
  readonly account: DataAccount;
  readonly vault: KeyVault;
  readonly insights: ApplicationInsights;
  /** The identity that the workspace runs as. */
  readonly identity: UserAssignedIdentity;
  /** The roles of the workspace. Without them, Azure refuses to create it. */
  readonly waitFor: readonly ITerraformDependable[];

  constructor(scope: Construct, id: string, { site, name, registryId, notify, lifecycle }: WorkspaceCompanionsProps) {
    super(scope, id);
    const { resourceGroupName, location, workspaceId } = site;
    const place = { resourceGroupName, location };
    // A workspace takes no account with a hierarchical namespace.
    this.account = new DataAccount(this, 'Account', { site, name, redundancy: 'ZRS', undeleteWindowDays: 30, notify, lifecycle });
    this.account.addRules([]);
    const { tenantId } = new DataAzurermClientConfig(this, 'Deployer');
    this.vault = new KeyVault(this, 'Vault', {
      name: `${site.prefix}${name}${site.suffix}`,
      ...place,
      tenantId,
      skuName: 'standard',
      rbacAuthorizationEnabled: true,
      purgeProtectionEnabled: true,
      softDeleteRetentionDays: 90,
      lifecycle,
    });
    keepAddress(this.vault, name);
    const network =
      'Its address is public, and callers need a Microsoft Entra token and a role. For a virtual network, set networkAcls on the vault, and add a PrivateEndpoint.';
    acknowledge(this.vault, { CKV_AZURE_109: network, CKV_AZURE_189: network, CKV2_AZURE_32: network });
    new MonitorDiagnosticSetting(this, 'VaultLogs', {
      name: 'log-analytics',
      targetResourceId: this.vault.id,
      logAnalyticsWorkspaceId: workspaceId,
      enabledLog: [{ categoryGroup: 'allLogs' }],
      enabledMetric: [{ category: 'AllMetrics' }],
    });
    this.insights = new ApplicationInsights(this, 'Insights', {
      name: `${site.prefix}-${name}`,
      ...place,
      applicationType: 'web',
      workspaceId,
      localAuthenticationDisabled: true,
    });
    this.identity = new UserAssignedIdentity(this, 'Identity', { name: `${site.prefix}-${name}-workspace`, ...place });

    // https://learn.microsoft.com/azure/machine-learning/how-to-identity-based-service-authentication#workspace
    const roles: readonly (readonly [id: string, scope: string, role: string])[] = [
      ['AccountOwner', this.account.resource.id, 'Contributor'],
      ['AccountWriter', this.account.resource.id, 'Storage Blob Data Contributor'],
      ['VaultOwner', this.vault.id, 'Contributor'],
      ['VaultWriter', this.vault.id, 'Key Vault Administrator'],
      ['InsightsOwner', this.insights.id, 'Contributor'],
      ['RegistryOwner', registryId, 'Contributor'],
    ];
    this.waitFor = roles.map(([role, on, roleDefinitionName]) => {
      const { principalId } = this.identity;
      const grant = new RoleAssignment(this, role, { scope: on, roleDefinitionName, principalId, principalType: 'ServicePrincipal' });
      if (role === 'AccountWriter') acknowledge(grant, { 'least-privilege': IN_ACCOUNT });
      return grant;
    });
  }
}
