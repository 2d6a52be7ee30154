import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import { BlockPublicAccess, Bucket, BucketEncryption, type BucketProps, ObjectOwnership } from 'aws-cdk-lib/aws-s3';
import { S3_SERVER_ACCESS_LOGS_USE_BUCKET_POLICY } from 'aws-cdk-lib/cx-api';
import type { Construct } from 'constructs';
import { acknowledge, type Reasons } from './acknowledge';
import { answerCommonFindings } from './answers';

const LOG: Reasons = {
  CKV_AWS_18: 'It is the access log. A bucket that logs to itself never comes to rest.',
  'NIST.800.53.R5-S3DefaultEncryptionKMS': 'S3 delivers access logs only to a bucket that it encrypts with its own key.',
};
const OWN_KEY: Reasons = { 'NIST.800.53.R5-S3DefaultEncryptionKMS': 'S3 encrypts with its own key. For a key of yours: encryptionKey.' };

/** What differs between buckets. */
export interface BucketSettings extends Pick<BucketProps, 'encryptionKey'> {
  readonly removalPolicy: RemovalPolicy;
  /** How long an overwritten or deleted object can still be brought back. */
  readonly undeleteWindow: Duration;
  /** When objects move or go, beside what every bucket does. */
  readonly rule?: NonNullable<BucketProps['lifecycleRules']>[number];
}

/**
 * Make a bucket that is private, encrypted, versioned and reached over TLS alone, and a second one that keeps each access to
 * it on record.
 * @param scope where nothing else was made before
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
  // Else a project without this feature flag would let the log in by an access control list, which the ownership above refuses.
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
