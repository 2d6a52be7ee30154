import { MonitoringAlertPolicy } from '@cdktf/provider-google/lib/monitoring-alert-policy';
import type { PubsubSubscription } from '@cdktf/provider-google/lib/pubsub-subscription';
import { Construct } from 'constructs';

/** Settings for {@link SubscriptionAlert}. */
export interface SubscriptionAlertProps {
  readonly project: string;
  /** The subscription that is watched. */
  readonly subscription: PubsubSubscription;
  /** The last part of the metric's name. Built-in metrics alone: others are unknown for ten minutes after they are made. */
  readonly metric: 'num_undelivered_messages' | 'oldest_unacked_message_age';
  /** The alert fires above this. */
  readonly threshold: number;
  /** What it means when the alert fires, as a reader in a hurry wants it. */
  readonly meaning: string;
  /** The ids of the notification channels that hear it. */
  readonly notify: readonly string[];
}

/** Part of the Buffer stage: an incident when one subscription holds too much, or holds it for too long. */
export class SubscriptionAlert extends Construct {
  /** The policy, for anything this construct does not cover. */
  readonly policy: MonitoringAlertPolicy;

  constructor(scope: Construct, id: string, props: SubscriptionAlertProps) {
    super(scope, id);
    const { project, subscription, metric, threshold, meaning, notify } = props;
    this.policy = new MonitoringAlertPolicy(this, 'Policy', {
      project,
      displayName: `${subscription.name}: ${metric}`,
      combiner: 'OR',
      conditions: [
        {
          displayName: metric,
          conditionThreshold: {
            filter: [
              'resource.type = "pubsub_subscription"',
              `resource.labels.subscription_id = "${subscription.name}"`,
              `metric.type = "pubsub.googleapis.com/subscription/${metric}"`,
            ].join(' AND '),
            comparison: 'COMPARISON_GT',
            thresholdValue: threshold,
            duration: '0s',
            aggregations: [{ alignmentPeriod: '60s', perSeriesAligner: 'ALIGN_MAX' }],
          },
        },
      ],
      documentation: { content: meaning, mimeType: 'text/markdown' },
      notificationChannels: [...notify],
    });
  }
}
