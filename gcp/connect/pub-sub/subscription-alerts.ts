import type { MonitoringAlertPolicy } from '@cdktf/provider-google/lib/monitoring-alert-policy';
import type { PubsubSubscription } from '@cdktf/provider-google/lib/pubsub-subscription';
import type { Construct } from 'constructs';
import { alertAbove, type Watched } from '../../foundation/alert';

/** The subscription that is watched, and who hears of it. */
interface Heard {
  readonly project: string;
  readonly subscription: PubsubSubscription;
  /** The ids of the notification channels that hear it. */
  readonly notify: readonly string[];
}

/** An incident as long as a subscription holds anything: it keeps what could not be processed. */
export function alertOnAny(scope: Construct, id: string, heard: Heard): MonitoringAlertPolicy {
  return watch(scope, id, heard, 'num_undelivered_messages', {
    kind: 'gauge',
    above: 0,
    periodSeconds: 60,
    lastingSeconds: 60,
    meaning: 'Events could not be processed. The subscription deletes them 31 days after they came.',
  });
}

/** An incident when events have waited for an hour. */
export function alertOnLate(scope: Construct, id: string, heard: Heard, cause: string): MonitoringAlertPolicy {
  return watch(scope, id, heard, 'oldest_unacked_message_age', {
    kind: 'gauge',
    above: 3600,
    periodSeconds: 60,
    lastingSeconds: 60,
    meaning: `Events have waited for an hour: ${cause}.`,
  });
}

/**
 * An incident when calls are refused for 20 minutes, or get no answer: 403 where the right to call is gone, 429 where all instances are
 * busy. Each counts as a retry, and with the default ones the first event is given up after about half an hour. A burst that is over sooner
 * is none, and neither is a 5xx, which the function says itself. The pauses between two tries of one event are shorter than the period.
 * @see https://cloud.google.com/pubsub/docs/push-troubleshooting
 */
export function alertOnRefused(scope: Construct, id: string, heard: Heard): MonitoringAlertPolicy {
  const others = ['ack', 'remote_server_5xx'].map((known) => `metric.labels.response_class != "${known}"`);
  const watched = {
    kind: 'counter',
    above: 0,
    periodSeconds: 900,
    lastingSeconds: 1200,
    meaning: 'Calls of the target are refused or get no answer. Their events are tried again, then go to the dead letter.',
  } as const;
  return watch(scope, id, heard, 'push_request_count', watched, ...others);
}

function watch(
  scope: Construct,
  id: string,
  { project, subscription, notify }: Heard,
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
