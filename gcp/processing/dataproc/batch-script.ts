import type { StorageBucket } from '@cdktf/provider-google/lib/storage-bucket';
import { StorageBucketObject } from '@cdktf/provider-google/lib/storage-bucket-object';
import { AssetType, TerraformAsset } from 'cdktf';
import type { Construct } from 'constructs';
import { hashOfScript } from '../../../shared/synth/job-script';
import { resolved } from '../../../shared/synth/kept-name';
import { sha256 } from '../../../shared/synth/sha256';

/**
 * Store a script in a bucket, as an object that is named after its content. With another key it is another object too: Cloud Storage may
 * no longer decrypt the one before.
 * @returns its address
 */
export function scriptIn(scope: Construct, bucket: StorageBucket, script: string, encryptionKey: string | undefined): string {
  const hash = hashOfScript(script);
  const name = encryptionKey === undefined ? hash : sha256(hash + resolved(scope, encryptionKey));
  const asset = new TerraformAsset(scope, 'Script', { path: script, type: AssetType.FILE, assetHash: hash });
  const object = new StorageBucketObject(scope, 'Object', {
    bucket: bucket.name,
    name: `scripts/${name}.py`,
    source: asset.path,
    // A run that is going reads the old one.
    lifecycle: { createBeforeDestroy: true },
  });
  return `gs://${bucket.name}/${object.name}`;
}
