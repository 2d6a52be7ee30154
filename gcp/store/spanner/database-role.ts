import type { SpannerDatabase } from '@cdktf/provider-google/lib/spanner-database';
import { SpannerDatabaseIamMember } from '@cdktf/provider-google/lib/spanner-database-iam-member';
import type { IConstruct } from 'constructs';
import { acknowledge } from '../../../shared/synth/acknowledge';
import { grantOnce } from '../../foundation/once';
import type { Workload } from '../../ports/identity';

const ACCESS_ROLE = 'roles/spanner.fineGrainedAccessUser';
const ACCESS = 'Google has no predefined role that only uses roles of a database. This one can also list the names of these roles.';

/** A role of a database. */
interface DatabaseRole {
  readonly project: string;
  /** The id of the instance. */
  readonly instance: string;
  /** The id of the database. */
  readonly database: string;
  /** The database, if it is in the stack: the grants are replaced with it. */
  readonly made?: SpannerDatabase;
  /** The name of the role in the database. */
  readonly role: string;
}

/**
 * Let a workload use one role of a database, which takes two roles of IAM: to use roles of the database at all, and to use this one.
 * @see https://cloud.google.com/spanner/docs/configure-fgac
 */
export function allowRole(workload: Workload, id: string, { made, role: named, ...place }: DatabaseRole): SpannerDatabaseIamMember[] {
  const { member, forEach } = workload;
  const replaceTriggeredBy = made && [`${made.terraformResourceType}.${made.friendlyUniqueId}.id`];
  const on = { ...place, member, forEach, lifecycle: replaceTriggeredBy && { replaceTriggeredBy } };
  const isAccess = (one: IConstruct) =>
    one instanceof SpannerDatabaseIamMember &&
    one.roleInput === ACCESS_ROLE &&
    one.instanceInput === place.instance &&
    one.databaseInput === place.database;
  const access = grantOnce(workload, isAccess, () => new SpannerDatabaseIamMember(workload, `${id}Access`, { ...on, role: ACCESS_ROLE }));
  acknowledge(access, { 'least-privilege': ACCESS });
  const role = new SpannerDatabaseIamMember(workload, `${id}Role`, {
    ...on,
    role: 'roles/spanner.databaseRoleUser',
    condition: {
      title: `database role ${named}`,
      expression: `resource.type == "spanner.googleapis.com/DatabaseRole" && resource.name.endsWith("/${named}")`,
    },
  });
  return [access, role];
}
