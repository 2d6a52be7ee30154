import { ProjectIamMember } from '@cdktf/provider-google/lib/project-iam-member';
import type { IConstruct } from 'constructs';
import { grantOnce } from '../../foundation/once';
import type { Workload } from '../../ports/identity';

/** What is granted. */
interface Access {
  readonly project: string;
  /** The id of the database. */
  readonly database: string;
  readonly role: string;
}

/**
 * Grant a workload a role on one database. Firestore has no roles on a database, so the role is on the project, under a condition that
 * holds for the database itself and for what is in it.
 * @see https://cloud.google.com/firestore/docs/security/iam
 */
export function allowAccess(workload: Workload, id: string, { project, database, role }: Access): ProjectIamMember {
  const { member, forEach } = workload;
  const name = `projects/${project}/databases/${database}`;
  const condition = { title: 'database', expression: `resource.name == "${name}" || resource.name.startsWith("${name}/")` };
  const isEqual = (one: IConstruct) =>
    one instanceof ProjectIamMember && one.roleInput === role && one.conditionInput?.expression === condition.expression;
  return grantOnce(workload, isEqual, () => new ProjectIamMember(workload, id, { project, role, member, forEach, condition }));
}
