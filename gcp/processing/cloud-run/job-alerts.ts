import type { Construct } from 'constructs';
import { alertOnFailedRun, alertOnNoSuccess, type WatchedRuns } from '../../foundation/schedule/run-alerts';
import type { Recurrence } from '../../foundation/schedule/schedule';

/** A job, and whom its alerts notify. */
export interface WatchedJob extends Pick<WatchedRuns, 'project' | 'name' | 'notify'> {
  /** The name of the job, as a reference to it. */
  readonly job: string;
}

function runsOf({ job, ...watched }: WatchedJob): WatchedRuns {
  return {
    ...watched,
    resource: ['resource.type = "cloud_run_job"', `resource.labels.job_name = "${job}"`],
    metric: 'run.googleapis.com/job/completed_execution_count',
    result: { label: 'result', failed: 'failed', succeeded: 'succeeded' },
  };
}

/** Add an alert on the first execution of a job that fails. */
export function alertOnFailed(scope: Construct, watched: WatchedJob) {
  const meaning =
    'An execution failed: a task failed in each of its retries. What it has done stays. See its log, and execute the job again.';
  alertOnFailedRun(scope, runsOf(watched), meaning);
}

/**
 * Add an alert on a job that should have succeeded again: it is not started, or hangs.
 * @param lastingSeconds how long one execution may take
 */
export function alertOnSilence(scope: Construct, watched: WatchedJob, recurrence: Recurrence, lastingSeconds: number) {
  const meaning = 'No execution has succeeded since the schedule was due. The job is not started, or its executions fail or hang.';
  alertOnNoSuccess(scope, runsOf(watched), { recurrence, lastingSeconds, meaning });
}
