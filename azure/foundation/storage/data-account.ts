import { MonitorDiagnosticSetting } from '@cdktf/provider-azurerm/lib/monitor-diagnostic-setting';
import { StorageAccount } from '@cdktf/provider-azurerm/lib/storage-account';
import type { StorageContainer } from '@cdktf/provider-azurerm/lib/storage-container';
import { StorageManagementPolicy, type StorageManagementPolicyRule } from '@cdktf/provider-azurerm/lib/storage-management-policy';
import type { TerraformResourceLifecycle } from 'cdktf';
import { Construct } from 'constructs';
import { acknowledge } from '../../../shared/synth/acknowledge';
import { keepAddress } from '../../../shared/synth/kept-name';
import type { Site } from '../../ports/site';
import { alertOnLogs } from '../alerts';
import { STORAGE_ACCOUNT } from '../answers';
import { SECURE_ACCOUNT } from './secure-account';

/** Settings for {@link DataAccount}. */
export interface DataAccountProps {
  /** The resource group, the region and the workspace of the account. */
  readonly site: Site;
  /** The middle of its name, and of the name of its alert. */
  readonly name: string;
  /** The redundancy, such as `ZRS`. */
  readonly redundancy: string;
  /** How long a deleted object can be restored, in days. Without `isLake`, also an overwritten one. */
  readonly undeleteWindowDays: number;
  /**
   * Whether it has a hierarchical namespace: a data lake. A lake has no versions: Azure refuses them.
   * @default false
   */
  readonly isLake?: boolean;
  /**
   * The ids of the action groups that the alert notifies.
   * @default - the alert fires without a notification
   */
  readonly notify?: readonly string[];
  /**
   * Further answers to findings of scanners.
   * @default - the account holds blobs only
   */
  readonly answers?: Readonly<Record<string, string>>;
  /**
   * What protects the account from deletion.
   * @default - nothing
   */
  readonly lifecycle?: TerraformResourceLifecycle;
}

/** How long an object that was brought back from the archive tier can be read before it moves there again. */
const REHYDRATED_DAYS = 7;

/** What becomes of the objects of a container with time. */
export interface Lifecycle {
  /** The name of its rule. */
  readonly name: string;
  readonly container: StorageContainer;
  /** After how many days an object moves to the cold tier. */
  readonly coldAfterDays?: number;
  /** After how many days an object moves to the archive tier. */
  readonly archiveAfterDays?: number;
  /** After how many days an object is deleted. */
  readonly expireAfterDays?: number;
}

/**
 * A storage account for data: no account keys, no anonymous access, soft delete, versioning unless it is a data lake, and logs of
 * every access in the workspace of the site.
 *
 * Do not use it for a private network: its address is public, and callers need a Microsoft Entra token.
 * @see https://learn.microsoft.com/azure/storage/blobs/security-recommendations
 */
export class DataAccount extends Construct {
  /** The storage account, for anything this construct does not cover. */
  readonly resource: StorageAccount;
  /** The diagnostic setting that logs each access. */
  readonly logs: MonitorDiagnosticSetting;

  constructor(
    scope: Construct,
    id: string,
    private readonly props: DataAccountProps,
  ) {
    super(scope, id);
    const { site, name, redundancy, undeleteWindowDays: days, isLake, lifecycle } = props;
    this.resource = new StorageAccount(this, 'Resource', {
      name: `${site.prefix}${name}${site.suffix}`,
      resourceGroupName: site.resourceGroupName,
      location: site.location,
      ...SECURE_ACCOUNT,
      accountReplicationType: redundancy,
      isHnsEnabled: isLake ? true : undefined,
      blobProperties: {
        versioningEnabled: isLake ? undefined : true,
        deleteRetentionPolicy: { days },
        containerDeleteRetentionPolicy: { days },
      },
      lifecycle,
    });
    keepAddress(this.resource, name);
    acknowledge(this.resource, {
      CKV_AZURE_33: 'It has no queues, so there are no calls to log. Calls that concern blobs are logged.',
      ...STORAGE_ACCOUNT,
      ...(/^G/.test(redundancy)
        ? {}
        : { CKV_AZURE_206: 'Azure keeps three copies, with ZRS in three zones. For copies in another region, set redundancy to GZRS.' }),
      CKV2_AZURE_1:
        'Azure encrypts it twice with Microsoft-managed keys. For your own key, add a StorageAccountCustomerManagedKey to the account.',
      ...props.answers,
    });
    this.logs = new MonitorDiagnosticSetting(this, 'Logs', {
      name: 'log-analytics',
      targetResourceId: `${this.resource.id}/blobServices/default`,
      logAnalyticsWorkspaceId: site.workspaceId,
      enabledLog: [{ categoryGroup: 'allLogs' }],
      enabledMetric: [{ category: 'AllMetrics' }],
    });
  }

  /** Move old objects to the cold or the archive tier, or delete them, and delete old versions in all containers. Azure applies the rules once a day. */
  addRules(lifecycles: readonly Lifecycle[]): StorageManagementPolicy | undefined {
    const blobTypes = ['blockBlob'];
    const rule: StorageManagementPolicyRule[] = lifecycles
      .filter((ages) => [ages.coldAfterDays, ages.archiveAfterDays, ages.expireAfterDays].some((days) => days !== undefined))
      .map(({ name, container, coldAfterDays, archiveAfterDays, expireAfterDays }) => ({
        name,
        enabled: true,
        filters: { blobTypes, prefixMatch: [`${container.name}/`] },
        actions: {
          baseBlob: {
            tierToColdAfterDaysSinceModificationGreaterThan: coldAfterDays,
            tierToArchiveAfterDaysSinceModificationGreaterThan: archiveAfterDays,
            tierToArchiveAfterDaysSinceLastTierChangeGreaterThan: archiveAfterDays === undefined ? undefined : REHYDRATED_DAYS,
            deleteAfterDaysSinceModificationGreaterThan: expireAfterDays,
          },
        },
      }));
    // A deleted version counts as a deleted blob: it can be restored for the whole soft delete period.
    const version = { deleteAfterDaysSinceCreation: 1 };
    if (!this.props.isLake) rule.push({ name: 'old-versions', enabled: true, filters: { blobTypes }, actions: { version } });
    return rule.length > 0 ? new StorageManagementPolicy(this, 'Rules', { storageAccountId: this.resource.id, rule }) : undefined;
  }

  /** Add an alert that fires if a blob is written to `container`. */
  watch(container: StorageContainer) {
    const { site, name, notify, isLake } = this.props;
    // Clients of the Data Lake API write a file in several calls, with names of their own for each.
    const written = isLake ? 'Category == "StorageWrite"' : 'OperationName == "PutBlob"';
    const query = [
      'StorageBlobLogs',
      `where AccountName == "${this.resource.name}" and ObjectKey contains "/${container.name}/"`,
      `where ${written} and StatusText == "Success"`,
    ].join(' | ');
    const description = 'Events could not be processed. They are in the dead-letter container, each with the reason.';
    alertOnLogs(this, 'DeadLettersAlert', { name: `${site.prefix}-${name}-dead-letters`, description, site, notify, query });
  }
}
