import type { StorageAccount } from '@cdktf/provider-azurerm/lib/storage-account';
import type { StorageContainer } from '@cdktf/provider-azurerm/lib/storage-container';
import { Construct } from 'constructs';
import { type Removal, SettingError } from '../../../shared/synth/settings';
import type { SystemTopic } from '../../foundation/events/system-topic';
import { StoreAccount } from '../../foundation/storage/store-account';
import type { DeadLetter } from '../../ports/records';
import type { Site } from '../../ports/site';
import { agesIn, LakeZone, requireZones, ZONES, type ZoneSettings } from './lake-zone';

/** Settings for {@link DataLakeStore}. */
export interface DataLakeStoreProps {
  /** The resource group, the region and the workspace of the lake. */
  readonly site: Site;
  /**
   * The middle of the name of the storage account, or in an existing account the start of the names of the containers: 1 to 5
   * lower-case letters and digits. Each store and each processor of a site and of a stack needs its own name.
   * @default lake
   */
  readonly name?: string;
  /**
   * The zones by name: 3 to 40 lower-case letters, digits and single hyphens. Each is a container with its own roles. In an existing
   * account they have no settings. A zone that is taken out of the list is deleted with its files, also with the removal `retain`:
   * the plan shows it, and the container can be restored for `undeleteWindowDays`.
   * @default - raw, whose files move to the cold tier after 90 days, curated and served
   */
  readonly zones?: Readonly<Record<string, ZoneSettings>>;
  /**
   * The redundancy of the storage account. `ZRS` keeps three copies in three zones, and survives the loss of one zone. Regions
   * without zones have only `LRS`. `GZRS` and `GRS` keep more copies in the paired region.
   * @default ZRS
   */
  readonly redundancy?: 'LRS' | 'ZRS' | 'GRS' | 'GZRS';
  /**
   * How long a deleted file can be restored, from 1 to 365 days. A lake has no versions: an overwritten file cannot be restored.
   * @default 30
   */
  readonly undeleteWindowDays?: number;
  /**
   * The id of an existing storage account with a hierarchical namespace to create the containers in. Its keys, redundancy, rules
   * and logs stay unchanged, and there is no alert on its dead letter.
   * @default - a new account
   */
  readonly accountId?: string;
  /**
   * The system topic of Event Grid that the account has already, for `deliverCreated`: Azure allows one for each account. Its
   * settings and logs stay unchanged. The identity must be one of its identities.
   * @default - a new system topic, in the region of the site
   */
  readonly systemTopic?: SystemTopic;
  /**
   * The ids of the action groups that every alert notifies.
   * @default - alerts fire without a notification
   */
  readonly notify?: readonly string[];
  /**
   * What happens to the files when the stack is deleted. With `retain`, `terraform destroy` fails. `destroy` also requires the
   * context `destroyData`.
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

/**
 * Store stage: a data lake in Azure Data Lake Storage Gen2. A private, encrypted storage account with a hierarchical namespace, and a
 * container for each zone. Roles are assigned for each zone, so a reader of one sees nothing of the others. Clients sign in with
 * Microsoft Entra ID: account keys and anonymous access are disabled.
 *
 * Directories are real: a job renames or deletes one in a single call, and access control lists (`az storage fs access`) can allow
 * less than a zone. Do not use it to restore overwritten objects: take `BlobStore`, which has versions. Do not use it for look-ups
 * or updates of single rows: use a table. The hierarchical namespace cannot be added to an account or removed: a change of the kind
 * of store creates another account.
 *
 * Idle, it costs its storage. Each 4 MB of a write is an operation, which costs more than in `BlobStore`.
 * @see https://learn.microsoft.com/azure/storage/blobs/data-lake-storage-introduction
 */
export class DataLakeStore extends Construct {
  /** The storage account, if this construct created it. */
  readonly account?: StorageAccount;
  /** The name of the storage account, new or existing. */
  readonly accountName: string;
  /** The container of the dead letter. Its blobs stay until you delete them. */
  readonly deadLetterContainer: StorageContainer;
  readonly deadLetter: DeadLetter;

  private readonly zones: ReadonlyMap<string, LakeZone>;

  constructor(scope: Construct, id: string, props: DataLakeStoreProps) {
    super(scope, id);
    const zones = props.zones ?? ZONES;
    requireZones(this, zones);
    const store = new StoreAccount(this, props, { defaultName: 'lake', isLake: true, ofNew: agesIn(props.zones) });
    [this.account, this.accountName] = [store.resource, store.name];
    const made = Object.entries(zones).map(([name, ages]) => ({ name, ages, container: store.container(name, name) }));
    this.zones = new Map(made.map(({ name, container }) => [name, new LakeZone(store, container, name)]));
    const deadLetter = store.deadLetter();
    this.deadLetter = deadLetter;
    this.deadLetterContainer = deadLetter.resource;
    store.addRules(...made.map(({ name, ages, container }) => ({ name, container: container.resource, ...ages })));
  }

  /**
   * A zone, as a store for writers and readers.
   * @throws SettingError if the lake has no zone of that name
   */
  zone(name: string): LakeZone {
    const zone = this.zones.get(name);
    if (zone) return zone;
    const known = [...this.zones.keys()].join(', ');
    throw new SettingError(this, `zone must be one of ${known}`, JSON.stringify(name), 'Add it to zones.');
  }
}
