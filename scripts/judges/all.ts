import { audit } from './audit';
import { awsLists } from './aws-lists';
import { cdkNag } from './cdk-nag';
import { cfnLint } from './cfn-lint';
import { checkovCloudFormation } from './checkov-cloudformation';
import { checkovTerraform } from './checkov-terraform';
import { cloudFormationValidator } from './cloudformation-validator';
import { UNPROVEN as DEPLOYMENT, deployment } from './deployment';
import type { Judge } from './judge';
import { leastPrivilege } from './least-privilege';
import { licences } from './licences';
import { lockfile } from './lockfile';
import { rules } from './rules';
import { terraformReferences } from './terraform-references';
import { terraformValidate } from './terraform-validate';

/** Every judge, in the order in which they are asked: the fast ones first. */
export const JUDGES: readonly Judge[] = [
  lockfile,
  licences,
  rules,
  awsLists,
  leastPrivilege,
  terraformReferences,
  cloudFormationValidator,
  cdkNag,
  cfnLint,
  checkovCloudFormation,
  checkovTerraform,
  deployment,
  terraformValidate,
  audit,
];

/** What no judge can say without an account. */
export const UNPROVEN: readonly string[] = [
  'Azure and GCP: nothing was applied. Without the providers nobody has checked the ranges and the words that only they know; `npm run validate` does where they can be fetched, and applies to mocks.',
  'What a cloud checks at deploy and no rule knows: quotas, names that are taken, services that a region or an organization does not offer, how long permissions take to be known.',
  'Azure: that the host reads its settings from the environment on Flex Consumption, that `config-zip` publishes without basic authentication, the query of the dead letter alert.',
  'GCP: the condition on the builder during a build, how far the view pushes a filter on `event_time` down, forwarding into a topic that is bound to a region.',
  'API Gateway: the wording of its refusals, what it does to a body that is no UTF-8. The local run and the tests render its templates with a stand-in.',
  'The stand-ins of the local run behave as the documentation says. Nobody has compared them with the services.',
  'Least privilege: what a role of Azure or Google holds was taken from pages and lists of others, and "no narrower role" holds within that table; what a library calls by itself counts to the call that we make.',
  'Speed, latency, scaling and cost.',
  ...DEPLOYMENT,
];
