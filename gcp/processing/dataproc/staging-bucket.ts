import { StorageBucket } from '@cdktf/provider-google/lib/storage-bucket';
import type { Construct } from 'constructs';
import { acknowledge } from '../../../shared/synth/acknowledge';
import type { Site } from '../../ports/site';

/** The folder in which Dataproc stages the files of runs. */
const STAGED = 'google-cloud-dataproc-metainfo/';

/**
 * A bucket for scripts, and for the files that Dataproc stages for a run, which nobody needs a month later. With soft delete, each would be
 * billed for a week longer. Without a bucket of the stack, Dataproc would make one that stays.
 */
export function stagingBucket(scope: Construct, { project, region, waitFor }: Site, base: string): StorageBucket {
  const bucket = new StorageBucket(scope, 'Bucket', {
    project,
    name: `${project}-${base}-spark`,
    location: region,
    uniformBucketLevelAccess: true,
    publicAccessPrevention: 'enforced',
    softDeletePolicy: { retentionDurationSeconds: 0 },
    lifecycleRule: [
      { action: { type: 'AbortIncompleteMultipartUpload' }, condition: { age: 7 } },
      { action: { type: 'Delete' }, condition: { age: 30, matchesPrefix: [STAGED] } },
    ],
    forceDestroy: true,
    dependsOn: [...waitFor],
  });
  acknowledge(bucket, {
    CKV_GCP_62: 'It holds scripts and files of runs, no events. Only the account of the batch reads it.',
    CKV_GCP_78: 'It holds scripts and files of runs, which this stack or the next run creates again.',
  });
  return bucket;
}
