import { MonitoringAlertPolicy } from '@cdktf/provider-google/lib/monitoring-alert-policy';
import type { Construct } from 'constructs';

/** The metric of an alert, when it opens an incident, and which channels it notifies. */
export interface Watched {
  readonly project: string;
  /** The display name of the alert, with the name of the resource. */
  readonly title: string;
  /** The display name of the condition: the metric. */
  readonly condition: string;
  /**
   * The parts of the filter: one resource, and one metric. Use built-in metrics only: a user-defined metric is unknown for ten
   * minutes after its creation.
   */
  readonly filter: readonly string[];
  /** A gauge keeps its value until it changes. A counter has points only while something happens. */
  readonly kind: 'gauge' | 'counter';
  /** An incident opens above this. */
  readonly above: number;
  /** The alignment period of the values, in seconds. */
  readonly periodSeconds: number;
  /** For how long every value must be above the threshold, in seconds. Google accepts a setting for missing data only with at least 60. */
  readonly lastingSeconds: number;
  /** What the alert means, in one or two sentences. */
  readonly meaning: string;
  /** The ids of the notification channels. */
  readonly notify: readonly string[];
}

/**
 * Create an alert policy that opens an incident while a metric is above a threshold. The incident closes when the metric is no longer
 * above it, or 30 minutes after the last data point: while an incident is open, the next fault sends no notification. An incident on a
 * gauge is notified again each day.
 * @see https://cloud.google.com/monitoring/alerts/concepts-indepth
 */
export function alertAbove(scope: Construct, id: string, watched: Watched): MonitoringAlertPolicy {
  const { project, title, condition, filter, kind, above, periodSeconds, lastingSeconds, meaning, notify } = watched;
  const counts = kind === 'counter';
  const renotify = { notificationChannelNames: [...notify], renotifyInterval: `${24 * 3600}s` };
  return new MonitoringAlertPolicy(scope, id, {
    project,
    displayName: title,
    combiner: 'OR',
    conditions: [
      {
        displayName: condition,
        conditionThreshold: {
          filter: filter.join(' AND '),
          comparison: 'COMPARISON_GT',
          thresholdValue: above,
          duration: `${lastingSeconds}s`,
          aggregations: [
            {
              alignmentPeriod: `${periodSeconds}s`,
              perSeriesAligner: counts ? 'ALIGN_DELTA' : 'ALIGN_MAX',
              crossSeriesReducer: counts ? 'REDUCE_SUM' : undefined,
            },
          ],
          // A counter without data has counted nothing. A gauge without data has not changed.
          evaluationMissingData: counts ? 'EVALUATION_MISSING_DATA_INACTIVE' : 'EVALUATION_MISSING_DATA_NO_OP',
        },
      },
    ],
    alertStrategy: { autoClose: '1800s', notificationChannelStrategy: counts || notify.length === 0 ? undefined : [renotify] },
    documentation: { content: meaning, mimeType: 'text/markdown' },
    notificationChannels: [...notify],
  });
}
