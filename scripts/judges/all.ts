import { factsOf } from '../../shared/read/facts/find';
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
import { sparkScripts } from './spark-scripts';
import { terraformReferences } from './terraform-references';
import { terraformValidate } from './terraform-validate';

/** Every check, in the order in which they run: the fast ones first. */
export const JUDGES: readonly Judge[] = [
  lockfile,
  licences,
  rules,
  awsLists,
  leastPrivilege,
  sparkScripts,
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

/** What cannot be checked without an account. */
export const UNPROVEN: readonly string[] = [
  'Azure and GCP: nothing was applied. Without the providers, allowed ranges and values that only they know are not checked; `npm run validate` checks them with the providers, and applies to mocks.',
  'Checks of a cloud at deploy: quotas, names that are taken, services that a region or an organization does not offer, how long permissions take to have an effect.',
  'Azure: that the host reads its settings from environment variables on Flex Consumption, that `config-zip` publishes without basic authentication, the query of the dead-letter alert.',
  'GCP: the IAM condition on the builder during a build, how far the view pushes down a filter on `event_time`, forwarding to a topic that is bound to a region.',
  'API Gateway: the text of its errors, and what it does to a body that is not UTF-8. The local run and the tests render its templates with an emulator.',
  'The emulators of the local run follow the documentation. They were not compared with the services.',
  'Least privilege: the permissions of Azure and Google roles were taken from documentation pages and lists of others, and "no narrower role" is true within that table; calls that a library makes by itself count as part of our call.',
  'Speed, latency, scaling and cost.',
  ...DEPLOYMENT,
  ...['aws', 'azure', 'gcp'].flatMap((cloud) =>
    [...factsOf(cloud).services.values()].flatMap(({ name, unproven = [] }) => unproven.map((line) => `${name}: ${line}`)),
  ),
];
