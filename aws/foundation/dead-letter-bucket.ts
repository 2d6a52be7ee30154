import { Aws, Duration, type RemovalPolicy } from 'aws-cdk-lib';
import { Grant } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { Bucket, IBucket } from 'aws-cdk-lib/aws-s3';
import { Construct, type IDependable } from 'constructs';
import type { Workload } from '../ports/identity';
import { acknowledge, spell } from './acknowledge';
import { makeBucket } from './buckets';

/**
 * A new bucket for batches that an event source mapping no longer retries. Its objects do not expire.
 * @param encryptionKey the key of the stream. Without one, S3 encrypts it with its own
 */
export function makeDeadLetterBucket(scope: Construct, removalPolicy: RemovalPolicy, encryptionKey?: IKey): Bucket {
  return makeBucket(new Construct(scope, 'DeadLetterBucket'), { removalPolicy, undeleteWindow: Duration.days(30), encryptionKey });
}

/**
 * Allow an event source mapping, which uses the role of its function, to add batches that it no longer retries: one object for
 * each, with whole records in `payload`, under a name that Lambda chooses. The condition on the account protects the data if
 * the bucket is deleted and another account creates one with its name.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/kinesis-on-failure-destination.html
 */
export function bindDeadLetterBucket({ bucketArn, encryptionKey }: IBucket, { role }: Workload): IDependable[] {
  const conditions = { StringEquals: { 's3:ResourceAccount': Aws.ACCOUNT_ID } };
  const objects = `${bucketArn}/aws/lambda/*`;
  const reason = 'Lambda names the objects, and all names start with this prefix.';
  acknowledge(role, () => ({ [`AwsSolutions-IAM5[Resource::${spell(role, objects)}]`]: reason }));
  const grant = Grant.addToPrincipal({ grantee: role, actions: ['s3:PutObject'], resourceArns: [objects], conditions });
  Grant.addToPrincipal({ grantee: role, actions: ['s3:ListBucket'], resourceArns: [bucketArn], conditions });
  encryptionKey?.grant(role, 'kms:GenerateDataKey');
  return [grant];
}
