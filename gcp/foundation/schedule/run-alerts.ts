import type { MonitoringAlertPolicy } from '@cdktf/provider-google/lib/monitoring-alert-policy';
import type { Construct } from 'constructs';
import { type Alert, alertAbove, alertOnAbsence } from '../alert';
import { silenceOf } from './longest-pause';
import type { Recurrence } from './schedule';

/** What runs and ends, such as a job or a workflow, and whom its alerts notify. */
export interface WatchedRuns {
  readonly project: string;
  /** The start of the display names. */
  readonly name: string;
  /** The parts of the filter for its resource. */
  readonly resource: readonly string[];
  /** The metric that counts the runs that have ended. */
  readonly metric: string;
  /** The label of the metric with the result of a run, and its values. */
  readonly result: Readonly<Record<'label' | 'failed' | 'succeeded', string>>;
  readonly notify: readonly string[];
}

function alertOf({ project, name, resource, metric, result, notify }: WatchedRuns, which: 'failed' | 'succeeded') {
  return {
    project,
    title: `${name}: ${which === 'failed' ? 'failed' : 'no success'}`,
    condition: `${metric.split('/').at(-1)} ${result[which]}`,
    filter: [...resource, `metric.type = "${metric}"`, `metric.labels.${result.label} = "${result[which]}"`],
    notify,
  };
}

/** Add an alert on the first run that fails. */
export function alertOnFailedRun(scope: Construct, watched: WatchedRuns, meaning: string): MonitoringAlertPolicy {
  return alertAbove(scope, 'FailedAlert', {
    ...alertOf(watched, 'failed'),
    kind: 'counter',
    above: 0,
    periodSeconds: 300,
    lastingSeconds: 60,
    meaning,
  });
}

/**
 * Add an alert on runs of which one should have succeeded again.
 * @param lastingSeconds how long one run may take
 */
export function alertOnNoSuccess(
  scope: Construct,
  watched: WatchedRuns,
  { recurrence, lastingSeconds, meaning }: { readonly recurrence: Recurrence; readonly lastingSeconds: number; readonly meaning: string },
) {
  const { condition, ...alert } = alertOf(watched, 'succeeded');
  alertOnMissed(scope, 'SilenceAlert', { ...alert, condition: `${condition} is absent`, meaning }, recurrence, lastingSeconds);
}

/**
 * Add an alert on a metric without data since a schedule was due. There is none for a schedule that is paused, or whose pauses are longer
 * than Cloud Monitoring looks back.
 * @param lastingSeconds how long one run may take
 */
export function alertOnMissed(scope: Construct, id: string, alert: Alert, recurrence: Recurrence, lastingSeconds: number) {
  const silence = silenceOf(recurrence, lastingSeconds);
  if (silence !== undefined) alertOnAbsence(scope, id, alert, silence);
}
