import { StorageBucket } from '@cdktf/provider-google/lib/storage-bucket';
import { StorageBucketObject } from '@cdktf/provider-google/lib/storage-bucket-object';
import { AssetType, TerraformAsset } from 'cdktf';
import { Construct } from 'constructs';
import { acknowledge } from '../../shared/synth/acknowledge';
import type { Site } from '../ports/site';

/** Settings for {@link CodeSource}. */
export interface CodeSourceProps {
  /** The project and the region of the bucket. */
  readonly site: Site;
  /** The name of what the code is for, with the prefix. */
  readonly name: string;
  /** The start of the name of the object. */
  readonly kind: 'app' | 'function';
  /** The bundled handler: the absolute path of a zip, and its hash. */
  readonly code: { readonly zip: string; readonly hash: string };
}

/**
 * A private bucket with the code of one function or service. The name of the object contains the hash of the code, so that a change
 * of the code starts a build, and the same code does not. Replaced code is kept for 30 days.
 */
export class CodeSource extends Construct {
  readonly bucket: StorageBucket;
  readonly object: StorageBucketObject;

  constructor(scope: Construct, id: string, { site, name, kind, code }: CodeSourceProps) {
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
        'It holds code, no events, and only its build reads it. To log each access, enable the Data Access audit logs of the project.',
    });
    const asset = new TerraformAsset(this, 'Zip', { path: code.zip, type: AssetType.FILE, assetHash: code.hash });
    this.object = new StorageBucketObject(this, 'Object', {
      bucket: this.bucket.name,
      name: `${kind}-${code.hash}.zip`,
      source: asset.path,
    });
  }
}
