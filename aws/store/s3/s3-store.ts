import { Duration } from 'aws-cdk-lib';
import { Grant } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { type Bucket, type IBucket, StorageClass } from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import type { Removal, TimeRule } from '../../../shared/synth/settings';
import { FOLDERS, requireAbsent, requireResource, requireText, requireTime } from '../../../shared/synth/settings';
import { acknowledge, spell } from '../../foundation/acknowledge';
import { makeBucket } from '../../foundation/buckets';
import { requireKey } from '../../foundation/home';
import { removalPolicyOf } from '../../foundation/removal';
import type { Binding, Workload } from '../../ports/identity';
import type { ObjectStore } from '../../ports/stores';

const ARCHIVE: TimeRule = { from: 30, to: 36_500, unit: 'days', remedy: 'S3 does not move younger objects to this class.' };
const UNDELETE: TimeRule = { from: 1, to: 36_500, unit: 'days', remedy: 'Old versions protect against a wrong overwrite.' };

/** Settings for {@link S3Store}. Every one has a safe default. */
export interface S3StoreProps<Kept extends IBucket = IBucket> {
  /**
   * The prefix of all object keys, ending in a slash. Writers and readers have access only below it.
   * @default events/
   */
  readonly prefix?: string;
  /**
   * The age at which an object moves to S3 Glacier Instant Retrieval, where storage is cheaper and reads cost more. At least 30
   * days. S3 does not move objects under 128 KiB: a larger batch and a longer window make larger objects.
   * @default 90 days
   */
  readonly archiveAfter?: Duration;
  /**
   * How long an overwritten or deleted object can be restored.
   * @default 30 days
   */
  readonly undeleteWindow?: Duration;
  /**
   * The KMS key that encrypts the objects. Writers and readers are granted its use.
   * @default - a key of S3 itself (SSE-S3), free of charge
   */
  readonly encryptionKey?: IKey;
  /**
   * An existing bucket. Its encryption, versioning, lifecycle rules and access log do not change. If it is encrypted with a key
   * of yours, import it with the key: `Bucket.fromBucketAttributes`.
   * @default - a new bucket, and one for its access log
   */
  readonly bucket?: Kept;
  /**
   * What happens to the objects when the stack is deleted. `destroy` also requires the context `destroyData`.
   * @default retain
   */
  readonly removal?: Removal;
}

/**
 * Store stage: a private, encrypted, versioned S3 bucket, with a second bucket for its access log.
 *
 * Not for look-ups or updates of single rows: use a table.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/security-best-practices.html
 */
export class S3Store<Kept extends IBucket = Bucket> extends Construct implements ObjectStore {
  /** The new or the given bucket, for anything this construct does not cover. */
  readonly bucket: Kept;
  /** The prefix of all object keys. */
  readonly prefix: string;

  constructor(scope: Construct, id: string, props: S3StoreProps<Kept> = {}) {
    super(scope, id);
    this.prefix = props.prefix ?? 'events/';
    const archiveAfter = props.archiveAfter ?? Duration.days(90);
    const undeleteWindow = props.undeleteWindow ?? Duration.days(30);
    requireText(this, { prefix: this.prefix }, FOLDERS);
    requireTime(this, { archiveAfter }, ARCHIVE);
    requireTime(this, { undeleteWindow }, UNDELETE);
    const { encryptionKey } = props;
    requireResource(this, { bucket: props.bucket });
    requireKey(this, { encryptionKey });
    if (props.bucket)
      requireAbsent(this, 'bucket', { archiveAfter: props.archiveAfter, undeleteWindow: props.undeleteWindow, encryptionKey });
    const removalPolicy = removalPolicyOf(this, props.removal);

    const archive = [{ storageClass: StorageClass.GLACIER_INSTANT_RETRIEVAL, transitionAfter: archiveAfter }];
    const settings = { removalPolicy, undeleteWindow, encryptionKey, rule: { transitions: archive } };
    const make = (): IBucket => makeBucket(this, settings);
    this.bucket = props.bucket ?? (make() as Kept);
  }

  bindWriter(writer: Workload, name: string): Binding {
    const grant = this.allowObjects(writer, 's3:PutObject');
    this.bucket.encryptionKey?.grant(writer.role, 'kms:GenerateDataKey');
    return { settings: this.settings(name), waitFor: [grant] };
  }

  bindReader(reader: Workload, name: string): Binding {
    const grants = [
      this.allowObjects(reader, 's3:GetObject'),
      Grant.addToPrincipal({
        grantee: reader.role,
        actions: ['s3:ListBucket'],
        resourceArns: [this.bucket.bucketArn],
        conditions: { StringLike: { 's3:prefix': `${this.prefix}*` } },
      }),
    ];
    this.bucket.encryptionKey?.grantDecrypt(reader.role);
    return { settings: this.settings(name), waitFor: grants };
  }

  private settings(name: string) {
    return { [`${name}_BUCKET`]: this.bucket.bucketName, [`${name}_PREFIX`]: this.prefix };
  }

  private allowObjects({ role }: Workload, action: string): Grant {
    const objects = this.bucket.arnForObjects(`${this.prefix}*`);
    const reason = 'Objects are named when they are written, and all names start with this prefix.';
    acknowledge(role, () => ({ [`AwsSolutions-IAM5[Resource::${spell(role, objects)}]`]: reason }));
    return Grant.addToPrincipal({ grantee: role, actions: [action], resourceArns: [objects] });
  }
}
