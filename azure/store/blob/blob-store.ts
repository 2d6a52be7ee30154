import { RoleAssignment } from '@cdktf/provider-azurerm/lib/role-assignment';
import type { StorageAccount } from '@cdktf/provider-azurerm/lib/storage-account';
import { StorageContainer } from '@cdktf/provider-azurerm/lib/storage-container';
import { Construct } from 'constructs';
import { acknowledge } from '../../../shared/synth/acknowledge';
import { keepAddress, takeName } from '../../../shared/synth/kept-name';
import type { NumberRule, Removal, TextRule } from '../../../shared/synth/settings';
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
import type { Binding, Workload } from '../../ports/identity';
import type { DeadLetter } from '../../ports/records';
import type { Site } from '../../ports/site';
import type { ObjectStore } from '../../ports/stores';
import { DataAccount } from './data-account';

const NAME: TextRule = {
  pattern: /^[a-z0-9]{1,5}$/,
  must: 'be 1 to 5 lower-case letters and digits',
  remedy: 'An account has room for no more.',
};
const COLD: NumberRule = { from: 1, to: 36_500, unit: 'days', remedy: 'An object that is younger is still being read.' };
const UNDELETE: NumberRule = { from: 1, to: 365, unit: 'days', remedy: 'Azure keeps deleted objects no longer.' };
const ACCOUNT_ID: TextRule = {
  pattern: /^\/subscriptions\/[^/]+\/resourceGroups\/[^/]+\/providers\/Microsoft\.Storage\/storageAccounts\/[^/]+$/i,
  must: 'be the id of a storage account',
  remedy: 'See az storage account show.',
};

const WRITER =
  'Azure has no role of its own that writes blobs, and neither reads nor deletes them. In an account made here, what is deleted can be brought back. Where a writer must ' +
  'not read, assign a role definition of yours with blobs/write alone.';
const LOGGED =
  'A diagnostic setting of the account has each read on record in the workspace; an existing account logs as its owner decided. The check knows ' +
  'only an older way.';

/** Settings for {@link BlobStore}. */
export interface BlobStoreProps {
  /** Where the store stands. */
  readonly site: Site;
  /**
   * The middle of the name of the storage account, or in an existing one the start of the names of the containers: 1 to 5
   * lower-case letters and digits. It tells several stores of one stack apart, wherever in it they stand, and must differ
   * from the names of its processors.
   * @default data
   */
  readonly name?: string;
  /**
   * How many copies there are, and where. `ZRS` keeps three in three zones, and survives the loss of one; regions without
   * zones offer `LRS` alone. `GZRS` and `GRS` keep more in the paired region.
   * @default ZRS
   */
  readonly redundancy?: 'LRS' | 'ZRS' | 'GRS' | 'GZRS';
  /**
   * How old an object is when it moves to the cold tier, in days: cheaper to keep, dearer to read. Small objects move
   * too, and Azure bills each move: with many small objects the moves can cost more than they save.
   * @default 90
   */
  readonly coldAfterDays?: number;
  /**
   * How long an overwritten or deleted object can still be brought back, from 1 to 365 days.
   * @default 30
   */
  readonly undeleteWindowDays?: number;
  /**
   * The id of an existing storage account that the containers are made in. Its keys, copies, versions and logs stay as
   * they are, and no alert watches its dead letter.
   * @default - a new account
   */
  readonly accountId?: string;
  /**
   * The ids of the action groups that hear every alert.
   * @default - alerts change their state and tell nobody
   */
  readonly notify?: readonly string[];
  /**
   * What happens to the objects when the stack is deleted. With `retain`, `terraform destroy` is refused. `destroy` takes
   * a second key, the context `destroyData`.
   * @default retain
   */
  readonly removal?: Removal;
  /**
   * Whether a lock keeps everybody from deleting an account that is made here, whatever tool they use. It takes a deployer
   * who is Owner or User Access Administrator, adds two minutes to a create and to a destroy, and while it is there no role
   * and no diagnostic setting on the account can be taken away: a writer that leaves the stack fails the apply.
   * @default false
   */
  readonly lock?: boolean;
}

/** A binding, with what it made. */
export interface BlobBinding extends Binding {
  readonly role: RoleAssignment;
}

/**
 * Store stage: a private, encrypted, versioned storage account with two containers, one for events and one for the dead
 * letter. Everyone signs in with Entra: there are no keys, and no anonymous access.
 *
 * Not for single-row look-ups or updates: a table serves those. Not behind a firewall: Flex Consumption reaches an
 * account without public network access only through a virtual network.
 * @see https://learn.microsoft.com/azure/storage/blobs/security-recommendations
 */
export class BlobStore extends Construct implements ObjectStore {
  /** The storage account, when this construct made it. */
  readonly account?: StorageAccount;
  /** The name of the storage account, made or existing. */
  readonly accountName: string;
  /** The container of the events. */
  readonly container: StorageContainer;
  /** The container of the dead letter. What is in it stays until somebody deletes it. */
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
    requireText(this, { name: middle }, NAME);
    requireOneOf(this, { redundancy: copies }, ['LRS', 'ZRS', 'GRS', 'GZRS'], 'Without zones take LRS.');
    requireNumber(this, { coldAfterDays: coldAfter }, COLD);
    requireNumber(this, { undeleteWindowDays: undeleteWindow }, UNDELETE);
    requireTexts(this, { notify }, ACTION_GROUPS);
    requireOneOf(this, { lock: lock ?? false }, [true, false], 'Leave it out to have none.');
    if (accountId !== undefined) {
      requireText(this, { accountId }, ACCOUNT_ID);
      requireAbsent(this, 'accountId', { redundancy, coldAfterDays, undeleteWindowDays, lock });
    }
    const lifecycle = mayDestroy(this, props.removal) ? undefined : { preventDestroy: true };
    takeName(this, 'store or processor', { name: middle });
    needResourceProviders(this, 'Microsoft.Insights', 'Microsoft.Storage');

    const made =
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
    this.account = made?.resource;
    const storageAccountId = this.account?.id ?? canonicalId(accountId!, 'Microsoft.Storage/storageAccounts');
    this.accountName = this.account?.name ?? segment(storageAccountId, 8);
    this.endpoint = this.account?.primaryBlobEndpoint ?? `https://${this.accountName}.blob.core.windows.net/`;
    const start = made || name === undefined ? '' : `${name}-`;
    const container = (child: string, suffix: string) => {
      const one = { name: `${start}${suffix}`, storageAccountId, containerAccessType: 'private', lifecycle };
      const resource = new StorageContainer(this, child, one);
      keepAddress(resource, `${middle}_${suffix.replace('-', '_')}`);
      acknowledge(resource, { CKV2_AZURE_21: LOGGED });
      return resource;
    };
    this.container = container('Events', 'events');
    this.deadLetterContainer = container('DeadLetter', 'dead-letter');
    const rules = made?.archive(this.container, coldAfter);
    made?.watch(this.deadLetterContainer);
    if (made && lock) this.lock = new Lock(this, 'Lock', made.resource, this.container, this.deadLetterContainer, made.logs, rules!);
  }

  bindWriter(writer: Workload, name: string): BlobBinding {
    return this.bind(writer, name, 'Writer', this.container);
  }

  bindReader(reader: Workload, name: string): BlobBinding {
    return this.bind(reader, name, 'Reader', this.container);
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
