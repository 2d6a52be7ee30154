import type { Model } from './model';
import { type Asked, amount, asked, is, type Rule } from './rule';

const METRIC_ALERT = 'azurerm_monitor_metric_alert';
const LOG_ALERT = 'azurerm_monitor_scheduled_query_rules_alert_v2';
const POLICY = 'google_monitoring_alert_policy';
const HOUR = 3600;

/** Nothing fails unheard. Which alert rings for what, no scanner knows. */
export const ALERTS: readonly Rule[] = [
  {
    id: 'rings',
    types: ['azurerm_eventhub_namespace'],
    must: 'have alerts that ring when it turns somebody away, and when it fails',
    holds: ({ address }, model) => ['ThrottledRequests', 'ServerErrors'].every((metric) => ringsOn(address, metric, model)),
  },
  {
    id: 'rings',
    types: ['azurerm_eventhub'],
    must: 'have an alert that rings when events come into this very hub and none is read',
    holds: ({ address }, model) =>
      alertsOf(METRIC_ALERT, model).some(
        (alert) =>
          ['IncomingMessages', 'OutgoingMessages'].every((metric) => alert.get('criteria.metric_name').includes(metric)) &&
          model.refers(alert.address, 'criteria.dimension.values').filter((one) => one.address === address).length === 2,
      ),
  },
  {
    id: 'rings',
    types: ['azurerm_function_app_flex_consumption'],
    must: 'have an alert that rings when it fails',
    holds: ({ address }, model) =>
      model
        .refers(address, 'site_config.application_insights_connection_string')
        .some((insights) => ringsOn(insights.address, 'requests/failed', model)),
  },
  {
    id: 'rings',
    types: ['azurerm_function_app_flex_consumption'],
    must: 'have an alert that rings at its first dead letter',
    holds: ({ address }, model) =>
      model
        .refers(address, 'app_settings.DEAD_LETTER_CONTAINER')
        .some((container) =>
          alertsOf(LOG_ALERT, model).some(
            (alert) => atTheFirst(alert) && model.refers(alert.address, 'criteria.query').some((one) => one.address === container.address),
          ),
        ),
  },
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

function ringsOn(address: string, metric: string, model: Model): boolean {
  return alertsOf(METRIC_ALERT, model).some(
    (alert) =>
      is(alert, 'criteria.metric_name', metric) &&
      atTheFirst(alert) &&
      model.refers(alert.address, 'scopes').some((scope) => scope.address === address),
  );
}

function atTheFirst(alert: Asked): boolean {
  return is(alert, 'criteria.operator', 'GreaterThan') && amount(alert, 'criteria.threshold') === 0;
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
