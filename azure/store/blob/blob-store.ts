import type { EventgridSystemTopicEventSubscription } from '@cdktf/provider-azurerm/lib/eventgrid-system-topic-event-subscription';
import type { StorageAccount } from '@cdktf/provider-azurerm/lib/storage-account';
import type { StorageContainer } from '@cdktf/provider-azurerm/lib/storage-container';
import { Construct } from 'constructs';
import { type Removal, requireOneOf } from '../../../shared/synth/settings';
import type { SystemTopic } from '../../foundation/events/system-topic';
import { coldAfter, requireAges } from '../../foundation/storage/ages';
import type { BlobBinding, DataContainer } from '../../foundation/storage/data-container';
import { StoreAccount } from '../../foundation/storage/store-account';
import type { DeliveryTarget, DirectStore } from '../../ports/delivery';
import type { Workload } from '../../ports/identity';
import type { DeadLetter, RecordSink, RecordSource } from '../../ports/records';
import type { Site } from '../../ports/site';
import type { ObjectStore } from '../../ports/stores';

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
   * without zones have only `LRS`. `GZRS` and `GRS` keep more copies in the paired region. With `archiveAfterDays`, it must be `LRS`
   * or `GRS`.
   * @default ZRS
   */
  readonly redundancy?: 'LRS' | 'ZRS' | 'GRS' | 'GZRS';
  /**
   * After how many days an object moves to the cold tier, where storage is cheaper and reads are more expensive. Azure bills
   * each move: with many small objects, the moves can cost more than they save. If `archiveAfterDays` is set and this is not,
   * objects do not move there.
   * @default 90
   */
  readonly coldAfterDays?: number;
  /**
   * After how many days an object moves to the archive tier, more than `coldAfterDays`. Storage costs a tenth there, and an object
   * cannot be read until it is brought back, which takes up to 15 hours and is billed: copy it, or set its tier, and it can be read
   * for at least 7 days. Azure bills each move, 0.20 USD for 10,000 objects with `GRS`, and at least 180 days in the tier: use it for
   * large objects that are kept for years. It does not accept copies in zones: set `redundancy` to `GRS` or `LRS`.
   * @default - objects do not move there
   * @see https://learn.microsoft.com/azure/storage/blobs/archive-rehydrate-overview
   */
  readonly archiveAfterDays?: number;
  /**
   * After how many days an object is deleted, more than `coldAfterDays` and `archiveAfterDays`. It can be restored for
   * `undeleteWindowDays`. Azure bills at least 90 days in the cold tier. If this is at most 90 and `coldAfterDays` is not set, objects do not move there. Dead letters
   * are never deleted.
   * @default - objects are kept
   */
  readonly expireAfterDays?: number;
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
  readonly deadLetter: DeadLetter;

  private readonly store: StoreAccount;
  private readonly events: DataContainer;

  constructor(scope: Construct, id: string, props: BlobStoreProps) {
    super(scope, id);
    const { coldAfterDays, archiveAfterDays, expireAfterDays } = props;
    const coldByDefault = archiveAfterDays === undefined ? 90 : undefined;
    const ages = { coldAfterDays: coldAfter(coldByDefault, props), archiveAfterDays, expireAfterDays };
    requireAges(this, '', ages);
    if (archiveAfterDays !== undefined && props.accountId === undefined) {
      const redundancy = props.redundancy ?? 'ZRS';
      requireOneOf(this, { redundancy }, ['LRS', 'GRS'], 'With copies in zones there is no archive tier: leave archiveAfterDays out.');
    }
    const ofNew = { coldAfterDays, archiveAfterDays, expireAfterDays };
    this.store = new StoreAccount(this, props, { defaultName: 'data', isLake: false, ofNew });
    this.events = this.store.container('Events', 'events');
    const deadLetter = this.store.deadLetter();
    this.deadLetter = deadLetter;
    [this.account, this.accountName] = [this.store.resource, this.store.name];
    [this.container, this.deadLetterContainer] = [this.events.resource, deadLetter.resource];
    this.store.addRules({ name: 'archive', container: this.container, ...ages });
  }

  bindWriter(writer: Workload, name: string): BlobBinding {
    return this.events.bindWriter(writer, name);
  }

  bindReader(reader: Workload, name: string): BlobBinding {
    return this.events.bindReader(reader, name);
  }

  bindDelivery(deliverer: Workload): DeliveryTarget {
    return this.events.bindDelivery(deliverer);
  }

  /**
   * Put an event into a buffer for each new object, with its URL in `data`. Event Grid can send an event twice. What cannot be put
   * into the buffer for a day goes to a container of its own. What reads the buffer must not write to this store, or each object
   * makes another one, without end: within one stack this is refused.
   * @throws SettingError on a second call
   * @see https://learn.microsoft.com/azure/event-grid/event-schema-blob-storage
   */
  deliverCreated(sink: RecordSink): EventgridSystemTopicEventSubscription {
    return this.store.deliverCreated(this.events, 'events', sink);
  }

  /**
   * Read each new object when a queue delivers the event of its creation: a source for a `FunctionProcessor` with a handler whose name
   * starts with `blob-by`. Each line of an object must be an event of the contract, compressed with gzip or not: what the handlers
   * store, unless a transform makes something else of the events.
   *
   * An object is read as a stream, in one call of the function. One that takes longer than four minutes is read again from the start,
   * and goes to the dead letter after the last try: for larger objects, use a job of Spark. An object that is written several times,
   * such as by Stream Analytics, is read several times: store it in `CosmosStore`, which keeps each event once. Several objects are read
   * at the same time: with `memoryMiB` 512, set `maxConcurrency` of the queue to 2.
   * @param queue the queue of `deliverCreated`
   * @throws SettingError before `deliverCreated`, or on anything but its queue
   * @see https://learn.microsoft.com/azure/event-grid/event-schema-blob-storage
   */
  readCreated(queue: RecordSource): RecordSource {
    return this.store.readCreated(this.events, queue);
  }
}
