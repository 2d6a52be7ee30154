import { DataGoogleStorageProjectServiceAccount } from '@cdktf/provider-google/lib/data-google-storage-project-service-account';
import { StorageBucket } from '@cdktf/provider-google/lib/storage-bucket';
import { Construct } from 'constructs';
import { acknowledge } from '../../shared/synth/acknowledge';
import type { Site } from '../ports/site';
import { allowEncrypt } from './encryption';

/** What else is known of the files of a job. */
export interface TemporaryFiles {
  /**
   * The folder of files that the service leaves there, which are deleted after 30 days.
   * @default - no file is deleted by its age
   */
  readonly left?: string;
  /**
   * The id of the key that encrypts the files.
   * @default - a Google-managed key
   */
  readonly encryptionKey?: string;
}

/**
 * A bucket for the code and the temporary files of a job. With soft delete, each file would be billed for a week longer.
 * @param name the end of its name, with the prefix
 */
export function temporaryBucket(scope: Construct, site: Site, name: string, { left, encryptionKey }: TemporaryFiles = {}): StorageBucket {
  const { project, region, waitFor } = site;
  const agent = () => new DataGoogleStorageProjectServiceAccount(scope, 'Agent', { project, dependsOn: [...waitFor] }).member;
  const encrypted =
    encryptionKey === undefined ? [] : allowEncrypt(new Construct(scope, 'BucketKey'), { cryptoKeyId: encryptionKey, agent });
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
    encryption: encryptionKey === undefined ? undefined : { defaultKmsKeyName: encryptionKey },
    forceDestroy: true,
    dependsOn: [...waitFor, ...encrypted],
  });
  acknowledge(bucket, {
    CKV_GCP_62: 'It holds code and temporary files of a job. Only the job reads it.',
    CKV_GCP_78: 'It holds code and temporary files, which are of no use after the job.',
  });
  return bucket;
}
