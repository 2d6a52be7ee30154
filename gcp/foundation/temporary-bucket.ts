import { StorageBucket } from '@cdktf/provider-google/lib/storage-bucket';
import { Construct } from 'constructs';
import { acknowledge } from '../../shared/synth/acknowledge';
import type { Site } from '../ports/site';
import { allowEncrypt } from './encryption';

/** Settings for {@link temporaryBucket}. */
export interface TemporaryBucket {
  /** The end of its name, with the prefix. */
  readonly name: string;
  /**
   * The folder of files that the service leaves there, which are deleted after 30 days.
   * @default - nothing is deleted
   */
  readonly left?: string;
  /**
   * The id of the key that encrypts the objects.
   * @default - a Google-managed key
   */
  readonly encryptionKey?: string;
}

/** A bucket for the code and the temporary files of a job. With soft delete, each file would be billed for a week longer. */
export function temporaryBucket(scope: Construct, site: Site, { name, left, encryptionKey }: TemporaryBucket): StorageBucket {
  const { project, region, waitFor } = site;
  const key = { site, cryptoKeyId: encryptionKey, services: ['storage'] };
  const encrypted = encryptionKey === undefined ? [] : allowEncrypt(new Construct(scope, 'BucketKey'), key);
  const bucket = new StorageBucket(scope, 'Bucket', {
    project,
    name: `${project}-${name}`,
    location: region,
    uniformBucketLevelAccess: true,
    publicAccessPrevention: 'enforced',
    softDeletePolicy: { retentionDurationSeconds: 0 },
    lifecycleRule: [
      { action: { type: 'AbortIncompleteMultipartUpload' }, condition: { age: 7 } },
      ...(left === undefined ? [] : [{ action: { type: 'Delete' }, condition: { age: 30, matchesPrefix: [left] } }]),
    ],
    encryption: encryptionKey ? { defaultKmsKeyName: encryptionKey } : undefined,
    forceDestroy: true,
    dependsOn: [...waitFor, ...encrypted],
  });
  acknowledge(bucket, {
    CKV_GCP_62: 'It holds code and temporary files of a job. Only the job reads it.',
    CKV_GCP_78: 'It holds code and temporary files, which are of no use after the job.',
  });
  return bucket;
}
