import { type ITerraformIterator, TerraformIterator } from 'cdktf';
import { Construct } from 'constructs';
import { requireText, type TextRule } from '../../shared/synth/settings';
import type { Workload } from '../ports/identity';

/** An IAM member that a role may be granted to, in a pattern that Terraform can check too. */
export const MEMBER: TextRule = {
  pattern: /^(?:user|group|domain|serviceAccount|principal|principalSet):[^ ,]+$/,
  must: 'be an IAM member',
  remedy: 'Write it like serviceAccount:press@project.iam.gserviceaccount.com. allUsers and allAuthenticatedUsers are not allowed.',
};
/** The same for a list. */
export const MEMBERS: TextRule = {
  ...MEMBER,
  must: 'be IAM members',
  remedy: 'Write them like serviceAccount:press@project.iam.gserviceaccount.com. allUsers and allAuthenticatedUsers are not allowed.',
};

/** Settings for {@link Principal}. */
export interface PrincipalProps {
  /** The IAM member, such as `serviceAccount:build@acme-data.iam.gserviceaccount.com`. */
  readonly member: string;
}

/**
 * Someone outside of the stack that roles are granted to: a user, a group, the service account of a build. It creates nothing.
 * @see https://cloud.google.com/iam/docs/principal-identifiers
 */
export class Principal extends Construct implements Workload {
  readonly name: string;
  readonly member: string;

  constructor(scope: Construct, id: string, { member }: PrincipalProps) {
    super(scope, id);
    requireText(this, { member }, MEMBER);
    this.name = id.toLowerCase();
    this.member = member;
  }
}

/** Several of them as one workload. Terraform must know them when it plans. */
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
