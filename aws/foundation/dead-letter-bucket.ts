import { Aws, Duration, type RemovalPolicy } from 'aws-cdk-lib';
import { Grant } from 'aws-cdk-lib/aws-iam';
import type { Bucket, IBucket } from 'aws-cdk-lib/aws-s3';
import { Construct, type IDependable } from 'constructs';
import type { Workload } from '../ports/identity';
import { acknowledge, spell } from './acknowledge';
import { makeBucket } from './buckets';

/** A new bucket for what an event source mapping gives up. Nothing in it goes by itself. */
export function makeDeadLetterBucket(scope: Construct, removalPolicy: RemovalPolicy): Bucket {
  return makeBucket(new Construct(scope, 'DeadLetterBucket'), { removalPolicy, undeleteWindow: Duration.days(30) });
}

/**
 * Let an event source mapping, which acts as the role of its function, add to the bucket what it gives up: a batch of whole
 * records for each object, in `payload`, below names that Lambda chooses. Only in this account, should the bucket be deleted
 * and its name be taken by another.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/kinesis-on-failure-destination.html
 */
export function bindDeadLetterBucket({ bucketArn, encryptionKey }: IBucket, { role }: Workload): IDependable[] {
  const conditions = { StringEquals: { 's3:ResourceAccount': Aws.ACCOUNT_ID } };
  const objects = `${bucketArn}/aws/lambda/*`;
  const reason = 'Lambda gives the objects their names; what all of them share is how they start.';
  acknowledge(role, () => ({ [`AwsSolutions-IAM5[Resource::${spell(role, objects)}]`]: reason }));
  const grant = Grant.addToPrincipal({ grantee: role, actions: ['s3:PutObject'], resourceArns: [objects], conditions });
  Grant.addToPrincipal({ grantee: role, actions: ['s3:ListBucket'], resourceArns: [bucketArn], conditions });
  encryptionKey?.grant(role, 'kms:GenerateDataKey');
  return [grant];
}
