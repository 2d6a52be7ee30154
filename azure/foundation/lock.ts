import { ManagementLock } from '@cdktf/provider-azurerm/lib/management-lock';
import { dependable, type ITerraformDependable } from 'cdktf';
import { Construct } from 'constructs';

/**
 * Protects a resource from deletion by the portal, the command line and other stacks. The deployer must be Owner or User
 * Access Administrator, and a create and a destroy take two minutes longer. While the lock exists, no role assignment and no
 * diagnostic setting of the resource can be deleted. The data in it can: the lock protects the resource only.
 * @see https://learn.microsoft.com/azure/azure-resource-manager/management/lock-resources
 */
export class Lock extends Construct {
  private readonly lock: ManagementLock;

  /** @param below resources of the locked resource that exist already: see {@link over} */
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

  /** Resources of the locked resource are created before the lock and deleted after it, because the lock prevents their deletion. */
  over(...below: readonly ITerraformDependable[]) {
    this.lock.dependsOn = [...(this.lock.dependsOn ?? []), ...below.map(dependable)];
  }
}
