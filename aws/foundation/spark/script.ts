import { Grant } from 'aws-cdk-lib/aws-iam';
import { Asset } from 'aws-cdk-lib/aws-s3-assets';
import type { Construct, IDependable } from 'constructs';
import type { Workload } from '../../ports/identity';

/** A script in the bucket for assets. */
export interface BoundScript {
  /** Its address in S3. */
  readonly url: string;
  readonly bucketArn: string;
  readonly key: string;
  /** The permissions. If they do not exist before the job, it cannot read its script. */
  readonly waitFor: readonly IDependable[];
}

/** Upload a script to the bucket for assets, and allow a job to read it and no other. */
export function bindScript(job: Construct & Workload, script: string): BoundScript {
  const asset = new Asset(job, 'Script', { path: script });
  const resourceArns = [asset.bucket.arnForObjects(asset.s3ObjectKey)];
  return {
    url: asset.s3ObjectUrl,
    bucketArn: asset.bucket.bucketArn,
    key: asset.s3ObjectKey,
    waitFor: [Grant.addToPrincipal({ grantee: job.role, actions: ['s3:GetObject'], resourceArns })],
  };
}
