import { Grant } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { Workload } from '../ports/identity';

/**
 * Allow a workload to act on one resource, and to use its KMS key if it has one.
 * @returns what must exist before the workload acts. Both permissions are in the same policy of the role, so the grant on the
 * key is left out: for a key of another account it would depend on a policy that is not in the stack (aws/aws-cdk#15790)
 */
export function allow({ role }: Workload, resourceArn: string, actions: string[], key?: IKey, ...keyActions: string[]): Grant[] {
  const grant = Grant.addToPrincipal({ grantee: role, actions, resourceArns: [resourceArn] });
  key?.grant(role, ...keyActions);
  return [grant];
}
