import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import { BlockPublicAccess, Bucket, BucketEncryption, type BucketProps, ObjectOwnership } from 'aws-cdk-lib/aws-s3';
import { S3_SERVER_ACCESS_LOGS_USE_BUCKET_POLICY } from 'aws-cdk-lib/cx-api';
import type { Construct } from 'constructs';
import { acknowledge, type Reasons } from './acknowledge';
import { answerCommonFindings } from './answers';

const LOG: Reasons = {
  CKV_AWS_18: 'It is the access log. A bucket that logs to itself creates log entries without end.',
  'NIST.800.53.R5-S3DefaultEncryptionKMS': 'S3 delivers access logs only to a bucket with SSE-S3 encryption.',
};
const OWN_KEY: Reasons = {
  'NIST.800.53.R5-S3DefaultEncryptionKMS': 'S3 encrypts it with its own key (SSE-S3). For a key of yours, set encryptionKey.',
};

/** The settings in which buckets differ. */
export interface BucketSettings extends Pick<BucketProps, 'encryptionKey'> {
  readonly removalPolicy: RemovalPolicy;
  /** How long an overwritten or deleted object can be restored. */
  readonly undeleteWindow: Duration;
  /** A lifecycle rule, added to the one of every bucket. */
  readonly rule?: NonNullable<BucketProps['lifecycleRules']>[number];
}

/**
 * Create a bucket that is private, encrypted, versioned and accepts TLS only, and a second bucket for its access log.
 * @param scope an empty construct
 */
export function makeBucket(scope: Construct, settings: BucketSettings): Bucket {
  const { removalPolicy, undeleteWindow, encryptionKey, rule } = settings;
  const hardened: BucketProps = {
    blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
    objectOwnership: ObjectOwnership.BUCKET_OWNER_ENFORCED,
    enforceSSL: true,
    minimumTLSVersion: 1.2,
    versioned: true,
    removalPolicy,
    autoDeleteObjects: removalPolicy === RemovalPolicy.DESTROY,
  };
  const housekeeping = { abortIncompleteMultipartUploadAfter: Duration.days(7), noncurrentVersionExpiration: undeleteWindow };
  // Without this feature flag, the CDK allows the access log with an ACL, which the object ownership above does not permit.
  scope.node.setContext(S3_SERVER_ACCESS_LOGS_USE_BUCKET_POLICY, true);
  const log = new Bucket(scope, 'AccessLog', {
    ...hardened,
    encryption: BucketEncryption.S3_MANAGED,
    lifecycleRules: [{ ...housekeeping, expiration: Duration.days(90) }],
  });
  acknowledge(log, LOG);
  const bucket = new Bucket(scope, 'Bucket', {
    ...hardened,
    encryption: encryptionKey ? BucketEncryption.KMS : BucketEncryption.S3_MANAGED,
    encryptionKey,
    bucketKeyEnabled: encryptionKey ? true : undefined,
    serverAccessLogsBucket: log,
    lifecycleRules: [{ ...housekeeping, ...rule }],
  });
  answerCommonFindings(scope);
  return encryptionKey ? bucket : acknowledge(bucket, OWN_KEY);
}
