import { type AllowList, within } from '../../coverage';
import { milliseconds, readable } from '../foundation/quantities';

/** Topics and subscriptions. */
export const COVERAGE: AllowList = {
  google_pubsub_topic: {
    name: 'emulated',
    project: 'emulated',
    message_retention_duration: 'no effect here',
    message_storage_policy: 'no effect here',
    kms_key_name: 'no effect here',
    labels: 'no effect here',
  },
  google_pubsub_subscription: {
    name: 'emulated',
    project: 'emulated',
    topic: 'emulated',
    ack_deadline_seconds: within(10, 600, 'Pub/Sub'),
    'push_config.push_endpoint': 'emulated',
    'push_config.oidc_token.audience': 'emulated',
    'push_config.oidc_token.service_account_email': 'emulated',
    'dead_letter_policy.dead_letter_topic': 'emulated',
    'dead_letter_policy.max_delivery_attempts': within(5, 100, 'Pub/Sub'),
    'retry_policy.minimum_backoff': readable(milliseconds, '10s'),
    'retry_policy.maximum_backoff': readable(milliseconds, '600s'),
    expiration_policy: 'no effect here',
    message_retention_duration: 'no effect here',
    labels: 'no effect here',
  },
  google_pubsub_subscription_iam_member: 'no effect here',
  google_pubsub_topic_iam_member: 'no effect here',
};
