import { Aws, Duration, Token, TokenComparison } from 'aws-cdk-lib';
import { type Alarm, Metric } from 'aws-cdk-lib/aws-cloudwatch';
import { Grant, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { CfnBucket, IBucket } from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import { SettingError } from '../../../shared/synth/settings';
import { acknowledge, spell } from '../../foundation/acknowledge';
import { alarm } from '../../foundation/alarms';

const RULE = 'replica';

/**
 * Refuse a replica whose objects could not be decrypted, or not be encrypted.
 * @throws SettingError
 */
export function requireReplica(scope: Construct, replica: IBucket, encryptionKey: IKey | undefined) {
  if (!encryptionKey || replica.encryptionKey) return;
  const remedy = 'S3 copies objects with a key of yours only to a bucket with a key: import it with Bucket.fromBucketAttributes.';
  throw new SettingError(scope, 'replica must come with its encryptionKey', replica.node.path, remedy);
}

/**
 * Copy each new object below a prefix to another bucket, and watch the copies that fail. Deletions are not copied.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/setting-repl-config-perm-overview.html
 */
export function replicate(scope: Construct, bucket: IBucket, prefix: string, replica: IBucket): Alarm {
  const conditions = { StringEquals: { 'aws:SourceAccount': Aws.ACCOUNT_ID } };
  const replication = new Construct(scope, 'Replication');
  const role = new Role(replication, 'Role', { assumedBy: new ServicePrincipal('s3.amazonaws.com', { conditions }) });
  const allow = (resource: string, ...actions: string[]) =>
    Grant.addToPrincipal({ grantee: role, resourceArns: [resource], actions: actions.map((action) => `s3:${action}`) });
  const [objects, copies] = [bucket, replica].map((one) => one.arnForObjects(`${prefix}*`)) as [string, string];
  const accounts = Token.compareStrings(bucket.env.account, replica.env.account);
  const isOther = [TokenComparison.DIFFERENT, TokenComparison.ONE_UNRESOLVED].includes(accounts);
  // The policy names the bucket, so the bucket cannot wait for it: S3 checks the permissions only when it copies.
  allow(bucket.bucketArn, 'GetReplicationConfiguration', 'ListBucket');
  allow(objects, 'GetObjectVersionForReplication', 'GetObjectVersionAcl', 'GetObjectVersionTagging');
  allow(copies, 'ReplicateObject', 'ReplicateTags', ...(isOther ? ['ObjectOwnerOverrideToBucketOwner'] : []));
  bucket.encryptionKey?.grant(role, 'kms:Decrypt');
  replica.encryptionKey?.grant(role, 'kms:Encrypt', 'kms:GenerateDataKey');
  const reason = 'Objects are named when they are written, and all names start with this prefix.';
  acknowledge(role, () => Object.fromEntries([objects, copies].map((arn) => [`AwsSolutions-IAM5[Resource::${spell(role, arn)}]`, reason])));

  const cfn = bucket.node.defaultChild as CfnBucket;
  cfn.replicationConfiguration = {
    role: role.roleArn,
    rules: [
      {
        id: RULE,
        priority: 1,
        status: 'Enabled',
        filter: { prefix },
        deleteMarkerReplication: { status: 'Disabled' },
        // S3 refuses the key of the replica without it (hashicorp/terraform-provider-aws#26241).
        sourceSelectionCriteria: replica.encryptionKey ? { sseKmsEncryptedObjects: { status: 'Enabled' } } : undefined,
        destination: {
          bucket: replica.bucketArn,
          account: isOther ? replica.env.account : undefined,
          accessControlTranslation: isOther ? { owner: 'Destination' } : undefined,
          encryptionConfiguration: replica.encryptionKey ? { replicaKmsKeyId: replica.encryptionKey.keyArn } : undefined,
          metrics: { status: 'Enabled' },
        },
      },
    ],
  };
  const failed = new Metric({
    namespace: 'AWS/S3',
    metricName: 'OperationsFailedReplication',
    dimensionsMap: { SourceBucket: bucket.bucketName, DestinationBucket: replica.bucketName, RuleId: RULE },
    statistic: 'Sum',
    period: Duration.minutes(5),
  });
  return alarm(replication, 'Failed', failed, 'Objects could not be copied to the replica. Their replication status is FAILED.');
}
