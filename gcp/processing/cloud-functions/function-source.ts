import { StorageBucket } from '@cdktf/provider-google/lib/storage-bucket';
import { StorageBucketObject } from '@cdktf/provider-google/lib/storage-bucket-object';
import { AssetType, TerraformAsset } from 'cdktf';
import { Construct } from 'constructs';
import { acknowledge } from '../../../shared/synth/acknowledge';
import type { Site } from '../../ports/site';

/** Settings for {@link FunctionSource}. */
export interface FunctionSourceProps {
  /** The project and the region of the bucket. */
  readonly site: Site;
  /** The name of the function, with the prefix. */
  readonly name: string;
  /** The bundled handler: the absolute path of a zip, and its hash. */
  readonly code: { readonly zip: string; readonly hash: string };
}

/**
 * Part of the Processing stage: a private bucket with the code of one function. The name of the object contains the hash of
 * the code, so that a change of the code starts a build, and the same code does not. Replaced code is kept for 30 days.
 */
export class FunctionSource extends Construct {
  readonly bucket: StorageBucket;
  readonly object: StorageBucketObject;

  constructor(scope: Construct, id: string, { site, name, code }: FunctionSourceProps) {
    super(scope, id);
    const { project, region: location, waitFor } = site;
    this.bucket = new StorageBucket(this, 'Bucket', {
      project,
      name: `${project}-${name}-source`,
      location,
      uniformBucketLevelAccess: true,
      publicAccessPrevention: 'enforced',
      versioning: { enabled: true },
      lifecycleRule: [{ action: { type: 'Delete' }, condition: { daysSinceNoncurrentTime: 30 } }],
      softDeletePolicy: { retentionDurationSeconds: 0 },
      // The code comes from this stack, so it is deleted with it.
      forceDestroy: true,
      dependsOn: [...waitFor],
    });
    acknowledge(this.bucket, {
      CKV_GCP_62:
        'It holds the code of the function, no events, and only the builder reads it. To log each access, enable the Data Access audit logs of the project.',
    });
    const asset = new TerraformAsset(this, 'Zip', { path: code.zip, type: AssetType.FILE, assetHash: code.hash });
    this.object = new StorageBucketObject(this, 'Object', {
      bucket: this.bucket.name,
      name: `function-${code.hash}.zip`,
      source: asset.path,
    });
  }
}
