import { StorageBucket } from '@cdktf/provider-google/lib/storage-bucket';
import { Construct } from 'constructs';
import { acknowledge } from '../../../shared/synth/acknowledge';
import { keepAddress } from '../../../shared/synth/kept-name';
import { allowEncrypt } from '../../foundation/encryption';
import type { Site } from '../../ports/site';

/** Settings for {@link DataBucket}. */
export interface DataBucketProps {
  /** The project, the region and the prefix of the bucket. */
  readonly site: Site;
  /** The end of its name. */
  readonly name: string;
  /**
   * After how many days an object moves to Coldline.
   * @default - Autoclass
   */
  readonly coldAfterDays?: number;
  /**
   * After how many days an object is deleted.
   * @default - never
   */
  readonly retentionDays?: number;
  /**
   * For how many days nobody can delete or overwrite an object.
   * @default - objects can be deleted
   */
  readonly immutableDays?: number;
  /** How long an overwritten or deleted object can be restored, in days. */
  readonly undeleteWindowDays: number;
  /**
   * The id of the key that encrypts the objects.
   * @default - a Google-managed key
   */
  readonly encryptionKey?: string;
  /** Whether the objects are deleted with the stack. */
  readonly destroy: boolean;
}

/**
 * Part of the Store stage: a bucket for data, with uniform bucket-level access, public access prevention, versioning and soft
 * delete.
 * @see https://cloud.google.com/storage/docs/soft-delete
 */
export class DataBucket extends Construct {
  /** The bucket, for anything this construct does not cover. */
  readonly resource: StorageBucket;

  constructor(scope: Construct, id: string, props: DataBucketProps) {
    super(scope, id);
    const { site, name, coldAfterDays, retentionDays, immutableDays, undeleteWindowDays, encryptionKey, destroy } = props;
    this.resource = new StorageBucket(this, 'Resource', {
      project: site.project,
      name: `${site.project}-${site.prefix}-${name}`,
      location: site.region,
      uniformBucketLevelAccess: true,
      publicAccessPrevention: 'enforced',
      // An object that nobody can overwrite has one version, and Google long refused both on one bucket.
      versioning: { enabled: immutableDays === undefined },
      retentionPolicy: immutableDays === undefined ? undefined : { retentionPeriod: immutableDays * 24 * 3600, isLocked: false },
      softDeletePolicy: { retentionDurationSeconds: undeleteWindowDays * 24 * 3600 },
      // Set in both cases: without the block, Google keeps the previous setting.
      autoclass: coldAfterDays === undefined ? { enabled: true, terminalStorageClass: 'ARCHIVE' } : { enabled: false },
      lifecycleRule: [
        { action: { type: 'AbortIncompleteMultipartUpload' }, condition: { age: 7 } },
        // A deleted old version counts as a deleted object: it can be restored for the whole soft delete period.
        { action: { type: 'Delete' }, condition: { daysSinceNoncurrentTime: 1 } },
        ...(coldAfterDays === undefined
          ? []
          : [{ action: { type: 'SetStorageClass', storageClass: 'COLDLINE' }, condition: { age: coldAfterDays } }]),
        ...(retentionDays === undefined ? [] : [{ action: { type: 'Delete' }, condition: { age: retentionDays } }]),
      ],
      encryption: encryptionKey ? { defaultKmsKeyName: encryptionKey } : undefined,
      forceDestroy: destroy,
      dependsOn: [...site.waitFor, ...allowEncrypt(this, { site, cryptoKeyId: encryptionKey, services: ['storage'] })],
      lifecycle: destroy ? undefined : { preventDestroy: true },
    });
    keepAddress(this.resource, name);
    acknowledge(this.resource, {
      CKV_GCP_62:
        'Google recommends audit logs instead of access logs. To log each access, enable the Data Access audit logs of the project.',
      ...(immutableDays === undefined
        ? {}
        : {
            CKV_GCP_78:
              'Nobody can overwrite an object before its time, and soft delete restores it after that. Leave immutableDays out for versions.',
          }),
    });
  }
}
