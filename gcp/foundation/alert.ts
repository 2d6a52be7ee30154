import { MonitoringAlertPolicy } from '@cdktf/provider-google/lib/monitoring-alert-policy';
import type { Construct } from 'constructs';

/** What is watched, when it opens an incident, and who hears of it. */
export interface Watched {
  readonly project: string;
  /** What the alert is called, with the resource in it. */
  readonly title: string;
  /** What is counted, in a few words. */
  readonly condition: string;
  /**
   * The parts of the filter: one resource, and one metric. Built-in metrics alone: others are unknown for ten minutes after
   * they are made.
   */
  readonly filter: readonly string[];
  /** A gauge stands at a value until it changes. A counter has points while something happens, and none else. */
  readonly kind: 'gauge' | 'counter';
  /** An incident opens above this. */
  readonly above: number;
  /** How long a time each value is made of, in seconds. */
  readonly periodSeconds: number;
  /** For how long every value must be above, in seconds. Without a minute at least, Google takes no word on missing data. */
  readonly lastingSeconds: number;
  /** What it means, as a reader in a hurry wants it. */
  readonly meaning: string;
  /** The ids of the notification channels that hear it. */
  readonly notify: readonly string[];
}

/**
 * Open an incident while something is above a bound. It closes when it no longer is, and half an hour after the last that was heard of the
 * resource: an incident that stays open tells nobody of the next fault. What stands still is told again each day.
 * @see https://cloud.google.com/monitoring/alerts/concepts-indepth
 */
export function alertAbove(scope: Construct, id: string, watched: Watched): MonitoringAlertPolicy {
  const { project, title, condition, filter, kind, above, periodSeconds, lastingSeconds, meaning, notify } = watched;
  const counts = kind === 'counter';
  const again = { notificationChannelNames: [...notify], renotifyInterval: `${24 * 3600}s` };
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
          // A counter that is silent counts nothing. A gauge that is silent has not changed.
          evaluationMissingData: counts ? 'EVALUATION_MISSING_DATA_INACTIVE' : 'EVALUATION_MISSING_DATA_NO_OP',
        },
      },
    ],
    alertStrategy: { autoClose: '1800s', notificationChannelStrategy: counts || notify.length === 0 ? undefined : [again] },
    documentation: { content: meaning, mimeType: 'text/markdown' },
    notificationChannels: [...notify],
  });
}
