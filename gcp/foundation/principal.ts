import { Construct } from 'constructs';
import { requireText, type TextRule } from '../../shared/synth/settings';
import type { Workload } from '../ports/identity';

/** An IAM member that is not everyone, in a pattern that Terraform can check too. */
export const MEMBER: TextRule = {
  pattern: /^(user|group|serviceAccount|principal|principalSet):[^ ,]+$/,
  must: 'be an IAM member',
  remedy: 'Write it like serviceAccount:build@acme-data.iam.gserviceaccount.com.',
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
