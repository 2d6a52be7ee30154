import { Sleep } from '@cdktf/provider-time/lib/sleep';
import { dependable, type ITerraformDependable, TerraformResource } from 'cdktf';
import type { Construct } from 'constructs';

/**
 * Wait two minutes, the typical time until a grant is effective. The wait is repeated if a grant is added or replaced, so that
 * the first calls are not denied.
 * @see https://cloud.google.com/iam/docs/access-change-propagation
 */
export class Propagation extends Sleep {
  constructor(scope: Construct, id: string, grants: readonly ITerraformDependable[]) {
    const triggers = Object.fromEntries(grants.map((grant) => [dependable(grant), identityOf(grant)]));
    super(scope, id, { createDuration: '120s', dependsOn: [...new Set(grants)], triggers });
  }
}

/** A resource with `for_each` or `count`, and a dependable that is not a resource, has no single id. Its address is used instead. */
function identityOf(grant: ITerraformDependable): string {
  const isOne = TerraformResource.isTerraformResource(grant) && grant.forEach === undefined && grant.count === undefined;
  return isOne ? grant.getStringAttribute('id') : dependable(grant);
}
