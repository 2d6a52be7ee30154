import { Policy, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { IDependable } from 'constructs';
import type { Workload } from '../ports/identity';
import { acknowledge } from './acknowledge';
import { allow } from './grants';

const PULL = ['ecr:BatchCheckLayerAvailability', 'ecr:BatchGetImage', 'ecr:GetDownloadUrlForLayer'];

/** Allow a workload to pull images of one repository of ECR, and more if it is named. */
export function allowPull(workload: Workload, repositoryArn: string, more: readonly string[] = []): IDependable[] {
  return [...allow(workload, repositoryArn, [...PULL, ...more]), logInOf(workload)];
}

/** The permission to log in to the registry, in a policy of its own, because it names no resource. Each workload gets it once. */
function logInOf(workload: Workload): Policy {
  const known = workload.node.tryFindChild('RegistryLogIn') as Policy | undefined;
  if (known) return known;
  const statements = [new PolicyStatement({ actions: ['ecr:GetAuthorizationToken'], resources: ['*'] })];
  const policy = new Policy(workload, 'RegistryLogIn', { roles: [workload.role], statements });
  return acknowledge(policy, {
    'AwsSolutions-IAM5[Resource::*]': 'The log-in is to the registry of the account, and takes no resource.',
  });
}
