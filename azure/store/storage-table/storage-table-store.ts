import { MonitorDiagnosticSetting } from '@cdktf/provider-azurerm/lib/monitor-diagnostic-setting';
import type { ResourceGroupTemplateDeployment } from '@cdktf/provider-azurerm/lib/resource-group-template-deployment';
import { RoleAssignment } from '@cdktf/provider-azurerm/lib/role-assignment';
import type { StorageAccount } from '@cdktf/provider-azurerm/lib/storage-account';
import type { StorageContainer } from '@cdktf/provider-azurerm/lib/storage-container';
import { Construct } from 'constructs';
import { acknowledge } from '../../../shared/synth/acknowledge';
import { keepAddress } from '../../../shared/synth/kept-name';
import { type Removal, requireText, type TextRule } from '../../../shared/synth/settings';
import { requireOwnSubscription } from '../../foundation/own-subscription';
import { StoreAccount } from '../../foundation/storage/store-account';
import type { Binding, Workload } from '../../ports/identity';
import type { DeadLetter } from '../../ports/records';
import type { Site } from '../../ports/site';
import type { TableStore } from '../../ports/stores';
import { alertOnRequests } from './request-alerts';
import { deployTable } from './table-deployment';

const FIELD: TextRule = {
  pattern: /^(?!(?:partitionkey|rowkey|timestamp|etag)$)[A-Za-z_][A-Za-z0-9_]{0,99}$/i,
  must: 'be the name of a field of a row, and none that the store sets',
  remedy: 'Write it like subject: 1 to 100 letters, digits and underscores, no digit first.',
};
/** Azure encrypts tables with a key of the service, unless the account was created otherwise. */
const OWN_KEY =
  'Azure encrypts it twice with Microsoft-managed keys. A key of your own encrypts tables only in an account that was created for it: bring one, with accountId.';
const WRITER =
  'Azure has no built-in role that adds rows and neither reads, replaces nor deletes them. If a writer must not, assign a custom role with entities/add only.';

/** Settings for {@link StorageTableStore}. */
export interface StorageTableStoreProps {
  /** The resource group, the region and the workspace of the store. */
  readonly site: Site;
  /**
   * The middle of the name of the storage account, and the end of the name of the table: 1 to 5 lower-case letters and digits. Each
   * store and each processor of a site and of a stack needs its own name. Do not change it: the plan would delete the store.
   * @default rows
   */
  readonly name?: string;
  /**
   * The field of a row by which rows are looked up, such as `subject`. Its value must be a text of 1 to 1024 characters: a row without
   * it goes to the dead letter. It is the partition key of the row. Another field applies to new rows only, and an event that comes
   * again after the change is stored again.
   * @default source
   */
  readonly lookUpBy?: string;
  /**
   * The redundancy of the storage account. `ZRS` keeps three copies in three zones, and survives the loss of one zone. Regions
   * without zones have only `LRS`. `GZRS` and `GRS` keep more copies in the paired region.
   * @default ZRS
   */
  readonly redundancy?: 'LRS' | 'ZRS' | 'GRS' | 'GZRS';
  /**
   * The id of an existing storage account to create the table in. Its keys, redundancy and logs stay unchanged, and there are no
   * alerts: the metrics of an account do not tell one table from another.
   * @default - a new account
   */
  readonly accountId?: string;
  /**
   * The ids of the action groups that every alert notifies.
   * @default - alerts fire without a notification
   */
  readonly notify?: readonly string[];
  /**
   * What happens to the rows when the stack is deleted. With `retain`, `terraform destroy` fails. `destroy` also requires the
   * context `destroyData`.
   * @default retain
   */
  readonly removal?: Removal;
  /**
   * Whether a lock protects a new account from deletion with any tool. The deployer must be Owner or User Access Administrator, and
   * a create and a destroy take two minutes longer. While the lock exists, no role assignment and no diagnostic setting of the
   * account can be deleted: an apply that removes a writer from the stack fails.
   * @default false
   */
  readonly lock?: boolean;
}

/**
 * Store stage: a table of Azure Table Storage, for rows that are looked up by their keys within milliseconds, at the lowest price.
 * Clients sign in with Microsoft Entra ID: account keys are disabled. A container of the account is the dead letter.
 *
 * Each row has the keys of its event, so an event that is sent or delivered twice is stored once: the first row of a key stays. A row
 * is one entity: `PartitionKey` is the value of `lookUpBy`, `RowKey` is the source and the id of the event and the index of the row,
 * with `~~` between them. In both, each byte that is no letter, digit, `-`, `_` or `.` is `~` and two hexadecimal digits: the rows of
 * `/plants/7` have the partition key `~2Fplants~2F7`. Numbers are doubles, or Int64 if they are too large for one; objects and lists
 * are JSON texts; a field that is null is left out.
 *
 * Do not use it for queries by anything but its two keys, for rows that expire, or for changes as events: use a `CosmosStore`. Table
 * Storage has no backup: what a client overwrites or deletes is lost. Rows over 1 MiB, with over 252 fields, or with a text over 32,768
 * characters go to the dead letter.
 *
 * Idle it costs 0.06 USD a gigabyte and month. A million rows cost 0.04 USD to write, and a million look-ups the same.
 *
 * Another `name` is another store, and the plan deletes the one before: a `lock` prevents it. Another `redundancy` may replace the
 * account: with `retain`, the plan fails instead.
 * @see https://learn.microsoft.com/azure/storage/tables/table-storage-design
 */
export class StorageTableStore extends Construct implements TableStore {
  /** The storage account, if this construct created it. */
  readonly account?: StorageAccount;
  /** The name of the storage account, new or existing. */
  readonly accountName: string;
  /** The deployment that creates the table. It has the name of the table. */
  readonly table: ResourceGroupTemplateDeployment;
  /** The field by which rows are looked up. */
  readonly lookUpBy: string;
  /** The container of the dead letter. Its blobs stay until you delete them. */
  readonly deadLetterContainer: StorageContainer;
  readonly deadLetter: DeadLetter;
  /** A command that shows rows of the table, as the user who is signed in to the Azure CLI. */
  readonly showCommand: string;

  private readonly store: StoreAccount;

  constructor(scope: Construct, id: string, props: StorageTableStoreProps) {
    super(scope, id);
    const { site, notify, accountId } = props;
    const name = props.name ?? 'rows';
    this.lookUpBy = props.lookUpBy ?? 'source';
    requireText(this, { lookUpBy: this.lookUpBy }, FIELD);
    this.store = new StoreAccount(this, props, { defaultName: 'rows', isLake: false, ofNew: {}, answers: { CKV2_AZURE_1: OWN_KEY } });
    if (accountId !== undefined) requireOwnSubscription(this, this.node.path, 'accountId', accountId);
    const { name: accountName, id: ofAccount, resourceGroupName, lifecycle, lock } = this.store;
    [this.account, this.accountName] = [this.store.resource, accountName];

    this.table = deployTable(this, { accountName, resourceGroupName, table: `${site.prefix}${name}`, lifecycle });
    keepAddress(this.table, name);
    lock?.over(this.table);
    const deadLetter = this.store.deadLetter();
    [this.deadLetter, this.deadLetterContainer] = [deadLetter, deadLetter.resource];
    this.store.addRules();
    if (this.account) {
      const tables = `${ofAccount}/tableServices/default`;
      const logs = new MonitorDiagnosticSetting(this, 'TableLogs', {
        name: 'log-analytics',
        targetResourceId: tables,
        logAnalyticsWorkspaceId: site.workspaceId,
        // A row has no copy to restore it from. Logs of reads and writes have a line for each row, and would cost more than the rows.
        enabledLog: [{ category: 'StorageDelete' }],
        enabledMetric: [{ category: 'AllMetrics' }],
      });
      lock?.over(logs);
      alertOnRequests(this, { site, name, tables, notify });
    }
    this.showCommand = `az storage entity query --auth-mode login --account-name ${accountName} --table-name ${this.table.name} --num-results 10`;
  }

  /** Let `writer` add rows. The narrowest role of Azure for it also allows to read, replace and delete. */
  bindWriter(writer: Workload, name: string): Binding {
    const { settings, ...binding } = this.bind(writer, name, 'Writer');
    return { ...binding, settings: { ...settings, [`${name}_LOOK_UP_BY`]: this.lookUpBy } };
  }

  /**
   * Let `reader` look rows up, and nothing else. With `TableClient` of `@azure/data-tables`, a row is
   * `getEntity(partitionKey, rowKey)`, and all rows of a value are `listEntities` with the filter `PartitionKey eq '...'`. `safe` and
   * `rowKey` in `azure/runtime/row-key.ts` make the keys.
   */
  bindReader(reader: Workload, name: string): Binding {
    return this.bind(reader, name, 'Reader');
  }

  private bind(workload: Workload, name: string, as: 'Writer' | 'Reader'): Binding {
    const { principalId, principalType, forEach } = workload;
    const role = new RoleAssignment(workload, `${name}${as}`, {
      // The scope is a table that must exist, and its id needs the name that the deployment gives it.
      scope: `${this.store.id}/tableServices/default/tables/${this.table.name}`,
      roleDefinitionName: as === 'Writer' ? 'Storage Table Data Contributor' : 'Storage Table Data Reader',
      principalId,
      principalType,
      forEach,
    });
    this.store.lock?.over(role);
    if (as === 'Writer') acknowledge(role, { 'least-privilege': WRITER });
    const settings = { [`${name}_ENDPOINT`]: this.store.tableEndpoint, [`${name}_TABLE`]: this.table.name };
    return { settings, waitFor: [role] };
  }
}
