import { RefusedError } from '../platform';
import { Resource, theOnly } from '../template/resource';
import type { Terraform } from '../template/terraform';
import type { TableSettings } from './bigquery/table';
import type { FunctionSettings } from './cloud-functions/function';
import { memoryMiB, milliseconds } from './foundation/quantities';
import type { PushSettings } from './pub-sub/push';
import type { SubscriptionSettings } from './pub-sub/subscription';

/** One pipeline, as the template describes it. */
export interface Stack {
  readonly project: string;
  readonly topics: readonly string[];
  readonly subscriptions: readonly SubscriptionSettings[];
  /** The subscription that pushes. Its topic is where events come in. */
  readonly trigger: SubscriptionSettings;
  readonly push: PushSettings;
  readonly function: FunctionSettings;
  /** The package of the function, by its path below the folder of the stack. */
  readonly zip: string;
  readonly table: TableSettings;
}

/** What Pub/Sub does where a retry policy leaves it out, and where there is none: then it slows down by itself. */
const DEFAULT_BACKOFF = { shortest: 10_000, longest: 600_000 };
const PUSH_BACKOFF = { shortest: 100, longest: 60_000 };
const DEFAULT_ACK_SECONDS = 10;
const DEFAULT_ATTEMPTS = 5;

/**
 * Read the pipeline of a template.
 * @param url where the function is called
 * @throws RefusedError when there is none, or more than one, or a value that is not known
 */
export async function readStack(terraform: Terraform, url: string): Promise<Stack> {
  const topics = await Resource.all(terraform, 'google_pubsub_topic');
  const subscriptions = await Resource.all(terraform, 'google_pubsub_subscription');
  const trigger = theOnly(
    subscriptions.filter((one) => one.optional('push_config') !== undefined),
    'google_pubsub_subscription with a push_config',
  );
  const called = theOnly(await Resource.all(terraform, 'google_cloudfunctions2_function'), 'google_cloudfunctions2_function');
  const grants = await Resource.all(terraform, 'google_cloud_run_v2_service_iam_member');
  const name = called.text('name');
  return {
    project: trigger.text('project'),
    topics: topics.map((topic) => `projects/${topic.text('project')}/topics/${topic.text('name')}`),
    subscriptions: subscriptions.map(readSubscription),
    trigger: readSubscription(trigger),
    push: readPush(trigger, url),
    function: {
      name,
      entryPoint: called.text('build_config.entry_point'),
      memoryMiB: called.read('service_config.available_memory', 'an amount such as 512Mi', memoryMiB),
      timeoutSeconds: called.number('service_config.timeout_seconds'),
      concurrency: called.number('service_config.max_instance_request_concurrency'),
      env: readEnv(called),
      invokers: grants.filter((grant) => grant.text('name') === name).map((grant) => grant.text('member')),
    },
    zip: await readZip(terraform, called),
    table: readTable(await Resource.all(terraform, 'google_bigquery_table')),
  };
}

function readSubscription(subscription: Resource): SubscriptionSettings {
  const backoff = (property: string, otherwise: number) =>
    subscription.optional(property) === undefined ? otherwise : subscription.read(property, 'a time such as 10s', milliseconds);
  const retries = subscription.optional('retry_policy') !== undefined;
  const pushes = subscription.optional('push_config') !== undefined;
  return {
    name: `projects/${subscription.text('project')}/subscriptions/${subscription.text('name')}`,
    topic: subscription.text('topic'),
    ackDeadline: Number(subscription.optional('ack_deadline_seconds') ?? DEFAULT_ACK_SECONDS) * 1000,
    backoff: retries
      ? {
          shortest: backoff('retry_policy.minimum_backoff', DEFAULT_BACKOFF.shortest),
          longest: backoff('retry_policy.maximum_backoff', DEFAULT_BACKOFF.longest),
        }
      : pushes
        ? PUSH_BACKOFF
        : undefined,
    deadLetter:
      subscription.optional('dead_letter_policy') === undefined
        ? undefined
        : {
            topic: subscription.text('dead_letter_policy.dead_letter_topic'),
            maxAttempts: Number(subscription.optional('dead_letter_policy.max_delivery_attempts') ?? DEFAULT_ATTEMPTS),
          },
  };
}

function readPush(trigger: Resource, url: string): PushSettings {
  const endpoint = trigger.text('push_config.push_endpoint');
  if (endpoint !== url && !endpoint.startsWith(`${url}?`) && !endpoint.startsWith(`${url}/`)) {
    throw new RefusedError(`${trigger.path}.push_config.push_endpoint`, `it must be the address of the function, got "${endpoint}"`);
  }
  return {
    endpoint,
    audience: String(trigger.optional('push_config.oidc_token.audience') ?? endpoint),
    email: trigger.text('push_config.oidc_token.service_account_email'),
  };
}

function readEnv(called: Resource): Record<string, string> {
  const variables = called.optional('service_config.environment_variables') ?? {};
  return Object.fromEntries(Object.entries(variables).map(([name, value]) => [name, String(value)]));
}

async function readZip(terraform: Terraform, called: Resource): Promise<string> {
  const [bucket, object] = ['bucket', 'object'].map((part) => called.text(`build_config.source.storage_source.${part}`));
  const objects = await Resource.all(terraform, 'google_storage_bucket_object');
  const found = objects.filter((one) => one.text('bucket') === bucket && one.text('name') === object);
  return theOnly(found, `google_storage_bucket_object ${object} in ${bucket}`).text('source');
}

function readTable(resources: readonly Resource[]): TableSettings {
  const views = resources.filter((one) => one.optional('view') !== undefined);
  const table = theOnly(
    resources.filter((one) => !views.includes(one)),
    'google_bigquery_table with a schema',
  );
  const partitionedBy = table.optional('time_partitioning.field');
  const view = views.length === 0 ? undefined : theOnly(views, 'google_bigquery_table with a view');
  return {
    project: table.text('project'),
    dataset: table.text('dataset_id'),
    name: table.text('table_id'),
    schema: JSON.parse(table.text('schema')),
    partitionedBy: partitionedBy === undefined ? undefined : String(partitionedBy),
    view: view && {
      path: `${view.path}.view.query`,
      dataset: view.text('dataset_id'),
      name: view.text('table_id'),
      query: view.text('view.query'),
    },
  };
}
