import {
  MonitoringAlertPolicy,
  type MonitoringAlertPolicyAlertStrategy,
  type MonitoringAlertPolicyConditions,
} from '@cdktf/provider-google/lib/monitoring-alert-policy';
import type { Construct } from 'constructs';

/** How the points of an alignment period become one value. */
const ALIGNERS = { gauge: 'ALIGN_MAX', counter: 'ALIGN_DELTA', check: 'ALIGN_COUNT_FALSE' } as const;

/** What every alert says, and whom it notifies. */
export interface Alert {
  readonly project: string;
  /** The display name of the alert, with the name of the resource. */
  readonly title: string;
  /** The display name of the condition: the metric, or what the log says. */
  readonly condition: string;
  /**
   * The parts of the filter: one resource, and one metric or kind of log line. Use built-in metrics only: a user-defined metric is
   * unknown for ten minutes after its creation.
   */
  readonly filter: readonly string[];
  /** What the alert means, in one or two sentences. */
  readonly meaning: string;
  /** The ids of the notification channels. */
  readonly notify: readonly string[];
}

/** The metric of an alert, and when it opens an incident. */
export interface Watched extends Alert {
  /**
   * A gauge keeps its value until it changes. A counter has points only while something happens. A check is true or false at each look,
   * and the looks at which it is false are counted.
   */
  readonly kind: 'gauge' | 'counter' | 'check';
  /** An incident opens above this. */
  readonly above: number;
  /**
   * The parts of the filter of a larger count, of which the count is a share: an incident opens above a share, such as 0.1.
   * @default - the count itself
   */
  readonly shareOf?: readonly string[];
  /** The alignment period of the values, in seconds. */
  readonly periodSeconds: number;
  /** For how long every value must be above the threshold, in seconds. Google accepts a setting for missing data only with at least 60. */
  readonly lastingSeconds: number;
  /**
   * The labels by which the series of a gauge are added up, such as `resource.label.location`: a share of each location.
   * @default - each series is compared on its own
   */
  readonly sumBy?: readonly string[];
}

/**
 * Create an alert policy that opens an incident while a metric is above a threshold. The incident closes when the metric is no longer
 * above it, or 30 minutes after the last data point: while an incident is open, the next fault sends no notification. An incident on a
 * gauge is notified again each day.
 * @see https://cloud.google.com/monitoring/alerts/concepts-indepth
 */
export function alertAbove(scope: Construct, id: string, watched: Watched): MonitoringAlertPolicy {
  const { filter, kind, above, shareOf, periodSeconds, lastingSeconds, sumBy, notify } = watched;
  const counts = kind === 'counter';
  const renotify = { notificationChannelNames: [...notify], renotifyInterval: `${24 * 3600}s` };
  const aggregations = [
    {
      alignmentPeriod: `${periodSeconds}s`,
      perSeriesAligner: ALIGNERS[kind],
      crossSeriesReducer: counts || sumBy ? 'REDUCE_SUM' : undefined,
      groupByFields: sumBy && [...sumBy],
    },
  ];
  const all = shareOf && { denominatorFilter: shareOf.join(' AND '), denominatorAggregations: aggregations };
  return policy(scope, id, watched, {
    condition: {
      conditionThreshold: {
        filter: filter.join(' AND '),
        ...all,
        comparison: 'COMPARISON_GT',
        thresholdValue: above,
        duration: `${lastingSeconds}s`,
        aggregations,
        // A counter without data has counted nothing. A gauge without data has not changed.
        evaluationMissingData: counts ? 'EVALUATION_MISSING_DATA_INACTIVE' : 'EVALUATION_MISSING_DATA_NO_OP',
      },
    },
    strategy: { notificationChannelStrategy: counts || notify.length === 0 ? undefined : [renotify] },
  });
}

/**
 * Create an alert policy that opens an incident if a metric has no data for a while, which it had before. Without data from the
 * start, there is no incident. It closes with the next data point, or after seven days, which is the longest that Google allows: without
 * data, Google would close it earlier as if the silence had ended.
 * @param forSeconds how long nothing must have come, from 120 to 84,600 seconds, in whole minutes
 * @param kind the kind of the metric
 * @see https://cloud.google.com/monitoring/alerts/concepts-indepth#metric-absence
 */
export function alertOnAbsence(
  scope: Construct,
  id: string,
  alert: Alert,
  forSeconds: number,
  kind: Exclude<Watched['kind'], 'check'> = 'counter',
): MonitoringAlertPolicy {
  const aggregations = [{ alignmentPeriod: '300s', perSeriesAligner: ALIGNERS[kind], crossSeriesReducer: 'REDUCE_SUM' }];
  const conditionAbsent = { filter: alert.filter.join(' AND '), duration: `${forSeconds}s`, aggregations };
  return policy(scope, id, alert, { condition: { conditionAbsent }, strategy: { autoClose: `${7 * 24 * 3600}s` } });
}

/**
 * Create an alert policy that opens an incident for a line of a log, and notifies at most once an hour.
 * @see https://cloud.google.com/logging/docs/alerting/log-based-alerts
 */
export function alertOnLog(scope: Construct, id: string, alert: Alert): MonitoringAlertPolicy {
  return policy(scope, id, alert, {
    condition: { conditionMatchedLog: { filter: alert.filter.join(' AND ') } },
    strategy: { notificationRateLimit: { period: '3600s' } },
  });
}

interface PolicyParts {
  readonly condition: Omit<MonitoringAlertPolicyConditions, 'displayName'>;
  readonly strategy?: MonitoringAlertPolicyAlertStrategy;
}

function policy(scope: Construct, id: string, alert: Alert, { condition, strategy }: PolicyParts): MonitoringAlertPolicy {
  const { project, title, meaning, notify } = alert;
  return new MonitoringAlertPolicy(scope, id, {
    project,
    displayName: title,
    combiner: 'OR',
    conditions: [{ displayName: alert.condition, ...condition }],
    alertStrategy: { autoClose: '1800s', ...strategy },
    documentation: { content: meaning, mimeType: 'text/markdown' },
    notificationChannels: [...notify],
  });
}
