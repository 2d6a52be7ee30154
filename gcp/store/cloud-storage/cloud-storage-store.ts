import type { StorageBucket } from '@cdktf/provider-google/lib/storage-bucket';
import { StorageBucketIamMember } from '@cdktf/provider-google/lib/storage-bucket-iam-member';
import type { ITerraformDependable } from 'cdktf';
import { Construct } from 'constructs';
import type { NumberRule, Removal, TextRule } from '../../../shared/synth/settings';
import { FOLDERS, KMS_KEY, mayDestroy, requireAbsent, requireNumber, requireText, SettingError } from '../../../shared/synth/settings';
import { needApis } from '../../foundation/apis';
import { requireUnique } from '../../foundation/names';
import type { DeliveryTarget, DirectStore } from '../../ports/delivery';
import type { Binding, Workload } from '../../ports/identity';
import type { Site } from '../../ports/site';
import type { ObjectStore } from '../../ports/stores';
import { DataBucket } from './data-bucket';
import { RAW, rawFiles } from './raw-files';

const NAME: TextRule = {
  pattern: /^[a-z0-9]{1,20}$/,
  must: 'be 1 to 20 lower-case letters and digits',
  remedy: 'A bucket has room for no more.',
};
const BUCKET_NAME: TextRule = {
  pattern: /^[a-z0-9][a-z0-9._-]{1,220}[a-z0-9]$/,
  must: 'be the name of a bucket',
  remedy: 'Write it without gs://, like plants-archive.',
};
const COLD: NumberRule = { from: 1, to: 36_500, unit: 'days', remedy: 'Leave it out to go by when an object was last read.' };
const RETENTION: NumberRule = { from: 1, to: 36_500, unit: 'days', remedy: 'Leave it out to keep objects for ever.' };
const UNDELETE: NumberRule = { from: 7, to: 90, unit: 'days', remedy: 'Cloud Storage offers no other, but for 0, which is none.' };

/** Settings for {@link CloudStorageStore}. */
export interface CloudStorageStoreProps {
  /** Where the store stands. */
  readonly site: Site;
  /**
   * The end of the name of the bucket: 1 to 20 lower-case letters and digits. It tells several stores of one site apart. With
   * another name it is another bucket, and Google refuses to delete the first while something is in it.
   * @default events
   */
  readonly name?: string;
  /**
   * The start of the name of every object, ending in a slash. Writers and readers reach what is below it, and nothing else.
   * @default events/
   */
  readonly prefix?: string;
  /**
   * How old an object is when it moves to Coldline, in days: cheaper to keep, dearer to read, and billed for 90 days there at
   * least. Small objects move too, and Google bills each move: with many small objects the moves can cost more than they save.
   * @default - Autoclass: what is not read for 30 days moves to a colder class, and back when it is read. Objects under 128 KiB stay
   */
  readonly coldAfterDays?: number;
  /**
   * How long an object is kept after it was written, from 1 to 36500 days, whoever wrote it.
   * @default - for ever
   */
  readonly retentionDays?: number;
  /**
   * How long an overwritten or deleted object can still be brought back, from 7 to 90 days, or 0 for not at all. It costs
   * as much as before until then. An old version stays for one day more, on top of these.
   * @default 7
   */
  readonly undeleteWindowDays?: number;
  /**
   * The id of a key in Cloud KMS that encrypts the objects, in the region of the site. The Storage agent of the project gets
   * the right to use it; writers and readers need none.
   * @default - a key that Google keeps, free of charge
   */
  readonly encryptionKey?: string;
  /**
   * The name of an existing bucket, with uniform access. Its region, key, versions and life cycle stay as they are. Pub/Sub
   * delivers to one in the region of the site alone.
   * @default - a new bucket
   */
  readonly bucketName?: string;
  /**
   * What happens to the objects when the stack is deleted. With `retain`, `terraform destroy` is refused. `destroy` takes a
   * second key, the context `destroyData`.
   * @default retain
   */
  readonly removal?: Removal;
}

/**
 * Store stage: a private, encrypted, versioned Cloud Storage bucket. What a handler writes lies below `prefix`; what Pub/Sub
 * delivers without code lies below `raw/`, as Avro files with the id, the time and the attributes of each message.
 *
 * A role on the bucket holds below one prefix by a condition. A managed folder would do that too, but it is one more thing in
 * a bucket that is there already, and two stores with one prefix would both make it. A reader must list with the prefix.
 *
 * It costs nothing while it is empty, then by the gigabyte and month, and about 5 dollars for a million objects written. No
 * alert is here: who cannot write is heard at the buffer. A change of project, region or prefix of the site replaces the
 * bucket, which Terraform refuses without both keys. Not for single-row look-ups, updates or queries: a table serves those.
 * @see https://cloud.google.com/storage/docs/best-practices
 */
export class CloudStorageStore extends Construct implements ObjectStore, DirectStore {
  /** The bucket, when this construct made it. */
  readonly bucket?: StorageBucket;
  /** The name of the bucket, made or existing. */
  readonly bucketName: string;
  /** The start of the name of every object. */
  readonly prefix: string;

  private readonly waitFor: readonly ITerraformDependable[];

  constructor(scope: Construct, id: string, props: CloudStorageStoreProps) {
    super(scope, id);
    const { site, name, coldAfterDays, retentionDays, undeleteWindowDays, encryptionKey, bucketName } = props;
    const ending = name ?? 'events';
    const undeleteWindow = undeleteWindowDays ?? 7;
    this.prefix = props.prefix ?? 'events/';
    requireText(this, { name: ending }, NAME);
    requireText(this, { prefix: this.prefix }, FOLDERS);
    if (coldAfterDays !== undefined) requireNumber(this, { coldAfterDays }, COLD);
    if (retentionDays !== undefined) requireNumber(this, { retentionDays }, RETENTION);
    if (undeleteWindow !== 0) requireNumber(this, { undeleteWindowDays: undeleteWindow }, UNDELETE, 'known');
    if (encryptionKey !== undefined) requireText(this, { encryptionKey }, KMS_KEY);
    if (bucketName !== undefined) {
      requireText(this, { bucketName }, BUCKET_NAME);
      requireAbsent(this, 'bucketName', { name, coldAfterDays, retentionDays, undeleteWindowDays, encryptionKey });
    }
    const destroy = mayDestroy(this, props.removal);
    if (bucketName === undefined) {
      requireUnique(this, [site.project, site.prefix], 'bucket of a site', ending, 'Set name on one of them.');
    }
    needApis(this, 'storage');
    this.waitFor = site.waitFor;

    if (bucketName === undefined) {
      const bucketProps = {
        site,
        name: ending,
        coldAfterDays,
        retentionDays,
        undeleteWindowDays: undeleteWindow,
        encryptionKey,
        destroy,
      };
      this.bucket = new DataBucket(this, 'Bucket', bucketProps).resource;
    }
    this.bucketName = bucketName ?? this.bucket!.name;
  }

  /**
   * The writer cannot overwrite: where an object of that name is there already, Google answers with 412 or 403. A retry that
   * is answered so has nothing left to do.
   */
  bindWriter(writer: Workload, name: string): Binding {
    const waitFor = [this.allow(writer, `${name}Writer`, 'roles/storage.objectCreator', this.isBelowPrefix())];
    return { settings: this.settings(name), waitFor };
  }

  /** The reader must list with the prefix: a list of the whole bucket is denied. */
  bindReader(reader: Workload, name: string): Binding {
    // A list is asked of the bucket, not of an object. What it is for stands in its prefix.
    const isListOfPrefix = `api.getAttribute("storage.googleapis.com/objectListPrefix", "").startsWith("${this.prefix}")`;
    const expression = `${this.isBelowPrefix()} || ${isListOfPrefix}`;
    return { settings: this.settings(name), waitFor: [this.allow(reader, `${name}Reader`, 'roles/storage.objectViewer', expression)] };
  }

  /**
   * Both roles stand on the whole bucket, as Google asks: one adds objects and overwrites none, the other looks the bucket up.
   * @throws SettingError when `prefix` lies where records are delivered
   */
  bindDelivery(deliverer: Workload): DeliveryTarget {
    if (this.prefix.startsWith(RAW)) {
      const rule = `prefix must lie outside of ${RAW}, where records are delivered`;
      throw new SettingError(this, rule, `"${this.prefix}"`, 'Take another, or deliver into another store.');
    }
    return {
      config: { cloudStorageConfig: rawFiles(this.bucketName) },
      waitFor: [
        this.allow(deliverer, 'ObjectWriter', 'roles/storage.objectCreator'),
        this.allow(deliverer, 'BucketReader', 'roles/storage.legacyBucketReader'),
      ],
    };
  }

  private settings(name: string) {
    return { [`${name}_BUCKET`]: this.bucketName, [`${name}_PREFIX`]: this.prefix };
  }

  private isBelowPrefix(): string {
    return `resource.name.startsWith("projects/_/buckets/${this.bucketName}/objects/${this.prefix}")`;
  }

  private allow(workload: Workload, id: string, role: string, expression?: string): StorageBucketIamMember {
    const { member, forEach } = workload;
    const condition = expression ? { title: 'below-prefix', expression } : undefined;
    const grant = { bucket: this.bucket?.id ?? this.bucketName, role, member, forEach, condition, dependsOn: [...this.waitFor] };
    return new StorageBucketIamMember(workload, id, grant);
  }
}
