import type { Model } from './model';
import { type Asked, amount, asked, is, type Rule } from './rule';

const POLICY = 'google_monitoring_alert_policy';
const HOUR = 3600;

/** Nothing fails unheard. Which alert rings for what, no scanner knows. */
export const ALERTS: readonly Rule[] = [
  {
    id: 'rings',
    types: ['google_pubsub_subscription'],
    must: 'have an alert of its own that rings when events wait for over an hour, or at the first where nobody is to read them',
    holds: (subscription, model) => {
      const pushes = subscription.get('push_config').length > 0;
      const metric = pushes ? 'oldest_unacked_message_age' : 'num_undelivered_messages';
      return policyOn(subscription, `subscription/${metric}"`, 'subscription_id', pushes ? HOUR : 0, model);
    },
  },
  {
    id: 'rings',
    types: ['google_cloudfunctions2_function'],
    must: 'have an alert of its own that rings when it fails',
    holds: (fn, model) => policyOn(fn, 'response_code_class = "5xx"', 'service_name', 0, model),
  },
];

function alertsOf(type: string, { blocks }: Model): Asked[] {
  const alerts = [...blocks.values()].filter((block) => block.type === type).map(asked);
  return alerts.filter((alert) => !is(alert, 'enabled', false));
}

function policyOn({ address }: Asked, metric: string, label: string, atMost: number, model: Model): boolean {
  return alertsOf(POLICY, model).some((policy) => {
    const [filter] = policy.get('conditions.condition_threshold.filter');
    const watched = model.refers(policy.address, 'conditions.condition_threshold.filter').some((one) => one.address === address);
    const isItsOwn = String(filter).includes(`resource.labels.${label} = "`);
    return (
      watched && isItsOwn && String(filter).includes(metric) && amount(policy, 'conditions.condition_threshold.threshold_value') <= atMost
    );
  });
}
