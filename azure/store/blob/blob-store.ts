import { RoleAssignment } from '@cdktf/provider-azurerm/lib/role-assignment';
import type { StorageAccount } from '@cdktf/provider-azurerm/lib/storage-account';
import { StorageContainer } from '@cdktf/provider-azurerm/lib/storage-container';
import { Construct } from 'constructs';
import { acknowledge } from '../../../shared/synth/acknowledge';
import { keepAddress, takeName } from '../../../shared/synth/kept-name';
import type { NumberRule, Removal } from '../../../shared/synth/settings';
import {
  ACTION_GROUPS,
  mayDestroy,
  requireAbsent,
  requireNumber,
  requireOneOf,
  requireText,
  requireTexts,
} from '../../../shared/synth/settings';
import { canonicalId, segment } from '../../foundation/arm-id';
import { Lock } from '../../foundation/lock';
import { needResourceProviders } from '../../foundation/resource-providers';
import { ACCOUNT_ID, ACCOUNT_NAME } from '../../foundation/storage/account-rules';
import { DataAccount } from '../../foundation/storage/data-account';
import type { DeliveryTarget, DirectStore } from '../../ports/delivery';
import type { Binding, Workload } from '../../ports/identity';
import type { DeadLetter } from '../../ports/records';
import type { Site } from '../../ports/site';
import type { ObjectStore } from '../../ports/stores';

const COLD: NumberRule = { from: 1, to: 36_500, unit: 'days', remedy: 'Objects that are younger are still read.' };
const UNDELETE: NumberRule = { from: 1, to: 365, unit: 'days', remedy: 'Azure does not keep deleted objects for longer.' };
const ACCOUNT = 'Microsoft.Storage/storageAccounts';

const WRITER =
  'Azure has no built-in role that writes blobs and neither reads nor deletes them. In an account created here, deleted blobs can be restored. If a writer must ' +
  'not read, assign a custom role with blobs/write only.';
const LOGGED =
  'A diagnostic setting of the account logs each read to the workspace. An existing account logs what its owner set. The check looks only for ' +
  'an older kind of logging.';

/** Settings for {@link BlobStore}. */
export interface BlobStoreProps {
  /** The resource group, the region and the workspace of the store. */
  readonly site: Site;
  /**
   * The middle of the name of the storage account, or in an existing account the start of the names of the containers: 1 to 5
   * lower-case letters and digits. Each store and each processor of a site and of a stack needs its own name.
   * @default data
   */
  readonly name?: string;
  /**
   * The redundancy of the storage account. `ZRS` keeps three copies in three zones, and survives the loss of one zone. Regions
   * without zones have only `LRS`. `GZRS` and `GRS` keep more copies in the paired region.
   * @default ZRS
   */
  readonly redundancy?: 'LRS' | 'ZRS' | 'GRS' | 'GZRS';
  /**
   * After how many days an object moves to the cold tier, where storage is cheaper and reads are more expensive. Azure bills
   * each move: with many small objects, the moves can cost more than they save.
   * @default 90
   */
  readonly coldAfterDays?: number;
  /**
   * How long an overwritten or deleted object can be restored, from 1 to 365 days.
   * @default 30
   */
  readonly undeleteWindowDays?: number;
  /**
   * The id of an existing storage account to create the containers in. Its keys, redundancy, versions and logs stay unchanged,
   * and there is no alert on its dead letter.
   * @default - a new account
   */
  readonly accountId?: string;
  /**
   * The ids of the action groups that every alert notifies.
   * @default - alerts fire without a notification
   */
  readonly notify?: readonly string[];
  /**
   * What happens to the objects when the stack is deleted. With `retain`, `terraform destroy` fails. `destroy` also requires
   * the context `destroyData`.
   * @default retain
   */
  readonly removal?: Removal;
  /**
   * Whether a lock protects a new account from deletion with any tool. The deployer must be Owner or User Access
   * Administrator, and a create and a destroy take two minutes longer. While the lock exists, no role assignment and no
   * diagnostic setting of the account can be deleted: an apply that removes a writer from the stack fails.
   * @default false
   */
  readonly lock?: boolean;
}

/** A binding, with the role assignment that it created. */
export interface BlobBinding extends Binding {
  readonly role: RoleAssignment;
}

/**
 * Store stage: a private, encrypted, versioned storage account with two containers, one for events and one for the dead
 * letter. Clients sign in with Microsoft Entra ID: account keys and anonymous access are disabled.
 *
 * Do not use it for look-ups or updates of single rows: use a table. Do not use it behind a firewall: Flex Consumption reaches
 * an account without public network access only through a virtual network.
 * @see https://learn.microsoft.com/azure/storage/blobs/security-recommendations
 */
export class BlobStore extends Construct implements ObjectStore, DirectStore {
  /** The storage account, if this construct created it. */
  readonly account?: StorageAccount;
  /** The name of the storage account, new or existing. */
  readonly accountName: string;
  /** The container of the events. */
  readonly container: StorageContainer;
  /** The container of the dead letter. Its blobs stay until you delete them. */
  readonly deadLetterContainer: StorageContainer;
  readonly deadLetter: DeadLetter = { bindWriter: (writer, name) => this.bind(writer, name, 'Writer', this.deadLetterContainer) };

  private readonly endpoint: string;
  private readonly lock?: Lock;

  constructor(scope: Construct, id: string, props: BlobStoreProps) {
    super(scope, id);
    const { site, notify, accountId, name, redundancy, coldAfterDays, undeleteWindowDays, lock } = props;
    const middle = name ?? 'data';
    const coldAfter = coldAfterDays ?? 90;
    const undeleteWindow = undeleteWindowDays ?? 30;
    const copies = redundancy ?? 'ZRS';
    requireText(this, { name: middle }, ACCOUNT_NAME);
    requireOneOf(this, { redundancy: copies }, ['LRS', 'ZRS', 'GRS', 'GZRS'], 'In a region without zones take LRS.');
    requireNumber(this, { coldAfterDays: coldAfter }, COLD);
    requireNumber(this, { undeleteWindowDays: undeleteWindow }, UNDELETE);
    requireTexts(this, { notify }, ACTION_GROUPS);
    requireOneOf(this, { lock: lock ?? false }, [true, false], 'Leave it out for no lock.');
    if (accountId !== undefined) {
      requireText(this, { accountId }, ACCOUNT_ID);
      requireAbsent(this, 'accountId', { redundancy, coldAfterDays, undeleteWindowDays, lock });
    }
    const lifecycle = mayDestroy(this, props.removal) ? undefined : { preventDestroy: true };
    if (accountId === undefined) takeName(this, 'storage account of a site', middle, [site.prefix, site.suffix]);
    else takeName(this, 'store in an account', middle, [canonicalId(accountId, ACCOUNT)]);
    needResourceProviders(this, 'Microsoft.Insights', 'Microsoft.Storage');

    const created =
      accountId === undefined
        ? new DataAccount(this, 'Account', {
            site,
            name: middle,
            redundancy: copies,
            undeleteWindowDays: undeleteWindow,
            notify,
            lifecycle,
          })
        : undefined;
    this.account = created?.resource;
    const storageAccountId = this.account?.id ?? canonicalId(accountId!, ACCOUNT);
    this.accountName = this.account?.name ?? segment(storageAccountId, 8);
    this.endpoint = this.account?.primaryBlobEndpoint ?? `https://${this.accountName}.blob.core.windows.net/`;
    const start = created || name === undefined ? '' : `${name}-`;
    const container = (child: string, suffix: string) => {
      const one = { name: `${start}${suffix}`, storageAccountId, containerAccessType: 'private', lifecycle };
      const resource = new StorageContainer(this, child, one);
      keepAddress(resource, `${middle}-${suffix}`);
      acknowledge(resource, { CKV2_AZURE_21: LOGGED });
      return resource;
    };
    this.container = container('Events', 'events');
    this.deadLetterContainer = container('DeadLetter', 'dead-letter');
    const rules = created?.archive(this.container, coldAfter);
    created?.watch(this.deadLetterContainer);
    if (created && lock)
      this.lock = new Lock(this, 'Lock', created.resource, this.container, this.deadLetterContainer, created.logs, rules!);
  }

  bindWriter(writer: Workload, name: string): BlobBinding {
    return this.bind(writer, name, 'Writer', this.container);
  }

  bindReader(reader: Workload, name: string): BlobBinding {
    return this.bind(reader, name, 'Reader', this.container);
  }

  bindDelivery(deliverer: Workload): DeliveryTarget {
    const { waitFor } = this.bind(deliverer, 'STORE', 'Writer', this.container);
    return { storageAccountName: this.accountName, containerName: this.container.name, prefix: '', waitFor };
  }

  private bind(workload: Workload, name: string, as: 'Writer' | 'Reader', container: StorageContainer): BlobBinding {
    const { principalId, principalType, forEach } = workload;
    const roleDefinitionName = as === 'Writer' ? 'Storage Blob Data Contributor' : 'Storage Blob Data Reader';
    const grant = { scope: container.id, roleDefinitionName, principalId, principalType, forEach };
    const role = new RoleAssignment(workload, `${name}${as}`, grant);
    this.lock?.over(role);
    if (as === 'Writer') acknowledge(role, { 'least-privilege': WRITER });
    return {
      settings: { [`${name}_ENDPOINT`]: this.endpoint, [`${name}_CONTAINER`]: container.name },
      waitFor: [role],
      role,
    };
  }
}
