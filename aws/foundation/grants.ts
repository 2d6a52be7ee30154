import { Grant } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { Workload } from '../ports/identity';

/**
 * Let a workload act on one resource, and use the key of the resource where it has one of the user's.
 * @returns what must exist before the workload acts. Both permissions stand in one policy of the role, so what is granted on
 * the key is not named: for a key of another account that would be its own policy, which is no part of the stack
 * (aws/aws-cdk#15790)
 */
export function allow({ role }: Workload, resourceArn: string, actions: string[], key?: IKey, ...keyActions: string[]): Grant[] {
  const grant = Grant.addToPrincipal({ grantee: role, actions, resourceArns: [resourceArn] });
  key?.grant(role, ...keyActions);
  return [grant];
}
