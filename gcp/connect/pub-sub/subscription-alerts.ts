import type { MonitoringAlertPolicy } from '@cdktf/provider-google/lib/monitoring-alert-policy';
import type { PubsubSubscription } from '@cdktf/provider-google/lib/pubsub-subscription';
import type { Construct } from 'constructs';
import { alertAbove, type Watched } from '../../foundation/alert';

/** The subscription that an alert watches, and the channels that it notifies. */
interface AlertTarget {
  readonly project: string;
  readonly subscription: PubsubSubscription;
  /** The ids of the notification channels. */
  readonly notify: readonly string[];
}

/** Open an incident while a dead-letter subscription has messages. */
export function alertOnAny(scope: Construct, id: string, target: AlertTarget): MonitoringAlertPolicy {
  return watch(scope, id, target, 'num_undelivered_messages', {
    kind: 'gauge',
    above: 0,
    periodSeconds: 60,
    lastingSeconds: 60,
    meaning: 'Events could not be processed. The subscription deletes them after 31 days.',
  });
}

/** Open an incident if events have waited for an hour. */
export function alertOnLate(scope: Construct, id: string, target: AlertTarget, cause: string): MonitoringAlertPolicy {
  return watch(scope, id, target, 'oldest_unacked_message_age', {
    kind: 'gauge',
    above: 3600,
    periodSeconds: 60,
    lastingSeconds: 60,
    meaning: `Events have waited for an hour: ${cause}.`,
  });
}

/**
 * Open an incident if push requests are refused or get no answer for 20 minutes: 403 without the permission to call, 429 if all
 * instances are busy. Each counts as a retry: with the default retries, the first event goes to the dead letter after about half an hour.
 * A shorter burst opens no incident. A 5xx opens none either, because the alert of the function covers it. The pause between two tries of
 * one event is shorter than the period.
 * @see https://cloud.google.com/pubsub/docs/push-troubleshooting
 */
export function alertOnRefused(scope: Construct, id: string, target: AlertTarget): MonitoringAlertPolicy {
  const others = ['ack', 'remote_server_5xx'].map((known) => `metric.labels.response_class != "${known}"`);
  const watched = {
    kind: 'counter',
    above: 0,
    periodSeconds: 900,
    lastingSeconds: 1200,
    meaning: 'Push requests are refused or get no answer. Their events are retried, then go to the dead letter.',
  } as const;
  return watch(scope, id, target, 'push_request_count', watched, ...others);
}

/**
 * Open an incident if the deadlines of events that a reader has pulled expire for 20 minutes: it hangs, ends again and again, or takes
 * longer than it says. Each expiry counts as a retry. One reader that ends opens no incident.
 */
export function alertOnExpired(scope: Construct, id: string, target: AlertTarget): MonitoringAlertPolicy {
  return watch(scope, id, target, 'expired_ack_deadlines_count', {
    kind: 'counter',
    above: 0,
    periodSeconds: 900,
    lastingSeconds: 1200,
    meaning:
      'Events that were pulled are not acknowledged in time: their reader hangs or ends. They are retried, then go to the dead letter.',
  });
}

function watch(
  scope: Construct,
  id: string,
  { project, subscription, notify }: AlertTarget,
  metric: string,
  watched: Omit<Watched, 'project' | 'title' | 'condition' | 'filter' | 'notify'>,
  ...labels: readonly string[]
): MonitoringAlertPolicy {
  const filter = [
    'resource.type = "pubsub_subscription"',
    `resource.labels.subscription_id = "${subscription.name}"`,
    `metric.type = "pubsub.googleapis.com/subscription/${metric}"`,
    ...labels,
  ];
  return alertAbove(scope, id, { ...watched, project, title: `${subscription.name}: ${metric}`, condition: metric, filter, notify });
}
