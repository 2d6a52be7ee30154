import { MonitorDiagnosticSetting } from '@cdktf/provider-azurerm/lib/monitor-diagnostic-setting';
import { StorageAccount } from '@cdktf/provider-azurerm/lib/storage-account';
import type { StorageContainer } from '@cdktf/provider-azurerm/lib/storage-container';
import { StorageManagementPolicy } from '@cdktf/provider-azurerm/lib/storage-management-policy';
import type { TerraformResourceLifecycle } from 'cdktf';
import { Construct } from 'constructs';
import { acknowledge } from '../../../shared/synth/acknowledge';
import { keepAddress } from '../../../shared/synth/kept-name';
import { alertOnLogs } from '../../foundation/alerts';
import { STORAGE_ACCOUNT } from '../../foundation/answers';
import { CLOSED_ACCOUNT } from '../../foundation/storage-account';
import type { Site } from '../../ports/site';

/** Settings for {@link DataAccount}. */
export interface DataAccountProps {
  /** Where the account stands. */
  readonly site: Site;
  /** The middle of its name, and of the name of its alert. */
  readonly name: string;
  /** How many copies there are, and where. */
  readonly redundancy: string;
  /** How long an overwritten or deleted object can still be brought back. */
  readonly undeleteWindowDays: number;
  /**
   * The ids of the action groups that hear the alert.
   * @default - the alert changes its state and tells nobody
   */
  readonly notify?: readonly string[];
  /**
   * What protects the account from being deleted.
   * @default - nothing
   */
  readonly lifecycle?: TerraformResourceLifecycle;
}

/**
 * A storage account for data: no keys, no anonymous access, old versions and deleted objects kept for a while, every
 * access to it on record in the workspace of the site.
 *
 * Not for a private network: its address is public, and a token of Entra is what opens it.
 * @see https://learn.microsoft.com/azure/storage/blobs/security-recommendations
 */
export class DataAccount extends Construct {
  /** The storage account, for anything this construct does not cover. */
  readonly resource: StorageAccount;
  /** What puts each access on record. */
  readonly logs: MonitorDiagnosticSetting;

  constructor(
    scope: Construct,
    id: string,
    private readonly props: DataAccountProps,
  ) {
    super(scope, id);
    const { site, name, redundancy, undeleteWindowDays: days, lifecycle } = props;
    this.resource = new StorageAccount(this, 'Resource', {
      name: `${site.prefix}${name}${site.suffix}`,
      resourceGroupName: site.resourceGroupName,
      location: site.location,
      ...CLOSED_ACCOUNT,
      accountReplicationType: redundancy,
      blobProperties: { versioningEnabled: true, deleteRetentionPolicy: { days }, containerDeleteRetentionPolicy: { days } },
      lifecycle,
    });
    keepAddress(this.resource, name);
    acknowledge(this.resource, {
      CKV_AZURE_33: 'It has no queues, so there are no calls of theirs to log. What concerns its objects is logged.',
      ...STORAGE_ACCOUNT,
      ...(/^G/.test(redundancy)
        ? {}
        : { CKV_AZURE_206: 'Three copies are kept, with ZRS in three zones. For more in another region, set redundancy to GZRS.' }),
      CKV2_AZURE_1:
        'Azure encrypts it with a key of its own, twice. For a key of yours, add a StorageAccountCustomerManagedKey to the account.',
    });
    this.logs = new MonitorDiagnosticSetting(this, 'Logs', {
      name: 'log-analytics',
      targetResourceId: `${this.resource.id}/blobServices/default`,
      logAnalyticsWorkspaceId: site.workspaceId,
      enabledLog: [{ categoryGroup: 'allLogs' }],
      enabledMetric: [{ category: 'AllMetrics' }],
    });
  }

  /** Move what is old in `container` to the cold tier, and let go of old versions everywhere. */
  archive(container: StorageContainer, afterDays: number): StorageManagementPolicy {
    const blobTypes = ['blockBlob'];
    const old = { blobTypes, prefixMatch: [`${container.name}/`] };
    const toCold = { tierToColdAfterDaysSinceModificationGreaterThan: afterDays };
    return new StorageManagementPolicy(this, 'Rules', {
      storageAccountId: this.resource.id,
      rule: [
        { name: 'archive', enabled: true, filters: old, actions: { baseBlob: toCold } },
        // A version that is deleted counts as a deleted object: it can be brought back for the whole undelete window.
        { name: 'old-versions', enabled: true, filters: { blobTypes }, actions: { version: { deleteAfterDaysSinceCreation: 1 } } },
      ],
    });
  }

  /** Ring when something is written to `container`. */
  watch(container: StorageContainer) {
    const { site, name, notify } = this.props;
    const query = [
      'StorageBlobLogs',
      `where AccountName == "${this.resource.name}" and ObjectKey contains "/${container.name}/"`,
      'where OperationName == "PutBlob" and StatusText == "Success"',
    ].join(' | ');
    const description = 'Events could not be processed. They are in the container of the dead letter, each with the reason.';
    alertOnLogs(this, 'DeadLettersAlert', { name: `${site.prefix}-${name}-dead-letters`, description, site, notify, query });
  }
}
