import { Sleep } from '@cdktf/provider-time/lib/sleep';
import { dependable, type ITerraformDependable, TerraformResource } from 'cdktf';
import type { Construct } from 'constructs';

/**
 * Two minutes for roles to reach every corner of Google, which typically takes as long. They pass again whenever a grant is
 * added or replaced, so that the first calls that need it are not denied.
 * @see https://cloud.google.com/iam/docs/access-change-propagation
 */
export class Propagation extends Sleep {
  constructor(scope: Construct, id: string, grants: readonly ITerraformDependable[]) {
    const triggers = Object.fromEntries(grants.map((grant) => [dependable(grant), identityOf(grant)]));
    super(scope, id, { createDuration: '120s', dependsOn: [...grants], triggers });
  }
}

/** A resource that stands for several, and whatever is no resource, has no id. Its address still shows that it was added. */
function identityOf(grant: ITerraformDependable): string {
  const isOne = TerraformResource.isTerraformResource(grant) && grant.forEach === undefined && grant.count === undefined;
  return isOne ? grant.getStringAttribute('id') : dependable(grant);
}
