import type { Construct } from 'constructs';
import { type Alert, alertAbove, alertOnAbsence } from '../../foundation/alert';
import { silenceOf } from '../../foundation/schedule/longest-pause';
import type { Recurrence } from '../../foundation/schedule/schedule';

/** A job, and whom its alerts notify. */
export interface WatchedJob {
  readonly project: string;
  /** The name of the job, as a reference to it. */
  readonly job: string;
  /** The start of the display names. */
  readonly name: string;
  readonly notify: readonly string[];
}

const alertOf = ({ project, job, name, notify }: WatchedJob, result: 'failed' | 'succeeded') => ({
  project,
  title: `${name}: ${result === 'failed' ? 'failed' : 'no success'}`,
  filter: [
    'resource.type = "cloud_run_job"',
    `resource.labels.job_name = "${job}"`,
    'metric.type = "run.googleapis.com/job/completed_execution_count"',
    `metric.labels.result = "${result}"`,
  ],
  notify,
});

/** Add an alert on the first execution of a job that fails. */
export function alertOnFailed(scope: Construct, watched: WatchedJob) {
  return alertAbove(scope, 'FailedAlert', {
    ...alertOf(watched, 'failed'),
    condition: 'completed_execution_count failed',
    kind: 'counter',
    above: 0,
    periodSeconds: 300,
    lastingSeconds: 60,
    meaning: 'An execution failed: a task failed in each of its retries. What it has done stays. See its log, and execute the job again.',
  });
}

/**
 * Add an alert on a job that should have succeeded again: it is not started, or hangs. There is none for a schedule that is paused, or
 * whose pauses are longer than Cloud Monitoring looks back.
 * @param lastingSeconds how long one execution may take
 */
export function alertOnSilence(scope: Construct, watched: WatchedJob, recurrence: Recurrence, lastingSeconds: number) {
  const silence = silenceOf(recurrence, lastingSeconds);
  if (silence === undefined) return undefined;
  const alert: Alert = {
    ...alertOf(watched, 'succeeded'),
    condition: 'completed_execution_count succeeded is absent',
    meaning: 'No execution has succeeded since the schedule was due. The job is not started, or its executions fail or hang.',
  };
  return alertOnAbsence(scope, 'SilenceAlert', alert, silence);
}
