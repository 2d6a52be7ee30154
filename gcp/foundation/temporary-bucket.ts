import { StorageBucket } from '@cdktf/provider-google/lib/storage-bucket';
import type { Construct } from 'constructs';
import { acknowledge } from '../../shared/synth/acknowledge';
import type { Site } from '../ports/site';

/**
 * A bucket for the code and the temporary files of a job. With soft delete, each file would be billed for a week longer.
 * @param name the end of its name, with the prefix
 * @param left the folder of files that the service leaves there, which are deleted after 30 days
 */
export function temporaryBucket(scope: Construct, { project, region, waitFor }: Site, name: string, left?: string): StorageBucket {
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
    forceDestroy: true,
    dependsOn: [...waitFor],
  });
  acknowledge(bucket, {
    CKV_GCP_62: 'It holds code and temporary files of a job. Only the job reads it.',
    CKV_GCP_78: 'It holds code and temporary files, which are of no use after the job.',
  });
  return bucket;
}
