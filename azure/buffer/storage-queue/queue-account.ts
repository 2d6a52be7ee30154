import { MonitorDiagnosticSetting } from '@cdktf/provider-azurerm/lib/monitor-diagnostic-setting';
import type { StorageAccount } from '@cdktf/provider-azurerm/lib/storage-account';
import { StorageManagementPolicy } from '@cdktf/provider-azurerm/lib/storage-management-policy';
import type { StorageQueue } from '@cdktf/provider-azurerm/lib/storage-queue';
import type { TerraformResourceLifecycle } from 'cdktf';
import { Construct } from 'constructs';
import { alertOnLogs, alertOnMetrics, TOLERATED_FAILURES } from '../../foundation/alerts';
import { DataAccount } from '../../foundation/storage/data-account';
import type { Site } from '../../ports/site';

const SERVICE = 'Microsoft.Storage/storageAccounts/queueServices';
/** Answers that are faults of the service, or of too many requests. */
const FAULTS = [
  ...['ClientThrottlingError', 'ClientAccountRequestThrottlingError', 'ClientAccountBandwidthThrottlingError'],
  ...['ServerBusyError', 'ServerOtherError', 'ServerTimeoutError'],
];
const LOGGED = {
  CKV_AZURE_33: 'A diagnostic setting logs each call to its queues to the workspace. The check looks only for an older kind of logging.',
  CKV2_AZURE_1:
    'Azure encrypts it twice with Microsoft-managed keys. A key of your own encrypts queues only in an account that was created for it: bring one, with accountId.',
};
/** Blobs that somebody else puts into the account can be restored for that long. */
const UNDELETE_DAYS = 7;

/** Settings for {@link QueueAccount}. */
export interface QueueAccountProps {
  /** The resource group, the region and the workspace of the account. */
  readonly site: Site;
  /** The middle of its name, and of the names of its alerts. */
  readonly name: string;
  /** The redundancy, such as `ZRS`. */
  readonly redundancy: string;
  /**
   * The ids of the action groups that every alert notifies.
   * @default - alerts fire without a notification
   */
  readonly notify?: readonly string[];
  /**
   * What protects the account from deletion.
   * @default - nothing
   */
  readonly lifecycle?: TerraformResourceLifecycle;
}

/**
 * A storage account for queues, with logs of every call, and the alerts that the logs and metrics of queues allow: Azure has no
 * metric for the length of one queue.
 *
 * Do not use it for a private network: its address is public, and callers need a Microsoft Entra token.
 * @see https://learn.microsoft.com/azure/storage/queues/monitor-queue-storage
 */
export class QueueAccount extends Construct {
  /** The storage account, for anything this construct does not cover. */
  readonly resource: StorageAccount;
  /** What a lock of the account must be created after. */
  readonly parts: readonly (MonitorDiagnosticSetting | StorageManagementPolicy)[];

  constructor(
    scope: Construct,
    id: string,
    private readonly props: QueueAccountProps,
  ) {
    super(scope, id);
    const { site, notify } = props;
    const account = new DataAccount(this, 'Account', { ...props, undeleteWindowDays: UNDELETE_DAYS, answers: LOGGED });
    this.resource = account.resource;
    const old = { blobTypes: ['blockBlob'] };
    const rules = new StorageManagementPolicy(this, 'Rules', {
      storageAccountId: this.resource.id,
      rule: [{ name: 'old-versions', enabled: true, filters: old, actions: { version: { deleteAfterDaysSinceCreation: 1 } } }],
    });
    const service = `${this.resource.id}/queueServices/default`;
    const logs = new MonitorDiagnosticSetting(this, 'Logs', {
      name: 'log-analytics',
      targetResourceId: service,
      logAnalyticsWorkspaceId: site.workspaceId,
      enabledLog: [{ categoryGroup: 'allLogs' }],
      enabledMetric: [{ category: 'AllMetrics' }],
    });
    this.parts = [account.logs, logs, rules];
    const description = 'The queue returned errors of the service, or refused requests. Senders that do not retry lose events.';
    const name = this.nameOf('errors');
    const dimension = [{ name: 'ResponseType', operator: 'Include', values: FAULTS }];
    const criterion = { metricNamespace: SERVICE, metricName: 'Transactions', aggregation: 'Total', dimension };
    const above = { ...criterion, operator: 'GreaterThan', threshold: TOLERATED_FAILURES };
    alertOnMetrics(this, 'ErrorsAlert', { name, description, site, notify, of: service }, above);
  }

  /** Add an alert on the first message in the poison queue, and one on messages that nobody processes. */
  watch(queue: StorageQueue, poison: StorageQueue) {
    const calls = (to: StorageQueue, operation: string) =>
      [
        'StorageQueueLogs',
        `where AccountName == "${this.resource.name}" and Uri contains "/${to.name}/messages"`,
        `where OperationName == "${operation}" and StatusText == "Success"`,
      ].join(' | ');
    const dead = 'The Functions host gave messages up. They are in the poison queue, which deletes them after seven days.';
    this.alert('Poison', dead, calls(poison, 'PutMessage'));

    const late = 'Messages arrive and none is processed.';
    const deleted = `extend deleted = toscalar(${calls(queue, 'DeleteMessage')} | summarize count())`;
    const sent = `${calls(queue, 'PutMessage')} | where TimeGenerated < ago(10m)`;
    this.alert('Unread', late, `${sent} | ${deleted} | where deleted == 0`);
  }

  private alert(id: string, description: string, query: string) {
    const { site, notify } = this.props;
    alertOnLogs(this, `${id}Alert`, { name: this.nameOf(id.toLowerCase()), description, site, notify, query });
  }

  private nameOf(what: string): string {
    const { site, name } = this.props;
    return `${site.prefix}-${name}-${what}`;
  }
}
