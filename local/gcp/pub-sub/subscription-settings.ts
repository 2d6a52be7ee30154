import { RefusedError } from '../../platform';
import type { Resource } from '../../template/resource';
import { milliseconds } from '../foundation/quantities';
import type { FileSettings } from './files';
import type { PushSettings } from './push';
import type { SubscriptionSettings } from './subscription';
import type { TableTarget } from './table-delivery';

/** The defaults of a retry policy, and the backoff of push subscriptions without one. */
const DEFAULT_BACKOFF = { shortest: 10_000, longest: 600_000 };
const PUSH_BACKOFF = { shortest: 100, longest: 60_000 };
const DEFAULT_ACK_SECONDS = 10;
const DEFAULT_ATTEMPTS = 5;

/** @param pushes whether it is a push subscription */
export function readSubscription(subscription: Resource, pushes: boolean): SubscriptionSettings {
  const backoff = (property: string, otherwise: number) =>
    subscription.optional(property) === undefined ? otherwise : subscription.read(property, 'a time such as 10s', milliseconds);
  const retries = subscription.optional('retry_policy') !== undefined;
  return {
    name: `projects/${subscription.text('project')}/subscriptions/${subscription.text('name')}`,
    topic: subscription.text('topic'),
    ordered: subscription.optional('enable_message_ordering') === true,
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

/** @throws RefusedError if its endpoint is not the emulated function */
export function readPush(trigger: Resource, urls: readonly string[]): PushSettings {
  const endpoint = trigger.text('push_config.push_endpoint');
  const leadsTo = (url: string) => endpoint === url || endpoint.startsWith(`${url}?`) || endpoint.startsWith(`${url}/`);
  if (!urls.some(leadsTo)) {
    throw new RefusedError(`${trigger.path}.push_config.push_endpoint`, `it must be the address of the function, got "${endpoint}"`);
  }
  return {
    endpoint,
    audience: String(trigger.optional('push_config.oidc_token.audience') ?? endpoint),
    email: trigger.text('push_config.oidc_token.service_account_email'),
  };
}

/** @throws RefusedError if its table is not emulated */
export function readTableTarget(trigger: Resource, tables: Iterable<string>): TableTarget {
  const table = trigger.text('bigquery_config.table');
  if (![...tables].includes(table)) {
    throw new RefusedError(`${trigger.path}.bigquery_config.table`, `it must be a table with the columns of a message, got "${table}"`);
  }
  return { table, email: trigger.text('bigquery_config.service_account_email') };
}

/** The defaults of Pub/Sub for files. */
const FILE = { timeFormat: 'YYYY-MM-DDThh:mm:ssZ', maxDuration: 300_000 };

/** @throws RefusedError if its bucket is not emulated */
export function readFiles(trigger: Resource, buckets: Iterable<string>): FileSettings {
  const of = (property: string) => `cloud_storage_config.${property}`;
  const bucket = trigger.text(of('bucket'));
  if (![...buckets].includes(bucket)) {
    throw new RefusedError(`${trigger.path}.${of('bucket')}`, `it must be a bucket of the template, got "${bucket}"`);
  }
  return {
    bucket,
    email: trigger.text(of('service_account_email')),
    prefix: String(trigger.optional(of('filename_prefix')) ?? ''),
    suffix: String(trigger.optional(of('filename_suffix')) ?? ''),
    timeFormat: String(trigger.optional(of('filename_datetime_format')) ?? FILE.timeFormat),
    format: trigger.optional(of('avro_config')) === undefined ? 'text' : 'avro',
    maxDuration:
      trigger.optional(of('max_duration')) === undefined
        ? FILE.maxDuration
        : trigger.read(of('max_duration'), 'a time such as 300s', milliseconds),
    maxBytes: Number(trigger.optional(of('max_bytes')) ?? Number.POSITIVE_INFINITY),
    maxMessages: Number(trigger.optional(of('max_messages')) ?? Number.POSITIVE_INFINITY),
  };
}
