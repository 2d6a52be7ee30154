import type { EventgridSystemTopicEventSubscription } from '@cdktf/provider-azurerm/lib/eventgrid-system-topic-event-subscription';
import type { StorageContainer } from '@cdktf/provider-azurerm/lib/storage-container';
import type { Construct } from 'constructs';
import { requireText, SettingError, type TextRule } from '../../../shared/synth/settings';
import { segment } from '../../foundation/arm-id';
import { requireAges } from '../../foundation/storage/ages';
import type { BlobBinding, DataContainer } from '../../foundation/storage/data-container';
import type { StoreAccount } from '../../foundation/storage/store-account';
import type { DeliveryTarget, DirectStore } from '../../ports/delivery';
import type { Binding, Workload } from '../../ports/identity';
import type { RecordSink, RecordSource } from '../../ports/records';
import type { LakeStore } from '../../ports/stores';

const ZONE: TextRule = {
  pattern: /^(?=.{3,40}$)[a-z0-9](-?[a-z0-9])*$/,
  must: 'be named in 3 to 40 lower-case letters, digits and single hyphens',
  remedy: 'A container is named after it.',
};
/** The containers of a lake that are no zones. */
const TAKEN: TextRule = {
  pattern: /^(?!(created-)?dead-letter$)/,
  must: 'not be named dead-letter or created-dead-letter',
  remedy: 'The lake has containers of these names already.',
};

/** What becomes of the files of a zone with time. */
export interface ZoneSettings {
  /**
   * After how many days a file moves to the cold tier, where storage is cheaper and reads are more expensive. Azure bills each move,
   * and at least 90 days in the tier.
   * @default - files stay in the hot tier
   */
  readonly coldAfterDays?: number;
  /**
   * After how many days a file is deleted, more than `coldAfterDays`. It can be restored for `undeleteWindowDays`. Empty
   * directories stay.
   * @default - files are kept
   */
  readonly expireAfterDays?: number;
}

/** The zones of a lake that is given none. The files of the other zones are read at any age. */
export const ZONES: Readonly<Record<string, ZoneSettings>> = { raw: { coldAfterDays: 90 }, curated: {}, served: {} };

/** A zone of a lake: a container. The settings of its bindings are those of a `BlobStore`, so the handlers for Blob Storage write to it. */
export class LakeZone implements LakeStore, DirectStore {
  /** The container, for anything this class does not cover. */
  readonly container: StorageContainer;
  /** Its address for Spark, Synapse and other clients of the Data Lake API. */
  readonly url: string;

  constructor(
    private readonly store: StoreAccount,
    private readonly files: DataContainer,
    private readonly name: string,
  ) {
    this.container = files.resource;
    this.url = `${store.dfsEndpoint}${files.resource.name}`;
  }

  bindWriter(writer: Workload, name: string): BlobBinding {
    return this.files.bindWriter(writer, name);
  }

  bindReader(reader: Workload, name: string): BlobBinding {
    return this.files.bindReader(reader, name);
  }

  bindDelivery(deliverer: Workload): DeliveryTarget {
    return this.files.bindDelivery(deliverer);
  }

  bindCatalog(catalog: Workload, name: string, may: 'read' | 'write'): Binding {
    const { settings, waitFor } = may === 'read' ? this.bindReader(catalog, name) : this.bindWriter(catalog, name);
    const path = `abfss://${this.container.name}@${segment(this.store.dfsEndpoint, 2)}/`;
    return { settings: { ...settings, [`${name}_PATH`]: path }, waitFor: [...waitFor, this.store.delegate(catalog)] };
  }

  /**
   * Put an event into a buffer for each new file, with its URL in `data`. Event Grid can send an event twice. What cannot be put into
   * the buffer for a day goes to a container of its own. A file that is written by the Data Lake API has its event when its writer
   * closes it. One that is renamed into the zone, as Spark does, has none. What reads the buffer must not write to this zone, or each
   * file makes another one, without end: within one stack this is refused.
   * @throws SettingError on a second call
   * @see https://learn.microsoft.com/azure/event-grid/event-schema-blob-storage
   */
  deliverCreated(sink: RecordSink): EventgridSystemTopicEventSubscription {
    return this.store.deliverCreated(this.files, this.name, sink);
  }

  /**
   * Read each new file when a queue delivers the event of its creation: a source for a `FunctionProcessor` with a handler whose name
   * starts with `blob-by`. Each line of a file must be an event of the contract, compressed with gzip or not. A file is read as a stream,
   * in one call of the function, which has four minutes for it. A data lake has no versions: a file that was overwritten before it was
   * read is a dead letter, and the one that replaced it is read.
   * @param queue the queue of `deliverCreated`
   * @throws SettingError before `deliverCreated`, or on anything but its queue
   * @see https://learn.microsoft.com/azure/event-grid/event-schema-data-lake-storage-gen-2
   */
  readCreated(queue: RecordSource): RecordSource {
    return this.store.readCreated(this.files, queue);
  }
}

/** @throws SettingError on zones that Azure does not accept, or none */
export function requireZones(store: Construct, zones: Readonly<Record<string, ZoneSettings>>) {
  const names = typeof zones === 'object' && zones !== null && !Array.isArray(zones) ? Object.keys(zones) : [];
  if (names.length === 0) {
    throw new SettingError(
      store,
      'zones must have at least one zone',
      'none',
      'Write them like { raw: { coldAfterDays: 90 }, served: {} }.',
    );
  }
  for (const name of names) {
    requireText(store, { 'each of zones': name }, ZONE);
    requireText(store, { 'each of zones': name }, TAKEN);
    const ages = zones[name];
    if (typeof ages !== 'object' || ages === null)
      throw new SettingError(store, `zones.${name} must be the settings of a zone`, String(ages), 'Write {} for none.');
    requireAges(store, `zones.${name}.`, ages);
  }
}

/** Every age of every zone, by the name of the setting. */
export function agesIn(zones: Readonly<Record<string, ZoneSettings>> = {}): Readonly<Record<string, unknown>> {
  const named = Object.entries(zones).flatMap(([name, ages]) =>
    Object.entries(ages).map(([age, days]): [string, unknown] => [`zones.${name}.${age}`, days]),
  );
  return Object.fromEntries(named);
}
