import { Duration, type RemovalPolicy } from 'aws-cdk-lib';
import type { Alarm } from 'aws-cdk-lib/aws-cloudwatch';
import type { EventPattern } from 'aws-cdk-lib/aws-events';
import { Grant } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { type Bucket, CfnBucket, type IBucket, StorageClass } from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import type { Removal, TimeRule } from '../../../shared/synth/settings';
import { FOLDERS, requireAbsent, requireResource, requireText, requireTime, SettingError } from '../../../shared/synth/settings';
import { acknowledge, spell } from '../../foundation/acknowledge';
import { makeBucket } from '../../foundation/buckets';
import { EventRule } from '../../foundation/events/event-rule';
import { allow } from '../../foundation/grants';
import { requireKey } from '../../foundation/home';
import { removalPolicyOf } from '../../foundation/removal';
import type { DeliveryTarget, DirectStore } from '../../ports/delivery';
import type { Binding, Workload } from '../../ports/identity';
import type { RecordSink, RecordSource } from '../../ports/records';
import type { BucketStore } from '../../ports/stores';
import { CreatedObjects, requireCreated, requireNoLoop } from './created-objects';
import { replicate, requireReplica } from './replication';

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
   * A versioned bucket that gets a copy of each new object, usually in another region or account. A bucket of another account
   * must allow the role of the replication in its policy. Objects that exist already are not copied, and deletions are not.
   * @default - no copies; S3 stores each object in three zones
   */
  readonly replica?: IBucket;
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
export class S3Store<Kept extends IBucket = Bucket> extends Construct implements BucketStore, DirectStore {
  /** The new or the given bucket, for anything this construct does not cover. */
  readonly bucket: Kept;
  /** The prefix of all object keys. */
  readonly prefix: string;
  /** Copies that failed, if the store has a replica. It has no action yet. */
  readonly alarms: readonly Alarm[];

  private readonly removalPolicy: RemovalPolicy;
  private sendsCreated = false;

  constructor(scope: Construct, id: string, props: S3StoreProps<Kept> = {}) {
    super(scope, id);
    this.prefix = props.prefix ?? 'events/';
    const archiveAfter = props.archiveAfter ?? Duration.days(90);
    const undeleteWindow = props.undeleteWindow ?? Duration.days(30);
    requireText(this, { prefix: this.prefix }, FOLDERS);
    requireTime(this, { archiveAfter }, ARCHIVE);
    requireTime(this, { undeleteWindow }, UNDELETE);
    const { encryptionKey, replica } = props;
    requireResource(this, { bucket: props.bucket, replica });
    requireKey(this, { encryptionKey });
    if (props.bucket)
      requireAbsent(this, 'bucket', { archiveAfter: props.archiveAfter, undeleteWindow: props.undeleteWindow, encryptionKey, replica });
    if (replica) requireReplica(this, replica, encryptionKey);
    this.removalPolicy = removalPolicyOf(this, props.removal);

    const archive = [{ storageClass: StorageClass.GLACIER_INSTANT_RETRIEVAL, transitionAfter: archiveAfter }];
    const settings = { removalPolicy: this.removalPolicy, undeleteWindow, encryptionKey, rule: { transitions: archive } };
    const make = (): IBucket => makeBucket(this, settings);
    this.bucket = props.bucket ?? (make() as Kept);
    this.alarms = replica ? [replicate(this, this.bucket, this.prefix, replica)] : [];
  }

  bindWriter(writer: Workload, name: string): Binding {
    requireNoLoop(this, 'write', writer);
    const grant = this.allowObjects(writer, ['s3:PutObject']);
    this.bucket.encryptionKey?.grant(writer.role, 'kms:GenerateDataKey');
    return { settings: this.settings(name), waitFor: [grant] };
  }

  bindReader(reader: Workload, name: string): Binding {
    return this.allowReader(reader, name, ['s3:GetObject']);
  }

  /** What Firehose could not deliver is below the prefix with `-failed` at its end: `events-failed/`. */
  bindDelivery(deliverer: Workload): DeliveryTarget {
    const failedPrefix = `${this.prefix.slice(0, -1)}-failed/`;
    const actions = ['s3:PutObject', 's3:AbortMultipartUpload'];
    const onBucket = ['s3:GetBucketLocation', 's3:ListBucket', 's3:ListBucketMultipartUploads'];
    const waitFor = [
      this.allowObjects(deliverer, actions),
      this.allowObjects(deliverer, actions, failedPrefix),
      ...allow(deliverer, this.bucket.bucketArn, onBucket, this.bucket.encryptionKey, 'kms:Decrypt', 'kms:GenerateDataKey'),
    ];
    return { bucketArn: this.bucket.bucketArn, prefix: this.prefix, failedPrefix, waitFor };
  }

  /** An imported bucket must send its events to EventBridge already. */
  bindCreated(): EventPattern {
    this.sendsCreated = true;
    const bucket = this.bucket.node.defaultChild;
    // The property of `Bucket` adds a function with a managed policy, because it also merges notifications of other kinds.
    if (CfnBucket.isCfnBucket(bucket)) bucket.notificationConfiguration = { eventBridgeConfiguration: { eventBridgeEnabled: true } };
    const named = { bucket: { name: [this.bucket.bucketName] }, object: { key: [{ prefix: this.prefix }] } };
    return { source: ['aws.s3'], detailType: ['Object Created'], detail: named };
  }

  /**
   * Put an event into a buffer for each new object, with its bucket and key in `data`. S3 can send an event twice. What cannot be
   * put into the buffer for a day goes to a dead-letter queue. What reads the buffer must not write below the prefix of this store, or
   * each object makes another one, without end.
   * @throws SettingError on a second call
   * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html
   */
  deliverCreated(sink: RecordSink): EventRule {
    if (this.node.tryFindChild('Created')) {
      const remedy = 'For several buffers, deliver into an SNS topic that sends to one queue for each.';
      throw new SettingError(this, 'deliverCreated must be called once', 'a second call', remedy);
    }
    return new EventRule(this, 'Created', { pattern: this.bindCreated(), sink, removalPolicy: this.removalPolicy });
  }

  /**
   * Read each new object when a queue delivers the event of its creation: a source for a `LambdaProcessor` with a handler whose name
   * starts with `s3`. Each line of an object must be an event of the contract, compressed with gzip or not: what Firehose and the
   * handlers store, unless a transform makes something else of the events.
   *
   * An object is read as a stream, in one call of the function. One that takes longer than its timeout is read again from the start,
   * and goes to the dead letter after the last try: for large objects, set a longer timeout.
   * @param queue the queue of `deliverCreated`, or a subscriber of the topic of `deliverCreated`
   * @throws SettingError before `deliverCreated` or `bindCreated`, on anything but a queue, and if its reader also writes to the store
   */
  readCreated(queue: RecordSource): RecordSource {
    requireCreated(this, queue, this.sendsCreated);
    return new CreatedObjects(queue, (reader, name) => {
      requireNoLoop(this, 'read', reader);
      // An event names the version of its object. Without versioning it names none, and S3 asks for the first permission.
      return this.allowReader(reader, name, ['s3:GetObject', 's3:GetObjectVersion']);
    });
  }

  private settings(name: string) {
    return { [`${name}_BUCKET`]: this.bucket.bucketName, [`${name}_PREFIX`]: this.prefix };
  }

  private allowReader(reader: Workload, name: string, actions: string[]): Binding {
    const grants = [
      this.allowObjects(reader, actions),
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

  private allowObjects({ role }: Workload, actions: string[], prefix = this.prefix): Grant {
    const objects = this.bucket.arnForObjects(`${prefix}*`);
    const reason = 'Objects are named when they are written, and all names start with this prefix.';
    acknowledge(role, () => ({ [`AwsSolutions-IAM5[Resource::${spell(role, objects)}]`]: reason }));
    return Grant.addToPrincipal({ grantee: role, actions, resourceArns: [objects] });
  }
}
