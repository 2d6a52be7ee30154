import type { StorageBucket } from '@cdktf/provider-google/lib/storage-bucket';
import { StorageBucketIamMember } from '@cdktf/provider-google/lib/storage-bucket-iam-member';
import type { StorageNotification } from '@cdktf/provider-google/lib/storage-notification';
import { Construct } from 'constructs';
import { takeName } from '../../../shared/synth/kept-name';
import { mayDestroy, type Removal, SettingError } from '../../../shared/synth/settings';
import { needApis } from '../../foundation/apis';
import type { DeliveryTarget, DirectStore, NotificationSink } from '../../ports/delivery';
import type { Binding, Workload } from '../../ports/identity';
import type { Site } from '../../ports/site';
import type { FileStore } from '../../ports/stores';
import { isBelow, isFileBelow, isReadBelow } from './conditions';
import { DataBucket } from './data-bucket';
import { ObjectNotification } from './object-notification';
import { RAW, type RawFiles, rawFiles } from './raw-files';
import { storeSettings } from './store-settings';

/** Settings for {@link CloudStorageStore}. */
export interface CloudStorageStoreProps {
  /** The project, the region and the prefix of the store. */
  readonly site: Site;
  /**
   * The end of the name of the bucket: 1 to 20 lower-case letters and digits. Each store of a site and of a stack needs its own
   * name. A change of the name replaces the bucket, and Google refuses to delete a bucket that is not empty.
   * @default events
   */
  readonly name?: string;
  /**
   * The start of the name of every object, ending with a slash. Writers and readers have access only to objects below it.
   * @default events/
   */
  readonly prefix?: string;
  /**
   * After how many days an object moves to Coldline, where storage is cheaper, reads are more expensive, and at least 90 days are
   * billed. Google bills each move: with many small objects, the moves can cost more than they save. From `retentionDays` on, no
   * object moves.
   * @default - Autoclass: objects that are not read for 30 days move to a colder class, and back when they are read. Objects under 128 KiB do not move
   */
  readonly coldAfterDays?: number;
  /**
   * After how many days an object is deleted, from 1 to 36500. This includes objects of other writers.
   * @default - never
   */
  readonly retentionDays?: number;
  /**
   * For how many days after it was written nobody can delete or overwrite an object, from 1 to 24855: a retention policy of the
   * bucket. It is not locked, so an administrator of the bucket can shorten it. The bucket has no versions then, and `destroy` fails
   * while it has objects that are younger.
   * @default - objects can be deleted, and restored for a while
   */
  readonly immutableDays?: number;
  /**
   * How long an overwritten or deleted object can be restored, from 7 to 90 days, or 0 to disable soft delete. Until then it is
   * billed like before. An old version is kept for one more day.
   * @default 7
   */
  readonly undeleteWindowDays?: number;
  /**
   * How Pub/Sub writes files into this store, for `deliverInto` of a buffer.
   * @default - Avro files with metadata, closed after 5 minutes or at 100 MiB
   */
  readonly rawFiles?: RawFiles;
  /**
   * The id of a Cloud KMS key in the region of the site, which encrypts the objects. The Cloud Storage service agent of the project
   * is granted the use of the key. Writers and readers need no grant. With another key, nobody can read the objects that are there
   * until the agent is granted the old one too, outside of the stack.
   * @default - a Google-managed key, free of charge
   */
  readonly encryptionKey?: string;
  /**
   * The name of an existing bucket with uniform bucket-level access. Its region, key, versioning and lifecycle rules stay
   * unchanged. For Pub/Sub deliveries, it must be in the region of the site.
   * @default - a new bucket
   */
  readonly bucketName?: string;
  /**
   * What happens to the objects when the stack is deleted. With `retain`, `terraform destroy` fails. `destroy` also requires the
   * context `destroyData`.
   * @default retain
   */
  readonly removal?: Removal;
}

/**
 * Store stage: a private, encrypted, versioned Cloud Storage bucket. Objects of a handler are below `prefix`. Objects that Pub/Sub
 * delivers without code are below `raw/`, as Avro files with the id, the time and the attributes of each message, or as text. For
 * Parquet, let a `DataprocBatch` compact the objects of a handler.
 *
 * An IAM condition limits each role on the bucket to the prefix. A managed folder would be another resource in an existing
 * bucket, and two stores with the same prefix would both create it. A reader must list objects with the prefix.
 *
 * An empty bucket costs nothing. Storage is billed by the gigabyte and month, and a million written objects cost about 5 dollars.
 * The store has no alert: if writes fail, the alert of the buffer opens an incident. A change of project, region or prefix of the
 * site replaces the bucket, which fails unless `removal: 'destroy'` and `destroyData` are set. Do not use it for look-ups of
 * single rows, updates or queries: use a table.
 * @see https://cloud.google.com/storage/docs/best-practices
 */
export class CloudStorageStore extends Construct implements FileStore, DirectStore {
  /** The bucket, if this construct created it. */
  readonly bucket?: StorageBucket;
  /** The name of the bucket, new or existing. */
  readonly bucketName: string;
  /** The start of the name of every object. */
  readonly prefix: string;
  readonly region: string;

  private readonly site: Site;
  private readonly address: string;
  private readonly files: RawFiles;

  constructor(scope: Construct, id: string, props: CloudStorageStoreProps) {
    super(scope, id);
    const { site, bucketName, rawFiles: files = {} } = props;
    const { name, prefix, undeleteWindowDays } = storeSettings(this, props);
    const destroy = mayDestroy(this, props.removal);
    if (bucketName === undefined) takeName(this, 'bucket of a site', name, [site.project, site.prefix]);
    needApis(this, 'storage');
    [this.site, this.prefix, this.region, this.files] = [site, prefix, site.region, files];

    if (bucketName === undefined) {
      const { coldAfterDays, retentionDays, immutableDays, encryptionKey } = props;
      const ages = { coldAfterDays, retentionDays, immutableDays, undeleteWindowDays };
      this.bucket = new DataBucket(this, 'Bucket', { site, name, ...ages, encryptionKey, destroy }).resource;
    }
    this.bucketName = bucketName ?? this.bucket!.name;
    this.address = `${bucketName ?? name}-${prefix}`;
  }

  /**
   * The writer cannot overwrite objects: if an object of the name exists already, Google answers with 412 or 403. After such an
   * answer, a retry is done.
   */
  bindWriter(writer: Workload, name: string): Binding {
    const waitFor = [this.allow(writer, `${name}Writer`, 'roles/storage.objectCreator', isBelow(this.bucketName, this.prefix))];
    return { settings: this.settings(name), waitFor };
  }

  /** The reader must list with the prefix: a list of the whole bucket is denied. */
  bindReader(reader: Workload, name: string): Binding {
    const waitFor = [this.allow(reader, `${name}Reader`, 'roles/storage.objectViewer', isReadBelow(this.bucketName, this.prefix))];
    return { settings: this.settings(name), waitFor };
  }

  bindFileReader(reader: Workload, name: string): Binding {
    const waitFor = [this.allow(reader, `${name}Files`, 'roles/storage.objectViewer', isFileBelow(this, this.bucketName, this.prefix))];
    return { settings: this.settings(name), waitFor };
  }

  bindFileWriter(writer: Workload, name: string): Binding {
    const waitFor = [this.allow(writer, `${name}Files`, 'roles/storage.objectUser', isFileBelow(this, this.bucketName, this.prefix))];
    return { settings: this.settings(name), waitFor };
  }

  /**
   * Grant two roles on the whole bucket, as Google requires: one adds objects without overwriting, the other reads the metadata of
   * the bucket.
   * @throws SettingError if `prefix` is below the folder of deliveries
   */
  bindDelivery(deliverer: Workload): DeliveryTarget {
    if (this.prefix.startsWith(RAW)) {
      const rule = `prefix must not start with ${RAW}, the folder of deliveries`;
      throw new SettingError(this, rule, `"${this.prefix}"`, 'Take another prefix, or deliver into another store.');
    }
    return {
      config: { cloudStorageConfig: rawFiles(this.bucketName, this.files) },
      waitFor: [
        this.allow(deliverer, 'ObjectWriter', 'roles/storage.objectCreator'),
        this.allow(deliverer, 'BucketReader', 'roles/storage.legacyBucketReader'),
      ],
    };
  }

  /**
   * Put an event into a buffer for each object that is written below the prefix from then on: its name in `subject`, its metadata
   * in `data`. Cloud Storage can send an event twice, and retries one for 7 days that it cannot publish. Give the events a buffer of
   * their own: what reads it must not write below the prefix of this store, or each object makes another one, without end. They
   * have no attributes, so a `filter` of a delivery finds none.
   * @throws SettingError on a second call, and on a buffer with an existing topic
   * @see https://cloud.google.com/storage/docs/pubsub-notifications
   */
  deliverCreated(sink: NotificationSink): StorageNotification {
    if (this.node.tryFindChild('Created')) {
      const remedy = 'A buffer has several readers, and each gets every event.';
      throw new SettingError(this, 'deliverCreated must be called once', 'a second call', remedy);
    }
    const { site, prefix, address, bucketName } = this;
    return new ObjectNotification(this, 'Created', { site, bucket: this.bucket?.id ?? bucketName, prefix, address, sink }).notification;
  }

  private settings(name: string) {
    return { [`${name}_BUCKET`]: this.bucketName, [`${name}_PREFIX`]: this.prefix };
  }

  private allow(workload: Workload, id: string, role: string, expression?: string): StorageBucketIamMember {
    const { member, forEach } = workload;
    const condition = expression ? { title: 'below-prefix', expression } : undefined;
    const grant = { bucket: this.bucket?.id ?? this.bucketName, role, member, forEach, condition, dependsOn: [...this.site.waitFor] };
    return new StorageBucketIamMember(workload, id, grant);
  }
}
