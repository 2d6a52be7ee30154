import type { ApplicationInsights } from '@cdktf/provider-azurerm/lib/application-insights';
import { FunctionAppFlexConsumption } from '@cdktf/provider-azurerm/lib/function-app-flex-consumption';
import { MonitorDiagnosticSetting } from '@cdktf/provider-azurerm/lib/monitor-diagnostic-setting';
import type { ITerraformDependable } from 'cdktf';
import type { Construct } from 'constructs';
import type { Site } from '../../ports/site';

/**
 * Azure adds these tags to every app that reports to Application Insights. Without this, each apply would remove them:
 * hashicorp/terraform-provider-azurerm#16569.
 */
const HIDDEN_TAGS = ['resource-id', 'conn-string', 'instrumentation-key'].map((what) => `tags["hidden-link: /app-insights-${what}"]`);

/** Settings for {@link FlexApp}. */
export interface FlexAppProps {
  readonly site: Site;
  readonly name: string;
  readonly planId: string;
  /** The address of the container that packages are deployed to. */
  readonly packagesUrl: string;
  /** The id of the identity that the app runs as, and reads its package with. */
  readonly identityId: string;
  readonly insights: ApplicationInsights;
  readonly memoryMiB: number;
  readonly maxInstances: number;
  readonly alwaysReady: Readonly<Record<string, number>>;
  /** @default - no network */
  readonly subnetId?: string;
  /** The app settings, with `AZURE_CLIENT_ID`: the client id that the code signs in with. */
  readonly settings: Readonly<Record<string, string>>;
  /** The resources that must exist before the app starts, such as role assignments. */
  readonly waitFor: readonly ITerraformDependable[];
}

/**
 * Part of the Processing stage: the app on Flex Consumption, without passwords for publishing, with its logs in the workspace.
 * @see https://learn.microsoft.com/azure/azure-functions/flex-consumption-plan
 */
export class FlexApp extends FunctionAppFlexConsumption {
  constructor(scope: Construct, id: string, props: FlexAppProps) {
    const { site, insights, identityId } = props;
    super(scope, id, {
      name: props.name,
      resourceGroupName: site.resourceGroupName,
      location: site.location,
      servicePlanId: props.planId,
      runtimeName: 'node',
      runtimeVersion: '24',
      instanceMemoryInMb: props.memoryMiB,
      maximumInstanceCount: props.maxInstances,
      alwaysReady: Object.entries(props.alwaysReady).map(([name, instanceCount]) => ({ name, instanceCount })),
      storageContainerType: 'blobContainer',
      storageContainerEndpoint: props.packagesUrl,
      storageAuthenticationType: 'UserAssignedIdentity',
      storageUserAssignedIdentityId: identityId,
      identity: { type: 'UserAssigned', identityIds: [identityId] },
      virtualNetworkSubnetId: props.subnetId,
      httpsOnly: true,
      webdeployPublishBasicAuthenticationEnabled: false,
      siteConfig: {
        minimumTlsVersion: '1.2',
        scmMinimumTlsVersion: '1.2',
        http2Enabled: true,
        applicationInsightsConnectionString: insights.connectionString,
      },
      appSettings: {
        ...props.settings,
        APPLICATIONINSIGHTS_AUTHENTICATION_STRING: `ClientId=${props.settings.AZURE_CLIENT_ID};Authorization=AAD`,
      },
      dependsOn: [...props.waitFor],
      lifecycle: { ignoreChanges: HIDDEN_TAGS },
    });
    new MonitorDiagnosticSetting(scope, 'Logs', {
      name: 'log-analytics',
      targetResourceId: this.id,
      logAnalyticsWorkspaceId: site.workspaceId,
      enabledLog: [{ categoryGroup: 'allLogs' }],
      enabledMetric: [{ category: 'AllMetrics' }],
    });
  }
}
