import { StorageBucket } from '@cdktf/provider-google/lib/storage-bucket';
import type { Construct } from 'constructs';
import { acknowledge } from '../../../shared/synth/acknowledge';
import type { Site } from '../../ports/site';

/** A bucket for files that nobody needs after the job. With soft delete, each would be billed for a week longer. */
export function temporaryBucket(scope: Construct, { project, region, waitFor }: Site, base: string): StorageBucket {
  const bucket = new StorageBucket(scope, 'Bucket', {
    project,
    name: `${project}-${base}-dataflow`,
    location: region,
    uniformBucketLevelAccess: true,
    publicAccessPrevention: 'enforced',
    softDeletePolicy: { retentionDurationSeconds: 0 },
    lifecycleRule: [{ action: { type: 'AbortIncompleteMultipartUpload' }, condition: { age: 7 } }],
    forceDestroy: true,
    dependsOn: [...waitFor],
  });
  acknowledge(bucket, {
    CKV_GCP_62: 'It holds temporary files and code, no events that are stored nowhere else. Only the workers read it.',
    CKV_GCP_78: 'It holds temporary files and code, which this stack creates again.',
  });
  return bucket;
}
