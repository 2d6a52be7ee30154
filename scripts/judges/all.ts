import { awsRules } from './aws-rules';
import { cdkNag } from './cdk-nag';
import { cfnLint } from './cfn-lint';
import { checkovCloudFormation } from './checkov-cloudformation';
import { checkovTerraform } from './checkov-terraform';
import { cloudFormationValidator } from './cloudformation-validator';
import { deployment, UNPROVEN as DEPLOYMENT } from './deployment';
import type { Judge } from './judge';
import { leastPrivilege } from './least-privilege';
import { terraformReferences } from './terraform-references';
import { terraformRules } from './terraform-rules';
import { terraformValidate } from './terraform-validate';

/** Every judge, in the order in which they are asked: the fast ones first. */
export const JUDGES: readonly Judge[] = [
  awsRules,
  terraformRules,
  leastPrivilege,
  terraformReferences,
  cloudFormationValidator,
  cdkNag,
  cfnLint,
  checkovCloudFormation,
  checkovTerraform,
  deployment,
  terraformValidate,
];

/** What no judge can say without an account. */
export const UNPROVEN: readonly string[] = [...DEPLOYMENT];
