import { type ITerraformIterator, TerraformIterator } from 'cdktf';
import { Construct } from 'constructs';
import type { TextRule } from '../../shared/synth/settings';
import type { Workload } from '../ports/identity';

/** IAM members that a role may be granted to. */
export const MEMBER: TextRule = {
  pattern: /^(user|group|domain|serviceAccount|principal|principalSet):\S+$/,
  must: 'be IAM members',
  remedy: 'Write them like serviceAccount:press@project.iam.gserviceaccount.com. allUsers and allAuthenticatedUsers are not allowed.',
};

/** Principals outside of the stack as one workload, with an IAM member for each. Terraform must know them when it plans. */
export class Principals extends Construct implements Workload {
  readonly member: string;
  readonly forEach: ITerraformIterator;

  constructor(
    scope: Construct,
    id: string,
    readonly name: string,
    members: readonly string[],
  ) {
    super(scope, id);
    const each = TerraformIterator.fromList([...members]);
    this.member = each.value;
    this.forEach = each;
  }
}
