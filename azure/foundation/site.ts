import { DataAzurermClientConfig } from '@cdktf/provider-azurerm/lib/data-azurerm-client-config';
import { LogAnalyticsWorkspace } from '@cdktf/provider-azurerm/lib/log-analytics-workspace';
import { ResourceGroup } from '@cdktf/provider-azurerm/lib/resource-group';
import { Fn } from 'cdktf';
import { Construct } from 'constructs';
import { takeName } from '../../shared/synth/kept-name';
import { type NumberRule, PREFIX, requireAbsent, requireNumber, requireText, type TextRule } from '../../shared/synth/settings';
import type { Site } from '../ports/site';
import { canonicalId } from './arm-id';
import { needResourceProviders } from './resource-providers';

/** The short name of a region. */
export const LOCATION: TextRule = {
  pattern: /^[a-z]+[0-9]?$/,
  must: 'be the short name of a region',
  remedy: 'Write it like swedencentral.',
};
const GROUP: TextRule = {
  pattern: /^[\w.()-]{0,89}[\w()-]$/,
  must: 'be the name of a resource group',
  remedy: 'It is not its id: see az group list.',
};
const LOG_RETENTION: NumberRule = { from: 30, to: 730, unit: 'days', remedy: 'Export what must be kept for longer to a store.' };
const LOG_QUOTA: NumberRule = { from: 1, to: 1000, unit: 'GB a day', remedy: 'Leave logQuotaGb out to take all logs in.' };
const WORKSPACE_ID: TextRule = {
  pattern: /^\/subscriptions\/[^/]+\/resourceGroups\/[^/]+\/providers\/Microsoft\.OperationalInsights\/workspaces\/[^/]+$/i,
  must: 'be the id of a Log Analytics workspace',
  remedy: 'Ask for it with az monitor log-analytics workspace show --query id.',
};

/** Settings for {@link AzureSite}. */
export interface AzureSiteProps {
  /** The start of every name: 2 to 11 lower-case letters and digits, a letter first. A change replaces everything. */
  readonly prefix: string;
  /** The Azure region, such as `swedencentral`. A change replaces everything. */
  readonly location: string;
  /**
   * The name of an existing resource group. It stays when the stack is deleted.
   * @default - a new resource group, named after the prefix
   */
  readonly resourceGroupName?: string;
  /**
   * The id of an existing Log Analytics workspace. Its retention stays as it is.
   * @default - a new workspace in the resource group
   */
  readonly workspaceId?: string;
  /**
   * How long logs are kept, from 30 to 730 days. The first 31 days cost nothing extra.
   * @default 30
   */
  readonly logRetentionDays?: number;
  /**
   * How many GB of logs the workspace takes in a day, from 1 to 1000. It bounds what logs cost. Once it is reached, there
   * are no logs until the next day, and the alert on dead letters, which reads them, stays silent.
   * @default - no bound
   */
  readonly logQuotaGb?: number;
}

/**
 * The place where a platform stands on Azure: a resource group, a Log Analytics workspace, and the two ends of every
 * name. The suffix comes from the subscription and the prefix, so it is known at plan and the same at every deploy.
 *
 * Not for two platforms with one prefix in one subscription: their names would be equal.
 * @see https://learn.microsoft.com/azure/azure-resource-manager/management/resource-name-rules
 */
export class AzureSite extends Construct implements Site {
  readonly prefix: string;
  readonly location: string;
  readonly suffix: string;
  readonly resourceGroupName: string;
  readonly workspaceId: string;
  /** The resource group, when this construct made it. */
  readonly resourceGroup?: ResourceGroup;
  /** The workspace, when this construct made it. */
  readonly workspace?: LogAnalyticsWorkspace;

  constructor(scope: Construct, id: string, props: AzureSiteProps) {
    super(scope, id);
    const { prefix, location, resourceGroupName, workspaceId, logQuotaGb } = props;
    const retentionInDays = props.logRetentionDays ?? 30;
    requireText(this, { prefix }, PREFIX);
    requireText(this, { location }, LOCATION);
    if (resourceGroupName !== undefined) requireText(this, { resourceGroupName }, GROUP);
    requireNumber(this, { logRetentionDays: retentionInDays }, LOG_RETENTION);
    if (logQuotaGb !== undefined) requireNumber(this, { logQuotaGb }, LOG_QUOTA);
    if (workspaceId !== undefined) {
      requireText(this, { workspaceId }, WORKSPACE_ID);
      requireAbsent(this, 'workspaceId', { logRetentionDays: props.logRetentionDays, logQuotaGb });
    }

    takeName(this, 'site', { prefix });
    needResourceProviders(this, 'Microsoft.OperationalInsights');
    const { subscriptionId } = new DataAzurermClientConfig(this, 'Deployer');
    this.prefix = prefix;
    this.location = location;
    this.suffix = Fn.substr(Fn.sha256(Fn.join('/', [subscriptionId, prefix])), 0, 8);

    if (resourceGroupName === undefined)
      this.resourceGroup = new ResourceGroup(this, 'ResourceGroup', { name: `${prefix}-data-platform`, location });
    this.resourceGroupName = resourceGroupName ?? this.resourceGroup!.name;

    if (workspaceId === undefined) {
      this.workspace = new LogAnalyticsWorkspace(this, 'Workspace', {
        name: `${prefix}-logs`,
        resourceGroupName: this.resourceGroupName,
        location,
        sku: 'PerGB2018',
        retentionInDays,
        dailyQuotaGb: logQuotaGb,
      });
    }
    this.workspaceId = this.workspace?.id ?? canonicalId(workspaceId!, 'Microsoft.OperationalInsights/workspaces');
  }
}
