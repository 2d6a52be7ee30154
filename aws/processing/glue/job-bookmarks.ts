import { type IRole, Policy, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';
import { acknowledge } from '../../foundation/acknowledge';

/**
 * Allow a script to read bookmarks, which `Job.init` does. It is a separate policy, so that the accepted finding does not cover
 * other wildcards.
 * @see https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsglue.html
 */
export function allowBookmarks(scope: Construct, role: IRole): Policy {
  const statements = [new PolicyStatement({ actions: ['glue:GetJobBookmark'], resources: ['*'] })];
  const policy = new Policy(scope, 'Bookmarks', { roles: [role], statements });
  return acknowledge(policy, { 'AwsSolutions-IAM5[Resource::*]': 'Glue allows no narrower resource for GetJobBookmark.' });
}
