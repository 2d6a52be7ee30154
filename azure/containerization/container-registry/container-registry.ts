import { ContainerRegistry as Registry } from '@cdktf/provider-azurerm/lib/container-registry';
import { MonitorDiagnosticSetting } from '@cdktf/provider-azurerm/lib/monitor-diagnostic-setting';
import { RoleAssignment } from '@cdktf/provider-azurerm/lib/role-assignment';
import { Construct } from 'constructs';
import { acknowledge } from '../../../shared/synth/acknowledge';
import { keepAddress, takeName } from '../../../shared/synth/kept-name';
import type { Removal } from '../../../shared/synth/settings';
import {
  ACTION_GROUPS,
  mayDestroy,
  requireAbsent,
  requireNumber,
  requireOneOf,
  requireText,
  requireTexts,
  SettingError,
} from '../../../shared/synth/settings';
import { alertOnMetrics } from '../../foundation/alerts';
import { canonicalId, segment } from '../../foundation/arm-id';
import { needResourceProviders } from '../../foundation/resource-providers';
import type { Binding, Workload } from '../../ports/identity';
import type { Site } from '../../ports/site';
import { INCLUDED_GB, NAME, REFERENCE, REGISTRY, REGISTRY_ID, REPOSITORY, reasons, type Sku, UNTAGGED } from './registry-rules';

/** Settings for {@link ContainerRegistry}. */
export interface ContainerRegistryProps {
  /** The resource group, the region and the workspace of the registry. */
  readonly site: Site;
  /**
   * The middle of the name of the registry: 1 to 20 lower-case letters and digits. Another name creates another registry. Each
   * registry of a site and of a stack needs its own name.
   * @default images
   */
  readonly name?: string;
  /**
   * The tier. `Basic` includes 10 GB of images, `Standard` 100 GB and `Premium` 500 GB. Private endpoints, other regions, keys of
   * your own and `keepUntaggedDays` need `Premium`.
   * @default Standard
   */
  readonly sku?: Sku;
  /**
   * How long images without a tag are kept, from 1 to 365 days. They are deleted also if something runs them by their digest: give
   * such images a tag of their own. Only for `Premium`.
   * @default - until somebody deletes them, for example with `az acr run` and `acr purge`
   */
  readonly keepUntaggedDays?: number;
  /**
   * The id of an existing registry in the default domain (`NAME.azurecr.io`). Its settings stay unchanged, and it gets no logs and no
   * alert.
   * @default - a new registry
   */
  readonly registryId?: string;
  /**
   * The ids of the action groups that the alert notifies.
   * @default - the alert fires without a notification
   */
  readonly notify?: readonly string[];
  /**
   * What happens to the images when the stack is deleted. With `retain`, `terraform destroy` fails. `destroy` also requires the
   * context `destroyData`.
   * @default retain
   */
  readonly removal?: Removal;
}

/**
 * Containerization stage: a private registry of images. Clients sign in with Microsoft Entra ID: the admin user and anonymous pulls are
 * disabled.
 *
 * Do not use it for files: use a store. At the first deploy it has no image: push one before what runs it is deployed. The first pull
 * can fail for some minutes, until Azure has applied a new role. It does not scan images: Microsoft Defender for Containers does, for
 * the whole subscription. A role is for all repositories of a registry: give a team that must not read others a registry of its own.
 *
 * Idle it costs about 5 USD (Basic), 20 USD (Standard) or 50 USD (Premium) a month. A deploy changes every setting in place but the name.
 * Before you leave Premium, leave `keepUntaggedDays` out. A deleted image cannot be restored.
 * @see https://learn.microsoft.com/azure/container-registry/container-registry-best-practices
 */
export class ContainerRegistry extends Construct {
  /** The registry, if this construct created it. */
  readonly registry?: Registry;
  readonly registryId: string;
  /** The address that images are pushed to and pulled from. */
  readonly loginServer: string;

  constructor(scope: Construct, id: string, props: ContainerRegistryProps) {
    super(scope, id);
    const { site, name = 'images', sku = 'Standard', keepUntaggedDays, registryId, notify } = props;
    requireText(this, { name }, NAME);
    requireOneOf(this, { sku }, Object.keys(INCLUDED_GB), 'Leave it out for Standard.');
    requireTexts(this, { notify }, ACTION_GROUPS);
    if (keepUntaggedDays !== undefined) requireNumber(this, { keepUntaggedDays }, UNTAGGED);
    if (registryId !== undefined) {
      requireText(this, { registryId }, REGISTRY_ID);
      requireAbsent(this, 'registryId', { name: props.name, sku: props.sku, keepUntaggedDays, notify });
    }
    if (keepUntaggedDays !== undefined && sku !== 'Premium') {
      const remedy = "Set sku to 'Premium', or delete such images with a task: az acr task create with acr purge.";
      throw new SettingError(this, 'keepUntaggedDays needs the sku Premium', `"${sku}"`, remedy);
    }
    const lifecycle = mayDestroy(this, props.removal) ? undefined : { preventDestroy: true };
    if (registryId === undefined) takeName(this, 'registry of a site', name, [site.prefix, site.suffix]);
    needResourceProviders(this, 'Microsoft.ContainerRegistry', 'Microsoft.Insights');

    if (registryId === undefined) {
      this.registry = new Registry(this, 'Resource', {
        name: `${site.prefix}${name}${site.suffix}`,
        resourceGroupName: site.resourceGroupName,
        location: site.location,
        sku,
        adminEnabled: false,
        anonymousPullEnabled: false,
        retentionPolicyInDays: keepUntaggedDays,
        lifecycle,
      });
      keepAddress(this.registry, name);
      acknowledge(this.registry, reasons(sku, keepUntaggedDays));
      this.observe(this.registry, site, name, sku, notify);
    }
    this.registryId = this.registry?.id ?? canonicalId(registryId!, REGISTRY);
    this.loginServer = this.registry?.loginServer ?? `${segment(this.registryId, 8)}.azurecr.io`;
  }

  /**
   * The address of an image, for what runs it.
   * @param repository the name of the repository, such as `press/renderer`
   * @param reference the digest, such as `sha256:...`, or a tag. A tag can be moved to another image
   * @throws SettingError on the tag `latest`
   */
  imageUri(repository: string, reference: string): string {
    requireText(this, { repository }, REPOSITORY);
    requireText(this, { reference }, REFERENCE);
    return `${this.loginServer}/${repository}${reference.startsWith('sha256:') ? '@' : ':'}${reference}`;
  }

  /** Allow `puller` to pull the images of this registry, and nothing else. */
  bindPuller(puller: Workload, name: string): Binding {
    return this.bind(puller, name, 'AcrPull');
  }

  /** Allow `pusher` to push and pull images, and not to delete any. It can move a tag to another image. */
  bindPusher(pusher: Workload, name: string): Binding {
    return this.bind(pusher, name, 'AcrPush');
  }

  private bind(workload: Workload, name: string, roleDefinitionName: 'AcrPull' | 'AcrPush'): Binding {
    const { principalId, principalType, forEach } = workload;
    const grant = { scope: this.registryId, roleDefinitionName, principalId, principalType, forEach };
    const role = new RoleAssignment(workload, `${name}${roleDefinitionName}`, grant);
    return { settings: { [`${name}_REGISTRY`]: this.loginServer }, waitFor: [role] };
  }

  private observe(registry: Registry, site: Site, name: string, sku: Sku, notify?: readonly string[]) {
    new MonitorDiagnosticSetting(this, 'Logs', {
      name: 'log-analytics',
      targetResourceId: registry.id,
      logAnalyticsWorkspaceId: site.workspaceId,
      enabledLog: [{ categoryGroup: 'allLogs' }],
      enabledMetric: [{ category: 'AllMetrics' }],
    });
    alertOnMetrics(
      this,
      'StorageAlert',
      {
        name: `${site.prefix}-${name}-registry-storage`,
        description: `The images take 80% of the ${INCLUDED_GB[sku]} GB that the tier includes. More is billed by GB: delete old images.`,
        site,
        notify,
        of: registry.id,
        // Azure measures the storage once an hour.
        windowSize: 'PT1H',
      },
      {
        metricNamespace: REGISTRY,
        metricName: 'StorageUsed',
        aggregation: 'Average',
        operator: 'GreaterThan',
        threshold: INCLUDED_GB[sku] * 0.8e9,
      },
    );
  }
}
