import { ManagementLock } from '@cdktf/provider-azurerm/lib/management-lock';
import { dependable, type ITerraformDependable } from 'cdktf';
import { Construct } from 'constructs';

/**
 * Keeps the portal, the command line and other stacks from deleting something. It takes a right that only Owner and User
 * Access Administrator have, adds two minutes to a create and to a destroy, and holds on to all that is below: no role and no
 * diagnostic setting on it can be taken away while it is there. Data can: it guards the resource, not what is in it.
 * @see https://learn.microsoft.com/azure/azure-resource-manager/management/lock-resources
 */
export class Lock extends Construct {
  private readonly lock: ManagementLock;

  /** @param below what stands on it already: see {@link over} */
  constructor(scope: Construct, id: string, target: { readonly id: string }, ...below: readonly ITerraformDependable[]) {
    super(scope, id);
    this.lock = new ManagementLock(this, 'Resource', {
      name: 'keep',
      scope: target.id,
      lockLevel: 'CanNotDelete',
      notes: 'It holds data. Take this lock off before you delete it, or anything on it.',
    });
    this.over(...below);
  }

  /** What stands on the locked resource is made before the lock and goes after it, since nothing goes below a lock. */
  over(...below: readonly ITerraformDependable[]) {
    this.lock.dependsOn = [...(this.lock.dependsOn ?? []), ...below.map(dependable)];
  }
}
