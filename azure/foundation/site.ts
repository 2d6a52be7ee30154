import { DataAzurermClientConfig } from '@cdktf/provider-azurerm/lib/data-azurerm-client-config';
import { LogAnalyticsWorkspace } from '@cdktf/provider-azurerm/lib/log-analytics-workspace';
import { ResourceGroup } from '@cdktf/provider-azurerm/lib/resource-group';
import { Fn, TerraformStack } from 'cdktf';
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
  remedy: 'Not its id. Find it with az group list.',
};
const LOG_RETENTION: NumberRule = { from: 30, to: 730, unit: 'days', remedy: 'To keep logs for longer, export them to a store.' };
const LOG_QUOTA: NumberRule = { from: 1, to: 1000, unit: 'GB a day', remedy: 'Leave logQuotaGb out for no limit.' };
const WORKSPACE_ID: TextRule = {
  pattern: /^\/subscriptions\/[^/]+\/resourceGroups\/[^/]+\/providers\/Microsoft\.OperationalInsights\/workspaces\/[^/]+$/i,
  must: 'be the id of a Log Analytics workspace',
  remedy: 'Find it with az monitor log-analytics workspace show --query id.',
};

/** Settings for {@link AzureSite}. */
export interface AzureSiteProps {
  /** The start of every name: 2 to 11 lower-case letters and digits, starting with a letter. A change replaces everything. */
  readonly prefix: string;
  /** The Azure region, such as `swedencentral`. A change replaces everything. */
  readonly location: string;
  /**
   * The name of an existing resource group. It is not deleted with the stack.
   * @default - a new resource group, named after the prefix
   */
  readonly resourceGroupName?: string;
  /**
   * The id of an existing Log Analytics workspace. Its retention stays unchanged.
   * @default - a new workspace in the resource group
   */
  readonly workspaceId?: string;
  /**
   * How long logs are kept, from 30 to 730 days. The first 31 days cost nothing extra.
   * @default 30
   */
  readonly logRetentionDays?: number;
  /**
   * The daily cap of the workspace in GB, from 1 to 1000. It limits the cost of logs. After the cap is reached, there are no
   * logs until the next day, and the alert on dead letters, which reads the logs, does not fire.
   * @default - no cap
   */
  readonly logQuotaGb?: number;
}

/**
 * What the constructs of a platform share on Azure: a resource group, a Log Analytics workspace, and the prefix and suffix of
 * every name. The suffix comes from the subscription and the prefix, so it is known at plan and the same at every deploy.
 *
 * Two platforms in one subscription need different prefixes: otherwise their names would be the same.
 * @see https://learn.microsoft.com/azure/azure-resource-manager/management/resource-name-rules
 */
export class AzureSite extends Construct implements Site {
  readonly prefix: string;
  readonly location: string;
  readonly suffix: string;
  readonly resourceGroupName: string;
  readonly workspaceId: string;
  /** The resource group, if this construct created it. */
  readonly resourceGroup?: ResourceGroup;
  /** The workspace, if this construct created it. */
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

    takeName(this, 'site of a stack', prefix, [TerraformStack.of(this).node.path], 'Choose another prefix.');
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
