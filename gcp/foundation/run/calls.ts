import { CloudRunV2ServiceIamMember } from '@cdktf/provider-google/lib/cloud-run-v2-service-iam-member';
import type { MonitoringAlertPolicy } from '@cdktf/provider-google/lib/monitoring-alert-policy';
import type { ServiceAccount } from '@cdktf/provider-google/lib/service-account';
import { ServiceAccountIamMember } from '@cdktf/provider-google/lib/service-account-iam-member';
import type { ITerraformDependable, TerraformResource } from 'cdktf';
import type { Construct } from 'constructs';
import type { Site } from '../../ports/site';
import { alertAbove } from '../alert';

/** A Cloud Run service, or a function, which is one. */
type Called = TerraformResource & { readonly location: string; readonly name: string };

/**
 * Let the invoker call a service, and let Pub/Sub create tokens of the invoker. Without the second grant there are no calls and no error,
 * because a service agent that Terraform creates has no role on the project.
 *
 * The permission to call a function is granted on its Cloud Run service: hashicorp/terraform-provider-google#20320. A service that is
 * replaced loses the grant (#18308), so the grant is replaced too. A plain address is used, because for a reference CDKTF writes a
 * template, which Terraform refuses: hashicorp/terraform-cdk#3532.
 * @see https://cloud.google.com/pubsub/docs/authenticate-push-subscriptions
 */
export function allowCalls(
  scope: Construct,
  { project, pubSubAgent }: Site,
  called: Called,
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

/** What the alert watches, and which channels it notifies. */
interface Watched {
  readonly project: string;
  /** The name of the Cloud Run service. */
  readonly service: string;
  /** The start of the display name of the alert. */
  readonly name: string;
  readonly notify?: readonly string[];
  /**
   * What a failed call means.
   * @default - an event is retried, then goes to the dead letter
   */
  readonly meaning?: string;
}

/** Add an alert on the first failed call of a service. */
export function alertOnFailures(scope: Construct, watched: Watched): MonitoringAlertPolicy {
  const { project, service, name, notify = [], meaning = 'Calls failed. Their events are retried, then go to the dead letter.' } = watched;
  return alertAbove(scope, 'FailuresAlert', {
    project,
    title: `${name}: failed calls`,
    condition: 'request_count 5xx',
    filter: [
      'resource.type = "cloud_run_revision"',
      `resource.labels.service_name = "${service}"`,
      'metric.type = "run.googleapis.com/request_count"',
      'metric.labels.response_code_class = "5xx"',
    ],
    kind: 'counter',
    above: 0,
    periodSeconds: 300,
    lastingSeconds: 60,
    meaning,
    notify,
  });
}
