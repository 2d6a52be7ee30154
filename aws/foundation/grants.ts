import { Grant } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { Workload } from '../ports/identity';

/**
 * Let a workload act on one resource, and use the key of the resource where it has one of the user's.
 * @returns what must exist before the workload acts
 */
export function allow({ role }: Workload, resourceArn: string, actions: string[], key?: IKey, ...keyActions: string[]): Grant[] {
  const grant = Grant.addToPrincipal({ grantee: role, actions, resourceArns: [resourceArn] });
  return key ? [grant, key.grant(role, ...keyActions)] : [grant];
}
