import { CloudRunV2ServiceIamMember } from '@cdktf/provider-google/lib/cloud-run-v2-service-iam-member';
import type { Cloudfunctions2Function } from '@cdktf/provider-google/lib/cloudfunctions2-function';
import { SecretManagerSecretIamMember } from '@cdktf/provider-google/lib/secret-manager-secret-iam-member';
import type { ServiceAccount } from '@cdktf/provider-google/lib/service-account';
import { ServiceAccountIamMember } from '@cdktf/provider-google/lib/service-account-iam-member';
import type { ITerraformDependable } from 'cdktf';
import type { Construct } from 'constructs';
import type { Workload } from '../../ports/identity';
import type { Site } from '../../ports/site';

/**
 * Let the invoker call a function, and let Pub/Sub create tokens of the invoker. Without the second grant there are no calls and no error,
 * because a service agent that Terraform creates has no role on the project.
 *
 * The permission to call is granted on the Cloud Run service of the function: hashicorp/terraform-provider-google#20320. A
 * function that is revariables gets a new service without the grant (#18308), so the grant is revariables too. A plain address is
 * used, because for a reference CDKTF writes a template, which Terraform refuses: hashicorp/terraform-cdk#3532.
 * @see https://cloud.google.com/pubsub/docs/authenticate-push-subscriptions
 */
export function allowCalls(
  scope: Construct,
  { project, pubSubAgent }: Site,
  called: Cloudfunctions2Function,
  invoker: ServiceAccount,
): readonly ITerraformDependable[] {
  const { terraformResourceType, friendlyUniqueId, location, name } = called;
  const lifecycle = { replaceTriggeredBy: [`${terraformResourceType}.${friendlyUniqueId}.id`] };
  const call = { project, location, name, role: 'roles/run.invoker', member: invoker.member, lifecycle };
  return [
    new CloudRunV2ServiceIamMember(scope, 'InvokerGrant', call),
    new ServiceAccountIamMember(scope, 'TokenCreator', {
      serviceAccountId: invoker.name,
      role: 'roles/iam.serviceAccountOpenIdTokenCreator',
      member: pubSubAgent,
    }),
  ];
}

/** A secret of Secret Manager, as an environment variable of a function. */
export interface SecretVariable {
  /** Its name in the project of the site, or its id, such as `projects/example/secrets/password`. */
  readonly secret: string;
  /**
   * The version that an instance reads when it starts.
   * @default latest
   */
  readonly version?: string;
}

/** Let a workload read secrets, and return them in the format of the function resource. */
export function bindSecrets(workload: Construct & Workload, { project }: Site, secrets: Readonly<Record<string, SecretVariable>>) {
  const variables = Object.entries(secrets).map(([key, { secret, version = 'latest' }]) => {
    const [, projectId = project, name = secret] = /^projects\/(.+)\/secrets\/(.+)$/.exec(secret) ?? [];
    return { key, version, projectId, secret: name };
  });
  const waitFor = variables.map(({ key, projectId, secret: secretId }) => {
    const grant = { project: projectId, secretId, role: 'roles/secretmanager.secretAccessor', member: workload.member };
    return new SecretManagerSecretIamMember(workload, `Secret${key}`, grant);
  });
  return { variables, waitFor };
}
